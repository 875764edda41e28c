// `xent export`: files that are what xent/onnx and xent/module write, and a PyTorch module that computes what the model does: run by
// PyTorch where there is one (XENT_PYTHON names the Python), and left out with a word where there is none.

import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/cli/errors.ts";
import { type ExportOptions, exportModel, writeAll } from "../../src/cli/export/export.ts";
import {
  oneHot,
  preprocess,
  readSafetensors,
  readStateDict,
  standardize,
  type Table,
  table,
} from "../../src/data.ts";
import * as xent from "../../src/index.ts";
import { readCsvFile, saveModel } from "../../src/node.ts";
import { exportOnnx } from "../../src/onnx.ts";
import { floats, integers } from "../oracle/data.ts";
import { folders } from "../support/folders.ts";

const PYTHON = process.env.XENT_PYTHON ?? "python3";
const torch = spawnSync(PYTHON, ["-c", "import torch"]).status === 0;
if (!torch)
  console.log(`No PyTorch for ${PYTHON}: exported nets are not run (XENT_PYTHON names another Python).`);

const { root } = folders("cli-export");
const at = (name: string): string => join(root, name);
const runtime = await xent.init({ threads: 1 });
const exported = (name: string, out: string, more: Partial<ExportOptions> = {}): Promise<void> =>
  exportModel(at(`${name}.safetensors`), { out: at(out), link: true, quiet: true, ...more });

/** A model of a table, trained for some steps, in a file of its own. */
async function trained(name: string, rows: Table | object[], target: string): Promise<xent.Sequential> {
  const numeric =
    !Array.isArray(rows) && rows.columns.find((each) => each.name === target)?.type === "number";
  const prepared = preprocess(rows, {
    target,
    missing: "impute",
    ...(numeric ? { scaleTarget: standardize() } : {}),
  });
  const model = runtime.sequential({ input: prepared.features, seed: 3 }, [
    xent.dense(16),
    xent.relu(),
    xent.dense(prepared.outputs),
  ]);
  const loss = numeric ? xent.mse() : xent.crossEntropy();
  await model.fit(prepared.dataset(rows), { loss, optimizer: xent.adam({ lr: 0.01 }), epochs: 5 });
  await saveModel(model, at(`${name}.safetensors`));
  return model;
}

const iris = await trained("iris", await readCsvFile("examples/data/iris.csv"), "species");

describe("what is written", () => {
  it("onnx: the bytes of exportOnnx, with the link and without", async () => {
    await exported("iris", "iris.onnx", { preprocessing: true });
    expect(readFileSync(at("iris.onnx"))).toEqual(
      Buffer.from(exportOnnx(iris, { link: true, preprocessing: true })),
    );
    await exported("iris", "logits", { to: "onnx", link: false, input: "u8" });
    expect(readFileSync(at("logits"))).toEqual(Buffer.from(exportOnnx(iris, { input: "u8" })));
  });

  it("module: one that predicts as the model does", async () => {
    await exported("iris", "iris.mjs");
    const { predict } = await import(/* @vite-ignore */ pathToFileURL(at("iris.mjs")).href);
    const row = { sepal_length_cm: 6, sepal_width_cm: 3, petal_length_cm: 4.5, petal_width_cm: 1.4 };
    const [said, own] = [predict([row]) as Float32Array, iris.predict([row])];
    expect(said.length).toBe(3);
    for (const [i, value] of said.entries())
      expect(Math.abs(value - (own[i] ?? Number.NaN))).toBeLessThan(1e-6);
  });

  it("pytorch: the weights alone, which a state dict of xent takes too", async () => {
    await exported("iris", "iris-net.py");
    const bytes = readFileSync(at("iris-net.safetensors"));
    const { tensors, metadata } = readSafetensors(bytes);
    expect([...tensors.keys()].sort()).toEqual(Object.keys(iris.stateDict()).sort());
    expect(metadata.size).toBe(0);
    expect(readStateDict(bytes)).toEqual(iris.stateDict());
  });
});

