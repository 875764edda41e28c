// Matrix multiplication: the loops around the micro-kernels, and the tiles at the edges.

import {
  GEMM_KC,
  GEMM_MC,
  SGEMM_SCRATCH_BYTES,
  TILE_4X8,
  TILE_5X16,
  TILE_6X8,
  TILE_6X16,
} from "../../src/base/abi";
import { V } from "../lib/simd";
import { ukernel1x32, ukernel4x8, ukernel5x8, ukernel6x8 } from "./ukernel";
import { ukernel5x16, ukernel6x16 } from "./ukernel-wide";

/** A row of zeros as wide as the widest tile: where sums start. */
const ZEROS: usize = memory.data(128, 16);

/** Rows and columns of a tile. */
class Tile {
  @inline static rows(tile: i32): i32 {
    return tile >> 8;
  }
  @inline static cols(tile: i32): i32 {
    return tile & 255;
  }
}

/**
 * C ← A·B + β·C, or A·B + bias (bias ≠ 0), then relu where asked for.
 *
 * Shapes    A[m, k], row and column stride rsa, csa elements, read in place; B[k, n]: in place, rows rsb elements
 *           apart and readable up to a whole number of the tile's columns, or packed by `pack` for this tile (rsb = 0,
 *           α is in it); C[m, n] row-major, row stride rsc; bias[n].
 * Tile      one of TILE_*: no bit depends on it.
 * Reads     C only if β ≠ 0 and there is no bias.      Writes   the m·n elements of C, nothing between rows.
 * Scratch   SGEMM_SCRATCH_BYTES, 16-byte aligned, this thread's own.
 * Edges     m, n, k may be 0; k = 0 gives the start value (+0, bias or β·C), relu included.
 * Accuracy  |ĉ − c| ≤ γ(k + 2)·(|A||B| + |βC| + |bias|)   (docs/numerics.md)
 * Bits      every element is one chain in ascending k: they do not depend on m, n, tile, packing, shares, KC or MC;
 *           only on whether the multiply-add is fused.
 */
export function sgemm(
  tile: i32,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  rsa: i32,
  csa: i32,
  b: usize,
  rsb: i32,
  beta: f32,
  c: usize,
  rsc: i32,
  bias: usize,
  relu: bool,
  scratch: usize,
): void {
  assert(m >= 0 && n >= 0 && k >= 0);
  const own = bias == 0 && beta != 0;
  if (own && beta != 1) scaleRows(m, n, beta, c, rsc);

  const rowA = (<usize>rsa) << 2;
  const colA = (<usize>csa) << 2;
  const rowB = (<usize>(rsb == 0 ? Tile.cols(tile) : rsb)) << 2;
  const rowC = (<usize>rsc) << 2;
  // a panel of B begins so many bytes behind the one before, for each column of it
  const nextB: usize = rsb == 0 ? (<usize>k) << 2 : 4;

  // blocks of the same size: one that is left over would load and store C, or read B, for little work
  const deep = evenly(k, GEMM_KC, 1);
  const tall = evenly(m, GEMM_MC, Tile.rows(tile));
  // LOOP 1: k in blocks of at most KC. Never shared between threads: every element of C is one chain.
  let p = 0;
  do {
    const depth = min(deep, k - p);
    const floor: f32 = relu && p + depth == k ? 0 : -(<f32>Infinity);
    const sums = own || p > 0;
    // LOOP 2: rows in blocks of about MC, whose part of A stays in the second-level cache.
    for (let i = 0; i < m; i += tall) {
      block(
        tile,
        min(tall, m - i),
        n,
        depth,
        a + <usize>i * rowA + <usize>p * colA,
        rowA,
        colA,
        b + <usize>p * rowB,
        rowB,
        nextB,
        rsb != 0,
        c + <usize>i * rowC,
        rowC,
        sums,
        bias,
        floor,
        scratch,
      );
    }
    p += deep;
  } while (p < k);
}

/** n in the fewest blocks of at most `most`, rounded up to whole `unit`s: the size of each but perhaps the last. At least 1. */
function evenly(n: i32, most: i32, unit: i32): i32 {
  const blocks = max(1, (n + most - 1) / most);
  const size = max(1, (n + blocks - 1) / blocks);
  return ((size + unit - 1) / unit) * unit;
}

