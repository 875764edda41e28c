// The page: its state stands in the address, a trainer follows it, and panels show what the trainer reports.

import { useEffect, useMemo, useState } from "preact/hooks";
import { XentError } from "xent";
import { number, percent } from "../shared/format.ts";
import { Ignored, Problem } from "../shared/problem.tsx";
import { linkTo, useUrlState } from "../shared/url.ts";
import { Bar } from "./bar.tsx";
import { Choices } from "./choices.tsx";
import { Ideas } from "./ideas.tsx";
import { Network } from "./network.tsx";
import { Plane } from "./plane.tsx";
import { Progress } from "./progress.tsx";
import { allDrawn } from "./queue.ts";
import type { Place } from "./run.ts";
import { DEFAULTS, FIELDS, linkable, type Settings, settingsOf } from "./settings.ts";
import { type Shown, within } from "./shown.ts";
import { AT_FIRST, type Report, Trainer } from "./trainer.ts";

export function Playground() {
  const [state, change, ignored] = useUrlState(FIELDS, DEFAULTS);
  const [report, setReport] = useState<Report>(AT_FIRST);
  const [place, setPlace] = useState<Place>([0, 0]);
  const [wanted, setWanted] = useState<Shown>();
  const settings = settingsOf(state);
  const trainer = useTrainer(settings, state, setReport);
  const { doing, picture, error } = report;

  // a page that is left and opened again is where it was
  const steps = linkable(picture?.steps ?? 0);
  useEffect(() => {
    if (doing === "waiting" && steps !== state.steps) change({ steps });
  }, [doing, steps]);

  const choose = (some: Partial<Settings>): void => change({ ...some, steps: 0 });
  const shown = useMemo(() => picture && within(picture, wanted), [picture, wanted]) ?? ANSWER;
  const move = (place: Place): void => {
    setPlace(place);
    if (trainer !== undefined) trainer.place = place;
  };
  const link = (): string => linkTo(FIELDS, DEFAULTS, { ...state, steps });
  return (
    <>
      <Ignored parts={ignored} />
      <Problem error={error} start={advice(error)} />
      <Bar
        report={report}
        trainer={trainer}
        pace={state.pace}
        onPace={(pace) => change({ pace })}
        link={link}
      />
      <p class="note ending" role="status">
        {ending(report)}
      </p>
      <div class="playground">
        <Plane picture={picture} shown={shown} place={place} onPlace={move} />
        <Progress report={report} />
        <Network
          picture={picture}
          layers={settings.layers}
          shown={shown}
          onLayers={(layers) => choose({ layers })}
          onShow={setWanted}
        />
        <div class="choices-column wide">
          <Choices settings={settings} onChange={choose} />
        </div>
        <Ideas />
      </div>
    </>
  );
}

const ANSWER: Shown = { layer: 0, unit: 0 };

/** A trainer of the settings as they are now, as long as the page is there. */
function useTrainer(
  settings: Settings,
  { pace, steps }: { readonly pace: typeof DEFAULTS.pace; readonly steps: number },
  show: (report: Report) => void,
): Trainer | undefined {
  const [trainer, setTrainer] = useState<Trainer>();
  useEffect(() => {
    const made = new Trainer(settings, pace, steps, show, allDrawn);
    setTrainer(made);
    return () => made.end();
  }, []);
  const key = JSON.stringify(settings);
  useEffect(() => trainer?.begin(settings), [key]);
  useEffect(() => {
    if (trainer !== undefined) trainer.pace = pace;
  }, [pace]);
  return trainer;
}

/** What to do about it on this page. */
function advice(error: unknown): string | undefined {
  return error instanceof XentError && error.code === "DIVERGED"
    ? "Training has ended. Choose a smaller learning rate or penalty:"
    : undefined;
}

/** Said once a run stands still; not while its numbers change. */
function ending({ doing, picture }: Report): string {
  if (doing !== "waiting" || picture === undefined || picture.steps === 0) return "\u00a0";
  const { steps, train, test } = picture;
  return `At step ${number(steps)}: ${percent(train.accuracy, 1)} right in training with a loss of ${number(train.loss)}, ${percent(test.accuracy, 1)} in the test with ${number(test.loss)}.`;
}
