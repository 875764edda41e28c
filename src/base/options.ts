// Checks of option objects: unknown names and values out of range are refused before anything runs.

import { XentError } from "./errors.ts";

/** Refuses option names that are not `known`: a mistyped one would be ignored without a word. */
export function checkNames(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new XentError(
      "OPTION",
      `${where}: got ${show(options)}, expected an object of options`,
      `Known: ${known.join(", ")}.`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      const meant = nearest(name, known);
      const hint = `${meant === undefined ? "" : `Did you mean ${meant}? `}Known: ${known.join(", ")}.`;
      throw new XentError("OPTION", `${where}: unknown option "${name}"`, hint);
    }
  }
}

/** The known name that a mistyped one is nearest to, if one letter, or a third of them, at most is to be changed, added or left out. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const given = name.slice(0, 40).toLowerCase();
  let [best, least]: [string | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const candidate of known) {
    const distance = edits(given, candidate.toLowerCase());
    const near = distance <= Math.max(1, Math.max(given.length, candidate.length) / 3);
    if (near && distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance: letters to change, add or leave out. Row i of the table becomes row i + 1 in place. */
function edits(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    let diagonal = i;
    row[0] = i + 1;
    for (let j = 0; j < b.length; j++) {
      const above = row[j + 1] as number;
      row[j + 1] = Math.min(above + 1, (row[j] as number) + 1, diagonal + Number(a[i] !== b[j]));
      diagonal = above;
    }
  }
  return row[b.length] as number;
}

/** An integer in [least, most], or `OPTION`. */
export function integer(
  where: string,
  value: unknown,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new XentError(
      "OPTION",
      `${where} is ${show(value)}, expected an integer ${range}`,
      "Pass such a number.",
    );
  }
  return value;
}

/** A number that is finite and above `above` in f32, where the kernels use it, or `OPTION`. */
export function positive(where: string, value: unknown, above = 0): number {
  const f32 = typeof value === "number" ? Math.fround(value) : Number.NaN;
  if (typeof value !== "number" || !Number.isFinite(f32) || f32 <= above) {
    throw new XentError(
      "OPTION",
      `${where} is ${show(value)}, expected a finite number above ${above}`,
      "Pass such a number.",
    );
  }
  return value;
}

/** A number from `least` to `most`, by default the largest that is finite in f32, or `OPTION`. */
export function within(where: string, value: unknown, least: number, most = MAX_F32): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  const range =
    most < MAX_F32
      ? `a number from ${least} to ${most}`
      : `a finite number${least > -MAX_F32 ? ` of at least ${least}` : ""}`;
  throw new XentError("OPTION", `${where} is ${show(value)}, expected ${range}`, "Pass such a number.");
}

/** A number from 0 to below 1, in f32 too, or `OPTION`. */
export function fraction(where: string, value: unknown): number {
  if (typeof value === "number" && value >= 0 && Math.fround(value) < 1) return value;
  throw new XentError(
    "OPTION",
    `${where} is ${show(value)}, expected a number from 0 to below 1`,
    "Pass such a number.",
  );
}

/** The largest number that is finite in f32: (2 − 2⁻²³)·2¹²⁷; as a literal, which bundlers leave out where nobody uses it. */
export const MAX_F32 = 3.4028234663852886e38;

/** One of the `known` values, or `OPTION`. */
export function oneOf<T extends string>(where: string, value: unknown, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  const names = known.map((each) => show(each)).join(", ");
  throw new XentError("OPTION", `${where} is ${show(value)}`, `Known: ${names}.`);
}

/** True or false, or `OPTION`. */
export function flag(where: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new XentError("OPTION", `${where} is ${show(value)}`, "Pass true or false.");
}

/** Whether a weight is 0, or such that neither products of two nor sums leave f32, nor 1 over them. */
export function isWeight(value: unknown): value is number {
  return value === 0 || (typeof value === "number" && value >= 1e-15 && value <= 1e15);
}

/** What `isWeight` asks for, in words. */
export const A_WEIGHT = "0 or a number from 1e-15 to 1e15";

/** A value as an error message shows it: short, and telling a string from a number. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return article(value.constructor.name);
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

/** "a Uint8Array", "an Int8Array" */
function article(name: string): string {
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}
