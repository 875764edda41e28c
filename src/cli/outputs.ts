// Files that a command writes: whether they can be written is found out before hours of work, and each is whole or not there.

import { randomBytes } from "node:crypto";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { XentError } from "../index.ts";
import { writeFileAtomic } from "../node.ts";

/** Refuses a file that could not be written: its folder is tried with an empty file, which is taken away again. */
export function checkWritable(path: string): void {
  if (path === "-") return;
  const trial = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString("hex")}`);
  try {
    if (existsSync(path) && !statSync(path).isFile()) throw new Error("it is there, and is no file");
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
export function writeStdout(content: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(content, (error) => (error ? reject(error) : resolve()));
  });
}