/** Rows of A, `depth` columns of them, against all panels of B. Strides are bytes; `sums`: C holds what sums start from. */
function block(
  tile: i32,
  m: i32,
  n: i32,
  depth: i32,
  a: usize,
  rowA: usize,
  colA: usize,
  b: usize,
  rowB: usize,
  nextB: usize,
  inPlace: bool,
  c: usize,
  rowC: usize,
  sums: bool,
  bias: usize,
  floor: f32,
  scratch: usize,
): void {
  const M = Tile.rows(tile);
  const N = Tile.cols(tile);
  // rows that are no whole number of tiles: some tiles one row lower cover them, where there is such a tile and enough rows
  let lower = M == 6 ? (M - (m % M)) % M : 0;
  if (lower * (M - 1) > m) lower = 0;
  const tiles = (m - lower * (M - 1)) / M;
  // the bias of a panel that sticks out, behind its block
  const own = scratch + (SGEMM_SCRATCH_BYTES - 64);
  let j = 0;
  if (m == 1 && inPlace) {
    for (; j + 32 <= n; j += 32) {
      const at = (<usize>j) << 2;
      const z = sums ? c : bias != 0 ? bias : ZEROS - at;
      ukernel1x32(depth, a, colA, b + at, rowB, z, c, at, floor);
    }
  }
  // LOOP 3: panels of B. One panel stays in the first-level cache over the whole of loop 4.
  for (; j < n; j += N) {
    const panel = b + <usize>j * nextB;
    const width = min(N, n - j);
    const cj = c + ((<usize>j) << 2);
    // a panel that sticks out of C is computed in scratch, as wide as a tile, and what lies in C is copied
    const out = width < N;
    const to = out ? scratch : cj;
    const row = out ? (<usize>N) << 2 : rowC;
    let z = ZEROS;
    if (sums) {
      z = to;
      if (out) copyBlock(m, width, cj, rowC, to, row);
    } else if (bias != 0) {
      z = bias + ((<usize>j) << 2);
      if (out) {
        copyBlock(1, width, z, 0, own, 0);
        z = own;
      }
    }
    const rowZ = sums ? row : 0;
    // LOOP 4, tiles of C from top to bottom, is the micro-kernel's own: a call for each would cost a depth of 5.
    if (tiles > 0) ukernel(tile, tiles, M, depth, a, rowA, colA, panel, rowB, z, rowZ, to, row, floor);
    let i = <usize>(tiles * M);
    if (lower > 0) {
      const zi = z + i * rowZ;
      ukernel(
        tile - 256,
        lower,
        M - 1,
        depth,
        a + i * rowA,
        rowA,
        colA,
        panel,
        rowB,
        zi,
        rowZ,
        to + i * row,
        row,
        floor,
      );
      i += lower * (M - 1);
    }
    if (<i32>i < m) {
      // a tile whose last rows stick out: in scratch, where the whole panel may be already
      const rows = m - <i32>i;
      const rowN = (<usize>N) << 2;
      let zi = z + i * rowZ;
      let rowZi = rowZ;
      let ci = to + i * row;
      if (!out) {
        ci = scratch;
        if (sums) {
          copyBlock(rows, N, cj + i * rowC, rowC, scratch, rowN);
          zi = scratch;
          rowZi = rowN;
        }
      }
      ukernel(tile, 1, rows, depth, a + i * rowA, rowA, colA, panel, rowB, zi, rowZi, ci, rowN, floor);
      if (!out) copyBlock(rows, N, scratch, rowN, cj + i * rowC, rowC);
    }
    if (out) copyBlock(m, width, to, row, cj, rowC);
  }
}

/** The micro-kernel of a tile. */
function ukernel(
  tile: i32,
  tiles: i32,
  rows: i32,
  depth: i32,
  a: usize,
  rowA: usize,
  colA: usize,
  b: usize,
  rowB: usize,
  z: usize,
  rowZ: usize,
  c: usize,
  rowC: usize,
  floor: f32,
): void {
  if (tile == TILE_6X8) ukernel6x8(tiles, rows, depth, a, rowA, colA, b, rowB, z, rowZ, c, rowC, floor);
  else if (tile == TILE_6X16)
    ukernel6x16(tiles, rows, depth, a, rowA, colA, b, rowB, z, rowZ, c, rowC, floor);
  else if (tile == TILE_5X16)
    ukernel5x16(tiles, rows, depth, a, rowA, colA, b, rowB, z, rowZ, c, rowC, floor);
  else if (tile == TILE_4X8) ukernel4x8(tiles, rows, depth, a, rowA, colA, b, rowB, z, rowZ, c, rowC, floor);
  else ukernel5x8(tiles, rows, depth, a, rowA, colA, b, rowB, z, rowZ, c, rowC, floor);
}

/** C ← β·C */
function scaleRows(m: i32, n: i32, beta: f32, c: usize, rsc: i32): void {
  const s = f32x4.splat(beta);
  const whole = n & ~3;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < whole; j += 4) {
      const at = c + ((<usize>j) << 2);
      v128.store(at, f32x4.mul(s, v128.load(at)));
    }
    if (whole < n) {
      const at = c + ((<usize>whole) << 2);
      V.storeTail(at, f32x4.mul(s, V.loadTail(at, n - whole)), n - whole);
    }
    c += (<usize>rsc) << 2;
  }
}

/** to ← from, [rows, cols]; strides in bytes */
function copyBlock(rows: i32, cols: i32, from: usize, rowFrom: usize, to: usize, rowTo: usize): void {
  const whole = (<usize>cols & ~3) << 2;
  for (; rows > 0; rows--) {
    for (let at: usize = 0; at < whole; at += 16) v128.store(to + at, v128.load(from + at));
    let at = whole;
    if ((cols & 2) != 0) {
      store<u64>(to + at, load<u64>(from + at));
      at += 8;
    }
    if ((cols & 1) != 0) store<u32>(to + at, load<u32>(from + at));
    from += rowFrom;
    to += rowTo;
  }
}
