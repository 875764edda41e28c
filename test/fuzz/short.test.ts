// A short run of every fuzz target; `npm run fuzz` makes long ones.

import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { FORMATS, targetOf } from "./formats.ts";
import { farEnough, fuzz } from "./harness.ts";

it.each(FORMATS)("%s: 1,000 inputs", async (format) => {
  const counts = await fuzz(targetOf(format), { runs: 1000, seed: 1 });
  expect(counts).toMatchObject({ name: format, inputs: 1000 });
  expect(farEnough(counts), `of ${counts.inputs} ${counts.passed} passed`).toBe(true);
  // else only refusals were tested
  expect(counts.passed.at(-1)).toBeGreaterThan(0);
});

it("no target is forgotten", () => {
  const targets = readdirSync(new URL(".", import.meta.url))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -3));
  const others = ["bad", "formats", "harness", "harness.test", "inputs", "short.test", "watch", "worker"];
  expect(targets.filter((name) => !others.includes(name)).sort()).toEqual([...FORMATS].sort());
});
