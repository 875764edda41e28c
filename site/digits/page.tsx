// The page's parts put together: digits that are read, a net that learns them, and what it makes of test digits and drawings.

import { useEffect, useMemo, useReducer, useState } from "preact/hooks";
import { Button } from "../shared/controls.tsx";
import { Panel } from "../shared/panel.tsx";
import { Problem } from "../shared/problem.tsx";
import { type Cell, Confusion } from "./confusion.tsx";
import { Controls } from "./controls.tsx";
import type { Half } from "./data.ts";
import { Downloads } from "./downloads.tsx";
import { Draw, useDrawing } from "./draw.tsx";
import { useDigits } from "./load.ts";
import { Run } from "./run.tsx";
import type { Score } from "./score.ts";
import type { Settings } from "./settings.ts";
import { Sheet } from "./sheet.tsx";
import { TEST, TRAIN } from "./subset.ts";
import { Trainer } from "./trainer.ts";

interface DigitsProps {
  readonly settings: Settings;
  readonly change: (some: Partial<Settings>) => void;
}

/** In sight at once. */
const SHOWN = Array.from({ length: 120 }, (_, row) => row);
const MOST = 48;

export function DigitsPage({ settings, change }: DigitsProps) {
  const { test, train, share, error, again } = useDigits();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const trainer = useMemo(() => new Trainer(() => redraw(0)), []);
  const { state } = trainer;
  const drawing = useDrawing(test);
  const net = Object.values(settings).join();
  const reset = () => void trainer.reset(settings);
  useEffect(reset, [net]);
  useEffect(() => {
    if (test) void trainer.watch(test);
  }, [test]);
  const run = async (): Promise<void> => {
    if (state.phase === "done" || state.phase === "failed") await trainer.reset(settings);
    if (train) await trainer.run(train);
  };
  useEffect(() => () => trainer.leave(), []);
  const loading =
    error !== undefined
      ? "There are no digits to learn from."
      : train === undefined
        ? `Fetching the digits: ${Math.round(share * 100)} %`
        : undefined;
  return (
    <>
      <Problem error={error} />
      {error !== undefined && (
        <p class="again">
          <Button onClick={again}>Try again</Button>
        </p>
      )}
      <Problem start={state.progress && "The run has ended."} error={state.error} />
      <div class="grid">
        <div class="stack two-thirds">
          <Run
            state={state}
            settings={settings}
            waiting={loading}
            onRun={() => void run()}
            onStop={() => trainer.stop()}
            onReset={reset}
          >
            <Downloads
              model={trainer.model}
              name="digits"
              input="u8"
              disabled={state.phase !== "stopped" && state.phase !== "done"}
            />
          </Run>
          <Controls settings={settings} change={change} disabled={state.phase === "running"} />
        </div>
        <div class="third">
          <Draw {...drawing} test={test} trainer={trainer} />
        </div>
        {useMemo(
          () => (
            <>
              <Tested test={test} score={state.score} take={drawing.take} />
              {test && <Mistakes test={test} score={state.score} take={drawing.take} />}
            </>
          ),
          // not with each report of the run
          [test, state.score],
        )}
      </div>
    </>
  );
}

interface TestedProps<T extends Half | undefined> {
  readonly test: T;
  readonly score: Score | undefined;
  readonly take: (row: number) => void;
}

function Tested({ test, score, take }: TestedProps<Half | undefined>) {
  return (
    <Panel
      title="Test digits, and what the net says"
      aside="Choose one, and it lies on the sheet to draw on"
      class="full"
    >
      <div class="tested">
        {test && <Sheet label="Test digits" test={test} rows={SHOWN} score={score} onChoose={take} />}
      </div>
      <p class="note source">
        The digits are MNIST's, by Yann LeCun, Corinna Cortes and Christopher Burges: the net learns from{" "}
        {some(TRAIN)} that they give for it, and is tested on {some(TEST)} of other writers.
      </p>
    </Panel>
  );
}

function Mistakes({ test, score: latest, take }: TestedProps<Half>) {
  const [cell, setCell] = useState<Cell>();
  const score = useAfter(latest);
  const rows = useMemo(() => score && rowsIn(score, test.labels, cell), [score, test, cell]);
  const title = cell === undefined ? "The surest mistakes" : inWords(cell);
  const shown = rows?.slice(0, MOST) ?? [];
  return (
    <>
      <Panel title="Who is taken for whom" class="half" aside="True digit by line, answer by column">
        {score ? (
          <Confusion score={score} chosen={cell} onChoose={setCell} />
        ) : (
          <p class="note later">The test digits are counted here while the net trains.</p>
        )}
      </Panel>
      <Panel title={title} class="half" aside={rows && `${shown.length} of ${rows.length}`}>
        <div class="later">
          {rows ? (
            <Sheet label={title} test={test} rows={shown} score={score} onChoose={take} />
          ) : (
            <p class="note">Digits that the net gets wrong, those first of which it is most sure.</p>
          )}
        </div>
      </Panel>
    </>
  );
}

/** A value when the picture that it first came with is drawn: what is more to draw has a picture of its own. */
function useAfter<T>(value: T): T {
  const [after, setAfter] = useState(value);
  useEffect(() => setAfter(value), [value]);
  return after;
}

/** All mistakes, or the digits of a cell; those first of which the net is most sure. */
function rowsIn({ answers, sure }: Score, labels: Uint8Array, cell: Cell | undefined): number[] {
  const rows = [...labels.keys()].filter((row) =>
    cell === undefined
      ? answers[row] !== labels[row]
      : answers[row] === cell.answer && labels[row] === cell.truth,
  );
  return rows.sort((a, b) => (sure[b] ?? 0) - (sure[a] ?? 0));
}

function inWords({ truth, answer }: Cell): string {
  return truth === answer ? `${truth}, read rightly` : `${truth}, taken for ${answer}`;
}

function some({ rows, of }: { readonly rows: number; readonly of: number }): string {
  return `${rows.toLocaleString("en-US")} of the ${of.toLocaleString("en-US")}`;
}
