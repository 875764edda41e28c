// docs/models.md against the code: every block is run and what it writes is read, every name that it imports is exported, every
// command and link is there.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import * as data from "../../src/data.ts";
import * as xent from "../../src/index.ts";
import * as module from "../../src/module.ts";
import * as node from "../../src/node.ts";
import * as onnx from "../../src/onnx.ts";
import { floats, integers } from "../oracle/data.ts";
import { blocks, imports, runBlock } from "../support/blocks.ts";
import { folders } from "../support/folders.ts";
import { decoded, ModelProto } from "../support/onnx.ts";
import { hash } from "../support/state.ts";

const text = readFileSync("docs/models.md", "utf8");
const { root } = folders("docs-models");
const [torch = "", graph = "", script = "", ...others] = blocks(text, "ts");
const modules = {
  "xent/data": () => data,
  "xent/node": () => ({
    ...node,
    writeFileAtomic: (name: string, bytes: Uint8Array) => node.writeFileAtomic(join(root, name), bytes),
  }),
  "xent/onnx": () => onnx,
  "xent/module": () => module,
  "./net.js": () => import(/* @vite-ignore */ pathToFileURL(join(root, "net.js")).href),
};

const runtime = await xent.init({ precision: "strict" });
const fresh = (seed: number) =>
  runtime.sequential({ input: 5, seed, loss: xent.crossEntropy() }, [
    xent.dense(7),
    xent.relu(),
    xent.dense(3),
  ]);
const model = fresh(1);
const classes = ["a", "b", "c"];
await model.fit(xent.dataset({ x: floats(1, 200, -1, 1), y: integers(2, 40, 0, 2), features: 5, classes }), {
  optimizer: xent.adam({ lr: 0.01 }),
  inspect: false,
});

it("imports what is exported; every file is there", () => {
  const imported = imports(text).filter(({ from }) => from !== "./net.js");
  expect(imported.length).toBeGreaterThanOrEqual(5);
  for (const { name, from } of imported) expect(modules[from as "xent/data"](), from).toHaveProperty(name);
  const files = [...text.matchAll(/(?:node_modules\/xent\/|`|run )((?:python|src|test)\/[\w./-]+)/g)];
  expect(files.length).toBeGreaterThanOrEqual(5);
  for (const [, file] of files) expect(existsSync(file as string), file).toBe(true);
});

it("there are as many blocks as are run here; test/model/convert.test.ts has the commands", () => {
  expect(others).toEqual([]);
  const commands = blocks(text, "sh").join("\n").split("\n");
  // from one kind of file to another, as convert.py tells them apart
  for (const command of commands)
    expect(command).toMatch(
      /^python3 node_modules\/xent\/python\/convert\.py model\.(\w+) model\.(?!\1)\w+ /,
    );
});

it("a hosted model is brought here as it says", async () => {
  const [, code] = /`(await xent\.load\(await model\.save\(\)\))`/.exec(text.replaceAll("\n", " ")) ?? [];
  const far = await xent.hosted({ precision: "strict" });
  const hosted = await far.load(model.save());
  const { near } = await runBlock(`const near = ${code};`, {}, { xent: runtime, model: hosted });
  expect((near as xent.Sequential).save()).toEqual(model.save());
  await far.dispose();
});

it("a state dict of PyTorch, with its own names and with others", async () => {
  const lines = torch.split("\n");
  const head = lines.filter((line) => line.startsWith("import")).join("\n");
  const loads = lines.filter((line) => line.startsWith("model.loadStateDict"));
  expect(loads.length).toBe(2);
  const source = fresh(2).stateDict();
  const plain = Object.entries(source).map(
    ([name, { shape, data }]) => [name, { dtype: "F32", shape, data }] as const,
  );
  const named = plain.map(
    ([name, tensor]) => [name.replace("0.", "fc1.").replace("2.", "fc2."), tensor] as const,
  );
  for (const [i, tensors] of [plain, named].entries()) {
    const to = fresh(3);
    const bytes = data.writeSafetensors(new Map(tensors) as never);
    await runBlock(`${head}\n${loads[i]}`, modules, { model: to, bytes });
    expect(hash(to.stateDict())).toBe(hash(source));
  }
});

it("an ONNX file, of the opset and with the names that it says", async () => {
  await runBlock(graph, modules, { model });
  const file = readFileSync(join(root, "digits.onnx"));
  const { graph: net, opsetImport } = decoded(ModelProto, file) as {
    graph: { input: { name: string }[]; output: { name: string }[]; node: { opType: string }[] };
    opsetImport: { version: number }[];
  };
  expect(opsetImport.map(({ version }) => version)).toEqual([Number(/opset (\d+)/.exec(text)?.[1])]);
  expect([net.input, net.output].map((ends) => ends.map(({ name }) => name))).toEqual([
    ["input"],
    ["probabilities"],
  ]);
  const operators = net.node.map(({ opType }) => opType);
  expect(operators.filter((name) => ["Gemm", "Relu", "Softmax"].includes(name))).toEqual([
    "Gemm",
    "Relu",
    "Gemm",
    "Softmax",
  ]);
});

it("a module, with the exports that it says and the model's own numbers", async () => {
  const { classes: names, predict } = await runBlock(script, modules, {
    model,
    writeFileAtomic: modules["xent/node"]().writeFileAtomic,
  });
  expect(names).toEqual(classes);
  const x = floats(3, 50, -1, 1);
  const own = model.predict(x);
  const got = [...((predict as (x: Float32Array) => ArrayLike<number>)(x) as Float32Array)];
  // the page's bound for a net of every kind
  for (const [i, value] of got.entries())
    expect(Math.abs(value - (own[i] as number))).toBeLessThanOrEqual(4e-7);
  expect(got.length).toBe(own.length);
  const [, told] = /It exports ([^.]+)\./.exec(text) ?? [];
  const exported = [...(told as string).matchAll(/`(\w+)`/g)].map(([, name]) => name as string);
  expect(Object.keys(await modules["./net.js"]()).sort()).toEqual(exported.sort());
  const types = readFileSync(join(root, "net.d.ts"), "utf8");
  for (const name of exported) expect(types).toMatch(new RegExp(`\\b${name}\\b`));
});
