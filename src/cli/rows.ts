// The rows of a run of `train`: read, split, and prepared by what the training rows alone show.

import { basename, extname } from "node:path";
import { nearest, show } from "../base/options.ts";
import type { Column, Encoding, Preprocessing, PreprocessOptions, Table } from "../data.ts";
import { asIs, minMax, oneHot, preprocess, splitTable, standardize } from "../data.ts";
import { type Dataset, XentError } from "../index.ts";
import { TEST, VALIDATION } from "./defaults.ts";
import { UsageError } from "./errors.ts";
import { count } from "./format.ts";
import { readTable } from "./read.ts";
import type { TrainOptions } from "./settings.ts";
import type { Screen } from "./terminal.ts";

/** Rows as a model takes them, and as they came. */
export interface Part {
  readonly dataset: Dataset;
  readonly table?: Table;
}

/** Everything that a run knows of its data. */
export interface Rows {
  /** "iris": what files are called after */
  readonly name: string;
  /** "iris.csv" */
  readonly title: string;
  readonly task: "classification" | "regression";
  /** names of what is learnt */
  readonly target: readonly string[];
  readonly features: number;
  readonly outputs: number;
  readonly classes?: readonly string[];
  readonly train: Part;
  readonly validation?: Part;
  readonly test?: Part;
  readonly prepared?: Preprocessing;
  /** features are the pixels of such an image */
  readonly image?: { readonly width: number; readonly height: number };
}

export async function readRows(
  data: string,
  options: TrainOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<Rows> {
  if (options.target === undefined)
    throw new UsageError(
      "--target is missing: the column to predict, as in: xent train data.csv --target label",
    );
  const { task: wished, seed = 0 } = options;
  const names = [...new Set(options.target)];
  const types = typesBy(wished, names);
  const all = await readTable(data, options, screen, { types, signal });
  checkTargets(data, all, names);
  const target = targetColumns(all, names);
  const [first] = target;
  const task =
    wished ?? (target.length === 1 && first?.type === "category" ? "classification" : "regression");
  if (wished === undefined && task === "regression") hintClasses(screen, first);
  const stratified = task === "classification" && first !== undefined ? { stratified: first.name } : {};

  // a file of the same kind of rows, read as the first was
  const readMore = (path: string): Promise<Table> => {
    const known = Object.fromEntries(all.columns.map(({ name, type }) => [name, type]));
    return readTable(path, options, screen, { types: known, signal });
  };
  const part = async (table: Table, wish: number | string, by: number) => {
    if (typeof wish === "string") return { rest: table, part: await readMore(wish) };
    if (wish === 0) return { rest: table, part: undefined };
    const { train, validation } = splitTable(table, { validation: wish, seed: by, ...stratified });
    return { rest: train, part: validation };
  };
  const tested = await part(all, options.test ?? TEST, seed);
  const wish = options.validation ?? (options.patience === undefined ? 0 : VALIDATION);
  // by another lot, or the first rows of the test's draw would be the last here
  const validated = await part(tested.rest, wish, (seed + 1) % 2 ** 32);

  const train = validated.rest;
  const prepared = preprocess(train, preparation(options, task, target));
  if (task === "classification") checkClasses(prepared, target, train);
  const whole = (table: Table | undefined): Part | undefined =>
    table && { dataset: prepared.dataset(table), table };
  const title = data === "-" ? "stdin" : basename(data);
  const [validation, test] = [whole(validated.part), whole(tested.part)];
  return {
    name: data === "-" ? "model" : basename(data, extname(data)),
    title,
    task,
    target: target.map((each) => each.name),
    features: prepared.features,
    outputs: prepared.outputs,
    ...(prepared.classes === undefined ? {} : { classes: prepared.classes }),
    train: { dataset: prepared.dataset(train), table: train },
    ...(validation === undefined ? {} : { validation }),
    ...(test === undefined ? {} : { test }),
    prepared,
  };
}

function preparation(
  options: TrainOptions,
  task: Rows["task"],
  target: readonly Column[],
): PreprocessOptions {
  const {
    select,
    ignore,
    encode = [],
    scale = "standardize",
    unknown = "zeros",
    onMissing = "impute",
  } = options;
  const numbers = { standardize, minMax, asIs }[scale]();
  const codes = Object.fromEntries(encode.map((name) => [name, oneHot({ unknown })]));
  const names = target.map(({ name }) => name);
  return {
    target: task === "classification" ? (names[0] as string) : names,
    ...(task === "regression" ? { scaleTarget: standardize() } : {}),
    ...orderOf(task, target[0]),
    ...(select === undefined ? {} : { select }),
    ...(ignore === undefined ? {} : { ignore }),
    numbers,
    categories: oneHot({ unknown }),
    columns: codes as Record<string, Encoding>,
    missing: onMissing,
  };
}

/** Classes that are numbers come in the order of numbers; others sorted, which is the library's way. */
function orderOf(task: Rows["task"], column: Column | undefined): Pick<PreprocessOptions, "classes"> {
  if (task !== "classification" || column?.type !== "category") return {};
  const numbers = column.categories.map(Number);
  if (numbers.some(Number.isNaN) || column.categories.includes("")) return {};
  const used = new Set(column.values);
  const classes = column.categories.filter((_, i) => used.has(i));
  return { classes: classes.sort((a, b) => Number(a) - Number(b)) };
}

/** A class is told by its text; a number is one, or an error with its line. */
function typesBy(task: TrainOptions["task"], names: readonly string[]): Record<string, Column["type"]> {
  if (task === undefined) return {};
  const type = task === "classification" ? "category" : "number";
  return Object.fromEntries(names.map((name) => [name, type]));
}

function targetColumns({ columns }: Table, names: readonly string[]): Column[] {
  return names.flatMap((name) => columns.filter((column) => column.name === name));
}

function checkTargets(data: string, { rows, columns }: Table, names: readonly string[]): void {
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

/** Few different whole numbers may be classes, which nobody can tell but who made them. */
function hintClasses(screen: Screen, column: Column | undefined): void {
  if (column?.type !== "number") return;
  const different = new Set(column.values);
  if (different.size > 10 || column.values.length < 3 * different.size) return;
  if (![...different].every(Number.isInteger)) return;
  screen.log(
    `${column.name} has ${count(different.size, "value")}, and is learnt as a number. If they are classes: --task classification`,
  );
}

function checkClasses({ classes = [] }: Preprocessing, target: readonly Column[], { rows }: Table): void {
  if (classes.length > 1) return;
  const all = new Set(target[0]?.values).size;
  const where = all > 1 ? `the ${count(rows, "row")} to train with have` : "all rows have";
  throw new XentError(
    "COLUMN",
    `column ${show(target[0]?.name)}: ${where} one class, ${show(classes[0])}, expected at least two`,
    "There is nothing to tell apart.",
  );
}
