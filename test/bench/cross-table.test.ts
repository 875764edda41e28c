// The table of all engines: as wide as a terminal, and the figures in their places.

import { expect, test } from "vitest";
import { crossTables } from "../../bench/cross-table.ts";
import { makeReport } from "../../bench/report.ts";
import { NETS, stepName } from "../../bench/shapes.ts";
import { known, measurement, outcome, RELAXED, SIMD, WIDE } from "./figures.ts";

const names = NETS.map(stepName);
const engine = (name: string, ...variants: (typeof SIMD)[]) =>
  outcome(
    names.flatMap((step) => variants.map((variant) => measurement(step, variant, [8]))),
    { engine: name },
  );
const outcomes = [
  engine("Node 20.20.2", SIMD),
  engine("Node 22.23.3", SIMD, RELAXED),
  engine("Node 24.21.0", SIMD, RELAXED, WIDE),
  engine("Deno 2.9.5", SIMD, RELAXED),
  engine("Bun 1.4.5", SIMD),
];

test("80 columns; engines stay in one piece", () => {
  const { header, results } = makeReport(known, outcomes, names, "Node 24.21.0");
  const lines = crossTables(results, "GFLOP/s", header);
  for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(80);
  const heads = lines.filter((line) => line.startsWith("share of P"));
  expect(heads.map((head) => head.match(/\w+ \d+/g)?.join(", "))).toEqual([
    "Node 20, Node 22, Node 22",
    "Node 24, Node 24, Node 24, Deno 2, Deno 2, Bun 1",
  ]);
  const figures = lines.filter((line) => line.startsWith(names[0]!)).map((line) => line.slice(-6));
  expect(figures).toEqual([" 0.671", " 0.671"]);
});

test("speeds where there is no P; a dash where an engine has no figure", () => {
  const few = outcome([measurement(names[0]!, SIMD, [8])], { engine: "Bun 1.4.5", peak: [] });
  const rest = outcomes.slice(0, 1).map((item) => ({ ...item, peak: [] }));
  const { header, results } = makeReport(known, [...rest, few], names, null);
  const lines = crossTables(results, "GFLOP/s", header);
  expect(lines[0]).toMatch(/^GFLOP\/s/);
  expect(lines[3]).toMatch(/33\.6 +33\.6$/);
  expect(lines[4]).toMatch(/33\.6 +–$/);
});
