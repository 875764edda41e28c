// The rules of ARCHITECTURE.md, held against the tree as it is; and every rule seen failing on a bad sample.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { sizes } from "../tools/size.ts";
import { abiProblems, assemblyBans, LONG_FILE, longFiles, srcBans, unopened } from "./architecture/bans.ts";
import { bundled } from "./architecture/bundled.ts";
import {
  assemblyImports,
  filesReached,
  packagesReached,
  siteImports,
  srcImports,
} from "./architecture/layers.ts";
import { readTree, type Source } from "./architecture/sources.ts";
import { exportedNames, wasmSurface } from "./architecture/surface.ts";

const src = readTree("src");
const assembly = readTree("assembly");
const site = readTree("site");
const folders = ["src", "assembly", "site", "test", "tools", "bench", "examples", "python", "docs"];
const written = folders.flatMap((folder) => readTree(folder, /\.(tsx?|m?js|as|css|html|py|md)$/));
const sourceOf = (path: string): Source => ({ path, text: readFileSync(path, "utf8") });

/** What a rule says of one file with that text. */
type Rule = (sources: readonly Source[]) => string[];
const findings = (rule: Rule, path: string, text: string): string[] => rule([{ path, text }]);

test("the trees are there", () => {
  expect(src.length).toBeGreaterThan(10);
  expect(assembly.length).toBeGreaterThan(10);
});

test("ARCHITECTURE.md names every file of src in its folder, and no other", () => {
  const page = readFileSync("ARCHITECTURE.md", "utf8");
  const tree = page.slice(page.indexOf("\nsrc/ "), page.indexOf("\ntest/ "));
  // a folder's part begins with its name, behind two blanks; the entries' lines stand before the first
  const [entries = "", ...parts] = tree.split(/^ {2}(?=[a-z/-]+\/ )/m);
  const named = [["", entries], ...parts.map((part) => part.split(/\/ +(.*)/s))].flatMap(([folder, files]) =>
    [...(files ?? "").matchAll(/[\w-]+\.ts\b/g)].map(([file]) => `src/${folder ? `${folder}/` : ""}${file}`),
  );
  expect([...new Set(named)].sort()).toEqual(src.map(({ path }) => path).sort());
});

test("src: nobody imports upwards", () => {
  expect(srcImports(src)).toEqual([]);
});

