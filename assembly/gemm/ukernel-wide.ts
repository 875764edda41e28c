// The micro-kernels whose rows are four vectors wide, for V8 that makes one 256-bit vector of two (`wide`). Arguments
// and rules are those of ukernel.ts. Without the widening they spill and are slow.

import { V } from "../lib/simd";

/** 10 wide accumulators, 2 of B, 1 of A, 1 product: the tile of the `simd` build. */
// biome-ignore format: a row of the tile stays together
export function ukernel5x16(
  tiles: i32, rows: i32, depth: i32, a: usize, rsa: usize, csa: usize, b: usize, rsb: usize,
  z: usize, rsz: usize, c: usize, rsc: usize, floor: f32,
): void {
  const r1: usize = rows > 1 ? rsa : 0;
  const r2: usize = rows > 2 ? 2 * rsa : r1;
  const r3: usize = rows > 3 ? 3 * rsa : r2;
  const r4: usize = rows > 4 ? 4 * rsa : r3;
  const f = f32x4.splat(floor);
  do {
    let c00 = v128.load(z); let c01 = v128.load(z, 16);
    let c02 = v128.load(z, 32); let c03 = v128.load(z, 48);
    const z1 = z + rsz;
    let c10 = v128.load(z1); let c11 = v128.load(z1, 16);
    let c12 = v128.load(z1, 32); let c13 = v128.load(z1, 48);
    const z2 = z1 + rsz;
    let c20 = v128.load(z2); let c21 = v128.load(z2, 16);
    let c22 = v128.load(z2, 32); let c23 = v128.load(z2, 48);
    const z3 = z2 + rsz;
    let c30 = v128.load(z3); let c31 = v128.load(z3, 16);
    let c32 = v128.load(z3, 32); let c33 = v128.load(z3, 48);
    const z4 = z3 + rsz;
    let c40 = v128.load(z4); let c41 = v128.load(z4, 16);
    let c42 = v128.load(z4, 32); let c43 = v128.load(z4, 48);
    let pa = a;
    let pb = b;
    let p = depth;
    if (p > 0) {
      do {
        const b0 = v128.load(pb); const b1 = v128.load(pb, 16);
        const b2 = v128.load(pb, 32); const b3 = v128.load(pb, 48);
        let x = v128.load32_splat(pa + r4);
          c41 = V.madd(x, b1, c41); c42 = V.madd(x, b2, c42);
          c43 = V.madd(x, b3, c43); c40 = V.madd(x, b0, c40);
        x = v128.load32_splat(pa + r3);
          c31 = V.madd(x, b1, c31); c32 = V.madd(x, b2, c32);
          c33 = V.madd(x, b3, c33); c30 = V.madd(x, b0, c30);
        x = v128.load32_splat(pa + r2);
          c21 = V.madd(x, b1, c21); c22 = V.madd(x, b2, c22);
          c23 = V.madd(x, b3, c23); c20 = V.madd(x, b0, c20);
        x = v128.load32_splat(pa + r1);
          c11 = V.madd(x, b1, c11); c12 = V.madd(x, b2, c12);
          c13 = V.madd(x, b3, c13); c10 = V.madd(x, b0, c10);
        x = v128.load32_splat(pa);
          c01 = V.madd(x, b1, c01); c02 = V.madd(x, b2, c02);
          c03 = V.madd(x, b3, c03); c00 = V.madd(x, b0, c00);
        pa += csa;
        pb += rsb;
      } while (--p);
    }
    v128.store(c, f32x4.pmax(c00, f)); v128.store(c, f32x4.pmax(c01, f), 16);
    v128.store(c, f32x4.pmax(c02, f), 32); v128.store(c, f32x4.pmax(c03, f), 48);
    const q1 = c + rsc;
    v128.store(q1, f32x4.pmax(c10, f)); v128.store(q1, f32x4.pmax(c11, f), 16);
    v128.store(q1, f32x4.pmax(c12, f), 32); v128.store(q1, f32x4.pmax(c13, f), 48);
    const q2 = q1 + rsc;
    v128.store(q2, f32x4.pmax(c20, f)); v128.store(q2, f32x4.pmax(c21, f), 16);
    v128.store(q2, f32x4.pmax(c22, f), 32); v128.store(q2, f32x4.pmax(c23, f), 48);
    const q3 = q2 + rsc;
    v128.store(q3, f32x4.pmax(c30, f)); v128.store(q3, f32x4.pmax(c31, f), 16);
    v128.store(q3, f32x4.pmax(c32, f), 32); v128.store(q3, f32x4.pmax(c33, f), 48);
    const q4 = q3 + rsc;
    v128.store(q4, f32x4.pmax(c40, f)); v128.store(q4, f32x4.pmax(c41, f), 16);
    v128.store(q4, f32x4.pmax(c42, f), 32); v128.store(q4, f32x4.pmax(c43, f), 48);
    a += 5 * rsa;
    z += 5 * rsz;
    c += 5 * rsc;
  } while (--tiles);
}

