// Histograms as bars of SVG, which follow the page's colours by themselves: of weights, and of errors.

import type { Histogram, Report } from "../report.ts";
import { el, name, section, svg } from "./dom.ts";
import { count, number } from "./format.ts";

/** Units of the drawing; it is stretched over its box. */
const [WIDTH, HEIGHT] = [400, 100];

/** @param kind  how high it is: a class of the style */
export function bars(values: Histogram, label: string, kind = ""): HTMLElement {
  const { counts, low, high, notFinite } = values;
  const most = Math.max(1, ...counts);
  const all = counts.reduce((sum, n) => sum + n, 0);
  const width = WIDTH / Math.max(1, counts.length);
  const rects = counts.map((n, i) => {
    const height = (HEIGHT * n) / most;
    return svg("rect", {
      x: String(i * width + width * 0.06),
      y: String(HEIGHT - height),
      width: String(width * 0.88),
      height: String(height),
    });
  });
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" }, ...rects);
  const zero = zeroLine(low, high);
  if (zero !== null) drawing.append(zero);
  const what = `${label}: ${count(all, "value")} from ${number(low)} to ${number(high)}, mean ${number(values.mean)}, standard deviation ${number(values.std)}`;
  return el(
    "div",
    { class: `bars ${kind}` },
    el("div", { class: "drawing", role: "img", "aria-label": what }, drawing),
    el(
      "div",
      { class: "ends" },
      el("span", {}, number(low, 3)),
      el("span", {}, notFinite > 0 ? `${count(notFinite, "value")} not finite` : null),
      el("span", {}, number(high, 3)),
    ),
  );
}

function zeroLine(low: number, high: number): SVGElement | null {
  if (!(low < 0 && high > 0)) return null;
  const x = String((WIDTH * -low) / (high - low));
  return svg("line", { x1: x, x2: x, y1: "0", y2: String(HEIGHT), "vector-effect": "non-scaling-stroke" });
}

export function weights({ weights }: Report): HTMLElement | null {
  const { tensors, of } = weights;
  if (tensors.length === 0) return null;
  const shown = tensors.length < of ? ` The first ${tensors.length} of ${of} are shown.` : "";
  const figures = tensors.map(({ name: tensor, shape, values }) =>
    el(
      "figure",
      { class: "small" },
      el("figcaption", {}, el("h3", {}, name(tensor)), el("span", {}, shape.join(" × "))),
      bars(values, `Histogram of ${tensor}`),
      el("p", { class: "note" }, `mean ${number(values.mean, 3)}, σ ${number(values.std, 3)}`),
    ),
  );
  return section(
    "weights",
    "Weights",
    `The values of each tensor, from the least to the largest.${shown}`,
    el("div", { class: "multiples" }, ...figures),
  );
}
