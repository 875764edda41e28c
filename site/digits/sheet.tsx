// Digits side by side, each with what the net says of it; one that is chosen becomes the drawing.

import { useColours } from "../shared/colours.ts";
import { percent } from "../shared/format.ts";
import type { Half } from "./data.ts";
import { Glyph } from "./glyph.tsx";
import { useRoving } from "./roving.ts";
import type { Score } from "./score.ts";
import { PIXELS } from "./subset.ts";

interface SheetProps {
  readonly label: string;
  readonly test: Half;
  /** of the test digits, in the order in which they are shown */
  readonly rows: readonly number[];
  readonly score: Score | undefined;
  readonly onChoose: (row: number) => void;
}

export function Sheet({ label, test, rows, score, onChoose }: SheetProps) {
  const { text } = useColours();
  const { around, tabIndex } = useRoving();
  return (
    <ul class="sheet" aria-label={label} {...around}>
      {rows.map((row, i) => {
        const [truth, answer] = [test.labels[row], score?.answers[row]];
        const wrong = answer !== undefined && answer !== truth;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the button with the focus stays, whatever digit comes to lie there
          <li key={i}>
            <button
              type="button"
              class={wrong ? "miss" : ""}
              tabIndex={tabIndex(i, rows.length)}
              aria-label={told(row, truth, answer)}
              title={score && `${percent(score.sure[row] ?? null, 1)} sure`}
              onClick={() => onChoose(row)}
            >
              <Glyph pixels={pixelsOf(test, row)} colour={text} />
              <span>{answer ?? "·"}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** A view, not a copy. */
export function pixelsOf({ images }: Half, row: number): Uint8Array {
  return images.subarray(row * PIXELS, (row + 1) * PIXELS);
}

function told(row: number, truth: number | undefined, answer: number | undefined): string {
  const what = `Test digit ${row + 1}, a ${truth}`;
  if (answer === undefined) return what;
  return answer === truth ? `${what}, read rightly` : `${what}, taken for a ${answer}`;
}
