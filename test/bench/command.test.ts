// What is made of what was collected: tables or reasons, files, and the exit code.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseArguments } from "../../bench/cli.ts";
import type { Collected } from "../../bench/collect.ts";
import { type Job, report } from "../../bench/command.ts";
import { reportLines } from "../../bench/print-report.ts";
import { listSpecs } from "../../bench/suites.ts";
import { known, measurement, outcome, SIMD } from "./figures.ts";

const NAME = "gemm 512x512x512 NN";
const nothing: Collected = { outcomes: [], problems: [], peakEngine: null, reason: "offline" };
const measured = outcome([measurement(NAME, SIMD, [8])]);

let printed = "";
beforeEach(() => {
  printed = "";
  vi.spyOn(console, "log").mockImplementation((text: string) => {
    printed += `${text}\n`;
  });
});
afterEach(() => vi.restoreAllMocks());

const job = (...line: string[]): Job => ({
  args: parseArguments(["gemm", ...line]),
  specs: listSpecs(["gemm"], "512x512x512"),
  known,
});

test("figures give tables, the files and 0", () => {
  const folder = mkdtempSync(join(tmpdir(), "xent-bench-test-"));
  const file = join(folder, "figures.json");
  try {
    expect(report(job("--json", file), { ...nothing, outcomes: [measured] }, reportLines)).toBe(0);
    expect(printed).toContain(NAME);
    expect(printed).toContain("engine  Node 24.21.0");
    expect(JSON.parse(readFileSync(file, "utf8")).results).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a problem of one engine leaves the others their figures, and gives 1", () => {
  const problems = ["deno@2: ended with code 9"];
  expect(report(job(), { ...nothing, outcomes: [measured], problems }, reportLines)).toBe(1);
  expect(printed).toContain(NAME);
  expect(printed).toContain("ended with code 9");
});

test("where nothing ran it says why, once, and gives 1", () => {
  const lacks = outcome([], { leftOut: ["wide: it needs more"] });
  expect(report(job(), { ...nothing, outcomes: [lacks, lacks] }, reportLines)).toBe(1);
  expect(printed.trim()).toBe("wide: it needs more\nThere are no figures.");
  printed = "";
  expect(report(job(), { ...nothing, outcomes: [lacks], problems: ["WRONG  x"] }, reportLines)).toBe(1);
  expect(printed.trim()).toBe("WRONG  x\nThere are no figures.");
});
