// What a page downloads to train with each library, and what npm puts on a disk for it. Nothing is run: a
// program that names what training needs is bundled for a browser, minified and gzipped, and each WebAssembly
// file that it would fetch is gzipped, too.

import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild"; // the root's

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {string} entry            source text of an ES module
 * @property {string} resolveDir       where its imports are looked for
 * @property {readonly string[]} wasm  paths of the files that the page fetches besides
 * @property {readonly string[]} packages   installed: names, seen from `resolveDir`, or absolute folders
 * @property {readonly string[]} [external] imports that the page does not load
 *
 * @typedef {object} Size
 * @property {string} name
 * @property {number} pageBytes        sum of the parts
 * @property {{ name: string, bytes: number }[]} pageParts   each one gzipped at level 9
 * @property {number} installBytes     lengths of all files of the packages and of what they depend on
 */

const here = dirname(fileURLToPath(import.meta.url));
const installed = (path) => join(here, "node_modules", path);

/** @type {Entry[]} */
const entries = [
  {
    // In a bundle tfjs-core has no gradients before they are registered; of the optimisers it brings all.
    // Both packages say which of Node's modules are empty in a browser. A page that is not isolated fetches
    // the build without threads.
    name: "tfjs, wasm",
    entry: `
      import "@tensorflow/tfjs-backend-wasm";
      import "@tensorflow/tfjs-core/dist/register_all_gradients";
      export {
        add, logSoftmax, matMul, mul, ready, relu, setBackend, sum, tensor, tidy, train, variable,
      } from "@tensorflow/tfjs-core";`,
    resolveDir: here,
    wasm: [installed("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm")],
    packages: ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm"],
  },
  {
    // It writes its WebAssembly itself. A page loads the two that are external if it asks for those backends.
    name: "jax-js",
    entry: 'export { grad, init, jit, numpy } from "@jax-js/jax";',
    resolveDir: here,
    wasm: [],
    packages: ["@jax-js/jax"],
    external: ["./webgpu-*", "./webgl-*"],
  },
  {
    name: "ConvNetJS",
    entry: 'import convnetjs from "convnetjs"; export const { Net, Trainer, Vol } = convnetjs;',
    resolveDir: here,
    wasm: [],
    packages: ["convnetjs"],
  },
  {
    // Its browser build has gpu.js inside, which is there whether it is used or not.
    name: "brain.js",
    entry: 'export { NeuralNetwork } from "brain.js";',
    resolveDir: here,
    wasm: [],
    packages: ["brain.js"],
  },
  {
    // Inference alone.
    name: "onnxruntime-web",
    entry: 'export { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";',
    resolveDir: here,
    wasm: [installed("onnxruntime-web/dist/ort-wasm-simd-threaded.wasm")],
    packages: ["onnxruntime-web"],
  },
  {
    // Matrices alone.
    name: "ml-matrix",
    entry: 'export { Matrix } from "ml-matrix";',
    resolveDir: here,
    wasm: [],
    packages: ["ml-matrix"],
  },
];

/**
 * @param {readonly Entry[]} extra  further ones, after those of this folder
 * @returns {Promise<Size[]>}
 */
export async function sizes(extra = []) {
  return Promise.all(
    [...entries, ...extra].map(async (entry) => {
      const files = entry.wasm.map((path) => ({ name: basename(path), bytes: gzipped(readFileSync(path)) }));
      const pageParts = [{ name: "JavaScript", bytes: await bundled(entry) }, ...files];
      const pageBytes = pageParts.reduce((sum, { bytes }) => sum + bytes, 0);
      return { name: entry.name, pageBytes, pageParts, installBytes: installedBytes(entry) };
    }),
  );
}

/**
 * Every chunk that the entry's code can reach, lazy ones included unless they are external, each gzipped by
 * itself as a server would. esbuild also cuts chunks for lazy imports in code that it then shakes off.
 *
 * @param {Entry} entry
 */
async function bundled({ entry, resolveDir, external = [] }) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: entry, resolveDir },
    external: [...external],
    bundle: true,
    minify: true,
    splitting: true,
    legalComments: "none",
    format: "esm",
    platform: "browser",
    target: "es2022",
    outdir: "out",
    write: false,
    metafile: true,
    logLevel: "error",
  });
  const { outputs } = metafile;
  const reached = new Set(Object.keys(outputs).filter((path) => outputs[path].entryPoint === "<stdin>"));
  for (const path of reached) for (const chunk of outputs[path]?.imports ?? []) reached.add(chunk.path);
  const chunks = outputFiles.filter(({ path }) => reached.has(relative(process.cwd(), path)));
  return chunks.reduce((sum, { contents }) => sum + gzipped(contents), 0);
}

function gzipped(bytes) {
  return gzipSync(bytes, { level: 9 }).length;
}

/**
 * npm installs dependencies, peers unless they are optional, and what is optional if it can: that counts if
 * it is there. `ignore-scripts` has kept brain.js's native `gl` from being compiled; its source is there.
 *
 * @param {Entry} entry
 */
function installedBytes({ packages, resolveDir }) {
  const folders = new Set();
  const visit = (name, from, optional) => {
    const folder = isAbsolute(name) ? name : packageFolder(name, from);
    if (folder === undefined) {
      if (optional) return;
      throw new Error(`${name}, which ${from} depends on, is not installed`);
    }
    const real = realpathSync(folder);
    if (folders.has(real)) return;
    folders.add(real);
    const meta = JSON.parse(readFileSync(join(real, "package.json"), "utf8"));
    const wanted = { ...meta.dependencies, ...meta.peerDependencies };
    const mayMiss = (dependency) =>
      dependency in (meta.optionalDependencies ?? {}) ||
      meta.peerDependenciesMeta?.[dependency]?.optional === true;
    for (const dependency of Object.keys({ ...wanted, ...meta.optionalDependencies })) {
      visit(dependency, real, mayMiss(dependency));
    }
  };
  for (const name of packages) visit(name, resolveDir, false);
  return [...folders].reduce((sum, folder) => sum + bytesIn(folder), 0);
}

/** The folder that Node takes a package from, if it is in one. */
function packageFolder(name, from) {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

/** A package's own files, without packages installed within it. */
function bytesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, file) => {
    const path = join(folder, file.name);
    if (file.isDirectory()) return file.name === "node_modules" ? sum : sum + bytesIn(path);
    return file.isFile() ? sum + statSync(path).size : sum;
  }, 0);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const rows = (await sizes()).map(({ name, pageBytes, pageParts, installBytes }) => [
    name,
    `${(pageBytes / 1e3).toFixed(1)} kB`,
    `${(installBytes / 1e6).toFixed(1)} MB`,
    pageParts.map((part) => `${part.name} ${(part.bytes / 1e3).toFixed(1)}`).join(" + "),
  ]);
  const table = [["library", "page, gzipped", "installed", "parts of the page, kB"], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const [name, page, install, parts] of table) {
    console.log(
      `${name.padEnd(widths[0])}  ${page.padStart(widths[1])}  ${install.padStart(widths[2])}  ${parts}`,
    );
  }
}
