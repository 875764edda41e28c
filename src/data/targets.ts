// Targets and weights of rows: class ids or numbers, told apart and checked. What a loss makes of them is not known here.

import { XentError } from "../base/errors.ts";
import { A_WEIGHT, isWeight, show } from "../base/options.ts";

/** Class ids as the library takes them: integers from 0, one a row. */
export type Labels =
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | BigInt64Array
  | BigUint64Array
  | readonly number[];

/**
 * Targets of rows: class ids ({@link Labels}), or numbers, as many a row as the model has outputs: a Float32Array or
 * Float64Array row after row, or an array of rows. An array of plain numbers is taken for class ids if all are
 * integers, else for one number a row.
 */
export type Targets = Labels | Float32Array | Float64Array | readonly ArrayLike<number>[];

/** What can be said of numbers once and for all, with the rows (and columns) where it is seen. */
export interface TargetStats {
  readonly least: number;
  readonly leastAt: number;
  readonly most: number;
  readonly mostAt: number;
  /** largest distance of a row's sum from 1 */
  readonly offSum: number;
  readonly offSumRow: number;
}

export interface CheckedTargets {
  /** `[rows]` class ids, or `[rows · targets]` numbers */
  readonly y: Int32Array | Float32Array;
  readonly targets: number;
  /** of numbers */
  readonly stats: TargetStats | undefined;
}

export const COUNTED = "(counted from 0)";

/**
 * Tells class ids from numbers and checks them. Class ids are copied: one that changed after the check would be an
 * address out of bounds in a kernel.
 *
 * @param where  the call, for messages
 * @param rows   how many there must be
 * @throws {XentError} `LABEL`, `SHAPE`, `NOT_FINITE`
 */
export function toTargets(where: string, y: unknown, rows: number): CheckedTargets {
  if (y instanceof Float32Array || y instanceof Float64Array) return flatNumbers(where, y, rows);
  if (Array.isArray(y) && y.some((row) => typeof row === "object" && row !== null))
    return nested(where, y, rows);
  if (Array.isArray(y) && y.some((value) => typeof value === "number" && !Number.isInteger(value))) {
    checkRows(where, y.length, rows, "value");
    const odd = y.findIndex((value) => typeof value !== "number");
    if (odd >= 0) throw notFinite(where, show(y[odd]), odd, 0);
    return flatNumbers(where, Float32Array.from(y as number[]), rows);
  }
  return { y: toLabels(where, y, rows), targets: 1, stats: undefined };
}

/** A copy of the weights, one a row, or undefined when there are none. */
export function toWeights(where: string, weight: unknown, rows: number): Float32Array | undefined {
  if (weight === undefined) return undefined;
  const hint = "Pass a number for each row: 2 counts it twice, 0 leaves it out.";
  if (!Array.isArray(weight) && !isNumberView(weight)) {
    throw new XentError("WEIGHT", `${where}: weight is ${show(weight)}, expected an array of numbers`, hint);
  }
  if (weight.length !== rows) {
    throw new XentError(
      "SHAPE",
      `${where}: weight has ${count(weight.length, "value")}, expected ${rows}, one for each row of x`,
      "Check that x and weight belong together.",
    );
  }
  const at = Array.prototype.findIndex.call(weight, (w) => !isWeight(w));
  if (at >= 0) {
    const value = show(weight[at]);
    throw new XentError(
      "WEIGHT",
      `${where}: the weight of row ${at} ${COUNTED} is ${value}, expected ${A_WEIGHT}`,
      hint,
    );
  }
  const out = Float32Array.from(weight as ArrayLike<number>);
  if (!out.some((w) => w > 0)) {
    throw new XentError(
      "WEIGHT",
      `${where}: every weight is 0, so that no row would count, expected one above 0`,
      "Leave weight out to count each row once.",
    );
  }
  return out;
}

function toLabels(where: string, y: unknown, rows: number): Int32Array {
  if (!isLabelList(y)) {
    throw new XentError(
      "LABEL",
      `${where}: y is ${show(y)}, expected class ids (integers from 0, one a row) or numbers`,
      "Pass an array: a class id for every row, or a row of targets for every row.",
    );
  }
  checkRows(where, y.length, rows, "label");
  const ids = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const value: unknown = y[i];
    const id = typeof value === "bigint" ? Number(value) : value;
    if (typeof id !== "number" || (id | 0) !== id) {
      throw new XentError(
        "LABEL",
        `${where}: the label of row ${i} ${COUNTED} is ${show(value)}, expected a class id: an integer of 32 bits`,
        labelHint(value),
      );
    }
    ids[i] = id;
  }
  return ids;
}

