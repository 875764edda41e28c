// The panel to train in: the button, what the run has come to, and its curves.

import type { ComponentChildren } from "preact";
import { Chart } from "../shared/chart.tsx";
import { Button } from "../shared/controls.tsx";
import { duration, number, percent } from "../shared/format.ts";
import { Facts, Panel } from "../shared/panel.tsx";
import { inShort } from "../shared/runtime.ts";
import { type Settings, stepsOf } from "./settings.ts";
import { TEST, TRAIN } from "./subset.ts";
import type { State } from "./trainer.ts";

interface RunProps {
  readonly state: State;
  readonly settings: Settings;
  /** why it cannot begin yet */
  readonly waiting: string | undefined;
  readonly onRun: () => void;
  readonly onStop: () => void;
  readonly onReset: () => void;
  readonly children: ComponentChildren;
}

const CLOSER = 0.85;

export function Run({ state, settings, waiting, onRun, onStop, onReset, children }: RunProps) {
  const { phase, progress, score, series, seconds, reached, info } = state;
  const epochs = Number(settings.epochs);
  const over = phase === "done" || phase === "failed";
  // what matters of a good net is in the last fifth
  const range = [score && score.accuracy > CLOSER ? 0.8 : 0, 1] as const;
  const span = [0, stepsOf(settings, TRAIN.rows)] as const;
  return (
    <Panel title="Train" aside={info && inShort(info)}>
      <div class="row go">
        {phase === "running" ? (
          <Button primary onClick={onStop}>
            Stop
          </Button>
        ) : (
          <Button primary disabled={waiting !== undefined || phase === "making"} onClick={onRun}>
            {phase === "stopped" ? "Go on" : over ? "Train again" : "Train"}
          </Button>
        )}
        <Button disabled={phase !== "stopped" && !over} onClick={onReset}>
          Start over
        </Button>
        <p class="note" role="status">
          {waiting ?? said(state, epochs)}
        </p>
      </div>
      <Facts
        facts={[
          { name: "Test accuracy", value: percent(score?.accuracy ?? null), accent: true },
          { name: "Test loss", value: number(score?.loss, 3) },
          { name: "Epoch", value: `${progress ? Math.min(progress.epoch + 1, epochs) : 0} of ${epochs}` },
          { name: "Digits a second", value: number(progress && Math.round(progress.samplesPerSecond)) },
          { name: "Time", value: `${seconds.toFixed(1)} s` },
          { name: "95 % after", value: reached === undefined ? "–" : `${reached.toFixed(1)} s` },
        ]}
      />
      <div class="charts two">
        <Chart
          title="Loss"
          unit="step"
          x={series.step}
          span={span}
          lines={[
            { name: "training", tone: "second", values: series.loss },
            { name: "test", tone: "accent", values: series.testLoss },
          ]}
        />
        <Chart
          title="Accuracy"
          unit="step"
          x={series.step}
          span={span}
          range={range}
          lines={[
            { name: "training", tone: "second", values: series.accuracy },
            { name: "test", tone: "accent", values: series.testAccuracy },
          ]}
          format={(value) => percent(value ?? null)}
        />
      </div>
      {children}
      {info && (
        <details>
          <summary>
            Why this build and {info.threads === 1 ? "one thread" : `${info.threads} threads`}
          </summary>
          <ul class="reasons">
            {info.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </details>
      )}
    </Panel>
  );
}

/** Said once, at the end of a run. */
function said({ phase, progress, score, seconds }: State, epochs: number): string {
  if (phase === "making") return "The worker starts.";
  if (phase === "stopped") return `Stopped at step ${number(progress?.step ?? 0)}.`;
  if (phase !== "done") return "";
  const what = `${percent(score?.accuracy ?? null)} of ${TEST.rows.toLocaleString("en-US")} digits that it has never seen are read rightly`;
  return `${what}, after ${epochs === 1 ? "one epoch" : `${epochs} epochs`} in ${duration(seconds)}.`;
}