test.each([
  ["src/base/a.ts", `import { x } from "../wasm/load.ts";`, "base imports wasm"],
  ["src/base/a.ts", `import type { X } from "../memory/plan.ts";`, "base imports memory"],
  ["src/nn/a.ts", `export { fit } from "../train/fit.ts";`, "nn imports train"],
  ["src/nn/a.ts", `export * from "../data/idx.ts";`, "nn imports data"],
  ["src/nn/a.ts", `const x = await import("../model/runtime.ts");`, "nn imports model"],
  ["src/program/a.ts", `type X = import("../nn/layers.ts").Layer;`, "program imports nn"],
  ["src/program/a.ts", `import x = require("../nn/layers.ts");`, "program imports nn"],
  ["src/train/a.ts", `import { x } from "../model/sequential.ts";`, "train imports model"],
  ["src/data/a.ts", `import { x } from "../nn/layers.ts";`, "data imports nn"],
  ["src/io/a.ts", `import { x } from "../data/dataset.ts";`, "io imports data"],
  ["src/node.ts", `import { init } from "./index.ts";`, "entry imports entry"],
  ["src/index.ts", `import { x } from "./cli/main.ts";`, "entry imports cli"],
  ["src/index.ts", `import { x } from "../test/a.ts";`, "outside src"],
  ["src/cli/a.ts", `import { x } from "../model/sequential.ts";`, "cli imports model"],
  ["src/cli/a.ts", `import uPlot from "uplot";`, 'imports package "uplot"'],
  ["src/odd/a.ts", `import { x } from "../base/abi.ts";`, `"odd" is no layer`],
  ["src/model/a.ts", `const x = await import("../threads/pool.ts");`, "imports threads"],
  ["src/model/crew.ts", `import { x } from "../threads/pool.ts";`, "imports threads"],
  ["src/model/runtime.ts", `await import("../threads/pool.ts");`, "imports threads"],
  ["src/train/a.ts", `new Worker(new URL("../threads/worker.ts", import.meta.url));`, "imports threads"],
  ["src/threads/a.ts", `import { x } from "../memory/arena.ts";`, "threads imports memory"],
  ["src/worker.ts", `import { spawn } from "./threads/spawn.ts";`, "imports threads"],
  ["src/index.ts", `import { port } from "./threads/port.ts";`, "imports threads"],
  ["src/model/hosting.ts", `import { port } from "../threads/port.ts";`, "imports threads"],
  ["src/model/hosted.ts", `import "../worker.ts";`, "model imports entry"],
  ["src/model/hosted.ts", `new URL("../index.ts", import.meta.url);`, "model imports entry"],
  ["src/model/a.ts", `new Worker(new URL("../worker.ts", import.meta.url));`, "model imports entry"],
  ["src/wasm/runtime.ts", `import { x } from "@assemblyscript/loader";`, "imports package"],
  ["src/data/a.ts", `import { x } from "csv-parse/sync";`, "imports package"],
  ["src/model/a.ts", `import { x } from "node:fs";`, "imports Node's"],
  ["src/model/a.ts", `import { x } from "fs/promises";`, "imports Node's"],
  ["src/io/a.ts", `import { x } from "node:fs";`, "imports Node's"],
  ["src/index.ts", `import { x } from "node:fs";`, "imports Node's"],
  ["src/node.tsx", `import { x } from "node:fs";`, "imports Node's"],
  ["src/model/a.ts", "await import(`./$" + "{name}.ts`);", "computed"],
])("src import rule: %s must not say %s", (path, text, problem) => {
  expect(findings(srcImports, path, text)).toEqual([expect.stringContaining(problem)]);
});

test.each([
  ["src/model/crew.ts", `await import("../threads/pool.ts");`],
  ["src/model/hosted.ts", `await import("../threads/spawn.ts"); new URL("../worker.ts", import.meta.url);`],
  ["src/worker.ts", `import { port } from "./threads/port.ts"; import { host } from "./model/hosting.ts";`],
  ["src/threads/spawn.ts", `new URL("./worker.js", import.meta.url); import "../wasm/load.ts";`],
  ["src/wasm/load.ts", `new URL("./simd.wasm", import.meta.url);`],
  ["src/cli/main.ts", `import fs from "node:fs"; import { x } from "../node.ts";`],
  ["src/node.ts", `import { x } from "node:fs/promises"; import { y } from "./io/safetensors.ts";`],
  ["src/train/fit.ts", `import { x } from "../data/dataset.ts"; import "./metrics.ts";`],
])("src import rule: %s may say %s", (path, text) => {
  expect(findings(srcImports, path, text)).toEqual([]);
});

test("assembly: index → program → families → gemm → lib → abi", () => {
  expect(assemblyImports(assembly)).toEqual([]);
});

test.each([
  ["assembly/lib/math.ts", `import { pack } from "../gemm/pack";`],
  ["assembly/gemm/pack.ts", `import { run } from "../program";`],
  ["assembly/softmax.ts", `import { relu } from "./activation";`],
  ["assembly/program.ts", `export { run } from "./index";`],
  ["assembly/reduce.ts", `import { OPS } from "../src/base/ops";`],
  ["assembly/reduce.ts", `import { E } from "util/math";`],
])("assembly import rule: %s must not say %s", (path, text) => {
  expect(findings(assemblyImports, path, text)).toHaveLength(1);
});

test("site: pages stand beside each other, on what is shared and on the package", () => {
  expect(site.length).toBeGreaterThan(10);
  expect(siteImports(site)).toEqual([]);
});

