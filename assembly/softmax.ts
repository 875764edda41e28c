// Softmax of the rows of a matrix, its backward, and its cross entropy from logits. The row maximum is taken out
// first, so no exponential overflows and the largest is exactly 1.

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
    const v = VMath.expNonPositive(f32x4.sub(v128.load(z + at), shift));
    v128.store(e + at, v);
    sum = f32x4.add(sum, v);
  }
  if (whole < n) {
    const at = (<usize>whole) << 2;
    const part = V.loadPart(z + at, n - whole, f32x4.splat(-Infinity));
    const v = VMath.expNonPositive(f32x4.sub(part, shift));
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
 * The backward of softmax from its output: dx_j ← y_j·(dy_j − Σ_k dy_k·y_k), row by row. The sum runs in four chains,
 * joined by V.sum.
 *
 * Shapes    dy, y, dx [rows, cols], row strides lddy, ldy, lddx; dx may be dy or y.
 */
export function softmaxBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  y: usize,
  ldy: i32,
  dx: usize,
  lddx: i32,
): void {
  const whole = cols & ~3;
  const n = cols - whole;
  const end = (<usize>whole) << 2;
  for (let i = 0; i < rows; i++) {
    let sum = f32x4.splat(0);
    for (let j = 0; j < whole; j += 4) {
      const at = (<usize>j) << 2;
      sum = f32x4.add(sum, f32x4.mul(v128.load(dy + at), v128.load(y + at)));
    }
    if (n > 0) sum = f32x4.add(sum, f32x4.mul(V.loadTail(dy + end, n), V.loadTail(y + end, n)));
    const mean = f32x4.splat(V.sum(sum));
    for (let j = 0; j < whole; j += 4) {
      const at = (<usize>j) << 2;
      v128.store(dx + at, f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(dy + at), mean)));
    }
    if (n > 0) {
      const apart = f32x4.sub(V.loadTail(dy + end, n), mean);
      V.storeTail(dx + end, f32x4.mul(V.loadTail(y + end, n), apart), n);
    }
    dy += (<usize>lddy) << 2;
    y += (<usize>ldy) << 2;
    dx += (<usize>lddx) << 2;
  }
}

/**
 * Softmax cross entropy from logits and class ids t, in one pass over the rows:
 *
 *     loss[i] = r_i·(ln Σ_j e^(z_ij − m_i) + (m_i − z_i,t)),  m_i = max_j z_ij
 *     dz_ij   = (p_ij − [j = t])·fl(scale·r_i)
 *     hit[i]  = 1 where the first largest logit is the target's, else 0 (0 too in a row with a NaN)
 *
 * A row with r_i = 0 is not looked at, its target may be anything: loss, gradient and hit are 0.
 *
 * Shapes    z, dz [rows, cols], row strides ldz, lddz; target[rows] i32 in [0, cols); weight[rows], r, or 0: all ones;
 *           loss[rows]; hit[rows] i32.
 * Writes    dz (may be z), loss, hit.
 * Accuracy  docs/numerics.md; the gradient of a row is finite for any finite logits.
 */
export function softmaxCrossEntropy(
  rows: i32,
  cols: i32,
  z: usize,
  ldz: i32,
  target: usize,
  weight: usize,
  scale: f32,
  dz: usize,
  lddz: i32,
  loss: usize,
  hit: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const r: f32 = weight != 0 ? load<f32>(weight + ((<usize>i) << 2)) : 1;
    if (r == 0) {
      skip(cols, dz, loss, hit);
    } else {
      const s: f32 = weight != 0 ? scale * r : scale;
      const t = load<i32>(target);
      assert(t >= 0 && t < cols);
      const at = (<usize>t) << 2;
      const zt = load<f32>(z + at);
      const top = rowMax(cols, z);
      const first = isFirst(t, z, top);
      const sum = expSum(cols, z, top, dz);
      const pt = load<f32>(dz + at) / sum;
      divideScale(cols, dz, sum, s);
      store<f32>(dz + at, (pt - 1) * s);
      const value = logOf(sum) + (top - zt);
      store<f32>(loss, weight != 0 ? value * r : value);
      store<i32>(hit, i32(first && value == value));
    }
    z += (<usize>ldz) << 2;
    dz += (<usize>lddz) << 2;
    target += 4;
    loss += 4;
    hit += 4;
  }
}

