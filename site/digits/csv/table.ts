// From a visitor's table to what a net can learn: the columns that may be a target, rows to train and rows held out.

import {
  adamw,
  cosine,
  crossEntropy,
  type Dataset,
  dense,
  type FitOptions,
  type LayerSpec,
  mse,
  relu,
} from "xent";
import {
  oneHot,
  type Preprocessing,
  preprocess,
  readCsv,
  splitTable,
  standardize,
  type Table,
  takeRows,
} from "xent/data";

export type Task = "class" | "number";

export interface Wish {
  readonly target: string;
  readonly task: Task;
  /** columns that are not learnt from */
  readonly without: readonly string[];
}

export interface Prepared {
  readonly task: Task;
  readonly train: Dataset;
  readonly held: Dataset;
  readonly preprocessing: Preprocessing;
  /** rows without a target, left out */
  readonly lost: number;
}

/** Of the rows: seen only to say what the net is worth. */
const HELD = 0.2;
/** More different whole numbers than these are hardly classes. */
const MOST_CLASSES = 10;

export const read = (file: Blob): Promise<Table> => readCsv(file);

/** What the column of a target looks like: names are classes, and so are a few whole numbers. */
export function taskOf(table: Table, name: string): Task {
  const column = table.columns.find((each) => each.name === name);
  if (column?.type !== "number") return "class";
  const different = new Set(column.values.filter((value) => !Number.isNaN(value)));
  return different.size <= MOST_CLASSES && [...different].every(Number.isInteger) ? "class" : "number";
}

/** Reads it as the wish has it, splits it, and learns from the training rows alone how to prepare it. */
export async function prepare(file: Blob, { target, task, without }: Wish): Promise<Prepared> {
  const types = { [target]: task === "class" ? "category" : "number" } as const;
  const all = await readCsv(file, { types });
  const table = withTarget(all, target);
  const stratified = task === "class" ? { stratified: target } : {};
  const { train, validation } = splitTable(table, { validation: HELD, seed: 1, ...stratified });
  const preprocessing = preprocess(train, {
    target,
    ignore: without,
    missing: "impute",
    categories: oneHot({ unknown: "zeros" }),
    ...(task === "number" ? { scaleTarget: standardize() } : {}),
  });
  return {
    task,
    preprocessing,
    train: preprocessing.dataset(train),
    held: preprocessing.dataset(validation),
    lost: all.rows - table.rows,
  };
}

/** Two hidden layers, and a weight decay that fades as rows outnumber features. */
export function netFor({ train, preprocessing, task }: Prepared): { layers: LayerSpec[]; how: FitOptions } {
  const batchSize = train.rows < 1024 ? 8 : 32;
  const weightDecay = Math.min(2, (200 * Math.sqrt(train.features)) / train.rows);
  return {
    layers: [dense(64), relu(), dense(64), relu(), dense(preprocessing.outputs)],
    how: {
      batchSize,
      // some 3000 steps
      epochs: Math.min(100, Math.max(20, Math.ceil((3000 * batchSize) / train.rows))),
      loss: task === "class" ? crossEntropy() : mse(),
      optimizer: adamw({ lr: 0.01, weightDecay, schedule: cosine() }),
      metrics: [task === "class" ? "accuracy" : "r2"],
    },
  };
}

function withTarget(table: Table, name: string): Table {
  const column = table.columns.find((each) => each.name === name);
  if (column === undefined) return table;
  const known = (value: number): boolean => (column.type === "number" ? !Number.isNaN(value) : value >= 0);
  const rows = [...column.values.keys()].filter((row) => known(column.values[row] ?? Number.NaN));
  return rows.length === table.rows ? table : takeRows(table, rows);
}
