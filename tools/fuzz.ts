// `npm run fuzz`: long runs of the fuzz targets in test/fuzz, with a bar and a table. What is a failure is test/fuzz/harness.ts.

import { parseArgs } from "node:util";
import cliProgress from "cli-progress";
import { FORMATS, targetOf } from "../test/fuzz/formats.ts";
import { type Counts, FuzzFailure, farEnough, fuzz } from "../test/fuzz/harness.ts";

const RUNS = 100_000;

const HELP = `Usage: npm run fuzz -- [format …] [options]

Gives readers files that are put together from parts, some of them odd, and
damaged. A reader must accept a file or refuse it with an XentError; it fails
when it throws anything else, does not end, allocates out of proportion to the
input, or changes a prototype or its input. The first failure ends a format; its
input is written to a file, and the same seed comes to it again.

Formats (all of them when none is named)
  ${FORMATS.join(", ")}

Options
  --runs N       inputs for each format, ${RUNS} by default
  --seed N       from -2147483648 to 2147483647; by default one by the clock
  --help         this text

Ctrl-C prints what was counted so far. Exit codes: 0; 1 when something failed, or
when less than a third of the inputs passed the first stage of a reader; 2 for a
wrong command line; 130 after Ctrl-C.`;

class UsageError extends Error {}

interface Arguments {
  readonly formats: readonly string[];
  readonly runs: number;
  readonly seed: number;
}

/** @throws {UsageError} */
function readArguments(argv: string[]): Arguments | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  for (const name of positionals) {
    if (!FORMATS.includes(name))
      throw new UsageError(`There is no format "${name}"; formats are ${FORMATS.join(", ")}.`);
  }
  const formats = positionals.length === 0 ? FORMATS : FORMATS.filter((name) => positionals.includes(name));
  return {
    formats,
    runs: whole("runs", values.runs ?? String(RUNS), 1, 2 ** 31 - 1),
    seed: whole("seed", values.seed ?? String(Date.now() | 0), -(2 ** 31), 2 ** 31 - 1),
  };
}

function parse(args: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { runs: text, seed: text, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    // Node adds advice on escaping after the first sentence
    throw new UsageError(`${(error as Error).message.split(/\. |\n/)[0]}.`);
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} is "${text}"; expected a whole number from ${least} to ${most}.`);
}

const row = (format: string, stage: string, inputs: string, share: string, seconds: string): string =>
  `${format.padEnd(14)}${stage.padEnd(28)}${inputs.padStart(14)}${share.padStart(10)}${seconds.padStart(10)}`.trimEnd();

/** A line for the inputs of a format, and one for each of its stages; what passed the last is what was accepted. */
function table(all: readonly Counts[]): string[] {
  const lines = [row("format", "passed", "inputs", "%", "seconds")];
  for (const { name, stages, inputs, passed, seconds } of all) {
    lines.push(row(name, "", inputs.toLocaleString("en"), "", seconds.toFixed(1)));
    passed.forEach((count, i) => {
      const stage = i === stages.length - 1 ? "accepted" : `${i + 1} ${stages[i]}`;
      lines.push(row("", stage, count.toLocaleString("en"), ((100 * count) / inputs).toFixed(1), ""));
    });
  }
  return lines;
}

async function main({ formats, runs, seed }: Arguments): Promise<number> {
  console.log(`seed ${seed}`);
  const done: Counts[] = [];
  let current: Counts | undefined;
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    format: "{format}  {bar}  {percentage} %  {eta_formatted} left",
    barsize: 30,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    autopadding: true,
    clearOnComplete: true,
    hideCursor: true,
    gracefulExit: false,
  });
  process.on("SIGINT", () => {
    bar.stop();
    console.log(["", ...table(current === undefined ? done : [...done, current])].join("\n"));
    process.exit(130);
  });
  let failed = false;
  for (const format of formats) {
    bar.start(runs, 0, { format: format.padEnd(12) });
    const onProgress = (counts: Counts): void => {
      current = counts;
      bar.update(counts.inputs);
    };
    try {
      const counts = await fuzz(targetOf(format), { runs, seed, onProgress });
      bar.stop();
      done.push(counts);
      if (farEnough(counts)) continue;
      failed = true;
      console.error(`${format}: less than a third of the inputs passed the first stage`);
    } catch (error) {
      bar.stop();
      if (!(error instanceof FuzzFailure)) throw error;
      failed = true;
      console.error(`${format}: ${error.message}`);
      if (current?.name === format) done.push(current);
    } finally {
      current = undefined;
    }
  }
  console.log(["", ...table(done)].join("\n"));
  return failed ? 1 : 0;
}

try {
  const args = readArguments(process.argv.slice(2));
  if (args === undefined) console.log(HELP);
  else process.exitCode = await main(args);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
