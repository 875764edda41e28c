// The package as a user gets it: packed, unpacked into an empty project, imported by plain Node, type-checked.

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { pack } from "../../tools/pack.ts";
import { folders } from "../support/folders.ts";
import { installPacked, node } from "../support/packed.ts";

const USER = `
import { hosted, init, dataset, dense, relu, gelu, leakyRelu, crossEntropy, huber, sgd, gradCheck, XentError } from "xent";
import { preprocess, readCsv, readIdx, splitTable } from "xent/data";
import { exportModule, moduleTypes } from "xent/module";
import { checkpoint, loadModel, saveModel } from "xent/node";
import { exportOnnx } from "xent/onnx";

const xent = await init();
const model = xent.sequential({ input: 4, seed: 1 }, [dense(8), relu(), dense(3)]);
const x = Float32Array.from({ length: 160 }, (_, i) => Math.sin(i));
const y = Int32Array.from({ length: 40 }, (_, i) => i % 3);
const train = dataset({ x, y, features: 4 });
const options = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }), epochs: 1, batchSize: 8 };
const { steps, loss } = await model.fit(train, options);
const other = xent.sequential({ input: 4, loss: huber({ delta: 0.5 }), optimizer: sgd({ lr: 0.1 }) }, [
  dense(8), gelu({ approximate: "tanh" }), dense(8), leakyRelu(), dense(2),
]);
const rows = { x: x.subarray(0, 8), y: [[0.5, 1], [1, -2]], weight: [1, 2] };
const regression = await other.fit(dataset({ ...rows, features: 4 }));
const { passed } = await gradCheck(other, rows);
const away = await hosted();
const far = await away.sequential({ input: 4, seed: 1 }, [dense(8), relu(), dense(3)]);
const same = (await far.fit(train, options)).loss[0] === loss[0];
await away.dispose();
const saving = checkpoint({ path: "saved.bin", model: { save: () => new Uint8Array(model.stateDict()["0.bias"].data.slice().buffer) } });
await model.fit(train, { ...options, callbacks: [saving] });
await saving.flush();
await saveModel({ save: async () => Uint8Array.of(1, 2) }, "other.bin");
const saved = [];
for (const path of ["saved.bin", "other.bin"]) saved.push(await loadModel({ load: (bytes) => bytes.length }, path));
let code = "";
try {
  await readIdx(new Uint8Array(3));
} catch (error) {
  if (error instanceof XentError) code = error.code;
}
const text = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? "low," : "high,") + (i % 2 + i / 100) + ",\\"a, b\\"").join("\\n");
const table = await readCsv("kind,size,place\\n" + text);
const parts = splitTable(table, { validation: 0.25, stratified: "kind" });
const prepared = preprocess(parts.train, { target: "kind" });
const classifier = xent.sequential({ input: prepared.features, seed: 1 }, [dense(prepared.outputs)]);
await classifier.fit(prepared.dataset(parts.train), { ...options, epochs: 60 });
const restored = await xent.load(await classifier.save());
const raw = [{ size: 0.1, place: "a, b" }, { size: 1.2, place: "a, b" }];
const onnx = exportOnnx(restored, { link: true });
const module = exportModule(restored);
const tables = {
  rows: table.rows,
  classes: restored.classes,
  predicted: [...restored.predictClass(raw)],
  onnx: [...onnx.subarray(0, 3)],
  exported: module,
  declared: moduleTypes.includes("predictClass(rows: Rows)"),
};
export const result = { tables, build: xent.info.build, steps, loss, code, classes: model.predictClass(x).length, regression: regression.loss.length, passed, same, saved };
`;

