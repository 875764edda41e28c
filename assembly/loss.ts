// Losses that are a sum over single outputs: loss and gradient of every row in one pass. Softmax cross entropy, which
// is not, stands in softmax.ts.

import { VMath } from "./lib/math";
import { Rows, Unary } from "./lib/rows";
import { V } from "./lib/simd";

/** One output against its target: `shared` is worked out once for both; `a` is the loss's parameter. */
class Element {
  @inline shared(_z: v128, _t: v128): v128 {
    return f32x4.splat(0);
  }
  @inline value(_u: v128, _z: v128, _t: v128, _a: v128): v128 {
    return f32x4.splat(0);
  }
  @inline slope(_u: v128, _z: v128, _t: v128, _a: v128): v128 {
    return f32x4.splat(0);
  }
}

class Loss {
  /** n elements of a row from byte `at` on: stores their gradients and returns their values. */
  @inline private static part<F extends Element>(
    z: usize,
    target: usize,
    dz: usize,
    at: usize,
    n: i32,
    a: v128,
    parameters: usize,
    prepared: bool,
    scale: v128,
  ): v128 {
    const x = V.loadUpTo(z + at, n);
    const t = V.loadUpTo(target + at, n);
    const p = parameters != 0 ? V.loadUpTo(parameters + at, n) : a;
    const u = prepared ? V.loadUpTo(dz + at, n) : changetype<F>(0).shared(x, t);
    V.storeUpTo(dz + at, f32x4.mul(changetype<F>(0).slope(u, x, t, p), scale), n);
    return changetype<F>(0).value(u, x, t, p);
  }

  /**
   * loss[i] ← r_i·Σ_j value(z_ij, t_ij) and dz_ij ← slope(z_ij, t_ij)·fl(scale·r_i); the sum runs in four chains, joined
   * by V.sum. A row with r_i = 0 is not looked at: its loss and gradient are +0.
   *
   * @param prepared    dz holds what `shared` gives already, from a loop of its own (and so is not z)
   * @param weight      r, or 0: all ones, and no multiplication
   * @param parameters  one a column, or 0: `a` for all
   */
  @inline static rows<F extends Element>(
    rows: i32,
    cols: i32,
    z: usize,
    ldz: i32,
    target: usize,
    ldt: i32,
    a: f32,
    parameters: usize,
    prepared: bool,
    weight: usize,
    scale: f32,
    dz: usize,
    lddz: i32,
    loss: usize,
  ): void {
    for (let i = 0; i < rows; i++) {
      const r: f32 = weight != 0 ? load<f32>(weight + ((<usize>i) << 2)) : 1;
      if (r == 0) {
        V.zeros(dz, cols);
        store<f32>(loss, 0);
      } else {
        if (prepared) expNegAbs(cols, z, dz);
        const s = f32x4.splat(weight != 0 ? scale * r : scale);
        const p = f32x4.splat(a);
        let sum = f32x4.splat(0);
        const whole = cols & ~3;
        for (let j = 0; j < whole; j += 4) {
          sum = f32x4.add(sum, Loss.part<F>(z, target, dz, (<usize>j) << 2, 4, p, parameters, prepared, s));
        }
        if (whole < cols) {
          const n = cols - whole;
          const value = Loss.part<F>(z, target, dz, (<usize>whole) << 2, n, p, parameters, prepared, s);
          sum = f32x4.add(sum, V.first(value, n));
        }
        const total = V.sum(sum);
        store<f32>(loss, weight != 0 ? total * r : total);
      }
      z += (<usize>ldz) << 2;
      target += (<usize>ldt) << 2;
      dz += (<usize>lddz) << 2;
      loss += 4;
    }
  }
}

/** σ(z) = (z < 0 ? e : 1) / (1 + e) from e = e^−|z|, which the loss needs too. Exactly 0 and 1 far out. */
class Sigma {
  @inline static of(e: v128, z: v128): v128 {
    const one = f32x4.splat(1);
    const top = v128.bitselect(e, one, f32x4.lt(z, f32x4.splat(0)));
    return f32x4.div(top, f32x4.add(one, e));
  }
}

/** e^−|z| */
class NegAbsExp extends Unary {
  @inline apply(z: v128, _a: v128): v128 {
    return VMath.expNonPositive(f32x4.neg(f32x4.abs(z)));
  }
}

/**
 * e[j] ← e^−|z[j]|, j < n. A loop of its own: exponential, logarithm and quotient in one are a chain of some 125 cycles,
 * of which a core that shares its reorder buffer keeps no more than two in flight (0.23 against 0.32 G elements/s on
 * 128 × 128 in Node 20, 0.28 against 0.40 in Node 24; Zen 4, a busy machine, 2026-11-25).
 */
