// Normalisation by rows. Sums over rows are summed in blocks of SUM_BLOCK rows,
// and then over the blocks, so that their error does not grow with the batch; of these sums a thread has whole columns, so
// their order depends on the number of rows alone. What is rounded how, and bounds: docs/numerics.md.

import { SUM_BLOCK } from "../src/base/abi";
import { Column } from "./lib/column";
import { V } from "./lib/simd";

class Layer {
  /** (l0 + l2) + (l1 + l3) over n in all lanes */
  @inline static average(sum: v128, n: i32): v128 {
    return f32x4.splat(V.sum(sum) / <f32>n);
  }

  /** Columns j … j + n − 1; n is 4 as a constant, or a tail. */
  @inline static parameters(
    rows: i32,
    j: i32,
    n: i32,
    dy: usize,
    sdy: usize,
    x: usize,
    sx: usize,
    statistics: usize,
    dgamma: usize,
    dbeta: usize,
    add: bool,
  ): void {
    let g = Column.at(dy, j);
    let p = Column.at(x, j);
    let sums = f32x4.splat(0);
    let dots = f32x4.splat(0);
    for (let i = 0; i < rows; i += SUM_BLOCK) {
      let sum = f32x4.splat(0);
      let dot = f32x4.splat(0);
      for (let r = min(SUM_BLOCK, rows - i); r > 0; r--) {
        const d = Column.load(g, n);
        const away = f32x4.sub(Column.load(p, n), v128.load32_splat(statistics));
        sum = f32x4.add(sum, d);
        dot = f32x4.add(dot, f32x4.mul(d, f32x4.mul(away, v128.load32_splat(statistics, 4))));
        g += sdy;
        p += sx;
        statistics += 8;
      }
      sums = f32x4.add(sums, sum);
      dots = f32x4.add(dots, dot);
    }
    Column.give(dgamma, j, dots, n, add);
    Column.give(dbeta, j, sums, n, add);
  }
}

/**
 * Of every row: mean, s = 1 / √(variance + ε), y_j ← ((x_j − mean)·s)·γ_j + β_j. Sums are four chains, lane by lane.
 *
 * Shapes    x, y [rows, cols], row strides ldx, ldy; statistics [rows, 2]: mean and s; γ, β [cols], may be 0: 1 and 0.
 * Source    Ba, Kiros, Hinton, "Layer normalization", 2016.
 */
export function layerNormForward(
  rows: i32,
  cols: i32,
  x: usize,
  ldx: i32,
  y: usize,
  ldy: i32,
  statistics: usize,
  gamma: usize,
  beta: usize,
  eps: f32,
): void {
  const whole = cols & ~3;
  const rest = cols - whole;
  const tail = (<usize>whole) << 2;
  for (let i = 0; i < rows; i++) {
    let sum = f32x4.splat(0);
    for (let j = 0; j < whole; j += 4) sum = f32x4.add(sum, v128.load(Column.at(x, j)));
    if (rest > 0) sum = f32x4.add(sum, V.loadTail(x + tail, rest));
    const m = Layer.average(sum, cols);
    sum = f32x4.splat(0);
    for (let j = 0; j < whole; j += 4) {
      const d = f32x4.sub(v128.load(Column.at(x, j)), m);
      sum = f32x4.add(sum, f32x4.mul(d, d));
    }
    if (rest > 0) {
      const d = V.first(f32x4.sub(V.loadTail(x + tail, rest), m), rest);
      sum = f32x4.add(sum, f32x4.mul(d, d));
    }
    const s = Column.deviation(Layer.average(sum, cols), eps);
    store<f32>(statistics, f32x4.extract_lane(m, 0));
    store<f32>(statistics, f32x4.extract_lane(s, 0), 4);
    for (let j = 0; j < whole; j += 4) {
      const normal = f32x4.mul(f32x4.sub(v128.load(Column.at(x, j)), m), s);
      const scaled = f32x4.mul(normal, Column.given(gamma, j, 4, 1));
      v128.store(Column.at(y, j), f32x4.add(scaled, Column.given(beta, j, 4, 0)));
    }
    if (rest > 0) {
      const normal = f32x4.mul(f32x4.sub(V.loadTail(x + tail, rest), m), s);
      const scaled = gamma != 0 ? f32x4.mul(normal, V.loadTail(gamma + tail, rest)) : normal;
      const moved = f32x4.add(scaled, beta != 0 ? V.loadTail(beta + tail, rest) : f32x4.splat(0));
      V.storeTail(y + tail, moved, rest);
    }
    x += (<usize>ldx) << 2;
    y += (<usize>ldy) << 2;
    statistics += 8;
  }
}

