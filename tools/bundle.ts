// One file that any engine runs from anywhere, and beside it the file of its worker threads.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";

const WORKER = fileURLToPath(new URL("../src/threads/worker.ts", import.meta.url));

const OPTIONS: BuildOptions = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  external: ["node:*"],
  logLevel: "error",
};

/** Bundles a TypeScript module; the worker goes into the same folder. */
export async function bundle(entry: URL, outfile: string): Promise<void> {
  await build({ ...OPTIONS, entryPoints: [fileURLToPath(entry)], outfile, plugins: [namesWorker] });
  await build({ ...OPTIONS, entryPoints: [WORKER], outfile: join(dirname(outfile), "worker.mjs") });
}

/** Bundles a TypeScript module that imports xent from where it is installed. */
export async function bundleUser(entry: URL, outfile: string): Promise<void> {
  const external = ["node:*", "xent", "xent/*"];
  await build({ ...OPTIONS, entryPoints: [fileURLToPath(entry)], outfile, external });
}

/** The pool names its worker's source; beside a bundle stands the worker's own. */
const namesWorker: Plugin = {
  name: "names-worker",
  setup({ onLoad }) {
    onLoad({ filter: /src.threads.pool\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      return { loader: "ts", contents: text.replaceAll('new URL("./worker.ts"', 'new URL("./worker.mjs"') };
    });
  },
};