function expNegAbs(n: i32, z: usize, e: usize): void {
  Rows.unary<NegAbsExp>(1, n, z, 0, e, 0, 0);
}

/** A logit: what is shared is e^−|z|, prepared by `expNegAbs`. */
class Logit extends Element {
  @inline shared(z: v128, _y: v128): v128 {
    return changetype<NegAbsExp>(0).apply(z, z);
  }
}

/** max(z, 0) − z·y, as one product of factors that are not negative: z(1 − y) above 0, |z|·y below */
class Bce extends Logit {
  @inline value(e: v128, z: v128, y: v128, _a: v128): v128 {
    const wrong = v128.bitselect(f32x4.sub(f32x4.splat(1), y), y, f32x4.gt(z, f32x4.splat(0)));
    return f32x4.add(f32x4.mul(f32x4.abs(z), wrong), VMath.log1pUnit(e));
  }
  @inline slope(e: v128, z: v128, y: v128, _a: v128): v128 {
    return f32x4.sub(Sigma.of(e, z), y);
  }
}
class BceWeighted extends Logit {
  @inline value(e: v128, z: v128, y: v128, a: v128): v128 {
    const pos = f32x4.mul(a, y);
    const neg = f32x4.sub(f32x4.splat(1), y);
    const wrong = v128.bitselect(neg, pos, f32x4.gt(z, f32x4.splat(0)));
    return f32x4.add(f32x4.mul(f32x4.abs(z), wrong), f32x4.mul(f32x4.add(pos, neg), VMath.log1pUnit(e)));
  }
  @inline slope(e: v128, z: v128, y: v128, a: v128): v128 {
    const pos = f32x4.mul(a, y);
    const neg = f32x4.sub(f32x4.splat(1), y);
    return f32x4.sub(f32x4.mul(Sigma.of(e, z), f32x4.add(pos, neg)), pos);
  }
}

/**
 * Binary cross entropy from logits, for targets in [0, 1]; with weights w of the positive term (posWeight) or without:
 *
 *     loss[i] = r_i·Σ_j −[w_j·y_ij·ln σ(z_ij) + (1 − y_ij)·ln(1 − σ(z_ij))]
 *             = r_i·Σ_j |z|·(z > 0 ? 1 − y : w·y) + (w·y + 1 − y)·ln(1 + e^−|z|)
 *     dz_ij   = (σ(z_ij) − y_ij)·fl(scale·r_i), and with w: (σ(z)·(w·y + 1 − y) − w·y)·fl(scale·r_i)
 *
 * Shapes    z, target, dz [rows, cols], row strides ldz, ldt, lddz; weight[rows] and posWeight[cols], or 0;
 *           loss[rows]. dz is not z: it holds e^−|z| for a while.
 * Accuracy  no term is negative, so nothing cancels: docs/numerics.md. The gradient is finite for any finite
 *           logits, the loss too unless it is itself beyond f32.
 */
export function bceWithLogits(
  rows: i32,
  cols: i32,
  z: usize,
  ldz: i32,
  target: usize,
  ldt: i32,
  posWeight: usize,
  weight: usize,
  scale: f32,
  dz: usize,
  lddz: i32,
  loss: usize,
): void {
  if (posWeight == 0)
    Loss.rows<Bce>(rows, cols, z, ldz, target, ldt, 1, 0, true, weight, scale, dz, lddz, loss);
  else
    Loss.rows<BceWeighted>(
      rows,
      cols,
      z,
      ldz,
      target,
      ldt,
      1,
      posWeight,
      true,
      weight,
      scale,
      dz,
      lddz,
      loss,
    );
}

class Difference extends Element {
  @inline shared(z: v128, t: v128): v128 {
    return f32x4.sub(z, t);
  }
}
class Squared extends Difference {
  @inline value(d: v128, _z: v128, _t: v128, a: v128): v128 {
    return f32x4.mul(f32x4.mul(a, d), d);
  }
  @inline slope(d: v128, _z: v128, _t: v128, a: v128): v128 {
    return f32x4.mul(f32x4.add(a, a), d);
  }
}

/**
 * loss[i] = r_i·Σ_j a·(z_ij − t_ij)², dz_ij = 2a·(z_ij − t_ij)·fl(scale·r_i): a = ½ for the quadratic cost, 1 for mse.
 *
 * Shapes as `bceWithLogits`; dz may be z.
 */
