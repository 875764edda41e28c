// `xent predict`: rows of a CSV file in, a line of CSV or JSON for each out. Rows go through piece by piece, so that a file may be larger
// than memory.

import type { Table } from "../data.ts";
import { type Sequential, XentError } from "../index.ts";
import { openModel, openRuntime } from "./engine.ts";
import { UsageError } from "./errors.ts";
import type { EngineOptions, OutputOptions, ReadOptions } from "./options.ts";
import { checkWritable, writeOutput, writeStdout } from "./outputs.ts";
import { streamTables, typesOf } from "./read.ts";
import { jsonLine, openScreen } from "./terminal.ts";

export interface PredictOptions extends EngineOptions, ReadOptions, OutputOptions {
  readonly out?: string;
}

/** So many characters are held back before the first are written: a short file with a bad row leaves nothing behind. */
const HELD = 2 ** 25;

export async function predict(path: string, data: string, options: PredictOptions): Promise<void> {
  const { json = false, out = "-" } = options;
  if (path === "-") throw new UsageError("the model is a file: - stands for rows alone");
  if (out !== "-" && (out === data || out === path))
    throw new UsageError(`${out} is read: name another file to write`);
  checkWritable(out);
  const screen = openScreen({ ...options, json: false, piped: true });
  const xent = await openRuntime(options);
  const model = await openModel(xent, path);
  const { preprocessing } = model;
  if (preprocessing === undefined) return;
  const columns = columnsOf(model);
  let text = json ? "" : csvLine(["row", ...columns.map(({ title }) => title)]);
  const held: string[] = [];
  let rows = 0;
  for await (const table of streamTables(data, options, { types: typesOf(preprocessing, false) })) {
    const lines = json ? jsonLines(model, table, rows) : csvLines(model, table, rows);
    rows += table.rows;
    text += lines;
    screen.progress(rows, rows + 1, "predicting", `${rows.toLocaleString("en-US")} rows`);
    if (text.length < HELD) continue;
    if (out === "-") await writeStdout(text);
    else held.push(text);
    text = "";
  }
  screen.clear();
  if (rows === 0) throw new XentError("EMPTY", `${data} has no rows`, "Add some behind the line of names.");
  await (out === "-" ? writeStdout(text) : writeOutput(out, [...held, text].join("")));
}

/** What is said of a row, behind its number. */
interface OutputColumn {
  readonly title: string;
}

function columnsOf(model: Sequential): OutputColumn[] {
  const { classes } = model;
  if (classes !== undefined)
    return ["predicted", ...classes.map((name) => `p_${name}`)].map((title) => ({ title }));
  return numbersOf(model).map((name) => ({ title: name === undefined ? "predicted" : `predicted_${name}` }));
}

/** Names of the numbers that are learnt; undefined for the only one. */
function numbersOf({ preprocessing, outputs }: Sequential): (string | undefined)[] {
  const target = preprocessing?.spec.target;
  if (outputs === 1 || target?.kind !== "numbers") return [undefined];
  return target.columns.map(({ name }) => name);
}

function csvLines(model: Sequential, table: Table, before: number): string {
  const { outputs, classes } = model;
  const values = model.predict(table);
  let text = "";
  for (let i = 0; i < table.rows; i++) {
    const own = values.subarray(i * outputs, (i + 1) * outputs);
    const numbers = Array.from(own, numberText);
    const cells = classes === undefined ? numbers : [classes[largest(own)] ?? "", ...numbers];
    text += csvLine([String(before + i + 1), ...cells]);
  }
  return text;
}

function jsonLines(model: Sequential, table: Table, before: number): string {
  const { outputs, classes } = model;
  const values = model.predict(table);
  const names = numbersOf(model);
  let text = "";
  for (let i = 0; i < table.rows; i++) {
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

/** As few digits as tell the f32 from its neighbours: at most nine. */
function numberText(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number(value.toPrecision(9)));
}

/** RFC 4180, with a line feed. */
function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
}
