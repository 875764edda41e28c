// How far the run has come: losses and accuracies in figures, and the losses as lines.

import { Chart } from "../shared/chart.tsx";
import { number, percent } from "../shared/format.ts";
import { Facts, Panel } from "../shared/panel.tsx";
import type { Report } from "./trainer.ts";

export function Progress({ report: { picture, curve, rate } }: { readonly report: Report }) {
  const speed = rate === undefined ? "\u00a0" : `${number(Math.round(rate))} steps/s`;
  return (
    <Panel title="How well it does" aside={speed} class="progress-panel">
      <Facts
        facts={[
          { name: "Step", value: picture === undefined ? "–" : number(picture.steps) },
          { name: "Epoch", value: picture === undefined ? "–" : number(picture.epochs) },
          { name: "Right in training", value: percent(picture?.train.accuracy ?? null, 1), accent: true },
          { name: "Right in the test", value: percent(picture?.test.accuracy ?? null, 1) },
        ]}
      />
      <Chart
        title="Cross entropy"
        unit="step"
        x={curve.steps}
        lines={[
          { name: "training", tone: "accent", values: curve.train },
          { name: "test", tone: "second", values: curve.test },
        ]}
        format={(loss) => number(loss, 3)}
        height={200}
      />
      <p class="note formula-note">
        The mean of −ln <var>p</var> over the points, where <var>p</var> is the probability that the net gives
        to the right colour. Guessing costs ln 2 ≈ 0.693.
      </p>
    </Panel>
  );
}
