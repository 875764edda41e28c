// The leaky relu whose slope is learned, and the sum of two blocks, which a residual block ends with.

import { SUM_BLOCK } from "../src/base/abi";
import { Column } from "./lib/column";
import { Backward, Rows } from "./lib/rows";
import { V } from "./lib/simd";

class Slope {
  /** Slopes of columns j … j + n − 1: theirs, or the one that all share. n is 4 as a constant, or a tail. */
  @inline static at(slope: usize, own: bool, j: i32, n: i32): v128 {
    return own ? Column.load(Column.at(slope, j), n) : v128.load32_splat(slope);
  }

  @inline static columns(
    rows: i32,
    j: i32,
    n: i32,
    dy: usize,
    sdy: usize,
    x: usize,
    sx: usize,
    dslope: usize,
    add: bool,
  ): void {
    const zero = f32x4.splat(0);
    let g = Column.at(dy, j);
    let p = Column.at(x, j);
    let total = zero;
    for (let i = 0; i < rows; i += SUM_BLOCK) {
      let sum = zero;
      for (let r = min(SUM_BLOCK, rows - i); r > 0; r--) {
        const v = Column.load(p, n);
        sum = f32x4.add(sum, v128.andnot(f32x4.mul(Column.load(g, n), v), f32x4.gt(v, zero)));
        g += sdy;
        p += sx;
      }
      total = f32x4.add(total, sum);
    }
    Column.give(dslope, j, total, n, add);
  }
}

/**
 * y ← x > 0 ? x : a·x.
 *
 * Shapes    x, y [rows, cols], row strides ldx, ldy; a [cols], or [1] where columns do not have their own. y may be x.
 * Source    He, Zhang, Ren, Sun, "Delving deep into rectifiers", 2015.
 */
export function preluForward(
  rows: i32,
  cols: i32,
  x: usize,
  ldx: i32,
  y: usize,
  ldy: i32,
  slope: usize,
  own: bool,
): void {
  preluBackward(rows, cols, x, ldx, x, ldx, y, ldy, slope, own);
}

/** dx ← x > 0 ? dy : a·dy. Shapes as preluForward; dx may be dy or x. */
export function preluBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  x: usize,
  ldx: i32,
  dx: usize,
  lddx: i32,
  slope: usize,
  own: bool,
): void {
  const zero = f32x4.splat(0);
  const whole = cols & ~3;
  const rest = cols - whole;
  const tail = (<usize>whole) << 2;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < whole; j += 4) {
      const at = (<usize>j) << 2;
      const d = v128.load(dy + at);
      const low = f32x4.mul(Slope.at(slope, own, j, 4), d);
      v128.store(dx + at, v128.bitselect(d, low, f32x4.gt(v128.load(x + at), zero)));
    }
    if (rest > 0) {
      const d = V.loadTail(dy + tail, rest);
      const low = f32x4.mul(own ? V.loadTail(slope + tail, rest) : v128.load32_splat(slope), d);
      const above = f32x4.gt(V.loadTail(x + tail, rest), zero);
      V.storeTail(dx + tail, v128.bitselect(d, low, above), rest);
    }
    dy += (<usize>lddy) << 2;
    x += (<usize>ldx) << 2;
    dx += (<usize>lddx) << 2;
  }
}

/**
 * da_j ← Σ_i (x > 0 ? 0 : dy·x), or added to what is there; summed in blocks of SUM_BLOCK rows, and then over these.
 *
 * Shapes    dy, x [rows, cols], row strides lddy, ldx; da [cols].
 */
export function preluSlope(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  x: usize,
  ldx: i32,
  dslope: usize,
  add: bool,
): void {
  const sdy = (<usize>lddy) << 2;
  const sx = (<usize>ldx) << 2;
  let j = 0;
  for (; j + 4 <= cols; j += 4) Slope.columns(rows, j, 4, dy, sdy, x, sx, dslope, add);
  if (j < cols) Slope.columns(rows, j, cols - j, dy, sdy, x, sx, dslope, add);
}

class Sum extends Backward {
  @inline apply(a: v128, b: v128, _a: v128): v128 {
    return f32x4.add(a, b);
  }
}

/** y ← a + b. Shapes: a, b, y [rows, cols], row strides lda, ldb, ldy; y may be a or b. */
export function add(rows: i32, cols: i32, a: usize, lda: i32, b: usize, ldb: i32, y: usize, ldy: i32): void {
  Rows.backward<Sum>(rows, cols, a, lda, b, ldb, y, ldy, 0);
}
