// Texts of a command line as numbers, shares and lists. What cannot be read is commander's own kind of error, which names the option.

import { InvalidArgumentError } from "commander";

/** A whole number in [least, most]. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

/** A number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new InvalidArgumentError("Expected a number above 0.");
}

/** A number of at least 0, below `most`. */
export function below(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= 0 && value < most) return value;
    throw new InvalidArgumentError(`Expected a number from 0 to below ${most}.`);
  };
}

/** Rows held back: a share of them, from 0 to below 1, or a file that has them. */
export function shareOrFile(text: string): number | string {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) return text;
  if (value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("Expected a share from 0 to below 1, or a file.");
}

/** Names with commas between them. */
export function list(text: string): string[] {
  const names = text.split(",").map((each) => each.trim());
  if (names.every((each) => each !== "")) return names;
  throw new InvalidArgumentError("Expected names with a comma between two.");
}

/** The same, any of which may be empty: cells. */
export function cells(text: string): string[] {
  return text.split(",");
}

/** A number of threads, or auto. */
export function threads(text: string): number | "auto" {
  return text === "auto" ? text : whole(1, 64)(text);
}

/** One character; `\t` or `tab` is the tabulator. */
export function character(text: string): string {
  if (text === "\\t" || text === "tab") return "\t";
  if ([...text].length === 1) return text;
  throw new InvalidArgumentError("Expected one character, or tab.");
}
