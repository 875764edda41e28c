#!/usr/bin/env node
// The `xent` command: reads the command line, runs what it names, and ends with an exit code. What there is stands in program.ts.

import { CommanderError } from "commander";
import { EXIT, explain } from "./errors.ts";
import { program } from "./program.ts";
import { harmless } from "./text/harmless.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") process.exit(fail(error));
  // whoever reads has enough: head, less. What training is for is in a file, and is not to be lost with its text
  if (process.argv[2] !== "train") process.exit(EXIT.done);
});
// there is nowhere left to say it
process.stderr.on("error", () => {});
// the library's words without Node's head and hint
process.removeAllListeners("warning");
process.on("warning", ({ name, message }) =>
  console.error(harmless(name === "XentWarning" ? `warning: ${message}` : `${name}: ${message}`)),
);

const root = program();
for (const each of [root, ...root.commands]) each.exitOverride();
try {
  await root.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has said it already; help and version are no errors
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  } else {
    process.exitCode = fail(error);
  }
}

/** Says what went wrong. @returns the exit code */
function fail(error: unknown): number {
  const known = explain(error);
  console.error(known === undefined ? error : `xent: ${known.line}`);
  return known?.code ?? EXIT.failed;
}