function flatNumbers(where: string, y: Float32Array | Float64Array, rows: number): CheckedTargets {
  const targets = Math.floor(y.length / rows);
  if (targets === 0 || targets * rows !== y.length) {
    throw new XentError(
      "SHAPE",
      `${where}: y has ${count(y.length, "value")}, expected ${rows}, one for each row of x, or a multiple of that`,
      "Pass as many targets a row as the model has outputs.",
    );
  }
  return numbers(where, y instanceof Float32Array ? y : Float32Array.from(y), rows, targets);
}

function nested(where: string, y: readonly unknown[], rows: number): CheckedTargets {
  checkRows(where, y.length, rows, "row");
  const length = (row: unknown, i: number): number => {
    if (Array.isArray(row) || isNumberView(row)) return row.length;
    throw new XentError(
      "SHAPE",
      `${where}: row ${i} ${COUNTED} of y is ${show(row)}, expected an array of numbers`,
      "Pass a row of targets for every row, or a class id for every row.",
    );
  };
  const targets = length(y[0], 0);
  const out = new Float32Array(rows * targets);
  for (let i = 0; i < rows; i++) {
    const row = y[i] as ArrayLike<unknown>;
    if (length(row, i) !== targets || targets === 0) {
      throw new XentError(
        "SHAPE",
        `${where}: row ${i} ${COUNTED} of y has ${count(length(row, i), "value")}, expected ${targets === 0 ? "at least 1" : `${targets} as in row 0`}`,
        "Every row needs a target for every output.",
      );
    }
    for (let j = 0; j < targets; j++) {
      if (typeof row[j] !== "number") throw notFinite(where, show(row[j]), i, j);
      out[i * targets + j] = row[j] as number;
    }
  }
  return numbers(where, out, rows, targets);
}

function numbers(where: string, y: Float32Array, rows: number, targets: number): CheckedTargets {
  let [least, leastAt, most, mostAt, offSum, offSumRow] = [y[0] as number, 0, y[0] as number, 0, 0, 0];
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let at = i * targets; at < (i + 1) * targets; at++) {
      const value = y[at] as number;
      sum += value;
      if (value < least) [least, leastAt] = [value, at];
      if (value > most) [most, mostAt] = [value, at];
    }
    if (!Number.isFinite(sum)) {
      const column = y.subarray(i * targets, (i + 1) * targets).findIndex((value) => !Number.isFinite(value));
      throw notFinite(where, String(y[i * targets + column]), i, column);
    }
    const off = Math.abs(sum - 1);
    if (off > offSum) [offSum, offSumRow] = [off, i];
  }
  return { y, targets, stats: { least, leastAt, most, mostAt, offSum, offSumRow } };
}

function checkRows(where: string, length: number, rows: number, noun: string): void {
  if (length === rows) return;
  throw new XentError(
    "SHAPE",
    `${where}: y has ${count(length, noun)}, expected ${rows}, one for each row of x`,
    "Check that x and y belong together, and the number of features.",
  );
}

function notFinite(where: string, value: string, row: number, column: number): XentError {
  return new XentError(
    "NOT_FINITE",
    `${where}: y is ${value} at row ${row}, column ${column} ${COUNTED}, expected a finite number`,
    "Fill missing targets in, or drop the row.",
  );
}

function isLabelList(y: unknown): y is Labels {
  return y instanceof BigInt64Array || y instanceof BigUint64Array || Array.isArray(y) || isNumberView(y);
}

/** A typed array of numbers: no DataView, no bigints. */
export function isNumberView(value: unknown): value is ArrayLike<number> {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView || value instanceof BigInt64Array || value instanceof BigUint64Array)
  );
}

/** What to do about a label, or a list of them, that is none. */
function labelHint(value: unknown): string {
  if (typeof value === "string")
    return "Number the class names from 0 and pass the numbers, or let dataset() do it.";
  if (typeof value === "number") return "Numbers that are no class ids go into a Float32Array.";
  return "Number the classes from 0 and give every row a class.";
}

/** "1 row", "2 rows" */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
