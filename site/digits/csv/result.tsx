// What a run on a table has come to: figures, curves, and a sentence at its end.

import { Chart } from "../../shared/chart.tsx";
import { duration, number, percent } from "../../shared/format.ts";
import { Facts } from "../../shared/panel.tsx";
import type { CsvState } from "./run.ts";

export function Result({ state, target }: { readonly state: CsvState; readonly target: string }) {
  const { prepared, curves, epochs, seconds } = state;
  const classes = prepared?.task !== "number";
  const [name, show] = classes
    ? (["Accuracy", (value?: number | null) => percent(value ?? null)] as const)
    : (["R²", number] as const);
  const at = { unit: "epoch", x: curves.epoch, span: [1, Math.max(2, epochs)] as const };
  return (
    <>
      <p class="note said" role="status">
        {said(state, target)}
      </p>
      <Facts
        facts={[
          { name: `${name}, held out`, value: show(curves.heldMetric.at(-1)), accent: true },
          { name: "Epoch", value: `${curves.epoch.length} of ${epochs}` },
          { name: "Rows", value: prepared ? `${prepared.train.rows} + ${prepared.held.rows}` : "–" },
          { name: "Features", value: prepared?.preprocessing.features ?? "–" },
          { name: "Time", value: `${seconds.toFixed(1)} s` },
        ]}
      />
      <div class="charts two">
        <Chart
          {...at}
          title="Loss"
          lines={[
            { name: "training", tone: "second", values: curves.loss },
            { name: "held out", tone: "accent", values: curves.heldLoss },
          ]}
        />
        <Chart
          {...at}
          title={name}
          lines={[
            { name: "training", tone: "second", values: curves.metric },
            { name: "held out", tone: "accent", values: curves.heldMetric },
          ]}
          format={show}
        />
      </div>
    </>
  );
}

function said({ phase, prepared, curves, seconds }: CsvState, target: string): string {
  if (prepared === undefined || (phase !== "done" && phase !== "stopped")) return "";
  const figure = curves.heldMetric.at(-1);
  if (figure === undefined) return "Stopped before the first epoch's end.";
  const rows = prepared.held.rows.toLocaleString("en-US");
  const left = prepared.lost > 0 ? ` ${prepared.lost} rows without “${target}” were left out.` : "";
  const found =
    prepared.task === "class"
      ? `The net is right about “${target}” in ${percent(figure, 1)} of ${rows} rows that it has never seen`
      : `Of “${target}” in ${rows} rows that it has never seen, the net explains ${number(figure, 3)} of the variance (R²)`;
  return `${found}, after ${duration(seconds)}.${left}`;
}
