// The rules for chains of roundings, against operations in f32 on numbers that are off already, as far as they may be.

import { expect, it } from "vitest";
import {
  ERF_ULPS,
  EXP_ERROR,
  LOG1P_UNIT_ULPS,
  SIGMOID_ULPS,
  SMALLEST_NORMAL,
  TANH_ULPS,
  U,
  ulp,
} from "./bounds.ts";
import { floats, SEED, source } from "./data.ts";
import { erf as erfExact } from "./erf.ts";
import { sigmoid as sigma } from "./pointwise.ts";
import * as rounded from "./rounded.ts";

const { add, div, exactly, mul, sub } = rounded;
type Rounded = rounded.Rounded;
const f = Math.fround;

/** n numbers of many sizes, each with an f32 near it that is off by some part of what it may be. */
function pairs(seed: number, n: number): (Rounded & { readonly computed: number })[] {
  const next = source(seed);
  return Array.from({ length: n }, () => {
    const value = (next() - 0.5) * 2 ** Math.floor(40 * next() - 20);
    const computed = f(value * (1 + (next() - 0.5) * 2 ** -Math.floor(8 + 16 * next())));
    return { value, off: Math.abs(computed - value), computed };
  });
}

it.each([
  ["add", add, (a: number, b: number) => a + b],
  ["sub", sub, (a: number, b: number) => a - b],
  ["mul", mul, (a: number, b: number) => a * b],
  ["div", div, (a: number, b: number) => a / b],
] as const)(
  `%s of numbers that are off, in f32, keeps to its rule and is sometimes near it (seed ${SEED})`,
  (_, rule, op) => {
    const [a, b] = [pairs(1, 20000), pairs(2, 20000)];
    let most = 0;
    for (const [i, x] of a.entries()) {
      const y = b[i] as (typeof b)[0];
      if (y.off >= Math.abs(y.value)) continue;
      const { value, off } = rule(x, y);
      const error = Math.abs(f(op(x.computed, y.computed)) - value);
      expect(error).toBeLessThanOrEqual(off);
      most = Math.max(most, error / off);
    }
    expect(most).toBeGreaterThan(0.9);
  },
);

it("adding 0 and multiplying by 1 cost nothing, a constant one rounding, a half none", () => {
  const x = { value: 3.1, off: 1e-6 };
  expect([add(x, exactly(0)), mul(exactly(1), x), div(x, exactly(1)), sub(x, exactly(0))]).toEqual([
    x,
    x,
    x,
    x,
  ]);
  expect(rounded.constant(0.1).off).toBeGreaterThanOrEqual(Math.abs(f(0.1) - 0.1));
  expect(rounded.half(x).off).toBeCloseTo(x.off / 2, 20);
});

it("a row's sum in four f32 chains keeps to its rule", () => {
  for (const n of [1, 2, 3, 4, 5, 33, 1000]) {
    const terms = pairs(n, n);
    const lanes = [0, 0, 0, 0];
    for (const [j, { computed }] of terms.entries()) lanes[j % 4] = f((lanes[j % 4] as number) + computed);
    const [a, b, c, d] = lanes as [number, number, number, number];
    const { value, off } = rounded.rowSum(terms);
    expect(Math.abs(f(f(a + c) + f(b + d)) - value)).toBeLessThanOrEqual(off);
  }
});

/** Each function, what it may add to an argument's off, and where its arguments lie. */
const FUNCTIONS = [
  { name: "exp", rule: rounded.exp, f: Math.exp, own: (y: number) => EXP_ERROR * y, lo: -87, hi: 0 },
  {
    name: "sigmoid",
    rule: rounded.sigmoid,
    f: sigma,
    own: (y: number) => SIGMOID_ULPS * ulp(y),
    lo: -87,
    hi: 23,
  },
  { name: "tanh", rule: rounded.tanh, f: Math.tanh, own: (y: number) => TANH_ULPS * ulp(y), lo: -9, hi: 9 },
  { name: "erf", rule: rounded.erf, f: erfExact, own: (y: number) => ERF_ULPS * ulp(y), lo: -3.9, hi: 3.9 },
  {
    name: "log1pUnit",
    rule: rounded.log1pUnit,
    f: Math.log1p,
    own: (y: number) => LOG1P_UNIT_ULPS * ulp(y),
    lo: 0.001,
    hi: 1,
  },
];

it.each(FUNCTIONS)(
  "$name of an argument that is off, and its own error, keep to the rule",
  ({ rule, f, own, lo, hi }) => {
    for (const relative of [0, U, 100 * U, 2 ** -10]) {
      for (const value of floats(3, 2000, lo, hi)) {
        const off = Math.abs(value) * relative;
        for (const argument of [value - off, value, value + off]) {
          const moved = f(argument);
          const allowed = rule({ value, off }).off;
          const noise = Number.EPSILON * 8 * Math.abs(moved);
          expect(Math.abs(moved - f(value)) + own(Math.abs(moved))).toBeLessThanOrEqual(allowed + noise);
        }
      }
    }
  },
);

it("where a result may be +0 or ±1, the rule allows for it", () => {
  for (const x of [-87.4, -90, -200, -1e30]) {
    expect(rounded.exp(exactly(x)).off).toBe(Math.exp(x));
    expect(rounded.sigmoid(exactly(x)).off).toBe(sigma(x));
  }
  // flushed or not: the argument decides, which may be off
  expect(rounded.exp({ value: -87.3, off: 0.1 }).off).toBeGreaterThanOrEqual(Math.exp(-87.3));
  expect(rounded.exp(exactly(-87)).off).toBeLessThan(SMALLEST_NORMAL);
  for (const x of [25, 1e4, 3e38]) {
    expect(rounded.sigmoid(exactly(x)).off).toBeGreaterThanOrEqual(1 - sigma(x));
    expect(rounded.tanh(exactly(-x)).off).toBeGreaterThanOrEqual(1 - Math.tanh(x));
    expect(rounded.erf(exactly(x)).off).toBeGreaterThanOrEqual(1 - erfExact(x));
  }
});
