// The page: that it asks nothing of anybody, and that no text gets out of its place.

import { expect, test } from "vitest";
import { page } from "../../bench/html.ts";
import { makeReport } from "../../bench/report.ts";
import { copies, known, measurement, outcome, RELAXED, SIMD, WIDE } from "./figures.ts";

const HOSTILE = `gemm <script>alert("&'")</script>`;
const NAMES = [HOSTILE, "step 4-16-3 b16 sigmoid sgd", "gather 128x784"];

function report({ peak = true, engines = ["Node 24.21.0"] } = {}) {
  const measurements = [SIMD, RELAXED, WIDE].flatMap((variant) => [
    measurement(HOSTILE, variant, [8]),
    measurement(NAMES[1]!, variant, [9]),
    measurement(NAMES[2]!, variant, [0.01], { flops: 0, bytes: 5e5, memoryBound: true, elements: 1e5 }),
  ]);
  const outcomes = engines.map((engine) =>
    outcome([...measurements, ...copies], { engine, ...(!peak && { peak: [] }) }),
  );
  return makeReport({ ...known, cpu: "<b>CPU" }, outcomes, NAMES, peak ? "Node 24.21.0" : null);
}

test("nothing is requested: no address, script, style sheet, image or font", () => {
  const html = page(report());
  expect(html).not.toMatch(/https?:|\/\/|<script|<link|<img|@import|url\(|src=/i);
});

test("text is escaped wherever it stands", () => {
  const html = page(report());
  expect(html).not.toContain("<b>CPU");
  expect(html).toContain("&lt;b&gt;CPU");
  const places = html.split("gemm &lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt;").length - 1;
  // a heading, and a point in each of three rooflines
  expect(places).toBe(4);
});

test("light and dark, and as narrow as a phone", () => {
  const html = page(report());
  expect(html).toContain("color-scheme: light dark");
  expect(html).toContain("@media (prefers-color-scheme: dark)");
  expect(html).toContain(`name="viewport" content="width=device-width`);
});

test("a roofline for each variant; twice the peak where vectors are twice as wide", () => {
  const charts = page(report()).match(/<figure>.*?<\/figure>/gs) ?? [];
  expect(charts).toHaveLength(3);
  expect(charts.map((chart) => chart.includes(">P 50.0<"))).toEqual([true, true, true]);
  expect(charts.map((chart) => chart.includes(">2P 100<"))).toEqual([false, false, true]);
  // what has no FLOPs has no place on a logarithm
  for (const chart of charts) expect(chart).not.toContain("gather");
  expect(charts.join("")).not.toMatch(/NaN|Infinity/);
});

test("bars carry their figures; the line is where P, or the copy, is", () => {
  const html = page(report());
  expect(html).toContain("0.67 · 8.00 ms");
  expect(html).toContain("50.0 GB/s");
  expect(html).toContain("--unit:100.0%");
});

test("engines are named when there are several, and no P is no reason to fail", () => {
  const several = page(report({ engines: ["Node 24.21.0", "Bun 1.4.5"] }));
  expect(several.split("<figure>")).toHaveLength(7);
  expect(several).toContain("Bun 1 wide 6x16");
  const without = page(report({ peak: false }));
  expect(without).toContain("none, so there are no shares");
  expect(without).toContain("Training steps: GFLOP/s");
  expect(without).not.toMatch(/NaN|Infinity|>P /);
});

test("a report of copies alone is a page too", () => {
  const html = page(
    makeReport(known, [outcome([measurement("gather 1x1", SIMD, [1], { flops: 0 })])], ["gather 1x1"], null),
  );
  expect(html).not.toContain("<figure>");
});
