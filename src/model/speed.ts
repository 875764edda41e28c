// How fast kernels are, here and now: for `tune`, to see whether `wide` is at work, and for the time that `plan` tells. Loaded
// for these. Milliseconds, not a benchmark.

import { OP_SIGMOID_FORWARD, OP_SOFTMAX_FORWARD } from "../base/abi.ts";
import { cost, type Pace } from "../base/cost.ts";
import { view } from "../program/record.ts";
import { mark } from "../program/sharing.ts";
import { duration, flops } from "../program/work.ts";
import type { Core } from "../wasm/runtime.ts";
import { Bare } from "./bare.ts";

/** A product of whole tiles of every kind, whose operands take half a MiB: as in a net, they leave the first-level cache. */
const [M, N, K] = [120, 256, 256];
/** An engine compiles hot code anew in the background, V8 mostly within 10 ms; what is slow to come is measured slow. */
const WARM_MS = 40;
const ROUNDS = 10;
const ROUND_MS = 1;

/** A record on its own. */
export interface Probe {
  run(): void;
  /** nanoseconds by the reference */
  readonly referenceNs: number;
}

/** One for each kind of `Work`, in their order: a product, an activation, another whose rows are sums, an update. */
export function probesOf(core: Core): Probe[] {
  const bare = new Bare({ ...core, settle: undefined });
  const [a, b, c] = [bare.matrix("a", M, K), bare.matrix("b", K, N), bare.matrix("c", M, N)];
  const { builder } = bare;
  builder.sgemm(a, builder.inPlace(b), c);
  builder.unary(OP_SIGMOID_FORWARD, a, a);
  builder.unary(OP_SOFTMAX_FORWARD, a, a);
  builder.sgdStep(a, c);
  const { program } = bare.program();
  program.set(0, 0, 0, 1);
  return builder.drafts.map((_, i) => ({
    run: () => program.run(i, i + 1),
    referenceNs: cost(view(program.words, i)),
  }));
}

/** GFLOP/s of each tile. Takes some 50 ms a tile. */
export function tileSpeeds(core: Core, tiles: readonly number[]): number[] {
  const products = tiles.map((tile) => probesOf({ ...core, tile })[0] as Probe);
  return leastNs(products).map((ns) => (2 * M * N * K) / ns);
}

/** What the cost model is told of a core: measured by the first call, in some 0.2 s, and kept as long as the tile is. */
function paceOf(core: Core): Pace {
  core.pace ??= paceFrom(probesOf(core));
  return core.pace;
}

/** @param measure  gives the nanoseconds of each probe */
export const paceFrom = (probes: readonly Probe[], measure = leastNs): Pace =>
  measure(probes).map((ns, i) => ns / (probes[i] as Probe).referenceNs) as unknown as Pace;

/** Work and time of a training step, on the threads of the core where it is worth sharing. */
export function workOf(
  core: Core,
  words: Int32Array,
  rows: number,
  pace = paceOf(core),
): { flops: number; stepMs: number } {
  const crew = core.crew?.failed === undefined ? core.crew : undefined;
  if (crew !== undefined) mark(words, crew.recordNs);
  const threads = crew !== undefined && duration(words, rows) >= crew.runNs ? crew.size : 1;
  return { flops: flops(words, rows), stepMs: duration(words, rows, pace, threads) / 1e6 };
}

/** Nanoseconds of each, the best of several short rounds in which they take turns; the first is longer. */
function leastNs(probes: readonly Probe[]): number[] {
  const least = probes.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { run }] of probes.entries()) {
      const start = performance.now();
      const end = start + (round === 0 ? WARM_MS : ROUND_MS);
      let now = start;
      let count = 0;
      for (; now < end; count++) {
        run();
        now = performance.now();
      }
      least[i] = Math.min(least[i] as number, (1e6 * (now - start)) / count);
    }
  }
  return least;
}
