// docs/guide.md as a reader has it: its blocks are one program, which prints what stands under each.

import { readFileSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import * as data from "../../src/data.ts";
import * as xent from "../../src/index.ts";
import * as node from "../../src/node.ts";
import { runBlock } from "../support/blocks.ts";
import { folders } from "../support/folders.ts";

const text = readFileSync("docs/guide.md", "utf8");
const modules = { xent: () => xent, "xent/data": () => data, "xent/node": () => node };
const steps = [...text.matchAll(/^```ts\n(.*?)\n```\n\n```text\n(.*?)\n```$/gms)];

it("every block of code has its output below it", () => {
  expect(steps.length).toBeGreaterThanOrEqual(9);
  expect(text.match(/^```ts$/gm)).toHaveLength(steps.length);
});

it("the program prints what the guide says", async () => {
  const { root } = folders("docs-guide");
  symlinkSync(resolve("examples"), `${root}/examples`);
  const before = process.cwd();
  process.chdir(root);
  try {
    const said: string[][] = [];
    const log = (...values: unknown[]): void => {
      said
        .at(-1)
        ?.push(values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" "));
    };
    const program = steps.map(([, code = ""]) => `next();\n${code}`).join("\n");
    await runBlock(program, modules, { next: () => said.push([]), console: { log } });
    expect(said.map((lines) => lines.join("\n"))).toEqual(steps.map(([, , output]) => output));
  } finally {
    process.chdir(before);
  }
});
