// Measures all cases in short rounds. A neighbour on the same core may halve what it does for seconds at a time: each
// case has its turn in every round, right after a sample of the peak, and it is medians over rounds that the page shows.

import type { Budget } from "./cases.ts";
import type { At, Turn } from "./messages.ts";

/** A case on some threads, made and ready. */
export interface Runnable {
  /** floating-point operations of a run */
  readonly flops: number;
  warm(ms: number): Promise<unknown>;
  /** Runs for at least so long. @returns milliseconds a run */
  time(ms: number): Promise<number>;
  /** what is wrong with what was computed, or undefined */
  check(): string | undefined;
}

export interface Entry {
  readonly name: string;
  /** of CASES */
  readonly item: number;
  readonly threads: number;
  readonly run: Runnable;
}

interface Settings extends Budget {
  /** of a sample of the peak */
  readonly peakMs: number;
  /** undefined where no peak can be had */
  readonly samplePeak: ((ms: number) => number) | undefined;
  tell(at: At): void;
  took(turn: Turn): void;
}

/** @throws {Error} what is computed is wrong: then speed means nothing */
export async function measure(entries: readonly Entry[], settings: Settings): Promise<void> {
  const { rounds, turnMs, warmMs, peakMs, samplePeak, tell, took } = settings;
  const total = entries.length * (warmMs + rounds * turnMs);
  let done = 0;
  for (const { item, run } of entries) {
    tell({ round: 0, rounds, item, share: done / total });
    await run.warm(warmMs);
    done += warmMs;
  }
  check(entries);
  for (let round = 1; round <= rounds; round++) {
    for (const { item, threads, run } of entries) {
      tell({ round, rounds, item, share: done / total });
      await breath();
      const peak = samplePeak?.(peakMs);
      const microseconds = 1000 * (await run.time(turnMs));
      took({ item, round, threads, microseconds, flops: run.flops, peak });
      done += turnMs;
    }
  }
  check(entries);
}

function check(entries: readonly Entry[]): void {
  for (const { name, run } of entries) {
    const problem = run.check();
    if (problem !== undefined) throw new Error(`${name} is computed wrongly here: ${problem}.`);
  }
}

/** A turn of the event loop, for the news of other threads. */
function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
