// Matrix multiplication for anyone: arrays of the caller's, brought into a memory if they do not lie in one, and
// multiplied by the kernels that train.

import {
  ARENA_BASE,
  FLAG_BARRIER,
  FLAG_COLUMNS,
  HYPER_BYTES,
  OP_PACK,
  OP_SGEMM,
  RECORD_BYTES,
  SGEMM_SCRATCH_BYTES,
} from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { PACKED_ROWS, tileColumns, tileRows } from "../base/tile.ts";
import { Arena } from "../memory/arena.ts";
import { write } from "../program/record.ts";
import { Runner } from "../program/runner.ts";
import type { Core } from "../wasm/runtime.ts";
import { checkBytes, checkLengths, checkProduct, inLines, type SgemmOptions, span } from "./matrices.ts";

/** Where things stand in every memory that is made here. Panels and arrays follow, each on a cache line. */
const PROGRAM = ARENA_BASE;
const HYPER = PROGRAM + 2 * RECORD_BYTES;
const SCRATCH = HYPER + HYPER_BYTES;
/** Floats of packed B at a time: 1 MiB, so many panels of at most DEPTH rows. */
const PANEL_FLOATS = 2 ** 18;
const DEPTH = 2048;
/** Kept for the next call that copies its arrays, up to so many bytes. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Panels that each thread needs to have columns of C shared: fewer leave some of them with much more than others. */
const PANELS_A_THREAD = 4;
/** Floating-point operations a nanosecond of one thread, roughly. */
const SPEED = 40;

/** A memory with room for arrays of these lengths. */
interface Workspace {
  readonly arena: Arena;
  readonly runner: Runner;
  /** addresses, in bytes */
  readonly starts: readonly number[];
  /** where the last of them ends */
  readonly end: number;
}

/** A matrix in a memory. */
interface Operand {
  readonly address: number;
  /** elements from row to row */
  readonly ld: number;
  readonly transposed: boolean;
}

export class Multiplier {
  readonly #core: Core;
  readonly #threads: number;
  /** where panels of B stand; before them every thread has its scratch */
  readonly #panels: number;
  /** of the memories that `alloc` made, by their buffers; they live as long as the arrays do */
  readonly #own = new WeakMap<ArrayBufferLike, Workspace>();
  #kept: Workspace | undefined;

  /** @param core  with its crew, if it is to have one */
  constructor(core: Core) {
    this.#core = core;
    this.#threads = core.crew?.size ?? 1;
    this.#panels = SCRATCH + this.#threads * SGEMM_SCRATCH_BYTES;
  }

  alloc(lengths: readonly number[]): Float32Array[] {
    checkLengths(lengths);
    const workspace = this.#workspace("alloc", lengths);
    const buffer = workspace.arena.view(0, 0).buffer;
    this.#own.set(buffer, workspace);
    return lengths.map((length, i) => new Float32Array(buffer, workspace.starts[i], length));
  }

