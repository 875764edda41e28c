// The learning slowdown: a neuron that is badly wrong learns slowly by the quadratic cost and fast by cross entropy.
// `npm run example 03`, or `npm run example -- 03 --help`.

import { XentError } from "xent";
import { UsageError } from "../shared/arguments.ts";
import { painter } from "../shared/style.ts";
import { HELP, readOptions } from "./options.ts";
import { reportLines } from "./report.ts";
import { run } from "./run.ts";

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(HELP);
  else {
    const paint = painter(process.stdout.isTTY === true, process.env);
    console.log(reportLines(options, await run(options), paint).join("\n"));
  }
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\nnpm run example -- 03 --help shows the options.`);
    process.exitCode = 2;
  } else if (error instanceof XentError) {
    console.error(error.message);
    process.exitCode = 1;
  } else throw error;
}
