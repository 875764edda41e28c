// The panel to draw in: the sheet, what the net sees of it, and what it says.

import { useCallback, useEffect, useState } from "preact/hooks";
import { useColours } from "../shared/colours.ts";
import { Button } from "../shared/controls.tsx";
import { percent } from "../shared/format.ts";
import { Panel } from "../shared/panel.tsx";
import type { Half } from "./data.ts";
import { Glyph } from "./glyph.tsx";
import { type Laid, Pad } from "./pad.tsx";
import { Probabilities, useAnswer } from "./probabilities.tsx";
import { largest } from "./score.ts";
import { pixelsOf } from "./sheet.tsx";
import { TEST } from "./subset.ts";
import type { Trainer } from "./trainer.ts";

/** What is on the sheet, and as which test digit it was laid there. */
export interface Drawing {
  readonly laid: Laid;
  readonly pixels: Uint8Array | undefined;
  readonly row: number | undefined;
}

/** The drawing of a page, which begins with a test digit that the first stroke clears. */
export function useDrawing(test: Half | undefined) {
  const [drawing, setDrawing] = useState(EMPTY);
  const lay = (row: number | undefined, passing: boolean): void => {
    const pixels = test && row !== undefined ? pixelsOf(test, row) : undefined;
    setDrawing(({ laid }) => ({ laid: { key: laid.key + 1, pixels, passing }, pixels, row }));
  };
  useEffect(() => {
    if (test) lay(0, true);
  }, [test]);
  const take = useCallback((row: number) => lay(row, false), [test]);
  return {
    drawing,
    take,
    draw: (pixels: Uint8Array | undefined) => setDrawing(({ laid }) => ({ laid, pixels, row: undefined })),
    clear: () => lay(undefined, false),
  };
}

const EMPTY: Drawing = {
  laid: { key: 0, pixels: undefined, passing: true },
  ...{ pixels: undefined, row: undefined },
};

interface DrawProps extends ReturnType<typeof useDrawing> {
  readonly test: Half | undefined;
  readonly trainer: Trainer;
}

export function Draw({ drawing, take, draw, clear, test, trainer }: DrawProps) {
  const { text } = useColours();
  const { phase, progress } = trainer.state;
  const answer = useAnswer(trainer.model, drawing.pixels, `${phase} ${progress?.step}`);
  const best = answer && largest(answer);
  const { row } = drawing;
  return (
    <Panel title="Draw a digit" aside="Mouse, finger, pen or keys">
      <Pad laid={drawing.laid} onDraw={draw} onClear={clear} />
      <div class="row under">
        <Button small onClick={clear}>
          Clear
        </Button>
        <Button small disabled={test === undefined} onClick={() => take(((row ?? -1) + 1) % TEST.rows)}>
          Take a test digit
        </Button>
      </div>
      <div class="sees">
        <figure>
          <Glyph pixels={drawing.pixels} colour={text} label="What the net sees: 28 by 28 pixels" />
          <figcaption>what the net sees</figcaption>
        </figure>
        <div class="says">
          <b>{best ?? "–"}</b>
          <span>{answer ? `${percent(answer[best ?? 0] ?? null, 1)} sure` : "nothing drawn"}</span>
          <span>
            {row === undefined ? "your drawing" : `test digit ${row + 1}, a ${test?.labels[row] ?? "–"}`}
          </span>
        </div>
      </div>
      <Probabilities answer={answer} />
      <p class="note" id="pad-keys">
        With keys: arrows move the pen, space sets it down and lifts it, delete clears.
      </p>
    </Panel>
  );
}
