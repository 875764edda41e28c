// `npm run conformance`: measures the library against float64 and PyTorch's figures and holds the result against the
// table in docs/numerics.md. An error that is larger than the recorded one fails; `-- --write` records what is there. With
// `--published` it needs no build but those that are, and so runs from a project that has installed the package, too.

import { readFileSync, writeFileSync } from "node:fs";
import { clearLine, cursorTo } from "node:readline";
import { parseArgs } from "node:util";
import "../relaxed-simd.ts";
import { init } from "xent";
import { type Build, measureFunctions, measureModels, type Table } from "./measure.ts";
import { compare, measured, parse, render } from "./record.ts";

const FILE = "docs/numerics.md";
const HELP = `Usage: npm run conformance [-- --write | --published]

Measures every function, activation, loss and net of the test fixtures in every
build against float64, and compares with the table in ${FILE}.

Options
  --write      put the measured figures into ${FILE}
  --published  only what the package has: the builds of xent/wasm, no functions
  --help       this text

Exit codes: 0; 1 when an error is larger than recorded, or a subject is not in
the table; 2 for a wrong command line.`;

function progress(line: string): void {
  if (!process.stderr.isTTY) return;
  cursorTo(process.stderr, 0);
  process.stderr.write(line.slice(0, 79));
  clearLine(process.stderr, 1);
}

const read = (place: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(import.meta.resolve(place))));

async function measureBuilt(): Promise<Table[]> {
  const names = ["simd", "debug", "relaxed"];
  const builds = names.map((name): Build => [name, read(`../../build/${name}.wasm`)]);
  progress("functions");
  const functions = measureFunctions(read("../../build/vmath.wasm"), builds);
  return [functions, ...(await measureModels(builds, progress))];
}

/** Where the engine does not fuse, `relaxed` is to give the bits of `simd`, and so its figures. */
async function measurePublished(): Promise<Table[]> {
  const relaxed = read("xent/wasm/relaxed.wasm");
  const { fused } = (await init({ wasm: relaxed })).info;
  const builds: Build[] = [
    ["simd", read("xent/wasm/simd.wasm")],
    [fused ? "relaxed" : "simd", relaxed],
  ];
  return measureModels(builds, progress);
}

async function main({ write, published }: { write?: boolean; published?: boolean }): Promise<number> {
  const tables = await (published ? measurePublished() : measureBuilt());
  progress("");
  const text = readFileSync(FILE, "utf8");
  if (write) {
    const next = render(text, tables);
    if (next !== text) writeFileSync(FILE, next);
    console.log(`${FILE} ${next === text ? "has these figures already" : "rewritten"}`);
    return 0;
  }
  const { lines, worse, better } = compare(tables, published ? measured(parse(text), tables) : parse(text));
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
    options: {
      write: { type: "boolean" },
      published: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) console.log(HELP);
  else if (values.write && values.published) {
    console.error(`--published measures a part, and --write would drop the rest.\n\n${HELP}`);
    process.exitCode = 2;
  } else process.exitCode = await main(values);
} catch (error) {
  if ((error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
  console.error(`${(error as Error).message.split(". ")[0]}.\n\n${HELP}`);
  process.exitCode = 2;
}