/**
 * With g = dy·γ and x̂ = (x − mean)·s: dx ← s·(g − Σ g / cols − x̂·(Σ g·x̂ / cols)), row by row.
 *
 * Shapes    dy, x, dx [rows, cols], row strides lddy, ldx, lddx, dx may be dy; statistics [rows, 2]; γ [cols], may be 0.
 */
export function layerNormBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  x: usize,
  ldx: i32,
  dx: usize,
  lddx: i32,
  statistics: usize,
  gamma: usize,
): void {
  const whole = cols & ~3;
  const rest = cols - whole;
  const tail = (<usize>whole) << 2;
  for (let i = 0; i < rows; i++) {
    const m = v128.load32_splat(statistics);
    const s = v128.load32_splat(statistics, 4);
    let sums = f32x4.splat(0);
    let dots = f32x4.splat(0);
    for (let j = 0; j < whole; j += 4) {
      const g = f32x4.mul(v128.load(Column.at(dy, j)), Column.given(gamma, j, 4, 1));
      sums = f32x4.add(sums, g);
      dots = f32x4.add(dots, f32x4.mul(g, f32x4.mul(f32x4.sub(v128.load(Column.at(x, j)), m), s)));
    }
    let g = f32x4.splat(0);
    let normal = g;
    if (rest > 0) {
      // what stands beyond the row is 0 in g
      g = V.loadTail(dy + tail, rest);
      if (gamma != 0) g = f32x4.mul(g, V.loadTail(gamma + tail, rest));
      normal = V.first(f32x4.mul(f32x4.sub(V.loadTail(x + tail, rest), m), s), rest);
      sums = f32x4.add(sums, g);
      dots = f32x4.add(dots, f32x4.mul(g, normal));
    }
    const middle = Layer.average(sums, cols);
    const tilt = Layer.average(dots, cols);
    if (rest > 0) {
      const d = f32x4.sub(f32x4.sub(g, middle), f32x4.mul(normal, tilt));
      V.storeTail(dx + tail, f32x4.mul(d, s), rest);
    }
    for (let j = 0; j < whole; j += 4) {
      const g = f32x4.mul(v128.load(Column.at(dy, j)), Column.given(gamma, j, 4, 1));
      const normal = f32x4.mul(f32x4.sub(v128.load(Column.at(x, j)), m), s);
      const d = f32x4.sub(f32x4.sub(g, middle), f32x4.mul(normal, tilt));
      v128.store(Column.at(dx, j), f32x4.mul(d, s));
    }
    dy += (<usize>lddy) << 2;
    x += (<usize>ldx) << 2;
    dx += (<usize>lddx) << 2;
    statistics += 8;
  }
}

/**
 * dγ_j ← Σ_i dy·x̂, dβ_j ← Σ_i dy, or added to what is there.
 *
 * Shapes    dy, x [rows, cols], row strides lddy, ldx; statistics [rows, 2]; dγ, dβ [cols].
 */
export function layerNormParameters(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  x: usize,
  ldx: i32,
  statistics: usize,
  dgamma: usize,
  dbeta: usize,
  add: bool,
): void {
  const sdy = (<usize>lddy) << 2;
  const sx = (<usize>ldx) << 2;
  let j = 0;
  for (; j + 4 <= cols; j += 4) Layer.parameters(rows, j, 4, dy, sdy, x, sx, statistics, dgamma, dbeta, add);
  if (j < cols) Layer.parameters(rows, j, cols - j, dy, sdy, x, sx, statistics, dgamma, dbeta, add);
}
