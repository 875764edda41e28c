// Gradient descent, plain and with momentum: one pass over a flat run of parameters and its gradients.

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

/**
 * b ← keep·b + take·g; p ← p − lr·b, or p − lr·(g + ahead·b) where ahead ≠ 0. Subnormal results flushed to +0.
 *
 * Shapes    p, g, b [n], n a multiple of 4, 16-byte aligned.
 * First     keep = 0 and take = 1 make b the gradient: a buffer that begins as +0 may be passed, one with NaN may not.
 * Source    torch.optim.SGD; Sutskever et al. 2013, in PyTorch's form, in which lr multiplies the whole buffer.
 */
export function momentumStep(
  n: i32,
  lr: f32,
  keep: f32,
  take: f32,
  ahead: f32,
  p: usize,
  g: usize,
  b: usize,
): void {
  assert((n & 3) == 0);
  const rate = f32x4.splat(-lr);
  const k = f32x4.splat(keep);
  const t = f32x4.splat(take);
  const f = f32x4.splat(ahead);
  // all ones where the step looks ahead: one loop for both, without a branch in it
  const nesterov = i32x4.splat(ahead != 0 ? -1 : 0);
  const exponents = V.exponents();
  const end = p + ((<usize>n & ~7) << 2);
  while (p < end) {
    const g0 = v128.load(g);
    const g1 = v128.load(g, 16);
    const b0 = V.flush(V.madd(t, g0, f32x4.mul(k, v128.load(b))), exponents);
    const b1 = V.flush(V.madd(t, g1, f32x4.mul(k, v128.load(b, 16))), exponents);
    v128.store(b, b0);
    v128.store(b, b1, 16);
    const d0 = v128.bitselect(V.madd(f, b0, g0), b0, nesterov);
    const d1 = v128.bitselect(V.madd(f, b1, g1), b1, nesterov);
    const low = V.flush(V.madd(rate, d0, v128.load(p)), exponents);
    const high = V.flush(V.madd(rate, d1, v128.load(p, 16)), exponents);
    v128.store(p, low);
    v128.store(p, high, 16);
    p += 32;
    g += 32;
    b += 32;
  }
  if ((n & 4) != 0) {
    const g0 = v128.load(g);
    const b0 = V.flush(V.madd(t, g0, f32x4.mul(k, v128.load(b))), exponents);
    v128.store(b, b0);
    const d0 = v128.bitselect(V.madd(f, b0, g0), b0, nesterov);
    v128.store(p, V.flush(V.madd(rate, d0, v128.load(p)), exponents));
  }
}
