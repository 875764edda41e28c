// A run in words: where it stands, its few figures that matter most, and one sentence at its end.

import { number, percent } from "../shared/format.ts";
import type { Fact } from "../shared/panel.tsx";
import { CASES, DIGITS, LARGEST } from "./cases.ts";
import type { Figures, Row, Summary } from "./results.ts";
import type { Bench } from "./use-bench.ts";

export const gflops = (summary: Summary | undefined): string => three(summary?.median);
export const microseconds = ({ median }: Summary): string =>
  median < 1000 ? `${three(median)} µs` : `${three(median / 1000)} ms`;
export const share = (summary: Summary | undefined): string => percent(summary?.median ?? null, 1);
export const times = (summary: Summary | undefined): string =>
  summary === undefined ? "–" : `${summary.median.toFixed(2)} ×`;
export const samples = (summary: Summary | undefined): string => number(summary?.median, 3);

export function threadsOf(threads: number): string {
  return threads === 1 ? "one thread" : `${threads} threads`;
}

/** Where a run stands, in a line that does not change too often to be read. */
export function where({ engine, phase, at, turns, seconds, error }: Bench): string {
  if (phase === "running") {
    if (at === undefined) return "Making ready.";
    if (at.round === 0) return "Warming up: engines compile what runs often a second time.";
    const kind = CASES[at.item]?.kind === "step" ? "training steps" : "matrix products";
    return `Round ${at.round} of ${at.rounds}: ${kind}.`;
  }
  const rounds = Math.max(0, ...turns.map(({ round }) => round));
  if (phase === "done") return `Done in ${number(seconds, 2)} s. Figures are medians of ${rounds} rounds.`;
  if (phase === "stopped")
    return turns.length === 0 ? "Stopped." : `Stopped in round ${rounds}. What was measured stays.`;
  if (engine === undefined) return error === undefined ? "Starting the worker." : "";
  return "Nothing is measured until you press Run.";
}

/** What to look at first; dashes before there is anything. */
export function headline(rows: readonly Row[], peak: Summary | undefined, threads: number): Fact[] {
  const [one, many] = [figures(rows, LARGEST, 1), figures(rows, LARGEST, threads)];
  const [alone, together] = [figures(rows, DIGITS, 1), figures(rows, DIGITS, threads)];
  const best = Math.max(...[alone, together].map((step) => step?.samplesPerSecond?.median ?? Number.NaN));
  const [product, net] = [LARGEST, DIGITS].map((item) => rows[item]?.name ?? "");
  const shared = one === undefined || one.share !== undefined;
  return [
    { name: "Peak of one core, GFLOP/s", value: gflops(peak) },
    {
      name: `${product}, ${shared ? "share of the peak" : "GFLOP/s"}`,
      value: shared ? share(one?.share) : gflops(one.gflops),
      accent: true,
    },
    { name: `${net}, samples/s`, value: number(best, 3) },
    {
      name: threads === 1 ? "Gain of more threads" : `Gain of ${threads} threads`,
      value: threads === 1 ? "none here" : times(many?.speedUp),
    },
  ];
}

/** The end of a run, for those who do not see the page. */
export function inOneSentence(rows: readonly Row[], peak: Summary | undefined, threads: number): string {
  const told = headline(rows, peak, threads).map(({ name, value }) => `${name}: ${value}`);
  return `Measured. ${told.join("; ")}.`;
}

function figures(rows: readonly Row[], item: number, threads: number): Figures | undefined {
  return rows[item]?.figures.find((figures) => figures.threads === threads);
}

/** Three digits, zeros at the end among them, so that they stand below each other: 4.50, 26.0, 131. */
function three(value: number | undefined): string {
  if (value === undefined) return number(value);
  return value < 100 ? value.toPrecision(3) : String(Math.round(value));
}
