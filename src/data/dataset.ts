// A data set: features, targets and weights, checked once and completely so that training need not look again. It
// refers to the caller's typed arrays; `fit` copies them into WebAssembly memory, nothing is written to them.

import { XentError } from "../base/errors.ts";
import { checkNames, integer, show } from "../base/options.ts";
import { checkNamed, toClasses } from "./classes.ts";
import type { Preprocessing } from "./prepared.ts";
import {
  COUNTED,
  count,
  isNumberView,
  type TargetStats,
  type Targets,
  toTargets,
  toWeights,
} from "./targets.ts";

/**
 * Features as the library takes them: all rows one after the other (`[rows · features]`, row-major), or an
 * array of rows. Bytes are scaled (see {@link DatasetOptions.scale}), everything else is taken as f32.
 */
export type Features = Float32Array | Uint8Array | readonly ArrayLike<number>[];

/** What {@link dataset} takes. */
export interface DatasetOptions {
  /**
   * `[rows, features]`. A Float32Array or Uint8Array holds the rows one after the other and is referred to,
   * not copied: do not change it while a model trains. An array of rows is copied, to a Uint8Array if the rows
   * are Uint8Arrays, else to a Float32Array.
   */
  x: Features;
  /**
   * `[rows]` class ids, integers from 0: copied. Or targets, `[rows · outputs]` numbers: probabilities, the yes and no
   * of each output, values of a regression. A Float32Array is referred to, everything else is copied. See
   * {@link Targets}. Or the names of classes, which become ids: see `classes`.
   */
  y: Targets | readonly string[];
  /** `[rows]`: a row of weight w counts as w rows, one of weight 0 is not looked at; none negative. Copied. */
  weight?: ArrayLike<number> | undefined;
  /**
   * Names of the classes, all different, in the order of their ids; of the numbers of a row, where these are each a yes or no.
   * Without them, names in y are numbered in their order by code units, as `sort()` has them: pass them to the other parts of
   * split data, where one may be missing. A model remembers those that it is trained with.
   */
  classes?: readonly string[] | undefined;
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
  /** `[rows]` class ids, or `[rows · targets]` numbers */
  readonly y: Int32Array | Float32Array;
  /** numbers of y a row; 1 for class ids */
  readonly targets: number;
  /** `[rows]`; left out when every row counts once */
  readonly weight: Float32Array | undefined;
  /** names of the class ids, if they have some */
  readonly classes: readonly string[] | undefined;
  /** the model sees x · scale + shift; 1 for f32 features */
  readonly scale: number;
  /** 0 for f32 features */
  readonly shift: number;
  /** what has made the features from raw rows, if anything */
  readonly preprocessing: Preprocessing | undefined;
}

const OPTIONS = ["x", "y", "weight", "classes", "features", "scale", "shift"];

/** The one class of data sets, so that what is not checked is not taken for one. */
export class CheckedRows implements Dataset {
  readonly rows: number;
  readonly features: number;
  readonly x: Float32Array | Uint8Array;
  readonly y: Int32Array | Float32Array;
  readonly targets: number;
  readonly weight: Float32Array | undefined;
  readonly classes: readonly string[] | undefined;
  readonly scale: number;
  readonly shift: number;
  readonly preprocessing: Preprocessing | undefined;
  /** the extremes of targets that are numbers */
  readonly stats: TargetStats | undefined;

  constructor(
    features: CheckedFeatures,
    y: { y: Int32Array | Float32Array; targets: number; stats: TargetStats | undefined },
    weight: Float32Array | undefined,
    scale: number,
    shift: number,
    classes?: readonly string[],
    preprocessing?: Preprocessing,
  ) {
    this.rows = features.rows;
    this.features = features.features;
    this.x = features.x;
    this.y = y.y;
    this.targets = y.targets;
    this.stats = y.stats;
    this.weight = weight;
    this.classes = classes;
    this.scale = scale;
    this.shift = shift;
    this.preprocessing = preprocessing;
    Object.freeze(this);
  }
}

/**
 * Checks features, targets and weights and puts them together for `fit`, `evaluate` and `confusionMatrix`.
 *
 * @throws {XentError}
 * - `OPTION` an unknown option, x of another type, features no positive integer, scale or shift with f32, classes that are no
 *   list of different names
 * - `EMPTY` no rows or no columns
 * - `SHAPE` x is no whole number of rows, rows differ in length, or y or weight do not have as many rows, or there are not as many
 *   classes as numbers a row
 * - `NOT_FINITE` a feature or target is NaN, infinite (in f32) or no number
 * - `LABEL` y holds what is neither class ids nor names nor numbers, or a class that `classes` does not name; `WEIGHT` a weight is negative or no finite number, or all are 0
 * @category Data sets
 * @example
 * ```ts
 * import { dataset } from "xent";
 * const xor = dataset({ x: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), y: [0, 1, 1, 0], features: 2 });
 * xor.rows; // → 4
 * const pets = dataset({ x: [[1, 2], [3, 4]], y: ["dog", "cat"], classes: ["cat", "dog"] });
 * pets.y; // → [1, 0]
 * const chances = dataset({ x: [[1], [2], [3]], y: [[0.5, 0.5], [0.75, 0.25], [1, 0]], weight: [1, 1, 2] });
 * chances.targets; // → 2
 * ```
 */
export function dataset(options: DatasetOptions): Dataset {
  checkNames("dataset", options, OPTIONS);
  const features = toFeatures("dataset", options.x, options.features);
  const { y: targets, classes } = toClasses("dataset", options.y, options.classes);
  const y = toTargets("dataset", targets, features.rows);
  if (classes !== undefined) checkNamed("dataset", y, classes);
  const weight = toWeights("dataset", options.weight, features.rows);
  const bytes = features.x instanceof Uint8Array;
  if (!bytes) refuseScaling(options);
  const scale = bytes ? finite("scale", options.scale ?? 1 / 255) : 1;
  const shift = bytes ? finite("shift", options.shift ?? 0) : 0;
  return new CheckedRows(features, y, weight, scale, shift, classes);
}

/** Whether a value was made by {@link dataset}, so that its contents are known to be good. */
export function isDataset(value: unknown): value is CheckedRows {
  return value instanceof CheckedRows;
}

/** Features of a call such as `predict(x)`, checked as {@link dataset} does. */
export interface CheckedFeatures {
  /** `[rows · features]`: the caller's array, or a copy of an array of rows */
  readonly x: Float32Array | Uint8Array;
  readonly rows: number;
  readonly features: number;
}

/**
 * @param where     the call, for messages
 * @param x         {@link Features}
 * @param features  values a row; the length of the first where it is undefined
 * @throws {XentError} `OPTION`, `EMPTY`, `SHAPE`, `NOT_FINITE`
 */
export function toFeatures(where: string, x: unknown, features: number | undefined): CheckedFeatures {
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
