// Curves over epochs: loss, metrics, learning rate; and the same numbers as a table.

import uPlot from "uplot";
import type { Report } from "../report.ts";
import { around, axis, type Colours, chart, dashed, sideways } from "./charts.ts";
import { el, scrolling, section, table } from "./dom.ts";
import { capital, count, metric, number, thousands, ticks } from "./format.ts";

interface Line {
  readonly name: string;
  readonly tone: "accent" | "second";
  readonly values: readonly (number | null)[];
}

/** Epochs that the table of numbers shows at most. */
const MOST_LINES = 200;

export function curves({ curves, training, rates }: Report): HTMLElement | null {
  const { epochs, series, of } = curves;
  if (epochs.length === 0) return null;
  const figures = series.map(({ name, train, validation }) => {
    const lines: Line[] = [{ name: "train", tone: "accent", values: train }];
    if (validation !== null) lines.push({ name: "validation", tone: "second", values: validation });
    return curve(capital(metric(name)), epochs, lines, { best: training.best, log: name === "loss" });
  });
  if (rates.epochs.length > 0) {
    const lines: Line[] = [{ name: "end of the epoch", tone: "accent", values: rates.values }];
    figures.push(curve("Learning rate", rates.epochs, lines, { best: training.best, log: false }));
  }
  const shown = epochs.length < of ? `${count(epochs.length, "epoch")} of ${thousands(of)} shown` : null;
  return section(
    "curves",
    "Learning curves",
    [training.best === null ? null : `The dashed line is the best epoch, ${training.best}.`, shown]
      .filter((part) => part !== null)
      .join(" ") || null,
    el("div", { class: "charts" }, ...figures),
    numbers(curves),
  );
}

/** The numbers behind the curves, for who does not see them or wants one. */
function numbers({ epochs, series }: Report["curves"]): HTMLElement {
  const columns = series.flatMap(({ name, train, validation }) => {
    const own = { head: metric(name), values: train };
    return validation === null ? [own] : [own, { head: `validation ${metric(name)}`, values: validation }];
  });
  const step = Math.ceil(epochs.length / MOST_LINES);
  // the last one stays
  const shown = epochs.flatMap((epoch, i) => ((epochs.length - 1 - i) % step === 0 ? [{ epoch, i }] : []));
  const rows = shown.map(({ epoch, i }) => [
    String(epoch),
    ...columns.map(({ values }) => number(values[i])),
  ]);
  const lines = table("Figures by epoch", ["epoch", ...columns.map(({ head }) => head)], rows, "numbers");
  return el("details", {}, el("summary", {}, "Figures by epoch"), scrolling("Figures by epoch", lines));
}

function curve(
  title: string,
  epochs: readonly number[],
  lines: readonly Line[],
  { best, log }: { readonly best: number | null; readonly log: boolean },
): HTMLElement {
  let logarithmic = false;
  const readout = el("div", { class: "readout" });
  const place = el("span", { class: "at" });
  const tell = (at: number | null | undefined): void => {
    const i = at ?? epochs.length - 1;
    place.textContent = `epoch ${epochs[i] ?? ""}`;
    readout.replaceChildren(
      ...lines.map(({ name, tone, values }) =>
        el("span", {}, el("i", { class: `swatch ${tone}` }), `${name} `, el("b", {}, number(values[i]))),
      ),
    );
  };
  tell(null);
  const data = [epochs, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
  const all = lines.flatMap(({ values }) => values);
  const first = epochs[0] ?? 0;
  const last = epochs.at(-1) ?? 1;
  const pad = first === last ? 0.5 : 0;
  const options = (colours: Colours) => ({
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    scales: {
      x: { time: false, range: (): uPlot.Range.MinMax => [first - pad, last + pad] },
      y: logarithmic
        ? {
            distr: 3 as const,
            range: (_: uPlot, low: number, high: number) => uPlot.rangeLog(low, high, 10, false),
          }
        : { range: (): uPlot.Range.MinMax => around(all) },
    },
    axes: [
      axis(colours, { incrs: WHOLE, label: "epoch", space: 46, size: 30 }),
      axis(colours, {
        size: sideways,
        space: 28,
        values: (_: uPlot, splits: (number | null)[]) => ticks(splits),
      }),
    ],
    series: [
      {},
      ...lines.map(({ name, tone }) => ({
        label: name,
        stroke: colours[tone],
        width: 2,
        points: { show: epochs.length <= 30, size: 5, fill: colours[tone] },
      })),
    ],
    hooks: {
      setCursor: [(plot: uPlot) => tell(plot.cursor.idx)],
      drawClear: [(plot: uPlot) => (best === null ? undefined : upright(plot, best, colours.muted))],
    },
  });
  const ends = lines.map(({ name, values }) => `${name} ${number(values[0])} to ${number(values.at(-1))}`);
  const label = `${title} over ${count(epochs.length, "epoch")}: ${ends.join(", ")}`;
  const heading = el("div", { class: "title" }, el("h3", {}, title), place);
  const drawn = chart(heading, label, readout, (colours) => ({
    options: options(colours),
    data,
  }));
  // zero and less have no logarithm
  if (log && epochs.length > 1 && all.every((value) => value !== null && value > 0)) {
    const button = el("button", { type: "button", "aria-pressed": "false" }, "log scale");
    button.addEventListener("click", () => {
      logarithmic = !logarithmic;
      button.setAttribute("aria-pressed", String(logarithmic));
      drawn.redraw();
    });
    heading.after(button);
  }
  return drawn.figure;
}

/** There is no half of an epoch. */
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];

function upright(plot: uPlot, at: number, colour: string): void {
  const { top, height } = plot.bbox;
  const x = Math.round(plot.valToPos(at, "x", true)) + 0.5;
  dashed(plot, colour, [x, top], [x, top + height]);
}
