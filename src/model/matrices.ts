// What `sgemm` and `alloc` take, and the checks of it. Nothing is multiplied here.

import { XentError } from "../base/errors.ts";
import { checkNames, flag, integer, show } from "../base/options.ts";
import { gib, MOST_BYTES } from "../memory/plan.ts";

/** What `sgemm` takes. Matrices are row-major. */
export interface SgemmOptions {
  /** rows of op(A) and of C, from 0 */
  m: number;
  /** columns of op(B) and of C, from 0 */
  n: number;
  /** columns of op(A) and rows of op(B), from 0 */
  k: number;
  /** `[m, k]`, or `[k, m]` with `transA` */
  a: Float32Array;
  /** `[k, n]`, or `[n, k]` with `transB` */
  b: Float32Array;
  /** `[m, n]`, written; read only where `beta` is not 0. Shares no element with `a` or `b` */
  c: Float32Array;
  /** op(A) = Aᵀ; default false */
  transA?: boolean;
  /** op(B) = Bᵀ; default false */
  transB?: boolean;
  /** default 1; with 0, A and B are not read */
  alpha?: number;
  /** default 0, for which C is not read: it may hold NaN */
  beta?: number;
  /** elements from row to row of A as it is stored; default its number of columns */
  lda?: number;
  /** the same of B */
  ldb?: number;
  /** the same of C; what lies between its rows stays */
  ldc?: number;
}

const NAMES = ["m", "n", "k", "a", "b", "c", "transA", "transB", "alpha", "beta", "lda", "ldb", "ldc"];

/**
 * Fills in what may be left out.
 *
 * @throws {XentError} `OPTION`, `SHAPE`
 */
export function checkProduct(options: SgemmOptions): Required<SgemmOptions> {
  checkNames("sgemm", options, NAMES);
  const { a, b, c, transA = false, transB = false, alpha = 1, beta = 0 } = options;
  const [m, n, k] = (["m", "n", "k"] as const).map((name) =>
    integer(`sgemm: ${name}`, options[name], 0, 2 ** 30),
  ) as [number, number, number];
  for (const [name, value] of Object.entries({ transA, transB })) flag(`sgemm: ${name}`, value);
  for (const [name, value] of Object.entries({ alpha, beta })) {
    if (typeof value !== "number")
      throw new XentError("OPTION", `sgemm: ${name} is ${show(value)}`, "Pass a number.");
  }
  const shapes = [
    ["a", a, transA ? [k, m] : [m, k], options.lda],
    ["b", b, transB ? [n, k] : [k, n], options.ldb],
    ["c", c, [m, n], options.ldc],
  ] as [string, Float32Array, [number, number], number | undefined][];
  const [lda, ldb, ldc] = shapes.map(([name, array, [rows, cols], given]) => {
    if (!(array instanceof Float32Array)) {
      throw new XentError("OPTION", `sgemm: ${name} is ${show(array)}`, "Pass a Float32Array.");
    }
    const ld = given === undefined ? cols : integer(`sgemm: ld${name}`, given, cols, 2 ** 30);
    const needed = span(rows, cols, ld);
    if (array.length < needed) {
      const apart = ld === cols ? "" : `, rows ${ld} apart,`;
      throw new XentError(
        "SHAPE",
        `sgemm: ${name} has ${array.length} elements; [${rows}, ${cols}]${apart} needs ${needed}`,
        `Pass a longer ${name}, or other sizes.`,
      );
    }
    return ld;
  }) as [number, number, number];
  const end = (array: Float32Array): number => array.byteOffset + array.byteLength;
  for (const [name, array] of [
    ["a", a],
    ["b", b],
  ] as const) {
    if (array.buffer === c.buffer && array.byteOffset < end(c) && c.byteOffset < end(array)) {
      throw new XentError("SHAPE", `sgemm: c shares elements with ${name}`, "Pass a c of its own.");
    }
  }
  return { m, n, k, a, b, c, transA, transB, alpha, beta, lda, ldb, ldc };
}

/** @throws {XentError} `OPTION` */
export function checkLengths(lengths: readonly number[]): void {
  if (!Array.isArray(lengths)) {
    throw new XentError(
      "OPTION",
      `alloc: lengths are ${show(lengths)}`,
      "Pass an array such as [m * k, k * n, m * n].",
    );
  }
  for (const [i, length] of lengths.entries()) integer(`alloc: length ${i}`, length, 0, 2 ** 30);
}

/** @throws {XentError} `TOO_LARGE` */
export function checkBytes(where: string, total: number): void {
  if (total <= MOST_BYTES) return;
  throw new XentError(
    "TOO_LARGE",
    `${where}: ${gib(total)} GiB and some bytes are needed; a WebAssembly memory holds 4 GiB`,
    "Multiply in blocks.",
  );
}

/** Where arrays of these lengths stand from `first` on, each on a cache line of its own, and where the last ends: in bytes. */
export function inLines(lengths: readonly number[], first: number): { starts: number[]; end: number } {
  let end = first;
  const starts = lengths.map((length) => {
    const start = end;
    end += Math.ceil((4 * length) / 64) * 64;
    return start;
  });
  return { starts, end };
}

/** Elements from the first to the last of a matrix. */
export const span = (rows: number, cols: number, ld: number): number =>
  rows === 0 || cols === 0 ? 0 : (rows - 1) * ld + cols;
