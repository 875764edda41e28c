// The micro-kernels whose rows are two vectors wide: one tile of C over one KC block of k, and a row for batches of one.
// Those that V8 widens to 256 bits are in ukernel-wide.ts; the loops around them, and the edges, in sgemm.ts.
//
// All tiles of several rows take the same arguments and do the same, for `tiles` tiles of C one below the other:
//
//     C ← max(start + Σ_p A[:, p]·B[p, :], floor), p = 0 … depth − 1; every element is one chain in ascending p
//
//   rows    rows of A that a tile has, 1 … M; the tile's rows beyond read the last one again, and give numbers that
//           nobody needs
//   a       first element; rsa, csa: bytes from row to row and from column to column, so that A in place and
//           transposed are one code
//   b       first element of N columns; rsb: bytes from row to row, so that B in place and packed are one code
//   z       where the sums start, rsz bytes from row to row: C itself (a later block of k, or β = 1), the bias or zeros
//           (rsz = 0)
//   c       where they end, rsc bytes from row to row. c and z are advanced from tile to tile and so no bare
//           parameters: V8 extends such an address to 64 bits anew at every use, and then does not know that two
//           stores are neighbours and could be one of 256 bits
//   floor   0 for relu, −∞ for none: pmax(x, −∞) is x, a NaN and −0 included
//
// Source: register tile and loop as in BLIS's KernelsHowTo ("gemm microkernel").
//
// The loop tests at its end, and nothing in it is unrolled or branches: of a round that is twice as long V8 puts all loads
// first, and has no registers for them. All of a row of the start is loaded, and all of C stored, with nothing between:
// the revectoriser pairs neighbours. The order of the statements matters to V8's register allocator too: rows downwards,
// and the second column first. The measurements are in docs/adr/0005 and 0010.

import { V } from "../lib/simd";

/** 8 accumulators, 2 of B, 4 of A, 1 product: the tile of V8 up to 12, which loads all of A first (docs/adr/0010). */
// biome-ignore format: a row of the tile stays together
export function ukernel4x8(
  tiles: i32, rows: i32, depth: i32, a: usize, rsa: usize, csa: usize, b: usize, rsb: usize,
  z: usize, rsz: usize, c: usize, rsc: usize, floor: f32,
): void {
  const r1: usize = rows > 1 ? rsa : 0;
  const r2: usize = rows > 2 ? 2 * rsa : r1;
  const r3: usize = rows > 3 ? 3 * rsa : r2;
  const f = f32x4.splat(floor);
  do {
    let c00 = v128.load(z); let c01 = v128.load(z, 16);
    const z1 = z + rsz;
    let c10 = v128.load(z1); let c11 = v128.load(z1, 16);
    const z2 = z1 + rsz;
    let c20 = v128.load(z2); let c21 = v128.load(z2, 16);
    const z3 = z2 + rsz;
    let c30 = v128.load(z3); let c31 = v128.load(z3, 16);
    let pa = a;
    let pb = b;
    let p = depth;
    if (p > 0) {
      do {
        const b0 = v128.load(pb); const b1 = v128.load(pb, 16);
        let x = v128.load32_splat(pa + r3); c31 = V.madd(x, b1, c31); c30 = V.madd(x, b0, c30);
        x = v128.load32_splat(pa + r2); c21 = V.madd(x, b1, c21); c20 = V.madd(x, b0, c20);
        x = v128.load32_splat(pa + r1); c11 = V.madd(x, b1, c11); c10 = V.madd(x, b0, c10);
        x = v128.load32_splat(pa); c01 = V.madd(x, b1, c01); c00 = V.madd(x, b0, c00);
        pa += csa;
        pb += rsb;
      } while (--p);
    }
    v128.store(c, f32x4.pmax(c00, f)); v128.store(c, f32x4.pmax(c01, f), 16);
    const q1 = c + rsc;
    v128.store(q1, f32x4.pmax(c10, f)); v128.store(q1, f32x4.pmax(c11, f), 16);
    const q2 = q1 + rsc;
    v128.store(q2, f32x4.pmax(c20, f)); v128.store(q2, f32x4.pmax(c21, f), 16);
    const q3 = q2 + rsc;
    v128.store(q3, f32x4.pmax(c30, f)); v128.store(q3, f32x4.pmax(c31, f), 16);
    a += 4 * rsa;
    z += 4 * rsz;
    c += 4 * rsc;
  } while (--tiles);
}

