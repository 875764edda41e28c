// The JSON contract and the 80 columns, on made-up figures.

import { expect, test } from "vitest";
import { engineLines, peakLines, settingLines } from "../../bench/header-lines.ts";
import { reportLines } from "../../bench/print-report.ts";
import { makeReport } from "../../bench/report.ts";
import { NETS, stepName } from "../../bench/shapes.ts";
import { listSpecs, type SuiteSpec } from "../../bench/suites.ts";
import { tableLines } from "../../bench/table.ts";
import type { Variant } from "../../bench/variants.ts";
import { copies, known, measurement, outcome, RELAXED, SIMD, WIDE } from "./figures.ts";

const NAME = "gemm 512x512x512 NN";
const one = (...others: Parameters<typeof measurement>[]) =>
  outcome([measurement(NAME, SIMD, [7, 8, 10]), ...others.map((args) => measurement(...args)), ...copies]);

test("header and results have the contract's fields", () => {
  const { header, results } = makeReport(known, [one()], [NAME], "Node 24.1.0");
  expect(header).toEqual({
    cpu: "Some CPU",
    cores: 2,
    engine: "Node 24.21.0",
    v8: "13.6.233.17-node.53",
    platform: "linux x64",
    load: 0.1,
    build: "simd",
    tile: "5x8",
    variants: [{ engine: "Node 24.21.0", ...SIMD }],
    date: "2026-11-21T10:20:30.000Z",
    smoke: false,
    processes: 1,
    rounds: 15,
    peakGflops: 50,
    mulAddGflops: 40,
    clockGhz: 3.2,
    peakEngine: "Node 24.1.0",
    copyGbytes: [
      { engine: "Node 24.21.0", bytes: 409_600, gbytes: 100 },
      { engine: "Node 24.21.0", bytes: 67_108_864, gbytes: 10 },
    ],
  });
  expect(results).toEqual([
    {
      name: NAME,
      engine: "Node 24.21.0",
      build: "simd",
      tile: "5x8",
      wide: false,
      threads: 1,
      speedup: null,
      medianMs: 8,
      gflops: 33.5544,
      shareOfPeak: 0.671089,
      gelements: null,
      gbytes: null,
      flopsPerByte: 85.3333,
      lanes: null,
      spread: { p10Ms: 7.2, p90Ms: 9.6 },
    },
  ]);
});

test("several threads are held against the same build and tile on one", () => {
  const two = (variant: Variant): Variant => ({ ...variant, threads: 2 });
  const list = [
    [SIMD, 9],
    [RELAXED, 8],
    [two(RELAXED), 5],
    [two(WIDE), 3],
  ] as const;
  const measured = outcome(list.map(([variant, ms]) => measurement(NAME, variant, [ms])));
  const { results } = makeReport(known, [measured], [NAME], null);
  expect(results.map(({ threads, speedup }) => [threads, speedup])).toEqual([
    [1, null],
    [1, null],
    [2, 1.6],
    [2, null],
  ]);
  const spec = (suite: SuiteSpec["suite"]): SuiteSpec => {
    return { name: NAME, group: "", suite, make: () => expect.unreachable() };
  };
  const text = reportLines({ header: makeReport(known, [measured], [NAME], null).header, results }, [
    spec("gemm"),
    spec("threads"),
  ]).join("\n");
  expect(text).toMatch(
    /GFLOP\/s(.|\n)*relaxed 6x8 .*\n\nthreads: .*\n.*× one\n(.*\n)*.*2 × relaxed 6x8 .* 1.60\n/,
  );
  expect(text.match(/2 × relaxed/g)).toHaveLength(1);
});

test("results stand in the order of cases, then of variants, whatever process they come from", () => {
  const list = (variant: Variant) => outcome(["b", "a"].map((name) => measurement(name, variant, [1])));
  const outcomes = [list(SIMD), list(WIDE), list(RELAXED)];
  const { header, results } = makeReport(known, outcomes, ["a", "b"], null);
  expect(header.variants.map(({ tile }) => tile)).toEqual(["5x8", "6x16", "6x8"]);
  expect(results.map(({ name, tile }) => `${name} ${tile}`)).toEqual([
    "a 5x8",
    "a 6x16",
    "a 6x8",
    "b 5x8",
    "b 6x16",
    "b 6x8",
  ]);
});

test("without a peak there are no shares, and a line says why", () => {
  const { header, results } = makeReport(known, [{ ...one(), peak: [] }], [NAME], null);
  expect(header).toMatchObject({ peakGflops: null, mulAddGflops: null, clockGhz: null, peakEngine: null });
  expect(results[0]?.shareOfPeak).toBeNull();
  expect(peakLines([], null, "offline").join("\n")).toContain("offline");
  expect(tableLines(results, () => "", "GFLOP/s")[1]).toMatch(/ –$/);
});

test("elements are counted where a case has them, and bytes where memory bounds it", () => {
  const work = { elements: 16_384, bytes: 400_000 };
  const moved = { ...work, flops: 0, memoryBound: true };
  const outcomes = [one(["e", SIMD, [8], work], ["m", SIMD, [0.008], moved])];
  const { header, results } = makeReport(known, outcomes, [NAME, "e", "m"], "Node 24.1.0");
  const [, elements, memory] = results;
  expect(elements).toMatchObject({ gelements: 0.002048, gbytes: null });
  expect(memory).toMatchObject({ gelements: 2.048, gbytes: 50, flopsPerByte: 0 });
  const [head, line] = tableLines([elements!], () => "", "Gelem/s");
  expect(head).toMatch(/Gelem\/s$/);
  expect(line).toMatch(/ 0\.00205$/);
  const ofCopy = tableLines([memory!], () => "", "GB/s", header.copyGbytes);
  expect(ofCopy[0]).toMatch(/GB\/s +of copy$/);
  expect(ofCopy[1]).toMatch(/8\.00 µs .* 50\.0 +0\.50$/);
});

