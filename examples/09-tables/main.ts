// A table from a CSV file, and a model that other tools open. `npm run example -- 09 penguins`.

import { mkdirSync } from "node:fs";
import { UsageError } from "../shared/arguments.ts";
import { painter } from "../shared/style.ts";
import { HELP, readOptions } from "./options.ts";
import { reportLines } from "./report.ts";
import { run } from "./run.ts";

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    console.log(HELP);
  } else {
    mkdirSync(options.out, { recursive: true });
    const paint = painter(process.stdout.isTTY === true, process.env);
    console.log(reportLines(await run(options), options, paint).join("\n"));
  }
} catch (error) {
  // a folder or file that cannot be written has a code too
  if (!(error instanceof Error && (error instanceof UsageError || "code" in error))) throw error;
  console.error(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
