// The head of the page with its key figures, and what stands at its end: time by kernel, configuration, environment.

import type { Kernel, Report, Setting } from "../report.ts";
import { el, name, scrolling, section, table } from "./dom.ts";
import {
  count,
  duration,
  metric,
  metricValue,
  milliseconds,
  number,
  partsText,
  percent,
  thousands,
} from "./format.ts";

export function head(report: Report): HTMLElement {
  const { title, rows, evaluation, training } = report;
  const [main, ...others] = evaluation.metrics;
  const figures: [name: string, value: string][] = [
    ...(main === undefined ? [] : [[metric(main[0]), metricValue(...main)] as [string, string]]),
    ["loss", number(evaluation.loss)],
    ...others.map(([key, figure]): [string, string] => [metric(key), metricValue(key, figure)]),
    ["epochs", thousands(training.epochs)],
    ["training time", duration(training.seconds)],
    ["parameters", thousands(training.parameters)],
  ];
  const own = evaluation.metrics.length + 1;
  return el(
    "header",
    { class: "head" },
    el("p", { class: "eyebrow" }, "Training report"),
    el("h1", {}, name(title)),
    el(
      "p",
      { class: "lede" },
      `${count(rows.train + rows.validation + rows.test, "row")}: ${partsText(rows)}. ${ENDS[training.stopped](training)}${resumed(report)}`,
    ),
    el(
      "dl",
      { class: "figures" },
      ...figures.map(([key, text], i) =>
        el(
          "div",
          { class: i === 0 ? "main" : "" },
          el("dt", {}, i < own ? `${evaluation.on} ${key}` : key),
          el("dd", {}, text),
        ),
      ),
    ),
    training.problem === null ? null : el("p", { class: "warning" }, training.problem),
    evaluation.on === "test" ? null : el("p", { class: "warning" }, WARNINGS[evaluation.on]),
  );
}

const ENDS: Readonly<Record<Report["training"]["stopped"], (training: Report["training"]) => string>> = {
  done: ({ best }) =>
    best === null ? "All epochs were trained." : `All epochs were trained; the best is epoch ${best}.`,
  early: ({ best }) => `Early stopping ended it; the best is epoch ${best ?? "–"}.`,
  signal: () => "It was stopped before its end.",
  nan: () => "It ended with numbers that were not finite.",
};

/** Rates and times are those of the last sitting. */
function resumed({ rates }: Report): string {
  const [first = 1] = rates.epochs;
  return first > 1 ? ` It was resumed in epoch ${first}, and times are from there.` : "";
}

const WARNINGS = {
  validation:
    "No rows were kept for a test. All figures are of the validation rows, which the net was not trained on, but perhaps chosen by.",
  training:
    "No rows were kept aside. All figures are of the rows that the net was trained on, and say little of others.",
} as const;

export function kernels({ kernels }: Report): HTMLElement | null {
  if (kernels.length === 0) return null;
  const sums = byOp(kernels);
  const most = Math.max(...sums.map(({ ms }) => ms));
  const rows = sums.map(({ op, ms, share, gflops }) => [
    el("th", { scope: "row" }, op),
    el("td", { class: "bar" }, bar(ms / most)),
    el("td", {}, percent(share, 1)),
    el("td", {}, milliseconds(ms)),
    el("td", {}, gflops === 0 ? "" : number(gflops, 3)),
  ]);
  const records = kernels.map(({ op, label, ms, share, gflops }) => [
    el("th", { scope: "row" }, op),
    el("td", { class: "text" }, name(label)),
    percent(share, 1),
    milliseconds(ms),
    gflops === 0 ? "" : number(gflops, 3),
  ]);
  return section(
    "kernels",
    "Time by kernel",
    "What a training step takes, in the mean.",
    scrolling(
      "Time by kernel",
      table("Kernels, the slowest first", ["kernel", "", "share", "a step", "Gflop/s"], rows, "kernels"),
    ),
    el(
      "details",
      {},
      el("summary", {}, "Record by record"),
      scrolling(
        "Records of a step",
        table(
          "Records of a step, in their order",
          ["kernel", "for", "share", "a step", "Gflop/s"],
          records,
          "numbers",
        ),
      ),
    ),
  );
}

function byOp(kernels: readonly Kernel[]): Omit<Kernel, "label">[] {
  const sums = new Map<string, { op: string; ms: number; share: number; gflops: number }>();
  for (const { op, ms, share, gflops } of kernels) {
    const sum = sums.get(op) ?? { op, ms: 0, share: 0, gflops: 0 };
    // work over time, of all records together
    const work = sum.gflops * sum.ms + gflops * ms;
    sum.ms += ms;
    sum.share += share;
    sum.gflops = sum.ms === 0 ? 0 : work / sum.ms;
    sums.set(op, sum);
  }
  return [...sums.values()].sort((a, b) => b.ms - a.ms);
}

function bar(share: number): HTMLElement {
  const filled = el("span", {});
  filled.style.width = `${(100 * share).toFixed(2)}%`;
  return filled;
}

export function configuration({ settings, summary }: Report): HTMLElement {
  return section(
    "configuration",
    "Configuration",
    null,
    el("div", { class: "columns" }, list(settings), scrolling("Layers", el("pre", {}, summary))),
  );
}

export function environment({ environment }: Report): HTMLElement | null {
  return environment.length === 0 ? null : section("environment", "Environment", null, list(environment));
}

function list(settings: readonly Setting[]): HTMLElement {
  const pairs = settings.map(([key, text]) =>
    el("div", {}, el("dt", {}, name(key)), el("dd", {}, name(text))),
  );
  return el("dl", { class: "settings" }, ...pairs);
}
