// What a fitted preprocessing does: raw rows become features, data sets and streams of these, and numbers of a model their own units
// again. How it is fitted is preprocess.ts, which a model that was loaded does not need.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { ColumnSpec, NumberColumn, PreprocessingSpec } from "../base/spec.ts";
import { type Coded, completeRows, type Place, type Values } from "./cells.ts";
import { checkPreprocessing } from "./check-preprocessing.ts";
import { toClasses } from "./classes.ts";
import { type CheckedFeatures, CheckedRows } from "./dataset.ts";
import type { Preprocessing, RawRows } from "./prepared.ts";
import { openRows, type RowSource, refuseEmpty } from "./raw-rows.ts";
import { type DataStream, datasetStream, isIterable, type StreamOptions } from "./stream.ts";
import type { Table } from "./table.ts";
import { type CheckedTargets, count, type Targets, toTargets } from "./targets.ts";
import {
  type Index,
  indexOf,
  placesOf,
  writeCategories,
  writeNumbers,
  writeTargets,
} from "./write-columns.ts";

/** Rows that are written column after column, so that they stay in the cache: 1024 of 100 features are 400 KB. */
const BLOCK = 1024;

/** More f32 than a WebAssembly memory can have. */
const MOST_VALUES = 2 ** 30;

/**
 * Makes a preprocessing of its description, such as one that was stored as JSON. It gives the same features as the one that the
 * description is of, bit for bit.
 *
 * @param spec  the `spec` of a preprocessing, from wherever: all of it is checked
 * @throws {XentError} `PREPROCESSING` it is none, or damaged
 * @category Preprocessing
 * @example
 * ```ts
 * import { preprocess, preprocessingOf } from "xent/data";
 * const prepared = preprocess([{ size: 1 }, { size: 3 }]);
 * const text = JSON.stringify(prepared.spec);
 * const again = preprocessingOf(JSON.parse(text));
 * again.transform([{ size: 4 }]).x; // → [2]
 * ```
 */
export function preprocessingOf(spec: unknown): Preprocessing {
  return new Prepared(checkPreprocessing(spec), undefined);
}

/** The one class of preprocessings. */
export class Prepared implements Preprocessing {
  readonly spec: PreprocessingSpec;
  readonly features: number;
  readonly names: readonly string[];
  readonly outputs: number;
  readonly classes: readonly string[] | undefined;
  readonly rows: number | undefined;
  readonly #order: readonly string[];
  /** of the categories of each column */
  readonly #places: readonly (Index | undefined)[];

  /**
   * @param spec  checked and frozen
   * @param rows  that were fitted on, if that is known
   */
  constructor(spec: PreprocessingSpec, rows: number | undefined) {
    const { columns, target } = spec;
    this.spec = spec;
    this.names = Object.freeze(columns.flatMap(namesOf));
    this.features = this.names.length;
    this.classes = target?.kind === "classes" ? target.classes : undefined;
    this.outputs =
      target === undefined ? 0 : target.kind === "classes" ? target.classes.length : target.columns.length;
    this.rows = rows;
    this.#order = columns.map(({ name }) => name);
    this.#places = columns.map((each) => (each.kind === "number" ? undefined : indexOf(each.categories)));
    Object.freeze(this);
  }

