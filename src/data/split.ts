// Splits a data set into rows to train on and rows to validate with. Rows are copied; which go where depends on the seed alone.

import { XentError } from "../base/errors.ts";
import { checkNames, flag, integer, show } from "../base/options.ts";
import { Random, STREAM_SPLIT, shuffle } from "../base/random.ts";
import { CheckedRows, type Dataset, isDataset } from "./dataset.ts";
import { count, toTargets, toWeights } from "./targets.ts";

/** How `split` and `fit` choose the rows to validate with. */
export interface SplitOptions {
  /** share of the rows, above 0 and below 1: rounded to whole rows, at least one on either side */
  validation: number;
  /** an integer from 0 to 2³² − 1, default 0 */
  seed?: number;
  /** Keeps the share of each class on both sides; for class ids. Default false. */
  stratified?: boolean;
  /** Draws the rows by lot; without it the last ones (of each class) are taken. Default true. */
  shuffle?: boolean;
}

/** Both parts of a data set. */
export interface Split {
  readonly train: Dataset;
  readonly validation: Dataset;
}

const OPTIONS = ["validation", "seed", "stratified", "shuffle"];

/**
 * Splits a data set in two: features (bytes stay bytes), targets, weights and class names. The same seed gives the same
 * split, whatever the features are.
 *
 * With `stratified`, each class has its share of the validation rows, rounded by largest remainders; a class of at least two
 * rows is on both sides, one of a single row in `train`.
 *
 * @throws {XentError} `OPTION` a name or a value, data that is no data set; `EMPTY` not two rows, or, stratified, no class of
 *   two; `LABEL` stratified without class ids; `WEIGHT` every row of a side has weight 0
 * @category Data sets
 * @example
 * ```ts
 * import { dataset, split } from "xent";
 * const x = Array.from({ length: 10 }, (_, i) => [i]);
 * const data = dataset({ x, y: ["a", "a", "a", "a", "a", "b", "b", "b", "b", "b"] });
 * const { train, validation } = split(data, { validation: 0.4, stratified: true });
 * [train.rows, validation.rows]; // → [6, 4]
 * Array.from(validation.y).sort(); // → [0, 0, 1, 1]
 * ```
 */
export function split(data: Dataset, options: SplitOptions): Split {
  checkNames("split", options, OPTIONS);
  return splitRows("split", data, options);
}

/**
 * The same for a call of another name.
 *
 * @param name  of the option that is the share
 */
export function splitRows(where: string, data: Dataset, options: SplitOptions, name = "validation"): Split {
  if (!isDataset(data)) {
    throw new XentError(
      "OPTION",
      `${where}: the data is ${show(data)}`,
      "Pass what dataset({ x, y }) returns.",
    );
  }
  const { stratified = false } = options;
  flag(`${where}: stratified`, stratified);
  const groups = stratified ? classIds(where, data) : undefined;
  const { train, validation } = chooseRows(where, data.rows, groups, options, name);
  return {
    train: take(`${where}: train`, data, train),
    validation: take(`${where}: validation`, data, validation),
  };
}

/** Rows of both sides. */
export interface ChosenRows {
  readonly train: number[];
  readonly validation: number[];
}

/**
 * Which rows go to which side, by the options that are checked here.
 *
 * @param groups  ids of the groups of which each has its share of the validation rows; undefined: all rows are one
 * @param name    of the option that is the share
 */
