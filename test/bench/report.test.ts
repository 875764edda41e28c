// The JSON contract and the 80 columns, on made-up figures.

import { expect, test } from "vitest";
import { makeReport, peakLines, type Setting, settingLines, tableLines } from "../../bench/report.ts";
import { NETS, stepName } from "../../bench/shapes.ts";
import type { Info } from "../../src/model/runtime.ts";

const info: Info = { build: "simd", tile: "3x12", threads: 1, wide: false, reasons: [] };
const known: Setting = {
  cpu: "Some CPU",
  cores: 2,
  engine: "Node 20.16.0",
  v8: "11.3.244.8-node.23",
  platform: "linux x64",
  load: 0.1,
  build: "simd",
  tile: "3x12",
  date: "2026-11-21T10:20:30.000Z",
  smoke: false,
};
const item = (name: string, flops: number) => ({ name, group: "", flops, run() {}, check: () => undefined });
const timings = [{ case: item("gemm 512x512x512 NN", 2 * 512 ** 3), p10: 7.5, median: 8, p90: 9 }];
const peak = [49, 50, 51].map((gflops) => ({ gflops, mulAddGflops: gflops - 10, ghz: 3.2 }));

test("header and results have the contract's fields", () => {
  const { header, results } = makeReport(known, info, { timings, peak, rounds: 15 }, "Node 24.1.0");
  expect(header).toMatchObject({
    cpu: "Some CPU",
    engine: "Node 20.16.0",
    v8: "11.3.244.8-node.23",
    date: "2026-11-21T10:20:30.000Z",
    peakGflops: 50,
    mulAddGflops: 40,
    clockGhz: 3.2,
    peakEngine: "Node 24.1.0",
  });
  expect(results).toEqual([
    {
      name: "gemm 512x512x512 NN",
      build: "simd",
      tile: "3x12",
      wide: false,
      threads: 1,
      medianMs: 8,
      gflops: 33.5544,
      shareOfPeak: 0.671089,
      gelements: null,
      spread: { p10Ms: 7.5, p90Ms: 9 },
    },
  ]);
});

test("without a peak there are no shares, and a line says why", () => {
  const { header, results } = makeReport(known, info, { timings, peak: [], rounds: 1 }, null);
  expect(header).toMatchObject({ peakGflops: null, mulAddGflops: null, clockGhz: null, peakEngine: null });
  expect(results[0]?.shareOfPeak).toBeNull();
  expect(peakLines([], null, "offline").join("\n")).toContain("offline");
  expect(tableLines(results, () => "").join("\n")).toContain("–");
});

test("elements are counted where a case has them, and shown in place of FLOPs", () => {
  const [timing] = timings;
  const counted = { ...timing!, case: { ...timing!.case, elements: 16_384 } };
  const { results } = makeReport(known, info, { timings: [counted], peak, rounds: 15 }, "Node 24.1.0");
  expect(results[0]?.gelements).toBe(0.002048);
  const lines = tableLines(results, () => "", "Gelem/s");
  expect(lines[0]).toContain("Gelem/s");
  expect(lines[0]).not.toContain("of P");
  expect(lines[1]).toContain("0.00205");
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
  expect(settingLines(known, info).join("\n")).not.toContain("WARNING");
  expect(settingLines({ ...known, load: 3 }, info).join("\n")).toContain("WARNING");
  expect(settingLines({ ...known, load: 3, smoke: true }, info).join("\n")).not.toContain("WARNING");
});

test("everything fits 80 columns", () => {
  const many = [0.0001, 0.000999, 0.0123, 0.99951, 1.5, 123.4, 98765].flatMap((median) =>
    NETS.map((net) => ({ case: item(stepName(net), 1e9), p10: median * 0.99, median, p90: median * 1.01 })),
  );
  const { results } = makeReport(known, info, { timings: many, peak, rounds: 15 }, "Node 24.21.0");
  const lines = [
    ...tableLines(results, (name) => name),
    ...settingLines({ ...known, load: 33 }, info),
    ...peakLines([{ gflops: 20, mulAddGflops: 15, ghz: 3.2 }], "Node 24.21.0", ""),
  ];
  for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(80);
});

test("a heading stands before each group that has a name", () => {
  const list = ["a", "b", "c"].map((name) => ({ case: item(name, 1), p10: 1, median: 1, p90: 1 }));
  const { results } = makeReport(known, info, { timings: list, peak, rounds: 1 }, "Node 24.21.0");
  const lines = tableLines(results, (name) => (name === "a" ? "" : "squares"));
  expect(lines.map((line) => line.trim().split(/\s/)[0])).toEqual(["median", "a", "squares", "b", "c"]);
});