test.each([
  ["site/digits/a.tsx", `import { x } from "../bench/b.ts";`, "site/digits imports site/bench/b.ts"],
  ["site/digits/a.ts", `import { x } from "../../src/index.ts";`, "site/digits imports src/index.ts"],
  ["site/digits/a.ts", `import { x } from "../../src/cli/report/page/charts.ts";`, "site/digits imports src"],
  ["site/shared/a.ts", `import { x } from "../../src/cli/report/page/dom.ts";`, "site/shared imports src"],
  ["site/shared/a.ts", `import { x } from "../digits/a.ts";`, "site/shared imports site/digits/a.ts"],
  ["site/shared/a.ts", `import fs from "node:fs";`, `imports package "node:fs"`],
  ["site/shared/a.ts", `import d3 from "d3";`, `imports package "d3"`],
])("site import rule: %s must not say %s", (path, text, problem) => {
  expect(findings(siteImports, path, text)).toEqual([expect.stringContaining(problem)]);
});

test("assembly: no allocation, string, closure, mutable global or host import", () => {
  expect(assemblyBans(assembly)).toEqual([]);
});

test.each([
  ["export function f(): void { const a = new Array<i32>(3); }", "new"],
  [`export function f(): void { assert(false, "no"); }`, "a string"],
  ["export function f(): void { log(`x`); }", "a string"],
  ["const f = (x: i32): i32 => x;", "a closure"],
  ["export function f(): void { each(function (x: i32): void {}); }", "a closure"],
  ["export function f(): void { function g(): void {} }", "a function in a function"],
  ["let counter = 0;", "a mutable global"],
  ["export let counter = 0;", "a mutable global"],
  ["namespace N { let counter = 0; }", "a mutable global"],
  ["class C { static counter: i32 = 0; }", "a field"],
  ["class C { size: i32; }", "a field"],
  ["const T = [1, 2, 3];", "an array literal"],
  ["const T = { a: 1 };", "an object literal"],
  ["declare function now(): f64;", "a host import"],
  [`@external("env", "now") export function now(): f64;`, "a host import"],
  ["export function f(): v128 { return f32x4.relaxed_madd(a, b, c); }", "relaxed_madd outside lib/"],
  ["export function f(): void { memory.grow(1); }", "memory.grow"],
  ["export function f(): usize { return heap.alloc(8); }", "heap.alloc"],
])("assembly ban: %s", (text, problem) => {
  expect(findings(assemblyBans, "assembly/norm.ts", text)).toContainEqual(expect.stringContaining(problem));
});

test("assembly bans leave lib/'s own ways alone", () => {
  const text = `import { X } from "./abi";
    const C = memory.data<f32>([1, 2], 16);
    export class V { static readonly ONE: i32 = 1; @inline static f(a: v128): v128 { return f32x4.relaxed_madd(a, a, a); } }`;
  expect(findings(assemblyBans, "assembly/lib/simd.ts", text)).toEqual([]);
});

test("src: arithmetic that gives the same bits on every engine", () => {
  expect(srcBans(src)).toEqual([]);
});

test.each([
  ["const x = Math.exp(1);", "Math.exp"],
  ["const x = Math.random();", "Math.random"],
  [`const x = Math["pow"](2, 3);`, "Math passed on"],
  ["const { log } = Math;", "Math passed on"],
  ["const x = globalThis.Math.sin(1);", "Math"],
  ["const x = y ** 2;", "**"],
  ["const x = 2 ** -y;", "**"],
  ["x **= 2;", "**="],
])("src ban: %s", (text, problem) => {
  expect(findings(srcBans, "src/train/a.ts", text)).toEqual([expect.stringContaining(problem)]);
  expect(findings(srcBans, "src/cli/a.ts", text)).toEqual([]);
});

test("src bans leave the reference's exponentials alone, and no other file's beside it", () => {
  const text = "const x = Math.exp(1);";
  expect(findings(srcBans, "src/program/meaning.ts", text)).toEqual([]);
  for (const path of ["src/program/program.ts", "src/program/reference.ts", "src/nn/meaning.ts"]) {
    expect(findings(srcBans, path, text)).toEqual([expect.stringContaining("Math.exp")]);
  }
});

