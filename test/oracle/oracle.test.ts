// The oracles themselves: gradients against central differences, and their loops against hand-made numbers.

import { describe, expect, it } from "vitest";
import { floats, integers, SEED } from "./data.ts";
import { gemm } from "./gemm.ts";
import { type Layer, step } from "./net.ts";
import { columnSums, gather, softmaxCrossEntropy } from "./rows.ts";

describe("plain loops", () => {
  it("gemm: 2×2 by hand, with strides, beta, bias and relu", () => {
    const a = { data: [1, 2, 3, 4], rs: 2, cs: 1 };
    const b = { data: [5, 7, 6, 8], rs: 1, cs: 2 };
    expect([...gemm({ m: 2, n: 2, k: 2, a, b }).value]).toEqual([19, 22, 43, 50]);
    const c = { data: [-1, 1, -1, 1], rs: 2, cs: 1 };
    expect([...gemm({ m: 2, n: 2, k: 2, a, b, alpha: -1, beta: 10, c, relu: true }).value]).toEqual([
      0, 0, 0, 0,
    ]);
    expect([...gemm({ m: 2, n: 2, k: 2, a, b, bias: [-20, 0], relu: true }).value]).toEqual([0, 22, 23, 50]);
    expect([...gemm({ m: 2, n: 2, k: 2, a, b, alpha: -1, beta: 10, c }).magnitude]).toEqual([29, 32, 53, 60]);
  });

  it("softmax cross entropy: ln 2 at a tie of two, and the first of the tie is the hit", () => {
    const row = softmaxCrossEntropy([3, 3], 0, 2);
    expect(row.loss).toBeCloseTo(Math.log(2), 15);
    expect([...row.gradient]).toEqual([-1, 1]);
    expect([row.hit, softmaxCrossEntropy([3, 3], 1, 1).hit]).toEqual([1, 0]);
  });

  it("column sums and gather by hand", () => {
    const { value, magnitude } = columnSums([1, -2, 3, -4, 5, -6], 3, 2);
    expect([[...value], [...magnitude]]).toEqual([
      [9, -12],
      [9, 12],
    ]);
    expect([...gather([1, 2, 3, 4, 5, 6], 2, [2, 0], 10, 1)]).toEqual([51, 61, 11, 21]);
  });
});

describe(`gradients of the f64 net against central differences (seed ${SEED})`, () => {
  const layer = (seed: number, inputs: number, outputs: number, activation: Layer["activation"]): Layer => ({
    inputs,
    outputs,
    w: Float64Array.from(floats(seed, inputs * outputs)),
    b: Float64Array.from(floats(seed + 1, outputs)),
    activation,
  });
  const layers = [
    layer(1, 5, 7, "relu"),
    layer(3, 7, 6, "sigmoid"),
    layer(5, 6, 4, "relu"),
    layer(7, 4, 3, "none"),
  ];
  const x = Float64Array.from(floats(9, 4 * 5));
  const t = integers(10, 4, 0, 2);

  it("no relu stands within a step of its kink, so that differences mean something", () => {
    const { z } = step(layers, x, t);
    for (const i of [0, 2])
      for (const value of z[i] as Float64Array) expect(Math.abs(value)).toBeGreaterThan(1e-4);
  });

  it.each(["w", "b"] as const)("every %s of every layer", (which) => {
    const h = 2 ** -17;
    const { dw, db, loss } = step(layers, x, t);
    for (const [i, layer] of layers.entries()) {
      const values = layer[which];
      const gradient = (which === "w" ? dw : db)[i] as Float64Array;
      for (let j = 0; j < values.length; j++) {
        const kept = values[j] as number;
        const difference = (by: number): number => {
          values[j] = kept + by;
          const up = step(layers, x, t).loss;
          values[j] = kept - by;
          const down = step(layers, x, t).loss;
          values[j] = kept;
          return (up - down) / (2 * by);
        };
        const [fine, coarse] = [difference(h), difference(2 * h)];
        // truncation falls by four when the step is halved; rounding is a few thousand units of 2⁻⁵³ of the loss
        const bound = Math.abs(fine - coarse) + (2 ** -42 * loss) / h;
        const off = Math.abs((gradient[j] as number) - fine);
        expect(off, `layer ${i} ${which}[${j}]: ${gradient[j]} against ${fine}`).toBeLessThanOrEqual(bound);
      }
    }
  });
});
