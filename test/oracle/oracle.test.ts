// The oracles' plain loops against hand-made numbers. Gradients are in differences.test.ts, PyTorch's numbers in
// pytorch.test.ts.

import { describe, expect, it } from "vitest";
import { erf, erfc } from "./erf.ts";
import { gemm } from "./gemm.ts";
import { lossOf, lossRow, reduce } from "./losses.ts";
import * as pointwise from "./pointwise.ts";
import { columnSums, gather, softmaxBackward, softmaxCrossEntropy } from "./rows.ts";
import type { CrossEntropySpec, LossSpec, Reduction } from "./spec.ts";

const crossEntropy = (options: Partial<CrossEntropySpec> = {}): CrossEntropySpec => ({
  kind: "crossEntropy",
  ignoreIndex: -100,
  labelSmoothing: 0,
  reduction: "mean",
  ...options,
});

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

  it("softmax backward: y∘(dy − Σ dy·y)", () => {
    expect([...softmaxBackward([1, 3, 0], [0.5, 0.25, 0.25])]).toEqual([-0.125, 0.4375, -0.3125]);
  });

  // digits: mpmath, rounded to f64
  it.each([
    [0, 0, 1],
    [1e-8, 1.1283791670955126e-8, 0.9999999887162083],
    [0.5, 0.5204998778130465, 0.4795001221869535],
    [-0.5, -0.5204998778130465, 1.5204998778130465],
    [1, 0.8427007929497149, 0.15729920705028513],
    [2, 0.9953222650189527, 0.004677734981047266],
    [3, 0.9999779095030014, 2.2090496998585441e-5],
    [5, 0.9999999999984626, 1.5374597944280349e-12],
    [Number.NEGATIVE_INFINITY, -1, 2],
  ])("erf(%f) and its complement, relative error < 3e-15", (x, value, complement) => {
    expect(Math.abs(erf(x) - value)).toBeLessThanOrEqual(3e-15 * Math.abs(value));
    expect(Math.abs(erfc(x) - complement)).toBeLessThanOrEqual(3e-15 * complement);
  });
});

describe("activations by hand", () => {
  it("the halves of those that have a kink", () => {
    expect([3, -2].map((x) => pointwise.leakyRelu(x, 0.25))).toEqual([3, -0.5]);
    expect([3, -0.5].map((y) => pointwise.leakyReluBackward(8, y, 0.25))).toEqual([8, 2]);
    expect([2, 0, Number.NEGATIVE_INFINITY].map((x) => pointwise.elu(x, 1.5))).toEqual([2, 0, -1.5]);
    expect([2, 0, -1.5].map((y) => pointwise.eluBackward(2, y, 1.5))).toEqual([2, 3, 0]);
  });

  it("at zero, and far out", () => {
    const { gelu, geluBackward, geluTanh, geluTanhBackward, silu, siluBackward } = pointwise;
    for (const [f, back] of [
      [gelu, geluBackward],
      [geluTanh, geluTanhBackward],
      [silu, siluBackward],
    ] as const) {
      expect([0, 1e4, -1e4].map(f)).toEqual([0, 1e4, -0]);
      // toBeCloseTo, because −0 is 0 here
      for (const [x, slope] of [
        [0, 0.5],
        [1e4, 1],
        [-1e4, 0],
      ] as const)
        expect(back(1, x)).toBeCloseTo(slope, 15);
    }
    expect(pointwise.softplus(0, 2)).toBeCloseTo(Math.LN2 / 2, 15);
    expect([1e4, -1e4].map((x) => pointwise.softplus(x, 2))).toEqual([1e4, 0]);
    expect([0, 1e4, -1e4].map((x) => pointwise.softplusBackward(1, x, 2))).toEqual([0.5, 1, 0]);
    expect(pointwise.tanhBackward(4, 0.5)).toBe(3);
  });
});

