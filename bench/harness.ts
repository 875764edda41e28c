// Measures cases in many short rounds. The machine may be shared: a neighbour on the same core halves throughput
// for seconds at a time, so every case has its turn in every round, with a sample of the peak before it, and the
// median over rounds is quoted. tinybench does the timing within a round.

import { Bench } from "tinybench";
import type { Case } from "./case.ts";
import type { PeakSample } from "./probe.ts";

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

export const FULL: Budget = { rounds: 15, totalMs: 10_000, roundMs: 40, warmMs: 120 };
/** Everything runs; the figures mean nothing. */
export const SMOKE: Budget = { rounds: 1, totalMs: 0, roundMs: 1, warmMs: 1 };

export interface Timing {
  readonly case: Case;
  /** milliseconds of a run: the median of its turn in each round */
  readonly turns: readonly number[];
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

/** A turn of the event loop: whoever wants to end this process is heard between two turns of cases. */
const breath = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * @param samplePeak  a sample of P; undefined where there is none to be had
 * @param report      called with a line of progress between cases
 */
export async function measure(
  cases: readonly Case[],
  samplePeak: () => Promise<PeakSample | undefined>,
  budget: Budget,
  report: (line: string) => void,
): Promise<Measured> {
  const repeats = new Map<Case, number>();
  for (const [i, item] of cases.entries()) {
    report(`warm-up ${i + 1}/${cases.length}  ${item.name}`);
    await breath();
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
      const sample = await samplePeak();
      if (sample !== undefined) peakSamples.push(sample);
      warm(item, Math.min(WAKE_MS, budget.roundMs));
      medians.get(item)?.push(turn(item, repeats.get(item) as number, budget.roundMs));
    }
  }
  const timings = cases.map((item) => ({ case: item, turns: medians.get(item) as number[] }));
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
