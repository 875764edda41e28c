// The micro-kernel: one TILE_M × TILE_N tile of C over one KC block of k.

import { TILE_N } from "../../src/base/abi";
import { V } from "../lib/simd";

/** bytes of a row of a packed panel */
const PANEL_ROW: usize = TILE_N << 2;

/** Where the accumulators of a tile start. */
export const START_ZERO = 0;
export const START_BIAS = 1;
/** C as it stands: an earlier KC block's sum, or β = 1 */
export const START_C = 2;
/** β·C */
export const START_SCALED = 3;

/**
 * C ← start + Σ_p A[:, p]·B[p, :], p = first … first + depth − 1, then perhaps relu. Every element is one chain
 * in ascending p.
 *
 * Shapes    C[3, 12] row stride rsc; a0 a1 a2: the rows of A from p = 0 on, column stride csa; b: one packed panel
 *           [k, 12]; bias[12].
 * Reads     C only for START_C and START_SCALED, bias only for START_BIAS.
 * Source    loop and register tile as in BLIS's KernelsHowTo ("gemm microkernel").
 * Registers 9 accumulators, 3 of B, 1 of A, 1 product: 14 of the 15 that V8 has (docs/adr/0005).
 */
export function ukernel3x12(
  first: usize,
  depth: i32,
  a0: usize,
  a1: usize,
  a2: usize,
  csa: i32,
  b: usize,
  c: usize,
  rsc: i32,
  start: i32,
  bias: usize,
  beta: f32,
  relu: bool,
): void {
  const step = (<usize>csa) << 2;
  const row = (<usize>rsc) << 2;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c02 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c20 = c00;
  let c21 = c00;
  let c22 = c00;
  if (start == START_BIAS) {
    c00 = v128.load(bias);
    c01 = v128.load(bias, 16);
    c02 = v128.load(bias, 32);
    c10 = c00;
    c11 = c01;
    c12 = c02;
    c20 = c00;
    c21 = c01;
    c22 = c02;
  } else if (start != START_ZERO) {
    c00 = v128.load(c);
    c01 = v128.load(c, 16);
    c02 = v128.load(c, 32);
    c10 = v128.load(c + row);
    c11 = v128.load(c + row, 16);
    c12 = v128.load(c + row, 32);
    c20 = v128.load(c + 2 * row);
    c21 = v128.load(c + 2 * row, 16);
    c22 = v128.load(c + 2 * row, 32);
    if (start == START_SCALED) {
      const s = f32x4.splat(beta);
      c00 = f32x4.mul(s, c00);
      c01 = f32x4.mul(s, c01);
      c02 = f32x4.mul(s, c02);
      c10 = f32x4.mul(s, c10);
      c11 = f32x4.mul(s, c11);
      c12 = f32x4.mul(s, c12);
      c20 = f32x4.mul(s, c20);
      c21 = f32x4.mul(s, c21);
      c22 = f32x4.mul(s, c22);
    }
  }
  // A loop that tests at its end, and pointers computed here rather than taken as they come, save V8 four of some
  // 34 instructions a round. The order of the statements matters to its register allocator: of all 36, most let
  // Node 20 and 22 move the three splats to the front and spill an accumulator in every round (docs/adr/0005).
  a0 += first * step;
  a1 += first * step;
  a2 += first * step;
  b += first * PANEL_ROW;
  let p = depth;
  if (p > 0) {
    do {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      const b2 = v128.load(b, 32);
      let x = v128.load32_splat(a2);
      c21 = V.madd(x, b1, c21);
      c22 = V.madd(x, b2, c22);
      c20 = V.madd(x, b0, c20);
      x = v128.load32_splat(a1);
      c11 = V.madd(x, b1, c11);
      c12 = V.madd(x, b2, c12);
      c10 = V.madd(x, b0, c10);
      x = v128.load32_splat(a0);
      c01 = V.madd(x, b1, c01);
      c02 = V.madd(x, b2, c02);
      c00 = V.madd(x, b0, c00);
      a0 += step;
      a1 += step;
      a2 += step;
      b += PANEL_ROW;
    } while (--p);
  }
  if (relu) {
    c00 = V.relu(c00);
    c01 = V.relu(c01);
    c02 = V.relu(c02);
    c10 = V.relu(c10);
    c11 = V.relu(c11);
    c12 = V.relu(c12);
    c20 = V.relu(c20);
    c21 = V.relu(c21);
    c22 = V.relu(c22);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c02, 32);
  v128.store(c + row, c10);
  v128.store(c + row, c11, 16);
  v128.store(c + row, c12, 32);
  v128.store(c + 2 * row, c20);
  v128.store(c + 2 * row, c21, 16);
  v128.store(c + 2 * row, c22, 32);
}
