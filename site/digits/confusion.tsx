// The confusion matrix of the test digits: who was taken for whom. A cell that is chosen shows its digits.

import { useMemo } from "preact/hooks";
import { percent } from "../shared/format.ts";
import { heat } from "../shared/heat.ts";
import { useRoving } from "./roving.ts";
import { CLASSES, DIGITS, type Score } from "./score.ts";

/** What is true, and what the net says. */
export interface Cell {
  readonly truth: number;
  readonly answer: number;
}

interface ConfusionProps {
  readonly score: Score;
  readonly chosen: Cell | undefined;
  readonly onChoose: (cell: Cell | undefined) => void;
}

export function Confusion({ score, chosen, onChoose }: ConfusionProps) {
  const { around, tabIndex } = useRoving();
  const { counts } = score;
  const totals = useMemo(
    () => DIGITS.map((truth) => DIGITS.reduce((sum, answer) => sum + at(counts, truth, answer), 0)),
    [counts],
  );
  return (
    <table class="matrix digits-matrix">
      <caption>Confusion matrix: what is true by line, what the net says by column</caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="wide">true ↓ said →</span>
          </th>
          {DIGITS.map((answer) => (
            <th key={answer} scope="col">
              {answer}
            </th>
          ))}
          <th scope="col" class="share">
            found
          </th>
        </tr>
      </thead>
      <tbody {...around}>
        {DIGITS.map((truth) => (
          <tr key={truth}>
            <th scope="row">{truth}</th>
            {DIGITS.map((answer) => {
              const [n, all] = [at(counts, truth, answer), totals[truth] ?? 0];
              const { kind, share } = heat(n, all, truth === answer);
              const on = chosen?.truth === truth && chosen.answer === answer;
              return (
                <td key={answer} class={kind} style={{ "--heat": share }}>
                  <button
                    type="button"
                    tabIndex={tabIndex(truth * CLASSES + answer, CLASSES ** 2)}
                    aria-pressed={on}
                    aria-label={`${truth} taken for ${answer}: ${n}`}
                    onClick={() => onChoose(on ? undefined : { truth, answer })}
                  >
                    {n}
                  </button>
                </td>
              );
            })}
            <td class="share">
              {percent(totals[truth] === 0 ? null : at(counts, truth, truth) / (totals[truth] ?? 1), 1)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function at(counts: Uint32Array, truth: number, answer: number): number {
  return counts[truth * CLASSES + answer] ?? 0;
}
