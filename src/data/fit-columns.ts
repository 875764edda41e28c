// What is fitted of a column: mean, spread and extremes of numbers, or how often each category occurs. Rows come one after the other,
// so that the result does not depend on how they are cut into tables.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { CategoryColumn, NumberColumn } from "../base/spec.ts";
import { type Coded, cellError, type Place, unknownClass, type Values } from "./cells.ts";
import type { CategoryEncoding, NumberEncoding } from "./encodings.ts";
import type { RowSource } from "./raw-rows.ts";

/** A column that is fitted. */
export type ColumnFit = NumberFit | CategoryFit;

/** A column of rows that are open. */
export interface Reading {
  readonly values: Values;
  /**
   * Learns of it.
   *
   * @param rows    those that count; all where it is undefined
   * @param refuse  what to do about a missing value, which is refused; passed over where it is undefined
   */
  add(rows: Int32Array | undefined, refuse: string | undefined): void;
}

/** The same, and where the rows are. */
interface Counting extends Place {
  readonly rows: Int32Array | undefined;
  readonly refuse: string | undefined;
}

/**
 * Mean and sum of squared distances from it, by Welford (1962), row after row in f64:
 * mean ← mean + (v − mean) / n, squares ← squares + (v − mean before) · (v − mean after).
 */
export class NumberFit {
  #count = 0;
  #mean = 0;
  #squares = 0;
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;
  readonly #encoding: NumberEncoding;
  readonly name: string;

  constructor(name: string, encoding: NumberEncoding) {
    this.name = name;
    this.#encoding = encoding;
  }

