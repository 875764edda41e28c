// `xent inspect`: which kind of file it is. What is said of a model is inspect-model.ts, of a CSV file inspect-table.ts.

import { open } from "node:fs/promises";
import { UsageError } from "../errors.ts";
import type { OutputOptions, ReadOptions } from "../options.ts";
import { openScreen } from "../text/terminal.ts";

export interface InspectOptions extends OutputOptions, ReadOptions {
  readonly target?: readonly string[];
  readonly task?: "classification" | "regression";
  readonly ignore?: readonly string[];
  /** lines of a table of columns, at most */
  readonly columns?: number;
}

export async function inspect(file: string, options: InspectOptions): Promise<void> {
  const screen = openScreen(options);
  if (!(await isModel(file))) {
    const { inspectTable } = await import("./inspect-table.ts");
    return inspectTable(file, options, screen);
  }
  const { target, task, ignore } = options;
  const given = Object.entries({ target, task, ignore }).find(([, value]) => value !== undefined);
  if (given !== undefined)
    throw new UsageError(`--${given[0]} goes with a CSV file, and ${file} is a model: leave it out`);
  const { inspectModel } = await import("./inspect-model.ts");
  return inspectModel(file, options, screen);
}

/** By the name; else by what it begins with: gzip, or the length of a header of JSON. */
async function isModel(file: string): Promise<boolean> {
  if (file === "-") return false;
  if (/\.safetensors(\.gz)?$/i.test(file)) return true;
  if (/\.(csv|tsv|txt)$/i.test(file)) return false;
  const handle = await open(file, "r").catch(() => undefined);
  // its reader says best what is wrong
  if (handle === undefined) return false;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(9), 0, 9, 0);
    if (bytesRead < 9) return false;
    // a length of less than 16 MiB ends in zeros, which no text has
    return buffer.readUInt16BE(0) === 0x1f8b || (buffer.readUIntLE(4, 4) === 0 && buffer[8] === 0x7b);
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}
