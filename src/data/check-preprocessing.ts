// A description of a preprocessing that comes from elsewhere, such as a model's file: copied field by field, and believed in nothing.
// What it does to rows is prepare.ts.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { ColumnSpec, NumberColumn, PreprocessingSpec, TargetSpec } from "../base/spec.ts";

/** Columns, categories and classes that there may be in all: their names alone are then some 100 MB. */
const MOST_NAMES = 2 ** 22;

/**
 * A copy, frozen throughout, with its fields in one order, so that two that do the same have the same JSON.
 *
 * @throws {XentError} `PREPROCESSING`
 */
export function checkPreprocessing(given: unknown): PreprocessingSpec {
  const spec = fields(given, "the preprocessing", ["columns", "target", "drop"]);
  const seen = new Names();
  const columns = list(spec.columns, "columns").map((each, i) => columnSpec(each, `columns[${i}]`, seen));
  const target = spec.target === undefined ? undefined : targetSpec(spec.target, seen);
  if (spec.drop !== undefined && spec.drop !== true)
    throw failure(`drop is ${show(spec.drop)}, expected true or nothing`);
  return Object.freeze({
    columns: Object.freeze(columns),
    ...(target === undefined ? {} : { target }),
    ...(spec.drop === undefined ? {} : { drop: true }),
  });
}

function columnSpec(given: unknown, at: string, seen: Names): ColumnSpec {
  const { kind } = fields(given, at);
  if (kind === "number") return numberColumn(given, at, seen, ["fill"]);
  if (kind !== "oneHot" && kind !== "ids")
    throw failure(`${at}.kind is ${show(kind)}, expected "number", "oneHot" or "ids"`);
  const column = fields(given, at, ["kind", "name", "categories", "fill", "unknown"]);
  const name = seen.column(column.name, at);
  const categories = seen.list(column.categories, `${at}.categories`);
  const { fill, unknown } = column;
  if (unknown !== "error" && !(unknown === "zeros" && kind === "oneHot"))
    throw failure(
      `${at}.unknown is ${show(unknown)}, expected "error"${kind === "oneHot" ? ' or "zeros"' : ""}`,
    );
  if (fill === undefined) return Object.freeze({ kind, name, categories, unknown });
  if (typeof fill !== "string" || !categories.includes(fill))
    throw failure(`${at}.fill is ${show(fill)}, expected one of its categories`);
  return Object.freeze({ kind, name, categories, fill, unknown });
}

function numberColumn(given: unknown, at: string, seen: Names, more: readonly string[]): NumberColumn {
  const column = fields(given, at, ["kind", "name", "center", "scale", "offset", ...more]);
  if (column.kind !== "number") throw failure(`${at}.kind is ${show(column.kind)}, expected "number"`);
  const name = seen.column(column.name, at);
  // JSON has no −0, and features are to have the same bits after it
  const finite = (field: string): number => {
    const value = column[field];
    if (typeof value === "number" && Number.isFinite(value)) return value + 0;
    throw failure(`${at}.${field} is ${show(value)}, expected a finite number`);
  };
  const [center, scale, offset] = [finite("center"), finite("scale"), finite("offset")];
  if (scale === 0) throw failure(`${at}.scale is 0, expected another number`);
  const rest = column.fill === undefined ? {} : { fill: finite("fill") };
  return Object.freeze({ kind: "number", name, center, scale, offset, ...rest });
}

function targetSpec(given: unknown, seen: Names): TargetSpec {
  const { kind } = fields(given, "target");
  if (kind === "classes") {
    const target = fields(given, "target", ["kind", "name", "classes"]);
    const name = seen.column(target.name, "target");
    return Object.freeze({ kind, name, classes: seen.list(target.classes, "target.classes") });
  }
  if (kind !== "numbers") throw failure(`target.kind is ${show(kind)}, expected "classes" or "numbers"`);
  const target = fields(given, "target", ["kind", "columns"]);
  const columns = list(target.columns, "target.columns").map((each, i) =>
    numberColumn(each, `target.columns[${i}]`, seen, []),
  );
  return Object.freeze({ kind, columns: Object.freeze(columns) });
}

/** Own fields of an object, read once: no other than the known, if these are given. */
function fields(given: unknown, at: string, known?: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw failure(`${at} is ${show(given)}, expected an object`);
  const own = Object.entries(given);
  const odd = own.find(([name]) => known !== undefined && !known.includes(name));
  if (odd !== undefined) throw failure(`${at} has the unknown field ${show(odd[0])}`);
  return Object.assign(Object.create(null), Object.fromEntries(own));
}

function list(given: unknown, at: string): unknown[] {
  if (!Array.isArray(given)) throw failure(`${at} is ${show(given)}, expected an array`);
  if (given.length === 0) throw failure(`${at} is empty`);
  if (given.length > MOST_NAMES) throw failure(`${at} is ${show(given)}, expected at most ${MOST_NAMES}`);
  return Array.from(given);
}

/** Names that were read: those of columns are all different, and there are not too many of any. */
class Names {
  readonly #columns = new Set<string>();
  #count = 0;

  column(given: unknown, at: string): string {
    const name = this.#name(given, `${at}.name`);
    if (this.#columns.has(name)) throw failure(`${at}.name is ${show(name)}, as that of another column is`);
    this.#columns.add(name);
    return name;
  }

  /** Different names, at least one. */
  list(given: unknown, at: string): readonly string[] {
    const names = new Set<string>();
    for (const [i, each] of list(given, at).entries()) {
      const name = this.#name(each, `${at}[${i}]`);
      if (names.has(name)) throw failure(`${at}[${i}] is ${show(name)}, as another of them is`);
      names.add(name);
    }
    return Object.freeze([...names]);
  }

  #name(given: unknown, at: string): string {
    if (typeof given !== "string" || given === "") throw failure(`${at} is ${show(given)}, expected a name`);
    this.#count++;
    if (this.#count > MOST_NAMES) throw failure(`it has more than ${MOST_NAMES} names`);
    return given;
  }
}

function failure(problem: string): XentError {
  return new XentError(
    "PREPROCESSING",
    `preprocessingOf: ${problem}`,
    "Pass the spec of a preprocessing, as it was made: what a file has for it may be damaged.",
  );
}
