// fma against whole numbers of any size, which round nothing but the result; and the two chains against each other.

import { describe, expect, it } from "vitest";
import { floats, SEED, source } from "./data.ts";
import { fma, gemmChain } from "./gemm.ts";

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;

/** x·2¹⁴⁹, a whole number for every finite f32. */
const whole = (x: number): bigint => BigInt(x * 2 ** 149);

/** a·b + c as a multiple of 2⁻²⁹⁸, then the nearest f32, of two the one whose last bit is 0. An exact 0 is +0. */
function exactly(a: number, b: number, c: number): number {
  const sum = whole(a) * whole(b) + (whole(c) << 149n);
  const size = sum < 0n ? -sum : sum;
  // the bits below the last one of the result: it has 24, and none below 2⁻¹⁴⁹
  const below = BigInt(Math.max(size.toString(2).length - 24, 149));
  const half = 1n << (below - 1n);
  const rest = size & ((1n << below) - 1n);
  let kept = size >> below;
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  const result = Number(kept) * 2 ** (Number(below) - 298);
  return (sum < 0n ? -1 : 1) * (result >= 2 ** 128 ? INF : result);
}

/** Two roundings: the product and the sum to f64, that to f32. Wrong where the first one ends half-way. */
const twice = (a: number, b: number, c: number): number => Math.fround(a * b + c);

function expectExact(a: number, b: number, c: number): void {
  const [actual, expected] = [fma(a, b, c), exactly(a, b, c)];
  if (!Object.is(actual, expected)) throw new Error(`fma(${a}, ${b}, ${c}) is ${actual}, not ${expected}`);
}

/** Factors of 24 bits whose product is 2⁴⁷ and a little: less than 2¹⁸ more, or less. */
function nearPower(above: boolean): [number, number][] {
  const found: [number, number][] = [];
  for (let a = 2 ** 23 + 1; found.length < 40; a += 2) {
    const b = above ? Math.ceil(2 ** 47 / a) : Math.floor(2 ** 47 / a);
    const off = Math.abs(a * b - 2 ** 47);
    if (off > 0 && off < 2 ** 18) found.push([a, b]);
  }
  return found;
}

