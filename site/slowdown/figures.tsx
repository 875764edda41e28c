// The whole run: cost, output and gradient by epoch as charts, and the same numbers as a table.

import { useId, useMemo, useState } from "preact/hooks";
import { Chart, type Line } from "../shared/chart.tsx";
import { Choice } from "../shared/controls.tsx";
import { number } from "../shared/format.ts";
import { Scroll } from "../shared/scroll.tsx";
import { COSTS, type Cost, type Run, type State } from "./experiment.ts";
import type { Scale } from "./state.ts";
import { NAMES, outputText, TONES } from "./words.ts";

interface FiguresProps {
  readonly run: Run;
  readonly epoch: number;
  readonly scale: Scale;
  readonly onScale: (scale: Scale) => void;
}

export function Charts({ run, epoch, scale, onScale }: FiguresProps) {
  const { epochs, costs, shares, outputs, gradients } = useMemo(() => {
    const of = (value: (state: State, cost: Cost) => number): Line[] =>
      COSTS.map((cost) => ({
        name: NAMES[cost],
        tone: TONES[cost],
        values: run.courses[cost].map((state) => value(state, cost)),
      }));
    const first = (cost: Cost): number => run.courses[cost][0]?.cost ?? Number.NaN;
    return {
      epochs: run.courses.quadratic.map((_, epoch) => epoch),
      costs: of(({ cost }) => cost),
      shares: of((state, cost) => state.cost / first(cost)),
      outputs: of(({ output }) => output),
      gradients: of(({ gradient }) => gradient),
    };
  }, [run]);
  const heading = useId();
  const share = scale === "share";
  const common = { unit: "epoch", x: epochs, mark: epoch, height: 200 };
  return (
    <section class="courses" aria-labelledby={heading}>
      <div class="row">
        <h2 id={heading}>Epoch by epoch</h2>
        <Choice
          label="Cost as"
          options={[
            { value: "share", text: "Share of the first" },
            { value: "value", text: "Value" },
          ]}
          value={scale}
          onChange={onScale}
        />
      </div>
      <div class="charts">
        <Chart
          {...common}
          title={share ? "Share of the first cost" : "Cost C"}
          lines={share ? shares : costs}
        />
        <Chart
          {...common}
          title="Output a"
          lines={outputs}
          range={WHOLE}
          format={(a) => (a == null ? number(a) : outputText(a))}
        />
        <Chart {...common} title="Gradient ∂C/∂w" lines={gradients} />
      </div>
      <Table run={run} />
    </section>
  );
}

/** Of an output. */
const WHOLE = [0, 1] as const;
/** Rows that the table has at most, besides the last. */
const MOST_ROWS = 60;
const COLUMNS: readonly { readonly head: string; readonly text: (state: State) => string }[] = [
  { head: "C", text: ({ cost }) => number(cost) },
  { head: "a", text: ({ output }) => outputText(output) },
  { head: "∂C/∂w", text: ({ gradient }) => number(gradient) },
];

function Table({ run: { courses } }: { readonly run: Run }) {
  const [open, setOpen] = useState(false);
  const last = courses.quadratic.length - 1;
  const step = Math.ceil(last / MOST_ROWS);
  const epochs = Array.from({ length: Math.ceil(last / step) }, (_, i) => i * step).concat(last);
  const columns = COSTS.flatMap((cost) =>
    COLUMNS.map(({ head, text }) => ({
      head: `${NAMES[cost]} ${head}`,
      at: (epoch: number) => text(courses[cost][epoch] as State),
    })),
  );
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Figures by epoch</summary>
      <Scroll label="Figures by epoch">
        <table>
          <caption>Cost, output and gradient of both neurons by epoch</caption>
          <thead>
            <tr>
              <th scope="col">epoch</th>
              {columns.map(({ head }) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {open &&
              epochs.map((epoch) => (
                <tr key={epoch}>
                  <th scope="row">{epoch}</th>
                  {columns.map(({ head, at }) => (
                    <td key={head}>{at(epoch)}</td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}