export function chooseRows(
  where: string,
  rows: number,
  groups: Int32Array | undefined,
  options: Pick<SplitOptions, "validation" | "seed" | "shuffle">,
  name = "validation",
): ChosenRows {
  const { validation: share, seed = 0, shuffle: byLot = true } = options;
  if (typeof share !== "number" || !(share > 0 && share < 1)) {
    throw new XentError(
      "OPTION",
      `${where}: ${name} is ${show(share)}, expected a number above 0 and below 1`,
      "0.2 keeps a fifth of the rows to validate with.",
    );
  }
  integer(`${where}: seed`, seed, 0, 2 ** 32 - 1);
  flag(`${where}: shuffle`, byLot);
  if (rows < 2) {
    throw new XentError(
      "EMPTY",
      `${where}: the data has ${count(rows, "row")}, expected at least 2`,
      "A row cannot be on both sides.",
    );
  }
  const order = new Uint32Array(rows);
  if (byLot) shuffle(order, new Random(seed, STREAM_SPLIT, 0));
  else for (let i = 0; i < order.length; i++) order[i] = i;
  const classes = groups ?? new Int32Array(rows);
  const left = quotas(where, classes, share);
  // from the end of the order, until each class has what it is due
  const here: number[] = [];
  const there: number[] = [];
  for (let i = order.length - 1; i >= 0; i--) {
    const row = order[i] as number;
    const due = left.get(classes[row] as number) as number;
    if (due > 0) left.set(classes[row] as number, due - 1);
    (due > 0 ? there : here).push(row);
  }
  return { train: here.reverse(), validation: there.reverse() };
}

function classIds(where: string, { y, targets }: CheckedRows): Int32Array {
  if (y instanceof Int32Array) return y;
  throw new XentError(
    "LABEL",
    `${where}: stratified needs class ids, and y holds ${count(targets, "number")} a row`,
    "Leave stratified out, or make the data set with integers from 0, one a row.",
  );
}

/**
 * Rows to validate with, of each class: n·share rounded down, and one more for the largest remainders until the whole is
 * share of all rows; but no class of two rows or more goes to one side as a whole.
 */
function quotas(where: string, classes: Int32Array, share: number): Map<number, number> {
  const sizes = new Map<number, number>();
  for (const id of classes) sizes.set(id, (sizes.get(id) ?? 0) + 1);
  const list = [...sizes]
    .sort(([a], [b]) => a - b)
    .map(([id, rows]) => {
      const least = rows < 2 ? 0 : 1;
      const most = Math.max(0, rows - 1);
      return {
        id,
        due: rows * share,
        least,
        most,
        rows: Math.min(most, Math.max(least, Math.floor(rows * share))),
      };
    });
  const sum = (of: "least" | "most" | "rows"): number => list.reduce((total, each) => total + each[of], 0);
  if (sum("most") === 0) {
    throw new XentError(
      "EMPTY",
      `${where}: no class has two rows, so that stratified can give none to validation`,
      "Leave stratified out.",
    );
  }
  const wanted = Math.min(sum("most"), Math.max(sum("least"), Math.round(classes.length * share)));
  for (let off = wanted - sum("rows"); off !== 0; off -= Math.sign(off)) {
    const able = list.filter((each) => (off > 0 ? each.rows < each.most : each.rows > each.least));
    const remainder = (each: (typeof list)[number]): number => (each.due - each.rows) * Math.sign(off);
    const next = able.reduce((best, each) => (remainder(each) > remainder(best) ? each : best));
    next.rows += Math.sign(off);
  }
  return new Map(list.map(({ id, rows }) => [id, rows]));
}

function take(where: string, data: CheckedRows, rows: readonly number[]): Dataset {
  const { x, y, features, targets, weight, scale, shift, classes, preprocessing } = data;
  const n = rows.length;
  const gather = <A extends Float32Array | Uint8Array | Int32Array>(from: A, width: number, to: A): A => {
    for (const [i, row] of rows.entries()) to.set(from.subarray(row * width, (row + 1) * width), i * width);
    return to;
  };
  const room = x instanceof Uint8Array ? new Uint8Array(n * features) : new Float32Array(n * features);
  const aims = y instanceof Int32Array ? new Int32Array(n) : new Float32Array(n * targets);
  return new CheckedRows(
    { x: gather(x, features, room), rows: n, features },
    toTargets(where, gather(y, targets, aims), n),
    toWeights(where, weight && gather(weight, 1, new Float32Array(n)), n),
    scale,
    shift,
    classes,
    preprocessing,
  );
}