describe("refused, and nothing is written", () => {
  it.each<[string, string, Partial<ExportOptions>, string]>([
    ["no format", "net.bin", {}, "does not say which format"],
    ["an option of another format", "net.mjs", { input: "u8" }, "--input is an option of onnx"],
    ["the model itself", "iris.py", {}, "is the model itself"],
    ["two files into one stdout", "-", { out: "-", to: "pytorch" }, "stdout is one"],
    ["JSON and a file into one stdout", "-", { out: "-", to: "onnx", json: true }, "both go to stdout"],
  ])("%s is a usage error", async (_, out, more, piece) => {
    const before = readdirSync(root).map((name) => [name, existsSync(at(name))]);
    const error = await exported("iris", out, more).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(piece);
    expect(readdirSync(root).map((name) => [name, existsSync(at(name))])).toEqual(before);
  });

  it("another model that --out does not name is kept, a state dict is written anew", async () => {
    copyFileSync(at("iris.safetensors"), at("other.safetensors"));
    const before = readFileSync(at("other.safetensors"));
    await expect(exported("iris", "other.py")).rejects.toThrow(/other\.safetensors is a model of xent/);
    expect(readFileSync(at("other.safetensors"))).toEqual(before);
    expect(existsSync(at("other.py"))).toBe(false);
    await exported("iris", "again.py");
    await exported("iris", "again.py");
  });

  it("what is no file is left alone", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    await expect(exported("iris", "pipe", { to: "onnx" })).rejects.toMatchObject({
      code: "FILE",
      message: expect.stringContaining("is no file"),
    });
    expect(statSync(at("pipe")).isFIFO()).toBe(true);
  });

  it("what is no model is named", async () => {
    writeFileSync(at("junk.safetensors"), "no model at all");
    await expect(exported("junk", "junk.onnx")).rejects.toThrow(/junk\.safetensors is no model of xent: /);
    await expect(exported("none", "none.onnx")).rejects.toMatchObject({ code: "FILE" });
    expect(existsSync(at("junk.onnx"))).toBe(false);
  });

  it("where the second file fails, the first is as it was: gone, or the old one", async () => {
    mkdirSync(at("half.py"));
    await expect(exported("iris", "half", { to: "pytorch" })).rejects.toMatchObject({ code: "FILE" });
    expect(existsSync(at("half.safetensors"))).toBe(false);
    // what only the writing finds out, as of a disk that is full
    const files = ["half.safetensors", "half.py"].map((name) => ({
      path: at(name),
      bytes: Uint8Array.of(1),
    }));
    await expect(writeAll(files)).rejects.toMatchObject({ code: "FILE" });
    expect(existsSync(at("half.safetensors"))).toBe(false);
    writeFileSync(at("half.safetensors"), "of somebody else");
    await expect(writeAll(files)).rejects.toMatchObject({ code: "FILE" });
    expect(readFileSync(at("half.safetensors"), "utf8")).toBe("of somebody else");
  });
});

it("the command: a line a file, exit codes, the file on stdout", () => {
  const run = (...args: string[]) =>
    spawnSync("node", ["--import", "tsx", "src/cli/main.ts", "export", at("iris.safetensors"), ...args]);
  const one = run("--out", "-", "--to", "onnx", "--preprocessing");
  expect(one.status).toBe(0);
  expect(one.stdout).toEqual(Buffer.from(exportOnnx(iris, { link: true, preprocessing: true })));
  const two = run("--out", at("none/net.onnx"));
  expect([two.status, String(two.stdout)]).toEqual([1, ""]);
  expect(String(two.stderr)).toMatch(/^xent: .*cannot write .*\n$/);
});

const SCRIPT = `
import csv, importlib.util, json, sys, torch
def load(path):
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
said = {}
for name, path, rows in json.load(open(sys.argv[1])):
    module = load(path)
    if isinstance(rows, str):
        rows = list(csv.DictReader(open(rows, encoding="utf-8", newline="")))
    elif isinstance(rows, dict):
        rows = torch.tensor(rows["values"], dtype=getattr(torch, rows["dtype"]))
    try:
        said[name] = [module.predict(module.load(), rows).flatten().tolist(), module.CLASSES]
    except ValueError as error:
        said[name] = str(error)
print(json.dumps(said))`;

