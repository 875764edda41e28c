// What a page pays for training at least: a minimal trainer with one WebAssembly build, bundled, minified, gzipped. The
// build is a chunk of its own, as bundlers make one of every lazy import, and each chunk is gzipped as a server would.

import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** A page that trains, and what it does not load. */
export const TRAINER = 'export { init, dataset, dense, relu, crossEntropy, sgd } from "./src/index.ts";';

/**
 * Of the builds a page's own thread loads one, and never those for threads, nor threads; what gradCheck imports when it is
 * called is shaken off with it, but esbuild would cut chunks for it all the same; and what hosted(), metrics, a split, a schedule
 * or load() need is for a page that asks for it. The look at the data, which the first fit has, counts.
 */
export const EXTERNAL: readonly string[] = [
  ...["*/generated/simd.ts", "*-threads.ts", "*/crew.ts", "*/given.ts"],
  ...["*/slope.ts", "*/reference.ts", "*/hosted.ts", "*/metrics.ts"],
  ...["*/split.ts", "*/schedules.ts", "*/schedule.ts", "*/loading.ts"],
];

/** Sizes in bytes: minified, and after gzip. */
export interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

/** Bundles the trainer for a browser; the sum over the chunks that its code can reach, lazy ones included. */
export async function trainerSize(): Promise<Size> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: TRAINER, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    minify: true,
    external: [...EXTERNAL],
    splitting: true,
    outdir: "out",
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
  });
  const reached = new Set<string>();
  const queue = Object.keys(metafile.outputs).filter(
    (path) => metafile.outputs[path]?.entryPoint === "<stdin>",
  );
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    queue.push(...(metafile.outputs[path]?.imports ?? []).map((chunk) => chunk.path));
  }
  const chunks = outputFiles.filter(({ path }) => reached.has(relative(process.cwd(), path)));
  const sum = (size: (bytes: Uint8Array) => number): number =>
    chunks.reduce((total, { contents }) => total + size(contents), 0);
  return {
    minified: sum((bytes) => bytes.length),
    gzipped: sum((bytes) => gzipSync(bytes, { level: 9 }).length),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { minified, gzipped } = await trainerSize();
  console.log(`minimal trainer with the relaxed build: ${minified} bytes minified, ${gzipped} bytes gzipped`);
}
