// A data set: features and class ids, checked once and completely so that training need not look again. It
// refers to the caller's typed arrays; `fit` copies them into WebAssembly memory, nothing is written to them.

import { XentError } from "../base/errors.ts";
import { checkNames, integer, show } from "../base/options.ts";

/**
 * Features as the library takes them: all rows one after the other (`[rows · features]`, row-major), or an
 * array of rows. Bytes are scaled (see {@link DatasetOptions.scale}), everything else is taken as f32.
 */
export type Features = Float32Array | Uint8Array | readonly ArrayLike<number>[];

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

export interface DatasetOptions {
  /**
   * `[rows, features]`. A Float32Array or Uint8Array holds the rows one after the other and is referred to,
   * not copied: do not change it while a model trains. An array of rows is copied, to a Uint8Array if the rows
   * are Uint8Arrays, else to a Float32Array.
   */
  x: Features;
  /** `[rows]`: class ids from 0; copied. */
  y: Labels;
  /** Values a row. May be left out where x is an array of rows: then it is the length of the first. */
  features?: number | undefined;
  /** Byte features become x · scale + shift; refused with f32 features. Default 1 / 255. */
  scale?: number | undefined;
  /** See `scale`. Default 0. */
  shift?: number | undefined;
}

/** Checked rows for `fit`, `evaluate` and `confusionMatrix`, made by {@link dataset}. */
export interface Dataset {
  readonly rows: number;
  /** values a row */
  readonly features: number;
  /** `[rows · features]`, row-major */
  readonly x: Float32Array | Uint8Array;
  /** `[rows]`, class ids from 0 */
  readonly y: Int32Array;
  /** the model sees x · scale + shift; 1 for f32 features */
  readonly scale: number;
  /** 0 for f32 features */
  readonly shift: number;
  /** the largest class id: a model needs more outputs than this */
  readonly largestLabel: number;
  /** the first row that has it */
  readonly largestLabelRow: number;
}

const OPTIONS = ["x", "y", "features", "scale", "shift"];
const COUNTED = "(counted from 0)";

class CheckedRows implements Dataset {
  readonly rows: number;
  readonly features: number;
  readonly x: Float32Array | Uint8Array;
  readonly y: Int32Array;
  readonly scale: number;
  readonly shift: number;
  readonly largestLabel: number;
  readonly largestLabelRow: number;

  constructor(x: Float32Array | Uint8Array, y: Int32Array, features: number, scale: number, shift: number) {
    const largest = largestLabel(y);
    this.rows = y.length;
    this.features = features;
    this.x = x;
    this.y = y;
    this.scale = scale;
    this.shift = shift;
    this.largestLabel = largest.label;
    this.largestLabelRow = largest.row;
    Object.freeze(this);
  }
}

/**
 * Checks features and class ids and puts them together for `fit`, `evaluate` and `confusionMatrix`.
 *
 * @example
 * ```ts
 * dataset({ x: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), y: [0, 1, 1, 0], features: 2 });
 * dataset({ x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] });
 * ```
 * @throws {XentError}
 * - `OPTION` an unknown option, x of another type, features no positive integer, scale or shift with f32
 * - `EMPTY` no rows or no columns
 * - `SHAPE` x is no whole number of rows, rows differ in length, or there are not as many labels as rows
 * - `NOT_FINITE` a feature is NaN, infinite (in f32) or no number
 * - `LABEL` a class id is no integer or negative, or y holds floats
 */
export function dataset(options: DatasetOptions): Dataset {
  checkNames("dataset", options, OPTIONS);
  const { x, rows, features } = readFeatures("dataset", options.x, options.features);
  // a copy: a class id that changed after the check would be an address out of bounds in a kernel
  const y = Int32Array.from(toLabels("dataset", options.y, rows));
  const bytes = x instanceof Uint8Array;
  if (!bytes) refuseScaling(options);
  const scale = bytes ? finite("scale", options.scale ?? 1 / 255) : 1;
  const shift = bytes ? finite("shift", options.shift ?? 0) : 0;
  return new CheckedRows(x, y, features, scale, shift);
}

/** Whether a value was made by {@link dataset}, so that its contents are known to be good. */
export function isDataset(value: unknown): value is Dataset {
  return value instanceof CheckedRows;
}

