// Packs op(B) into panels of N columns, N being the tile's (8 or 16), so that the micro-kernel reads it front to back:
//
//     panel j, row p:  B[p, N·j] … B[p, N·j + N − 1]      panel j begins at element N·j·k
//
// Columns beyond n are exactly zero.

import { V } from "../lib/simd";

/**
 * dst ← panels of α·B
 *
 * Shapes    B[k, n], row and column stride rsb, csb elements (may transpose); dst [⌈n/N⌉·N·k].
 * Requires  N 8 or 16; b 4-byte aligned.
 */
export function pack(k: i32, n: i32, N: i32, b: usize, rsb: i32, csb: i32, alpha: f32, dst: usize): void {
  assert(N == 8 || N == 16);
  const panelBytes = (<usize>k * N) << 2;
  for (let j = 0; j < n; j += N) {
    const width = min(N, n - j);
    const from = b + ((<usize>j * csb) << 2);
    if (csb == 1) packRows(k, width, N, from, rsb, alpha, dst);
    else if (rsb == 1) packColumns(k, width, N, from, csb, alpha, dst);
    else packAny(k, 0, N, width, N, from, rsb, csb, alpha, dst);
    dst += panelBytes;
  }
}

/** One panel whose rows are contiguous in B. */
function packRows(k: i32, width: i32, N: i32, b: usize, rsb: i32, alpha: f32, dst: usize): void {
  const a = f32x4.splat(alpha);
  const zero = f32x4.splat(0);
  const stride = (<usize>rsb) << 2;
  const row = (<usize>N) << 2;
  if (width == N) {
    for (let p = k; p > 0; p--) {
      for (let at: usize = 0; at < row; at += 32) {
        v128.store(dst + at, f32x4.mul(a, v128.load(b + at)));
        v128.store(dst + at, f32x4.mul(a, v128.load(b + at, 16)), 16);
      }
      b += stride;
      dst += row;
    }
    return;
  }
  const whole = width & ~3;
  for (let p = k; p > 0; p--) {
    for (let j = 0; j < N; j += 4) {
      const at = (<usize>j) << 2;
      if (j < whole) {
        v128.store(dst + at, f32x4.mul(a, v128.load(b + at)));
      } else {
        // zeros first: α·0 would be −0 or NaN for some α
        v128.store(dst + at, zero);
        if (j < width) V.storePart(dst + at, f32x4.mul(a, V.loadPart(b + at, width - j, zero)), width - j);
      }
    }
    b += stride;
    dst += row;
  }
}

/** One panel whose columns are contiguous in B: four columns by four rows are turned in registers. */
function packColumns(k: i32, width: i32, N: i32, b: usize, csb: i32, alpha: f32, dst: usize): void {
  const a = f32x4.splat(alpha);
  const zero = f32x4.splat(0);
  const stride = (<usize>csb) << 2;
  const row = (<usize>N) << 2;
  const whole = k & ~3;
  for (let j = 0; j < N; j += 4) {
    // columns beyond the width read the last valid one and are zeroed by their factor
    const last = width - 1 - j;
    const b0 = b + <usize>j * stride;
    const to = dst + ((<usize>j) << 2);
    if (last < 0) {
      for (let p = 0; p < k; p++) v128.store(to + <usize>p * row, zero);
      continue;
    }
    const b1 = b0 + <usize>min(last, 1) * stride;
    const b2 = b0 + <usize>min(last, 2) * stride;
    const b3 = b0 + <usize>min(last, 3) * stride;
    let mask = i32x4.splat(-1);
    if (last < 1) mask = i32x4.replace_lane(mask, 1, 0);
    if (last < 2) mask = i32x4.replace_lane(mask, 2, 0);
    if (last < 3) mask = i32x4.replace_lane(mask, 3, 0);
    let d = to;
    for (let p = 0; p < whole; p += 4) {
      const at = (<usize>p) << 2;
      const v0 = v128.load(b0 + at);
      const v1 = v128.load(b1 + at);
      const v2 = v128.load(b2 + at);
      const v3 = v128.load(b3 + at);
      const x0 = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5);
      const x1 = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5);
      const x2 = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
      const x3 = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
      v128.store(d, v128.and(mask, f32x4.mul(a, v128.shuffle<f32>(x0, x1, 0, 1, 4, 5))));
      v128.store(d + row, v128.and(mask, f32x4.mul(a, v128.shuffle<f32>(x0, x1, 2, 3, 6, 7))));
      d += 2 * row;
      v128.store(d, v128.and(mask, f32x4.mul(a, v128.shuffle<f32>(x2, x3, 0, 1, 4, 5))));
      v128.store(d + row, v128.and(mask, f32x4.mul(a, v128.shuffle<f32>(x2, x3, 2, 3, 6, 7))));
      d += 2 * row;
    }
    if (whole < k) {
      const rest = b + ((<usize>whole) << 2);
      packAny(k - whole, j, j + 4, width, N, rest, 1, csb, alpha, dst + <usize>whole * row);
    }
  }
}

/** Columns first … end − 1 of one panel, element by element; those from width on are zero. */
function packAny(
  k: i32,
  first: i32,
  end: i32,
  width: i32,
  N: i32,
  b: usize,
  rsb: i32,
  csb: i32,
  alpha: f32,
  dst: usize,
): void {
  for (let p = 0; p < k; p++) {
    for (let j = first; j < end; j++) {
      let v: f32 = 0;
      if (j < width) v = alpha * load<f32>(b + ((<usize>p * rsb + <usize>j * csb) << 2));
      store<f32>(dst + ((<usize>j) << 2), v);
    }
    dst += (<usize>N) << 2;
  }
}