describe.skipIf(!torch)("with PyTorch", () => {
  type Case = readonly [
    name: string,
    rows: unknown,
    expected: Float32Array | string,
    classes?: readonly string[] | undefined,
  ];

  /** Exports the models of the cases, runs all of them in one Python, and compares. */
  async function agree(cases: readonly Case[], stem = (name: string): string => name): Promise<void> {
    const list: [string, string, unknown][] = [];
    for (const [name, rows] of cases) {
      const [model = name] = name.split(":");
      await exported(model, `${stem(model)}-net.py`);
      list.push([name, at(`${stem(model)}-net.py`), rows]);
    }
    writeFileSync(at("cases.json"), JSON.stringify(list));
    const said = JSON.parse(execFileSync(PYTHON, ["-c", SCRIPT, at("cases.json")], { encoding: "utf8" }));
    for (const [name, , expected, classes] of cases) {
      if (typeof expected === "string") {
        expect(said[name], name).toContain(expected);
        continue;
      }
      const [values, names] = said[name] as [number[], string[] | null];
      expect(values.length, name).toBe(expected.length);
      const farthest = values.reduce(
        (most, value, i) =>
          Math.max(most, Math.abs(value - (expected[i] ?? Number.NaN)) / Math.max(1, Math.abs(value))),
        0,
      );
      expect(farthest, name).toBeLessThan(1e-5);
      expect(names ?? undefined, name).toEqual(classes);
    }
  }

  it("the five data sets, rows as the csv module of Python reads them", async () => {
    const cases: Case[] = [];
    for (const [name, target] of [
      ["iris", "species"],
      ["penguins", "species"],
      ["wine", "class"],
      ["breast-cancer", "diagnosis"],
      ["diabetes", "progression"],
    ] as const) {
      const rows = await readCsvFile(`examples/data/${name}.csv`);
      const model = await trained(name, rows, target);
      cases.push([name, `examples/data/${name}.csv`, model.predict(rows), model.classes]);
    }
    await agree(cases);
  });

  it("every kind of layer, bytes, sigmoid outputs, a loss that is not known", async () => {
    const [rows, input] = [40, 6];
    const x = floats(1, rows * input, -2, 2);
    const values = Array.from({ length: rows }, (_, i) => [...x.subarray(i * input, (i + 1) * input)]);
    const all = runtime.sequential({ input, seed: 1 }, [
      xent.dense(12),
      xent.batchNorm1d({ momentum: 0.3, eps: 0.125 }),
      xent.gelu({ approximate: "tanh" }),
      xent.dropout(0.2),
      xent.residual([
        xent.dense(9, { bias: false }),
        xent.layerNorm(),
        xent.silu(),
        xent.residual([xent.dense(9), xent.prelu({ shared: false })]),
        xent.dense(12),
      ]),
      xent.prelu(),
      xent.batchNorm1d({ affine: false }),
      xent.elu({ alpha: 1.5 }),
      xent.layerNorm({ affine: false, eps: 1e-3 }),
      xent.softplus({ beta: 2 }),
      xent.dense(8),
      xent.leakyRelu({ negativeSlope: 0.25 }),
      xent.dense(8),
      xent.gelu(),
      xent.dense(8),
      xent.tanh(),
      xent.dense(8),
      xent.sigmoid(),
      xent.dense(8),
      xent.softmax(),
      xent.relu(),
      xent.dense(4),
    ]);
    await all.fit(xent.dataset({ x, y: integers(2, rows, 0, 3), features: input }), {
      loss: xent.crossEntropy(),
      optimizer: xent.adam({ lr: 0.01 }),
      epochs: 4,
      inspect: false,
    });
    await saveModel(all, at("all.safetensors"));

    const bytes = Uint8Array.from(integers(5, rows * input, 0, 255));
    const several = runtime.sequential({ input }, [xent.dense(5), xent.tanh(), xent.dense(3)]);
    await several.fit(
      xent.dataset({ x: bytes, y: floats(6, rows * 3, 0, 1), features: input, scale: 0.01, shift: -1 }),
      { loss: xent.bceWithLogits(), optimizer: xent.sgd({ lr: 0.1 }), epochs: 3, inspect: false },
    );
    await saveModel(several, at("bytes.safetensors"));

    const bare = runtime.sequential({ input }, [xent.dense(3)]);
    await saveModel(bare, at("bare.safetensors"));
    const ofBytes = Array.from({ length: rows }, (_, i) => [...bytes.subarray(i * input, (i + 1) * input)]);
    await agree([
      ["all", { values, dtype: "float32" }, all.predict(x)],
      ["bytes", { values: ofBytes, dtype: "uint8" }, several.predict(bytes)],
      ["bare", { values, dtype: "float32" }, bare.logits(x)],
    ]);
  });

  it("names that try to leave their quotes; numbers that are codes; what is missing or strange", async () => {
    const hostile = '"""\n\\"); import os; os._exit(9) #\u2028';
    const rows = Array.from({ length: 30 }, (_, i) => ({
      [hostile]: [`'''`, hostile, "é\t"][i % 3],
      code: i % 2 === 0 ? 1 : 20,
      flag: i % 4 === 0,
      amount: i % 5 === 0 ? null : i / 7,
      y: [hostile, "no"][i % 2],
    }));
    const prepared = preprocess(table(rows), {
      target: "y",
      missing: "impute",
      columns: { code: oneHot({ unknown: "zeros" }) },
    });
    const model = runtime.sequential({ input: prepared.features }, [xent.dense(2)]);
    await model.fit(prepared.dataset(table(rows)), {
      loss: xent.crossEntropy(),
      optimizer: xent.adam(),
      epochs: 2,
    });
    await saveModel(model, at("hostile.safetensors"));
    const strange = [{ [hostile]: hostile, code: 3, flag: false, amount: 1, y: "" }];
    await agree(
      [
        ["hostile", rows, model.predict(table(rows)), [hostile, "no"]],
        ["hostile:zeros", strange, model.predict(table(strange)), [hostile, "no"]],
        ["hostile:new", [{ ...strange[0], [hostile]: "new" }], "'new', which was not there in training"],
        ["hostile:text", [{ ...strange[0], amount: "many" }], "could not convert string to float"],
      ],
      (name) => `${name}"'\\`,
    );
  });
});
