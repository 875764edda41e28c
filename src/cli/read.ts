// CSV files and stdin as tables, by the options of a command line; for a model, with the columns that its preprocessing knows.

import { extname } from "node:path";
import type { Preprocessing, StreamCsvOptions, Table } from "../data.ts";
import { readCsv, streamCsv } from "../data.ts";
import { readCsvFile, streamCsvFile } from "../node.ts";
import type { ReadOptions } from "./options.ts";
import type { Screen } from "./terminal.ts";

type ColumnTypes = NonNullable<StreamCsvOptions["types"]>;

/** A file is read in so many bytes before its reading has a progress bar. */
const LONG = 2 ** 24;

/** @param path  "-" is stdin */
export async function readTable(
  path: string,
  options: ReadOptions,
  screen: Screen,
  more: Pick<StreamCsvOptions, "types" | "signal"> = {},
): Promise<Table> {
  const csv = { ...csvOptions(path, options), ...more };
  if (path === "-") return readCsv(process.stdin, csv);
  const table = await readCsvFile(path, {
    ...csv,
    onProgress({ bytes, total, rows }) {
      if (total > LONG) screen.progress(bytes, total, "reading", `${rows.toLocaleString("en-US")} rows`);
    },
  });
  screen.clear();
  return table;
}

/** The same, table after table: a file may be larger than memory. */
export function streamTables(
  path: string,
  options: ReadOptions,
  more: Pick<StreamCsvOptions, "types" | "signal"> = {},
): AsyncGenerator<Table> {
  const csv = { ...csvOptions(path, options), ...more };
  return path === "-" ? streamCsv(process.stdin, csv) : streamCsvFile(path, csv);
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
