// What a page pays for training at least: a minimal trainer, bundled with one WebAssembly build, minified, gzipped.

import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const TRAINER = 'export { init, dataset, dense, relu, crossEntropy, sgd } from "./src/index.ts";';

/** Sizes in bytes: minified, and after gzip. */
export interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

/** Bundles the trainer for a browser, lazy imports included. */
export async function trainerSize(): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: TRAINER, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    minify: true,
    splitting: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  const bytes = outputFiles[0]!.contents;
  return { minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { minified, gzipped } = await trainerSize();
  console.log(`minimal trainer with the simd build: ${minified} bytes minified, ${gzipped} bytes gzipped`);
}
