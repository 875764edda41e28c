// Normalisation by columns, over the rows of a batch. Sums over rows are summed in blocks of SUM_BLOCK rows,
// and then over the blocks, so that their error does not grow with the batch; a thread has whole columns, so their order
// depends on the number of rows alone. What is rounded how, and bounds: docs/numerics.md.

import { SUM_BLOCK } from "../src/base/abi";
import { Column } from "./lib/column";

/** Columns j … j + n − 1 of a block; n is 4 as a constant, or a tail. */
class Batch {
  @inline static statistics(
    rows: i32,
    j: i32,
    n: i32,
    x: usize,
    sx: usize,
    mean: usize,
    variance: usize,
  ): void {
    const count = f32x4.splat(<f32>rows);
    let total = f32x4.splat(0);
    let p = Column.at(x, j);
    for (let i = 0; i < rows; i += SUM_BLOCK) {
      let sum = f32x4.splat(0);
      for (let r = min(SUM_BLOCK, rows - i); r > 0; r--) {
        sum = f32x4.add(sum, Column.load(p, n));
        p += sx;
      }
      total = f32x4.add(total, sum);
    }
    const m = f32x4.div(total, count);
    total = f32x4.splat(0);
    p = Column.at(x, j);
    for (let i = 0; i < rows; i += SUM_BLOCK) {
      let sum = f32x4.splat(0);
      for (let r = min(SUM_BLOCK, rows - i); r > 0; r--) {
        const d = f32x4.sub(Column.load(p, n), m);
        sum = f32x4.add(sum, f32x4.mul(d, d));
        p += sx;
      }
      total = f32x4.add(total, sum);
    }
    Column.store(Column.at(mean, j), m, n);
    Column.store(Column.at(variance, j), f32x4.div(total, count), n);
  }

  @inline static normalize(
    rows: i32,
    j: i32,
    n: i32,
    x: usize,
    sx: usize,
    y: usize,
    sy: usize,
    mean: usize,
    variance: usize,
    gamma: usize,
    beta: usize,
    eps: f32,
  ): void {
    const m = Column.load(Column.at(mean, j), n);
    const s = Column.deviation(Column.load(Column.at(variance, j), n), eps);
    const k = f32x4.mul(Column.given(gamma, j, n, 1), s);
    const b = Column.given(beta, j, n, 0);
    let p = Column.at(x, j);
    let to = Column.at(y, j);
    for (let i = 0; i < rows; i++) {
      Column.store(to, f32x4.add(f32x4.mul(f32x4.sub(Column.load(p, n), m), k), b), n);
      p += sx;
      to += sy;
    }
  }

  @inline static scale(
    rows: i32,
    j: i32,
    n: i32,
    dy: usize,
    sdy: usize,
    dx: usize,
    sdx: usize,
    variance: usize,
    gamma: usize,
    eps: f32,
  ): void {
    const s = Column.deviation(Column.load(Column.at(variance, j), n), eps);
    const k = f32x4.mul(Column.given(gamma, j, n, 1), s);
    let p = Column.at(dy, j);
    let to = Column.at(dx, j);
    for (let i = 0; i < rows; i++) {
      Column.store(to, f32x4.mul(Column.load(p, n), k), n);
      p += sdy;
      to += sdx;
    }
  }

  @inline static backward(
    rows: i32,
    j: i32,
    n: i32,
    dy: usize,
    sdy: usize,
    x: usize,
    sx: usize,
    dx: usize,
    sdx: usize,
    mean: usize,
    variance: usize,
    gamma: usize,
    dgamma: usize,
    dbeta: usize,
    eps: f32,
    add: bool,
  ): void {
    const count = f32x4.splat(<f32>rows);
    const m = Column.load(Column.at(mean, j), n);
    const inverse = Column.deviation(Column.load(Column.at(variance, j), n), eps);
    let g = Column.at(dy, j);
    let p = Column.at(x, j);
    let sums = f32x4.splat(0);
    let dots = f32x4.splat(0);
    for (let i = 0; i < rows; i += SUM_BLOCK) {
      let sum = f32x4.splat(0);
      let dot = f32x4.splat(0);
      for (let r = min(SUM_BLOCK, rows - i); r > 0; r--) {
        const d = Column.load(g, n);
        sum = f32x4.add(sum, d);
        dot = f32x4.add(dot, f32x4.mul(d, f32x4.sub(Column.load(p, n), m)));
        g += sdy;
        p += sx;
      }
      sums = f32x4.add(sums, sum);
      dots = f32x4.add(dots, dot);
    }
    const slope = f32x4.mul(dots, inverse);
    Column.give(dgamma, j, slope, n, add);
    Column.give(dbeta, j, sums, n, add);
    if (dx == 0) return;
    const k = f32x4.mul(Column.given(gamma, j, n, 1), inverse);
    const middle = f32x4.div(sums, count);
    const tilt = f32x4.div(f32x4.mul(slope, inverse), count);
    g = Column.at(dy, j);
    p = Column.at(x, j);
    let to = Column.at(dx, j);
    for (let i = 0; i < rows; i++) {
      const away = f32x4.mul(f32x4.sub(Column.load(p, n), m), tilt);
      Column.store(to, f32x4.mul(f32x4.sub(f32x4.sub(Column.load(g, n), middle), away), k), n);
      g += sdy;
      p += sx;
      to += sdx;
    }
  }
}

