// How fast the tiles are, here and now: for `tune`, and to see whether `wide` is at work. Milliseconds, not a benchmark.

import type { Core } from "../wasm/runtime.ts";
import { Bare } from "./bare.ts";

/** A product of whole tiles of every kind, which stays in the second-level cache. */
const [M, N, K] = [60, 64, 128];
/** An engine compiles hot code anew in the background; a tile that is slow to come is measured slow. */
const WARM_MS = 60;
const ROUNDS = 9;
const ROUND_MS = 1;

/** GFLOP/s of each tile, the best of several short rounds that take turns. Takes some 70 ms a tile. */
export function tileSpeeds(core: Core, tiles: readonly number[]): number[] {
  const products = tiles.map((tile) => product({ ...core, tile }));
  const best = tiles.map(() => 0);
  for (const run of products) for (const end = performance.now() + WARM_MS; performance.now() < end; ) run();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, run] of products.entries()) {
      let count = 0;
      const start = performance.now();
      let now = start;
      while (now < start + ROUND_MS) {
        run();
        count++;
        now = performance.now();
      }
      best[i] = Math.max(best[i] as number, (2 * M * N * K * count) / (now - start) / 1e6);
    }
  }
  return best;
}

/** C ← A·B, both in place, of zeros: their products take as long as others. */
function product(core: Core): () => void {
  const bare = new Bare(core);
  const b = bare.builder.inPlace(bare.matrix("b", K, N));
  bare.builder.sgemm(bare.matrix("a", M, K), b, bare.matrix("c", M, N));
  const { program } = bare.program();
  program.set(0, 0, 0, 1);
  return () => program.run();
}
