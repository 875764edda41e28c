// Points in a plane with the diagonal through it, and what is told of the one that is nearest to the pointer.

import type uPlot from "uplot";
import { axis, type Colours, chart, dashed, sideways } from "./charts.ts";
import { el } from "./dom.ts";
import { count, thousands, ticks } from "./format.ts";

/** "2,000 of 12,345 rows shown.", where some are left out. */
export function partly(shown: number, all: number, noun: string): string {
  return shown < all ? `${thousands(shown)} of ${count(all, noun)} shown.` : "";
}

/** Names and values above a chart. */
export type Readout = readonly (readonly [name: string, value: string])[];

export interface Plane {
  readonly title: HTMLElement;
  readonly label: string;
  readonly x: readonly number[];
  /** null where there is no point */
  readonly y: readonly (number | null)[];
  readonly names: readonly [x: string, y: string];
  readonly range: readonly [low: number, high: number];
  /** whether a line joins the points, in their order */
  readonly joined: boolean;
  /** what is told where no point is near the pointer */
  readonly standing: Readout;
  tell(point: number): Readout;
}

export function plane({ title, label, x, y, names, range, joined, standing, tell }: Plane): HTMLElement {
  // uPlot wants x to rise
  const order = joined ? x.map((_, i) => i) : x.map((_, i) => i).sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0));
  const data: uPlot.AlignedData = [order.map((i) => x[i] ?? 0), order.map((i) => y[i] ?? null)];
  const readout = readoutOf(standing);
  const say = (plot: uPlot): void => {
    const i = plot.cursor.left === undefined || plot.cursor.left < 0 ? undefined : plot.cursor.idxs?.[1];
    const point = i === undefined || i === null ? undefined : order[i];
    fill(readout, point === undefined ? standing : tell(point));
  };
  const both = (): uPlot.Range.MinMax => [range[0], range[1]];
  const values: uPlot.Axis.Values = (_, splits) => ticks(splits);
  const options = (colours: Colours): Omit<uPlot.Options, "width" | "height"> => ({
    legend: { show: false },
    cursor: {
      drag: { x: false, y: false },
      points: { size: 9 },
      x: false,
      y: false,
      dataIdx: (plot, series, nearest) => (series === 1 ? nearestPoint(plot, nearest) : nearest),
    },
    scales: { x: { time: false, range: both }, y: { range: both } },
    axes: [
      axis(colours, { label: names[0], values, space: 60, size: 30 }),
      axis(colours, { label: names[1], values, size: sideways, space: 40 }),
    ],
    series: [
      {},
      {
        stroke: colours.accent,
        width: 2,
        ...(joined ? {} : { paths: () => null }),
        points: { show: false },
      },
    ],
    hooks: {
      setCursor: [say],
      drawClear: [(plot) => diagonal(plot, range, colours.muted)],
      draw: joined ? [] : [(plot) => dots(plot, colours.accent)],
    },
  });
  return chart(title, label, readout, (colours) => ({ options: options(colours), data }), { square: true })
    .figure;
}

export function readoutOf(pairs: Readout): HTMLElement {
  const readout = el("div", { class: "readout" });
  fill(readout, pairs);
  return readout;
}

function fill(readout: HTMLElement, pairs: Readout): void {
  readout.replaceChildren(...pairs.map(([key, text]) => el("span", {}, `${key} `, el("b", {}, text))));
}

/** The point that is nearest to the pointer on the screen, not along x alone. */
function nearestPoint(plot: uPlot, otherwise: number | null): number | null {
  const { left = -1, top = -1 } = plot.cursor;
  const [xs, ys] = plot.data;
  if (left < 0 || ys === undefined) return otherwise;
  let [best, least] = [otherwise, Number.POSITIVE_INFINITY];
  for (let i = 0; i < xs.length; i++) {
    const y = ys[i] ?? null;
    if (y === null) continue;
    const across = plot.valToPos(xs[i] ?? 0, "x") - left;
    const down = plot.valToPos(y, "y") - top;
    const distance = across ** 2 + down ** 2;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function diagonal(plot: uPlot, [low, high]: readonly [number, number], colour: string): void {
  const at = (value: number): [x: number, y: number] => [
    plot.valToPos(value, "x", true),
    plot.valToPos(value, "y", true),
  ];
  dashed(plot, colour, at(low), at(high));
}

function dots(plot: uPlot, colour: string): void {
  const { ctx, data } = plot;
  const [xs, ys] = data;
  ctx.save();
  ctx.fillStyle = colour;
  // many of them may lie over each other
  ctx.globalAlpha = xs.length > 500 ? 0.35 : 0.6;
  for (let i = 0; i < xs.length; i++) {
    const value = ys?.[i] ?? null;
    if (value === null) continue;
    const [x, y] = [plot.valToPos(xs[i] ?? 0, "x", true), plot.valToPos(value, "y", true)];
    ctx.beginPath();
    ctx.arc(x, y, 3.5 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.restore();
}
