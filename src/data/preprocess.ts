// Fits a preprocessing on training rows, at once or table after table. What is done with which column is plan-columns.ts, what is learnt
// of it fit-columns.ts, what a fitted one does prepare.ts.

import { XentError } from "../base/errors.ts";
import type { PreprocessingSpec, TargetSpec } from "../base/spec.ts";
import { completeRows } from "./cells.ts";
import { checkPreprocessing } from "./check-preprocessing.ts";
import { CategoryFit, type ColumnFit, NumberFit } from "./fit-columns.ts";
import {
  type CheckedOptions,
  checkOptions,
  type Plan,
  type PreprocessOptions,
  planColumns,
} from "./plan-columns.ts";
import { Prepared, tables } from "./prepare.ts";
import type { Preprocessing } from "./prepared.ts";
import { openRows } from "./raw-rows.ts";
import type { Table } from "./table.ts";

/**
 * Learns from training rows how raw rows become features: mean and spread of numbers, categories, classes. Nothing else is looked at, so
 * that what is validated with stays unseen. A data set that it makes carries it along, and so does a model that is trained with that.
 *
 * @param rows  a table, or objects by column name. Of objects, a column of numbers and bigints holds numbers, one of strings and
 *   booleans categories; undefined, null, NaN and "" are missing
 * @throws {XentError}
 * - `OPTION` an unknown option, or one that is not as it should be or does not fit the others
 * - `COLUMN` a column that is not there, has no values, too many categories, or a value that is missing or of another kind
 * - `LABEL` a class that `classes` does not name; `NOT_FINITE` ±Infinity; `EMPTY` no rows, or none that is complete
 * - `SHAPE` a row that is no object
 * @category Preprocessing
 * @example
 * ```ts
 * import { minMax, preprocess } from "xent/data";
 * const rows = [{ year: 1900, kind: "flat" }, { year: 2000, kind: "house" }, { year: 2020, kind: "flat" }];
 * const prepared = preprocess(rows, { target: "kind", columns: { year: minMax({ low: -1 }) } });
 * prepared.classes; // → ["flat", "house"]
 * prepared.transform([{ year: 1960 }]).x; // → [0]
 * ```
 */
export function preprocess(rows: Table | readonly object[], options: PreprocessOptions = {}): Preprocessing {
  const fitting = new Fitting("preprocess", options);
  fitting.add(rows);
  return fitting.finish();
}

/**
 * The same for tables that come one after another, in one pass: the result does not depend on how the rows are cut into tables. The
 * first says which columns there are.
 *
 * @throws {XentError} as {@link preprocess}
 * @category Streams
 * @example
 * ```ts
 * import { adam, dense, init, mse } from "xent";
 * import { preprocessStream, standardize } from "xent/data";
 * import { streamCsvFile } from "xent/node";
 * const open = () => streamCsvFile("diabetes.csv", { chunkRows: 100 });
 * const prepared = await preprocessStream(open(), { target: "progression", scaleTarget: standardize() });
 * const xent = await init();
 * const model = xent.sequential({ input: prepared.features, loss: mse() }, [dense(1)]);
 * const run = await model.fit(prepared.stream(open), { epochs: 2, optimizer: adam() });
 * [prepared.rows, run.epochs]; // → [442, 2]
 * ```
 */
export async function preprocessStream(
  chunks: AsyncIterable<Table> | Iterable<Table>,
  options: PreprocessOptions = {},
): Promise<Preprocessing> {
  const fitting = new Fitting("preprocessStream", options);
  for await (const table of tables("preprocessStream", chunks)) fitting.add(table);
  return fitting.finish();
}

/** What was learnt of the rows that came until now. */
class Fitting {
  readonly #where: string;
  readonly #options: CheckedOptions;
  #plan: Plan | undefined;
  /** rows that came, and those that count */
  #rows = 0;
  #kept = 0;

  constructor(where: string, options: PreprocessOptions) {
    this.#where = where;
    this.#options = checkOptions(where, options);
  }

  add(rows: Table | readonly object[]): void {
    const place = { where: this.#where, before: this.#rows };
    const { missing } = this.#options;
    const source = openRows(place, rows);
    if (source.rows === 0) return;
    this.#plan ??= planColumns(this.#where, source, this.#options);
    const features = this.#plan.features.map((fit) => fit.open(source, place));
    const targets = this.#plan.targets.map((fit) => fit.open(source, place));
    const values = [...features, ...targets].map((each) => each.values);
    const complete = missing === "drop" ? completeRows(source.rows, values) : undefined;
    for (const each of features) each.add(complete, missing === "impute" ? undefined : MISSING);
    for (const each of targets) each.add(complete, MISSING_TARGET);
    this.#rows += source.rows;
    this.#kept += complete?.length ?? source.rows;
  }

  finish(): Preprocessing {
    const where = this.#where;
    if (this.#plan === undefined || this.#kept === 0) {
      const problem = this.#rows === 0 ? "there are no rows" : "in every row a value is missing";
      throw new XentError(
        "EMPTY",
        `${where}: ${problem}, expected at least one that is complete`,
        "Check how the data was read; an empty column can be left out by ignore.",
      );
    }
    const { features, targets } = this.#plan;
    const { missing } = this.#options;
    const target = targetOf(where, targets);
    const spec: PreprocessingSpec = {
      columns: features.map((fit) => fit.column(where, missing === "impute")),
      ...(target === undefined ? {} : { target }),
      ...(missing === "drop" ? { drop: true } : {}),
    };
    return new Prepared(checkPreprocessing(spec), this.#kept);
  }
}

const MISSING = 'missing: "drop" leaves such rows out, "impute" puts a value in.';
const MISSING_TARGET =
  'Nothing is put in for a target: give it, or take the row out, as missing: "drop" does.';

function targetOf(where: string, targets: readonly ColumnFit[]): TargetSpec | undefined {
  const [first] = targets;
  if (first === undefined) return undefined;
  if (first instanceof CategoryFit)
    return { kind: "classes", name: first.name, classes: first.labels(where) };
  const columns = targets.filter((fit) => fit instanceof NumberFit).map((fit) => fit.column(where, false));
  return { kind: "numbers", columns };
}
