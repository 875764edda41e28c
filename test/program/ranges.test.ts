// overlaps and shareStart against plain counting: verify and the barriers stand on them.

import { describe, expect, it } from "vitest";
import { overlaps, type Range, shareStart } from "../../src/base/ops.ts";
import { SEED, source } from "../oracle/data.ts";

/** The bytes of a range. */
function bytes({ start, rows, bytes: width, stride }: Range): Set<number> {
  const all = new Set<number>();
  for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) all.add(start + i * stride + j);
  return all;
}

describe("overlaps", () => {
  const next = source(11);
  const below = (n: number): number => Math.floor(next() * n);
  const range = (stride: number, rows: number): Range => {
    const width = 1 + below(stride);
    return { operand: 0, start: below(60), rows, bytes: width, stride: rows === 1 ? width : stride };
  };

  it(`is exact for runs and for equal strides (seed ${SEED})`, () => {
    let met = 0;
    for (let trial = 0; trial < 20_000; trial++) {
      const stride = 1 + below(12);
      const [a, b] = [range(stride, 1 + below(5)), range(stride, 1 + below(5))];
      const inB = bytes(b);
      const truth = [...bytes(a)].some((at) => inB.has(at));
      if (truth) met++;
      if (overlaps(a, b) !== truth) throw new Error(`${JSON.stringify([a, b])} meet: ${truth}`);
    }
    expect(met).toBeGreaterThan(2000);
    expect(met).toBeLessThan(18_000);
  });

  it(`never misses a shared byte of two different strides (seed ${SEED})`, () => {
    for (let trial = 0; trial < 20_000; trial++) {
      const [a, b] = [range(1 + below(12), 2 + below(5)), range(1 + below(12), 2 + below(5))];
      const inB = bytes(b);
      const truth = [...bytes(a)].some((at) => inB.has(at));
      if (truth && !overlaps(a, b)) throw new Error(`${JSON.stringify([a, b])} meet`);
      if (overlaps(a, b) !== overlaps(b, a)) throw new Error(`${JSON.stringify([a, b])}: not symmetric`);
    }
  });
});

describe("shareStart", () => {
  it("splits n into runs that begin at whole grains, in order, evenly to within a grain", () => {
    for (const grain of [1, 3, 12, 16]) {
      for (const n of [0, 1, grain - 1, grain, grain + 1, 100, 1009]) {
        for (const threads of [1, 2, 3, 8, 16]) {
          const starts = Array.from({ length: threads + 1 }, (_, t) => shareStart(n, grain, t, threads));
          expect([starts[0], starts[threads]]).toEqual([0, n]);
          const units = Math.ceil(n / grain);
          for (let t = 0; t < threads; t++) {
            const [lo, hi] = [starts[t] as number, starts[t + 1] as number];
            expect(hi).toBeGreaterThanOrEqual(lo);
            if (lo < n) expect(lo % grain).toBe(0);
            expect(hi - lo).toBeLessThanOrEqual(Math.ceil(units / threads) * grain);
          }
        }
      }
    }
  });
});
