// CSV files and stdin as tables, by the options of a command line; for a model, with the columns that its preprocessing knows.

import { extname } from "node:path";
import type { Preprocessing, StreamCsvOptions, Table } from "../data.ts";
import { readCsv, streamCsv } from "../data.ts";
import { type FileProgress, readCsvFile, streamCsvFile } from "../node.ts";
import type { ReadOptions } from "./options.ts";
import { thousands } from "./text/format.ts";
import type { Screen } from "./text/terminal.ts";

type ColumnTypes = NonNullable<StreamCsvOptions["types"]>;

interface More {
  readonly types?: ColumnTypes;
  readonly signal?: AbortSignal;
}

/** A file is read in so many bytes before its reading has a progress bar. */
const LONG = 2 ** 24;

/** @param path  "-" is stdin */
export async function readTable(
  path: string,
  options: ReadOptions,
  screen: Screen,
  more: More = {},
): Promise<Table> {
  const csv = { ...csvOptions(path, options), ...more };
  if (path === "-") return readCsv(stdin(more.signal), csv);
  const table = await readCsvFile(path, { ...csv, onProgress: progressOf(screen, "reading") });
  screen.clear();
  return table;
}

/** The same, table after table: a file may be larger than memory. The bar is left to be cleared. */
export function streamTables(
  path: string,
  options: ReadOptions,
  screen: Screen,
  more: More = {},
): AsyncGenerator<Table> {
  const csv = { ...csvOptions(path, options), ...more };
  if (path === "-") return streamCsv(stdin(more.signal), csv);
  return streamCsvFile(path, { ...csv, onProgress: progressOf(screen, "predicting") });
}

/** Until a signal aborts: else nothing would look at it before the next rows come. */
function stdin(signal: AbortSignal | undefined): NodeJS.ReadStream {
  signal?.addEventListener("abort", () => process.stdin.destroy(signal.reason as Error));
  return process.stdin;
}

function progressOf(screen: Screen, doing: string): (progress: FileProgress) => void {
  return ({ bytes, total, rows }) => {
    if (total > LONG) screen.progress(bytes, total, doing, `${thousands(rows)} rows`);
  };
}

/** How the columns of a preprocessing are to be read, whatever the first rows look like. */
export function typesOf({ spec }: Preprocessing, withTarget: boolean): ColumnTypes {
  const types = spec.columns.map(
    ({ name, kind }) => [name, kind === "number" ? "number" : "category"] as const,
  );
  const { target } = spec;
  if (target === undefined || !withTarget) return Object.fromEntries(types);
  const targets =
    target.kind === "classes"
      ? [[target.name, "category"] as const]
      : target.columns.map(({ name }) => [name, "number"] as const);
  return Object.fromEntries([...types, ...targets]);
}

function csvOptions(path: string, options: ReadOptions): StreamCsvOptions {
  const { delimiter, decimal, missing, comment, header } = options;
  const tabs = delimiter === undefined && extname(path) === ".tsv";
  return {
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(tabs ? { delimiter: "\t" } : {}),
    ...(decimal === undefined ? {} : { decimal }),
    ...(missing === undefined ? {} : { missing }),
    ...(comment === undefined ? {} : { comment }),
    ...(header === undefined ? {} : { header }),
  };
}
