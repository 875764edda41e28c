// Multiply-adds that wait for one another within a round.

import { V } from "../lib/simd";

/** Two steps of k a round, one after the other: Binaryen puts the first sum straight into the second. */
export function unrolled(depth: i32, a: usize, csa: usize, b: usize, rsb: usize, c: usize): void {
  let c0 = v128.load(c);
  do {
    c0 = V.madd(v128.load32_splat(a), v128.load(b), c0);
    c0 = V.madd(v128.load32_splat(a + csa), v128.load(b + rsb), c0);
    a += 2 * csa;
    b += 2 * rsb;
  } while (--depth);
  v128.store(c, c0);
}

/** The same with two accumulators in turn, as anyone would write a tile: Binaryen moves the sums together all the same. */
export function inTurn(depth: i32, a: usize, csa: usize, b: usize, rsb: usize, c: usize): void {
  let c0 = v128.load(c);
  let c1 = v128.load(c, 16);
  do {
    let x = v128.load32_splat(a);
    c0 = V.madd(x, v128.load(b), c0);
    c1 = V.madd(x, v128.load(b, 16), c1);
    a += csa;
    b += rsb;
    x = v128.load32_splat(a);
    c0 = V.madd(x, v128.load(b), c0);
    c1 = V.madd(x, v128.load(b, 16), c1);
    a += csa;
    b += rsb;
  } while (--depth);
  v128.store(c, c0);
  v128.store(c, c1, 16);
}

/** One step of k a round, B as bytes that are scaled and shifted on the way: a factor is itself a multiply-add. */
export function factor(
  depth: i32, a: usize, csa: usize, b: usize, rsb: usize, c: usize, scale: f32, shift: f32,
): void {
  const s = f32x4.splat(scale);
  const t = f32x4.splat(shift);
  let c0 = v128.load(c);
  do {
    const bytes = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(b)));
    c0 = V.madd(V.madd(f32x4.convert_i32x4_u(bytes), s, t), v128.load32_splat(a), c0);
    a += csa;
    b += rsb;
  } while (--depth);
  v128.store(c, c0);
}

/** Sums of sums: what the first has now goes into two others, into the second of them through a local. */
export function running(depth: i32, a: usize, csa: usize, b: usize, rsb: usize, c: usize): void {
  const x = v128.load32_splat(c, 48);
  let c0 = v128.load(c);
  let c1 = v128.load(c, 16);
  let c2 = v128.load(c, 32);
  do {
    c0 = V.madd(v128.load32_splat(a), v128.load(b), c0);
    c1 = V.madd(x, c0, c1);
    c2 = V.madd(x, f32x4.abs(c0), c2);
    a += csa;
    b += rsb;
  } while (--depth);
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
}

/** The same with a store between the two, which no load may cross: now only a local joins them. */
export function copying(depth: i32, a: usize, csa: usize, b: usize, rsb: usize, c: usize, to: usize): void {
  const x = v128.load32_splat(c, 32);
  let c0 = v128.load(c);
  let c1 = v128.load(c, 16);
  do {
    const y = v128.load(b);
    c0 = V.madd(v128.load32_splat(a), y, c0);
    v128.store(to, y);
    c1 = V.madd(x, c0, c1);
    a += csa;
    b += rsb;
    to += 16;
  } while (--depth);
  v128.store(c, c0);
  v128.store(c, c1, 16);
}
