// What is looked at before rows are split: whether the columns that a run names are there, and what of their values spoils it. Each is refused, or
// said, with what to do about it on a command line.

import { nearest, show } from "../base/options.ts";
import { type Column, type Preprocessing, type Table, takeRows } from "../data.ts";
import { XentError } from "../index.ts";
import { count } from "./format.ts";
import type { TrainOptions } from "./settings.ts";
import type { Screen } from "./terminal.ts";

export function targetColumns({ columns }: Table, names: readonly string[]): Column[] {
  return names.flatMap((name) => columns.filter((column) => column.name === name));
}

export function checkTargets(data: string, { rows, columns }: Table, names: readonly string[]): void {
  const there = columns.map(({ name }) => name);
  const lacking = names.find((name) => !there.includes(name));
  if (lacking === undefined) {
    if (rows > 1) return;
    throw new XentError("EMPTY", `${data} has ${count(rows, "row")}, expected at least two`, "Add rows.");
  }
  const meant = nearest(lacking, there);
  const known = `It has ${there.slice(0, 10).map(show).join(", ")}${there.length > 10 ? ", …" : ""}.`;
  const hint = [
    ...(meant === undefined ? [] : [`Did you mean ${show(meant)}?`]),
    known,
    ...(there.length === 1 ? ["If these are several, say what stands between them: --delimiter."] : []),
  ];
  throw new XentError("COLUMN", `${data}: no column is named ${show(lacking)}`, hint.join(" "));
}

/** Without the rows whose target is missing: nothing can be learnt of them, or measured with them. */
export function withTargets(data: string, table: Table, names: readonly string[], screen: Screen): Table {
  return withValues(data, table, names, names.join(", "), screen);
}

/** Without the rows in which one of some columns is missing. */
export function withoutGaps(data: string, table: Table, names: readonly string[], screen: Screen): Table {
  return withValues(data, table, names, "a value in each column", screen);
}

function withValues(
  data: string,
  table: Table,
  names: readonly string[],
  what: string,
  screen: Screen,
): Table {
  const needed = targetColumns(table, names);
  const known = Array.from({ length: table.rows }, (_, i) => i).filter((i) =>
    needed.every((column) => !isMissing(column, i)),
  );
  const left = table.rows - known.length;
  if (left === 0) return table;
  if (known.length === 0)
    throw new XentError("EMPTY", `${data}: no row has ${what}`, "There is nothing to learn.");
  screen.log(`${data}: ${count(left, "row")} without ${what} ${left === 1 ? "is" : "are"} left out`);
  return takeRows(table, known);
}

/** Names of the columns that become features. */
export function usedColumns({ columns }: Table, options: TrainOptions): string[] {
  return columns.map(({ name }) => name).filter((name) => isUsed(name, options));
}

function isMissing(column: Column, row: number): boolean {
  return column.type === "number" ? Number.isNaN(column.values[row]) : column.values[row] === -1;
}

/** Rows are numbered as they stand in the file. */
export function checkComplete(data: string, table: Table, options: TrainOptions): void {
  for (const column of table.columns) {
    const { name } = column;
    if (!isUsed(name, options) && !options.target?.includes(name)) continue;
    const row = Array.from({ length: table.rows }, (_, i) => i).find((i) => isMissing(column, i));
    if (row === undefined) continue;
    throw new XentError(
      "COLUMN",
      `${data}: column ${show(name)} has no value in row ${row + 1}`,
      "--on-missing drop leaves such rows out, impute puts a value in.",
    );
  }
}

function isUsed(name: string, { ignore = [], select, target = [] }: TrainOptions): boolean {
  return (select?.includes(name) ?? true) && !ignore.includes(name) && !target.includes(name);
}

/** A column of numbers with some text among them is likelier to be damaged than to be one of categories. */
export function checkMixed(data: string, { rows, columns }: Table, options: TrainOptions): void {
  for (const column of columns) {
    const { name } = column;
    if (column.type !== "category" || !isUsed(name, options) || options.encode?.includes(name)) continue;
    const isText = column.categories.map((each) => Number.isNaN(Number(each)));
    const texts = column.values.reduce((sum, id) => sum + (id >= 0 && isText[id] ? 1 : 0), 0);
    const given = column.values.reduce((sum, id) => sum + Number(id >= 0), 0);
    if (texts === 0 || texts * 2 >= given) continue;
    const row = column.values.findIndex((id) => id >= 0 && isText[id] === true);
    const found = show(column.categories[column.values[row] as number]);
    throw new XentError(
      "COLUMN",
      `${data}: column ${show(name)} has ${found} in row ${row + 1} of ${rows}, and numbers in most others`,
      `If it stands for a missing value: --missing ${found}. If these are categories: --encode ${name}.`,
    );
  }
}

/** Few different whole numbers may be classes, which nobody can tell but who made them. */
export function hintClasses(screen: Screen, column: Column | undefined): void {
  if (column?.type !== "number") return;
  const different = new Set(column.values);
  if (different.size > 10 || column.values.length < 3 * different.size) return;
  if (![...different].every(Number.isInteger)) return;
  screen.log(
    `${column.name} has ${count(different.size, "value")}, and is learnt as a number. If they are classes: --task classification`,
  );
}

export function checkClasses(
  { classes = [] }: Preprocessing,
  target: readonly Column[],
  { rows }: Table,
): void {
  if (classes.length > 1) return;
  const all = new Set(target[0]?.values).size;
  const where = all > 1 ? `the ${count(rows, "row")} to train with have` : "all rows have";
  throw new XentError(
    "COLUMN",
    `column ${show(target[0]?.name)}: ${where} one class, ${show(classes[0])}, expected at least two`,
    "There is nothing to tell apart.",
  );
}
