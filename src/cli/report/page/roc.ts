// Two classes: the ROC curve, and what the model gives one of them in the rows of each.

import type { Report, Roc } from "../report.ts";
import { bars } from "./bars.ts";
import { partly, plane } from "./cloud.ts";
import { el, name, section } from "./dom.ts";
import { count, number, percent } from "./format.ts";

export function roc({ roc, mistakes, evaluation }: Report): HTMLElement | null {
  if (roc === null) return null;
  const note = `How many rows of the class are found, against how many others are taken for it, as the threshold falls. ${partly(roc.truePositive.length, roc.of, "corner")}`;
  const curve = plane({
    title: el("h3", {}, "ROC of ", name(roc.positive)),
    label: `ROC curve over ${count(evaluation.rows, "row")}: area ${number(roc.area)}`,
    x: roc.falsePositive,
    y: roc.truePositive,
    names: ["false positives", "true positives"],
    range: [0, 1],
    joined: true,
    standing: [["area under the curve", number(roc.area)]],
    tell: (i) => point(roc, i),
  });
  const what = mistakes?.score === "probability" ? "Probability" : "Output";
  const given = el(
    "figure",
    { class: "chart" },
    el("figcaption", {}, el("h3", {}, `${what} of `, name(roc.positive))),
    el("p", { class: "of" }, el("i", { class: "swatch accent" }), "in rows of ", name(roc.positive)),
    bars(roc.given.positive, "Histogram in rows of the class", "half"),
    el("p", { class: "of" }, el("i", { class: "swatch second" }), "in rows of ", name(roc.negative)),
    bars(roc.given.negative, "Histogram in rows of the other class", "half second"),
  );
  return section("roc", "ROC curve", note, el("div", { class: "charts two" }, curve, given));
}

function point({ falsePositive, truePositive, threshold }: Roc, i: number): [string, string][] {
  const above = threshold[i] ?? null;
  return [
    ["found", percent(truePositive[i] ?? null, 1)],
    ["taken for it", percent(falsePositive[i] ?? null, 1)],
    ["from", above === null ? "above all" : number(above)],
  ];
}
