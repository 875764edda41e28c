// examples/07-resume: processes are killed and resumed, and what they leave is what one process leaves; and what it prints.

import { expect, it } from "vitest";
import { reportLines } from "../../examples/07-resume/report.ts";
import { byLot, type Result, run } from "../../examples/07-resume/run.ts";
import { expectReadable } from "../support/example.ts";

const STEPS = 4000;
const PER_EPOCH = 1000;

/** Resumed once at least, and in the middle of an epoch. */
const isTelling = ({ killed: { lives } }: Result): boolean =>
  lives.some(({ begun }) => begun % PER_EPOCH !== 0);

// saves come every 50 ms, and an epoch takes twice as long: most kills fall so. A machine that is very busy may be late with them
const results: Result[] = [];
while (results.length < 4 && !results.some(isTelling)) results.push(await run([0.28, 0.53]));
const result = results.at(-1) as Result;
const { whole, killed } = result;

it("processes are killed, and begin where a save of the one before stood", () => {
  expect(isTelling(result)).toBe(true);
  for (const { killed } of results) {
    const { lives } = killed;
    expect(lives.length).toBeLessThanOrEqual(3);
    for (const [i, { begun, told, done }] of lives.entries()) {
      const last = i === lives.length - 1;
      expect(done === undefined).toBe(!last);
      expect(begun).toBeLessThanOrEqual(told);
      if (!last) expect(told).toBeGreaterThanOrEqual(([0.28, 0.53][i] as number) * STEPS);
      // what a process tells of is on the disk, but for fewer than 20 steps
      expect(begun).toBeGreaterThan((lives[i - 1]?.told ?? 0) - 20);
    }
  }
});

it("the last file is that of an uninterrupted run to the byte, and the only one", () => {
  expect(whole.lives).toMatchObject([{ begun: 0, told: STEPS, done: { epochs: STEPS / PER_EPOCH } }]);
  expect(whole.lives[0]?.done?.accuracy).toBeGreaterThan(0.95);
  for (const { killed, whole: again } of results) {
    expect(again.sha256).toBe(whole.sha256);
    expect(killed.sha256).toBe(whole.sha256);
    expect(killed.bytes).toBe(whole.bytes);
    expect(killed.lives.at(-1)).toMatchObject({ told: STEPS, steps: STEPS, done: whole.lives[0]?.done });
  }
  // weights, and both moments of AdamW
  expect(whole.bytes).toBeGreaterThan(3 * 4 * 96 * 96);
  expect([whole.files, killed.files]).toEqual([["model.safetensors"], ["model.safetensors"]]);
});

it("prints that, and says so where files differ", () => {
  const text = expectReadable((paint) => reportLines(result, paint)).join("\n");
  expect(text).toContain(`in one go   ${whole.sha256}\nwith kills  ${whole.sha256}\n`);
  expect(text).toContain(`The same, byte for byte: ${whole.bytes} bytes.`);
  expect(text).toContain(`${killed.lives.length - 1} by SIGKILL`);
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
