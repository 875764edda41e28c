// docs/data.md against the code: every block is run, every name that it imports is exported.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TARGETS } from "../../examples/09-tables/options.ts";
import * as data from "../../src/data.ts";
import * as xent from "../../src/index.ts";
import * as node from "../../src/node.ts";
import { blocks, imports, runBlock } from "../support/blocks.ts";
import { folders } from "../support/folders.ts";

const text = readFileSync("docs/data.md", "utf8");
const { root } = folders("docs-data");
const modules = { xent: () => xent, "xent/data": () => data, "xent/node": () => node };
const [first = "", large = "", arrays = "", ...others] = blocks(text, "ts");
const penguins = readFileSync("examples/data/penguins.csv", "utf8");

it("imports what is exported", () => {
  const imported = imports(text);
  expect(imported.length).toBeGreaterThanOrEqual(10);
  for (const { name, from } of imported) expect(modules[from as "xent"](), from).toHaveProperty(name);
  const all = { ...data, ...node };
  for (const name of ["minMax", "asIs", "oneHot", "ids", "standardize", "readIdx", "writeNpy", "table"])
    expect(all).toHaveProperty(name);
  expect(Object.keys(TARGETS)).toContain(/npm run example -- 09 (\w+)/.exec(text)?.[1]);
});

it("there are as many blocks as are run here", () => {
  expect(others).toEqual([]);
});

it("from a table to a model: what it says of the classes is so, and a raw row is predicted", async () => {
  const { model, prepared, validation, table } = (await runBlock(first, modules, { text: penguins })) as {
    model: xent.Sequential;
    prepared: data.Preprocessing;
    validation: data.Table;
    table: data.Table;
  };
  expect(table.rows).toBe(penguins.trimEnd().split("\n").length - 1);
  const [, classes] = /model\.classes;\s*\/\/ (\[.*\])/.exec(first) ?? [];
  expect(model.classes).toEqual(JSON.parse(classes as string));
  expect(model.preprocessing).toBe(prepared);
  const { accuracy } = await model.evaluate(prepared.dataset(validation));
  expect(accuracy).toBeGreaterThan(0.9);
  // the row that is printed is one of the file's
  const [, row] = /model\.predict\((\[.*\])\);/.exec(first) ?? [];
  const [raw] = (await runBlock(`const rows = ${row};`, {})).rows as Record<string, unknown>[];
  const line = Object.values(raw as object).join();
  const species = penguins
    .split("\n")
    .find((one) => one.endsWith(`,${line}`))
    ?.split(",")[0];
  expect(species).toBeDefined();
  const [id] = model.predictClass([raw as object]);
  expect(model.classes?.[id as number]).toBe(species);
});

describe("larger than memory", () => {
  it("reads the file once to prepare, and once an epoch", async () => {
    const rows = Array.from({ length: 700 }, (_, i) => `${i % 17},${(i * 5) % 23},${i % 2 ? "odd" : "even"}`);
    const path = join(root, "large.csv");
    await node.writeFileAtomic(path, new TextEncoder().encode(["a,b,label", ...rows].join("\n")));
    const runtime = await xent.init();
    const model = runtime.sequential(
      { input: 2, loss: xent.crossEntropy(), optimizer: xent.adam({ lr: 0.01 }) },
      [xent.dense(2)],
    );
    let opened = 0;
    const streamCsvFile = (name: string) => {
      opened++;
      return node.streamCsvFile(join(root, name));
    };
    const { prepared } = await runBlock(
      large,
      { ...modules, "xent/node": () => ({ ...node, streamCsvFile }) },
      { model },
    );
    const [, epochs] = /epochs: (\d+)/.exec(large) ?? [];
    expect(opened).toBe(1 + Number(epochs));
    expect(model.preprocessing).toBe(prepared);
    expect(model.classes).toEqual(["even", "odd"]);
  });
});

it("an array from a server", async () => {
  const values = Float32Array.from({ length: 12 }, (_, i) => i / 4);
  const fetch = async (address: string) => {
    expect(address).toBe("features.npy");
    return new Response(data.writeNpy({ shape: [3, 4], data: values }).slice());
  };
  const { shape, data: read } = await runBlock(arrays, modules, { readNpy: data.readNpy, fetch });
  expect([shape, read]).toEqual([[3, 4], values]);
});
