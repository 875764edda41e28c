// A table: rows of named columns, of numbers or of categories, as they come from a file. It is plain data, so that it can be
// cloned and sent to other threads. What becomes of it in a model is preprocess.ts.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { checkColumnNames, noColumn } from "./names.ts";
import { COUNTED, count } from "./targets.ts";

/** A column of a {@link Table}. */
export type Column =
  | {
      readonly name: string;
      readonly type: "number";
      /** `[rows]`; NaN where the value is missing */
      readonly values: Float64Array;
    }
  | {
      readonly name: string;
      readonly type: "category";
      /** `[rows]` places in `categories`; −1 where the value is missing */
      readonly values: Int32Array;
      /** all different, in the order in which they were met */
      readonly categories: readonly string[];
    };

/** Rows of named columns. */
export interface Table {
  readonly rows: number;
  /** all of different names */
  readonly columns: readonly Column[];
}

/** What a column holds. */
export type ColumnType = Column["type"];

/**
 * Some rows of a table, in the given order, each as often as it is named there. Columns of categories keep all their categories.
 *
 * @param rows  numbers of rows, counted from 0
 * @throws {XentError} `OPTION` what is no table, or no array of numbers of its rows; `COLUMN` a table that is damaged
 * @category Tables
 * @example
 * ```ts
 * import { records, table, takeRows } from "xent/data";
 * const numbers = table([{ n: 10 }, { n: 20 }, { n: 30 }]);
 * records(takeRows(numbers, [2, 0, 0])); // → [{ n: 30 }, { n: 10 }, { n: 10 }]
 * ```
 */
export function takeRows(table: Table, rows: ArrayLike<number>): Table {
  const { rows: all, columns } = checkTable("takeRows", table);
  if (typeof rows !== "object" || rows === null || typeof rows.length !== "number") {
    throw new XentError(
      "OPTION",
      `takeRows: rows is ${show(rows)}, expected an array of numbers of rows`,
      "Pass such an array.",
    );
  }
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (Number.isInteger(row) && row >= 0 && row < all) continue;
    throw new XentError(
      "OPTION",
      `takeRows: rows[${i}] is ${show(row)}, and the table has ${count(all, "row")}`,
      "Rows are counted from 0.",
    );
  }
  return gather(columns, rows);
}

/** Rows that are known to be there. */
export function gather(columns: readonly Column[], rows: ArrayLike<number>): Table {
  return {
    rows: rows.length,
    columns: columns.map((column): Column => {
      if (column.type === "number")
        return { ...column, values: pick(column.values, rows, new Float64Array(rows.length)) };
      return { ...column, values: pick(column.values, rows, new Int32Array(rows.length)) };
    }),
  };
}

function pick<A extends Float64Array | Int32Array>(from: A, rows: ArrayLike<number>, to: A): A {
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i] as number] as number;
  return to;
}

/**
 * Some columns of a table, in the given order.
 *
 * @throws {XentError} `OPTION` what is no table, or no list of different names; `COLUMN` a name that no column has
 * @category Tables
 * @example
 * ```ts
 * import { records, selectColumns, table } from "xent/data";
 * const houses = table([{ rooms: 3, street: "Hill Road", price: 250 }]);
 * records(selectColumns(houses, ["price", "rooms"])); // → [{ price: 250, rooms: 3 }]
 * ```
 */
export function selectColumns(table: Table, names: readonly string[]): Table {
  const { rows, columns } = checkTable("selectColumns", table);
  const places = new Map(columns.map((column) => [column.name, column]));
  const chosen = checkColumnNames("selectColumns: names", names).map((name) => {
    const column = places.get(name);
    if (column === undefined) throw noColumn("selectColumns", name, [...places.keys()]);
    return column;
  });
  return { rows, columns: chosen };
}

/**
 * The rows of a table as objects: numbers and texts by the names of the columns, null where a value is missing. What
 * `table()` makes of them is the same table, but for categories that no row has and the order of the others.
 *
 * @throws {XentError} `OPTION` what is no table; `COLUMN` a table that is damaged
 * @category Tables
 * @example
 * ```ts
 * import { readCsv, records } from "xent/data";
 * const cities = await readCsv("city,people\nOslo,717710\nBergen,");
 * records(cities); // → [{ city: "Oslo", people: 717710 }, { city: "Bergen", people: null }]
 * ```
 */
export function records(table: Table): Record<string, number | string | null>[] {
  const { rows, columns } = checkTable("records", table);
  return Array.from({ length: rows }, (_, row) =>
    // entries, so that a column of the name __proto__ is one like any other
    Object.fromEntries(columns.map((column) => [column.name, valueAt(column, row)])),
  );
}

