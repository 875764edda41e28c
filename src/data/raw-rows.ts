// Raw rows open for reading by column, whatever their form: a table, objects, arrays, flat numbers. What a value is, cells.ts says; nothing
// is fitted or scaled here.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { type Coded, cellError, codesOf, isMissing, noNumber, numberOf, type Place } from "./cells.ts";
import { noColumn } from "./names.ts";
import type { RawRows } from "./prepared.ts";
import { type Column, type ColumnType, checkTable, type Table } from "./table.ts";
import { COUNTED, count, isNumberView } from "./targets.ts";

/**
 * Rows that are open for reading by column. A number is read from a number, a bigint or a string in decimal notation, as CSV that
 * was read elsewhere has them; a category from a string as it is, a boolean, a bigint or a number. Undefined, null, NaN and ""
 * are missing, and among numbers blanks alone.
 */
export interface RowSource {
  readonly rows: number;
  /** of all columns */
  names(): readonly string[];
  /** what a column seems to hold */
  type(name: string): ColumnType;
  numbers(name: string): Float64Array;
  categories(name: string): Coded;
}

/**
 * @param order  names of the values of rows that are arrays; without it there must be names
 * @throws {XentError} `OPTION` rows of no known form; `SHAPE` a row that is none; `COLUMN` a table that is none
 */
export function openRows(place: Place, rows: RawRows, order?: readonly string[]): RowSource {
  if (Array.isArray(rows)) {
    const first: unknown = rows[0];
    return isList(first) ? ofArrays(place, rows, order) : ofRecords(place, rows);
  }
  if (rows instanceof Float32Array || rows instanceof Float64Array) return ofFlat(place, rows, order);
  if (typeof rows === "object" && rows !== null && "columns" in rows) return ofTable(place, rows);
  throw new XentError(
    "OPTION",
    `${place.where}: the rows are ${show(rows)}, expected a table or an array of objects`,
    order === undefined
      ? "Pass what readCsv or table gives, or the rows as objects."
      : "Rows may be arrays too, in the order of the columns, or numbers in a flat Float32Array or Float64Array.",
  );
}

/** @throws {XentError} `EMPTY` */
export function refuseEmpty(where: string, { rows }: RowSource): void {
  if (rows > 0) return;
  throw new XentError(
    "EMPTY",
    `${where}: there are no rows, expected at least one`,
    "Check how the data was read.",
  );
}

function ofTable(place: Place, table: Table): RowSource {
  const columns = new Map(checkTable(place.where, table).columns.map((each) => [each.name, each]));
  const names = [...columns.keys()];
  const column = (name: string): Column => {
    const found = columns.get(name);
    if (found === undefined) throw noColumn(place.where, name, names);
    return found;
  };
  return {
    rows: table.rows,
    names: () => names,
    type: (name) => column(name).type,
    numbers(name) {
      const found = column(name);
      if (found.type === "number") return found.values;
      const { values, categories } = found;
      const parsed = categories.map((label) => numberOf(label));
      return Float64Array.from(values, (code, row) =>
        code === -1 ? Number.NaN : (parsed[code] ?? noNumber(place, name, row, categories[code])),
      );
    },
    categories(name) {
      const found = column(name);
      return found.type === "number"
        ? codesOf(place, name, found.values)
        : { codes: found.values, labels: found.categories };
    },
  };
}

function ofFlat(
  place: Place,
  values: Float32Array | Float64Array,
  order: readonly string[] | undefined,
): RowSource {
  const names = order ?? noNames(place, `${show(values)}`);
  const rows = values.length / names.length;
  if (!Number.isInteger(rows)) {
    throw new XentError(
      "SHAPE",
      `${place.where}: the rows have ${count(values.length, "value")}, expected a multiple of ${names.length}, the columns of a row`,
      `The columns are ${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}.`,
    );
  }
  const index = indexOf(place, names);
  const numbers = (name: string): Float64Array => {
    const column = index(name);
    return Float64Array.from({ length: rows }, (_, row) => values[row * names.length + column] as number);
  };
  return {
    rows,
    names: () => names,
    type: () => "number",
    numbers,
    categories(name) {
      throw new XentError(
        "COLUMN",
        `${place.where}: column ${show(name)} holds categories, and the rows are ${show(values)}`,
        "Pass a table, or each row as an object or an array.",
      );
    },
  };
}

