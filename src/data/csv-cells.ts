// Columns while they are filled from text: cells become numbers, or places in a list of categories. Which lines and fields there
// are is csv-reader.ts.

import type { Decimals } from "./number.ts";
import type { Column } from "./table.ts";

/** Rows that a column has room for at first: few, or a line of nothing but delimiters would ask for a thousand bytes a letter. */
const ROOM = 4;

/** What cells of all columns have in common. */
export interface CellRules {
  readonly delimiter: string;
  readonly decimals: Decimals;
  /** texts that stand for a missing value; "" always does */
  readonly missing: ReadonlySet<string>;
}

/** The cells of one field of all rows. Blanks around them are not part of them. */
export interface Cells {
  /** Takes a cell; false where it is not what the column holds. */
  set(row: number, cell: string): boolean;
  /**
   * Takes the cell that begins at `at` of a line that ends at `end` and in which nothing is quoted.
   *
   * @returns where the cell ends: at a delimiter or the line's end; −1 where it is not what the column holds
   */
  scan(row: number, text: string, at: number, end: number): number;
}

/** A column that is being filled, row by row. */
export interface ColumnCells extends Cells {
  /** The column of the first `rows` rows; it begins anew. */
  take(rows: number): Column;
}

/** Where a cell ends. A line that has no delimiter any more is searched once: it is the last cell, or the line is refused. */
function endOfCell(text: string, at: number, end: number, delimiter: string, last: boolean): number {
  if (last) {
    const inside = text.slice(at, end).indexOf(delimiter);
    return inside < 0 ? end : at + inside;
  }
  const next = text.indexOf(delimiter, at);
  return next < 0 || next > end ? end : next;
}

/** A column of numbers. */
export class NumberCells implements ColumnCells {
  readonly #name: string;
  readonly #rules: CellRules;
  readonly #last: boolean;
  readonly #delimiter: number;
  readonly #decimals: Decimals;
  /** values that stand for a missing one, as -999 does in some files */
  readonly #missing: ReadonlySet<number> | undefined;
  #values = new Float64Array(ROOM);

  /** @param last  whether it is the last of a line */
  constructor(name: string, rules: CellRules, last: boolean) {
    this.#name = name;
    this.#rules = rules;
    this.#last = last;
    this.#delimiter = rules.delimiter.charCodeAt(0);
    this.#decimals = rules.decimals;
    const values = [...rules.missing].map((text) => rules.decimals.of(text)).filter((x) => !Number.isNaN(x));
    this.#missing = values.length > 0 ? new Set(values) : undefined;
  }

  scan(row: number, text: string, at: number, end: number): number {
    const value = this.#decimals.at(text, at, end);
    const { stop } = this.#decimals;
    if (!Number.isNaN(value) && (stop === end || text.charCodeAt(stop) === this.#delimiter)) {
      this.#put(row, value);
      return stop;
    }
    const to = endOfCell(text, at, end, this.#rules.delimiter, this.#last);
    if (to > at) return this.set(row, text.slice(at, to)) ? to : -1;
    this.#put(row, Number.NaN);
    return to;
  }

  set(row: number, cell: string): boolean {
    const value = this.#decimals.of(cell);
    this.#put(row, value);
    return !Number.isNaN(value) || isMissing(cell, this.#rules);
  }

  #put(row: number, value: number): void {
    if (row >= this.#values.length) {
      const more = new Float64Array(2 * this.#values.length);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[row] = this.#missing?.has(value) ? Number.NaN : value;
  }

  take(rows: number): Column {
    const values = this.#values.slice(0, rows);
    return { name: this.#name, type: "number", values };
  }
}

/** A column of categories. */
export class CategoryCells implements ColumnCells {
  readonly #name: string;
  readonly #rules: CellRules;
  readonly #last: boolean;
  /** of cells as they stand in the text, blanks included */
  #ids = new Map<string, number>();
  #categories: string[] = [];
  #values = new Int32Array(ROOM);

  /** @param last  whether it is the last of a line */
  constructor(name: string, rules: CellRules, last: boolean) {
    this.#name = name;
    this.#rules = rules;
    this.#last = last;
  }

  scan(row: number, text: string, at: number, end: number): number {
    const to = endOfCell(text, at, end, this.#rules.delimiter, this.#last);
    this.set(row, text.slice(at, to));
    return to;
  }

  set(row: number, cell: string): boolean {
    if (row >= this.#values.length) {
      const more = new Int32Array(2 * this.#values.length);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[row] = this.#ids.get(cell) ?? this.#add(cell);
    return true;
  }

  #add(cell: string): number {
    const key = apart(cell);
    const name = key.trim();
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = isMissing(name, this.#rules) ? -1 : this.#categories.push(name) - 1;
      this.#ids.set(name, id);
    }
    if (key !== name) this.#ids.set(key, id);
    return id;
  }

  take(rows: number): Column {
    const [categories, values] = [this.#categories, this.#values.slice(0, rows)];
    this.#ids = new Map();
    this.#categories = [];
    return { name: this.#name, type: "category", values, categories };
  }
}

/** A column that is left out. */
export class NoCells implements Cells {
  readonly #delimiter: string;
  readonly #last: boolean;

  constructor({ delimiter }: Pick<CellRules, "delimiter">, last: boolean) {
    this.#delimiter = delimiter;
    this.#last = last;
  }

  scan(_row: number, text: string, at: number, end: number): number {
    return endOfCell(text, at, end, this.#delimiter, this.#last);
  }

  set(): boolean {
    return true;
  }
}

/** Whether a cell has no value. */
export function isMissing(cell: string, { missing }: Pick<CellRules, "missing">): boolean {
  const bare = cell.trim();
  return bare === "" || missing.has(bare);
}

/** The same text in memory of its own: a slice keeps the text alive that it was cut from, 64 KiB for a word. */
export function apart(text: string): string {
  return ` ${text}`.slice(1);
}
