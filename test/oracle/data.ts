// Reproducible test data. A generator of its own (mulberry32), so that no test leans on src/base/random.ts.

/** Set XENT_SEED to try other data; test titles print it. */
export const SEED = Number(process.env.XENT_SEED ?? 1);

/** A source of numbers in [0, 1), 32 bits each. */
export function source(seed: number): () => number {
  let state = (seed * 0x9e3779b1 + SEED * 0x85ebca77) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

/** n f32 numbers in [lo, hi). */
export function floats(seed: number, n: number, lo = -1, hi = 1): Float32Array {
  const next = source(seed);
  const all = new Float32Array(n);
  for (let i = 0; i < n; i++) all[i] = lo + (hi - lo) * next();
  return all;
}

/** n integers in [lo, hi]. */
export function integers(seed: number, n: number, lo: number, hi: number): Int32Array {
  const next = source(seed);
  const all = new Int32Array(n);
  for (let i = 0; i < n; i++) all[i] = lo + Math.floor((hi - lo + 1) * next());
  return all;
}
