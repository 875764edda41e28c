// What is done to gradients before an optimiser sees them: clipping by value or by norm, weight decay, L1. Emitted only where one
// of these is asked for, so that the optimisers' own loops have nothing of it.

import { SQUARES_BLOCK } from "../src/base/abi";
import { V } from "./lib/simd";

/**
 * g ← clip·(g held to ±most) + decay·p + l1·sign p, sign 0 = 0. NaN stays.
 *
 * Shapes    p, g [n], n a multiple of 4, 16-byte aligned.
 * Off       clip = 1, most = ∞, decay = 0, l1 = 0 change nothing of numbers.
 */
export function prepareGradient(n: i32, clip: f32, most: f32, decay: f32, l1: f32, p: usize, g: usize): void {
  assert((n & 3) == 0);
  const factor = f32x4.splat(clip);
  const upper = f32x4.splat(most);
  const lower = f32x4.splat(-most);
  const lambda = f32x4.splat(decay);
  const slope = f32x4.splat(l1);
  const end = (<usize>n) << 2;
  for (let i: usize = 0; i < end; i += 16) {
    const x = v128.load(p + i);
    const held = f32x4.pmax(f32x4.pmin(v128.load(g + i), upper), lower);
    const decayed = V.madd(lambda, x, f32x4.mul(factor, held));
    const signed = v128.or(v128.and(x, f32x4.splat(-0.0)), slope);
    const sign = v128.and(signed, f32x4.ne(x, f32x4.splat(0)));
    v128.store(g + i, f32x4.add(decayed, sign));
  }
}

/**
 * y[b] ← Σ x² over block b of SQUARES_BLOCK elements, in f64: neither does a square overflow, nor one that matters vanish, and squares are exact.
 *
 * Shapes    x[n], n a multiple of 4, 16-byte aligned, beginning with a block; y[⌈n / SQUARES_BLOCK⌉] of f64.
 * Order     element i in chain i mod 8; lanes and chains joined as ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
 */
export function squareSums(n: i32, x: usize, y: usize): void {
  assert((n & 3) == 0);
  for (; n > 0; n -= SQUARES_BLOCK) {
    const count = min(n, SQUARES_BLOCK);
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    const end = x + ((<usize>count & ~7) << 2);
    while (x < end) {
      const low = v128.load(x);
      const high = v128.load(x, 16);
      const a = f64x2.promote_low_f32x4(low);
      const b = f64x2.promote_low_f32x4(v128.shuffle<f32>(low, low, 2, 3, 0, 1));
      const c = f64x2.promote_low_f32x4(high);
      const d = f64x2.promote_low_f32x4(v128.shuffle<f32>(high, high, 2, 3, 0, 1));
      s0 = f64x2.add(s0, f64x2.mul(a, a));
      s1 = f64x2.add(s1, f64x2.mul(b, b));
      s2 = f64x2.add(s2, f64x2.mul(c, c));
      s3 = f64x2.add(s3, f64x2.mul(d, d));
      x += 32;
    }
    if ((count & 4) != 0) {
      const low = v128.load(x);
      const a = f64x2.promote_low_f32x4(low);
      const b = f64x2.promote_low_f32x4(v128.shuffle<f32>(low, low, 2, 3, 0, 1));
      s0 = f64x2.add(s0, f64x2.mul(a, a));
      s1 = f64x2.add(s1, f64x2.mul(b, b));
      x += 16;
    }
    const s = f64x2.add(f64x2.add(s0, s2), f64x2.add(s1, s3));
    store<f64>(y, f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1));
    y += 8;
  }
}

/**
 * norm = √Σ sums; to ← min(1, most / (norm + 10⁻⁶)) as f32, then the norm as f64. A norm that is not finite gives NaN, so that the
 * parameters show what happened.
 *
 * Shapes    sums[count] of f64; to: CLIP_BYTES bytes.
 * Source    Pascanu, Mikolov, Bengio 2013; torch.nn.utils.clip_grad_norm_.
 */
export function clipFactor(count: i32, sums: usize, most: f32, to: usize): void {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += load<f64>(sums + ((<usize>i) << 3));
  const norm = sqrt<f64>(sum);
  const factor = norm < <f64>Infinity ? min<f64>(1, <f64>most / (norm + 1e-6)) : <f64>NaN;
  store<f32>(to, <f32>factor);
  store<f64>(to, norm, 4);
}
