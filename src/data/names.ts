// Names of columns, and types by name, as options have them.

import { XentError } from "../base/errors.ts";
import { nearest, oneOf, show } from "../base/options.ts";
import type { ColumnType } from "./table.ts";

const TYPES = ["number", "category"] as const;

/** The types of columns by name. */
export function checkTypes(where: string, types: unknown): ReadonlyMap<string, ColumnType> {
  if (types === undefined) return new Map();
  if (typeof types !== "object" || types === null || Array.isArray(types)) {
    throw new XentError(
      "OPTION",
      `${where}: types is ${show(types)}, expected an object of types by column`,
      'Pass { age: "number", zip: "category" }.',
    );
  }
  return new Map(
    Object.entries(types).map(([name, type]) => [
      name,
      oneOf(`${where}: the type of column ${show(name)}`, type, TYPES),
    ]),
  );
}

/**
 * A list of different names.
 *
 * @param least  how many there must be
 */
export function checkColumnNames(where: string, names: unknown, least = 1): readonly string[] {
  const hint = 'Pass names, all different, such as ["age", "height"].';
  if (!Array.isArray(names) || names.length < least) {
    const what = Array.isArray(names) ? "empty" : show(names);
    throw new XentError("OPTION", `${where} is ${what}, expected an array of names`, hint);
  }
  const seen = new Set<unknown>();
  for (const [i, name] of names.entries()) {
    if (typeof name !== "string" || name === "" || seen.has(name)) {
      const twice = seen.has(name) ? ", for the second time" : "";
      throw new XentError("OPTION", `${where}: name ${i} is ${show(name)}${twice}`, hint);
    }
    seen.add(name);
  }
  return Object.freeze([...names]);
}

/** The error for a name that no column has. */
export function noColumn(where: string, name: string, columns: readonly string[]): XentError {
  const hint = columns.length === 0 ? "Give each row its values by column name." : suggestion(name, columns);
  return new XentError("COLUMN", `${where}: no column is named ${show(name)}`, hint);
}

/** The nearest of some names as a question, then some of them. */
export function suggestion(name: string, known: readonly string[]): string {
  // of many it would take long to find it
  const meant = known.length <= 1000 ? nearest(name, known) : undefined;
  const some = known.slice(0, 10).map((each) => show(each));
  return `${meant === undefined ? "" : `Did you mean ${show(meant)}? `}Known: ${some.join(", ")}${known.length > 10 ? ", …" : ""}.`;
}