/** 10 accumulators, 2 of B, 1 of A, 1 product: 14 of the 15 registers that V8 has. The tile of the `simd` build. */
// biome-ignore format: a row of the tile stays together
export function ukernel5x8(
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
    const z1 = z + rsz;
    let c10 = v128.load(z1); let c11 = v128.load(z1, 16);
    const z2 = z1 + rsz;
    let c20 = v128.load(z2); let c21 = v128.load(z2, 16);
    const z3 = z2 + rsz;
    let c30 = v128.load(z3); let c31 = v128.load(z3, 16);
    const z4 = z3 + rsz;
    let c40 = v128.load(z4); let c41 = v128.load(z4, 16);
    let pa = a;
    let pb = b;
    let p = depth;
    if (p > 0) {
      do {
        const b0 = v128.load(pb); const b1 = v128.load(pb, 16);
        let x = v128.load32_splat(pa + r4); c41 = V.madd(x, b1, c41); c40 = V.madd(x, b0, c40);
        x = v128.load32_splat(pa + r3); c31 = V.madd(x, b1, c31); c30 = V.madd(x, b0, c30);
        x = v128.load32_splat(pa + r2); c21 = V.madd(x, b1, c21); c20 = V.madd(x, b0, c20);
        x = v128.load32_splat(pa + r1); c11 = V.madd(x, b1, c11); c10 = V.madd(x, b0, c10);
        x = v128.load32_splat(pa); c01 = V.madd(x, b1, c01); c00 = V.madd(x, b0, c00);
        pa += csa;
        pb += rsb;
      } while (--p);
    }
    v128.store(c, f32x4.pmax(c00, f)); v128.store(c, f32x4.pmax(c01, f), 16);
    const q1 = c + rsc;
    v128.store(q1, f32x4.pmax(c10, f)); v128.store(q1, f32x4.pmax(c11, f), 16);
    const q2 = q1 + rsc;
    v128.store(q2, f32x4.pmax(c20, f)); v128.store(q2, f32x4.pmax(c21, f), 16);
    const q3 = q2 + rsc;
    v128.store(q3, f32x4.pmax(c30, f)); v128.store(q3, f32x4.pmax(c31, f), 16);
    const q4 = q3 + rsc;
    v128.store(q4, f32x4.pmax(c40, f)); v128.store(q4, f32x4.pmax(c41, f), 16);
    a += 5 * rsa;
    z += 5 * rsz;
    c += 5 * rsc;
  } while (--tiles);
}

