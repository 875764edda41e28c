// Digits side by side, each with what the net says of it; one that is chosen becomes the drawing.

import { useMemo } from "preact/hooks";
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
  const pictures = useMemo(
    () => new Map<number, Uint8Array>(rows.map((row) => [row, pixelsOf(test, row)])),
    [test, rows],
  );
  return (
    <ul class="sheet" aria-label={label} {...around}>
      {rows.map((row, i) => {
        const [truth, answer] = [test.labels[row], score?.answers[row]];
        const wrong = answer !== undefined && answer !== truth;
        return (
          <li key={row}>
            <button
              type="button"
              class={wrong ? "miss" : ""}
              tabIndex={tabIndex(i, rows.length)}
              aria-label={told(row, truth, answer)}
              title={score && `${percent(score.sure[row] ?? null, 1)} sure`}
              onClick={() => onChoose(row)}
            >
              <Glyph pixels={pictures.get(row)} colour={text} />
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
