// The command line, from arguments to exit codes and the file that --json writes.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseArguments, UsageError } from "../../bench/cli.ts";
import { LARGE_BYTES, SMALL_BYTES } from "../../bench/copy.ts";
import type { Report } from "../../bench/report.ts";
import { variantName } from "../../bench/variants.ts";
import { init } from "../../src/model/runtime.ts";

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
    suites: ["gemm", "elementwise", "step", "threads"],
    threads: Math.min(64, Math.max(2, availableParallelism())),
    builds: ["simd", "relaxed", "wide"],
    tiles: false,
    processes: 1,
    json: undefined,
    html: undefined,
    filter: undefined,
    smoke: false,
    help: false,
  };
  expect(parseArguments([])).toEqual(defaults);
  expect(parseArguments(["step", "elementwise", "threads", "gemm"])).toEqual(defaults);
  expect(parseArguments(["threads", "--threads", "3"])).toEqual({
    ...defaults,
    suites: ["threads"],
    threads: 3,
  });
  expect(parseArguments(["step", "--filter", "512", "--json=out.json", "--smoke"])).toEqual({
    ...defaults,
    suites: ["step"],
    filter: "512",
    json: "out.json",
    smoke: true,
  });
  expect(parseArguments(["-h"]).help).toBe(true);
  expect(parseArguments(["--build", "wide,simd", "--tiles", "--processes=5", "--html", "x.html"])).toEqual({
    ...defaults,
    builds: ["simd", "wide"],
    tiles: true,
    processes: 5,
    html: "x.html",
  });
  expect(parseArguments([], ["gemm", "step"]).suites).toEqual(["gemm", "step"]);
  expect(parseArguments(["elementwise"], ["gemm", "step"]).suites).toEqual(["elementwise"]);
});

test.each([
  [["gem"], "gem"],
  [["--jsn", "x"], "--jsn"],
  [["--json"], "--json"],
  [["--json="], "--json"],
  [["--smoke=yes"], "--smoke"],
  [["--build", "simd,avx"], '"avx"'],
  [["--build="], "--build"],
  [["--build", "simd,"], 'no build ""'],
  [["--processes", "0"], "--processes"],
  [["--processes", "1.5"], "--processes"],
  [["--processes="], "--processes"],
  [["step", "--tiles"], "--tiles"],
  [["step", "--threads", "2"], "--threads is for the suite threads"],
  [["threads", "--threads", "1"], '--threads is "1"'],
  [["--html="], "--html"],
  [["--json", "a", "--html", "./a"], "one file"],
])("%j is refused", (argv, mentioned) => {
  expect(() => parseArguments(argv)).toThrow(UsageError);
  expect(() => parseArguments(argv)).toThrow(mentioned);
});

test("a wrong command line ends with 2 and says what would be right", { timeout: 60_000 }, () => {
  const unknown = bench("conv");
  expect(unknown).toMatchObject({ status: 2, stdout: "" });
  expect(unknown.stderr).toContain('There is no suite "conv"; suites are gemm, elementwise, step, threads.');
  expect(bench("step", "--filter", "no such case")).toMatchObject({ status: 2, stdout: "" });
  const nowhere = join(tmpdir(), "no such folder", "x");
  for (const option of ["--json", "--html"]) {
    expect(bench("--smoke", option, nowhere)).toMatchObject({ status: 2, stdout: "" });
  }
  expect(bench("--help")).toMatchObject({ status: 0, stderr: "" });
});

test("a smoke run checks, prints 80 columns and writes JSON and page", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "xent-bench-test-"));
  try {
    const [json, html] = [join(folder, "bench.json"), join(folder, "bench.html")];
    const filter = ["--filter", "16"];
    const { status, stdout, stderr } = bench(
      "--smoke",
      ...filter,
      "gemm",
      "step",
      "--json",
      json,
      "--html",
      html,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const line of stdout.split("\n")) {
      if (!line.startsWith("CPU") && !line.startsWith("wrote"))
        expect([...line].length, line).toBeLessThanOrEqual(80);
    }
    const { header, results } = JSON.parse(readFileSync(json, "utf8")) as Report;
    const { tile } = (await init({ precision: "strict" })).info;
    expect(header.engine).toBe(`Node ${process.versions.node}`);
    expect(header).toMatchObject({ smoke: true, processes: 1, build: "simd", tile });
    expect(header.copyGbytes.map(({ bytes }) => bytes)).toEqual([SMALL_BYTES, LARGE_BYTES]);
    const variants = header.variants.map(variantName);
    expect(variants[0]).toBe(`simd ${tile}`);
    const names = results.map((result) => result.name);
    expect(names.filter((name) => name === "gemm 16x16x4 NN")).toHaveLength(variants.length);
    expect(names).toContain("step 4-16-3 b16 sigmoid sgd");
    for (const result of results) {
      expect(result).toMatchObject({ engine: header.engine, threads: 1 });
      expect(variants).toContain(variantName(result));
      for (const figure of ["medianMs", "gflops", "flopsPerByte"] as const) {
        expect(result[figure], `${result.name} ${figure}`).toBeGreaterThan(0);
      }
    }
    expect(readFileSync(html, "utf8")).toContain("gemm 16x16x4 NN");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a build that the engine lacks is named, and leaves nothing to measure", { timeout: 60_000 }, () => {
  const { status, stdout } = bench("--smoke", "gemm", "--filter", "16x16x4 ", "--build", "wide");
  if (status === 0) expect(stdout).toMatch(/runs {4}wide 6x16;/);
  else
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: expect.stringMatching(/\nwide: .*\nThere are/s),
    });
});
