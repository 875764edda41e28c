// Values of raw rows: a number in f64, the code of a category, or missing. One rule for all forms that rows have, which are
// raw-rows.ts; and what is said of a value that is not as it should be.

import { XentError, type XentErrorCode } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { suggestion } from "./names.ts";
import { Decimals } from "./number.ts";
import { COUNTED } from "./targets.ts";

/** Which call reads, and how many rows came before these in a stream: for messages. */
export interface Place {
  readonly where: string;
  readonly before: number;
}

/** A column of categories: `labels[codes[row]]`, −1 where the value is missing. Labels may be more than occur. */
export interface Coded {
  readonly codes: Int32Array;
  readonly labels: readonly string[];
}

/** A column that was read; NaN and −1 are missing values. */
export type Values = Float64Array | Coded;

/** Rows in which no value is missing. */
export function completeRows(rows: number, columns: readonly Values[]): Int32Array {
  const whole = new Uint8Array(rows).fill(1);
  for (const values of columns) {
    if (values instanceof Float64Array) {
      for (let i = 0; i < rows; i++) if (Number.isNaN(values[i])) whole[i] = 0;
    } else {
      for (let i = 0; i < rows; i++) if (values.codes[i] === -1) whole[i] = 0;
    }
  }
  const kept = new Int32Array(whole.reduce((sum, one) => sum + one, 0));
  let at = 0;
  for (let i = 0; i < rows; i++) if (whole[i] === 1) kept[at++] = i;
  return kept;
}

/** An error about one value of a column, and where it is. */
export function cellError(
  { where, before }: Place,
  name: string,
  row: number,
  problem: string,
  hint: string,
  code: XentErrorCode = "COLUMN",
): XentError {
  return new XentError(
    code,
    `${where}: column ${show(name)} in row ${before + row} ${COUNTED} ${problem}`,
    hint,
  );
}

/** A label that is no class. */
export function unknownClass(
  place: Place,
  name: string,
  row: number,
  label: string,
  known: readonly string[],
): XentError {
  return cellError(
    place,
    name,
    row,
    `is ${show(label)}, which is none of the classes`,
    suggestion(label, known),
    "LABEL",
  );
}

/** Codes of values by first occurrence; numbers by their text. */
export function codesOf(
  place: Place,
  name: string,
  values: ArrayLike<unknown>,
  cell: (row: number) => unknown = (row) => values[row],
): Coded {
  const codes = new Int32Array(values.length);
  const labels: string[] = [];
  const known = new Map<string, number>();
  // a value that came before is not turned into text again
  const met = new Map<unknown, number>();
  for (let row = 0; row < values.length; row++) {
    const value = cell(row);
    const before = met.get(value);
    if (before !== undefined) {
      codes[row] = before;
      continue;
    }
    let code = -1;
    if (!isMissing(value)) {
      const label = labelOf(value) ?? noCategory(place, name, row, value);
      code = known.get(label) ?? labels.push(label) - 1;
      known.set(label, code);
    }
    met.set(value, code);
    codes[row] = code;
  }
  return { codes, labels };
}

/** Whether there is no value, of whatever kind. */
export function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === "" || Number.isNaN(value);
}

const decimals = new Decimals(".");

/** NaN where it is missing, as a text of blanks is; undefined where it is no number. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (isMissing(value)) return Number.NaN;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return undefined;
  const number = decimals.of(value);
  return Number.isNaN(number) && value.trim() !== "" ? undefined : number;
}

function labelOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "boolean" || typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : undefined;
}

export function noNumber(place: Place, name: string, row: number, value: unknown): never {
  throw cellError(
    place,
    name,
    row,
    `is ${show(value)}`,
    typeof value === "string"
      ? "It is a column of numbers: mend the value, give null where it is missing, or encode the column by oneHot()."
      : "It is a column of numbers: pass a number, or a string that holds one.",
  );
}

function noCategory(place: Place, name: string, row: number, value: unknown): never {
  throw cellError(
    place,
    name,
    row,
    `is ${show(value)}`,
    "It is a column of categories: pass a string, a boolean or a number; null where it is missing.",
  );
}