test("src bans look at code, not at text such as that of an exported module", () => {
  expect(findings(srcBans, "src/model/a.ts", "const text = `Math.exp(x)`; // Math.exp")).toEqual([]);
  expect(findings(srcBans, "src/model/a.ts", "const text = `$" + "{Math.exp(x)}`;")).toHaveLength(1);
});

test("src bans leave exact functions and constants alone", () => {
  expect(findings(srcBans, "src/nn/a.ts", "Math.sqrt(Math.max(2 ** -14, 2 ** 30)) * Math.PI")).toEqual([]);
});

test("abi.ts holds integer constants and nothing else", () => {
  expect(abiProblems(sourceOf("src/base/abi.ts"))).toEqual([]);
});

test.each([
  ["export const A: number = 1;", "annotation"],
  ["export const A = 0.5;", "integer"],
  ["export const A = 1e3;", "integer"],
  [`export const A = "a";`, "integer"],
  ["export const A = B + 1;", "integer"],
  ["export const A = { b: 1 };", "integer"],
  ["const A = 1;", "not exported"],
  ["export let A = 1;", "no constant"],
  ["export function f(): void {}", "no constant"],
  [`import { B } from "./b.ts";`, "no constant"],
])("abi rule: %s", (text, problem) => {
  const before = "export const ONE = 1;\nexport const MASK = ~15 | (ONE << 4);\n";
  expect(abiProblems({ path: "src/base/abi.ts", text: before + text })).toEqual([
    expect.stringMatching(`abi.ts:3: .*${problem}`),
  ]);
});

test("no file is longer than 500 lines, but for a reason", () => {
  expect(written.length).toBeGreaterThan(500);
  expect(longFiles(written)).toEqual([]);
  for (const warning of longFiles([...src, ...assembly, ...site], LONG_FILE)) console.warn(warning);
});

test("length rule: 501 lines are too many, of a file that does not say why", () => {
  const long = "x;\n".repeat(500);
  expect(findings(longFiles, "src/nn/a.ts", `// Layers.\n${long}`)).toEqual([
    'src/nn/a.ts: 501 lines, at most 500, or "One file because …" in its opening',
  ]);
  expect(findings(longFiles, "src/nn/a.ts", long)).toEqual([]);
  expect(findings(longFiles, "docs/a.md", `# Bounds\n\nOne page because all use all.\n${long}`)).toEqual([]);
  expect(findings(longFiles, "src/nn/a.ts", `${long}// One file because I say so.`)).toHaveLength(1);
  // an example does not count, the docstring around it does
  const doc = "/**\n * @example\n * ```ts\n * x;\n *\n * x;\n * ```\n */\n";
  expect(findings(longFiles, "src/nn/a.ts", doc.repeat(250))).toEqual([]);
  expect(findings(longFiles, "src/nn/a.ts", doc.repeat(251))).toEqual([expect.stringContaining("502 lines")]);
});

test("every file opens with what it is", () => {
  expect(unopened(written)).toEqual([]);
});

test.each([`import { x } from "./a.ts";`, "\n// Layers.", "#!/bin/sh\nset -e", ".head {}", "//Layers."])(
  "opening rule: %j is none",
  (text) => {
    expect(findings(unopened, "src/nn/a.ts", text)).toHaveLength(1);
  },
);

const KERNELS = ["heapBase", "memory", "relaxed", "run", "threads"];
test.each([
  ["debug", ["env.abort", "env.memory"], KERNELS],
  ["simd", ["env.memory"], KERNELS],
  ["relaxed-threads", ["env.memory"], KERNELS],
  ["vmath", ["env.memory"], ["memory", "vmath"]],
  ["probe", ["env.memory"], ["clock", "fmaPeak", "memory", "mulAddPeak"]],
])("build %s imports and exports exactly", (build, imports, exports) => {
  expect(wasmSurface(readFileSync(`build/${build}.wasm`))).toEqual({ imports, exports });
});

test.each(["index", "module", "onnx", "worker"])("src/%s.ts reaches no package", (entry) => {
  expect(packagesReached(src, `src/${entry}.ts`)).toEqual([]);
});