test("few lanes are shown, and only they", () => {
  const products = [
    measurement("few", SIMD, [1], { lanes: 0.625 }),
    measurement("all", SIMD, [1], { lanes: 1 }),
  ];
  const { results } = makeReport(known, [outcome(products)], ["few", "all"], "Node 24.1.0");
  expect(results.map(({ lanes }) => lanes)).toEqual([0.625, 1]);
  const lines = tableLines(results, () => "", "GFLOP/s");
  expect(lines[0]).toMatch(/of P +lanes$/);
  expect(lines[1]).toMatch(/ 0\.63$/);
  expect(lines[2]).toMatch(/ 5\.369$/);
  expect(tableLines(results.slice(1), () => "", "GFLOP/s")[0]).not.toContain("lanes");
});

test("a peak that contradicts the clock is called wrong", () => {
  const lines = (gflops: number): string =>
    peakLines([{ gflops, mulAddGflops: 40, ghz: 3.2 }], "Node 24.1.0", "").join("\n");
  const warned = process.arch === "x64";
  expect(lines(51).includes("WARNING")).toBe(false);
  expect(lines(40).includes("WARNING")).toBe(warned);
  expect(lines(60).includes("WARNING")).toBe(warned);
});

test("a busy machine is mentioned, but not in a smoke run", () => {
  expect(settingLines(known).join("\n")).not.toContain("WARNING");
  expect(settingLines({ ...known, load: 3 }).join("\n")).toContain("WARNING");
  expect(settingLines({ ...known, load: 3, smoke: true }).join("\n")).not.toContain("WARNING");
});

test("what an engine ran, what it lacks and what is wrong with it are said once", () => {
  const leftOut = ["wide: it needs more"];
  const bun = { ...one([NAME, { ...RELAXED, fused: false }, [8]]), leftOut, engine: "Bun 1.4.5", v8: null };
  const { header } = makeReport({ ...known, processes: 2 }, [bun, bun], [NAME], null);
  expect(engineLines(header, [bun, bun])).toEqual([
    "engine  Bun 1.4.5",
    "runs    simd 5x8, relaxed 6x8 (not fused); 2 processes each",
    "without wide: it needs more",
    "copy    100 GB/s of 400 KB, 10.0 GB/s of 64 MB, read and written",
  ]);
});

test("everything fits 80 columns", () => {
  const specs = listSpecs(["gemm", "elementwise", "step", "threads"]);
  const wideSimd: Variant = { build: "simd", tile: "5x16", wide: true, fused: false, threads: 1 };
  const work = { elements: 1e5, bytes: 1e6 };
  for (const median of [0.0001, 0.000999, 0.0123, 0.99951, 1.5, 123.4, 98765]) {
    const turns = [median * 0.99, median, median * 1.01];
    const variants = [SIMD, RELAXED, WIDE, { ...WIDE, threads: 64 }];
    const others = [wideSimd, { ...RELAXED, fused: false, tile: "5x16" }];
    const measurements = specs.flatMap(({ name, suite }) =>
      [...variants, ...(suite === "gemm" ? others : [])].map((variant) =>
        measurement(name, variant, turns, {
          ...work,
          flops: Math.min(1e9, 1e9 * median),
          ...(suite === "gemm" && { lanes: 0.3 }),
        }),
      ),
    );
    const leftOut = ["wide: it needs V8's revectorisation, of Node ≥ 23.5; this is Node 22.23.3 and more"];
    const measured = [outcome([...measurements, ...copies], { leftOut })];
    const report = makeReport(
      known,
      measured,
      specs.map(({ name }) => name),
      "Node 24.21.0",
    );
    const lines = [
      ...settingLines({ ...known, load: 33 }),
      ...engineLines(report.header, measured),
      ...peakLines([{ gflops: 20, mulAddGflops: 15, ghz: 3.2 }], "Node 24.21.0", ""),
      ...reportLines(report, specs),
    ];
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(80);
  }
});

test("a heading stands before each group that has a name, a case is named once", () => {
  const list = ["a", "b", "c"].flatMap((name) =>
    [SIMD, WIDE].map((variant) => measurement(name, variant, [1])),
  );
  const { results } = makeReport(known, [outcome(list)], ["a", "b", "c"], "Node 24.21.0");
  const lines = tableLines(results, (name) => (name === "a" ? "" : "squares"), "GFLOP/s");
  expect(lines.map((line) => line.trim().split(/\s/)[0])).toEqual([
    "median",
    "a",
    "wide",
    "squares",
    "b",
    "wide",
    "c",
    "wide",
  ]);
});

test("memory-bound kernels have a table of their own", () => {
  const spec = (name: string): SuiteSpec => ({
    name,
    group: "",
    suite: "elementwise",
    make: () => ({ name, work: { flops: 0, bytes: 0 }, run() {}, check: () => undefined }),
  });
  const list = [
    measurement("x", SIMD, [1], { elements: 1 }),
    measurement("y", SIMD, [1], { elements: 1, memoryBound: true }),
    measurement(stepName(NETS[0]!), SIMD, [1]),
  ];
  const report = makeReport(known, [outcome(list)], ["x", "y"], null);
  const text = reportLines(report, [spec("x"), spec("y")]).join("\n");
  expect(text).toMatch(/Gelem\/s\nx .*\n\n.*memory.*\n.*of copy\ny /);
});
