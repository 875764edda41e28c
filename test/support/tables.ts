// Tables for tests, from plain values; null is a missing one.

import type { Column, Table } from "../../src/data/table.ts";

export function table(rows: number, ...columns: readonly Column[]): Table {
  return { rows, columns };
}

export function number(name: string, values: readonly (number | null)[]): Column {
  return { name, type: "number", values: Float64Array.from(values, (value) => value ?? Number.NaN) };
}

export function text(name: string, values: readonly (string | null)[]): Column {
  const categories = [...new Set(values.filter((value) => value !== null))];
  const codes = Int32Array.from(values, (value) => (value === null ? -1 : categories.indexOf(value)));
  return { name, type: "category", values: codes, categories };
}
