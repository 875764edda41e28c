// That a wrong result is found before it is timed, and that every case has its turn in every round.

import { afterEach, expect, test, vi } from "vitest";
import { gemmSuite } from "../../bench/gemm.ts";
import { type Case, measure } from "../../bench/harness.ts";
import { stepSuite } from "../../bench/step.ts";
import { Program } from "../../src/program/program.ts";
import { compileSimd } from "../../src/wasm/load.ts";

const core = { module: await compileSimd(), build: "simd" };
const small = (name: string): boolean =>
  /16x16x4 |4x16x16|16x3x16|16x16x3 |64x64x64|4-16-3|64-32-10/.test(name);
const makeCases = (): Case[] => [...gemmSuite(core)(small), ...stepSuite(core)(small)];

afterEach(() => vi.restoreAllMocks());

test("right results pass", () => {
  const cases = makeCases();
  expect(cases).toHaveLength(8);
  expect(cases.map((item) => item.check())).toEqual(cases.map(() => undefined));
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
    group: "",
    flops: 1,
    run: () => log.push(name),
    check: () => undefined,
  });
  const peak = {
    engine: "none",
    sample: () => Promise.resolve({ gflops: log.push("peak"), mulAddGflops: 1, ghz: 1 }),
    close() {},
  };
  const budget = { rounds: 4, totalMs: 0, roundMs: 0.2, warmMs: 0 };
  const measured = await measure([fake("a"), fake("b")], peak, budget, () => {});
  const turns = log.slice(log.indexOf("peak")).filter((name, i, all) => name !== all[i - 1]);
  expect(turns.join(" ")).toBe("peak a peak b peak b peak a peak a peak b peak b peak a");
  expect(measured.peak).toHaveLength(8);
  expect(measured.timings.map((timing) => timing.case.name)).toEqual(["a", "b"]);
  for (const { p10, median, p90 } of measured.timings) {
    expect(p10).toBeGreaterThan(0);
    expect(median).toBeGreaterThanOrEqual(p10);
    expect(p90).toBeGreaterThanOrEqual(median);
  }
});
