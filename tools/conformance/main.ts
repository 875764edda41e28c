// `npm run conformance`: measures the library against float64 and PyTorch's figures and holds the result against the
// table in docs/numerics.md. An error that is larger than the recorded one fails; `-- --write` records what is there.

import { readFileSync, writeFileSync } from "node:fs";
import { clearLine, cursorTo } from "node:readline";
import { parseArgs } from "node:util";
import "../relaxed-simd.ts";
import { measureAll } from "./measure.ts";
import { compare, parse, render } from "./record.ts";

const FILE = "docs/numerics.md";
const HELP = `Usage: npm run conformance [-- --write]

Measures every function, activation, loss and net of the test fixtures in every
build against float64, and compares with the table in ${FILE}.

Options
  --write   put the measured figures into ${FILE}
  --help    this text

Exit codes: 0; 1 when an error is larger than recorded, or a subject is not in
the table; 2 for a wrong command line.`;

function progress(line: string): void {
  if (!process.stderr.isTTY) return;
  cursorTo(process.stderr, 0);
  process.stderr.write(line.slice(0, 79));
  clearLine(process.stderr, 1);
}

async function main(write: boolean): Promise<number> {
  const tables = await measureAll(progress);
  progress("");
  const text = readFileSync(FILE, "utf8");
  if (write) {
    const next = render(text, tables);
    if (next !== text) writeFileSync(FILE, next);
    console.log(`${FILE} ${next === text ? "has these figures already" : "rewritten"}`);
    return 0;
  }
  const { lines, worse, better } = compare(tables, parse(text));
  console.log(lines.join("\n"));
  if (worse.length > 0) {
    console.error(`\n${worse.join("\n")}\n${worse.length} figures are worse than ${FILE} says.`);
    return 1;
  }
  console.log(
    better === 0
      ? "\nAll as recorded."
      : `\n${better} figures are better than recorded: -- --write puts them into ${FILE}.`,
  );
  return 0;
}

try {
  const { values } = parseArgs({
    options: { write: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) console.log(HELP);
  else process.exitCode = await main(values.write ?? false);
} catch (error) {
  if ((error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
  console.error(`${(error as Error).message.split(". ")[0]}.\n\n${HELP}`);
  process.exitCode = 2;
}
