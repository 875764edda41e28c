// What is looked at before rows are split: whether the columns that a run names are there, and what of their values spoils it. Each is refused, or
// said, with what to do about it on a command line.

import { nearest, show } from "../../base/options.ts";
import { type Column, type Preprocessing, type Table, takeRows } from "../../data.ts";
import { XentError } from "../../index.ts";
import { count } from "../text/format.ts";
import type { Screen } from "../text/terminal.ts";
import type { TrainOptions } from "./settings.ts";

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

/** A column of numbers with some text among them is likelier to be damaged than to be one of categories; so is one of decimal commas. */
export function checkMixed(data: string, { rows, columns }: Table, options: TrainOptions): void {
  const isNumber = (text: string): boolean => {
    const number = options.decimal === "," ? text.replace(",", ".") : text;
    return number.trim() !== "" && Number.isFinite(Number(number));
  };
  for (const column of columns) {
    const { name } = column;
    const isTarget = options.target?.includes(name) === true && options.task === undefined;
    if (column.type !== "category" || options.encode?.includes(name)) continue;
    if (!isTarget && !isUsed(name, options)) continue;
    const kept = isTarget
      ? "If these are classes: --task classification."
      : `If these are categories: --encode ${name}.`;
    const example = column.categories.find((each) => COMMA.test(each));
    const reads = options.decimal === undefined && example !== undefined;
    if (reads && column.categories.every((each) => COMMA.test(each) || isNumber(each)))
      throw new XentError(
        "COLUMN",
        `${data}: column ${show(name)} holds texts such as ${show(example)}, expected numbers`,
        `If these have decimal commas: --decimal ,. ${kept}`,
      );
    const isText = column.categories.map((each) => !isNumber(each));
    const texts = column.values.reduce((sum, id) => sum + (id >= 0 && isText[id] ? 1 : 0), 0);
    const given = column.values.reduce((sum, id) => sum + Number(id >= 0), 0);
    if (texts === 0 || texts * 2 >= given) continue;
    const row = column.values.findIndex((id) => id >= 0 && isText[id] === true);
    const found = column.categories[column.values[row] as number];
    throw new XentError(
      "COLUMN",
      `${data}: column ${show(name)} has ${show(found)} in row ${row + 1} of ${rows}, and numbers in most others`,
      `If it stands for a missing value: --missing ${show(`NA,${found}`)}. ${kept}`,
    );
  }
}

/** "-12,5" */
const COMMA = /^[+-]?\d+,\d+$/;

/** Few different whole numbers may be classes, which nobody can tell but who made them. */
export function hintClasses(screen: Screen, column: Column | undefined): void {
  if (column?.type !== "number") return;
  const different = new Set(column.values);
  if (different.size < 2 || different.size > 10 || column.values.length < 3 * different.size) return;
  if (![...different].every(Number.isInteger)) return;
  screen.log(
    `${column.name} has ${count(different.size, "value")}, and is learnt as a number. If they are classes: --task classification`,
  );
}

/** Several columns are learnt as numbers. */
export function checkNumbers(data: string, target: readonly Column[]): void {
  const text = target.find(({ type }) => type === "category");
  if (text === undefined || target.length === 1) return;
  throw new XentError(
    "COLUMN",
    `${data}: column ${show(text.name)} is text, and several targets are learnt as numbers`,
    "Name one target, or columns of numbers.",
  );
}

/** A class of one row stays where the training rows are; rows are held out of those that have more. */
export function checkSplit(data: string, column: Column, option: "test" | "validation"): void {
  if (new Set(column.values).size < column.values.length) return;
  throw new XentError(
    "COLUMN",
    `${data}: column ${show(column.name)} has ${count(column.values.length, "row")}, each of another class, so that none can be held out`,
    `If these are numbers: --task regression. --${option} 0 holds none out.`,
  );
}

/** @param train  rows to train with */
export function checkVaried({ classes }: Preprocessing, target: readonly Column[], train: Table): void {
  for (const { name, values: all } of target) {
    const [values] = targetColumns(train, [name]).map((column) => new Set<number>(column.values));
    if (values === undefined || values.size > 1) continue;
    const where =
      new Set<number>(all).size > 1 ? `the ${count(train.rows, "row")} to train with have` : "all rows have";
    const [only] = classes ?? values;
    throw new XentError(
      "COLUMN",
      `column ${show(name)}: ${where} one ${classes === undefined ? "value" : "class"}, ${show(only)}, expected at least two`,
      "There is nothing to tell apart.",
    );
  }
}
