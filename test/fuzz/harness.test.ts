// The fuzz harness against readers that do what none may: each must be found, with the input at which it did.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import { thrown } from "../support/errors.ts";
import { type Counts, FuzzFailure, farEnough, fuzz, stagesPassed } from "./harness.ts";

const BAD = new URL("bad.ts", import.meta.url);
const SEED = 11;
/** Where a failure has put its input. */
const fileIn = (text: string): string => /, in (.*)$/m.exec(text)?.[1] ?? "no file is named";

describe("what a reader must not do is found", () => {
  it.each([
    ["hangs", /^not read after 1500 ms/],
    ["backtracks", /^not read after 1500 ms/],
    ["waits", /waits for what never comes/],
    ["throws", /^TypeError: /],
    ["rejectsLater", /its thread ended: Error: nobody caught it/],
    ["allocates", /^allocates 8388608 bytes at least/],
    ["allocatesBuffers", /^allocates 1099511627776 bytes at least/],
    ["allocatesBySlices", /^allocates \d+ bytes at least, expected 10\d+ at most/],
    ["allocatesAndCatches", /^allocates 8589934592 bytes at least/],
    ["growsTheHeap", /its thread ended: .*memory/i],
    ["pollutes", /^changes Object.prototype/],
    ["replaces", /^changes Map.prototype/],
    ["leavesGlobals", /^changes globalThis/],
    ["swapsInPlace", /^changes its input/],
  ])("%s", async (exported, message) => {
    const patience = exported === "growsTheHeap" ? 60_000 : 1500;
    const error = await thrown(() => fuzz(BAD, { runs: 2000, seed: SEED, exported, patience }));
    expect(error).toBeInstanceOf(FuzzFailure);
    const { message: text, input } = error as FuzzFailure;
    expect(text).toMatch(message);
    expect(text).toContain(`seed ${SEED}, input `);
    // the one that has tempted it, whole in the file that is named
    expect(input[0]).toBeLessThan(8);
    const file = fileIn(text);
    expect(existsSync(file)).toBe(true);
    expect(new Uint8Array(readFileSync(file))).toEqual(input);
    expect(text).toContain(Buffer.from(input).toString("hex"));
    rmSync(dirname(file), { recursive: true });
  });

  it.each([
    ["miscounts", /^says that 3 of 2 stages were passed/],
    ["unknownRefusal", /no stage of the target has this refusal: IDX readIdx: new/],
    ["none", /its thread ended: Error: .*bad.ts exports no none/],
  ])("of a target that is wrong itself: %s", async (exported, message) => {
    const { message: text } = (await thrown(() => fuzz(BAD, { runs: 10, seed: SEED, exported }))) as Error;
    expect(text).toMatch(message);
    rmSync(dirname(fileIn(text)), { recursive: true });
  });
});

describe("counts", () => {
  it("are of all inputs, the same for the same seed, and told on the way", async () => {
    const told: Counts[] = [];
    const options = { runs: 10_000, exported: "good", onProgress: (counts: Counts) => told.push(counts) };
    const { seconds, ...counts } = await fuzz(BAD, { ...options, seed: 1 });
    expect(counts).toMatchObject({ name: "bad", stages: ["even", "four"], inputs: 10_000 });
    const [even, four] = counts.passed as [number, number];
    expect(four).toBeGreaterThan(0);
    expect(even).toBeGreaterThan(four);
    expect(even).toBeLessThan(10_000);
    expect(seconds).toBeGreaterThan(0);
    expect(told.length).toBeGreaterThan(0);
    for (const { inputs, passed } of told) {
      expect(inputs).toBeLessThanOrEqual(10_000);
      expect(passed[0]).toBeLessThanOrEqual(even);
    }
    expect((await fuzz(BAD, { ...options, seed: 1 })).passed).toEqual(counts.passed);
    expect((await fuzz(BAD, { ...options, seed: 2 })).passed).not.toEqual(counts.passed);
  });

  it("of inputs that do not come far", async () => {
    expect(farEnough(await fuzz(BAD, { runs: 100, seed: SEED, exported: "good" }))).toBe(true);
    expect(farEnough(await fuzz(BAD, { runs: 100, seed: SEED, exported: "stuck" }))).toBe(false);
  });
});

it("a refusal is told by its message, anything else is thrown on", () => {
  const refusals = [[/^a/, /^b/], [/^c/]];
  const refusal = (text: string) => new XentError("CSV", text, "Hint.");
  expect(stagesPassed(refusal("b"), refusals)).toBe(0);
  expect(stagesPassed(refusal("c"), refusals)).toBe(1);
  const other = new TypeError("a");
  expect(() => stagesPassed(other, refusals)).toThrow(other);
  expect(() => stagesPassed(refusal("d"), refusals)).toThrow("no stage");
});
