// Softmax of the rows of a matrix, and its cross entropy from logits. The row maximum is taken out first, so
// no exponential overflows and the largest is exactly 1.

import { VMath } from "./lib/math";
import { V } from "./lib/simd";

/** max_j z[j] over n ≥ 1 elements */
function rowMax(n: i32, z: usize): f32 {
  const least = f32x4.splat(-Infinity);
  let top = least;
  const whole = n & ~3;
  for (let j = 0; j < whole; j += 4) top = f32x4.pmax(top, v128.load(z + ((<usize>j) << 2)));
  if (whole < n) top = f32x4.pmax(top, V.loadPart(z + ((<usize>whole) << 2), n - whole, least));
  return V.max(top);
}

/**
 * e[j] ← e^(z[j] − top); returns Σ_j e[j]. Four chains, lane by lane, joined by V.sum; missing lanes add +0.
 * e may be z.
 */
function expSum(n: i32, z: usize, top: f32, e: usize): f32 {
  const shift = f32x4.splat(top);
  let sum = f32x4.splat(0);
  const whole = n & ~3;
  for (let j = 0; j < whole; j += 4) {
    const at = (<usize>j) << 2;
    const v = VMath.exp(f32x4.sub(v128.load(z + at), shift));
    v128.store(e + at, v);
    sum = f32x4.add(sum, v);
  }
  if (whole < n) {
    const at = (<usize>whole) << 2;
    const part = V.loadPart(z + at, n - whole, f32x4.splat(-Infinity));
    const v = VMath.exp(f32x4.sub(part, shift));
    V.storePart(e + at, v, n - whole);
    sum = f32x4.add(sum, v);
  }
  return V.sum(sum);
}

/** y[j] ← (y[j] / sum)·scale */
function divideScale(n: i32, y: usize, sum: f32, scale: f32): void {
  const s = f32x4.splat(sum);
  const a = f32x4.splat(scale);
  const whole = n & ~3;
  for (let j = 0; j < whole; j += 4) {
    const at = y + ((<usize>j) << 2);
    v128.store(at, f32x4.mul(f32x4.div(v128.load(at), s), a));
  }
  if (whole < n) {
    const at = y + ((<usize>whole) << 2);
    const v = V.loadPart(at, n - whole, f32x4.splat(0));
    V.storePart(at, f32x4.mul(f32x4.div(v, s), a), n - whole);
  }
}

/** p ← softmax(z), row by row. Shapes: z, p [rows, cols], row strides ldz, ldp; cols ≥ 1; p may be z. */
export function softmaxForward(rows: i32, cols: i32, z: usize, ldz: i32, p: usize, ldp: i32): void {
  assert(cols > 0);
  for (let i = 0; i < rows; i++) {
    const sum = expSum(cols, z, rowMax(cols, z), p);
    divideScale(cols, p, sum, 1);
    z += (<usize>ldz) << 2;
    p += (<usize>ldp) << 2;
  }
}

/**
 * Softmax cross entropy from logits and class ids t, in one pass over the rows:
 *
 *     loss[i] = ln Σ_j e^(z_ij − m_i) + (m_i − z_i,t),  m_i = max_j z_ij
 *     dz_ij   = (p_ij − [j = t])·scale
 *     hit[i]  = 1 where the first largest logit is the target's, else 0 (0 too in a row with a NaN)
 *
 * Shapes    z, dz [rows, cols], row strides ldz, lddz; target[rows] i32 in [0, cols); loss[rows]; hit[rows] i32.
 * Writes    dz (may be z), loss, hit.
 * Accuracy  docs/numerics.md; the gradient of a row is finite for any finite logits.
 */
export function softmaxCrossEntropy(
  rows: i32,
  cols: i32,
  z: usize,
  ldz: i32,
  target: usize,
  scale: f32,
  dz: usize,
  lddz: i32,
  loss: usize,
  hit: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const t = load<i32>(target);
    assert(t >= 0 && t < cols);
    const at = (<usize>t) << 2;
    const zt = load<f32>(z + at);
    const top = rowMax(cols, z);
    let earlier = 0;
    if (zt == top) {
      for (; earlier < t; earlier++) if (load<f32>(z + ((<usize>earlier) << 2)) == top) break;
    }
    const sum = expSum(cols, z, top, dz);
    const pt = load<f32>(dz + at) / sum;
    divideScale(cols, dz, sum, scale);
    store<f32>(dz + at, (pt - 1) * scale);
    const value = f32x4.extract_lane(VMath.log(f32x4.splat(sum)), 0) + (top - zt);
    store<f32>(loss, value);
    store<i32>(hit, i32(zt == top && earlier == t && value == value));
    z += (<usize>ldz) << 2;
    dz += (<usize>lddz) << 2;
    target += 4;
    loss += 4;
    hit += 4;
  }
}
