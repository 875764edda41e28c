// What is done with each column: the options of a fit checked, and, once the first rows are there, the columns that they name. What is
// learnt of these is fit-columns.ts.

import { XentError } from "../base/errors.ts";
import { checkNames, integer, oneOf, show } from "../base/options.ts";
import { toClasses } from "./classes.ts";
import {
  asIs,
  CATEGORY_KINDS,
  type CategoryEncoding,
  checkEncoding,
  type Encoding,
  ids,
  isNumeric,
  NUMBER_KINDS,
  type NumberEncoding,
  oneHot,
  standardize,
} from "./encodings.ts";
import { CategoryFit, type ColumnFit, NumberFit } from "./fit-columns.ts";
import { checkColumnNames, noColumn } from "./names.ts";
import type { RowSource } from "./raw-rows.ts";

/** Options of `preprocess` and `preprocessStream`. */
export interface PreprocessOptions {
  /**
   * The column that is learnt: of categories, their classes; of numbers, the number. A list of columns is learnt as so many numbers.
   * Without it there are features alone.
   */
  target?: string | readonly string[] | undefined;
  /**
   * Makes classes of a target column of whole numbers: `true`. Or names the classes in the order of their ids. Without it those
   * that occur are sorted by code units, as `sort()` has them.
   */
  classes?: true | readonly string[] | undefined;
  /** Columns that become features, in this order. Default: all but the target, as they stand. */
  select?: readonly string[] | undefined;
  /** Columns that do not become features; instead of `select`. */
  ignore?: readonly string[] | undefined;
  /** What columns of numbers become. Default {@link standardize}. */
  numbers?: NumberEncoding | undefined;
  /** What columns of categories become. Default {@link oneHot}. */
  categories?: CategoryEncoding | undefined;
  /**
   * The same for single columns by their names. It says how a column is read too: numbers in text by `standardize()`, `minMax()` or
   * `asIs()`, codes that are numbers by `oneHot()` or `ids()`.
   */
  columns?: Readonly<Record<string, Encoding>> | undefined;
  /**
   * What is done with a row in which a feature is missing: an error (default); the row is left out of fitting and of data sets; or the
   * mean of the column, or its most frequent category (of several the first by code units), is put in. A target is never put in.
   */
  missing?: "error" | "drop" | "impute" | undefined;
  /** Scales a target of numbers for training; `predict` scales back. Default: it stays as it is. */
  scaleTarget?: Exclude<NumberEncoding, { kind: "asIs" }> | undefined;
  /** Categories that a column may have; default 1000. */
  maxCategories?: number | undefined;
}

const OPTIONS = [
  "target",
  "classes",
  "select",
  "ignore",
  "numbers",
  "categories",
  "columns",
  "missing",
  "scaleTarget",
  "maxCategories",
];

/** Options that were checked, as far as they can be without rows. */
export interface CheckedOptions {
  readonly target: string | readonly string[] | undefined;
  readonly classes: true | readonly string[] | undefined;
  readonly select: readonly string[] | undefined;
  readonly ignore: readonly string[] | undefined;
  readonly numbers: NumberEncoding;
  readonly categories: CategoryEncoding;
  readonly columns: ReadonlyMap<string, Encoding>;
  readonly missing: "error" | "drop" | "impute";
  readonly scaleTarget: NumberEncoding | undefined;
  readonly maxCategories: number;
}

/** What is fitted: columns that become features, and those that are learnt, one of classes or some of numbers. */
export interface Plan {
  readonly features: readonly ColumnFit[];
  readonly targets: readonly ColumnFit[];
}

