// docs/from-tfjs.md against the code: both programs of xent run, the names that it gives are exported, and weights that tfjs-layers has
// trained predict what they did there.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as data from "../../src/data.ts";
import * as xent from "../../src/index.ts";
import * as node from "../../src/node.ts";
import { blocks, runBlock } from "../support/blocks.ts";
import { folders } from "../support/folders.ts";

const text = readFileSync("docs/from-tfjs.md", "utf8");
const [program = "", moving = "", ...others] = blocks(text, "ts");
const { root } = folders("docs-from-tfjs");
const modules = {
  xent: () => xent,
  "xent/node": () => ({
    ...node,
    saveModel: (model: node.Saveable, name: string) => node.saveModel(model, join(root, name)),
  }),
};

it("the program after runs", async () => {
  const [rows, features] = [60, 30];
  const x = Float32Array.from({ length: rows * features }, (_, i) => Math.sin(i));
  const y = Int32Array.from({ length: rows }, (_, i) => i % 3);
  const { history, predicted } = (await runBlock(program, modules, { x, y, row: x.subarray(0, 30) })) as {
    history: xent.History;
    predicted: Float32Array;
  };
  expect(history.validation?.accuracy).toHaveLength(20);
  expect(predicted).toHaveLength(3);
  expect(readFileSync(join(root, "net.safetensors")).length).toBeGreaterThan(1000);
});

it("weights of tfjs-layers predict what they did there", async () => {
  const { weights, x, predicted } = JSON.parse(readFileSync("test/fixtures/tfjs-weights.json", "utf8")) as {
    weights: object[];
    x: number[][];
    predicted: number[];
  };
  const moved = (await runBlock(moving, modules, { weights, x })).predicted as Float32Array;
  expect(moved).toHaveLength(24);
  const off = Math.max(...predicted.map((value, i) => Math.abs(value - (moved[i] as number))));
  // both are off by some roundings of numbers below 1
  expect(off).toBeLessThan(1e-6);
  expect(others).toEqual([]);
});

it("every name of the right column is there", () => {
  const rows = [...text.matchAll(/^\| .* \| (.*) \|$/gm)].map(([, right = ""]) => right);
  expect(rows.length).toBeGreaterThan(25);
  const called = rows.flatMap((row) => [...row.matchAll(/(?<![.\w])(\w+)\(/g)].map(([, name = ""]) => name));
  expect(called.length).toBeGreaterThan(25);
  const all = { ...xent, ...data, ...node };
  for (const name of new Set(called)) expect(all).toHaveProperty(name);
});