  transform(rows: RawRows, where = "transform"): CheckedFeatures {
    const place = { where, before: 0 };
    const source = openRows(place, rows, this.#order);
    refuseEmpty(where, source);
    return this.#features(place, this.#read(source), source.rows, undefined);
  }

  dataset(rows: RawRows): CheckedRows {
    const place = { where: "dataset", before: 0 };
    const source = openRows(place, rows, this.#order);
    refuseEmpty("dataset", source);
    const data = this.#dataset(place, source);
    if (data !== undefined) return data;
    throw new XentError(
      "EMPTY",
      "dataset: in every row a value is missing, so that all are dropped, expected one that is complete",
      'Fit with missing: "impute", or leave out the column that is empty.',
    );
  }

  stream(
    open: () => AsyncIterable<Table> | Iterable<Table>,
    size: Omit<StreamOptions, "chunks"> = {},
  ): DataStream {
    if (typeof open !== "function") {
      throw new XentError(
        "OPTION",
        `stream: got ${show(open)}, expected a function`,
        "Pass one that opens the data from their beginning, each epoch anew: () => streamCsv(…).",
      );
    }
    if (this.spec.target === undefined) noTarget("stream");
    return datasetStream({ ...size, chunks: () => this.#chunks(open) });
  }

  restore(outputs: Float32Array): Float32Array {
    const { target } = this.spec;
    if (target?.kind !== "numbers") return outputs;
    const width = target.columns.length;
    if (outputs.length % width !== 0) {
      throw new XentError(
        "SHAPE",
        `restore: there are ${count(outputs.length, "value")}, expected a multiple of ${width}, the numbers of a row`,
        "Pass what the model gave.",
      );
    }
    for (const [k, { center, scale, offset }] of target.columns.entries()) {
      for (let at = k; at < outputs.length; at += width)
        outputs[at] = ((outputs[at] as number) - offset) / scale + center;
    }
    return outputs;
  }

  targets(y: Targets | readonly string[], rows: number, where = "targets"): CheckedTargets {
    const { target } = this.spec;
    if (target?.kind === "classes") return toTargets(where, toClasses(where, y, target.classes).y, rows);
    const checked = toTargets(where, y, rows);
    if (target === undefined) return checked;
    const { columns } = target;
    // as they came, not as the f32 that was checked, and rounded once; whole numbers are no class ids here
    const rowsOf = y as readonly ArrayLike<number>[];
    const nested = typeof rowsOf[0] === "object";
    const scaled = Float32Array.from(checked.y, (_, at) => {
      const { center, scale, offset } = columns[at % columns.length] as NumberColumn;
      const value = nested ? rowsOf[Math.floor(at / checked.targets)]?.[at % checked.targets] : y[at];
      return (Number(value) - center) * scale + offset;
    });
    return toTargets(where, scaled, rows);
  }

  async *#chunks(open: () => AsyncIterable<Table> | Iterable<Table>): AsyncGenerator<CheckedRows> {
    let before = 0;
    for await (const table of tables("stream", open())) {
      const place = { where: "stream", before };
      const source = openRows(place, table, this.#order);
      const data = source.rows === 0 ? undefined : this.#dataset(place, source);
      before += source.rows;
      if (data !== undefined) yield data;
    }
  }

  /** Undefined where no row is left. */
  #dataset(place: Place, source: RowSource): CheckedRows | undefined {
    const { target, drop } = this.spec;
    if (target === undefined) noTarget(place.where);
    const columns = this.#read(source);
    const aims =
      target.kind === "classes"
        ? [source.categories(target.name)]
        : target.columns.map(({ name }) => source.numbers(name));
    const kept = drop === true ? completeRows(source.rows, [...columns, ...aims]) : undefined;
    if (kept?.length === 0) return undefined;
    const features = this.#features(place, columns, source.rows, kept);
    const y = writeTargets(place, target, aims, source.rows, kept);
    return new CheckedRows(features, y, undefined, 1, 0, this.classes, this);
  }

  #read(source: RowSource): Values[] {
    return this.spec.columns.map(({ kind, name }) =>
      kind === "number" ? source.numbers(name) : source.categories(name),
    );
  }

  #features(
    place: Place,
    columns: readonly Values[],
    rows: number,
    kept: Int32Array | undefined,
  ): CheckedFeatures {
    const { features } = this;
    const n = kept?.length ?? rows;
    if (n * features > MOST_VALUES) {
      throw new XentError(
        "TOO_LARGE",
        `${place.where}: ${count(n, "row")} of ${count(features, "feature")} are ${4 * n * features} bytes, more than a WebAssembly memory can have`,
        "Pass fewer rows at a time, or encode columns of many categories by ids().",
      );
    }
    const x = new Float32Array(n * features);
    let at = 0;
    const writers = this.spec.columns.map((column, i) => {
      const to = { out: x, width: features, at, kept, place, missing: MISSING };
      at += column.kind === "oneHot" ? column.categories.length : 1;
      if (column.kind === "number") {
        const values = columns[i] as Float64Array;
        return (from: number, end: number) => writeNumbers(column, values, to, from, end);
      }
      const values = columns[i] as Coded;
      const index = this.#places[i] as Index;
      const places = placesOf(values.labels, index);
      const filled = column.fill === undefined ? -1 : (index.get(column.fill) as number);
      return (from: number, end: number) => writeCategories(column, values, places, filled, to, from, end);
    });
    for (let from = 0; from < n; from += BLOCK) {
      for (const write of writers) write(from, Math.min(n, from + BLOCK));
    }
    return { x, rows: n, features };
  }
}

const MISSING = 'Fill it in, or fit with missing: "impute", which keeps what stands for it.';

/** The tables of an iterable that a user passed. */
export function tables(
  where: string,
  chunks: AsyncIterable<Table> | Iterable<Table>,
): AsyncIterable<Table> | Iterable<Table> {
  if (isIterable(chunks)) return chunks;
  throw new XentError(
    "OPTION",
    `${where}: got ${show(chunks)}, expected tables one after another`,
    "Pass what streamCsv gives, or an array of tables.",
  );
}

function namesOf(column: ColumnSpec): readonly string[] {
  if (column.kind !== "oneHot") return [column.name];
  return column.categories.map((category) => `${column.name}=${category}`);
}

function noTarget(where: string): never {
  throw new XentError(
    "PREPROCESSING",
    `${where}: this preprocessing was fitted without a target, so that a data set has nothing to learn`,
    'Fit with target: "…", or use transform for features alone.',
  );
}
