// The files of a run of `train`: where the model, its checkpoint and the report go, found and tried before anything is read.

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, extname } from "node:path";
import { type Sequential, XentError } from "../../index.ts";
import { saveModel } from "../../node.ts";
import { UsageError } from "../errors.ts";
import { checkApart, checkWritable, writeStdout } from "../outputs.ts";
import type { TrainOptions } from "./settings.ts";

/** Where things are written. */
export interface Files {
  readonly out: string;
  /** none where the model goes to stdout */
  readonly checkpoint?: string;
  readonly report?: string;
  /** there is a checkpoint to go on from */
  readonly resume: boolean;
}

/** @param data  a path, "-" for stdin; undefined where a preset has the rows */
export function filesOf(data: string | undefined, options: TrainOptions): Files {
  const { resume, report } = options;
  const name =
    data === undefined ? (options.preset ?? "model") : data === "-" ? "model" : basename(data, extname(data));
  const out = options.out ?? `${name}.safetensors`;
  const end = /\.safetensors$/i.test(out) ? out.slice(0, -".safetensors".length) : out;
  const checkpoint = out === "-" ? undefined : `${end}.checkpoint.safetensors`;
  checkApart([data, options.test, options.validation, options.config], [out, checkpoint, report]);
  if (checkpoint === undefined && resume)
    throw new UsageError("--resume needs --out FILE: the checkpoint lies beside it");
  const interrupted = checkpoint !== undefined && existsSync(checkpoint);
  // a file that nobody has named is not written over, but by the run that was writing it
  if (options.out === undefined && !(resume && interrupted) && existsSync(out))
    throw new XentError(
      "FILE",
      `${out} is there already`,
      `--out ${out} writes over it, --out FILE another one.`,
    );
  if (interrupted && resume === undefined)
    throw new XentError(
      "FILE",
      `${checkpoint} is of a run that was interrupted`,
      "--resume goes on from it, --no-resume begins anew.",
    );
  for (const path of [out, report]) if (path !== undefined) checkWritable(path);
  return {
    out,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(report === undefined ? {} : { report }),
    resume: resume === true && interrupted,
  };
}

/** The model in its file, and no checkpoint. @returns bytes of the model */
export async function saveResult(model: Sequential, { out, checkpoint }: Files): Promise<number> {
  const saved = model.save();
  await (out === "-" ? writeStdout(saved) : saveModel({ save: () => saved }, out));
  if (checkpoint !== undefined) await rm(checkpoint, { force: true });
  return saved.length;
}
