// What the op table is written in: records, ranges, shares, and the ways in which ops address memory. No op stands here.

import * as abi from "./abi.ts";

/** A decoded record whose batch dimensions are filled in. */
export interface RecordView {
  readonly op: number;
  readonly flags: number;
  readonly p: readonly number[];
  readonly d: readonly number[];
  readonly s: readonly number[];
  readonly f: readonly number[];
}

/** `rows` runs of `bytes` bytes, `stride` bytes apart, from address `start` on; reached through one operand. */
export interface Range {
  readonly operand: number;
  readonly start: number;
  readonly rows: number;
  readonly bytes: number;
  readonly stride: number;
}

export interface Access {
  readonly reads: readonly Range[];
  readonly writes: readonly Range[];
}

/** Units that are handed out in grains. Ops that share alike give each thread the same units. */
export interface Share {
  /** 0: thread 0 does it alone */
  readonly units: number;
  readonly grain: number;
  /** the units are the rows of the batch */
  readonly batch: boolean;
}

/**
 * What a record does, by what sets its speed: multiply-adds of whole tiles; arithmetic in loops that V8 can widen, and other
 * work, both in nanoseconds of the reference (cost.ts); bytes read and written.
 */
export type Work = readonly [multiplyAdds: number, vectorNs: number, otherNs: number, bytes: number];

export interface OpSpec {
  readonly name: string;
  /** names of p0, p1, … */
  readonly operands: readonly string[];
  /** pairs [output, input] that may be the very same buffer */
  readonly inPlace: readonly (readonly [number, number])[];
  /** what threads share among them */
  share(r: RecordView): Share;
  /** bytes that a part of the units touches, which begins at `lo` and has `n` of them, perhaps none; in thread t's scratch */
  touches(r: RecordView, lo: number, n: number, t: number | undefined): Access;
  /** floating-point operations; an exponential or a division counts as one */
  flops(r: RecordView): number;
  /** what `n` of the units take */
  work(r: RecordView, n: number): Work;
}

export const ALONE: Share = { units: 0, grain: 1, batch: false };

export const NOTHING: Access = { reads: [], writes: [] };

/** Whether it may add to what stands there: what HYPER_ADD says is not known here. */
export const adds = (r: RecordView): boolean => (r.flags & abi.FLAG_ADD) !== 0;

export const d = (r: RecordView, i: number): number => r.d[i] ?? 0;
export const s = (r: RecordView, i: number): number => r.s[i] ?? 0;

/** A matrix of 4-byte elements reached through an operand: rows × cols, row stride ld, from element `from` on. */
export function matrix(
  r: RecordView,
  operand: number,
  from: number,
  rows: number,
  cols: number,
  ld: number,
): Range[] {
  if (rows <= 0 || cols <= 0) return [];
  const start = (r.p[operand] ?? 0) + 4 * from;
  return [
    rows === 1 || ld === cols
      ? { operand, start, rows: 1, bytes: 4 * rows * cols, stride: 4 * rows * cols }
      : { operand, start, rows, bytes: 4 * cols, stride: 4 * ld },
  ];
}

/** The same for an unpadded run of bytes. */
export function bytes(r: RecordView, operand: number, from: number, count: number): Range[] {
  if (count <= 0) return [];
  return [{ operand, start: (r.p[operand] ?? 0) + from, rows: 1, bytes: count, stride: count }];
}

/** m × k elements with general strides: exact where one stride is 1, else the span from first to last. */
export function strided(
  r: RecordView,
  operand: number,
  rows: number,
  cols: number,
  rs: number,
  cs: number,
  from: number,
): Range[] {
  if (rows <= 0 || cols <= 0) return [];
  if (cs === 1) return matrix(r, operand, from, rows, cols, rs);
  if (rs === 1) return matrix(r, operand, from, cols, rows, cs);
  return matrix(r, operand, from, 1, (rows - 1) * rs + (cols - 1) * cs + 1, 1);
}

/** Of an op on rows of the batch, or of any other matrix. */
export const shareRows = (r: RecordView): Share => ({
  units: d(r, 0),
  grain: abi.ROW_GRAIN,
  batch: (r.flags & abi.FLAG_ROWS_D0) !== 0,
});

/** Of an op on a flat run of elements. */
export const flat = (units: number): Share => ({ units, grain: abi.FLAT_GRAIN, batch: false });

/** `n` rows of a matrix with d1 columns, from row `lo` on. */
export const rows = (r: RecordView, operand: number, lo: number, n: number): Range[] =>
  matrix(r, operand, lo * s(r, operand), n, d(r, 1), s(r, operand));

/** What a row begins and ends with. */
export const ROW_NS = 1.5;

/** A column that may be left out: address 0. */
export function column(r: RecordView, operand: number, from: number, rows: number): Range[] {
  return r.p[operand] === 0 ? [] : matrix(r, operand, from, 1, rows, 1);
}

/**
 * Rows of blocks to rows of a block, the last operand, which may be any of the others.
 *
 * @param ns     of the arithmetic of an element
 * @param other  V8 cannot widen it
 */
export function block(
  name: string,
  operands: readonly string[],
  flopsAnElement: number,
  ns: number,
  other = false,
): OpSpec {
  const out = operands.length - 1;
  const inputs = operands.slice(1).map((_, i) => i);
  return {
    name,
    operands,
    inPlace: inputs.map((i) => [out, i]),
    share: shareRows,
    touches: (r, lo, n) => ({
      reads: inputs.flatMap((i) => rows(r, i, lo, n)),
      writes: rows(r, out, lo, n),
    }),
    flops: (r) => flopsAnElement * d(r, 0) * d(r, 1),
    work(r, n) {
      const arithmetic = n * ns * d(r, 1);
      const bytes = 4 * operands.length * n * d(r, 1);
      return other ? [0, 0, n * ROW_NS + arithmetic, bytes] : [0, arithmetic, n * ROW_NS, bytes];
    },
  };
}
