// What a preprocessing offers to those that hold one: a data set that was made by it, a model that was trained with that. How it
// is fitted is preprocess.ts and what it does prepare.ts, which they do not load.

import type { PreprocessingSpec } from "../base/spec.ts";
import type { CheckedFeatures, Dataset } from "./dataset.ts";
import type { DataStream, StreamOptions } from "./stream.ts";
import type { Table } from "./table.ts";
import type { CheckedTargets, Targets } from "./targets.ts";

/**
 * Rows as they come, before anything is done to them: a table; objects by column name; arrays in the order of the columns; or,
 * where all columns are numbers, a flat array, row after row. Columns that are not asked for are not looked at.
 */
export type RawRows = Table | readonly object[] | readonly ArrayLike<unknown>[] | Float32Array | Float64Array;

/**
 * How raw rows become features, fitted on training rows. Made by `preprocess`, kept by the model that is trained with it.
 *
 * @category Preprocessing
 */
export interface Preprocessing {
  /** as plain data */
  readonly spec: PreprocessingSpec;
  /** how many features a row has: the model's `input` */
  readonly features: number;
  /** their names: that of a column of numbers, `column=category` */
  readonly names: readonly string[];
  /** how many outputs a model needs to learn the target: one a class, or one a number; 0 where there is no target */
  readonly outputs: number;
  /** names of the classes by their ids, where a class is learnt */
  readonly classes: readonly string[] | undefined;
  /** how many rows it was fitted on, those that were dropped left out; unknown to a model that was loaded */
  readonly rows: number | undefined;
  /**
   * The features of raw rows, `[rows · features]`; a target among the columns is not needed.
   *
   * @throws {XentError} `COLUMN` a column that is not there, or a value that is missing or not of its kind; `NOT_FINITE`, `SHAPE`, `EMPTY`,
   *   `OPTION` (what are no rows)
   * @example
   * ```ts
   * import { preprocess } from "xent/data";
   * const prepared = preprocess([{ size: 1, kind: "flat" }, { size: 3, kind: "house" }]);
   * prepared.names; // → ["size", "kind=flat", "kind=house"]
   * prepared.transform([{ size: 5, kind: "house" }]).x; // → [3, 0, 1]
   * ```
   */
  transform(rows: RawRows, where?: string): CheckedFeatures;
  /**
   * The data set of raw rows, target included.
   *
   * @throws {XentError} as `transform`; `PREPROCESSING` it was fitted without a target; `LABEL` an unknown class; `EMPTY` no row is complete
   * @example
   * ```ts
   * import { preprocess } from "xent/data";
   * const prepared = preprocess([{ size: 1, kind: "flat" }, { size: 3, kind: "house" }], { target: "kind" });
   * const { x, y, classes } = prepared.dataset([{ size: 2, kind: "house" }]);
   * [x, y, classes]; // → [[0], [1], ["flat", "house"]]
   * ```
   */
  dataset(rows: RawRows): Dataset;
  /**
   * The same of tables that come one after another, for data that are larger than memory: `open` is called each epoch.
   *
   * @param size  as `datasetStream` takes it. Where `rows` is left out they are counted by reading once more; `{ rows: prepared.rows }`
   *   spares that where the data are those that were fitted on
   * @throws {XentError} `OPTION`; `PREPROCESSING` it was fitted without a target; later as `dataset`
   * @example
   * ```ts
   * import { dense, init, mse, sgd } from "xent";
   * import { preprocess, table } from "xent/data";
   * const parts = [table([{ a: 1, b: 2 }, { a: 3, b: 4 }]), table([{ a: 5, b: 6 }])];
   * const prepared = preprocess(parts[0], { target: "b" });
   * const xent = await init();
   * const model = xent.sequential({ input: prepared.features, loss: mse() }, [dense(prepared.outputs)]);
   * const stream = prepared.stream(() => parts, { rows: 3 });
   * (await model.fit(stream, { epochs: 2, batchSize: 3, optimizer: sgd({ lr: 0.1 }) })).steps; // → 2
   * ```
   */
  stream(
    open: () => AsyncIterable<Table> | Iterable<Table>,
    size?: Omit<StreamOptions, "chunks">,
  ): DataStream;
  /**
   * Turns numbers that a model gave, `[rows · outputs]`, into those of the target's own units, in place.
   *
   * @throws {XentError} `SHAPE` they are no whole number of rows
   * @example
   * ```ts
   * import { preprocess, standardize } from "xent/data";
   * const rows = [{ size: 1, price: 100 }, { size: 3, price: 300 }];
   * const prepared = preprocess(rows, { target: "price", scaleTarget: standardize() });
   * prepared.dataset(rows).y; // → [-1, 1]
   * prepared.restore(Float32Array.of(0, 1)); // → [200, 300]
   * ```
   */
  restore(outputs: Float32Array): Float32Array;
  /**
   * The way back: targets as a model learns them. Of classes ids or names; of numbers, `[rows · outputs]` in their own units.
   *
   * @internal
   * @param rows  how many rows they are for
   */
  targets(y: Targets | readonly string[], rows: number, where?: string): CheckedTargets;
}
