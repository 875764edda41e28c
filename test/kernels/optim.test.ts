// sgdStep: bits of fround(p + fround(−lr·g)), or of p + −lr·g rounded once where the build is fused; subnormal results +0,
// NaN kept; within γ(2)·(|p| + |lr·g|), fused γ(1).

import { describe, expect, it } from "vitest";
import { gamma, SMALLEST_NORMAL } from "../oracle/bounds.ts";
import { floats, SEED } from "../oracle/data.ts";
import { fma } from "../oracle/gemm.ts";
import { sgd } from "../oracle/pointwise.ts";
import { expectBits, expectWithin } from "./compare.ts";
import { builds, Rig, relaxed } from "./harness.ts";

const flush = (x: number): number => (Math.abs(x) < SMALLEST_NORMAL ? 0 : x);

const chain = (p: Float32Array, g: Float32Array, lr: number, fused: boolean): Float32Array =>
  p.map((x, i) => {
    const [rate, slope] = [-Math.fround(lr), g[i] as number];
    return flush(fused ? fma(rate, slope, x) : Math.fround(x + Math.fround(rate * slope)));
  });

describe.each([...builds, relaxed])(`sgdStep, $name build (seed ${SEED})`, (build) => {
  const step = (p: Float32Array, g: Float32Array, lr: number): Float32Array<ArrayBuffer> => {
    const rig = new Rig(build);
    const out = rig.inOut("p", 1, p.length, p);
    rig.builder.sgdStep(out, rig.input("g", 1, g.length, g));
    rig.run({ lr });
    return rig.read(out);
  };
  it.each([0, 4, 8, 12, 16, 20, 48, 52, 1024])("%i parameters", (n) => {
    const roundings = build.fused ? 1 : 2;
    for (const lr of [0, 0.1, 3]) {
      const [p, g] = [floats(n, n), floats(n + 1, n)];
      const after = step(p, g, lr);
      expectBits(after, chain(p, g, lr, build.fused), `lr ${lr}`);
      const rate = Math.fround(lr);
      const exact = Float64Array.from(p, (x, i) => sgd(x, g[i] as number, rate));
      const bound = exact.map(
        (_, i) =>
          gamma(roundings) * (Math.abs(p[i] as number) + Math.abs(rate * (g[i] as number))) + SMALLEST_NORMAL,
      );
      expectWithin(after, exact, bound, `lr ${lr}`);
    }
  });

  it("flushes results below 2⁻¹²⁶ to +0 and keeps the smallest normal number", () => {
    const normal = SMALLEST_NORMAL;
    const p = Float32Array.from([
      normal,
      -normal,
      normal,
      normal / 2,
      -normal / 2,
      2 ** -149,
      -0,
      1.5 * normal,
    ]);
    const g = Float32Array.from([0, 0, normal / 2, 0, 0, 0, 0, normal]);
    expectBits(step(p, g, 1), [normal, -normal, 0, 0, 0, 0, 0, 0], "flush");
  });

  it("keeps NaN and infinity", () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const p = Float32Array.from([nan, 1, inf, 1, -inf, inf, 1, 2]);
    const g = Float32Array.from([1, nan, 1, inf, 1, inf, -inf, 0]);
    expectBits(step(p, g, 0.5), [nan, nan, inf, -inf, -inf, nan, inf, 2], "special");
  });
});

it("the numbers above tell one rounding from two", () => {
  const [p, g] = [floats(1024, 1024), floats(1025, 1024)];
  const once = chain(p, g, 3, true);
  expect(chain(p, g, 3, false).filter((x, i) => x !== once[i]).length).toBeGreaterThan(100);
});