describe("losses by hand", () => {
  const huber: LossSpec = { kind: "huber", delta: 1, reduction: "mean" };

  it("distances: ½d², d², |d|, and huber on both sides of its delta", () => {
    const row = (kind: "quadratic" | "mse" | "mae") =>
      lossRow({ kind, reduction: "mean" }, [3, 1, 1], [1, 1, 2]);
    expect(["quadratic", "mse", "mae"].map((kind) => row(kind as "mse").loss)).toEqual([2.5, 5, 3]);
    expect([...row("quadratic").gradient, ...row("mse").gradient, ...row("mae").gradient]).toEqual([
      2, 0, -1, 4, 0, -2, 1, 0, -1,
    ]);
    const { loss, gradient } = lossRow(huber, [3, 1, -3.5], [1, 0.5, 0]);
    expect(loss).toBe(1.5 + 0.125 + 3);
    expect([...gradient]).toEqual([1, 0.5, -1]);
  });

  it("binary cross entropy: ln 2 undecided; ±1e4 is finite; posWeight multiplies the positive term", () => {
    const bce = (z: number, y: number, w?: number) =>
      lossRow(
        { kind: "bceWithLogits", reduction: "mean", ...(w === undefined ? {} : { posWeight: [w] }) },
        [z],
        [y],
      );
    expect([bce(0, 0.25).loss, bce(0, 0.25).gradient[0]]).toEqual([Math.LN2, 0.25]);
    expect([bce(1e4, 1).loss, bce(1e4, 0).loss, bce(-1e4, 1).loss, bce(-1e4, 1, 3).loss]).toEqual([
      0, 1e4, 1e4, 3e4,
    ]);
    expect([1, 3].map((w) => bce(-1e4, 1, w).gradient[0])).toEqual([-1, -3]);
  });

  it("cross entropy: two equal logits under weights, smoothing and an ignored class", () => {
    const row = (options: Partial<CrossEntropySpec>, target: number | number[]) =>
      lossRow(crossEntropy(options), [5, 5], target);
    expect(row({}, 1)).toEqual({
      loss: Math.LN2,
      gradient: Float64Array.of(0.5, -0.5),
      mean: 1,
      batchmean: 1,
    });
    expect(row({ weight: [1, 4] }, 1)).toMatchObject({ loss: 4 * Math.LN2, mean: 4, batchmean: 1 });
    // q = (1·½/2, 4·(½ + ½/2)) = (¼, 3)
    const smooth = row({ weight: [1, 4], labelSmoothing: 0.5 }, 1);
    expect(smooth.loss).toBeCloseTo(3.25 * Math.LN2, 15);
    expect([...smooth.gradient]).toEqual([1.625 - 0.25, 1.625 - 3]);
    expect(row({ ignoreIndex: 1 }, 1)).toEqual({
      loss: 0,
      gradient: new Float64Array(2),
      mean: 0,
      batchmean: 0,
    });
    expect([...row({}, [0.25, 0.75]).gradient]).toEqual([0.25, -0.25]);
  });

  it("cross entropy of a class of probability 0 is infinite, or takes no part", () => {
    const z = [0, Number.NEGATIVE_INFINITY];
    expect(lossRow(crossEntropy(), z, 1).loss).toBe(Number.POSITIVE_INFINITY);
    expect(lossRow(crossEntropy(), z, 0).loss).toBe(0);
  });

  // losses 2 and 5, three copies of the first and two of the second; they add 3 and 4 each to the mean's denominator
  it.each<[Reduction, number, number[]]>([
    ["mean", 16 / 17, [3 / 17, 2 / 17]],
    ["batchmean", 16 / 5, [3 / 5, 2 / 5]],
    ["sum", 16, [3, 2]],
    ["none", 16, [3, 2]],
  ])("%s of two rows that count three and two times", (reduction, loss, scale) => {
    const gradient = Float64Array.of(1);
    const rows = [
      { loss: 2, gradient, mean: 3, batchmean: 1 },
      { loss: 5, gradient, mean: 4, batchmean: 1 },
    ];
    const got = reduce(reduction, rows, [3, 2]);
    expect(got.loss).toBe(loss);
    expect([...got.rowLoss]).toEqual([6, 10]);
    expect([...got.scale]).toEqual(scale);
  });

  it.each<LossSpec>([
    crossEntropy({ weight: [1, 4], labelSmoothing: 0.25, ignoreIndex: 0 }),
    { kind: "bceWithLogits", posWeight: [1, 3], reduction: "mean" },
    { kind: "quadratic", reduction: "mean" },
    huber,
  ])("$kind: a row of weight r is r copies of it", (loss) => {
    const z = [1, 2, -3, 0.5, 4, -1];
    const values = [0, 1, 1, 0.5, 0.25, 1];
    const ids = [1, 0, 1];
    const copies = [0, 0, 1, 2, 2, 2];
    const pairs = (of: number[]): number[] => copies.flatMap((i) => of.slice(2 * i, 2 * i + 2));
    const classes = loss.kind === "crossEntropy";
    for (const reduction of ["mean", "sum", "batchmean"] as const) {
      const spec = { ...loss, reduction };
      const weighted = lossOf(spec, Float64Array.from(z), 3, classes ? { ids } : { values }, [2, 1, 3]);
      const targets = classes ? { ids: copies.map((i) => ids[i] as number) } : { values: pairs(values) };
      const copied = lossOf(spec, Float64Array.from(pairs(z)), 6, targets);
      expect(weighted.loss).toBeCloseTo(copied.loss, 12);
      for (const [row, first, count] of [
        [0, 0, 2],
        [1, 2, 1],
        [2, 3, 3],
      ] as const)
        for (const j of [0, 1])
          expect(weighted.gradient[2 * row + j]).toBeCloseTo(
            count * (copied.gradient[2 * first + j] as number),
            12,
          );
    }
  });

  it("no row left: NaN, and no gradient", () => {
    const { loss, gradient } = lossOf(crossEntropy(), Float64Array.of(1, 2), 1, { ids: [-100] });
    expect(loss).toBeNaN();
    expect([...gradient]).toEqual([0, 0]);
  });
});