  open(source: RowSource, place: Place): Reading {
    const values = source.numbers(this.name);
    return { values, add: (rows, refuse) => this.#add(values, { ...place, rows, refuse }) };
  }

  #add(values: Float64Array, counting: Counting): void {
    let [n, mean, squares, low, high] = [this.#count, this.#mean, this.#squares, this.#low, this.#high];
    const { rows } = counting;
    const end = rows?.length ?? values.length;
    for (let i = 0; i < end; i++) {
      const row = rows === undefined ? i : (rows[i] as number);
      const value = values[row] as number;
      if (!Number.isFinite(value)) {
        if (Number.isNaN(value)) missing(this.name, row, counting);
        else throw infinite(this.name, row, value, counting);
        continue;
      }
      n++;
      const off = value - mean;
      mean += off / n;
      squares += off * (value - mean);
      if (value < low) low = value;
      if (value > high) high = value;
    }
    [this.#count, this.#mean, this.#squares, this.#low, this.#high] = [n, mean, squares, low, high];
  }

  /** @throws {XentError} `COLUMN` no values, or such that lie too far apart for f64 */
  column(where: string, impute: boolean): NumberColumn {
    if (this.#count === 0) throw nothing(where, this.name);
    const column = { kind: "number", name: this.name, ...this.#scaling() } as const;
    const { center, scale } = column;
    const wide =
      !(Number.isFinite(this.#mean) && Number.isFinite(center) && Number.isFinite(scale)) || scale === 0;
    if (!wide) return impute ? { ...column, fill: this.#mean } : column;
    throw new XentError(
      "COLUMN",
      `${where}: column ${show(this.name)} goes from ${this.#low} to ${this.#high}, which is too wide to be scaled`,
      "Look for values that stand for missing ones, such as 1e300, and clip or rescale them.",
    );
  }

  #scaling(): { center: number; scale: number; offset: number } {
    switch (this.#encoding.kind) {
      case "standardize":
        return {
          center: this.#mean,
          scale: factor(1, Math.sqrt(this.#squares / this.#count)),
          offset: 0,
        };
      case "minMax": {
        const { low, high } = this.#encoding;
        return { center: this.#low, scale: factor(high - low, this.#high - this.#low), offset: low };
      }
      case "asIs":
        return { center: 0, scale: 1, offset: 0 };
    }
  }
}

/** How often each category occurs. */
export class CategoryFit {
  readonly #counts = new Map<string, number>();
  readonly #encoding: CategoryEncoding;
  readonly #most: number;
  readonly #listed: readonly string[] | undefined;
  readonly #whole: boolean;
  readonly name: string;

  /**
   * @param most    categories that there may be
   * @param listed  all that there are, in their order
   * @param whole   whether they are numbers, which must be whole
   */
  constructor(
    name: string,
    encoding: CategoryEncoding,
    most: number,
    listed: readonly string[] | undefined = undefined,
    whole = false,
  ) {
    this.name = name;
    this.#encoding = encoding;
    this.#most = most;
    this.#listed = listed;
    this.#whole = whole;
  }

  open(source: RowSource, place: Place): Reading {
    if (this.#whole) checkWhole(place, this.name, source.numbers(this.name));
    const values = source.categories(this.name);
    return { values, add: (rows, refuse) => this.#add(values, { ...place, rows, refuse }) };
  }

  #add({ codes, labels }: Coded, counting: Counting): void {
    const { rows, where } = counting;
    const counts = new Float64Array(labels.length);
    const first = new Int32Array(labels.length);
    const end = rows?.length ?? codes.length;
    for (let i = 0; i < end; i++) {
      const row = rows === undefined ? i : (rows[i] as number);
      const code = codes[row] as number;
      if (code === -1) {
        missing(this.name, row, counting);
        continue;
      }
      if (counts[code] === 0) first[code] = row;
      counts[code] = (counts[code] as number) + 1;
    }
    // a table may list categories that none of its rows has: they are not known here
    for (const [code, label] of labels.entries()) {
      const times = counts[code] as number;
      if (times === 0) continue;
      if (this.#listed?.includes(label) === false)
        throw unknownClass(counting, this.name, first[code] as number, label, this.#listed);
      this.#counts.set(label, (this.#counts.get(label) ?? 0) + times);
    }
    if (this.#counts.size <= this.#most) return;
    throw new XentError(
      "COLUMN",
      `${where}: column ${show(this.name)} has more than ${this.#most} categories`,
      "It may be an id, a date or free text, of which nothing can be learnt: leave it out, or raise maxCategories.",
    );
  }

  /** Those that are listed; else those that occur, in their order by code units. */
  labels(where: string): readonly string[] {
    if (this.#counts.size === 0) throw nothing(where, this.name);
    return this.#listed ?? [...this.#counts.keys()].sort();
  }

  column(where: string, impute: boolean): CategoryColumn {
    const categories = this.labels(where);
    const times = (category: string): number => this.#counts.get(category) ?? 0;
    const unknown = this.#encoding.kind === "oneHot" ? this.#encoding.unknown : "error";
    const column = { kind: this.#encoding.kind, name: this.name, categories, unknown };
    if (!impute) return column;
    // of those that are level, the first
    return { ...column, fill: categories.reduce((best, each) => (times(each) > times(best) ? each : best)) };
  }
}

/** wanted / spread; `wanted` where all values are one, or so near to each other that f64 cannot hold the quotient. */
function factor(wanted: number, spread: number): number {
  const quotient = wanted / spread;
  return spread < 1 && quotient === Number.POSITIVE_INFINITY ? wanted : quotient;
}

function missing(name: string, row: number, { refuse, ...place }: Counting): void {
  if (refuse !== undefined) throw cellError(place, name, row, "has no value", refuse);
}

function infinite(name: string, row: number, value: number, place: Place): XentError {
  return cellError(
    place,
    name,
    row,
    `is ${value}`,
    "Clip such values, or give NaN where they are missing.",
    "NOT_FINITE",
  );
}

function nothing(where: string, name: string): XentError {
  return new XentError(
    "COLUMN",
    `${where}: column ${show(name)} has no value in any row`,
    "There is nothing to learn from: leave the column out.",
  );
}

function checkWhole(place: Place, name: string, values: Float64Array): void {
  const row = values.findIndex((value) => !Number.isNaN(value) && !Number.isInteger(value));
  if (row < 0) return;
  const hint = "Leave classes out to learn the number itself.";
  throw cellError(place, name, row, `is ${values[row]}, and classes that are numbers are whole ones`, hint);
}
