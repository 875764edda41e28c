// Names of classes: a list of them checked, and labels that are names turned into ids.

import { XentError } from "../base/errors.ts";
import { nearest, show } from "../base/options.ts";
import { type CheckedTargets, COUNTED, count } from "./targets.ts";

/**
 * @param y      targets; an array that begins with a string holds names
 * @param given  the `classes` of a data set: names in the order of their ids; without them those in y, sorted
 * @returns y with ids in the place of names, and the names, if there are any
 * @throws {XentError} `OPTION` classes that are no list of different names; `LABEL` a label that is none of them
 */
export function toClasses(
  where: string,
  y: unknown,
  given: unknown,
): { y: unknown; classes: readonly string[] | undefined } {
  const listed = given === undefined ? undefined : checkClasses(where, given);
  if (!Array.isArray(y) || typeof y[0] !== "string") return { y, classes: listed };
  const odd = y.findIndex((label) => typeof label !== "string" || label === "");
  if (odd >= 0) {
    throw new XentError(
      "LABEL",
      `${where}: the label of row ${odd} ${COUNTED} is ${show(y[odd])}, expected the name of a class as in row 0`,
      "Give every row a class, or drop the row.",
    );
  }
  const classes = listed ?? Object.freeze([...new Set(y as string[])].sort());
  const ids = new Map(classes.map((name, id) => [name, id]));
  return {
    y: Int32Array.from(y as string[], (name, row) => ids.get(name) ?? unknown(where, name, row, classes)),
    classes,
  };
}

/**
 * Whether targets can be what the names name.
 *
 * @throws {XentError} `LABEL` an id without a name; `SHAPE` numbers of which there are not as many as names
 */
export function checkNamed(where: string, { y, targets }: CheckedTargets, classes: readonly string[]): void {
  const names = `classes has ${count(classes.length, "name")}`;
  if (y instanceof Int32Array) {
    const row = y.findIndex((id) => id >= classes.length);
    if (row < 0) return;
    throw new XentError(
      "LABEL",
      `${where}: the class id in row ${row} ${COUNTED} is ${y[row]}, and ${names}`,
      `Use class ids from 0 to ${classes.length - 1}, or name the others too.`,
    );
  }
  if (targets > 1 && targets === classes.length) return;
  throw new XentError(
    "SHAPE",
    `${where}: ${names}, and y holds ${count(targets, "number")} a row`,
    targets === 1
      ? "A single number has no class: pass class ids as Int32Array.from(y), or leave classes out."
      : "Pass a name for every number, or leave classes out.",
  );
}

function checkClasses(where: string, given: unknown): readonly string[] {
  const hint = 'Pass the names in the order of their ids, such as ["cat", "dog"].';
  if (!Array.isArray(given) || given.length === 0) {
    const what = Array.isArray(given) ? "empty" : show(given);
    throw new XentError("OPTION", `${where}: classes is ${what}, expected an array of names`, hint);
  }
  const places = new Map<unknown, number>();
  for (const [i, name] of given.entries()) {
    const first = places.get(name);
    places.set(name, i);
    if (typeof name === "string" && name !== "" && first === undefined) continue;
    const problem =
      first !== undefined
        ? `classes[${i}] is ${show(name)}, as classes[${first}] is`
        : `classes[${i}] is ${show(name)}`;
    throw new XentError("OPTION", `${where}: ${problem}, expected a name of its own`, hint);
  }
  return Object.freeze([...given]);
}

function unknown(where: string, name: string, row: number, classes: readonly string[]): never {
  const meant = nearest(name, classes);
  const some = classes.slice(0, 10).join(", ") + (classes.length > 10 ? ", …" : "");
  throw new XentError(
    "LABEL",
    `${where}: the label of row ${row} ${COUNTED} is ${show(name)}, which is none of the ${classes.length} classes`,
    `${meant === undefined ? "" : `Did you mean ${show(meant)}? `}Known: ${some}.`,
  );
}
