// What bench:scaling measures, and what it makes of the times.

import { expect, test } from "vitest";
import { AXES, netPoints, pointName, pointsOf } from "../../bench/axes.ts";
import { growth, upperHalf } from "../../bench/exponent.ts";
import { gains, hasCores } from "../../bench/windows.ts";

const power = (exponent: number): [number, number][] => [1, 2, 8, 64].map((n) => [n, 3 * n ** exponent]);

test.each([0.5, 1, -1])("a power law has its exponent, %f", (exponent) => {
  const { exponent: found, r2 } = growth(power(exponent));
  expect(found).toBeCloseTo(exponent, 12);
  expect(r2).toBeCloseTo(1, 12);
});

test("what is no power law is explained in part", () => {
  const { exponent, r2 } = growth([1, 4, 16].map((n) => [n, 10 + n]));
  expect(exponent).toBeGreaterThan(0);
  expect(exponent).toBeLessThan(1);
  expect(r2).toBeLessThan(1);
  expect(growth([[2, 1]]).exponent).toBeNaN();
});

test("the upper half begins at the geometric middle", () => {
  expect(upperHalf(power(1)).map(([n]) => n)).toEqual([8, 64]);
});

test("every axis goes through the middle, and varies one thing", () => {
  const names = AXES.map((axis) => [...pointsOf(axis, 4).values()].map(pointName));
  const middle = "784-128-10 b128 relu, 1024 rows";
  for (const [i, axis] of AXES.entries()) {
    if (axis !== "rows") expect(names[i]).toContain(middle);
    expect(new Set(names[i]).size).toBe(names[i]?.length);
  }
  expect(names.at(-1)?.at(-1)).toBe(`${middle}, 4 threads`);
  expect(pointName(pointsOf("depth", 1).get(2) as never)).toBe("784-128-128-10 b128 relu, 1024 rows");
  expect(pointsOf("threads", 1).size).toBe(1);
  expect(netPoints()).toHaveLength(5);
});

test("a window counts where threads gained about their number", () => {
  expect(gains(2)).toEqual([1.85, 2.1]);
  expect([1.8, 1.9, 2.2].map((gain) => hasCores(2, gain))).toEqual([false, true, false]);
});