describe("fma", () => {
  it("a·b half an ulp of c, and a little: rounding twice loses the little", () => {
    let wrong = 0;
    for (const above of [true, false]) {
      for (const [a, b] of nearPower(above)) {
        // c a number of 24 bits whose ulp is 2⁴⁸: even with a little above, odd with a little below
        for (const c of [2 ** 71, 2 ** 71 + 2 ** 48, 2 ** 71 + 2 ** 62, 2 ** 72 - 2 ** 48]) {
          for (const scale of [1, 2 ** -48, 2 ** -90]) {
            for (const sign of [1, -1]) {
              expectExact(sign * a * scale, b * scale, sign * c * scale * scale);
              expectExact(sign * a * scale, -b * scale, sign * c * scale * scale);
              if (
                twice(a * scale, b * scale, c * scale * scale) !==
                fma(a * scale, b * scale, c * scale * scale)
              )
                wrong++;
            }
          }
        }
      }
    }
    expect(wrong).toBeGreaterThan(200);
  });

  it("products far below the sum's last bit, next to powers of two and half-way between neighbours", () => {
    const tiny = 2 ** -50;
    for (const c of [1, 1 + 2 ** -23, 2 ** 20, 2 ** -100, -1, -(2 ** -126), 2 ** -149]) {
      for (const a of [tiny, -tiny, 2 ** -149, -(2 ** -149)]) expectExact(a, tiny, c);
    }
    // a little less than half an ulp on an odd number
    expect(fma(2 ** -12 + 2 ** -35, 2 ** -12 - 2 ** -35, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
    expect(twice(2 ** -12 + 2 ** -35, 2 ** -12 - 2 ** -35, 1 + 2 ** -23)).toBe(1 + 2 ** -22);
    // the same among the subnormals, where the f64's lower half is 0 and has to borrow
    const [a, b] = [2 ** -75 + 2 ** -98, 2 ** -75 - 2 ** -98];
    for (const sign of [1, -1]) {
      const c = sign * (2 ** -130 + 2 ** -149);
      expect(fma(a, sign * b, c)).toBe(c);
      expect(twice(a, sign * b, c)).toBe(sign * (2 ** -130 + 2 ** -148));
      expectExact(a, sign * b, c);
      expectExact(a, -sign * b, c);
    }
  });

  it(`20,000 triples of every size, half of them with sums that nearly cancel (seed ${SEED})`, () => {
    const next = source(31);
    const number = (least: number, most: number): number =>
      Math.fround(
        (next() < 0.5 ? -1 : 1) * (1 + next()) * 2 ** Math.floor(least + (most - least + 1) * next()),
      );
    for (let i = 0; i < 20_000; i++) {
      const exponent = i % 4 === 0 ? 126 : 60;
      const [a, b] = [number(-exponent, exponent), number(-exponent, exponent)];
      const product = Math.log2(Math.abs(a * b));
      const near = Math.fround(-(a * b));
      const cancels = i % 2 === 0 && Number.isFinite(near);
      const low = Math.max(-150, Math.min(product - 30, 120));
      expectExact(a, b, cancels ? near : number(low, Math.min(low + 60, 127)));
    }
  });

  it("subnormal results, and the largest", () => {
    const next = source(32);
    for (let i = 0; i < 5000; i++) {
      const a = Math.fround((next() - 0.5) * 2 ** -70);
      expectExact(a, Math.fround(next() * 2 ** -70), Math.fround((next() - 0.5) * 2 ** -136));
    }
    const most = (2 - 2 ** -23) * 2 ** 127;
    for (const c of [most, -most]) {
      for (const a of [2 ** 51, -(2 ** 51), 2 ** 52, 1]) expectExact(a, 2 ** 51, c);
    }
  });

  it("zeros keep their signs, infinities and NaN go through", () => {
    expect(fma(0, 1, 0)).toBe(0);
    expect(fma(-0, 1, -0)).toBe(-0);
    expect(fma(-0, 1, 0)).toBe(0);
    expect(fma(1, -1, 1)).toBe(0);
    expect([fma(INF, 1, 1), fma(1, -1, -INF), fma(2 ** 100, 2 ** 100, -(2 ** 100))]).toEqual([
      INF,
      -INF,
      INF,
    ]);
    for (const [a, b, c] of [
      [INF, 0, 1],
      [INF, 1, -INF],
      [NAN, 1, 1],
      [1, 1, NAN],
    ] as const)
      expect(fma(a, b, c)).toBeNaN();
  });
});

describe("chains", () => {
  it("one step by hand: (1 + 2⁻¹²)² − (1 + 2⁻¹¹) is 2⁻²⁴, or nothing", () => {
    const a = { data: [1, 1 + 2 ** -12], rs: 2, cs: 1 };
    const b = { data: [-(1 + 2 ** -11), 1 + 2 ** -12], rs: 1, cs: 1 };
    expect([...gemmChain({ m: 1, n: 1, k: 2, a, b })]).toEqual([0]);
    expect([...gemmChain({ m: 1, n: 1, k: 2, a, b }, true)]).toEqual([2 ** -24]);
  });

  it("where products and sums are exact, both are the same; elsewhere most elements are not", () => {
    const matrix = (seed: number, by: number) => ({
      data: floats(seed, 24 * 24).map((x) => Math.round(x * by) / by),
      rs: 24,
      cs: 1,
    });
    const differing = (by: number): number => {
      const g = { m: 24, n: 24, k: 24, a: matrix(1, by), b: matrix(2, by), bias: floats(3, 24).fill(1) };
      const fused = gemmChain(g, true);
      return gemmChain(g).filter((x, i) => x !== fused[i]).length;
    };
    expect(differing(2 ** 4)).toBe(0);
    expect(differing(2 ** 23)).toBeGreaterThan(24 * 12);
  });
});
