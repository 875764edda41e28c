// docs/scale.md against what plans say: the columns of its table that no machine changes, its example, its bytes a parameter and its limits.

import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import { NETS, sizeCells, sizeOf } from "../../bench/scale.ts";
import * as nn from "../../src/index.ts";
import { blocks, runBlock } from "../support/blocks.ts";
import { thrown } from "../support/errors.ts";

const text = readFileSync("docs/scale.md", "utf8");
const xent = await nn.init({ threads: 1 });
const { adam, sgd } = nn;

it("has the nets of the bench, with their parameters, memory and work", () => {
  const rows = [...text.matchAll(/^\| (\d.*rows) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|/gm)].map(
    ([, ...cells]) => cells,
  );
  expect(rows).toEqual(NETS.map(([widths, batch]) => sizeCells(sizeOf(xent, widths, batch))));
});

it("its example prints what stands under it", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const [code = ""] = blocks(text, "ts");
  await runBlock(code, { xent: () => nn });
  const printed = log.mock.calls.map((words) => words.join(" "));
  log.mockRestore();
  const [head = "", ...rest] = blocks(text, "text");
  expect(rest).toEqual([]);
  expect(printed.join("\n")).toBe(head);
});

/** Bytes of a square net's plan, and its parameters. */
function planned(
  width: number,
  optimizer: nn.OptimizerSpec,
): { bytes: number; parameters: number; flops: number } {
  const layers = [nn.dense(width), nn.relu(), nn.dense(width), nn.relu(), nn.dense(10)];
  const model = xent.sequential({ input: 784, seed: 1, loss: nn.crossEntropy(), optimizer }, layers);
  const { bytes, flops } = model.plan({ batchSize: 256 });
  return {
    bytes: bytes.total,
    parameters: (784 + 1) * width + (width + 1) * width + (width + 1) * 10,
    flops,
  };
}

it.each([
  ["Adam", adam(), 32, 130],
  ["momentum", sgd({ lr: 0.1, momentum: 0.9 }), 24, 175],
  ["SGD", sgd({ lr: 0.1 }), 16, 260],
] as const)("with %s: bytes a parameter, and the largest net", async (name, optimizer, each, most) => {
  const { bytes, parameters, flops } = planned(8192, optimizer);
  expect(bytes / parameters).toBeGreaterThan(each);
  expect(bytes / parameters).toBeLessThan(each * 1.05);
  expect(flops / parameters / 256).toBeGreaterThan(5.5);
  expect(flops / parameters / 256).toBeLessThan(6);
  const width = (millions: number): number =>
    Math.floor((-795 + Math.sqrt(795 ** 2 + 4 * 1e6 * millions)) / 2);
  expect(planned(width(most), optimizer).parameters / 1e6).toBeCloseTo(most, 0);
  expect(await thrown(() => planned(width(most * 1.03), optimizer)), name).toMatchObject({
    code: "TOO_LARGE",
  });
  expect(text).toContain(`${most}`);
});
