// What a trained model says of the rows that nobody has shown it, beside what is true: classes or numbers. No judgement yet:
// that is roc.ts, fits.ts and mistakes.ts.

import type { Table } from "../../data.ts";
import { type Dataset, type Sequential, XentError } from "../../index.ts";

/** A classifier's answers, row by row. */
export interface ClassAnswers {
  readonly names: readonly string[];
  /** class ids; of a row that the loss ignores, one that is no class */
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  /** of the predicted class */
  readonly score: Float64Array;
  /** whether scores are probabilities, and no outputs of another loss */
  readonly probabilities: boolean;
  /** of two classes: what orders rows by the second, and what the model gives it */
  readonly second: { readonly scores: Float64Array; readonly outputs: Float64Array } | undefined;
}

/** A regression's answers, in the target's own units, output by output. */
export interface NumberAnswers {
  readonly names: readonly string[];
  /** `[outputs][rows]` */
  readonly truth: readonly Float64Array[];
  readonly predicted: readonly Float64Array[];
}

/** What the model's calls take: rows as they came where it prepares them itself, else features. */
function rowsFor(model: Sequential, dataset: Dataset, table: Table | undefined): Table | Dataset["x"] {
  if (table !== undefined && table.rows !== dataset.rows) {
    throw new XentError(
      "SHAPE",
      `report: the table has ${table.rows} rows, the data set ${dataset.rows}`,
      "Pass the table that the data set was made of, without the rows that were dropped.",
    );
  }
  if (model.preprocessing === undefined) return dataset.x;
  if (table !== undefined) return table;
  throw new XentError(
    "OPTION",
    "report: no table, and the model prepares its rows itself",
    "Pass the table that the data set was made of.",
  );
}

export function classAnswers(model: Sequential, dataset: Dataset, table: Table | undefined): ClassAnswers {
  const rows = rowsFor(model, dataset, table);
  const { outputs } = model;
  const given = model.predict(rows);
  const predicted = model.predictClass(rows);
  const two = outputs <= 2;
  const names = model.classes ?? dataset.classes;
  return {
    names: names ?? Array.from({ length: Math.max(2, outputs) }, (_, id) => String(id)),
    truth: dataset.y as Int32Array,
    predicted,
    score: Float64Array.from(predicted, (id, row) => {
      if (outputs > 1) return given[row * outputs + id] as number;
      return id === 1 ? (given[row] as number) : 1 - (given[row] as number);
    }),
    probabilities: areProbabilities(given, outputs),
    second: two ? secondClass(model.logits(rows), given, outputs) : undefined,
  };
}

/** Logits and not probabilities order the rows: those that round to 1 are still apart. */
function secondClass(logits: Float32Array, given: Float32Array, outputs: number): ClassAnswers["second"] {
  const rows = given.length / outputs;
  const last = outputs - 1;
  return {
    scores: Float64Array.from({ length: rows }, (_, row) => {
      const own = logits[row * outputs + last] as number;
      return last === 0 ? own : own - (logits[row * outputs] as number);
    }),
    outputs: Float64Array.from({ length: rows }, (_, row) => given[row * outputs + last] as number),
  };
}

/** Shares that add up to 1; of one output, a share. Losses other than cross entropy leave the outputs as they are. */
function areProbabilities(given: Float32Array, outputs: number): boolean {
  for (let at = 0; at < given.length; at += outputs) {
    let sum = 0;
    for (const value of given.subarray(at, at + outputs)) {
      if (!(value >= 0 && value <= 1)) return false;
      sum += value;
    }
    if (outputs > 1 && Math.abs(sum - 1) > 1e-3) return false;
  }
  return true;
}

export function numberAnswers(model: Sequential, dataset: Dataset, table: Table | undefined): NumberAnswers {
  const { outputs, preprocessing } = model;
  const given = model.predict(rowsFor(model, dataset, table));
  const targets = Float32Array.from(dataset.y);
  const truth = preprocessing?.restore(targets) ?? targets;
  const spec = preprocessing?.spec.target;
  const columns = spec?.kind === "numbers" ? spec.columns.map(({ name }) => name) : [];
  const column = (of: Float32Array, output: number): Float64Array =>
    Float64Array.from({ length: dataset.rows }, (_, row) => of[row * outputs + output] as number);
  const each = Array.from({ length: outputs }, (_, output) => output);
  return {
    names: each.map((output) => columns[output] ?? (outputs === 1 ? "target" : `output ${output + 1}`)),
    truth: each.map((output) => column(truth, output)),
    predicted: each.map((output) => column(given, output)),
  };
}
