// Figures of several processes become one.

import { expect, test } from "vitest";
import { merge } from "../../bench/merge.ts";
import { measurement, outcome, RELAXED, SIMD, WIDE } from "./figures.ts";

test("the median is that of the processes' medians, deciles are over all rounds", () => {
  // the middle of all nine rounds would be 3
  const processes = [
    [1, 1, 9],
    [2, 3, 4],
    [5, 6, 7],
  ];
  const merged = merge(processes.map((turns) => outcome([measurement("a", SIMD, turns)])));
  expect(merged).toHaveLength(1);
  expect(merged[0]).toMatchObject({ name: "a", variant: SIMD, median: 3, p10: 1 });
  expect(merged[0]?.p90).toBeCloseTo(7.4);
  const [skewed] = merge(
    [
      [1, 1, 9],
      [8, 8, 8],
      [9, 9, 9],
    ].map((turns) => outcome([measurement("a", SIMD, turns)])),
  );
  expect(skewed?.median).toBe(8);
});

test("cases, variants and engines are kept apart", () => {
  const both = outcome([
    measurement("a", SIMD, [1]),
    measurement("a", RELAXED, [2]),
    measurement("b", SIMD, [3]),
  ]);
  const wide = outcome([measurement("a", WIDE, [4])]);
  const merged = merge([both, wide, { ...both, engine: "Bun 1.4.5" }]);
  expect(merged.map(({ median }) => median)).toEqual([1, 2, 3, 4, 1, 2, 3]);
  expect(merged.map(({ engine }) => engine.slice(0, 4)).join(" ")).toBe("Node Node Node Node Bun  Bun  Bun ");
});

test("copies of memory of several processes are one figure", () => {
  const copy = (ms: number) => outcome([measurement("copy of 4 bytes", null, [ms])]);
  expect(merge([copy(1), copy(3), copy(2)])).toMatchObject([{ variant: null, median: 2 }]);
});
