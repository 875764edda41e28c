// `npm run bench:tables`: what `xent train` reaches with its own defaults on the five sets, beside scikit-learn's chosen net, on the same rows.
// Each run is the command as users call it, in a process of its own, on CSV files with the rows of a split. It measures no times.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { UsageError } from "../../cli.ts";
import { aligned } from "../../table.ts";
import { print, progress } from "../../terminal.ts";

const HELP = `Usage: npm run bench:tables -- [set …] [--seeds N] [-- options of xent train]

Trains on ten splits of each set of examples/data by the command, and compares the
scores of the rows held out with those of scikit-learn's multilayer perceptron.
  --seeds N  runs of each split, with the seeds 0 to N − 1 (default 3)
  --help     this text

Exit code 1 when a mean is more than 0.01 below, or a run fails; 2 for a wrong command
line. Example: npm run bench:tables -- iris --seeds 1 -- --epochs 20`;

const SETS = {
  iris: { target: "species", metric: "accuracy" },
  wine: { target: "class", metric: "accuracy" },
  "breast-cancer": { target: "diagnosis", metric: "accuracy" },
  // the sex of one penguin
  penguins: { target: "species", metric: "accuracy", options: ["--missing", ",NA,."] },
  diabetes: { target: "progression", metric: "r2" },
} as const satisfies Record<string, { target: string; metric: string; options?: readonly string[] }>;
type SetName = keyof typeof SETS;

/** How far a mean may be below. */
const MARGIN = 0.01;

const COMMAND = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

/** A run that failed, in the words of the command. */
class Failure extends Error {}

interface Arguments {
  readonly sets: readonly SetName[];
  readonly seeds: number;
  /** of `xent train` */
  readonly options: readonly string[];
}

/** Rows of a split that are held out, and the score of scikit-learn's net on them. */
interface Split {
  readonly held: ReadonlySet<number>;
  readonly mark: number;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  progress("");
  if (!(error instanceof UsageError || error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

function main(argv: readonly string[]): number {
  const asked = parse(argv);
  if (asked === undefined) {
    print([HELP]);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), "xent-tables-"));
  try {
    const results = asked.sets.map((name) => ({ name, ...compare(name, asked, folder) }));
    progress("");
    const head = ["", "score", "xent", "its least", "scikit-learn", "difference"];
    const cells = results.map(({ name, scores, marks, difference }) => [
      name,
      SETS[name].metric,
      spread(scores),
      Math.min(...scores).toFixed(4),
      spread(marks),
      `${signed(mean(difference))} ± ${(deviation(difference) / Math.sqrt(difference.length)).toFixed(4)}`,
    ]);
    print(aligned([head, ...cells], [true, true, false, false, false, false]));
    const below = results.filter(({ difference }) => mean(difference) < -MARGIN);
    for (const { name } of below) console.error(`${name}: the mean is more than ${MARGIN} below`);
    return below.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of each split: xent's score, the mean over its seeds; scikit-learn's; and their difference. */
function compare(name: SetName, { seeds, options }: Arguments, folder: string) {
  const splits = splitsOf(name);
  const scores = splits.map(({ held }, i) => {
    const of = Array.from({ length: seeds }, (_, seed) => {
      progress(`${name}: split ${i + 1} of ${splits.length}, seed ${seed}`);
      return run(name, held, [...options, "--seed", String(seed)], folder);
    });
    return mean(of);
  });
  const marks = splits.map(({ mark }) => mark);
  return { scores, marks, difference: scores.map((score, i) => score - (marks[i] as number)) };
}

/** One run of the command; the score that it prints of the rows held out. */
function run(name: SetName, held: Split["held"], options: readonly string[], folder: string): number {
  const set = SETS[name];
  const [header = "", ...rows] = lines(`../../../examples/data/${name}.csv`);
  const [train, test, out] = ["train.csv", "test.csv", "model.safetensors"].map((each) =>
    join(folder, each),
  ) as [string, string, string];
  const part = (wanted: boolean) => [header, ...rows.filter((_, i) => held.has(i) === wanted), ""].join("\n");
  writeFileSync(train, part(false));
  writeFileSync(test, part(true));
  const args = ["train", train, "--target", set.target, "--test", test, "--out", out, "--json", "--quiet"];
  const own = "options" in set ? set.options : [];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, COMMAND, ...args, ...own, ...options],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Failure(`${name}: xent ended with ${status}\n${stderr}`);
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const start = events.find(({ event }) => event === "start");
  const done = events.at(-1);
  const score: unknown = done?.test?.[set.metric];
  if (done?.event !== "done" || typeof score !== "number")
    throw new Failure(`${name}: no ${set.metric} of the test in ${JSON.stringify(done)}`);
  // none of the rows held out is to be trained or validated with, and all are to be tested with
  const { train: trained, validation, test: tested } = start.rows;
  if (trained + validation !== rows.length - held.size || tested !== held.size)
    throw new Failure(
      `${name}: of ${rows.length} rows ${held.size} held out, got ${JSON.stringify(start.rows)}`,
    );
  return score;
}

function splitsOf(name: SetName): Split[] {
  const marks = new Map(
    lines("scores.csv")
      .map((line) => line.split(","))
      .filter(([set, , model]) => set === name && model === "mlp")
      .map(([, seed, , score]) => [seed, Number(score)]),
  );
  return lines("test-rows.csv")
    .map((line) => line.split(","))
    .filter(([set]) => set === name)
    .map(([, seed, rows = ""]) => {
      const mark = marks.get(seed);
      if (mark === undefined) throw new Failure(`scores.csv has no mlp for split ${seed} of ${name}`);
      return { held: new Set(rows.split(" ").map(Number)), mark };
    });
}

function lines(path: string): string[] {
  return readFileSync(new URL(path, import.meta.url), "utf8")
    .trimEnd()
    .split(/\r?\n/);
}

function parse(argv: readonly string[]): Arguments | undefined {
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const { values, positionals } = parsed(own);
  if (values.help) return undefined;
  const unknown = positionals.find((name) => !Object.hasOwn(SETS, name));
  if (unknown !== undefined)
    throw new UsageError(`There is no set "${unknown}"; sets are ${Object.keys(SETS).join(", ")}.`);
  const seeds = Number(values.seeds ?? 3);
  if (!Number.isInteger(seeds) || seeds < 1 || seeds > 100)
    throw new UsageError(`--seeds is "${values.seeds}"; expected a whole number from 1 to 100.`);
  const sets = (Object.keys(SETS) as SetName[]).filter(
    (name) => positionals.length === 0 || positionals.includes(name),
  );
  return { sets, seeds, options: argv.slice(own.length + 1) };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { seeds: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    // Node adds advice on escaping after the first sentence
    throw new UsageError(`${(error as Error).message.split(/\. |\n/)[0]}.`);
  }
}

function mean(list: readonly number[]): number {
  return list.reduce((sum, x) => sum + x, 0) / list.length;
}

/** Of a sample: over n − 1. */
function deviation(list: readonly number[]): number {
  const middle = mean(list);
  return Math.sqrt(list.reduce((sum, x) => sum + (x - middle) ** 2, 0) / (list.length - 1));
}

function spread(list: readonly number[]): string {
  return `${mean(list).toFixed(4)} ± ${deviation(list).toFixed(4)}`;
}

function signed(x: number): string {
  const text = Math.abs(x).toFixed(4);
  return `${x < 0 && Number(text) > 0 ? "−" : "+"}${text}`;
}
