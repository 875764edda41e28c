// Options of reading CSV, checked. What they do is csv-reader.ts.

import { XentError } from "../base/errors.ts";
import { checkNames, integer, oneOf, show } from "../base/options.ts";
import type { AbortSignalLike } from "../base/platform.ts";
import { checkColumnNames, checkTypes } from "./names.ts";
import type { ColumnType } from "./table.ts";

/** How a CSV text is read. */
export interface CsvOptions {
  /** What separates fields, one character; by default that of `,` `;` tab and `|` which stands most often in the first line. */
  delimiter?: string | undefined;
  /** What fields are put in that hold delimiters, line ends or, doubled, this character itself; "" if nothing is. Default `"`. */
  quote?: string | undefined;
  /** What the lines begin with that are skipped, such as `#`. By default none are. */
  comment?: string | undefined;
  /** The decimal point, "." or ",". Default ".". */
  decimal?: "." | "," | undefined;
  /** Whether the first line has the names of the columns (true, the default); or their names, where it has not; false: "0", "1" … */
  header?: boolean | readonly string[] | undefined;
  /** Types of columns by name, in place of those that are told from the first rows. */
  types?: Readonly<Record<string, ColumnType>> | undefined;
  /** Names of the columns to keep, in the order in which the table shall have them. By default all. */
  select?: readonly string[] | undefined;
  /**
   * Cells that stand for a missing value, in place of `NA`, `N/A`, `#N/A`, `NaN`, `nan`, `null`, `NULL` and `?`: what R, pandas, Excel,
   * SQL and the UCI repository write, and no category is likely to be called. ("None" is one in many files.) The empty cell
   * is always missing. In columns of numbers, numbers among them are compared by value.
   */
  missing?: readonly string[] | undefined;
  /** More columns are refused. Default 16384, as many as a spreadsheet has. */
  maxColumns?: number | undefined;
  /** A record that has not ended after about so many characters is refused: its quotes are not closed. Default 2²⁰. */
  maxRecord?: number | undefined;
  /** Ends the reading with its reason. */
  signal?: AbortSignalLike | undefined;
}

/** How a CSV text is read piece by piece. */
export interface StreamCsvOptions extends CsvOptions {
  /** Rows of a table, the last may have fewer. Default 8192, or as many as hold 4 million values if these are fewer. */
  chunkRows?: number | undefined;
}

/** Options with their defaults. */
export interface CheckedCsv {
  readonly delimiter: string | undefined;
  readonly quote: string;
  readonly comment: string;
  readonly decimal: "." | ",";
  readonly header: boolean | readonly string[];
  readonly types: ReadonlyMap<string, ColumnType>;
  readonly select: readonly string[] | undefined;
  readonly missing: readonly string[];
  readonly chunkRows: number | undefined;
  readonly maxColumns: number;
  readonly maxRecord: number;
  readonly signal: AbortSignalLike | undefined;
}

const OPTIONS = [
  ...["delimiter", "quote", "comment", "decimal", "header", "types", "select", "missing"],
  ...["maxColumns", "maxRecord", "signal"],
];
const MISSING = ["NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "?"];
/** What numbers and line ends are made of. */
const NO_DELIMITER = /[\w.+\-\r\n\ufeff]/;

/**
 * @param more  options of this call that others do not have
 * @throws {XentError} `OPTION`
 */
export function checkCsv(where: string, options: StreamCsvOptions, more: readonly string[] = []): CheckedCsv {
  checkNames(where, options, [...OPTIONS, ...more]);
  const { delimiter, quote = '"', comment = "", header = true, select, missing = MISSING } = options;
  const { chunkRows, maxColumns = 16384, maxRecord = 2 ** 20, signal } = options;
  const decimal = oneOf(`${where}: decimal`, options.decimal ?? ".", [".", ","]);
  if (quote !== "")
    character(
      `${where}: quote`,
      quote,
      /[\w.+\-\r\n\ufeff,;\t| ]/,
      'Pass one, such as "\'", or "" if nothing is quoted.',
    );
  if (delimiter !== undefined) {
    character(`${where}: delimiter`, delimiter, NO_DELIMITER, 'Pass one, such as "," or "\\t".');
    if (delimiter === quote || delimiter === decimal || delimiter === '"') {
      throw new XentError(
        "OPTION",
        `${where}: delimiter is ${show(delimiter)}, as ${delimiter === decimal ? "decimal" : "quote"} is`,
        "One character cannot be both.",
      );
    }
  }
  if (typeof comment !== "string" || /[\r\n]/.test(comment) || startsLike(comment, [quote, delimiter])) {
    throw new XentError(
      "OPTION",
      `${where}: comment is ${show(comment)}, expected what a line of fields does not begin with`,
      'Pass such a text, "#" or "//".',
    );
  }
  if (signal !== undefined && typeof signal?.throwIfAborted !== "function") {
    throw new XentError("OPTION", `${where}: signal is ${show(signal)}`, "Pass an AbortController's signal.");
  }
  integer(`${where}: maxColumns`, maxColumns, 1);
  integer(`${where}: maxRecord`, maxRecord, 1);
  if (chunkRows !== undefined) integer(`${where}: chunkRows`, chunkRows, 1);
  if (!Array.isArray(missing) || missing.some((each) => typeof each !== "string")) {
    throw new XentError(
      "OPTION",
      `${where}: missing is ${show(missing)}, expected an array of strings`,
      'Pass what cells hold that stand for a missing value: ["NA", "-999"].',
    );
  }
  return {
    ...{ delimiter, quote, comment, decimal, chunkRows, maxColumns, maxRecord, signal },
    header: typeof header === "boolean" ? header : checkColumnNames(`${where}: header`, header),
    types: checkTypes(where, options.types),
    select: select && checkColumnNames(`${where}: select`, select),
    missing: missing.map((each: string) => each.trim()),
  };
}

/** One character that is none of the `banned`. */
function character(where: string, value: unknown, banned: RegExp, hint: string): void {
  if (typeof value === "string" && value.length === 1 && !banned.test(value)) return;
  const problem = `${where} is ${show(value)}, expected one character that is no part of a number or a line's end`;
  throw new XentError("OPTION", problem, hint);
}

function startsLike(comment: string, others: readonly (string | undefined)[]): boolean {
  return others.some((other) => other !== undefined && other !== "" && comment.startsWith(other));
}