/** What a row of no weight leaves. */
function skip(cols: i32, dz: usize, loss: usize, hit: usize): void {
  V.zeros(dz, cols);
  store<f32>(loss, 0);
  store<i32>(hit, 0);
}

/** The first of x[0 … n − 1] that equals v, else n */
function firstAt(n: i32, x: usize, v: f32): i32 {
  const wanted = f32x4.splat(v);
  const whole = n & ~3;
  let j = 0;
  for (; j < whole; j += 4) {
    const same = f32x4.eq(v128.load(x + ((<usize>j) << 2)), wanted);
    if (v128.any_true(same)) return j + ctz(i32x4.bitmask(same));
  }
  while (j < n && load<f32>(x + ((<usize>j) << 2)) != v) j++;
  return j;
}

/** Whether x[at] is v, and no element before it */
function isFirst(at: i32, x: usize, v: f32): bool {
  return load<f32>(x + ((<usize>at) << 2)) == v && firstAt(at, x, v) == at;
}

function logOf(x: f32): f32 {
  return f32x4.extract_lane(VMath.log(f32x4.splat(x)), 0);
}

/** The distribution a row is held against: q_j = w_j·(keep·t_j + spread), t one-hot or given. */
class Target {
  /** n of q from column j on (4 as a constant, or a tail: then lanes beyond are 0). `t`: the class id in all lanes. */
  @inline static q(
    j: i32,
    n: i32,
    ids: bool,
    t: v128,
    row: usize,
    keep: v128,
    spread: v128,
    weight: usize,
  ): v128 {
    const at = (<usize>j) << 2;
    const here = ids
      ? v128.and(f32x4.splat(1), i32x4.eq(t, v128.add<i32>(i32x4.splat(j), i32x4(0, 1, 2, 3))))
      : V.loadUpTo(row + at, n);
    const q = f32x4.add(f32x4.mul(keep, here), spread);
    if (weight != 0) return f32x4.mul(V.loadUpTo(weight + at, n), q);
    return n == 4 ? q : V.first(q, n);
  }

  /** q·(m − z), and 0 where q is */
  @inline static term(q: v128, m: v128, z: v128): v128 {
    return v128.and(f32x4.mul(q, f32x4.sub(m, z)), f32x4.ne(q, f32x4.splat(0)));
  }

  /** (whole·e/sum − q)·s */
  @inline static slope(q: v128, e: v128, sum: v128, whole: v128, s: v128): v128 {
    return f32x4.mul(f32x4.sub(f32x4.mul(whole, f32x4.div(e, sum)), q), s);
  }
}

