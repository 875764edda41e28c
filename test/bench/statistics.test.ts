// Quantiles, and figures as they are written.

import { expect, test } from "vitest";
import { digits, quantile, rounded, summarize } from "../../bench/statistics.ts";

test("quantiles, interpolated; the order of the figures does not matter", () => {
  expect(summarize([4, 1, 3, 2])).toEqual({ p10: 1.3, median: 2.5, p90: 3.7 });
  expect(summarize([5, 1, 9])).toEqual({ p10: 1.8, median: 5, p90: 8.2 });
  expect(summarize([2])).toEqual({ p10: 2, median: 2, p90: 2 });
  expect(quantile([1, 2, 3], 1)).toBe(3);
  expect(quantile([], 0.5)).toBeNaN();
});

test("figures are sorted as numbers and left as they were", () => {
  const values = [10, 9, 100];
  expect(summarize(values).median).toBe(10);
  expect(values).toEqual([10, 9, 100]);
});

test.each([
  [0, "0"],
  [0.01234, "0.0123"],
  [0.9996, "1.000"],
  [1.234, "1.23"],
  [12.34, "12.3"],
  [123.4, "123"],
  [12345.6, "12346"],
])("three digits of %f are %s", (x, text) => {
  expect(digits(x)).toBe(text);
});

test("the JSON holds six digits", () => {
  expect(rounded(1234.56789)).toBe(1234.57);
  expect(rounded(0.000123456789)).toBe(0.000123457);
});
