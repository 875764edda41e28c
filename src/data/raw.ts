// Data for the doctor as they come, NaN, infinities and holes included: shapes are checked as `dataset` does, values that are
// not finite are counted.

import { toClasses } from "./classes.ts";
import { CheckedRows, type Features, toFeatures } from "./dataset.ts";
import { isNumberView, type Targets, toTargets } from "./targets.ts";

/** Data as they are before `dataset` checks them. */
export interface RawData {
  /** as `dataset` takes it; what is not finite, or no number, is counted */
  x: Features;
  /** as `dataset` takes it; may be left out */
  y?: Targets | readonly string[] | undefined;
  /** values a row; needed where x is flat */
  features?: number | undefined;
}

/** What was made of raw data. */
export interface Cleaned {
  /** with NaN where a value of x is not finite; y is empty where there is none */
  readonly table: CheckedRows;
  /** values of each column that are not finite */
  readonly bad: readonly number[];
  readonly badTargets: number;
}

/** @throws {XentError} `OPTION`, `SHAPE`, `EMPTY`, `LABEL` */
export function raw({ x, y, features }: RawData): Cleaned {
  const clean = toFeatures("inspect", cleanFeatures(x), features);
  const bad = new Array<number>(clean.features).fill(0);
  let values = clean.x;
  if (values instanceof Float32Array) {
    const flat = x instanceof Float32Array ? x : undefined;
    // else a copy of the rows, which can take the NaN
    values = flat ?? values;
    for (let at = 0; at < values.length; at++) {
      const [row, column] = [Math.floor(at / clean.features), at % clean.features];
      if (isFinite32(flat === undefined ? (x[row] as ArrayLike<unknown>)[column] : flat[at])) continue;
      bad[column] = (bad[column] as number) + 1;
      if (flat === undefined) values[at] = Number.NaN;
    }
  }
  let badTargets = 0;
  const given = cleanTargets(y, () => badTargets++);
  const named = toClasses("inspect", given, undefined);
  const none = { y: new Float32Array(0), targets: 0, stats: undefined };
  const targets = y === undefined ? none : toTargets("inspect", named.y, clean.rows);
  const scale = values instanceof Uint8Array ? 1 / 255 : 1;
  const table = new CheckedRows({ ...clean, x: values }, targets, undefined, scale, 0, named.classes);
  return { table, bad, badTargets };
}

/** The same with 0 for what is not finite. */
function cleanFeatures(x: unknown): unknown {
  if (x instanceof Float32Array) return x.map((value) => (isFinite32(value) ? value : 0));
  if (!Array.isArray(x)) return x;
  return x.map((row) => {
    if (row instanceof Uint8Array || !(Array.isArray(row) || isNumberView(row))) return row;
    return Array.from(row as ArrayLike<unknown>, (value) => (isFinite32(value) ? value : 0));
  });
}

/** The same with 0, or the first name, for what is not finite and no name. */
function cleanTargets(y: unknown, tell: () => void): unknown {
  const first: unknown = Array.isArray(y) && typeof y[0] === "string" ? y[0] : 0;
  const one = (value: unknown): unknown => {
    if (typeof value === "string" ? value !== "" : isFinite32(value) || typeof value === "bigint")
      return value;
    tell();
    return first;
  };
  if (y instanceof Float32Array || y instanceof Float64Array) return y.map((value) => one(value) as number);
  if (!Array.isArray(y)) return y;
  return Array.from(y, (row) =>
    Array.isArray(row) || isNumberView(row) ? Array.from(row as ArrayLike<unknown>, one) : one(row),
  );
}

function isFinite32(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(Math.fround(value));
}
