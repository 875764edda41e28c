// Up to four columns of a block at a time, for what sums over rows; and the deviation that normalises.

import { V } from "./simd";

/** Up to four columns: lanes from n on are zeros, and are not stored. n is 4 as a constant, or a tail. */
export class Column {
  /** By calls where n is not 4: short code, for at most three columns of a block. */
  @inline static load(p: usize, n: i32): v128 {
    return n == 4 ? v128.load(p) : V.loadTail(p, n);
  }

  @inline static store(p: usize, v: v128, n: i32): void {
    if (n == 4) v128.store(p, v);
    else V.storeTail(p, v, n);
  }

  @inline static at(p: usize, j: i32): usize {
    return p + ((<usize>j) << 2);
  }

  /** Numbers of the columns; `missing` where the address is 0 */
  @inline static given(p: usize, j: i32, n: i32, missing: f32): v128 {
    return p != 0 ? Column.load(Column.at(p, j), n) : f32x4.splat(missing);
  }

  /** What stands at p ← v, or v is added to it. Nothing where the address is 0. */
  @inline static give(p: usize, j: i32, v: v128, n: i32, add: bool): void {
    if (p == 0) return;
    const to = Column.at(p, j);
    Column.store(to, add ? f32x4.add(Column.load(to, n), v) : v, n);
  }

  /** 1 / √(v + ε), two or three roundings: the sum, the root, the quotient */
  @inline static deviation(variance: v128, eps: f32): v128 {
    return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(eps))));
  }
}
