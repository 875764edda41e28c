// exp and logSumExp in f64, against the engine's own, whose last bit is its affair.

import { describe, expect, it } from "vitest";
import { exp, logSumExp } from "../../src/base/exp.ts";
import { ln } from "../../src/base/math.ts";
import { SEED, source } from "../oracle/data.ts";

const U = 2 ** -53;
/** The engine's own are off by one unit in the last place at most, which is 2u. */
const ENGINE = 2 * U;

describe(`seed ${SEED}`, () => {
  it("exp is within 4 units in the last place", () => {
    const next = source(1);
    for (let i = 0; i < 300_000; i++) {
      const x = (next() - 0.5) * (i % 2 ? 1400 : 4);
      const [got, wanted] = [exp(x), Math.exp(x)];
      if (Math.abs(got - wanted) > (4 * 2 * U + ENGINE) * wanted) expect.fail(`exp(${x}) is ${got}`);
    }
  });
});

it("edges", () => {
  expect([exp(0), exp(-701), exp(Number.NEGATIVE_INFINITY), exp(Number.NaN)]).toEqual([1, 0, 0, Number.NaN]);
});

it("logSumExp takes the largest out first", () => {
  expect(logSumExp([5, 1e5, 1e5, 7], 1, 2)).toBe(1e5 + ln(2));
  expect(logSumExp([-1e5], 0, 1)).toBe(-1e5);
  expect(logSumExp([0, -1e5], 0, 2)).toBe(0);
});
