// The loops over a [rows, cols] block, written once: an element-wise kernel is one of these around a class that says
// what happens to four lanes. AssemblyScript has no closures; a type parameter takes their place, and
// `changetype<F>(0)` names the class's method without making an object.

import { V } from "./simd";

/** y = f(x), with a parameter a in all lanes. */
export class Unary {
  @inline apply(x: v128, _a: v128): v128 {
    return x;
  }
}

/** dx = f(dy, s), s being what the forward pass left: its output, or its input. */
export class Backward {
  @inline apply(dy: v128, _s: v128, _a: v128): v128 {
    return dy;
  }
}

export class Rows {
  /** y ← f(x). Shapes: x, y [rows, cols], row strides ldx, ldy; y may be x. */
  @inline static unary<F extends Unary>(
    rows: i32,
    cols: i32,
    x: usize,
    ldx: i32,
    y: usize,
    ldy: i32,
    a: f32,
  ): void {
    const p = f32x4.splat(a);
    const whole = cols & ~7;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < whole; j += 8) {
        const px = x + ((<usize>j) << 2);
        const py = y + ((<usize>j) << 2);
        const low = changetype<F>(0).apply(v128.load(px), p);
        const high = changetype<F>(0).apply(v128.load(px, 16), p);
        v128.store(py, low);
        v128.store(py, high, 16);
      }
      for (let j = whole; j < cols; j += 4) {
        const at = (<usize>j) << 2;
        const n = min(4, cols - j);
        V.storeTail(y + at, changetype<F>(0).apply(V.loadTail(x + at, n), p), n);
      }
      x += (<usize>ldx) << 2;
      y += (<usize>ldy) << 2;
    }
  }

  /** dx ← f(dy, s). Shapes: dy, s, dx [rows, cols], row strides lddy, lds, lddx; dx may be dy or s. */
  @inline static backward<F extends Backward>(
    rows: i32,
    cols: i32,
    dy: usize,
    lddy: i32,
    s: usize,
    lds: i32,
    dx: usize,
    lddx: i32,
    a: f32,
  ): void {
    const p = f32x4.splat(a);
    const whole = cols & ~7;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < whole; j += 8) {
        const pdy = dy + ((<usize>j) << 2);
        const ps = s + ((<usize>j) << 2);
        const pdx = dx + ((<usize>j) << 2);
        const low = changetype<F>(0).apply(v128.load(pdy), v128.load(ps), p);
        const high = changetype<F>(0).apply(v128.load(pdy, 16), v128.load(ps, 16), p);
        v128.store(pdx, low);
        v128.store(pdx, high, 16);
      }
      for (let j = whole; j < cols; j += 4) {
        const at = (<usize>j) << 2;
        const n = min(4, cols - j);
        const d = changetype<F>(0).apply(V.loadTail(dy + at, n), V.loadTail(s + at, n), p);
        V.storeTail(dx + at, d, n);
      }
      dy += (<usize>lddy) << 2;
      s += (<usize>lds) << 2;
      dx += (<usize>lddx) << 2;
    }
  }
}