/** 12 accumulators, 2 of B, 1 of A: all 15 registers. The tile of the `relaxed` build. */
// biome-ignore format: a row of the tile stays together
export function ukernel6x8(
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
    const z1 = z + rsz;
    let c10 = v128.load(z1); let c11 = v128.load(z1, 16);
    const z2 = z1 + rsz;
    let c20 = v128.load(z2); let c21 = v128.load(z2, 16);
    const z3 = z2 + rsz;
    let c30 = v128.load(z3); let c31 = v128.load(z3, 16);
    const z4 = z3 + rsz;
    let c40 = v128.load(z4); let c41 = v128.load(z4, 16);
    const z5 = z4 + rsz;
    let c50 = v128.load(z5); let c51 = v128.load(z5, 16);
    let pa = a;
    let pb = b;
    let p = depth;
    if (p > 0) {
      do {
        const b0 = v128.load(pb); const b1 = v128.load(pb, 16);
        let x = v128.load32_splat(pa + r5); c51 = V.madd(x, b1, c51); c50 = V.madd(x, b0, c50);
        x = v128.load32_splat(pa + r4); c41 = V.madd(x, b1, c41); c40 = V.madd(x, b0, c40);
        x = v128.load32_splat(pa + r3); c31 = V.madd(x, b1, c31); c30 = V.madd(x, b0, c30);
        x = v128.load32_splat(pa + r2); c21 = V.madd(x, b1, c21); c20 = V.madd(x, b0, c20);
        x = v128.load32_splat(pa + r1); c11 = V.madd(x, b1, c11); c10 = V.madd(x, b0, c10);
        x = v128.load32_splat(pa); c01 = V.madd(x, b1, c01); c00 = V.madd(x, b0, c00);
        pa += csa;
        pb += rsb;
      } while (--p);
    }
    v128.store(c, f32x4.pmax(c00, f)); v128.store(c, f32x4.pmax(c01, f), 16);
    const q1 = c + rsc;
    v128.store(q1, f32x4.pmax(c10, f)); v128.store(q1, f32x4.pmax(c11, f), 16);
    const q2 = q1 + rsc;
    v128.store(q2, f32x4.pmax(c20, f)); v128.store(q2, f32x4.pmax(c21, f), 16);
    const q3 = q2 + rsc;
    v128.store(q3, f32x4.pmax(c30, f)); v128.store(q3, f32x4.pmax(c31, f), 16);
    const q4 = q3 + rsc;
    v128.store(q4, f32x4.pmax(c40, f)); v128.store(q4, f32x4.pmax(c41, f), 16);
    const q5 = q4 + rsc;
    v128.store(q5, f32x4.pmax(c50, f)); v128.store(q5, f32x4.pmax(c51, f), 16);
    a += 6 * rsa;
    z += 6 * rsz;
    c += 6 * rsc;
  } while (--tiles);
}

/**
 * One row of C against 32 columns of B in place: 8 sums at a time, for a product with a single row. z and c are offset by
 * `at` bytes. No edges: the rest of the columns is left to a tile.
 */
// biome-ignore format: as the tiles above
export function ukernel1x32(
  depth: i32, a: usize, csa: usize, b: usize, rsb: usize, z: usize, c: usize, at: usize, floor: f32,
): void {
  z += at;
  let c0 = v128.load(z); let c1 = v128.load(z, 16);
  let c2 = v128.load(z, 32); let c3 = v128.load(z, 48);
  let c4 = v128.load(z, 64); let c5 = v128.load(z, 80);
  let c6 = v128.load(z, 96); let c7 = v128.load(z, 112);
  let p = depth;
  if (p > 0) {
    do {
      const x = v128.load32_splat(a);
      c0 = V.madd(x, v128.load(b), c0); c1 = V.madd(x, v128.load(b, 16), c1);
      c2 = V.madd(x, v128.load(b, 32), c2); c3 = V.madd(x, v128.load(b, 48), c3);
      c4 = V.madd(x, v128.load(b, 64), c4); c5 = V.madd(x, v128.load(b, 80), c5);
      c6 = V.madd(x, v128.load(b, 96), c6); c7 = V.madd(x, v128.load(b, 112), c7);
      a += csa;
      b += rsb;
    } while (--p);
  }
  const f = f32x4.splat(floor);
  c += at;
  v128.store(c, f32x4.pmax(c0, f)); v128.store(c, f32x4.pmax(c1, f), 16);
  v128.store(c, f32x4.pmax(c2, f), 32); v128.store(c, f32x4.pmax(c3, f), 48);
  v128.store(c, f32x4.pmax(c4, f), 64); v128.store(c, f32x4.pmax(c5, f), 80);
  v128.store(c, f32x4.pmax(c6, f), 96); v128.store(c, f32x4.pmax(c7, f), 112);
}
