// ln, cosPi and power: against correctly rounded values, against the engine's own functions, and at their edges.

import { describe, expect, it } from "vitest";
import { cosPi, ln, power } from "../../src/base/math.ts";
import { Random } from "../../src/base/random.ts";
import { decode, type Encoded, read } from "../fixtures/read.ts";

/** How many f64 numbers lie from a to b. */
function apart(a: number, b: number): number {
  const view = new DataView(new ArrayBuffer(8));
  const rank = (x: number): bigint => {
    view.setFloat64(0, x);
    const bits = view.getBigInt64(0);
    return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
  };
  const distance = rank(a) - rank(b);
  return Number(distance < 0n ? -distance : distance);
}

const FUNCTIONS = { ln, cosPi };
/** What src/base/math.ts says of each. */
const ULPS = { ln: 1, cosPi: 2 };

describe("against correctly rounded values", () => {
  for (const { name, x, y } of read<{ name: string; x: Encoded; y: Encoded }>("functions.json")) {
    it(name, () => {
      const kind = name.split(",")[0] as keyof typeof FUNCTIONS;
      const [arguments_, truth] = [decode(x), decode(y)];
      expect(truth.length).toBeGreaterThanOrEqual(64);
      for (const [i, argument] of arguments_.entries()) {
        const off = apart(FUNCTIONS[kind](argument), truth[i]!);
        if (off > ULPS[kind]) throw new Error(`${kind}(${argument}): ${off} units in the last place off`);
      }
    });
  }
});

describe("against Math", () => {
  // V8 says of its own that they are less than 1 unit off
  const random = new Random(11, 1, 0);
  const [COUNT, THEIRS] = [200_000, 1];

  it("ln over all positive numbers", () => {
    const view = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < COUNT; i++) {
      view.setUint32(0, random.below(0x7ff00000));
      view.setUint32(4, random.word());
      const x = view.getFloat64(0);
      const off = x === 0 ? 0 : apart(ln(x), Math.log(x));
      if (off > ULPS.ln + THEIRS) throw new Error(`ln(${x}): ${off} units in the last place apart`);
    }
  });

  it("cosPi over [−2, 2], as far as π·x is rounded", () => {
    for (let i = 0; i < COUNT; i++) {
      const x = 4 * random.uniform() - 2;
      // the engine gets π·x with two roundings of 2⁻⁵³ of at most 2π, and cos is no steeper than 1
      const bound = (2 * 2 * Math.PI + ULPS.cosPi + THEIRS) * 2 ** -53;
      const off = Math.abs(cosPi(x) - Math.cos(Math.PI * x));
      if (!(off <= bound)) throw new Error(`cosPi(${x}): ${off} apart`);
    }
  });
});

describe("edges", () => {
  it.each([
    [0, Number.NEGATIVE_INFINITY],
    [-0, Number.NEGATIVE_INFINITY],
    [1, 0],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [-1, Number.NaN],
    [Number.NEGATIVE_INFINITY, Number.NaN],
    [Number.NaN, Number.NaN],
    [2 ** -1074, Math.fround(0) - 744.4400719213812],
    [Number.MAX_VALUE, 709.782712893384],
  ])("ln(%s) = %s", (x, y) => {
    expect(ln(x)).toBe(y);
  });

  it("cosPi is exact at every half", () => {
    for (const far of [0, 2, 1000, 2 ** 40]) {
      for (const sign of [1, -1]) {
        expect(cosPi(sign * far)).toBe(1);
        expect(cosPi(sign * (far + 0.5))).toBe(0);
        expect(cosPi(sign * (far + 1))).toBe(-1);
        expect(cosPi(sign * (far + 1.5))).toBe(0);
      }
    }
    // all numbers from here on are even
    expect(cosPi(2 ** 54)).toBe(1);
    expect(cosPi(1 / 3)).toBeCloseTo(0.5, 15);
    for (const x of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(cosPi(x)).toBeNaN();
  });
});

describe("power", () => {
  it.each([
    [3, 0, 1],
    [0, 0, 1],
    [0, 3, 0],
    [-2, 3, -8],
    [3, 33, 5559060566555523],
    [2, 1023, 2 ** 1023],
    [0.5, 1074, 2 ** -1074],
    [2, 1024, Number.POSITIVE_INFINITY],
    [1, 2 ** 52 + 1, 1],
    [-1, 2 ** 52 + 1, -1],
  ])("%s to the %s is %s", (base, n, result) => {
    expect(power(base, n)).toBe(result);
  });

  it("is within γ(n − 1) of the exact product", () => {
    const random = new Random(12, 1, 0);
    for (let i = 0; i < 300; i++) {
      // base = p / 2³², so that p^n is an integer
      const p = 2 ** 31 + random.below(2 ** 31);
      const n = 1 + random.below(200);
      const got = power(p / 2 ** 32, n);
      // both as integers, times 2^(32n): relative difference in units of 2⁻⁸⁰
      const exact = BigInt(p) ** BigInt(n);
      const scaled = (exactly(got) * 2n ** BigInt(32 * n)) / 2n ** 1100n;
      const off = scaled > exact ? scaled - exact : exact - scaled;
      const relative = Number((off * 2n ** 80n) / exact) / 2 ** 80;
      const u = 2 ** -53;
      expect(relative, `${p} / 2³² to the ${n}`).toBeLessThanOrEqual(((n - 1) * u) / (1 - (n - 1) * u));
    }
  });
});

/** x · 2¹¹⁰⁰, an integer. */
function exactly(x: number): bigint {
  let [value, shift] = [x, 0];
  while (value !== Math.floor(value)) {
    value *= 2;
    shift++;
  }
  return BigInt(value) * 2n ** BigInt(1100 - shift);
}
