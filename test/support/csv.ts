// CSV texts read in pieces, what the tables hold, and what the oracle's cells are as a table.

import { csvTables } from "../../src/data/csv.ts";
import { checkCsv } from "../../src/data/csv-options.ts";
import { joinTables, valueAt } from "../../src/data/table.ts";
import type { CsvOptions, Table } from "../../src/data.ts";
import { parseCsv } from "../oracle/csv.ts";

/** Values of a table, row after row: numbers, texts, null. */
export const valuesOf = ({ rows, columns }: Table): unknown[][] =>
  Array.from({ length: rows }, (_, row) => columns.map((column) => valueAt(column, row)));
export const namesOf = ({ columns }: Table): string[] => columns.map(({ name }) => name);
export const typesOf = ({ columns }: Table): string => columns.map(({ type }) => type[0]).join("");
/** The text in pieces of `size` characters, parsed as soon as one is there. */
export async function inPieces(text: string, size: number, options: CsvOptions = {}): Promise<Table> {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size));
  const tables: Table[] = [];
  for await (const part of csvTables("readCsv", pieces, checkCsv("readCsv", options), 1)) tables.push(part);
  return joinTables(tables);
}

export const MISSING = new Set(["", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "?"]);
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** What the oracle's cells are as a table: trimmed, typed by all their rows. */
export function wanted(
  text: string,
  delimiter?: string,
  quote?: string,
): { names: string[]; values: unknown[][]; types: string } {
  const cells = parseCsv(text, delimiter, quote)
    .filter((row) => row.length > 1 || row[0]?.trim() !== "")
    .map((row) => row.map((cell) => cell.trim()));
  const [head = [], ...rows] = cells;
  const numbers = head.map((_, c) =>
    rows.every(({ [c]: cell = "" }) => MISSING.has(cell) || NUMBER.test(cell)),
  );
  const value = (cell: string, c: number): unknown =>
    MISSING.has(cell) ? null : numbers[c] ? Number(cell) : cell;
  return {
    names: head.map((name, i) => name || String(i)),
    values: rows.map((row) => row.map(value)),
    types: numbers.map((each) => (each ? "n" : "c")).join(""),
  };
}