/** The value of a row; null where it is missing. */
export function valueAt(column: Column, row: number): number | string | null {
  const value = column.values[row] as number;
  if (column.type === "number") return Number.isNaN(value) ? null : value;
  return column.categories[value] ?? null;
}

/**
 * A table that comes from a user, checked: it may be a clone, so it is known by its parts alone.
 *
 * @throws {XentError} `OPTION` what is no table; `COLUMN` a column that is damaged: its name, its length, a place in no category
 */
export function checkTable(where: string, table: unknown): Table {
  const { rows, columns } = Object(table) as { readonly rows?: unknown; readonly columns?: unknown };
  if (typeof rows !== "number" || !Number.isInteger(rows) || rows < 0 || !Array.isArray(columns)) {
    throw new XentError(
      "OPTION",
      `${where}: got ${show(table)}, expected a table`,
      "Pass what readCsv or table() gives.",
    );
  }
  const names = new Set<string>();
  for (const [i, column] of columns.entries()) {
    const problem = problemOf(Object(column), rows);
    const { name } = Object(column);
    if (problem === undefined && !names.has(name)) {
      names.add(name);
      continue;
    }
    throw new XentError(
      "COLUMN",
      `${where}: column ${i} ${COUNTED} of the table${problem ?? ` is the second of the name ${show(name)}`}`,
      "Make tables with readCsv or table(), or send them as they are.",
    );
  }
  return table as Table;
}

/** What is wrong with a column, to be said behind "column 3". */
function problemOf(
  { name, type, values, categories }: Partial<Record<keyof Column | "categories", unknown>>,
  rows: number,
): string | undefined {
  if (typeof name !== "string" || name === "") return ` has the name ${show(name)}, expected a text`;
  const called = `, ${show(name)},`;
  if (type !== "number" && type !== "category")
    return `${called} has the type ${show(type)}, expected "number" or "category"`;
  const fits = type === "number" ? values instanceof Float64Array : values instanceof Int32Array;
  if (!fits)
    return `${called} has ${show(values)} for values, expected ${type === "number" ? "a Float64Array" : "an Int32Array"}`;
  const list = values as Float64Array | Int32Array;
  if (list.length !== rows)
    return `${called} has ${count(list.length, "value")}, expected ${rows}, one for each row`;
  if (type === "number") {
    // NaN is a missing value
    const row = list.findIndex(
      (value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY,
    );
    return row < 0
      ? undefined
      : `${called} is ${list[row]} in row ${row} ${COUNTED}, expected a finite number`;
  }
  if (
    !Array.isArray(categories) ||
    categories.some((each) => typeof each !== "string" || each === "") ||
    new Set(categories).size !== categories.length
  ) {
    return `${called} has ${show(categories)} for categories, expected different texts`;
  }
  const row = list.findIndex((place) => place < -1 || place >= categories.length);
  if (row < 0) return undefined;
  return `${called} has the place ${list[row]} in row ${row} ${COUNTED}, and there are ${categories.length} categories`;
}

/** Tables of the same columns as one, row after row. Takes the tables out of the list, so that each column is there twice at most. */
export function joinTables(tables: Table[]): Table {
  const parts = tables
    .splice(0)
    .map(({ rows, columns }) => ({ rows, columns: [...columns] as (Column | undefined)[] }));
  const [first] = parts;
  if (first === undefined || parts.length === 1) return (first ?? { rows: 0, columns: [] }) as Table;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const columns = first.columns.map((_, c) =>
    joinColumns(
      rows,
      parts.map(({ columns }) => {
        const column = columns[c] as Column;
        columns[c] = undefined;
        return column;
      }),
    ),
  );
  return { rows, columns };
}

function joinColumns(rows: number, parts: readonly Column[]): Column {
  const { name, type } = parts[0] as Column;
  let at = 0;
  if (type === "number") {
    const values = new Float64Array(rows);
    for (const part of parts) {
      values.set(part.values, at);
      at += part.values.length;
    }
    return { name, type, values };
  }
  const values = new Int32Array(rows);
  const places = new Map<string, number>();
  for (const part of parts) {
    if (part.type !== "category") continue;
    const here = part.categories.map((category) => {
      const place = places.get(category) ?? places.size;
      places.set(category, place);
      return place;
    });
    for (const place of part.values) values[at++] = here[place] ?? -1;
  }
  return { name, type, values, categories: [...places.keys()] };
}