/** Hands over things of no platform. */
const PLAIN = `
import type { AbortSignalLike, ResponseLike, UrlLike, WasmModule } from "xent";
import { type Preprocessing, streamCsv, type Table, type TextSource } from "xent/data";
import type { OnnxOptions } from "xent/onnx";

export const bytes = [new Uint8Array(8), new ArrayBuffer(8), new Uint8Array(new SharedArrayBuffer(8))];
for (const wasm of bytes) await init({ wasm });
const never: AbortSignalLike = {
  aborted: false,
  reason: undefined,
  throwIfAborted() {},
  addEventListener() {},
  removeEventListener() {},
};
await model.fit(train, { ...options, signal: never });
const file: UrlLike = { href: "file:///model.bin" };
await saveModel(model, file);
export const sources: TextSource[] = ["a,b", new Uint8Array(8), ["a,b"]];
for (const source of sources) for await (const part of streamCsv(source, { signal: never, chunkRows: 9 })) part satisfies Table;
export const again: Preprocessing | undefined = restored.preprocessing;
export const onnxOptions: OnnxOptions = { link: true, input: "u8" };
// @ts-expect-error a number is no text
await readCsv(3);
// @ts-expect-error nor does a table have such a split
splitTable(table, { share: 0.2 });
// @ts-expect-error what was exported is text, and no model
exportOnnx(module);
export const given = (wasm: WasmModule | ResponseLike) => hosted({ wasm, worker: { blob: file } });
// @ts-expect-error a number is no build
await init({ wasm: 3 });
// @ts-expect-error nor is a promise of one
await init({ wasm: Promise.resolve(new Uint8Array(8)) });
// @ts-expect-error too little of a signal
await model.fit(train, { ...options, signal: { aborted: false } });
`;

/** Hands over what the DOM and Node both have. */
const SHARED = `
const { signal } = new AbortController();
await model.fit(train, { ...options, signal });
for await (const { step } of model.steps(train, { ...options, signal: AbortSignal.timeout(9) })) if (step > 1) break;
await model.evaluate(train, { loss: crossEntropy(), signal });
await model.confusionMatrix(train, { signal });
await gradCheck(other, rows, { signal: AbortSignal.any([signal]) });
await far.fit(train, { ...options, signal });
await saveModel(model, new URL("file:///model.bin"));
await init({ wasm: await fetch("simd.wasm"), worker: new URL("file:///worker.js") });
await hosted({ wasm: new URL("file:///simd.wasm"), worker: { blob: new URL("file:///worker.js") } });
await readCsv(await fetch("table.csv"), { signal });
await readCsv(new Blob(["a,b"]));
await readCsv(new Blob(["a,b"]).stream());
// @ts-expect-error the controller is no signal
await model.fit(train, { ...options, signal: new AbortController() });
`;

const BROWSER = `
await init({ wasm: await WebAssembly.compileStreaming(fetch("simd.wasm")) });
await hosted({ wasm: new WebAssembly.Module(new Uint8Array(8)) });
await init({ wasm: await (await fetch("simd.wasm")).arrayBuffer() });
await readCsv(new File(["a,b"], "table.csv"));
await readCsv((await fetch("table.csv")).body ?? "");
// @ts-expect-error a Blob is no Response
await init({ wasm: new Blob() });
`;

const NODE = `
import { createReadStream, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

await init({ wasm: readFileSync("simd.wasm") });
await init({ wasm: await readFile("simd.wasm") });
await model.load(await readFile("model.bin"));
await readIdx(await readFile("images.gz"));
await readCsv(await readFile("table.csv"));
await readCsv(createReadStream("table.csv", "utf8"));
await saveModel(model, pathToFileURL("model.bin"));
`;

const { root: project } = folders("package");
const installed = join(project, "node_modules/xent");
let files: string[] = [];

/** What an expression comes to in the user's project. */
function evaluated(expression: string): string {
  const code = `console.log(JSON.stringify(${expression}))`;
  return node(["--input-type=module", "-e", code], project);
}

/** The errors in files of the user's project and in all that they import. */
function typeErrors(files: string[], options: object): string[] {
  const compilerOptions = {
    module: "nodenext",
    target: "es2022",
    lib: ["es2023"],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    // TypeScript's own lib.*.d.ts, which take seconds
    skipDefaultLibCheck: true,
    noEmit: true,
    ...options,
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const args = [resolve("node_modules/typescript/bin/tsc"), "-p", "."];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project, encoding: "utf8" });
  return status === 0 ? [] : `${stdout}${stderr}`.trimEnd().split("\n");
}

