#!/usr/bin/env node
// The `xent` command: reads the command line, runs what it names, and ends with an exit code. What there is stands in program.ts.

import { CommanderError } from "commander";
import { EXIT, explain } from "./errors.ts";
import { program } from "./program.ts";

// whoever reads has enough: head, less
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.done);
  throw error;
});
// the library's words without Node's head and hint
process.removeAllListeners("warning");
process.on("warning", ({ name, message }) =>
  console.error(name === "XentWarning" ? `warning: ${message}` : `${name}: ${message}`),
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
    const known = explain(error);
    console.error(known === undefined ? error : `xent: ${known.line}`);
    process.exitCode = known?.code ?? EXIT.failed;
  }
}
