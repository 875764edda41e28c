// Dropout: chance from a counter, so that the mask of an element is known without those before it.

import { V } from "./lib/simd";

/**
 * Four counters at a time through Threefry-2x32 with 13 rounds, the least that passes all of BigCrush; the 20 of the host's
 * generator are its authors' margin for what is not a mask.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, table 2.
 */
class Mask {
  @inline static rotate(y: v128, bits: i32): v128 {
    return v128.or(i32x4.shl(y, bits), i32x4.shr_u(y, 32 - bits));
  }

  /**
   * y[0 … n − 1] ← x times scale where the word of chance is at least `threshold`, else +0. The first words of the four
   * counters decide on elements 0 … 3, the second words on 4 … 7.
   *
   * @param counter  of the first element; the others count on from it
   * @param turn     second word of all counters, k1 added to it
   * @param n        1 … 8; 8 as a constant in loops
   */
  @inline static apply(
    counter: v128,
    turn: v128,
    k0: v128,
    k1: v128,
    k2: v128,
    threshold: v128,
    scale: v128,
    px: usize,
    py: usize,
    n: i32,
  ): void {
    let a = i32x4.add(counter, k0);
    let b = turn;
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 13), a);
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 15), a);
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 26), a);
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 6), a);
    a = i32x4.add(a, k1);
    b = i32x4.add(b, i32x4.add(k2, i32x4.splat(1)));
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 17), a);
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 29), a);
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 16), a);
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 24), a);
    a = i32x4.add(a, k2);
    b = i32x4.add(b, i32x4.add(k0, i32x4.splat(2)));
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 13), a);
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 15), a);
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 26), a);
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 6), a);
    a = i32x4.add(a, k0);
    b = i32x4.add(b, i32x4.add(k1, i32x4.splat(3)));
    a = i32x4.add(a, b);
    b = v128.xor(Mask.rotate(b, 17), a);
    const keepLow = i32x4.ge_u(a, threshold);
    const keepHigh = i32x4.ge_u(b, threshold);
    if (n == 8) {
      const low = f32x4.mul(v128.load(px), scale);
      const high = f32x4.mul(v128.load(px, 16), scale);
      v128.store(py, v128.and(low, keepLow));
      v128.store(py, v128.and(high, keepHigh), 16);
    } else {
      const first = min(n, 4);
      V.storeTail(py, v128.and(f32x4.mul(V.loadTail(px, first), scale), keepLow), first);
      if (n > 4) {
        const high = f32x4.mul(V.loadTail(px + 16, n - 4), scale);
        V.storeTail(py + 16, v128.and(high, keepHigh), n - 4);
      }
    }
  }
}

/**
 * y[i, j] ← x[i, j]·scale where the word of chance for it is at least `threshold`, else +0; the backward pass is the same on
 * dy. Element (i, j) has word ⌊(j mod 8) / 4⌋ of block Threefry(key (k0, k1), counter ((i·⌈cols / 8⌉ + ⌊j / 8⌋)·4 + j mod 4, turn)).
 *
 * Shapes    x, y [rows, cols], rows first, first + 1, … of the batch; row strides ldx, ldy. y may be x.
 * Accuracy  one rounding, the product.
 */
export function dropout(
  first: i32,
  rows: i32,
  cols: i32,
  x: usize,
  ldx: i32,
  y: usize,
  ldy: i32,
  key0: i32,
  key1: i32,
  turn: i32,
  threshold: i32,
  scale: f32,
): void {
  const k0 = i32x4.splat(key0);
  const k1 = i32x4.splat(key1);
  const k2 = i32x4.splat(0x1bd11bda ^ key0 ^ key1);
  const b = i32x4.splat(turn + key1);
  const least = i32x4.splat(threshold);
  const factor = f32x4.splat(scale);
  const whole = cols & ~7;
  for (let i = 0; i < rows; i++) {
    let counter = i32x4.add(i32x4.splat((first + i) * ((cols + 7) >> 3) * 4), i32x4(0, 1, 2, 3));
    for (let j = 0; j < whole; j += 8) {
      const at = (<usize>j) << 2;
      Mask.apply(counter, b, k0, k1, k2, least, factor, x + at, y + at, 8);
      counter = i32x4.add(counter, i32x4.splat(4));
    }
    if (whole < cols) {
      const at = (<usize>whole) << 2;
      Mask.apply(counter, b, k0, k1, k2, least, factor, x + at, y + at, cols - whole);
    }
    x += (<usize>ldx) << 2;
    y += (<usize>ldy) << 2;
  }
}