test("the command reaches xent by its entries alone, and --help loads commander and nothing of xent", () => {
  const main = "src/cli/main.ts";
  expect(packagesReached(src, main, ["static"])).toEqual(["commander", "node:fs"]);
  const first = filesReached(src, main, ["static"]);
  expect(first.filter((path) => !path.startsWith("src/cli/"))).toEqual(["src/base/errors.ts"]);
  expect(filesReached(src, main)).toEqual(expect.arrayContaining(["src/index.ts", "src/node.ts"]));
});

test("src/data.ts loads a package with the first CSV text, and none before", () => {
  expect(packagesReached(src, "src/data.ts", ["static"])).toEqual([]);
  expect(packagesReached(src, "src/data.ts")).toEqual(["papaparse"]);
});

test("of src/data.ts a page has in its bundle what it imports by name", async () => {
  const parser = "node_modules/papaparse/papaparse.min.js";
  const idx = await bundled('export { readIdx } from "./src/data.ts";');
  expect(idx.first.filter((path) => !path.startsWith("src/base/"))).toEqual(["src/data/idx.ts"]);
  expect(idx.later).toEqual([]);
  const csv = await bundled('export { readCsv } from "./src/data.ts";');
  expect(csv.first).toContain("src/data/csv-reader.ts");
  expect(csv.first).not.toContain(parser);
  expect(csv.first).not.toContain("src/data/idx.ts");
  expect(csv.later).toEqual([parser]);
  const all = await bundled('export * from "./src/index.ts";');
  expect([...all.first, ...all.later].filter((path) => /papaparse|csv|idx|npy/.test(path))).toEqual([]);
});

test("reach rule: packages behind types and lazy imports count", () => {
  const tree = [
    { path: "src/index.ts", text: `export { a } from "./a.ts"; import type { T } from "@x/types/sub";` },
    { path: "src/a.ts", text: `const b = await import("./b.ts"); new URL("./c.ts", import.meta.url);` },
    { path: "src/b.ts", text: `import "lazy"; import "./a.ts";` },
    { path: "src/c.ts", text: `import "worker-only";` },
    { path: "src/d.ts", text: `import "unreached";` },
  ];
  expect(packagesReached(tree, "src/index.ts")).toEqual(["@x/types", "lazy", "worker-only"]);
  expect(packagesReached(tree, "src/index.ts", ["static"])).toEqual(["@x/types"]);
});

