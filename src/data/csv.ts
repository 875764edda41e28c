// Tables from CSV text, in one piece or as a stream: what users call. Papa Parse is loaded here and nowhere else, when the first text
// is read. How text becomes columns is csv-reader.ts.

import { XentError } from "../base/errors.ts";
import { type CheckedCsv, type CsvOptions, checkCsv, type StreamCsvOptions } from "./csv-options.ts";
import { CsvReader, type Parse } from "./csv-reader.ts";
import { joinTables, type Table } from "./table.ts";
import { PIECE, type TextSource, textOf } from "./text.ts";

/**
 * Reads a CSV text into a table: a line of names, then a row a line, with the same number of fields in each. Fields in quotes may hold
 * delimiters, line ends and doubled quotes; lines end with "\n", "\r\n" or "\r"; blank lines are skipped, and blanks around a cell
 * are not part of it, in quotes or not. A column without a name is named by its position, counted from 0.
 *
 * A column holds numbers if in the first 1000 rows every cell that is not missing is a finite decimal number (`-1`, `.5`,
 * `6.02e23`), else categories; `types` says otherwise. (Of tables wider than 2097 columns fewer rows are looked at: two million
 * values.) A later cell that is no number is an error: nothing becomes missing without a word.
 *
 * @param source  the text, or where it comes from: bytes (UTF-8), a stream, a `File`, a `Response`
 * @throws {XentError}
 * - `CSV` text that is no CSV: none at all, a row with too few or too many fields, quotes that are not closed, a name twice, bytes that
 *   are no UTF-8
 * - `COLUMN` a cell that is no number in a column of numbers, a name in `types` or `select` that no column has
 * - `OPTION` an option's name or value, a source that is none; `FILE` a response that is an error
 * - and whatever the source throws; an aborted `signal` throws its reason
 * @category Tables
 * @example
 * ```ts
 * import { readCsv } from "xent/data";
 * const text = "rooms,zip,price\n3,01067,250\n4,04109,NA";
 * const houses = await readCsv(text, { types: { zip: "category" } });
 * houses.columns.map(({ name, type }) => `${name}: ${type}`); // → ["rooms: number", "zip: category", "price: number"]
 * houses.columns[2].values; // → [250, NaN]
 * ```
 */
export async function readCsv(source: TextSource, options: CsvOptions = {}): Promise<Table> {
  return wholeTable(csvTables("readCsv", source, checkCsv("readCsv", options)));
}

/**
 * Reads a CSV text as {@link readCsv} does, and gives a table for every `chunkRows` rows, so that no more than these are held at once.
 * The types of the columns are those that `readCsv` would find, the same in all tables; each has the categories that it met itself.
 * A text without rows gives one table without rows.
 *
 * @throws {XentError} as `readCsv`
 * @category Tables
 * @example
 * ```ts
 * import { streamCsv } from "xent/data";
 * const bytes = new TextEncoder().encode("day;rain\n1;0,5\n2;1,25\n3;0");
 * const rows: number[] = [];
 * for await (const part of streamCsv(bytes, { decimal: ",", chunkRows: 2 })) rows.push(part.rows);
 * rows; // → [2, 1]
 * ```
 */
export function streamCsv(source: TextSource, options: StreamCsvOptions = {}): AsyncGenerator<Table> {
  return csvTables("streamCsv", source, checkCsv("streamCsv", options, ["chunkRows"]));
}

/** Tables that come one after another as one. */
export async function wholeTable(tables: AsyncIterable<Table>): Promise<Table> {
  const list: Table[] = [];
  for await (const table of tables) list.push(table);
  return joinTables(list);
}

/**
 * The tables of a call of another name.
 *
 * @param least  characters that are parsed at once, at least
 */
export async function* csvTables(
  where: string,
  source: TextSource,
  options: CheckedCsv,
  least = PIECE,
): AsyncGenerator<Table> {
  const papa = await parser(where);
  const parse: Parse = (text, settings, final) => new papa.Parser(settings as object).parse(text, 0, !final);
  const reader = new CsvReader(where, options, parse, least);
  for await (const piece of textOf(where, source)) {
    options.signal?.throwIfAborted();
    yield* reader.read(piece, false);
  }
  options.signal?.throwIfAborted();
  yield* reader.read("", true);
}

async function parser(where: string) {
  try {
    return (await import("papaparse")).default;
  } catch (cause) {
    throw new XentError(
      "UNSUPPORTED",
      `${where}: papaparse, which reads CSV, could not be loaded (${(cause as Error).message})`,
      "A page with an import map needs a line for it: docs/browser.md.",
    );
  }
}