beforeAll(() => {
  files = installPacked(project);
  mkdirSync(join(project, "node_modules/@types"), { recursive: true });
  const types = "node_modules/@types/node";
  symlinkSync(realpathSync(types), join(project, types), "junction");
}, 180_000);

test("holds what is published and nothing else", () => {
  const outside = files.filter((path) => !path.startsWith("dist/"));
  expect(outside).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "THIRD-PARTY.md",
    "package.json",
    "python/convert.py",
  ]);
  expect(
    files.filter((path) => !/^dist\/.*\.(js|d\.ts|wasm)$/.test(path) && !outside.includes(path)),
  ).toEqual([]);
  expect(files.filter((path) => path.endsWith(".wasm"))).toEqual([
    "dist/wasm/relaxed-threads.wasm",
    "dist/wasm/relaxed.wasm",
    "dist/wasm/simd-threads.wasm",
    "dist/wasm/simd.wasm",
  ]);
  expect(files).toContain("dist/wasm/generated/simd.js");
  // the command has a bench of its own
  expect(files.filter((path) => /\b(test|bench|peak)/.test(path))).toEqual(["dist/cli/bench.js"]);
});

test("every entry of package.json is there", () => {
  const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    exports: Record<string, string | { types: string; default: string }>;
  };
  const targets = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? entry : Object.values(entry),
  );
  for (const target of targets) {
    if (!target.includes("*")) expect(files).toContain(target.slice(2));
  }
});

test("tells nothing of the machine it was built on", () => {
  const telling = readdirSync(installed, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(js|map|ts|json)$/.test(name))
    .filter((name) => readFileSync(join(installed, name), "utf8").includes(process.cwd()));
  expect(telling).toEqual([]);
});

test("trains in plain Node", () => {
  writeFileSync(join(project, "user.mjs"), USER);
  const { loss, tables, ...rest } = JSON.parse(evaluated('(await import("./user.mjs")).result'));
  // Node 20 has relaxed SIMD behind a flag
  const build = process.versions.node.startsWith("20.") ? "simd" : "relaxed";
  expect(rest).toEqual({
    build,
    steps: 5,
    code: "IDX",
    classes: 40,
    regression: 1,
    passed: true,
    same: true,
    saved: [32, 2],
  });
  expect(loss[0]).toBeGreaterThan(0);
  expect(loss[0]).toBeLessThan(10);
  const { exported, ...table } = tables;
  expect(table).toEqual({
    rows: 40,
    classes: ["high", "low"],
    predicted: [1, 0],
    // the version of the format, 8, in field 1; then field 2
    onnx: [0x08, 8, 0x12],
    declared: true,
  });
  writeFileSync(join(project, "exported.mjs"), exported);
  const rows = '[{ size: 0.1, place: "a, b" }, { size: 1.2, place: "a, b" }]';
  const said = evaluated(`Array.from((await import("./exported.mjs")).predictClass(${rows}))`);
  expect(JSON.parse(said)).toEqual([1, 0]);
});

test("in Node too the parser is loaded with the first CSV text", () => {
  const code = `
import { createRequire } from "node:module";
import { readCsv, readIdx, table } from "xent/data";

const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => /papaparse/.test(path)).length;
await readIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7));
table([{ a: 1 }]);
const before = loaded();
await readCsv("a\\n1");
export const counts = [before, loaded()];
`;
  writeFileSync(join(project, "parser.mjs"), code);
  expect(JSON.parse(evaluated('(await import("./parser.mjs")).counts'))).toEqual([0, 1]);
});

/** Packages by name, with what they depend on: where they are installed. */
function closure(
  names: readonly string[],
  from: string,
  found = new Map<string, string>(),
): Map<string, string> {
  for (const name of names) {
    if (found.has(name)) continue;
    // by folders, as Node looks for it: not every package lets its package.json be resolved
    let folder = realpathSync(from);
    while (!existsSync(join(folder, "node_modules", name))) folder = dirname(folder);
    const path = realpathSync(join(folder, "node_modules", name));
    found.set(name, path);
    const { dependencies = {} } = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    closure(Object.keys(dependencies), path, found);
  }
  return found;
}