  sgemm(options: SgemmOptions): Float32Array {
    const { m, n, k, a, b, c, transA, transB, alpha, beta, lda, ldb, ldc } = checkProduct(options);
    if (m === 0 || n === 0) return c;
    // as BLAS has it: nothing of A and B is looked at
    const depth = alpha === 0 ? 0 : k;
    for (const [name, array] of Object.entries({ a, b, c })) this.#refuseStrayView(name, array);
    const own = this.#own.get(c.buffer);
    const inPlace = own !== undefined && a.buffer === c.buffer && b.buffer === c.buffer;
    const aSize = span(transA ? depth : m, transA ? m : depth, lda);
    const bSize = span(transB ? n : depth, transB ? depth : n, ldb);
    const cSize = span(m, n, ldc);
    const workspace = inPlace ? own : this.#take([aSize, bSize, cSize]);
    const { arena, starts } = workspace;
    const at = (array: Float32Array, i: number): number =>
      inPlace ? array.byteOffset : (starts[i] as number);
    const memory = new Float32Array(arena.view(0, 0).buffer);
    if (!inPlace) {
      memory.set(a.subarray(0, aSize), at(a, 0) / 4);
      memory.set(b.subarray(0, bSize), at(b, 1) / 4);
      if (beta !== 0) memory.set(c.subarray(0, cSize), at(c, 2) / 4);
    }
    const C = at(c, 2);
    this.#multiply(
      workspace,
      [m, n, depth],
      { address: at(a, 0), ld: lda, transposed: transA },
      { address: at(b, 1), ld: ldb, transposed: transB },
      { address: C, ld: ldc, transposed: false },
      alpha,
      beta,
    );
    this.#core.settle?.();
    if (!inPlace) {
      for (let i = 0; i < m; i++) {
        const from = C / 4 + i * ldc;
        c.set(memory.subarray(from, from + n), i * ldc);
      }
    }
    return c;
  }

  /** The memory of an `alloc` holds more than its arrays. */
  #refuseStrayView(name: string, array: Float32Array): void {
    const own = this.#own.get(array.buffer);
    if (own === undefined || array.length === 0) return;
    const { starts, end } = own;
    if (array.byteOffset >= (starts[0] as number) && array.byteOffset + array.byteLength <= end) return;
    throw new XentError(
      "SHAPE",
      `sgemm: ${name} is a view of alloc's memory, but not of the arrays in it`,
      "Pass the arrays of alloc, or parts of them.",
    );
  }

  #multiply(
    { arena, runner }: Workspace,
    [m, n, k]: readonly [number, number, number],
    a: Operand,
    b: Operand,
    c: Operand,
    alpha: number,
    beta: number,
  ): void {
    const { tile, crew } = this.#core;
    const N = tileColumns(tile);
    const words = arena.i32At(PROGRAM, (2 * RECORD_BYTES) / 4);
    const ns = (2 * m * n * k) / SPEED;
    if (crew !== undefined && ns >= crew.runNs) void crew.want(ns);
    const run = (records: number, width: number, depth: number): void =>
      runner.run(0, records, (2 * m * width * depth) / SPEED);
    /** threads share columns of C, of which each packs its own panels of B: or else rows */
    const byColumns = (width: number): boolean => {
      const across = Math.ceil(width / N);
      return across >= PANELS_A_THREAD * this.#threads || across >= m / tileRows(tile);
    };
    const [rsa, csa] = a.transposed ? [1, a.ld] : [a.ld, 1];
    const [rsb, csb] = b.transposed ? [1, b.ld] : [b.ld, 1];
    /** C[:, j …] ← A[:, p …]·B + β·C for `width` columns and `depth` of k; stride 0: B in panels */
    const product = (
      i: number,
      p: number,
      depth: number,
      j: number,
      width: number,
      from: number,
      stride: number,
    ) =>
      write(words, i, {
        op: OP_SGEMM,
        flags: byColumns(width) ? FLAG_COLUMNS : 0,
        p: [a.address + 4 * p * csa, from, c.address + 4 * j, 0, SCRATCH],
        d: [m, width, depth, tile],
        s: [rsa, csa, c.ld, stride],
        f: [p === 0 ? beta : 1],
      });
    if (!packs(m, k, b, alpha)) {
      product(0, 0, k, 0, n, b.address, b.ld);
      run(1, n, k);
      return;
    }
    // blocks of B that fit the panels; every element of C stays one chain in ascending k
    const deep = Math.min(k, DEPTH);
    const wide = Math.floor(PANEL_FLOATS / (N * Math.max(deep, 1))) * N;
    for (let p = 0; p === 0 || p < k; p += deep) {
      const depth = Math.min(deep, k - p);
      for (let j = 0; j < n; j += wide) {
        const width = Math.min(wide, n - j);
        write(words, 0, {
          op: OP_PACK,
          flags: byColumns(width) ? 0 : FLAG_BARRIER,
          p: [b.address + 4 * (p * rsb + j * csb), this.#panels],
          d: [depth, width, N],
          s: [rsb, csb],
          f: [alpha],
        });
        product(1, p, depth, j, width, this.#panels, 0);
        run(2, width, depth);
      }
      if (deep === 0) break;
    }
  }

  /** A memory for arrays to be copied into: the last one if it is large enough. */
  #take(lengths: readonly number[]): Workspace {
    const { starts, end, total } = sizes(lengths, this.#panels);
    if (this.#kept !== undefined && this.#kept.arena.bytes >= total && !this.#kept.arena.spoilt) {
      return { ...this.#kept, starts, end };
    }
    const workspace = this.#workspace("sgemm", lengths);
    this.#kept = workspace.arena.bytes <= KEPT_BYTES ? workspace : undefined;
    return workspace;
  }

  #workspace(where: string, lengths: readonly number[]): Workspace {
    const { starts, end, total } = sizes(lengths, this.#panels);
    checkBytes(where, total);
    const arena = new Arena(this.#core, total);
    return { arena, runner: new Runner(arena, PROGRAM, HYPER), starts, end };
  }
}

/** Where arrays stand behind the panels, and where the memory ends: B in place is read up to a tile's width beyond. */
function sizes(lengths: readonly number[], panels: number): { starts: number[]; end: number; total: number } {
  const { starts, end } = inLines(lengths, panels + 4 * PANEL_FLOATS);
  return { starts, end, total: end + 64 };
}

/**
 * Whether B is packed: turned, scaled, used by many rows, or with rows so far apart that they meet in few sets of the
 * first-level cache.
 */
function packs(m: number, k: number, b: Operand, alpha: number): boolean {
  if (b.transposed || alpha !== 1 || m >= PACKED_ROWS) return true;
  return m > 6 && k > 64 && b.ld % 64 === 0;
}
