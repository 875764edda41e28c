// Optimisers: one pass over a flat run of parameters and its gradients.

import { V } from "./lib/simd";

/**
 * p ← p − lr·g, subnormal results flushed to +0.
 *
 * Shapes    p, g [n], n a multiple of 4, 16-byte aligned.
 */
export function sgdStep(n: i32, lr: f32, p: usize, g: usize): void {
  assert((n & 3) == 0);
  const rate = f32x4.splat(-lr);
  for (let i: usize = 0, end = (<usize>n) << 2; i < end; i += 16) {
    v128.store(p + i, V.flush(V.madd(rate, v128.load(g + i), v128.load(p + i))));
  }
}
