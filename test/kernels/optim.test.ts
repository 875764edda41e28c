// sgdStep: bits of fround(p + fround(−lr·g)), subnormal results +0, NaN kept; within γ(2)·(|p| + |lr·g|).

import { describe, it } from "vitest";
import { gamma, SMALLEST_NORMAL } from "../oracle/bounds.ts";
import { floats, SEED } from "../oracle/data.ts";
import { sgd } from "../oracle/pointwise.ts";
import { expectBits, expectWithin } from "./compare.ts";
import { builds, Rig } from "./harness.ts";

const flush = (x: number): number => (Math.abs(x) < SMALLEST_NORMAL ? 0 : x);

describe.each(builds)(`sgdStep, $name build (seed ${SEED})`, (build) => {
  const step = (p: Float32Array, g: Float32Array, lr: number): Float32Array<ArrayBuffer> => {
    const rig = new Rig(build);
    const out = rig.inOut("p", 1, p.length, p);
    rig.builder.sgdStep(out, rig.input("g", 1, g.length, g));
    rig.run({ lr });
    return rig.read(out);
  };
  const chain = (p: Float32Array, g: Float32Array, lr: number): Float32Array =>
    p.map((x, i) => flush(Math.fround(x + Math.fround(-Math.fround(lr) * (g[i] as number)))));

  it.each([0, 4, 12, 16, 20, 48, 52, 1024])("%i parameters", (n) => {
    for (const lr of [0, 0.1, 3]) {
      const [p, g] = [floats(n, n), floats(n + 1, n)];
      const after = step(p, g, lr);
      expectBits(after, chain(p, g, lr), `lr ${lr}`);
      const rate = Math.fround(lr);
      const exact = Float64Array.from(p, (x, i) => sgd(x, g[i] as number, rate));
      const bound = exact.map(
        (_, i) => gamma(2) * (Math.abs(p[i] as number) + Math.abs(rate * (g[i] as number))) + SMALLEST_NORMAL,
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