test.each([
  [
    "src/index.ts",
    (
      "XentError adagrad adam adamw batchNorm1d bceWithLogits byActivation constant cosine " +
      "crossEntropy customLoss dataset dense dropout earlyStopping elu exponential frozen gelu " +
      "glorotNormal glorotUniform gradCheck heNormal heUniform hosted huber init inspect " +
      "layerNorm leakyRelu lecunNormal lecunUniform linear mae mse multiStep noDecay normal " +
      "oneCycle ones prelu quadratic reduceOnPlateau relu residual rmsprop sgd sigmoid silu " +
      "softmax softplus split stepDecay tanh torchDefault truncatedNormal uniform zeros"
    ).split(" "),
    "AbortSignalLike ActivationSpec AdagradOptions AdamOptions BatchOptions BceOptions Callback " +
      "ConfusionMatrix CosineOptions CrossEntropyOptions CustomLossOptions CustomLossSpec " +
      "Dataset DatasetOptions DenseOptions EarlyStoppingOptions EarlyStoppingSpec EpochEnd " +
      "EvaluateOptions Evaluation FanMode Features Finding FitOptions GainName GradCheck " +
      "GradCheckOptions HeOptions History HostedSequential HostedXent Info InitOptions InitSpec " +
      "Inspection Labels LayerOutput LayerSpec LearnOptions Link LossRow LossSpec MetricName " +
      "MetricSeries MetricValues ModelPlan OnNaN OneCycleOptions OptimizerSpec ParamGroup " +
      "PlateauOptions ProfileLine Progress RawData Reduction Region RegionBytes ResponseLike RmspropOptions " +
      "RowLoss ScheduleFunction ScheduleSpec ScheduleStep ScheduleUnit Sequential " +
      "SequentialOptions SgdOptions SgemmOptions Split SplitOptions StateDict Step StepsOptions " +
      "Targets TensorCheck TensorData UpdateOptions UrlLike ValidationSplit WasmModule Xent XentErrorCode",
  ],
  [
    "src/data.ts",
    (
      "asIs datasetStream ids minMax oneHot preprocess preprocessStream preprocessingOf readCsv readIdx readNpy readSafetensors " +
      "readStateDict records selectColumns splitTable standardize streamCsv table takeRows writeNpy writeSafetensors"
    ).split(" "),
    "AbortSignalLike BlobLike CategoryColumn CategoryEncoding CheckedFeatures Column ColumnSpec ColumnType CsvOptions DataStream " +
      "Encoding IdxArray MinMaxOptions NpyArray NpyDtype NpySource NumberColumn NumberEncoding OneHotOptions PreprocessOptions " +
      "Preprocessing PreprocessingSpec RawRows ReadStateDictOptions ReadableStreamLike ReaderLike SafeArray SafeDtype SafeSource " +
      "SafeTensor Safetensors SplitTableOptions StreamCsvOptions StreamOptions StreamedResponseLike Table TableOptions TableSplit " +
      "TargetSpec TextSource",
  ],
  ["src/module.ts", ["exportModule", "moduleTypes"], ""],
  [
    "src/node.ts",
    ["checkpoint", "loadModel", "readCsvFile", "saveModel", "streamCsvFile", "writeFileAtomic"],
    "Checkpoint CheckpointEvery CheckpointOptions FileOptions FileProgress Saveable",
  ],
  ["src/onnx.ts", ["exportOnnx"], "OnnxOptions"],
  ["src/worker.ts", ["serve"], ""],
])("%s exports exactly", (path, values, types) => {
  const names = exportedNames(sourceOf(path));
  expect(names.filter((name) => !name.startsWith("type "))).toEqual(values);
  expect(names.filter((name) => name.startsWith("type "))).toEqual(
    types.split(" ").flatMap((name) => (name === "" ? [] : `type ${name}`)),
  );
});

test("the files directly under src/ are the entries of package.json", () => {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
    exports: Record<string, { default?: string }>;
  };
  const published = Object.values(exports).flatMap((entry) => entry.default ?? []);
  const entries = src.map(({ path }) => path).filter((path) => path.split("/").length === 2);
  expect(published.map((path) => path.replace("./dist/", "src/").replace(".js", ".ts")).sort()).toEqual(
    entries,
  );
});

test("name rule: values, types, functions and classes are listed, export * is refused", () => {
  const text = `export { a, type B, c as d } from "./x.ts"; export type { E } from "./y.ts";
    export const f = 1; export interface G {} export type H = 1; export function i() {} export class J {}`;
  expect(exportedNames({ path: "src/a.ts", text })).toEqual([
    "J",
    "a",
    "d",
    "f",
    "i",
    "type B",
    "type E",
    "type G",
    "type H",
  ]);
  expect(() => exportedNames({ path: "src/a.ts", text: `export * from "./x.ts";` })).toThrow("export *");
});

test("an app's own bundle has 30 KB gzipped of xent, a build among them; a page that trains loads 66 in all, in 11 files", async () => {
  const { entry, build, trained } = await sizes();
  expect(entry.gzipped).toBeGreaterThan(5_000);
  expect(build.gzipped).toBeGreaterThan(10_000);
  expect(entry.gzipped + build.gzipped).toBeLessThanOrEqual(30 * 1024);
  // each kernel is in every page's build: an activation adds some 0.2 KB (docs/adr/0012)
  expect(trained.gzipped).toBeLessThanOrEqual(66 * 1024);
  expect(trained.files).toBeLessThanOrEqual(11);
  for (const build of ["simd", "relaxed", "simd-threads", "relaxed-threads"]) {
    expect(gzipSync(readFileSync(`dist/wasm/${build}.wasm`), { level: 9 }).length).toBeLessThanOrEqual(
      15.5 * 1024,
    );
  }
});