export function squaredError(
  rows: i32,
  cols: i32,
  z: usize,
  ldz: i32,
  target: usize,
  ldt: i32,
  a: f32,
  weight: usize,
  scale: f32,
  dz: usize,
  lddz: i32,
  loss: usize,
): void {
  Loss.rows<Squared>(rows, cols, z, ldz, target, ldt, a, 0, false, weight, scale, dz, lddz, loss);
}

class Absolute extends Difference {
  @inline value(d: v128, _z: v128, _t: v128, _a: v128): v128 {
    return f32x4.abs(d);
  }
  /** ±1, but 0 and NaN where d is */
  @inline slope(d: v128, _z: v128, _t: v128, _a: v128): v128 {
    const one = f32x4.splat(1);
    const sign = v128.bitselect(d, one, i32x4.splat(0x80000000));
    return v128.bitselect(sign, d, f32x4.gt(f32x4.abs(d), f32x4.splat(0)));
  }
}

/** loss[i] = r_i·Σ_j |z_ij − t_ij|, dz_ij = sign(z_ij − t_ij)·fl(scale·r_i), sign(0) = 0. Shapes as `squaredError`. */
export function absoluteError(
  rows: i32,
  cols: i32,
  z: usize,
  ldz: i32,
  target: usize,
  ldt: i32,
  weight: usize,
  scale: f32,
  dz: usize,
  lddz: i32,
  loss: usize,
): void {
  Loss.rows<Absolute>(rows, cols, z, ldz, target, ldt, 0, 0, false, weight, scale, dz, lddz, loss);
}

class Huber extends Difference {
  @inline value(d: v128, _z: v128, _t: v128, delta: v128): v128 {
    const half = f32x4.splat(0.5);
    const size = f32x4.abs(d);
    const near = f32x4.mul(f32x4.mul(half, d), d);
    const far = f32x4.mul(delta, f32x4.sub(size, f32x4.mul(half, delta)));
    return v128.bitselect(far, near, f32x4.gt(size, delta));
  }
  @inline slope(d: v128, _z: v128, _t: v128, delta: v128): v128 {
    return f32x4.pmin(f32x4.pmax(d, f32x4.neg(delta)), delta);
  }
}

/**
 * loss[i] = r_i·Σ_j (|d| ≤ δ ? ½d² : δ(|d| − ½δ)), d = z_ij − t_ij; dz_ij = d held to ±δ, times fl(scale·r_i).
 *
 * Shapes as `squaredError`. Source: Huber 1964, as PyTorch's HuberLoss.
 */
export function huberLoss(
  rows: i32,
  cols: i32,
  z: usize,
  ldz: i32,
  target: usize,
  ldt: i32,
  delta: f32,
  weight: usize,
  scale: f32,
  dz: usize,
  lddz: i32,
  loss: usize,
): void {
  Loss.rows<Huber>(rows, cols, z, ldz, target, ldt, delta, 0, false, weight, scale, dz, lddz, loss);
}

/**
 * hit[i] ← 1 where a row of outputs names the class of its row of targets, else 0. With `each`: every output is above
 * `cut` where its target is above ½, and only there. Without: the first largest output stands where the first largest
 * target does. A row with a NaN, or with weight 0, is no hit.
 *
 * Shapes    z, target [rows, cols ≥ 1], row strides ldz, ldt; weight[rows] or 0; hit[rows] i32.
 */
export function rowHits(
  rows: i32,
  cols: i32,
  z: usize,
  ldz: i32,
  target: usize,
  ldt: i32,
  each: bool,
  cut: f32,
  weight: usize,
  hit: usize,
): void {
  for (let i = 0; i < rows; i++) {
    let same = weight == 0 || load<f32>(weight + ((<usize>i) << 2)) != 0;
    let best: f32 = -Infinity;
    let most: f32 = -Infinity;
    let bestAt = 0;
    let mostAt = 0;
    for (let j = 0; j < cols; j++) {
      const x = load<f32>(z + ((<usize>j) << 2));
      const t = load<f32>(target + ((<usize>j) << 2));
      if (x != x || t != t) same = false;
      if (each && x > cut != t > 0.5) same = false;
      if (x > best) {
        best = x;
        bestAt = j;
      }
      if (t > most) {
        most = t;
        mostAt = j;
      }
    }
    store<i32>(hit, i32(same && (each || bestAt == mostAt)));
    z += (<usize>ldz) << 2;
    target += (<usize>ldt) << 2;
    hit += 4;
  }
}
