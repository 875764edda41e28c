// Kinds of logits, for the tests of softmax and the cross entropies.

import { floats, integers } from "../oracle/data.ts";

const { NEGATIVE_INFINITY: NINF } = Number;

/** n of them, in rows of `cols`. */
export const LOGITS: Record<string, (n: number, seed: number, cols: number) => Float32Array> = {
  small: (n, seed) => floats(seed, n),
  wide: (n, seed) => floats(seed, n, -60, 60),
  "about to underflow": (n, seed) => floats(seed, n, -90, 0),
  "±1e4": (n, seed) => floats(seed, n).map((x) => (x > 0 ? 1e4 : -1e4)),
  "all equal": (n) => new Float32Array(n).fill(-3.25),
  "ties among the largest": (n, seed) => Float32Array.from(integers(seed, n, 0, 2)),
  "±3e38": (n, seed) => floats(seed, n).map((x) => (x > 0 ? 3e38 : -3e38)),
  "−∞ among them": (n, seed, cols) => floats(seed, n).map((x, j) => (j % cols > 0 && x > 0 ? NINF : x)),
};
