// Measures cases in many short rounds. The machine may be shared: a neighbour on the same core halves throughput
// for seconds at a time, so every case has its turn in every round, with a sample of the peak before it, and the
// median over rounds is quoted. tinybench does the timing within a round.

import { Bench } from "tinybench";
import type { Peak, PeakSample } from "./peak-source.ts";
import { type Summary, summarize } from "./statistics.ts";

/** Something to measure, over memory of its own. */
export interface Case {
  /** as in the JSON */
  readonly name: string;
  /** heading it stands under in the table; may be empty */
  readonly group: string;
  /** floating-point operations of one run */
  readonly flops: number;
  /** elements of one run, where speed is counted in them */
  readonly elements?: number;
  /** Runs it and compares the result with plain f64 arithmetic: what is wrong, or undefined. */
  check(): string | undefined;
  run(): void;
}

/** Makes a suite's cases. */
export type Suite = (wanted: (name: string) => boolean) => Case[];

export interface Budget {
  /** rounds at least */
  readonly rounds: number;
  /** as many rounds more as this holds */
  readonly totalMs: number;
  /** a case's share of a round */
  readonly roundMs: number;
  /** warm-up of each case before the first round: the engine compiles hot code anew in the background */
  readonly warmMs: number;
}

export const FULL: Budget = { rounds: 15, totalMs: 20_000, roundMs: 40, warmMs: 120 };
/** Everything runs; the figures mean nothing. */
export const SMOKE: Budget = { rounds: 1, totalMs: 0, roundMs: 1, warmMs: 1 };

/** Milliseconds of a run: in each round its median is taken, and these are the deciles over rounds. */
export interface Timing extends Summary {
  readonly case: Case;
}

export interface Measured {
  readonly timings: readonly Timing[];
  readonly peak: readonly PeakSample[];
  readonly rounds: number;
}

/** Before each turn: caches and branch predictors forget while the others run. */
const WAKE_MS = 2;
/** Shortest timed stretch: shorter runs are timed several at a time. */
const STRETCH_MS = 0.1;

/** @param report  called with a line of progress between cases */
export async function measure(
  cases: readonly Case[],
  peak: Peak | undefined,
  budget: Budget,
  report: (line: string) => void,
): Promise<Measured> {
  const repeats = new Map<Case, number>();
  for (const [i, item] of cases.entries()) {
    report(`warm-up ${i + 1}/${cases.length}  ${item.name}`);
    warm(item, budget.warmMs);
    repeats.set(item, Math.max(1, Math.ceil(STRETCH_MS / timeOf(item))));
  }

  const rounds = Math.max(budget.rounds, Math.ceil(budget.totalMs / (cases.length * budget.roundMs)));
  const medians = new Map<Case, number[]>(cases.map((item) => [item, []]));
  const peakSamples: PeakSample[] = [];
  for (let round = 0; round < rounds; round++) {
    // there and back, so that no case always runs in the wake of the same other
    const order = round % 2 === 0 ? cases : [...cases].reverse();
    for (const item of order) {
      report(`round ${round + 1}/${rounds}  ${item.name}`);
      if (peak !== undefined) peakSamples.push(await peak.sample());
      warm(item, Math.min(WAKE_MS, budget.roundMs));
      medians.get(item)?.push(turn(item, repeats.get(item) as number, budget.roundMs));
    }
  }
  const timings = cases.map((item) => ({ case: item, ...summarize(medians.get(item) as number[]) }));
  return { timings, peak: peakSamples, rounds };
}

function warm(item: Case, ms: number): void {
  const end = performance.now() + ms;
  do item.run();
  while (performance.now() < end);
}

/** Roughly what a run takes: the least of five. */
function timeOf(item: Case): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5 && (i < 2 || least < 20); i++) {
    const start = performance.now();
    item.run();
    least = Math.min(least, performance.now() - start);
  }
  return Math.max(least, 1e-4);
}

/** One case's turn in a round: the median time of a run. */
function turn(item: Case, repeats: number, ms: number): number {
  const bench = new Bench({ time: ms, iterations: 3, warmup: false, throws: true });
  bench.add(item.name, () => {
    for (let i = 0; i < repeats; i++) item.run();
  });
  bench.runSync();
  const result = bench.tasks[0]?.result;
  if (result?.state !== "completed") throw new Error(`${item.name}: tinybench says ${result?.state}`);
  return result.latency.p50 / repeats;
}
