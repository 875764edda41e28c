// Tables from rows that a program has: objects, or arrays. Values are taken as they are; texts that come from files are csv.ts.

import { XentError } from "../base/errors.ts";
import { checkNames, show } from "../base/options.ts";
import { isMissing, numberOf } from "./cells.ts";
import { checkColumnNames, checkTypes, noColumn } from "./names.ts";
import type { Column, ColumnType, Table } from "./table.ts";
import { COUNTED, count, isNumberView } from "./targets.ts";

/** How rows become a table. */
export interface TableOptions {
  /** The names of the values of rows that are arrays ("0", "1" … by default); of objects, the keys to keep, by default all that there are. */
  columns?: readonly string[] | undefined;
  /** Types of columns by name. By default a column of numbers and bigints holds numbers, one of strings and booleans categories. */
  types?: Readonly<Record<string, ColumnType>> | undefined;
}

/**
 * A table of rows: objects, by their own keys, or arrays. undefined, null, NaN and "" are missing values, and a key that an object
 * has not is one too. Strings are categories, also where they look like numbers; in a column that `types` calls "number" they are
 * read as numbers, blanks alone as a missing one. Booleans are the categories "true" and "false", numbers in a column that `types` calls "category" those of
 * their text.
 *
 * @throws {XentError}
 * - `OPTION` rows that are none, an option's name or value; `EMPTY` no rows; `SHAPE` an array that is longer or shorter than others
 * - `COLUMN` a value that is not of its column's type, or an infinite number; a name in `columns` or `types` that no row has; a column
 *   without a name
 * @category Tables
 * @example
 * ```ts
 * import { records, table } from "xent/data";
 * const people = table([{ age: 31, city: "Oslo" }, { age: 42, city: null }]);
 * const same = table([[31, "Oslo"], [42, ""]], { columns: ["age", "city"] });
 * records(people); // → [{ age: 31, city: "Oslo" }, { age: 42, city: null }]
 * records(same)[1]; // → { age: 42, city: null }
 * ```
 */
export function table(
  rows: readonly Readonly<Record<string, unknown>>[] | readonly ArrayLike<unknown>[],
  options: TableOptions = {},
): Table {
  checkNames("table", options, ["columns", "types"]);
  const types = checkTypes("table", options.types);
  const asked = options.columns && checkColumnNames("table: columns", options.columns);
  if (!Array.isArray(rows)) {
    throw new XentError(
      "OPTION",
      `table: got ${show(rows)}, expected an array of rows`,
      'Pass [{ age: 31 }, …], or [[31], …] with columns: ["age"].',
    );
  }
  if (rows.length === 0) {
    throw new XentError(
      "EMPTY",
      "table: there are no rows, expected at least one",
      "Check how the data was read.",
    );
  }
  const columns = isRow(rows[0]) ? ofArrays(rows, asked) : ofObjects(rows, asked);
  if (columns.has("")) {
    throw new XentError(
      "COLUMN",
      'table: a column has the name "", expected a text',
      "Name it, or leave it out: columns names those to keep.",
    );
  }
  const unknown = [...types.keys()].find((name) => !columns.has(name));
  if (unknown !== undefined) throw noColumn("table: types", unknown, [...columns.keys()]);
  return {
    rows: rows.length,
    columns: [...columns].map(([name, values]) => columnOf(name, values, types.get(name))),
  };
}

const isRow = (row: unknown): row is ArrayLike<unknown> => Array.isArray(row) || isNumberView(row);

/** The values of columns by name. */
type Values = Map<string, unknown[]>;

function ofArrays(rows: readonly unknown[], asked: readonly string[] | undefined): Values {
  const [first] = rows as [ArrayLike<unknown>];
  const names = asked ?? Array.from({ length: first.length }, (_, i) => String(i));
  const lists = names.map(() => new Array<unknown>(rows.length));
  for (const [r, row] of rows.entries()) {
    if (!isRow(row)) throw notLikeFirst(r, row, "an array");
    if (row.length !== names.length) {
      throw new XentError(
        "SHAPE",
        `table: row ${r} ${COUNTED} has ${count(row.length, "value")}, expected ${names.length}${asked ? ", one for each of columns" : " as in row 0"}`,
        "Give every row a value for every column: null where it is missing.",
      );
    }
    for (const [c, list] of lists.entries()) list[r] = row[c];
  }
  return new Map(names.map((name, c) => [name, lists[c] as unknown[]]));
}

function ofObjects(rows: readonly unknown[], asked: readonly string[] | undefined): Values {
  const columns: Values = new Map(asked?.map((name) => [name, new Array<unknown>(rows.length)]));
  const met = new Set<string>();
  for (const [r, row] of rows.entries()) {
    if (typeof row !== "object" || row === null || isRow(row)) throw notLikeFirst(r, row, "an object");
    for (const [name, value] of Object.entries(row)) {
      let list = columns.get(name);
      met.add(name);
      if (list === undefined) {
        if (asked !== undefined) continue;
        list = new Array<unknown>(rows.length);
        columns.set(name, list);
      }
      list[r] = value;
    }
  }
  const unknown = asked?.find((name) => !met.has(name));
  if (unknown !== undefined) throw noColumn("table: columns", unknown, [...met]);
  return columns;
}

const isNumber = (value: unknown): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint";
const isName = (value: unknown): value is string | boolean =>
  typeof value === "string" || typeof value === "boolean";

function columnOf(name: string, list: readonly unknown[], given: ColumnType | undefined): Column {
  const first = list.find((value) => !isMissing(value));
  const type = given ?? (isName(first) ? "category" : "number");
  const refuse = (row: number, wanted: string): never => {
    throw new XentError(
      "COLUMN",
      `table: column ${show(name)} is ${show(list[row])} in row ${row} ${COUNTED}, expected ${wanted}`,
      given === undefined && (isName(list[row]) || isNumber(list[row]))
        ? `Give it values of one type, or say which it has: types: { ${JSON.stringify(name)}: "category" }.`
        : "Give it such values; null where one is missing.",
    );
  };
  if (type === "number") {
    const values = Float64Array.from({ length: list.length }, (_, row) => {
      const value = list[row];
      const number =
        given === undefined && typeof value === "string" && value !== "" ? undefined : numberOf(value);
      return number === undefined || Math.abs(number) === Number.POSITIVE_INFINITY
        ? refuse(row, "a finite number")
        : number;
    });
    return { name, type, values };
  }
  const places = new Map<string, number>();
  const values = Int32Array.from({ length: list.length }, (_, row) => {
    const value = list[row];
    if (isMissing(value)) return -1;
    if (!isName(value) && !(given && isNumber(value)))
      return refuse(row, "a category: a string or a boolean");
    const category = String(value);
    const place = places.get(category) ?? places.size;
    places.set(category, place);
    return place;
  });
  return { name, type, values, categories: [...places.keys()] };
}

function notLikeFirst(row: number, value: unknown, kind: string): XentError {
  return new XentError(
    "OPTION",
    `table: row ${row} ${COUNTED} is ${show(value)}, expected ${kind}${row === 0 ? "" : " as row 0 is"}`,
    "Pass objects, or arrays, and not both.",
  );
}
