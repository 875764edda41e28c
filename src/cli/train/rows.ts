// The rows of a run of `train`: read, split, and prepared by what the training rows alone show.

import { basename } from "node:path";
import type { Column, PreprocessOptions, Table } from "../../data.ts";
import { asIs, minMax, oneHot, preprocess, splitTable, standardize } from "../../data.ts";
import type { Dataset } from "../../index.ts";
import { inFile, UsageError } from "../errors.ts";
import { readTable } from "../read.ts";
import type { Seen } from "../report/report.ts";
import type { Screen } from "../text/terminal.ts";
import {
  checkComplete,
  checkMixed,
  checkNumbers,
  checkSplit,
  checkTargets,
  checkVaried,
  hintClasses,
  targetColumns,
  usedColumns,
  withoutGaps,
  withTargets,
} from "./check-rows.ts";
import { TEST, VALIDATION } from "./defaults.ts";
import type { TrainOptions } from "./settings.ts";

/** Rows as a model takes them, and as they came. */
export interface Part {
  readonly dataset: Dataset;
  readonly table?: Table;
  /** of each row, as it stands in its file, counted from 1 */
  readonly rowNumbers?: Float64Array;
}

/** Everything that a run knows of its data. */
export interface Rows {
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
  /** features are the pixels of such an image */
  readonly image?: { readonly width: number; readonly height: number };
}

/** The rows that tell what a model is worth: of those that there are, the ones that it has seen least of. */
export function unseen({ test, validation, train }: Rows): {
  readonly seen: Seen;
  readonly part: Part;
} {
  if (test !== undefined) return { seen: "test", part: test };
  return validation === undefined
    ? { seen: "training", part: train }
    : { seen: "validation", part: validation };
}

/** How many rows there are of each part. */
export function countsOf({ train, validation, test }: Rows): Record<"train" | "validation" | "test", number> {
  return {
    train: train.dataset.rows,
    validation: validation?.dataset.rows ?? 0,
    test: test?.dataset.rows ?? 0,
  };
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
  const types = { ...typesBy(wished, names), ...typed(options.encode ?? [], "category") };
  const read = await readTable(data, options, screen, { types, signal });
  checkTargets(data, read, names);
  checkMixed(data, read, options);
  if (options.onMissing === "error") checkComplete(data, read, options);
  const usable = (path: string, table: Table): Table => {
    const known = withTargets(path, numbered(table), names, screen);
    return options.onMissing === "drop"
      ? withoutGaps(path, known, usedColumns(table, options), screen)
      : known;
  };
  const all = usable(data, read);
  const target = targetColumns(all, names);
  const [first] = target;
  const task =
    wished ?? (target.length === 1 && first?.type === "category" ? "classification" : "regression");
  checkNumbers(data, target);
  if (wished === undefined && task === "regression") hintClasses(screen, first);
  const stratified = task === "classification" && first !== undefined ? { stratified: first.name } : {};

  // a file of the same kind of rows, read as the first was
  const readMore = async (path: string): Promise<Table> => {
    const known = Object.fromEntries(read.columns.map(({ name, type }) => [name, type]));
    return usable(path, await readTable(path, options, screen, { types: known, signal }));
  };
  const part = async (table: Table, wish: number | string, option: "test" | "validation", by: number) => {
    if (typeof wish === "string") return { rest: table, part: await readMore(wish), path: wish };
    if (wish === 0) return { rest: table, part: undefined };
    if (task === "classification")
      for (const each of targetColumns(table, names)) checkSplit(data, each, option);
    const { train, validation } = splitTable(table, { validation: wish, seed: by, ...stratified });
    return { rest: train, part: validation };
  };
  const tested = await part(all, options.test ?? TEST, "test", seed);
  const wish = options.validation ?? (options.patience === undefined ? 0 : VALIDATION);
  // by another lot, or the first rows of the test's draw would be the last here
  const validated = await part(tested.rest, wish, "validation", (seed + 1) % 2 ** 32);

  const known = plain(validated.rest).table;
  const prepared = preprocess(known, preparation(options, task, target));
  checkVaried(prepared, target, known);
  const whole = (given: Table, path = data): Part => {
    const { table, rowNumbers } = plain(given);
    return { dataset: inFile(path, () => prepared.dataset(table)), table, rowNumbers };
  };
  const title = data === "-" ? "stdin" : basename(data);
  return {
    title,
    task,
    target: target.map((each) => each.name),
    features: prepared.features,
    outputs: prepared.outputs,
    ...(prepared.classes === undefined ? {} : { classes: prepared.classes }),
    train: whole(validated.rest),
    ...(validated.part === undefined ? {} : { validation: whole(validated.part, validated.path) }),
    ...(tested.part === undefined ? {} : { test: whole(tested.part, tested.path) }),
  };
}

/** A name that no column of a file has. */
const NUMBERS = "\u0000row";

/** The table with the numbers of its rows beside them, so that these go where the rows go. */
function numbered({ rows, columns }: Table): Table {
  const values = Float64Array.from({ length: rows }, (_, i) => i + 1);
  return { rows, columns: [...columns, { name: NUMBERS, type: "number", values }] };
}

function plain({ rows, columns }: Table): { table: Table; rowNumbers: Float64Array } {
  const numbers = columns.find(({ name }) => name === NUMBERS);
  return {
    table: { rows, columns: columns.filter((column) => column !== numbers) },
    rowNumbers: Float64Array.from(numbers?.values ?? []),
  };
}

function preparation(
  options: TrainOptions,
  task: Rows["task"],
  target: readonly Column[],
): PreprocessOptions {
  const { select, ignore, scale = "standardize", unknown = "zeros", onMissing = "impute" } = options;
  const numbers = { standardize, minMax, asIs }[scale]();
  const names = target.map(({ name }) => name);
  return {
    target: task === "classification" ? (names[0] as string) : names,
    ...(task === "regression" ? { scaleTarget: standardize() } : {}),
    ...orderOf(task, target[0]),
    ...(select === undefined ? {} : { select }),
    ...(ignore === undefined ? {} : { ignore }),
    numbers,
    categories: oneHot({ unknown }),
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
  return typed(names, task === "classification" ? "category" : "number");
}

function typed(names: readonly string[], type: Column["type"]): Record<string, Column["type"]> {
  return Object.fromEntries(names.map((name) => [name, type]));
}
