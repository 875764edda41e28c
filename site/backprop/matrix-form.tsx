// The matrix form with its numbers, opened by those who want it; the chosen entry is marked.

import { useState } from "preact/hooks";
import { number } from "../shared/format.ts";
import { Panel } from "../shared/panel.tsx";
import { Scroll } from "../shared/scroll.tsx";
import type { Rows, Snapshot } from "./lesson.ts";
import { type Line, matrixForm } from "./matrices.ts";
import { type Parameter, upTo } from "./parameters.ts";

export function MatrixForm({
  snapshot,
  parameter,
}: {
  readonly snapshot: Snapshot;
  readonly parameter: Parameter;
}) {
  const [open, setOpen] = useState(false);
  return (
    <Panel title="All weights at once" class="matrix-form">
      <p class="note">
        Nobody follows single paths to train a net. In matrices, one row a sample, the same sums are these
        lines, from the last layer back to the first. Each weight is used once a row, and what paths share is
        computed once. That is back-propagation.
      </p>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>The matrices of this step</summary>
        {open && (
          <ol class="lines">
            {matrixForm(snapshot).map((line) => (
              <Equation key={line.name} line={line} parameter={parameter} />
            ))}
          </ol>
        )}
      </details>
    </Panel>
  );
}

function Equation({
  line,
  parameter: { layer, from, to },
}: {
  readonly line: Line;
  readonly parameter: Parameter;
}) {
  const { name, result, operands, end = "", gradient } = line;
  const chosen = gradient?.layer === layer && (gradient.kind === "bias") === (from === 0);
  const text = operands.map(
    ([sign, operand], i) => `${i === 0 || sign === "" ? sign : ` ${sign} `}${bracketed(operand)}`,
  );
  return (
    <li>
      <h3 class="formula">
        {name} = {text.join("")}
        {end}
      </h3>
      <Scroll label={`${name} in numbers`}>
        <div class="matrices">
          <Matrix name={name} values={result} mark={chosen ? [Math.max(from, 1), to] : undefined} />
          <span class="sign">=</span>
          {operands.map(([sign, operand, values]) => (
            <span key={operand} class="operand">
              {sign !== "" && <span class="sign">{sign}</span>}
              <Matrix name={operand} values={values} />
            </span>
          ))}
          {end !== "" && <span class="sign">{end}</span>}
        </div>
      </Scroll>
    </li>
  );
}

function bracketed(operand: string): string {
  return operand.includes("−") ? `(${operand})` : operand;
}

interface MatrixProps {
  readonly name: string;
  readonly values: Rows;
  /** counted from 1 */
  readonly mark?: readonly [row: number, column: number] | undefined;
}

function Matrix({ name, values, mark }: MatrixProps) {
  return (
    <table class="of-numbers" aria-label={name}>
      <tbody>
        {upTo(values.length).map((r) => (
          <tr key={r}>
            {upTo(values[r - 1]?.length ?? 0).map((c) => (
              <td key={c}>
                <Entry value={values[r - 1]?.[c - 1]} marked={mark?.[0] === r && mark[1] === c} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Entry({ value, marked }: { readonly value: number | undefined; readonly marked: boolean }) {
  const text = number(value, 3);
  return marked ? <mark>{text}</mark> : text;
}
