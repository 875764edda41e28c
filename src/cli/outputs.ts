// Files that a command writes: whether they can be written is found out before hours of work, and each is whole or not there.

import { existsSync, fstatSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { XentError } from "../index.ts";
import { writeFileAtomic } from "../node.ts";
import { UsageError } from "./errors.ts";

/** Refuses to write over what a command reads, and to write two things into one file, by whatever path they are named. */
export function checkApart(read: readonly unknown[], written: readonly (string | undefined)[]): void {
  const places = new Set(read.filter(isFile).map(placeOf));
  if (written.includes("")) throw new UsageError("a file to write has no name");
  for (const path of written.filter(isFile)) {
    const place = placeOf(path);
    if (places.has(place))
      throw new UsageError(`${path} is read or written already: name another file to write`);
    places.add(place);
  }
}

/** Options that may be a share of rows, and others that are left out, are none. */
function isFile(path: unknown): path is string {
  return typeof path === "string" && path !== "-" && path !== "";
}

function placeOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path);
}

/** Refuses a file that could not be written: its folder is tried with an empty file, which is taken away again. */
export function checkWritable(path: string): void {
  if (path === "-") return;
  // one name for all: of those that killed processes leave there is never more than one
  const trial = join(dirname(path), `.${basename(path)}.trial.tmp`);
  try {
    if (existsSync(path) && !statSync(path).isFile()) throw new Error("it is no file");
    writeFileSync(trial, "");
  } catch (error) {
    const reason = (error as Error).message.split(",")[0] ?? "";
    throw new XentError(
      "FILE",
      `cannot write ${JSON.stringify(path)}: ${reason}`,
      "Check its folder and your rights there.",
    );
  } finally {
    rmSync(trial, { force: true });
  }
}

/** @param path  "-" is stdout */
export async function writeOutput(path: string, content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  if (path === "-") return writeStdout(bytes);
  await writeFileAtomic(path, bytes);
}

/** Resolves when stdout has taken it: a reader that is slow holds up the writing. */
export async function writeStdout(content: Uint8Array | string): Promise<void> {
  // the stream would write to a file once, and not look how much of it a full disk has taken
  if (fstatSync(process.stdout.fd).isFile()) return writeFileSync(process.stdout.fd, content);
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(content, (error) => (error ? reject(error) : resolve()));
  });
}
