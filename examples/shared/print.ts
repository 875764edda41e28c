// The main program of an example that takes no options: prints its lines, or says what went wrong.

import { XentError } from "xent";
import { type Paint, painter } from "./style.ts";

export async function print(report: (paint: Paint) => Promise<readonly string[]>): Promise<void> {
  const [, , ...extra] = process.argv;
  if (extra.length > 0) {
    console.error(`This example takes no options; there are: ${extra.join(" ")}`);
    process.exitCode = 2;
    return;
  }
  try {
    const paint = painter(process.stdout.isTTY === true, process.env);
    console.log((await report(paint)).join("\n"));
  } catch (error) {
    if (!(error instanceof XentError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
