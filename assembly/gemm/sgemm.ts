// Matrix multiplication: the loops around the micro-kernel, and the tiles at the edges.

import { GEMM_KC, GEMM_MC, TILE_M, TILE_N } from "../../src/base/abi";
import { V } from "../lib/simd";
import { START_BIAS, START_C, START_SCALED, START_ZERO, ukernel3x12 } from "./ukernel";

/**
 * C ← A·B + β·C, or A·B + bias (bias ≠ 0), then relu where asked for.
 *
 * Shapes    A[m, k], row and column stride rsa, csa elements, read in place; B[k, n] packed by `pack`
 *           (which holds α); C[m, n] row-major, row stride rsc; bias[n].
 * Reads     C only if β ≠ 0 and there is no bias.      Writes   the m·n elements of C, nothing between rows.
 * Scratch   SGEMM_SCRATCH_BYTES, 16-byte aligned, this thread's own.
 * Edges     m, n, k may be 0; k = 0 gives the start value (+0, bias or β·C), relu included.
 * Accuracy  |ĉ − c| ≤ γ(k + 2)·(|A||B| + |βC| + |bias|)   (docs/numerics.md)
 * Bits      every element is one chain in ascending k: they do not depend on m, n, edges, shares, KC or MC.
 */
export function sgemm(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  rsa: i32,
  csa: i32,
  b: usize,
  beta: f32,
  c: usize,
  rsc: i32,
  bias: usize,
  relu: bool,
  scratch: usize,
): void {
  assert(m >= 0 && n >= 0 && k >= 0);
  let start = START_ZERO;
  if (bias != 0) start = START_BIAS;
  else if (beta == 1) start = START_C;
  else if (beta != 0) start = START_SCALED;

  // LOOP 1: k in blocks of KC. Never shared between threads: every element of C is one chain.
  let p = 0;
  do {
    const depth = min(GEMM_KC, k - p);
    const last = p + depth == k;
    const first = p == 0;
    // LOOP 2: rows in blocks of MC, whose part of A stays in the second-level cache.
    for (let i0 = 0; i0 < m; i0 += GEMM_MC) {
      block(
        min(GEMM_MC, m - i0),
        n,
        k,
        p,
        depth,
        a + ((<usize>i0 * rsa) << 2),
        rsa,
        csa,
        b,
        c + ((<usize>i0 * rsc) << 2),
        rsc,
        first ? start : START_C,
        bias,
        beta,
        relu && last,
        scratch,
      );
    }
    p += GEMM_KC;
  } while (p < k);
}

/** Rows of A, from column `first` on `depth` columns of them, against all panels of B. */
function block(
  m: i32,
  n: i32,
  k: i32,
  first: i32,
  depth: i32,
  a: usize,
  rsa: i32,
  csa: i32,
  b: usize,
  c: usize,
  rsc: i32,
  start: i32,
  bias: usize,
  beta: f32,
  relu: bool,
  scratch: usize,
): void {
  const row = (<usize>rsa) << 2;
  // LOOP 3: panels of B. One panel stays in the first-level cache over the whole of loop 4.
  for (let j = 0; j < n; j += TILE_N) {
    const panel = b + ((<usize>j * k) << 2);
    const width = min(TILE_N, n - j);
    const at = (<usize>j) << 2;
    // LOOP 4: tiles of C, top to bottom.
    let i = 0;
    if (width == TILE_N) {
      for (; i + TILE_M <= m; i += TILE_M) {
        const a0 = a + <usize>i * row;
        ukernel3x12(
          first,
          depth,
          a0,
          a0 + row,
          a0 + 2 * row,
          csa,
          panel,
          c + at + ((<usize>i * rsc) << 2),
          rsc,
          start,
          bias + at,
          beta,
          relu,
        );
      }
    }
    for (; i < m; i += TILE_M) {
      edge(
        min(TILE_M, m - i),
        width,
        first,
        depth,
        a + <usize>i * row,
        row,
        csa,
        panel,
        c + at + ((<usize>i * rsc) << 2),
        rsc,
        start,
        bias + at,
        beta,
        relu,
        scratch,
      );
    }
  }
}

/**
 * A tile that sticks out of C: the same micro-kernel on a copy of the tile in scratch. Rows beyond the last
 * repeat it, so that nothing outside A is read; what they give is not copied back.
 */
function edge(
  rows: i32,
  cols: i32,
  first: i32,
  depth: i32,
  a: usize,
  row: usize,
  csa: i32,
  panel: usize,
  c: usize,
  rsc: i32,
  start: i32,
  bias: usize,
  beta: f32,
  relu: bool,
  scratch: usize,
): void {
  const ownBias = scratch + ((TILE_M * TILE_N) << 2);
  if (start == START_BIAS) copyRow(cols, bias, ownBias);
  else if (start != START_ZERO) {
    for (let i = 0; i < rows; i++) {
      copyRow(cols, c + ((<usize>i * rsc) << 2), scratch + ((<usize>i * TILE_N) << 2));
    }
  }
  const a1 = rows > 1 ? a + row : a;
  const a2 = rows > 2 ? a1 + row : a1;
  ukernel3x12(first, depth, a, a1, a2, csa, panel, scratch, TILE_N, start, ownBias, beta, relu);
  for (let i = 0; i < rows; i++) {
    copyRow(cols, scratch + ((<usize>i * TILE_N) << 2), c + ((<usize>i * rsc) << 2));
  }
}

/** to[0 … n − 1] ← from[0 … n − 1], n ≤ TILE_N */
function copyRow(n: i32, from: usize, to: usize): void {
  let j = 0;
  for (; j + 4 <= n; j += 4) {
    const at = (<usize>j) << 2;
    v128.store(to + at, v128.load(from + at));
  }
  if (j < n) {
    const at = (<usize>j) << 2;
    V.storePart(to + at, V.loadPart(from + at, n - j, f32x4.splat(0)), n - j);
  }
}
