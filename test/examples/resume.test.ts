// examples/07-resume: processes are killed and resumed, and what they leave is what one process leaves; and what it prints.

import { expect, it } from "vitest";
import { reportLines } from "../../examples/07-resume/report.ts";
import { byLot, type Life, run } from "../../examples/07-resume/run.ts";
import { expectReadable } from "../support/example.ts";

const STEPS = 4000;
const PER_EPOCH = 1000;
const result = await run([0.28, 0.53]);
const { whole, killed } = result;

it("two kills, three processes, each of which begins where a save of the one before stood", () => {
  expect(killed.lives).toHaveLength(3);
  const [first, second, third] = killed.lives as [Life, Life, Life];
  expect([first.done, second.done]).toEqual([undefined, undefined]);
  expect(first.begun).toBe(0);
  expect(first.told).toBeGreaterThanOrEqual(0.28 * STEPS);
  expect(second.begun).toBeGreaterThan(0);
  expect(second.told).toBeGreaterThanOrEqual(0.53 * STEPS);
  expect(third.begun).toBeGreaterThan(second.begun);
  for (const { begun } of [second, third]) expect(begun).toBeLessThan(STEPS);
  expect(third).toMatchObject({ told: STEPS, steps: STEPS, done: whole.lives[0]?.done });
  // saves come every 50 ms, an epoch takes twice as long or more
  expect([second, third].some(({ begun }) => begun % PER_EPOCH !== 0)).toBe(true);
});

it("the last file is that of an uninterrupted run to the byte, and the only one", () => {
  expect(whole.lives).toMatchObject([{ begun: 0, told: STEPS, done: { epochs: STEPS / PER_EPOCH } }]);
  expect(whole.lives[0]?.done?.accuracy).toBeGreaterThan(0.95);
  expect(killed.sha256).toBe(whole.sha256);
  expect(killed.bytes).toBe(whole.bytes);
  // weights, and both moments of AdamW
  expect(whole.bytes).toBeGreaterThan(3 * 4 * 96 * 96);
  expect([whole.files, killed.files]).toEqual([["model.safetensors"], ["model.safetensors"]]);
});

it("prints that, and says so where files differ", () => {
  const text = expectReadable((paint) => reportLines(result, paint)).join("\n");
  expect(text).toContain(`in one go   ${whole.sha256}\nwith kills  ${whole.sha256}\n`);
  expect(text).toContain(`The same, byte for byte: ${whole.bytes} bytes.`);
  expect(text).toContain("2 by SIGKILL");
  const other = { whole, killed: { ...killed, sha256: "0".repeat(64) } };
  expect(expectReadable((paint) => reportLines(other, paint)).at(-1)).toMatch(/^They differ/);
});

it("moments by lot are shares of the run in their order", () => {
  const moments = byLot(4);
  for (const [i, moment] of moments.entries()) {
    expect(moment).toBeGreaterThanOrEqual(i / 5);
    expect(moment).toBeLessThan((i + 1) / 5);
  }
});
