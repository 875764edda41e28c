// The package as a user gets it: packed, unpacked into an empty project, imported by plain Node, type-checked.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folders } from "../support/folders.ts";
import { installPacked, node } from "../support/packed.ts";

const USER = `
import { hosted, init, dataset, dense, relu, gelu, leakyRelu, crossEntropy, huber, sgd, gradCheck, XentError } from "xent";
import { readIdx } from "xent/data";
import { checkpoint, loadModel, saveModel } from "xent/node";

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
console.log(JSON.stringify({ build: xent.info.build, steps, loss, code, classes: model.predictClass(x).length, regression: regression.loss.length, passed, same, saved }));
`;

const { root: project } = folders("package");
const installed = join(project, "node_modules/xent");
let files: string[] = [];

beforeAll(() => {
  files = installPacked(project);
}, 180_000);

test("holds what is published and nothing else", () => {
  const outside = files.filter((path) => !path.startsWith("dist/"));
  expect(outside).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
  expect(
    files.filter((path) => !/^dist\/.*\.(js|js\.map|d\.ts|wasm)$/.test(path) && !outside.includes(path)),
  ).toEqual([]);
  expect(files.filter((path) => path.endsWith(".wasm"))).toEqual([
    "dist/wasm/relaxed-threads.wasm",
    "dist/wasm/relaxed.wasm",
    "dist/wasm/simd-threads.wasm",
    "dist/wasm/simd.wasm",
  ]);
  expect(files).toContain("dist/wasm/generated/simd.js");
  expect(files.filter((path) => /\b(test|bench|peak)/.test(path))).toEqual([]);
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
  const { loss, ...rest } = JSON.parse(node(["user.mjs"], project));
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
});

test("the wasm file can be had by its own path, our inner modules cannot", () => {
  const resolve = (name: string): string =>
    node(["--input-type=module", "-e", `console.log(import.meta.resolve("${name}"))`], project);
  expect(resolve("xent/wasm/simd.wasm")).toContain("/xent/dist/wasm/simd.wasm");
  expect(() => resolve("xent/wasm/load.js")).toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
});

describe.each([
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
])("module %s, moduleResolution %s", (module, moduleResolution) => {
  test("types compile without skipLibCheck", () => {
    writeFileSync(join(project, "user.mts"), USER);
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2023", "dom"],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    };
    const config = join(project, `tsconfig.${moduleResolution}.json`);
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ["user.mts"] }));
    node(["node_modules/typescript/bin/tsc", "-p", config]);
  }, 180_000);
});