function ofArrays(place: Place, rows: readonly unknown[], order: readonly string[] | undefined): RowSource {
  const names = order ?? noNames(place, "arrays");
  for (const [i, row] of rows.entries()) {
    if (isList(row) && row.length === names.length) continue;
    throw new XentError(
      "SHAPE",
      `${place.where}: row ${place.before + i} ${COUNTED} is ${isList(row) ? `of ${count(row.length, "value")}` : show(row)}, expected an array of ${names.length}, a value a column`,
      `The columns are ${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}.`,
    );
  }
  const index = indexOf(place, names);
  const lists = rows as readonly ArrayLike<unknown>[];
  return ofCells(
    place,
    rows.length,
    () => names,
    (name) => {
      const column = index(name);
      return (row) => lists[row]?.[column];
    },
  );
}

function ofRecords(place: Place, rows: readonly unknown[]): RowSource {
  for (const [i, row] of rows.entries()) {
    if (typeof row === "object" && row !== null && !isList(row)) continue;
    throw new XentError(
      "SHAPE",
      `${place.where}: row ${place.before + i} ${COUNTED} is ${show(row)}, expected an object${i === 0 ? "" : " as row 0 is"}`,
      "Pass each row as an object with its values by column name.",
    );
  }
  const records = rows as readonly Readonly<Record<string, unknown>>[];
  // every row is asked, so only where the names are needed
  const names = (): string[] => {
    const met = new Set<string>();
    for (const record of records) for (const name of Object.keys(record)) met.add(name);
    return [...met];
  };
  return ofCells(place, rows.length, names, (name) => {
    if (!records.some((record) => Object.hasOwn(record, name))) throw noColumn(place.where, name, names());
    // what every object inherits, such as "constructor", is no value of a row
    return (row) => {
      const record = records[row] as Readonly<Record<string, unknown>>;
      return Object.hasOwn(record, name) ? record[name] : undefined;
    };
  });
}

/** Rows of any values, which `open` gets at by column, then by row. */
function ofCells(
  place: Place,
  rows: number,
  names: () => readonly string[],
  open: (name: string) => (row: number) => unknown,
): RowSource {
  return {
    rows,
    names,
    type(name) {
      const cell = open(name);
      let type: ColumnType | undefined;
      for (let row = 0; row < rows; row++) {
        const value = cell(row);
        if (isMissing(value)) continue;
        const here = typeof value === "number" || typeof value === "bigint" ? "number" : "category";
        type ??= here;
        if (type === here) continue;
        const hint = `Say what it is: columns: { ${show(name)}: standardize() } reads numbers, oneHot() categories.`;
        throw cellError(place, name, row, `is ${show(value)}, unlike the rows before`, hint);
      }
      return type ?? "number";
    },
    numbers(name) {
      const cell = open(name);
      const out = new Float64Array(rows);
      for (let row = 0; row < rows; row++) {
        const value = cell(row);
        out[row] = typeof value === "number" ? value : (numberOf(value) ?? noNumber(place, name, row, value));
      }
      return out;
    },
    categories(name) {
      const cell = open(name);
      return codesOf(place, name, { length: rows }, cell);
    },
  };
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || isNumberView(value);
}

function indexOf(place: Place, names: readonly string[]): (name: string) => number {
  const places = new Map(names.map((name, i) => [name, i]));
  return (name) => {
    const column = places.get(name);
    if (column === undefined) throw noColumn(place.where, name, names);
    return column;
  };
}

function noNames({ where }: Place, what: string): never {
  throw new XentError(
    "OPTION",
    `${where}: the rows are ${what}, which have no names of columns`,
    "Pass a table or an array of objects.",
  );
}
