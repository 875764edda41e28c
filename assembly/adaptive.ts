// Optimisers that divide by the root of an average, or sum, of squared gradients: one pass over flat runs of parameters,
// gradients and what is kept. An average moves as a + t·(x − a), t = 1 − β: with f32(1 − β) its limit is x whatever the rounding
// of β, and one of squares never falls below 0. What is kept is flushed too: it decays into subnormal numbers, which are slow.

import { V } from "./lib/simd";

/** What happens to four lanes. */
class Four {
  /** a + t·(x − a) */
  @inline static average(a: v128, t: v128, x: v128, exponents: v128): v128 {
    return V.flush(V.madd(t, f32x4.sub(x, a), a), exponents);
  }

  /** x / (√s + ε) */
  @inline static over(x: v128, s: v128, eps: v128): v128 {
    return f32x4.div(x, f32x4.add(f32x4.sqrt(s), eps));
  }
}

/**
 * m ← m + t₁·(g − m); v ← v + t₂·(g² − v); p ← (p − decay·p) − step·m / (√v + ε). Subnormal results flushed to +0.
 *
 * Shapes    p, g, m, v [n], n a multiple of 4, 16-byte aligned.
 * Bias      step = lr·√(1 − β₂ᵗ) / (1 − β₁ᵗ) and ε·√(1 − β₂ᵗ) for ε: the paper's ε outside of the corrected root, with numerator
 *           and denominator multiplied by the correction, which is the same for all elements.
 * Edges     ε > 0: padding, where all are 0, stays 0.
 * Source    Kingma, Ba 2015, algorithm 1; Loshchilov, Hutter 2019, algorithm 2 (decay = lr·λ); torch.optim.Adam and AdamW.
 */
export function adamStep(
  n: i32,
  step: f32,
  decay: f32,
  take1: f32,
  take2: f32,
  epsilon: f32,
  p: usize,
  g: usize,
  m: usize,
  v: usize,
): void {
  assert((n & 3) == 0);
  const rate = f32x4.splat(-step);
  const shrink = f32x4.splat(-decay);
  const t1 = f32x4.splat(take1);
  const t2 = f32x4.splat(take2);
  const eps = f32x4.splat(epsilon);
  const exponents = V.exponents();
  const end = p + ((<usize>n & ~7) << 2);
  while (p < end) {
    const g0 = v128.load(g);
    const g1 = v128.load(g, 16);
    const m0 = Four.average(v128.load(m), t1, g0, exponents);
    const m1 = Four.average(v128.load(m, 16), t1, g1, exponents);
    v128.store(m, m0);
    v128.store(m, m1, 16);
    const v0 = Four.average(v128.load(v), t2, f32x4.mul(g0, g0), exponents);
    const v1 = Four.average(v128.load(v, 16), t2, f32x4.mul(g1, g1), exponents);
    v128.store(v, v0);
    v128.store(v, v1, 16);
    const q0 = Four.over(m0, v0, eps);
    const q1 = Four.over(m1, v1, eps);
    const p0 = v128.load(p);
    const p1 = v128.load(p, 16);
    const low = V.flush(V.madd(rate, q0, V.madd(shrink, p0, p0)), exponents);
    const high = V.flush(V.madd(rate, q1, V.madd(shrink, p1, p1)), exponents);
    v128.store(p, low);
    v128.store(p, high, 16);
    p += 32;
    g += 32;
    m += 32;
    v += 32;
  }
  if ((n & 4) != 0) {
    const g0 = v128.load(g);
    const m0 = Four.average(v128.load(m), t1, g0, exponents);
    const v0 = Four.average(v128.load(v), t2, f32x4.mul(g0, g0), exponents);
    v128.store(m, m0);
    v128.store(v, v0);
    const p0 = v128.load(p);
    const q0 = Four.over(m0, v0, eps);
    v128.store(p, V.flush(V.madd(rate, q0, V.madd(shrink, p0, p0)), exponents));
  }
}

/**
 * v ← v + t·(g² − v); q = g / (√v + ε); p ← p − lr·q. With a (centred): a ← a + t·(g − a), and v − a², not below 0, for v in q. With
 * b: b ← μ·b + q, and b for q in p. Subnormal results flushed to +0.
 *
 * Shapes    p, g, v [n]; a, b [n] or 0: left out; n a multiple of 4, 16-byte aligned.
 * Edges     ε > 0: padding, where all are 0, stays 0.
 * Source    Tieleman, Hinton 2012, lecture 6.5; Graves 2013 (centred); torch.optim.RMSprop. The branches are the same in every
 *           round; V8 does not widen the loop, whose time is that of the root and the division.
 */
export function rmspropStep(
  n: i32,
  lr: f32,
  take: f32,
  epsilon: f32,
  momentum: f32,
  p: usize,
  g: usize,
  v: usize,
  a: usize,
  b: usize,
): void {
  assert((n & 3) == 0);
  const rate = f32x4.splat(-lr);
  const t = f32x4.splat(take);
  const eps = f32x4.splat(epsilon);
  const mu = f32x4.splat(momentum);
  const exponents = V.exponents();
  const end = (<usize>n) << 2;
  for (let i: usize = 0; i < end; i += 16) {
    const x = v128.load(g + i);
    let s = Four.average(v128.load(v + i), t, f32x4.mul(x, x), exponents);
    v128.store(v + i, s);
    if (a != 0) {
      const mean = Four.average(v128.load(a + i), t, x, exponents);
      v128.store(a + i, mean);
      s = V.relu(f32x4.sub(s, f32x4.mul(mean, mean)));
    }
    let q = Four.over(x, s, eps);
    if (b != 0) {
      q = V.flush(V.madd(mu, v128.load(b + i), q), exponents);
      v128.store(b + i, q);
    }
    v128.store(p + i, V.flush(V.madd(rate, q, v128.load(p + i)), exponents));
  }
}

/**
 * s ← s + g²; p ← p − lr·g / (√s + ε). Subnormal results flushed to +0.
 *
 * Shapes    p, g, s [n], n a multiple of 4, 16-byte aligned.
 * Edges     ε > 0: padding, where g is 0, stays 0.
 * Source    Duchi, Hazan, Singer 2011; torch.optim.Adagrad, whose decay of the learning rate is in lr.
 */
export function adagradStep(n: i32, lr: f32, epsilon: f32, p: usize, g: usize, s: usize): void {
  assert((n & 3) == 0);
  const rate = f32x4.splat(-lr);
  const eps = f32x4.splat(epsilon);
  const exponents = V.exponents();
  const end = p + ((<usize>n & ~7) << 2);
  while (p < end) {
    const g0 = v128.load(g);
    const g1 = v128.load(g, 16);
    const s0 = V.flush(V.madd(g0, g0, v128.load(s)), exponents);
    const s1 = V.flush(V.madd(g1, g1, v128.load(s, 16)), exponents);
    v128.store(s, s0);
    v128.store(s, s1, 16);
    const low = V.flush(V.madd(rate, Four.over(g0, s0, eps), v128.load(p)), exponents);
    const high = V.flush(V.madd(rate, Four.over(g1, s1, eps), v128.load(p, 16)), exponents);
    v128.store(p, low);
    v128.store(p, high, 16);
    p += 32;
    g += 32;
    s += 32;
  }
  if ((n & 4) != 0) {
    const g0 = v128.load(g);
    const s0 = V.flush(V.madd(g0, g0, v128.load(s)), exponents);
    v128.store(s, s0);
    v128.store(p, V.flush(V.madd(rate, Four.over(g0, s0, eps), v128.load(p)), exponents));
  }
}
