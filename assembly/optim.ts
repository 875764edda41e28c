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
  const exponents = V.exponents();
  const end = p + ((<usize>n & ~7) << 2);
  while (p < end) {
    const low = V.flush(V.madd(rate, v128.load(g), v128.load(p)), exponents);
    const high = V.flush(V.madd(rate, v128.load(g, 16), v128.load(p, 16)), exponents);
    v128.store(p, low);
    v128.store(p, high, 16);
    p += 32;
    g += 32;
  }
  if ((n & 4) != 0) v128.store(p, V.flush(V.madd(rate, v128.load(g), v128.load(p)), exponents));
}