/**
 * Features of a call such as `predict(x)`, checked as {@link dataset} does.
 *
 * @param where     the call, for messages
 * @param x         {@link Features}
 * @param features  values a row
 * @returns x `[rows · features]`: the same array, or a copy where x is an array of rows
 * @throws {XentError} `OPTION`, `EMPTY`, `SHAPE`, `NOT_FINITE`
 */
export function toFeatures(
  where: string,
  x: unknown,
  features: number,
): { x: Float32Array | Uint8Array; rows: number } {
  const checked = readFeatures(where, x, features);
  return { x: checked.x, rows: checked.rows };
}

/**
 * Class ids of a call such as `trainOnBatch(x, y)`, checked as {@link dataset} does.
 *
 * @param where  the call, for messages
 * @param y      {@link Labels}
 * @param rows   how many there must be
 * @returns y `[rows]`: the same array if it is an Int32Array, else a copy
 * @throws {XentError} `SHAPE`, `LABEL`
 */
export function toLabels(where: string, y: unknown, rows: number): Int32Array {
  if (!isLabelList(y)) {
    throw new XentError(
      "LABEL",
      `${where}: y is ${show(y)}, expected class ids: integers from 0, one a row`,
      labelHint(y),
    );
  }
  if (y.length !== rows) {
    throw new XentError(
      "SHAPE",
      `${where}: y has ${count(y.length, "label")}, expected ${rows}, one for each row of x`,
      "Check that x and y belong together, and the number of features.",
    );
  }
  const ids = y instanceof Int32Array ? y : new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const value: unknown = y[i];
    const id = typeof value === "bigint" ? Number(value) : value;
    if (typeof id !== "number" || id < 0 || id > 0x7fffffff || (id | 0) !== id) {
      throw new XentError(
        "LABEL",
        `${where}: the label of row ${i} ${COUNTED} is ${show(value)}, expected an integer from 0 to 2147483647`,
        labelHint(value),
      );
    }
    if (ids !== y) ids[i] = id;
  }
  return ids;
}

/** The largest class id and the first row that has it. */
export function largestLabel(y: Int32Array): { label: number; row: number } {
  let label = -1;
  let row = 0;
  for (let i = 0; i < y.length; i++) {
    const id = y[i] as number;
    if (id > label) {
      label = id;
      row = i;
    }
  }
  return { label, row };
}

interface CheckedFeatures {
  x: Float32Array | Uint8Array;
  rows: number;
  features: number;
}

function readFeatures(where: string, x: unknown, features: number | undefined): CheckedFeatures {
  if (features !== undefined) integer(`${where}: features`, features, 1);
  if (x instanceof Float32Array || x instanceof Uint8Array) return flat(where, x, features);
  if (Array.isArray(x)) return nested(where, x, features);
  throw new XentError(
    "OPTION",
    `${where}: x is ${show(x)}, expected a Float32Array, a Uint8Array or an array of rows`,
    ArrayBuffer.isView(x)
      ? "Convert it: Float32Array.from(x), or Uint8Array.from(x) for bytes."
      : "Pass one of these.",
  );
}

function flat(where: string, x: Float32Array | Uint8Array, features: number | undefined): CheckedFeatures {
  if (features === undefined) {
    throw new XentError(
      "OPTION",
      `${where}: features is undefined, expected an integer of at least 1`,
      "A flat x does not tell how long a row is: pass features.",
    );
  }
  if (x.length === 0) throw empty(where, "x has no values");
  const rows = Math.floor(x.length / features);
  const over = x.length - rows * features;
  if (over !== 0) {
    throw new XentError(
      "SHAPE",
      `${where}: x has ${count(x.length, "value")}, expected a multiple of ${features}, the features of a row`,
      `${count(rows, "row")} would leave ${count(over, "value")} over: check features and the length of x.`,
    );
  }
  if (x instanceof Float32Array) checkFinite(where, x, features);
  return { x, rows, features };
}