test("npm installs it with the packages of CSV and of the command beside it", () => {
  const fresh = join(project, "fresh");
  mkdirSync(fresh);
  writeFileSync(join(fresh, "package.json"), JSON.stringify({ type: "module", private: true }));
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  expect(Object.keys(dependencies).sort()).toEqual([
    "cli-progress",
    "commander",
    "papaparse",
    "string-width",
  ]);
  // an exact version: its Parser is not what it promises to keep
  expect(dependencies.papaparse).toMatch(/^\d+\.\d+\.\d+$/);
  const beside = closure(Object.keys(dependencies), process.cwd());
  // without a network, so the dependencies are given as files too; npm would ask for any other
  const tarballs = [pack(fresh).tarball, ...[...beside.values()].map((path) => pack(fresh, path).tarball)];
  const quiet = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", join(fresh, "cache")];
  const shell = process.platform === "win32";
  const { status, stderr } = spawnSync("npm", ["install", ...quiet, ...tarballs], {
    cwd: fresh,
    encoding: "utf8",
    shell,
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const packages = readdirSync(join(fresh, "node_modules")).filter((name) => !name.startsWith("."));
  expect(packages.sort()).toEqual([...beside.keys(), "xent"].sort());
  // with the four that string-width brings
  expect(packages).toHaveLength(9);
  expect(readdirSync(join(fresh, "node_modules/xent"))).not.toContain("node_modules");
  const code = 'console.log((await (await import("xent/data")).readCsv("a,b\\n1,2")).columns.length)';
  expect(node(["--input-type=module", "-e", code], fresh).trim()).toBe("2");
  const { version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    version: string;
  };
  // the bin as npm has linked it
  if (!shell) {
    const said = spawnSync(join(fresh, "node_modules/.bin/xent"), ["--version"], { encoding: "utf8" });
    expect(said).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
  }
}, 120_000);

test("the wasm file can be had by its own path, our inner modules cannot", () => {
  const resolved = (name: string): string => evaluated(`import.meta.resolve("${name}")`);
  expect(resolved("xent/wasm/simd.wasm")).toContain("/xent/dist/wasm/simd.wasm");
  expect(() => resolved("xent/wasm/load.js")).toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
});

test("no published type names what is the DOM's or Node's", () => {
  const types = files.filter((path) => path.endsWith(".d.ts"));
  expect(types.length).toBeGreaterThan(50);
  const text = (path: string): string => readFileSync(join(installed, path), "utf8");
  expect(types.filter((path) => text(path).includes("/// <reference"))).toEqual([]);
  writeFileSync(join(project, "bad.d.ts"), "export declare const signal: AbortSignal;\n");
  const all = ["bad.d.ts", ...types.map((path) => `node_modules/xent/${path}`)];
  expect(typeErrors(all, {})).toEqual(["bad.d.ts(1,30): error TS2304: Cannot find name 'AbortSignal'."]);
}, 60_000);

const NODENEXT = { module: "nodenext" };
test.each([
  { lib: ["es2023"], types: [], how: NODENEXT, user: [] },
  { lib: ["es2023", "dom"], types: [], how: NODENEXT, user: [SHARED, BROWSER] },
  { lib: ["es2023"], types: ["node"], how: NODENEXT, user: [SHARED, NODE] },
  { lib: ["es2023", "dom"], types: ["node"], how: NODENEXT, user: [SHARED, BROWSER, NODE] },
  { lib: ["es2023", "webworker"], types: [], how: NODENEXT, user: [SHARED, BROWSER] },
  {
    lib: ["es2023", "dom"],
    types: [],
    how: { module: "esnext", moduleResolution: "bundler" },
    user: [SHARED, BROWSER],
  },
])(
  "types compile without skipLibCheck: lib $lib, types $types, module $how.module",
  ({ lib, types, how, user }) => {
    writeFileSync(join(project, "user.mts"), [USER, PLAIN, ...user].join(""));
    expect(typeErrors(["user.mts"], { ...how, lib, types })).toEqual([]);
  },
  60_000,
);
