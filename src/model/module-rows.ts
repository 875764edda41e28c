// How an exported module reads rows: features as they are, or raw rows by the rules of the model's preprocessing; and how numbers
// that were scaled for training are scaled back. Text of JavaScript, which runs elsewhere.

import type { ColumnSpec, NumberColumn, Scaling } from "../base/spec.ts";
import { literal } from "./module-text.ts";

/** Of a model without preprocessing: `read` gives features, `[rows · input]`. */
export const plainRows = {
  types:
    "/** @typedef {Float32Array | Uint8Array | readonly ArrayLike<number>[]} Rows  flat, or an array of rows */",
  code: ({ scale, shift }: Scaling): string => `
/**
 * Features of rows; bytes are scaled as those of the model's data set were.
 *
 * @param {string} where
 * @param {Rows} rows
 */
function read(where, rows) {
  const flat = rows instanceof Float32Array || rows instanceof Uint8Array;
  if (!flat && !Array.isArray(rows)) {
    throw new Error(where + ": expected a Float32Array, a Uint8Array or an array of rows");
  }
  const count = flat ? rows.length / input : rows.length;
  if (count === 0 || !Number.isInteger(count)) {
    throw new Error(where + ": got " + rows.length + " values, expected rows of " + input);
  }
  const x = new Float32Array(count * input);
  for (let i = 0; i < count; i++) {
    const row = flat ? rows.subarray(i * input, (i + 1) * input) : rows[i];
    if (typeof row !== "object" || row === null || row.length !== input) {
      throw new Error(where + ": row " + i + " is not an array of " + input + " numbers");
    }
    const bytes = row instanceof Uint8Array;
    for (let j = 0; j < input; j++) {
      const v = row[j];
      if (typeof v !== "number" || !Number.isFinite(Math.fround(v))) {
        const what = (typeof v === "number" ? v : "of type " + typeof v) + ", expected a finite number";
        throw new Error(where + ": row " + i + ", column " + j + " is " + what);
      }
      x[i * input + j] = bytes ? Math.fround(v * ${Math.fround(scale)}) + ${Math.fround(shift)} : v;
    }
  }
  return x;
}`,
};