function nested(where: string, list: readonly unknown[], wanted: number | undefined): CheckedFeatures {
  const rows = list.length;
  if (rows === 0) throw empty(where, "x has no rows");
  const features = wanted ?? rowLength(where, list[0], 0);
  if (features === 0) throw empty(where, "the rows of x have no values");
  const expected = wanted === undefined ? `${features} as in row 0` : features;
  const bytes = list[0] instanceof Uint8Array;
  for (let i = 0; i < rows; i++) {
    const length = rowLength(where, list[i], i);
    if (length !== features) {
      throw new XentError(
        "SHAPE",
        `${where}: row ${i} ${COUNTED} of x has ${count(length, "value")}, expected ${expected}`,
        "Every row needs a value for every feature.",
      );
    }
    if (list[i] instanceof Uint8Array !== bytes) {
      throw new XentError(
        "SHAPE",
        `${where}: row ${i} ${COUNTED} of x is ${show(list[i])}, row 0 is ${show(list[0])}`,
        "Bytes are scaled and numbers are not: make all rows Uint8Arrays, or none.",
      );
    }
  }
  const x = bytes ? new Uint8Array(rows * features) : new Float32Array(rows * features);
  for (let i = 0; i < rows; i++) {
    const row = list[i] as ArrayLike<unknown>;
    if (Array.isArray(row)) checkNumbers(where, row, i);
    x.set(row as ArrayLike<number>, i * features);
  }
  if (x instanceof Float32Array) checkFinite(where, x, features);
  return { x, rows, features };
}

/** Length of a row, if it is one. */
function rowLength(where: string, row: unknown, i: number): number {
  if (Array.isArray(row) || isNumberView(row)) return row.length;
  throw new XentError(
    "SHAPE",
    `${where}: row ${i} ${COUNTED} of x is ${show(row)}, expected an array of numbers`,
    typeof row === "number"
      ? "One row is [[…]]; values without rows go into a Float32Array."
      : "Pass a row as number[] or a typed array.",
  );
}

/** Float32Array.set would turn null into 0 and "1" into 1 without a word. */
function checkNumbers(where: string, row: readonly unknown[], i: number): void {
  for (let j = 0; j < row.length; j++) {
    if (typeof row[j] !== "number") throw notFinite(where, show(row[j]), i, j);
  }
}

/** 0 · v is NaN for NaN and ±∞, else ±0; four sums, so that additions need not wait for each other. */
function checkFinite(where: string, x: Float32Array, features: number): void {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = x.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a += 0 * (x[i] as number);
    b += 0 * (x[i + 1] as number);
    c += 0 * (x[i + 2] as number);
    d += 0 * (x[i + 3] as number);
  }
  for (let i = whole; i < x.length; i++) a += 0 * (x[i] as number);
  if (a + b + c + d === 0) return;
  const at = x.findIndex((value) => !Number.isFinite(value));
  throw notFinite(where, String(x[at]), Math.floor(at / features), at % features);
}

function notFinite(where: string, value: string, row: number, column: number): XentError {
  return new XentError(
    "NOT_FINITE",
    `${where}: x is ${value} at row ${row}, column ${column} ${COUNTED}, expected a finite number`,
    value.endsWith("Infinity")
      ? "f32 ends at 3.4e38: clip or rescale the values."
      : "Fill missing values in, or drop the row.",
  );
}

function empty(where: string, what: string): XentError {
  return new XentError("EMPTY", `${where}: ${what}, expected at least one`, "Check how the data was read.");
}

function isLabelList(y: unknown): y is Labels {
  if (y instanceof BigInt64Array || y instanceof BigUint64Array || Array.isArray(y)) return true;
  return isNumberView(y) && !(y instanceof Float32Array || y instanceof Float64Array);
}

/** A typed array of numbers: no DataView, no bigints. */
function isNumberView(value: unknown): value is ArrayLike<number> {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView || value instanceof BigInt64Array || value instanceof BigUint64Array)
  );
}

/** What to do about a label, or a list of them, that is none. */
function labelHint(value: unknown): string {
  if (ArrayBuffer.isView(value))
    return "Class ids in floats: Int32Array.from(y). Targets of regression are not taken yet.";
  if (Array.isArray(value)) return "Of a one-hot row, pass the position of its 1.";
  if (typeof value === "string") return "Number the class names from 0 and pass the numbers.";
  return "Number the classes from 0 and give every row a class.";
}

function refuseScaling(options: DatasetOptions): void {
  for (const name of ["scale", "shift"] as const) {
    if (options[name] === undefined) continue;
    throw new XentError(
      "OPTION",
      `dataset: ${name} is ${show(options[name])}, but it is for byte features and x is not bytes`,
      "Scale f32 features before the call, or pass x as a Uint8Array.",
    );
  }
}

/** A number that is finite in f32, where the kernels use it. */
function finite(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(Math.fround(value))) return value;
  throw new XentError(
    "OPTION",
    `dataset: ${name} is ${show(value)}, expected a finite number`,
    "Pass such a number.",
  );
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