/** @throws {XentError} `OPTION` */
export function checkOptions(where: string, options: PreprocessOptions): CheckedOptions {
  checkNames(where, options, OPTIONS);
  const { target, classes, select, ignore, columns = {}, scaleTarget } = options;
  const refuse = (problem: string, hint: string): never => {
    throw new XentError("OPTION", `${where}: ${problem}`, hint);
  };
  const names = (option: string, given: unknown, least = 1): readonly string[] | undefined =>
    given === undefined ? undefined : checkColumnNames(`${where}: ${option}`, given, least);
  if (select !== undefined && ignore !== undefined)
    refuse("got both select and ignore", "Name the columns that become features, or those that do not.");
  if (classes !== undefined && typeof target !== "string")
    refuse(
      `classes goes with a target that is one column, and target is ${show(target)}`,
      'Pass target: "…".',
    );
  if (scaleTarget !== undefined && (target === undefined || classes !== undefined))
    refuse(
      `scaleTarget goes with a target of numbers, and ${target === undefined ? "there is no target" : "classes are asked for"}`,
      "Leave it out.",
    );
  if (classes !== undefined && classes !== true && !Array.isArray(classes))
    refuse(
      `classes is ${show(classes)}, expected true or an array of names`,
      "Leave it out to have them sorted.",
    );
  if (typeof columns !== "object" || columns === null || Array.isArray(columns))
    refuse(
      `columns is ${show(columns)}, expected an object`,
      'Such as { age: minMax(), "zip code": oneHot() }.',
    );
  return {
    target: typeof target === "string" ? target : names("target", target),
    classes: Array.isArray(classes)
      ? toClasses(where, undefined, classes).classes
      : (classes as true | undefined),
    select: names("select", select),
    ignore: names("ignore", ignore, 0),
    numbers: checkEncoding(`${where}: numbers`, options.numbers ?? standardize(), NUMBER_KINDS),
    categories: checkEncoding(`${where}: categories`, options.categories ?? oneHot(), CATEGORY_KINDS),
    columns: new Map(
      Object.entries(columns).map(([name, encoding]) => [
        name,
        checkEncoding(`${where}: columns: ${show(name)}`, encoding, [...NUMBER_KINDS, ...CATEGORY_KINDS]),
      ]),
    ),
    missing: oneOf(`${where}: missing`, options.missing ?? "error", ["error", "drop", "impute"]),
    scaleTarget:
      scaleTarget === undefined
        ? undefined
        : checkEncoding(`${where}: scaleTarget`, scaleTarget, ["standardize", "minMax"]),
    maxCategories: integer(`${where}: maxCategories`, options.maxCategories ?? 1000, 1, 2 ** 20),
  };
}

/** @throws {XentError} `COLUMN` a name that no column has; `OPTION` columns that are asked for twice, or none that is left */
export function planColumns(where: string, source: RowSource, options: CheckedOptions): Plan {
  const there = new Set(source.names());
  const { target, select, ignore, columns } = options;
  const targets = new Set(typeof target === "string" ? [target] : target);
  for (const [option, list] of Object.entries({ target: targets, select, ignore, columns: columns.keys() })) {
    for (const name of list ?? []) {
      if (!there.has(name)) throw noColumn(`${where}: ${option}`, name, [...there]);
      if (option !== "target" && targets.has(name))
        throw new XentError(
          "OPTION",
          `${where}: ${option} names the column ${show(name)}, which is the target`,
          "The target becomes no feature: leave it out there.",
        );
    }
  }
  const ignored = new Set(ignore);
  const features = select ?? [...there].filter((name) => !targets.has(name) && !ignored.has(name));
  if (features.length === 0)
    throw new XentError(
      "OPTION",
      `${where}: no column is left to become a feature`,
      `The rows have ${[...there].slice(0, 10).join(", ")}: leave one in.`,
    );
  const wanted = new Set(features);
  if (wanted.has(""))
    throw new XentError(
      "COLUMN",
      `${where}: a column of the rows has the name "", expected a text`,
      "Name it, or leave it out: select names the columns that become features.",
    );
  const idle = [...columns.keys()].find((name) => !wanted.has(name));
  if (idle !== undefined)
    throw new XentError(
      "OPTION",
      `${where}: columns names ${show(idle)}, which ${select === undefined ? "is ignored" : "is not selected"}`,
      "Leave it out in one of them.",
    );
  return {
    features: features.map((name) => {
      const byType = source.type(name) === "number" ? options.numbers : options.categories;
      return fitOf(name, columns.get(name) ?? byType, options);
    }),
    targets: [...targets].map((name) => targetFit(where, name, source, options)),
  };
}

function fitOf(name: string, encoding: Encoding, { maxCategories }: CheckedOptions): ColumnFit {
  return isNumeric(encoding) ? new NumberFit(name, encoding) : new CategoryFit(name, encoding, maxCategories);
}

function targetFit(where: string, name: string, source: RowSource, options: CheckedOptions): ColumnFit {
  const { target, classes, scaleTarget, maxCategories } = options;
  const numeric = typeof target !== "string" || source.type(name) === "number";
  if (classes === undefined && numeric) return new NumberFit(name, scaleTarget ?? asIs());
  if (scaleTarget !== undefined)
    throw new XentError(
      "OPTION",
      `${where}: scaleTarget goes with a target of numbers, and column ${show(name)} holds categories`,
      `Leave it out, or pass target: [${show(name)}] to have its text read as numbers.`,
    );
  const listed = classes === true ? undefined : classes;
  return new CategoryFit(name, ids(), listed?.length ?? maxCategories, listed, classes === true && numeric);
}
