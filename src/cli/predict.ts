// `xent predict`: rows of a CSV file in, a line of CSV or JSON for each out. Rows go through piece by piece, so that a file may be larger
// than memory.

import { type Sequential, XentError } from "../index.ts";
import { openModel, openRuntime } from "./engine.ts";
import { inFile, UsageError } from "./errors.ts";
import { untilInterrupted } from "./interrupt.ts";
import type { EngineOptions, OutputOptions, ReadOptions } from "./options.ts";
import { checkApart, checkWritable, writeOutput, writeStdout } from "./outputs.ts";
import { streamTables, typesOf } from "./read.ts";
import { shortest } from "./text/format.ts";
import { jsonLine, openScreen, type Screen } from "./text/terminal.ts";

export interface PredictOptions extends EngineOptions, ReadOptions, OutputOptions {
  readonly out?: string;
}

/** So many characters are held back before the first are written: a short file with a bad row leaves nothing behind. */
const HELD = 2 ** 25;

export async function predict(path: string, data: string, options: PredictOptions): Promise<void> {
  const { out = "-" } = options;
  if (path === "-") throw new UsageError("the model is a file: - stands for rows alone");
  checkApart([data, path], [out]);
  checkWritable(out);
  const screen = openScreen({ ...options, json: false, piped: true });
  await untilInterrupted(screen.clear, (signal) => run(path, data, options, screen, signal));
}

async function run(
  path: string,
  data: string,
  options: PredictOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const { json = false, out = "-" } = options;
  const xent = await openRuntime(options);
  const model = await openModel(xent, path);
  const { preprocessing } = model;
  if (preprocessing === undefined) return;
  let text = json ? "" : csvLine(["row", ...titlesOf(model)]);
  const held: Uint8Array[] = [];
  let rows = 0;
  const reading = { types: typesOf(preprocessing, false), signal };
  for await (const table of streamTables(data, options, screen, reading)) {
    if (table.rows === 0) continue;
    const values = inFile(data, () => model.predict(table), rows);
    text += json ? jsonLines(model, values, rows) : csvLines(model, values, rows);
    rows += table.rows;
    if (text.length < HELD) continue;
    screen.clear();
    if (out === "-") await writeStdout(text);
    else held.push(Buffer.from(text));
    text = "";
  }
  screen.clear();
  if (rows === 0) throw new XentError("EMPTY", `${data} has no rows`, "Add some behind the line of names.");
  await (out === "-" ? writeStdout(text) : writeOutput(out, Buffer.concat([...held, Buffer.from(text)])));
}

/** Heads of what is said of a row, behind its number. */
function titlesOf(model: Sequential): string[] {
  const { classes } = model;
  if (classes !== undefined) return ["predicted", ...classes.map((name) => `p_${name}`)];
  return numbersOf(model).map((name) => (name === undefined ? "predicted" : `predicted_${name}`));
}

/** Names of the numbers that are learnt; undefined for the only one. */
function numbersOf({ preprocessing, outputs }: Sequential): (string | undefined)[] {
  const target = preprocessing?.spec.target;
  if (outputs === 1 || target?.kind !== "numbers") return [undefined];
  return target.columns.map(({ name }) => name);
}

function csvLines({ outputs, classes }: Sequential, values: Float32Array, before: number): string {
  let text = "";
  for (let i = 0; i * outputs < values.length; i++) {
    const own = values.subarray(i * outputs, (i + 1) * outputs);
    const numbers = Array.from(own, (value) => String(shortest(value)));
    const cells = classes === undefined ? numbers : [classes[largest(own)] ?? "", ...numbers];
    text += csvLine([String(before + i + 1), ...cells]);
  }
  return text;
}

function jsonLines(model: Sequential, values: Float32Array, before: number): string {
  const { outputs, classes } = model;
  const names = numbersOf(model);
  let text = "";
  for (let i = 0; i * outputs < values.length; i++) {
    const own = values.subarray(i * outputs, (i + 1) * outputs);
    const row = before + i + 1;
    const said =
      classes === undefined
        ? {
            predicted:
              names[0] === undefined ? own[0] : Object.fromEntries(names.map((name, j) => [name, own[j]])),
          }
        : {
            predicted: classes[largest(own)],
            probabilities: Object.fromEntries(classes.map((name, j) => [name, own[j]])),
          };
    text += `${jsonLine({ row, ...said })}\n`;
  }
  return text;
}

function largest(values: Float32Array): number {
  let best = 0;
  for (let c = 1; c < values.length; c++) if ((values[c] as number) > (values[best] as number)) best = c;
  return best;
}

/** RFC 4180, with a line feed. */
function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
}
