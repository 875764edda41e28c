// Activations over a [rows, cols] block. Forward is followed by its backward, which works from the forward's
// output y. Every output may be the very buffer of an input of the same shape and stride.

import { VMath } from "./lib/math";
import { V } from "./lib/simd";

/** y ← max(x, 0). NaN stays NaN. Shapes: x, y [rows, cols], row strides ldx, ldy. */
export function reluForward(rows: i32, cols: i32, x: usize, ldx: i32, y: usize, ldy: i32): void {
  const zero = f32x4.splat(0);
  const whole = cols & ~3;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < whole; j += 4) {
      const at = (<usize>j) << 2;
      v128.store(y + at, V.relu(v128.load(x + at)));
    }
    if (whole < cols) {
      const at = (<usize>whole) << 2;
      V.storePart(y + at, V.relu(V.loadPart(x + at, cols - whole, zero)), cols - whole);
    }
    x += (<usize>ldx) << 2;
    y += (<usize>ldy) << 2;
  }
}

/** dx ← y ≤ 0 ? 0 : dy. Shapes: dy, y, dx [rows, cols], row strides lddy, ldy, lddx. */
export function reluBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  y: usize,
  ldy: i32,
  dx: usize,
  lddx: i32,
): void {
  const zero = f32x4.splat(0);
  const whole = cols & ~3;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < whole; j += 4) {
      const at = (<usize>j) << 2;
      v128.store(dx + at, v128.andnot(v128.load(dy + at), f32x4.le(v128.load(y + at), zero)));
    }
    if (whole < cols) {
      const at = (<usize>whole) << 2;
      const n = cols - whole;
      const d = V.loadPart(dy + at, n, zero);
      V.storePart(dx + at, v128.andnot(d, f32x4.le(V.loadPart(y + at, n, zero), zero)), n);
    }
    dy += (<usize>lddy) << 2;
    y += (<usize>ldy) << 2;
    dx += (<usize>lddx) << 2;
  }
}

/** y ← 1 / (1 + e^−x). Shapes: x, y [rows, cols], row strides ldx, ldy. */
export function sigmoidForward(rows: i32, cols: i32, x: usize, ldx: i32, y: usize, ldy: i32): void {
  const zero = f32x4.splat(0);
  const whole = cols & ~3;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < whole; j += 4) {
      const at = (<usize>j) << 2;
      v128.store(y + at, VMath.sigmoid(v128.load(x + at)));
    }
    if (whole < cols) {
      const at = (<usize>whole) << 2;
      V.storePart(y + at, VMath.sigmoid(V.loadPart(x + at, cols - whole, zero)), cols - whole);
    }
    x += (<usize>ldx) << 2;
    y += (<usize>ldy) << 2;
  }
}

/** dx ← dy·y·(1 − y), rounded as (dy·y)·(1 − y). Shapes: dy, y, dx [rows, cols], row strides lddy, ldy, lddx. */
export function sigmoidBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  y: usize,
  ldy: i32,
  dx: usize,
  lddx: i32,
): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const whole = cols & ~3;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < whole; j += 4) {
      const at = (<usize>j) << 2;
      const h = v128.load(y + at);
      v128.store(dx + at, f32x4.mul(f32x4.mul(v128.load(dy + at), h), f32x4.sub(one, h)));
    }
    if (whole < cols) {
      const at = (<usize>whole) << 2;
      const n = cols - whole;
      const h = V.loadPart(y + at, n, zero);
      const d = V.loadPart(dy + at, n, zero);
      V.storePart(dx + at, f32x4.mul(f32x4.mul(d, h), f32x4.sub(one, h)), n);
    }
    dy += (<usize>lddy) << 2;
    y += (<usize>ldy) << 2;
    dx += (<usize>lddx) << 2;
  }
}
