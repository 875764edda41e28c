// The confusion matrix of the test digits: who was taken for whom. A cell that is chosen shows its digits.

import { useMemo } from "preact/hooks";
import { percent } from "../shared/format.ts";
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
              const on = chosen?.truth === truth && chosen.answer === answer;
              return (
                <td key={answer} {...heat(n, all, truth === answer)}>
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

/**
 * Warmer, the larger a cell's share of its line; of mistakes the square root, so that few among many are still seen. Between 55 and 87 %
 * of the colour neither dark nor light letters can be read on it, by day or by night.
 */
function heat(n: number, all: number, right: boolean) {
  const share = all === 0 ? 0 : n / all;
  const full = right && share > FOUND;
  const warmth = full
    ? 88 + (12 * (share - FOUND)) / (1 - FOUND)
    : 8 + 42 * (right ? share : Math.sqrt(share));
  const kinds = [right ? "hit" : "miss", n === 0 && "none", full && "full"].filter(Boolean);
  return { class: kinds.join(" "), style: { "--heat": `${n === 0 ? 0 : Math.round(warmth)}%` } };
}

const FOUND = 0.75;
