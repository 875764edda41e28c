// Sums whose order depends on the shape of the data alone, never on the number of threads.

import { HYPER_HITS, HYPER_LOSS } from "../src/base/abi";
import { V } from "./lib/simd";

/**
 * y[j] ← Σ_i x[i, j], + y[j] with `add`: each column one chain of f32 sums in ascending i, from +0 or from y[j].
 *
 * Shapes    x[rows, cols], row stride ldx; y[cols], read only with `add`.
 */
export function columnSums(rows: i32, cols: i32, x: usize, ldx: i32, y: usize, add: bool): void {
  const zero = f32x4.splat(0);
  const stride = (<usize>ldx) << 2;
  let j = 0;
  for (; j + 16 <= cols; j += 16) {
    const to = y + ((<usize>j) << 2);
    let s0 = zero;
    let s1 = zero;
    let s2 = zero;
    let s3 = zero;
    if (add) {
      s0 = v128.load(to);
      s1 = v128.load(to, 16);
      s2 = v128.load(to, 32);
      s3 = v128.load(to, 48);
    }
    let at = x + ((<usize>j) << 2);
    for (let i = rows; i > 0; i--) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at, 16));
      s2 = f32x4.add(s2, v128.load(at, 32));
      s3 = f32x4.add(s3, v128.load(at, 48));
      at += stride;
    }
    v128.store(to, s0);
    v128.store(to, s1, 16);
    v128.store(to, s2, 32);
    v128.store(to, s3, 48);
  }
  for (; j + 4 <= cols; j += 4) {
    const to = y + ((<usize>j) << 2);
    let s = add ? v128.load(to) : zero;
    let at = x + ((<usize>j) << 2);
    for (let i = rows; i > 0; i--) {
      s = f32x4.add(s, v128.load(at));
      at += stride;
    }
    v128.store(to, s);
  }
  if (j < cols) {
    const to = y + ((<usize>j) << 2);
    let s = add ? V.loadPart(to, cols - j, zero) : zero;
    let at = x + ((<usize>j) << 2);
    for (let i = rows; i > 0; i--) {
      s = f32x4.add(s, V.loadPart(at, cols - j, zero));
      at += stride;
    }
    V.storePart(to, s, cols - j);
  }
}

/**
 * result.loss ← Σ loss[i] in f64, result.hits ← Σ hit[i], in ascending i.
 *
 * Shapes    loss[rows] f32; hit[rows] i32, or 0: no hits; result: RESULT_BYTES bytes, an f64 and an i32.
 */
export function lossSum(rows: i32, loss: usize, hit: usize, result: usize): void {
  let sum: f64 = 0;
  let hits = 0;
  for (let i = 0; i < rows; i++) {
    sum += <f64>load<f32>(loss + ((<usize>i) << 2));
    if (hit != 0) hits += load<i32>(hit + ((<usize>i) << 2));
  }
  store<f64>(result, sum);
  store<i32>(result, hits, HYPER_HITS - HYPER_LOSS);
}
