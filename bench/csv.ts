// `npm run bench:csv`: a CSV file read into tables, beside Papa Parse alone, which is given the same pieces of the same file and whose rows
// are thrown away. What is asked for is a share of the parser's speed: both go in turn, so that a busy machine is no one's fault.

import { existsSync, statSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import papa from "papaparse";
import { textOf } from "../src/data/text.ts";
import { readCsvFile, streamCsvFile } from "../src/node.ts";
import { UsageError } from "./cli.ts";
import { setting } from "./report.ts";
import { digits, summarize } from "./statistics.ts";
import { aligned } from "./table.ts";
import { print, progress } from "./terminal.ts";

const HELP = `Usage: npm run bench:csv -- [--rows N] [--rounds N]

Reads a CSV file of 50 columns: 40 decimals, 5 integers, 5 categories. It is written
once to the system's folder of temporary files and kept there.
  --rows N    of the file (default 1000000: some 400 MB)
  --rounds N  in which each way is measured once (default 5)
  --quoted    the categories stand in quotes
  --help      this text`;

const [DECIMALS, INTEGERS, CATEGORIES] = [40, 5, 5];
const COLOURS = ["red", "green", "blue", "yellow", "a longer category"];
const BLOCK = 2 ** 20;

/** One file, whatever draws its numbers. */
async function write(path: string, rows: number, quote: string): Promise<void> {
  let state = 1;
  // the constants of Numerical Recipes' quick generator
  const draw = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const file = await open(`${path}.tmp`, "w");
  const names = Array.from({ length: DECIMALS + INTEGERS + CATEGORIES }, (_, i) => `column ${i}`);
  let text = `${names.join(",")}\n`;
  for (let row = 0; row < rows; row++) {
    const cells: string[] = [];
    for (let c = 0; c < DECIMALS; c++) cells.push(((draw() - 0.5) * 2000).toFixed(1 + (c % 5)));
    for (let c = 0; c < INTEGERS; c++) cells.push(String(Math.floor(draw() * 10_000)));
    for (let c = 0; c < CATEGORIES; c++)
      cells.push(`${quote}${COLOURS[Math.floor(draw() * COLOURS.length)]}${quote}`);
    text += `${cells.join(",")}\n`;
    if (text.length < BLOCK) continue;
    await file.write(text);
    text = "";
    progress(`writing ${path}: ${row} rows`);
  }
  await file.write(text);
  await file.close();
  await rename(`${path}.tmp`, path);
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  const block = new Uint8Array(BLOCK);
  try {
    for (;;) {
      const { bytesRead } = await file.read(block, 0, BLOCK, null);
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Bytes read and decoded, nothing else. */
async function decode(path: string): Promise<number> {
  for await (const _ of textOf("bench", bytesOf(path)));
  return 0;
}

/** Rows that the parser alone finds. */
async function parse(path: string): Promise<number> {
  const parser = new papa.Parser({ delimiter: ",", newline: "\n", quoteChar: '"' });
  let rest = "";
  let rows = -1;
  for await (const piece of textOf("bench", bytesOf(path))) {
    const text = rest + piece;
    const { data, meta } = parser.parse(text, 0, true);
    rest = text.slice(meta.cursor);
    rows += data.length;
  }
  return rows;
}

async function stream(path: string): Promise<number> {
  let rows = 0;
  for await (const part of streamCsvFile(path)) rows += part.rows;
  return rows;
}

const WAYS: readonly (readonly [name: string, read: (path: string) => Promise<number>])[] = [
  ["read and decoded", decode],
  ["Papa Parse alone", parse],
  ["streamCsvFile", stream],
  ["readCsvFile", async (path) => (await readCsvFile(path)).rows],
];

async function main(rows: number, rounds: number, quoted: boolean): Promise<void> {
  const path = join(tmpdir(), `xent-bench-${rows}${quoted ? "-quoted" : ""}.csv`);
  if (!existsSync(path)) await write(path, rows, quoted ? '"' : "");
  const { size } = statSync(path);
  const results = WAYS.map(([name]) => ({ name, seconds: [] as number[], cpu: [] as number[], peak: 0 }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, [name, read]] of WAYS.entries()) {
      progress(`round ${round + 1} of ${rounds}: ${name}`);
      const result = results[i] as (typeof results)[number];
      const before = process.memoryUsage.rss();
      const watch = setInterval(() => {
        result.peak = Math.max(result.peak, process.memoryUsage.rss() - before);
      }, 20);
      const [cpu, begin] = [process.cpuUsage(), performance.now()];
      const found = await read(path);
      result.seconds.push((performance.now() - begin) / 1000);
      const { user, system } = process.cpuUsage(cpu);
      result.cpu.push((user + system) / 1e6);
      clearInterval(watch);
      if (found !== rows && found !== 0) throw new Error(`${name} found ${found} rows of ${rows}`);
    }
  }
  progress("");
  const median = (list: readonly number[]): number => summarize(list).median;
  const parser = results[1] as (typeof results)[number];
  const { cpu, cores, load } = setting(false, 1);
  print([
    `Node ${process.versions.node}, ${cpu}, ${cores} cores, load ${load.toFixed(1)}`,
    `${rows} rows of ${DECIMALS + INTEGERS + CATEGORIES} columns, ${digits(size / 1e6)} MB; medians of ${rounds} rounds`,
    "",
    ...aligned(
      [
        ["", "seconds", "MB/s", "of parser", "CPU s", "of parser", "RSS +MB"],
        ...results.map(({ name, seconds, cpu, peak }) => [
          name,
          digits(median(seconds)),
          digits(size / 1e6 / median(seconds)),
          (median(parser.seconds) / median(seconds)).toFixed(2),
          digits(median(cpu)),
          (median(parser.cpu) / median(cpu)).toFixed(2),
          digits(peak / 1e6),
        ]),
      ],
      [true, false, false, false, false, false, false],
    ),
  ]);
}

try {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: { rows: text, rounds: text, quoted: { type: "boolean" }, help: { type: "boolean" } },
  });
  const whole = (name: "rows" | "rounds", fallback: number): number => {
    const value = Number(values[name] ?? fallback);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new UsageError(`--${name} is "${values[name]}"; expected an integer of at least 1.`);
  };
  if (values.help) console.log(HELP);
  else await main(whole("rows", 1_000_000), whole("rounds", 5), values.quoted ?? false);
} catch (error) {
  if (!(error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS")))
    throw error;
  console.error(`${(error as Error).message}\n\n${HELP}`);
  process.exitCode = 2;
}
