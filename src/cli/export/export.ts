// `xent export`: a model as files of another format. What is in them is written by xent/onnx, xent/module and export-pytorch.ts.

import { readFile, realpath, rm } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { readSafetensors } from "../../data.ts";
import type { Sequential } from "../../index.ts";
import { exportModule } from "../../module.ts";
import { writeFileAtomic } from "../../node.ts";
import { exportOnnx, type OnnxOptions } from "../../onnx.ts";
import { openRuntime } from "../engine.ts";
import { UsageError } from "../errors.ts";
import type { OutputOptions } from "../options.ts";
import { checkWritable, writeStdout } from "../outputs.ts";
import { openSaved, type Saved, savedOf } from "../saved.ts";
import { bytes } from "../text/format.ts";
import { openScreen } from "../text/terminal.ts";
import { clip } from "../text/text.ts";
import { exportPytorch } from "./export-pytorch.ts";

const FORMATS = ["onnx", "module", "pytorch"] as const;
type Format = (typeof FORMATS)[number];

export interface ExportOptions extends OutputOptions {
  readonly out: string;
  readonly to?: Format;
  /** false: the output is the logits */
  readonly link: boolean;
  readonly input?: "f32" | "u8";
  readonly preprocessing?: boolean;
}

interface Written {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** in some words */
  readonly what: string;
}

export async function exportModel(file: string, options: ExportOptions): Promise<void> {
  const { out, json } = options;
  const piped = out === "-";
  const to = formatOf(options);
  if (piped && json)
    throw new UsageError("--json and the file cannot both go to stdout: name a file by --out");
  if (piped && to === "pytorch")
    throw new UsageError("pytorch is two files, and stdout is one: --out net.py");
  const screen = openScreen({ ...options, piped });
  const xent = await openRuntime({ threads: 1 });
  const model = await openSaved(xent, file);
  const files = contents(model, savedOf(model), to, options);
  if (piped) {
    for (const each of files) await writeStdout(each.bytes);
    return;
  }
  for (const { path } of files) checkWritable(path);
  await refuseOverwriting(file, files, out);
  await writeAll(files);
  screen.emit("export", { to, files: files.map(({ path, bytes }) => ({ path, bytes: bytes.length })) });
  for (const { path, bytes: given, what } of files)
    screen.say(`${clip(path, 60)}  ${screen.paint("dim", `${bytes(given.length)}, ${what}`)}`);
}

const ENDS: Readonly<Record<string, Format>> = {
  ".onnx": "onnx",
  ".mjs": "module",
  ".js": "module",
  ".py": "pytorch",
  ".safetensors": "pytorch",
};

/** What was asked for, by name or by the end of the file's; and whether the other options go with it. */
function formatOf({ out, to, link, input, preprocessing }: ExportOptions): Format {
  const format = to ?? ENDS[extname(out).toLowerCase()];
  if (format === undefined)
    throw new UsageError(
      `--out ${out} does not say which format: end it with .onnx, .mjs or .py, or add --to ${FORMATS.join(", ")}`,
    );
  const ofOnnx = { "--no-link": !link, "--input": input !== undefined, "--preprocessing": preprocessing };
  for (const [name, given] of Object.entries(ofOnnx))
    if (given && format !== "onnx")
      throw new UsageError(`${name} is an option of onnx, and the format is ${format}`);
  return format;
}

function contents(model: Sequential, saved: Saved, to: Format, options: ExportOptions): Written[] {
  const { out } = options;
  if (to === "onnx") {
    const { loss } = saved.model;
    // a loss in JavaScript does not come back from a file, and so nobody knows what predict would give
    const link = options.link && loss !== undefined;
    const { input, preprocessing } = options;
    const asked: OnnxOptions = {
      link,
      ...(input === undefined ? {} : { input }),
      ...(preprocessing === undefined ? {} : { preprocessing }),
    };
    const from = preprocessing ? "raw columns" : "features";
    const what = `ONNX, opset 17: from ${from} to ${link ? "what predict gives" : "logits"}`;
    return [{ path: out, bytes: exportOnnx(model, asked), what }];
  }
  if (to === "module") {
    const bytes = new TextEncoder().encode(exportModule(model));
    return [{ path: out, bytes, what: "a JavaScript module: predict() without xent" }];
  }
  const stem = join(dirname(out), basename(out, extname(out)));
  const weights = `${stem}.safetensors`;
  const script = `${stem}.py`;
  const { state, text } = exportPytorch(model, saved, basename(weights));
  return [
    { path: weights, bytes: state, what: "a state_dict: weights alone, by PyTorch's names" },
    { path: script, bytes: new TextEncoder().encode(text), what: "the net in PyTorch: load(), predict()" },
  ];
}

/** @param named  the file of --out: one that goes beside it, and is not named, takes no model's place */
async function refuseOverwriting(model: string, files: readonly Written[], named: string): Promise<void> {
  const own = await realpath(model);
  for (const { path } of files) {
    if ((await realpath(path).catch(() => resolve(path))) === own)
      throw new UsageError(`${path} is the model itself, which would be lost: choose another name for --out`);
    if (path !== named && (await isModelFile(path)))
      throw new UsageError(`${path} is a model of xent, which would be lost: choose another name for --out`);
  }
}

/** Whether there is such a file, and `xent` stands in its metadata. */
async function isModelFile(path: string): Promise<boolean> {
  try {
    return readSafetensors(await readFile(path)).metadata.has("xent");
  } catch {
    return false;
  }
}

/** Writes all files or none: where one fails, those before it are what they were. */
export async function writeAll(files: readonly Pick<Written, "path" | "bytes">[]): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const { path, bytes } of files) {
      const before = await readFile(path).catch(() => undefined);
      await writeFileAtomic(path, bytes);
      undo.unshift(() => (before === undefined ? rm(path, { force: true }) : writeFileAtomic(path, before)));
    }
  } catch (error) {
    for (const each of undo) await each();
    throw error;
  }
}
