// What a page pays for a trainer, built by Vite as it comes, each file gzipped as a server would. What is loaded is not reckoned
// but seen: the page's script runs, and V8 says which files it had.

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

/** The least that trains. */
const NAMES = "{ init, dataset, dense, relu, crossEntropy, sgd }";
export const TRAINER = `export ${NAMES} from "./src/index.ts";`;

/** How far a page goes. Its own thread is alone. */
const ENTRY = "";
const MODEL = `
  const xent = await init({ threads: 1 });
  const model = xent.sequential({ input: 2 }, [dense(3), relu(), dense(2)]);`;
const TRAINING = `${MODEL}
  const data = dataset({ x: [[0, 1], [1, 0], [0.5, 0], [1, 1]], y: [0, 1, 0, 1] });
  await model.fit(data, { epochs: 2, batchSize: 2, loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) });
  model.predict(data.x);`;

/** Bytes after gzip, and in how many files. */
export interface Size {
  readonly gzipped: number;
  readonly files: number;
}

/** A function that was loaded and did not run. */
export interface Idle {
  readonly bytes: number;
  readonly text: string;
}

export interface Sizes {
  /** loaded before anything is called: what stands in an app's own bundle */
  readonly entry: Size;
  /** the build that a page takes */
  readonly build: Size;
  /** loaded once there is a model: a build among it */
  readonly model: Size;
  /** loaded once it was trained and has predicted */
  readonly trained: Size;
  /** all names, and all that they may load, but for workers and the builds that are not taken */
  readonly everything: Size;
  /** of what is loaded once it has predicted */
  readonly idle: readonly Idle[];
}

export async function sizes(): Promise<Sizes> {
  const folder = mkdtempSync(join(tmpdir(), "size-"));
  try {
    const [least, all] = [join(folder, "least"), join(folder, "all")];
    await built(TRAINER, least);
    await built('export * from "./src/index.ts";', all);
    const trained = loaded(TRAINING, least);
    return {
      entry: sizeOf(loaded(ENTRY, least).map(pathOf)),
      build: sizeOf(trained.map(pathOf).filter((path) => /relaxed[^/\\]*$/.test(path))),
      model: sizeOf(loaded(MODEL, least).map(pathOf)),
      trained: sizeOf(trained.map(pathOf)),
      everything: sizeOf(named(join(all, "page.js"), all)),
      idle: trained.flatMap(idleIn).sort((a, b) => b.bytes - a.bytes),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Builds a page into a folder of its own. */
async function built(page: string, folder: string): Promise<void> {
  const entry = "\0page";
  await build({
    configFile: false,
    logLevel: "error",
    base: "./",
    worker: { format: "es" },
    plugins: [
      {
        name: "page",
        resolveId: (id, from) => (id === entry ? id : from === entry ? join(process.cwd(), id) : null),
        load: (id) => (id === entry ? page : null),
      },
    ],
    build: {
      outDir: folder,
      modulePreload: false,
      rolldownOptions: {
        input: { page: entry },
        preserveEntrySignatures: "strict",
        output: { entryFileNames: "page.js" },
      },
    },
  });
}

interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** Runs a page's script: the files of the folder that V8 loaded for it. */
function loaded(script: string, folder: string): Script[] {
  const [page, coverage] = [join(folder, "run.mjs"), join(folder, "coverage")];
  const relaxed = readFileSync(new URL("relaxed-simd.ts", import.meta.url), "utf8");
  writeFileSync(page, `${relaxed}\nimport ${NAMES} from "./page.js";\n${script}`);
  mkdirSync(coverage);
  execFileSync(process.execPath, [page], { env: { ...process.env, NODE_V8_COVERAGE: coverage } });
  const scripts = readdirSync(coverage).flatMap(
    (name) => (JSON.parse(readFileSync(join(coverage, name), "utf8")) as { result: Script[] }).result,
  );
  rmSync(coverage, { recursive: true });
  const [ours, own] = [pathToFileURL(folder).href, pathToFileURL(page).href];
  return scripts.filter(({ url }) => url.startsWith(ours) && url !== own);
}

const pathOf = ({ url }: Script): string => fileURLToPath(url);

/** A file and those of its folder that it names, and that they name, but for workers and the builds that are not taken. */
function named(path: string, folder: string, found = new Set<string>()): string[] {
  found.add(path);
  for (const [name] of readFileSync(path, "utf8").matchAll(/[\w-]+\.js\b/g)) {
    const next = join(folder, "assets", name);
    const left = /^(worker|simd|relaxed-threads)\b/.test(name) || found.has(next) || !existsSync(next);
    if (!left) named(next, folder, found);
  }
  return [...found];
}

function sizeOf(paths: readonly string[]): Size {
  const each = paths.map((path) => gzipSync(readFileSync(path), { level: 9 }).length);
  return { gzipped: each.reduce((sum, bytes) => sum + bytes, 0), files: each.length };
}

function idleIn(script: Script): Idle[] {
  const text = readFileSync(pathOf(script), "utf8");
  return script.functions.flatMap(({ ranges: [whole] }) => {
    const { startOffset, endOffset, count } = whole as Range;
    return count > 0 ? [] : [{ bytes: endOffset - startOffset, text: text.slice(startOffset, endOffset) }];
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { idle, ...found } = await sizes();
  const words: Record<keyof typeof found, string> = {
    entry: "in the app's own bundle",
    build: "the build",
    model: "until a model is made, a build among it",
    trained: "until it has trained and predicted",
    everything: "all names and all that they may load",
  };
  for (const [name, { gzipped, files }] of Object.entries(found)) {
    const what = words[name as keyof typeof found];
    console.log(
      `${what.padEnd(42)} ${String(gzipped).padStart(7)} bytes gzipped, ${files} ${files === 1 ? "file" : "files"}`,
    );
  }
  if (process.argv.includes("--idle")) {
    console.log("\nloaded, and not run by then (minified bytes)");
    for (const { bytes, text } of idle.slice(0, 80)) {
      console.log(`${String(bytes).padStart(6)}  ${text.slice(0, 100).replace(/\s+/g, " ")}`);
    }
  }
}