/** Of a model with one: the same from raw rows. */
export const rawRows = {
  types: `
/** @typedef {Float32Array | Float64Array | readonly object[]} Rows  flat if all columns are numbers */
/**
 * @typedef {{ name: string, kind: "number", center: number, scale: number, offset: number, fill?: number }
 *   | { name: string, kind: "oneHot" | "ids", categories: readonly string[], unknown: string, fill?: string }} Column
 */`,
  code: (columns: readonly ColumnSpec[]): string => `
/** @type {readonly Column[]} how a value of each column becomes features */
const COLUMNS = [
${columns.map((column) => `  ${literal(fieldsOf(column))},\n`).join("")}];
const DECIMAL = /^[+-]?(\\d+(\\.\\d*)?|\\.\\d+)(e[+-]?\\d+)?$/i;
const PLACES = COLUMNS.map(
  (c) => new Map(c.kind === "number" ? [] : c.categories.map((name, id) => [name, id])),
);

/**
 * Features of raw rows.
 *
 * @param {string} where
 * @param {Rows} rows
 */
function read(where, rows) {
  const flat = rows instanceof Float32Array || rows instanceof Float64Array;
  const width = COLUMNS.length;
  if (flat ? COLUMNS.some((c) => c.kind !== "number") : !Array.isArray(rows)) {
    throw new Error(
      where + ": expected an array of rows; flat numbers are for models whose columns are all numbers",
    );
  }
  const count = flat ? rows.length / width : rows.length;
  if (count === 0 || !Number.isInteger(count)) {
    throw new Error(where + ": got " + rows.length + " values, expected rows of " + width);
  }
  const absent =
    flat || isList(rows[0]) ? undefined : COLUMNS.find((c) => !rows.some((row) => has(row, c.name)));
  if (absent) throw new Error(where + ": the rows have no column " + JSON.stringify(absent.name));
  const x = new Float32Array(count * input);
  let at = 0;
  for (let i = 0; i < count; i++) {
    /** @type {any} */
    const row = flat ? rows.subarray(i * width, (i + 1) * width) : rows[i];
    const list = isList(row);
    if (typeof row !== "object" || row === null || (list && row.length !== width)) {
      throw new Error(where + ": row " + i + " is neither an object nor an array of " + width + " values");
    }
    for (let j = 0; j < width; j++) {
      const column = COLUMNS[j];
      const { name } = column;
      const given = list ? row[j] : has(row, name) ? row[name] : undefined;
      try {
        at = put(x, at, column, PLACES[j], given);
      } catch (error) {
        const { message } = /** @type {Error} */ (error);
        throw new Error(where + ": row " + i + ", column " + JSON.stringify(name) + ": " + message);
      }
    }
  }
  return x;
}

/**
 * Writes the features of one value; returns where those of the next begin.
 *
 * @param {Float32Array} x
 * @param {number} at
 * @param {Column} column
 * @param {Map<string, number>} places
 * @param {unknown} given
 */
function put(x, at, column, places, given) {
  const text = column.kind === "number" && typeof given === "string" ? given.trim() : given;
  const missing = text === undefined || text === null || text === "" || Number.isNaN(text);
  const value = missing ? column.fill : text;
  if (value === undefined) throw new Error("the value is missing");
  if (column.kind === "number") {
    const isNumber = typeof value === "string" ? DECIMAL.test(value) : /^(number|bigint)$/.test(typeof value);
    if (!isNumber) throw new Error(told(value) + " is not a number");
    x[at] = (Number(value) - column.center) * column.scale + column.offset;
    if (!Number.isFinite(x[at])) throw new Error(told(value) + " is too large for f32");
    return at + 1;
  }
  if (!["string", "number", "boolean", "bigint"].includes(typeof value)) {
    throw new Error(told(value) + " is not a category");
  }
  const id = places.get(String(value));
  if (id === undefined && column.unknown !== "zeros") {
    throw new Error(told(value) + " is not among the categories");
  }
  if (column.kind === "ids") x[at] = id ?? 0;
  else if (id !== undefined) x[at + id] = 1;
  return at + (column.kind === "ids" ? 1 : column.categories.length);
}

/** @param {unknown} row @returns {boolean} */
function isList(row) {
  return Array.isArray(row) || ArrayBuffer.isView(row);
}

/**
 * What a row inherits, such as "constructor", is no value of it.
 *
 * @param {unknown} row
 * @param {string} name
 */
function has(row, name) {
  return typeof row === "object" && row !== null && Object.hasOwn(row, name);
}

/** @param {unknown} value */
function told(value) {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  return typeof value === "object" ? "an object" : String(value);
}`,
};

/** `restore`, which takes numbers back to the units of the target. */
export const restored = (columns: readonly NumberColumn[]): string => `
const TARGETS = [
${columns.map(({ center, scale, offset }) => `  ${literal({ center, scale, offset })},\n`).join("")}];

/**
 * Numbers in the target's own units.
 *
 * @param {Float32Array} y
 */
function restore(y) {
  return y.map((v, i) => {
    const { center, scale, offset } = TARGETS[i % TARGETS.length];
    return (v - offset) / scale + center;
  });
}`;

/** Those that are known, and no other. */
function fieldsOf(column: ColumnSpec): ColumnSpec {
  const { name, kind } = column;
  if (column.kind === "number") {
    const { center, scale, offset, fill } = column;
    return { name, kind: column.kind, center, scale, offset, ...(fill !== undefined && { fill }) };
  }
  const { categories, unknown, fill } = column;
  return { name, kind: kind as "oneHot", categories, unknown, ...(fill !== undefined && { fill }) };
}
