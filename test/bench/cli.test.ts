// The command line, from arguments to exit codes and the file that --json writes.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseArguments, UsageError } from "../../bench/cli.ts";
import type { Report } from "../../bench/report.ts";

function bench(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "bench/main.ts", ...args],
    {
      encoding: "utf8",
    },
  );
  return { status, stdout, stderr };
}

test("suites and options", () => {
  const defaults = {
    suites: ["gemm", "elementwise", "step"],
    json: undefined,
    filter: undefined,
    smoke: false,
    help: false,
  };
  expect(parseArguments([])).toEqual(defaults);
  expect(parseArguments(["step", "elementwise", "gemm"])).toEqual(defaults);
  expect(parseArguments(["step", "--filter", "512", "--json=out.json", "--smoke"])).toEqual({
    ...defaults,
    suites: ["step"],
    filter: "512",
    json: "out.json",
    smoke: true,
  });
  expect(parseArguments(["-h"]).help).toBe(true);
});

test.each([
  [["gem"], "gem"],
  [["--jsn", "x"], "--jsn"],
  [["--json"], "--json"],
  [["--json="], "--json"],
  [["--smoke=yes"], "--smoke"],
])("%j is refused", (argv, mentioned) => {
  expect(() => parseArguments(argv)).toThrow(UsageError);
  expect(() => parseArguments(argv)).toThrow(mentioned);
});

test("a wrong command line ends with 2 and says what would be right", { timeout: 60_000 }, () => {
  const unknown = bench("conv");
  expect(unknown).toMatchObject({ status: 2, stdout: "" });
  expect(unknown.stderr).toContain('There is no suite "conv"; suites are gemm, elementwise, step.');
  expect(bench("step", "--filter", "no such case")).toMatchObject({ status: 2, stdout: "" });
  expect(bench("--smoke", "--json", join(tmpdir(), "no such folder", "x.json"))).toMatchObject({ status: 2 });
  expect(bench("--help")).toMatchObject({ status: 0, stderr: "" });
});

test("a smoke run checks, prints 80 columns and writes the JSON", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "xent-bench-"));
  try {
    const file = join(folder, "bench.json");
    const { status, stdout, stderr } = bench("--smoke", "--filter", "16x", "gemm", "--json", file);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const line of stdout.split("\n")) {
      if (!line.startsWith("CPU") && !line.startsWith("wrote"))
        expect([...line].length, line).toBeLessThanOrEqual(80);
    }
    const { header, results } = JSON.parse(readFileSync(file, "utf8")) as Report;
    expect(header.engine).toBe(`Node ${process.versions.node}`);
    expect(header.smoke).toBe(true);
    expect(results.map((result) => result.name)).toContain("gemm 16x16x4 NN");
    for (const { medianMs, gflops, build, threads } of results) {
      expect({ build, threads }).toEqual({ build: "simd", threads: 1 });
      expect(medianMs).toBeGreaterThan(0);
      expect(gflops).toBeGreaterThan(0);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
