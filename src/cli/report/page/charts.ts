// A chart of uPlot in its box: as wide as that is, in the colours of the page, drawn anew when these change. What is drawn is
// curves.ts and cloud.ts.

import uPlot from "uplot";
import { el } from "./dom.ts";

/** The page's colours as they are now. */
export interface Colours {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly accent: string;
  readonly second: string;
}

/** As in the style: paper is light. */
export const scheme = matchMedia("screen and (prefers-color-scheme: dark)");

export function coloursNow(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: of("text"),
    muted: of("muted"),
    line: of("line"),
    accent: of("accent"),
    second: of("second"),
  };
}

/** Draws now, and whenever the colours of the page change. */
export function inColours(draw: (colours: Colours) => void): void {
  draw(coloursNow());
  scheme.addEventListener("change", () => draw(coloursNow()));
}

/** A figure whose chart is drawn once it has a width. */
export interface Chart {
  readonly figure: HTMLElement;
  /** draws it anew */
  redraw(): void;
}

/** What a chart is made from: all of its options but its size. */
export type Draw = (colours: Colours) => {
  options: Omit<uPlot.Options, "width" | "height">;
  data: uPlot.AlignedData;
};

/**
 * @param label    what a reader who does not see the chart is told
 * @param square   as high as wide, up to a bound
 * @param readout  the values where the pointer is
 */
export function chart(
  title: HTMLElement,
  label: string,
  readout: HTMLElement,
  draw: Draw,
  { square = false } = {},
): Chart {
  const box = el("div", { class: "plot", role: "img", "aria-label": label });
  const figure = el("figure", { class: "chart" }, el("figcaption", {}, title, readout), box);
  let plot: uPlot | undefined;
  let make = (): void => {};
  const size = (): { width: number; height: number } => {
    const width = Math.floor(box.clientWidth);
    return { width, height: square ? Math.min(width, 440) : width < 420 ? 200 : 240 };
  };
  inColours((colours) => {
    make = () => {
      const { width, height } = size();
      if (width === 0) return;
      plot?.destroy();
      const { options, data } = draw(colours);
      plot = new uPlot({ padding: [8, 18, 0, 0], ...options, width, height }, data, box);
    };
    if (plot !== undefined) make();
  });
  new ResizeObserver(() => {
    if (plot === undefined) make();
    else if (plot.width !== size().width) plot.setSize(size());
  }).observe(box);
  return { figure, redraw: () => make() };
}

const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** An axis: quiet numbers, and lines across the chart. */
export function axis({ muted, line }: Colours, more: uPlot.Axis = {}): uPlot.Axis {
  return {
    stroke: muted,
    font: FONT,
    labelFont: FONT,
    labelSize: 20,
    labelGap: 2,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    gap: 8,
    ...more,
  };
}

/** Wide enough for the longest of the numbers along a side. */
export const sideways: uPlot.Axis.Size = (_, values) =>
  Math.max(40, 18 + 7 * Math.max(0, ...(values ?? []).map((text) => text.length)));

/** A dashed line between two points of the canvas. */
export function dashed({ ctx }: uPlot, colour: string, from: [number, number], to: [number, number]): void {
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
  ctx.restore();
}

/** A range a little wider than from the least to the largest of some numbers. */
export function around(values: readonly (number | null)[]): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const gap = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.06;
  return [low - gap, high + gap];
}
