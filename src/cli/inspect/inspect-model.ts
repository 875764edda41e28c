// What `xent inspect` says of a model: what it learns and how, its layers, and what becomes of each column.

import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import type { ColumnSpec, NumberColumn, Preprocessing } from "../../data.ts";
import type { Sequential } from "../../index.ts";
import { openRuntime } from "../engine.ts";
import { factLines } from "../info.ts";
import { parameterCount } from "../parameters.ts";
import { openSaved, type Saved, savedOf } from "../saved.ts";
import { descriptionText } from "../text/description.ts";
import { bytes, count, digits, thousands } from "../text/format.ts";
import type { Screen } from "../text/terminal.ts";
import { clip, table, width } from "../text/text.ts";
import { moreLine, SHOWN } from "./columns.ts";
import type { InspectOptions } from "./inspect.ts";

export async function inspectModel(file: string, { columns }: InspectOptions, screen: Screen): Promise<void> {
  const xent = await openRuntime({ threads: 1 });
  const model = await openSaved(xent, file);
  const saved = savedOf(model);
  const size = (await stat(file)).size;
  const { preprocessing, classes, input, outputs } = model;
  if (screen.json) {
    const { build, model: net, training } = saved;
    const { optimizer, batches, run, over } = training;
    screen.emit("model", {
      file,
      bytes: size,
      parameters: parameterCount(model),
      input,
      outputs,
      classes,
      layers: net.layers,
      seed: net.seed,
      loss: net.loss,
      optimizer,
      steps: batches,
      run: run && { epoch: run.epoch, row: run.row, epochsBefore: run.epochsBefore, settings: run.settings },
      over,
      build,
      features: preprocessing?.names,
      preprocessing: preprocessing?.spec,
    });
    return;
  }
  const { paint } = screen;
  const facts: [string, string][] = [
    ["model", `${clip(file, 60)}, ${bytes(size)}, ${count(parameterCount(model), "parameter")}`],
    ["learns", learns(model)],
    ["loss", saved.model.loss === undefined ? "not known" : descriptionText(saved.model.loss)],
    [
      "optimizer",
      saved.training.optimizer === undefined ? "none yet" : descriptionText(saved.training.optimizer),
    ],
    ["trained", trained(saved)],
    ...lastEpoch(saved),
    ["run", standing(saved)],
    ...unfinished(file),
  ];
  screen.say(...factLines(facts, paint, screen.columns), "", model.summary());
  if (preprocessing !== undefined) screen.say("", ...prepared(preprocessing, columns ?? SHOWN, screen));
}

function learns({ preprocessing, classes, outputs }: Sequential): string {
  const target = preprocessing?.spec.target;
  if (target?.kind === "numbers")
    return `${target.columns.map(({ name }) => clip(name)).join(", ")}: ${target.columns.length === 1 ? "a number" : "numbers"}`;
  const names = target?.classes ?? classes;
  const of = names === undefined ? "" : ` (${some(names)})`;
  return `${target === undefined ? "" : `${clip(target.name)}: `}${count(names?.length ?? outputs, names ? "class" : "output")}${of}`;
}

function trained({ training, build }: Saved): string {
  const { run, batches } = training;
  const epochs = (run?.epochsBefore ?? 0) + (run?.epoch ?? 0);
  const { batchSize } = run?.settings ?? {};
  const of = typeof batchSize === "number" ? ` of ${count(batchSize, "row")}` : "";
  return `${count(epochs, "epoch")}, ${count(batches, "step")}${of}, by the ${build} build`;
}

/** What was measured in the last epoch that was done. */
function lastEpoch({ training: { run } }: Saved): [string, string][] {
  const last = (series: Readonly<Record<string, readonly unknown[]>> = {}): string =>
    // what is not finite is a word in the file
    Object.entries(series)
      .filter(([, values]) => values.length > 0)
      .map(([name, values]) => `${name} ${digits(Number(values.at(-1)))}`)
      .join(", ");
  const [training, validation] = [last(run?.series), last(run?.validation)];
  if (training === "") return [];
  return [["last epoch", validation === "" ? training : `${training}; of the validation: ${validation}`]];
}

/** Whether the run can be gone on with, and where. */
function standing({ training: { run, over } }: Saved): string {
  if (run === undefined) return "none in the file";
  if (over !== undefined) return `cannot be gone on with: ${over}`;
  if (run.row > 0)
    return `stopped within epoch ${run.epoch + 1}, behind ${count(run.row, "row")}, and can be gone on with`;
  return `at the end of epoch ${run.epoch}, and can be gone on with`;
}

/** A checkpoint that an interrupted `train` has left beside the model. */
function unfinished(file: string): [string, string][] {
  const beside = file.replace(/(\.safetensors)?(\.gz)?$/i, ".checkpoint.safetensors");
  if (!existsSync(beside)) return [];
  return [["beside", `${clip(beside, 60)} of a run that was interrupted: xent train … --resume goes on`]];
}

function prepared({ spec, features }: Preprocessing, most: number, { paint }: Screen): string[] {
  const { columns, target } = spec;
  const rows = columns
    .slice(0, most)
    .map((column) => [clip(column.name), becomes(column), learnt(column), filled(column)]);
  const lines = table(["column", "becomes", "of", "if missing"], rows, paint, [1, 2, 3]);
  lines.push(...moreLine(columns.length, most));
  lines.push(`${count(columns.length, "column")}, ${count(features, "feature")}`);
  if (spec.drop) lines.push("Rows in which a value is missing are left out of training.");
  if (target?.kind === "numbers")
    for (const column of target.columns)
      if (column.scale !== 1 || column.center !== 0)
        lines.push(`${clip(column.name)} is learnt as ${scaled(column)}, and given back in its own units`);
  return lines;
}

function becomes(column: ColumnSpec): string {
  if (column.kind === "oneHot") return count(column.categories.length, "feature");
  if (column.kind !== "number") return "its place";
  return column.scale === 1 && column.center === 0 && column.offset === 0 ? "as it is" : "scaled";
}

function learnt(column: ColumnSpec): string {
  if (column.kind !== "number") return some(column.categories, 30);
  return becomes(column) === "as it is" ? "" : scaled(column);
}

/** Of what was standardized or brought into a range: (value − center)·scale + offset. */
function scaled({ center, scale, offset }: NumberColumn): string {
  const shift = offset === 0 ? "" : ` + ${digits(offset)}`;
  const moved = center < 0 ? `x + ${digits(-center)}` : `x − ${digits(center)}`;
  return `(${moved}) / ${digits(1 / scale)}${shift}`;
}

function filled(column: ColumnSpec): string {
  const { fill } = column;
  if (fill === undefined) return "refused";
  return typeof fill === "number" ? digits(fill) : clip(fill, 12);
}

/** As many of the names as fit, and how many more. */
function some(names: readonly string[], most = 48): string {
  const said: string[] = [];
  let length = 0;
  for (const name of names) {
    const next = clip(name, 16);
    length += width(next) + 2;
    if (said.length > 0 && length > most) return `${said.join(", ")}, … of ${thousands(names.length)}`;
    said.push(next);
  }
  return said.join(", ");
}