/** The rows of `softCrossEntropy`: with `ids` as a constant, no vector asks what the targets are. */
class Soft {
  @inline static rows(
    rows: i32,
    cols: i32,
    z: usize,
    ldz: i32,
    target: usize,
    ldt: i32,
    ids: bool,
    keep: f32,
    spread: f32,
    classWeight: usize,
    weight: usize,
    scale: f32,
    dz: usize,
    lddz: i32,
    loss: usize,
    hit: usize,
  ): void {
    const k = f32x4.splat(keep);
    const e = f32x4.splat(spread);
    const zero = f32x4.splat(0);
    const end = cols & ~3;
    const n = cols - end;
    const endAt = (<usize>end) << 2;
    for (let i = 0; i < rows; i++) {
      const r: f32 = weight != 0 ? load<f32>(weight + ((<usize>i) << 2)) : 1;
      if (r == 0) {
        skip(cols, dz, loss, hit);
      } else {
        const s = f32x4.splat(weight != 0 ? scale * r : scale);
        const id = ids ? load<i32>(target) : 0;
        assert(id >= 0 && id < cols);
        const t = i32x4.splat(id);
        const top = rowMax(cols, z);
        const m = f32x4.splat(top);
        let apart = zero;
        let total = zero;
        for (let j = 0; j < end; j += 4) {
          const q = Target.q(j, 4, ids, t, target, k, e, classWeight);
          apart = f32x4.add(apart, Target.term(q, m, v128.load(z + ((<usize>j) << 2))));
          total = f32x4.add(total, q);
        }
        if (n > 0) {
          const q = Target.q(end, n, ids, t, target, k, e, classWeight);
          apart = f32x4.add(apart, Target.term(q, m, V.loadTail(z + endAt, n)));
          total = f32x4.add(total, q);
        }
        const wanted = ids ? id : firstAt(cols, target, rowMax(cols, target));
        const first = wanted < cols && isFirst(wanted, z, top);
        const sum = expSum(cols, z, top, dz);
        const Q: f32 = classWeight != 0 ? V.sum(total) : 1;
        const sums = f32x4.splat(sum);
        const whole = f32x4.splat(Q);
        for (let j = 0; j < end; j += 4) {
          const at = dz + ((<usize>j) << 2);
          const q = Target.q(j, 4, ids, t, target, k, e, classWeight);
          v128.store(at, Target.slope(q, v128.load(at), sums, whole, s));
        }
        if (n > 0) {
          const q = Target.q(end, n, ids, t, target, k, e, classWeight);
          V.storeTail(dz + endAt, Target.slope(q, V.loadTail(dz + endAt, n), sums, whole, s), n);
        }
        const value = Q * logOf(sum) + V.sum(apart);
        store<f32>(loss, weight != 0 ? value * r : value);
        store<i32>(hit, i32(first && value == value));
      }
      z += (<usize>ldz) << 2;
      dz += (<usize>lddz) << 2;
      target += ids ? 4 : (<usize>ldt) << 2;
      loss += 4;
      hit += 4;
    }
  }
}

/**
 * Softmax cross entropy from logits against a whole distribution: rows of probabilities, or class ids (`ids`) with
 * label smoothing; keep = 1 − ε and spread = ε / cols are the smoothing's, w the class weights.
 *
 *     q_ij    = w_j·(keep·t_ij + spread),  Q_i = Σ_j q_ij, but exactly 1 without class weights
 *     loss[i] = r_i·(Q_i·ln Σ_j e^(z_ij − m_i) + Σ_j q_ij·(m_i − z_ij)),  m_i = max_j z_ij
 *     dz_ij   = (Q_i·p_ij − q_ij)·fl(scale·r_i)
 *     hit[i]  = 1 where the first largest logit is the target's (of probabilities: the first largest's), else 0
 *
 * A class with q = 0 adds nothing, whatever its logit. A row with r_i = 0 is not looked at.
 *
 * Shapes    z, dz [rows, cols], row strides ldz, lddz; target[rows] i32 in [0, cols), or [rows, cols] with row stride
 *           ldt; classWeight[cols] or 0; weight[rows], r, or 0; loss[rows]; hit[rows] i32. dz may be z.
 * Accuracy  docs/numerics.md: no term of the loss is negative.
 */
export function softCrossEntropy(
  rows: i32,
  cols: i32,
  z: usize,
  ldz: i32,
  target: usize,
  ldt: i32,
  ids: bool,
  keep: f32,
  spread: f32,
  classWeight: usize,
  weight: usize,
  scale: f32,
  dz: usize,
  lddz: i32,
  loss: usize,
  hit: usize,
): void {
  if (ids)
    Soft.rows(
      rows,
      cols,
      z,
      ldz,
      target,
      ldt,
      true,
      keep,
      spread,
      classWeight,
      weight,
      scale,
      dz,
      lddz,
      loss,
      hit,
    );
  else
    Soft.rows(
      rows,
      cols,
      z,
      ldz,
      target,
      ldt,
      false,
      keep,
      spread,
      classWeight,
      weight,
      scale,
      dz,
      lddz,
      loss,
      hit,
    );
}