/**
 * mean_j ← Σ_i x_ij / rows, variance_j ← Σ_i (x_ij − mean_j)² / rows, y ← (x − mean)·(γ / √(variance + ε)) + β.
 *
 * Shapes    x, y [rows, cols], row strides ldx, ldy; mean, variance, γ, β [cols], γ and β may be 0: 1 and 0. rows > 0.
 * Source    Ioffe, Szegedy, "Batch normalization", 2015, algorithm 1.
 */
export function batchNormForward(
  rows: i32,
  cols: i32,
  x: usize,
  ldx: i32,
  y: usize,
  ldy: i32,
  mean: usize,
  variance: usize,
  gamma: usize,
  beta: usize,
  eps: f32,
): void {
  const sx = (<usize>ldx) << 2;
  let j = 0;
  for (; j + 4 <= cols; j += 4) Batch.statistics(rows, j, 4, x, sx, mean, variance);
  if (j < cols) Batch.statistics(rows, j, cols - j, x, sx, mean, variance);
  normalize(rows, cols, x, ldx, y, ldy, mean, variance, gamma, beta, eps);
}

/**
 * With s = 1 / √(variance + ε) and x̂ = (x − mean)·s:
 * dγ_j ← Σ_i dy·x̂, dβ_j ← Σ_i dy, dx ← γ·s·(dy − dβ/rows − x̂·dγ/rows); the first two may be added to what is there.
 *
 * Shapes    dy, x, dx [rows, cols], row strides lddy, ldx, lddx, dx may be dy, or 0: not wanted; mean, variance, γ, dγ, dβ
 *           [cols], the last three may be 0.
 */
export function batchNormBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  x: usize,
  ldx: i32,
  dx: usize,
  lddx: i32,
  mean: usize,
  variance: usize,
  gamma: usize,
  dgamma: usize,
  dbeta: usize,
  eps: f32,
  add: bool,
): void {
  const sg = (<usize>lddy) << 2;
  const sx = (<usize>ldx) << 2;
  const st = (<usize>lddx) << 2;
  let j = 0;
  for (; j + 4 <= cols; j += 4) {
    Batch.backward(rows, j, 4, dy, sg, x, sx, dx, st, mean, variance, gamma, dgamma, dbeta, eps, add);
  }
  if (j < cols) {
    const n = cols - j;
    Batch.backward(rows, j, n, dy, sg, x, sx, dx, st, mean, variance, gamma, dgamma, dbeta, eps, add);
  }
}

/**
 * r ← (1 − momentum)·r + momentum·mean, and the same for the variance, which is that of a sample here:
 * variance·rows / (rows − 1). Rounded as it is written, momentum and momentum·rows / (rows − 1) once each. rows > 1.
 *
 * Shapes    all [cols].
 */
export function batchNormStatistics(
  rows: i32,
  cols: i32,
  mean: usize,
  variance: usize,
  runningMean: usize,
  runningVariance: usize,
  momentum: f32,
): void {
  const keep: f32 = <f32>1 - momentum;
  const sample = <f32>((<f64>momentum * rows) / <f64>(rows - 1));
  for (let j = 0; j < cols; j++) {
    const at = (<usize>j) << 2;
    store<f32>(runningMean + at, keep * load<f32>(runningMean + at) + momentum * load<f32>(mean + at));
    const v = keep * load<f32>(runningVariance + at) + sample * load<f32>(variance + at);
    store<f32>(runningVariance + at, v);
  }
}

/**
 * y ← (x − mean)·(γ / √(variance + ε)) + β by statistics that are given, rounded as in batchNormForward.
 *
 * Shapes    as batchNormForward; y may be x.
 */
export function normalize(
  rows: i32,
  cols: i32,
  x: usize,
  ldx: i32,
  y: usize,
  ldy: i32,
  mean: usize,
  variance: usize,
  gamma: usize,
  beta: usize,
  eps: f32,
): void {
  const sx = (<usize>ldx) << 2;
  const sy = (<usize>ldy) << 2;
  let j = 0;
  for (; j + 4 <= cols; j += 4) {
    Batch.normalize(rows, j, 4, x, sx, y, sy, mean, variance, gamma, beta, eps);
  }
  if (j < cols) Batch.normalize(rows, j, cols - j, x, sx, y, sy, mean, variance, gamma, beta, eps);
}

/** dx ← dy·(γ / √(variance + ε)). Shapes as normalize; dx may be dy. */
export function normalizeBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  dx: usize,
  lddx: i32,
  variance: usize,
  gamma: usize,
  eps: f32,
): void {
  const sg = (<usize>lddy) << 2;
  const st = (<usize>lddx) << 2;
  let j = 0;
  for (; j + 4 <= cols; j += 4) Batch.scale(rows, j, 4, dy, sg, dx, st, variance, gamma, eps);
  if (j < cols) Batch.scale(rows, j, cols - j, dy, sg, dx, st, variance, gamma, eps);
}