/** 12 wide accumulators, 2 of B, 1 of A: the tile of the `relaxed` build. */
// biome-ignore format: a row of the tile stays together
export function ukernel6x16(
  tiles: i32, rows: i32, depth: i32, a: usize, rsa: usize, csa: usize, b: usize, rsb: usize,
  z: usize, rsz: usize, c: usize, rsc: usize, floor: f32,
): void {
  const r1: usize = rows > 1 ? rsa : 0;
  const r2: usize = rows > 2 ? 2 * rsa : r1;
  const r3: usize = rows > 3 ? 3 * rsa : r2;
  const r4: usize = rows > 4 ? 4 * rsa : r3;
  const r5: usize = rows > 5 ? 5 * rsa : r4;
  const f = f32x4.splat(floor);
  do {
    let c00 = v128.load(z); let c01 = v128.load(z, 16);
    let c02 = v128.load(z, 32); let c03 = v128.load(z, 48);
    const z1 = z + rsz;
    let c10 = v128.load(z1); let c11 = v128.load(z1, 16);
    let c12 = v128.load(z1, 32); let c13 = v128.load(z1, 48);
    const z2 = z1 + rsz;
    let c20 = v128.load(z2); let c21 = v128.load(z2, 16);
    let c22 = v128.load(z2, 32); let c23 = v128.load(z2, 48);
    const z3 = z2 + rsz;
    let c30 = v128.load(z3); let c31 = v128.load(z3, 16);
    let c32 = v128.load(z3, 32); let c33 = v128.load(z3, 48);
    const z4 = z3 + rsz;
    let c40 = v128.load(z4); let c41 = v128.load(z4, 16);
    let c42 = v128.load(z4, 32); let c43 = v128.load(z4, 48);
    const z5 = z4 + rsz;
    let c50 = v128.load(z5); let c51 = v128.load(z5, 16);
    let c52 = v128.load(z5, 32); let c53 = v128.load(z5, 48);
    let pa = a;
    let pb = b;
    let p = depth;
    if (p > 0) {
      do {
        const b0 = v128.load(pb); const b1 = v128.load(pb, 16);
        const b2 = v128.load(pb, 32); const b3 = v128.load(pb, 48);
        let x = v128.load32_splat(pa + r5);
          c51 = V.madd(x, b1, c51); c52 = V.madd(x, b2, c52);
          c53 = V.madd(x, b3, c53); c50 = V.madd(x, b0, c50);
        x = v128.load32_splat(pa + r4);
          c41 = V.madd(x, b1, c41); c42 = V.madd(x, b2, c42);
          c43 = V.madd(x, b3, c43); c40 = V.madd(x, b0, c40);
        x = v128.load32_splat(pa + r3);
          c31 = V.madd(x, b1, c31); c32 = V.madd(x, b2, c32);
          c33 = V.madd(x, b3, c33); c30 = V.madd(x, b0, c30);
        x = v128.load32_splat(pa + r2);
          c21 = V.madd(x, b1, c21); c22 = V.madd(x, b2, c22);
          c23 = V.madd(x, b3, c23); c20 = V.madd(x, b0, c20);
        x = v128.load32_splat(pa + r1);
          c11 = V.madd(x, b1, c11); c12 = V.madd(x, b2, c12);
          c13 = V.madd(x, b3, c13); c10 = V.madd(x, b0, c10);
        x = v128.load32_splat(pa);
          c01 = V.madd(x, b1, c01); c02 = V.madd(x, b2, c02);
          c03 = V.madd(x, b3, c03); c00 = V.madd(x, b0, c00);
        pa += csa;
        pb += rsb;
      } while (--p);
    }
    v128.store(c, f32x4.pmax(c00, f)); v128.store(c, f32x4.pmax(c01, f), 16);
    v128.store(c, f32x4.pmax(c02, f), 32); v128.store(c, f32x4.pmax(c03, f), 48);
    const q1 = c + rsc;
    v128.store(q1, f32x4.pmax(c10, f)); v128.store(q1, f32x4.pmax(c11, f), 16);
    v128.store(q1, f32x4.pmax(c12, f), 32); v128.store(q1, f32x4.pmax(c13, f), 48);
    const q2 = q1 + rsc;
    v128.store(q2, f32x4.pmax(c20, f)); v128.store(q2, f32x4.pmax(c21, f), 16);
    v128.store(q2, f32x4.pmax(c22, f), 32); v128.store(q2, f32x4.pmax(c23, f), 48);
    const q3 = q2 + rsc;
    v128.store(q3, f32x4.pmax(c30, f)); v128.store(q3, f32x4.pmax(c31, f), 16);
    v128.store(q3, f32x4.pmax(c32, f), 32); v128.store(q3, f32x4.pmax(c33, f), 48);
    const q4 = q3 + rsc;
    v128.store(q4, f32x4.pmax(c40, f)); v128.store(q4, f32x4.pmax(c41, f), 16);
    v128.store(q4, f32x4.pmax(c42, f), 32); v128.store(q4, f32x4.pmax(c43, f), 48);
    const q5 = q4 + rsc;
    v128.store(q5, f32x4.pmax(c50, f)); v128.store(q5, f32x4.pmax(c51, f), 16);
    v128.store(q5, f32x4.pmax(c52, f), 32); v128.store(q5, f32x4.pmax(c53, f), 48);
    a += 6 * rsa;
    z += 6 * rsz;
    c += 6 * rsc;
  } while (--tiles);
}
