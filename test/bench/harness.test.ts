// That a wrong result is found before it is timed, and that every case has its turn in every round.

import { afterEach, expect, test, vi } from "vitest";
import type { Case } from "../../bench/case.ts";
import { copyCases } from "../../bench/copy.ts";
import { measure } from "../../bench/harness.ts";
import { listSpecs } from "../../bench/suites.ts";
import { TILE_4X8, TILE_5X8, TILE_5X16, TILE_6X8, TILE_6X16 } from "../../src/base/abi.ts";
import { Program } from "../../src/program/program.ts";
import { coreOf } from "../support/core.ts";

const small =
  /16x16x4 |4x16x16|16x3x16|16x16x3 |64x64x64|4-16-3|64-32-10|gather|pack|columnSums|sgdStep|reluBackward/i;
const makeCases = (core = coreOf("simd")): Case[] =>
  listSpecs(["gemm", "elementwise", "step"])
    .filter(({ name }) => small.test(name))
    .map((spec) => spec.make(core));

afterEach(() => vi.restoreAllMocks());

test.each([
  ["simd", TILE_4X8],
  ["simd", TILE_5X8],
  ["simd", TILE_5X16],
  ["relaxed", TILE_4X8],
  ["relaxed", TILE_6X8],
  ["relaxed", TILE_6X16],
] as const)("right results pass, %s %i", (build, tile) => {
  const cases = [...makeCases(coreOf(build, tile)), ...copyCases()];
  expect(cases).toHaveLength(19);
  expect(cases.map((item) => item.check())).toEqual(cases.map(() => undefined));
});

test("what a run reads and writes is counted once", () => {
  const cases = new Map(makeCases().map((item) => [item.name, item.work]));
  // of a gather the rows that it takes, and their numbers
  expect(cases.get("gather 128x784")?.bytes).toBe(4 * (2 * 128 * 784 + 128));
  expect(cases.get("gatherU8 128x784")?.bytes).toBe(5 * 128 * 784 + 4 * 128);
  expect(cases.get("sgdStep 115104")).toMatchObject({ bytes: 12 * 115_104, flops: 2 * 115_104 });
  expect(cases.get("pack 128x512")?.bytes).toBe(8 * 128 * 512);
  expect(cases.get("gemm 64x64x64 NN")?.bytes).toBe(4 * 3 * 64 * 64);
  expect(cases.get("gemm 16x3x16 NN")?.lanes).toBe(3 / 8);
  expect(cases.get("gemm 16x16x4 NN")?.lanes).toBe(1);
});

test("a program that does not run, or not to its end, fails every check", () => {
  const cases = makeCases();
  const run = Program.prototype.run;
  for (const missing of [Number.POSITIVE_INFINITY, 1]) {
    vi.spyOn(Program.prototype, "run").mockImplementation(function (this: Program) {
      run.call(this, 0, Math.max(0, this.drafts.length - missing));
    });
    for (const item of cases) expect(item.check(), item.name).toBeTypeOf("string");
    vi.restoreAllMocks();
  }
});

test("cases take turns, with a sample of the peak before each", async () => {
  const log: string[] = [];
  const fake = (name: string): Case => ({
    name,
    work: { flops: 1, bytes: 1 },
    run: () => log.push(name),
    check: () => undefined,
  });
  const sample = () => Promise.resolve({ gflops: log.push("peak"), mulAddGflops: 1, ghz: 1 });
  const budget = { rounds: 4, totalMs: 0, roundMs: 0.2, warmMs: 0 };
  const measured = await measure([fake("a"), fake("b")], sample, budget, () => {});
  const turns = log.slice(log.indexOf("peak")).filter((name, i, all) => name !== all[i - 1]);
  expect(turns.join(" ")).toBe("peak a peak b peak b peak a peak a peak b peak b peak a");
  expect(measured.peak).toHaveLength(8);
  expect(measured.timings.map((timing) => timing.case.name)).toEqual(["a", "b"]);
  for (const { turns } of measured.timings) {
    expect(turns).toHaveLength(4);
    for (const ms of turns) expect(ms).toBeGreaterThan(0);
  }
  const without = await measure(
    [fake("a")],
    () => Promise.resolve(undefined),
    budget,
    () => {},
  );
  expect(without.peak).toEqual([]);
});
