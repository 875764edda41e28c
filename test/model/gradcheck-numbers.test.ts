// gradCheck where numbers are hard: kinks, exact zeros, very large and very small gradients, losses that have been fitted.

import { describe, expect, it } from "vitest";
import type { LayerSpec, LossSpec } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import { type GradCheck, gradCheck } from "../../src/model/gradcheck.ts";
import { init } from "../../src/model/runtime.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { leakyRelu, sigmoid, tanh } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { bceWithLogits, mae, mse } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import * as kinds from "../support/every-kind.ts";

const xent = await init();
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const model = (layers: readonly LayerSpec[], loss?: LossSpec) =>
  xent.sequential(
    { input: kinds.INPUTS, seed: 1, ...learn, ...(loss === undefined ? {} : { loss }) },
    layers,
  );
const all = { entries: Number.POSITIVE_INFINITY };
const xor = dataset({
  x: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  y: [0, 1, 1, 0],
});
/** As in gradcheck.test.ts: errors that add up in three layers. */
const FAR_BELOW = 64 * 2 ** -24;

describe(`numbers that are hard (seed ${SEED})`, () => {
  const one = (w: number[], b: number[], inputs = 1) => ({
    "0.weight": { shape: [b.length, inputs], data: Float32Array.from(w) },
    "0.bias": { shape: [b.length], data: Float32Array.from(b) },
  });

  it("a relu that is dead for all rows: gradients are exactly 0 on both sides", async () => {
    const m = model([dense(4), relu(), dense(kinds.OUTPUTS)]);
    const state = m.stateDict();
    state["0.bias"]?.data.fill(-100);
    m.loadStateDict(state);
    const check = await gradCheck(m, { x: kinds.features(9), y: integers(9, 8, 0, 3) }, all);
    expect(check.passed).toBe(true);
    for (const { name, error, kinks } of check.tensors) {
      expect(kinks).toBe(0);
      if (name !== "2.bias") expect(error).toBe(0);
    }
  });

  it("rows that all have weight 0 by their class", async () => {
    const loss = crossEntropy({ weight: [0, 1, 1, 1], reduction: "sum" });
    const check = await gradCheck(
      model([dense(kinds.OUTPUTS)], loss),
      { x: kinds.features(9), y: [0, 0, 0, 1, 0, 0, 0, 0] },
      all,
    );
    expect(check).toMatchObject({ passed: true, suspects: [] });
    expect(check.error).toBeLessThanOrEqual(FAR_BELOW);
  });

  it("sums of rows 10⁶ times as large, and weights 10⁶ times as small", async () => {
    const y = integers(10, kinds.ROWS, 0, 3);
    const m = model(kinds.net(tanh()), crossEntropy({ reduction: "sum" }));
    for (const size of [1e6, 1e-6]) {
      const weight = new Float32Array(kinds.ROWS).fill(size);
      const check = await gradCheck(m, { x: kinds.features(10), y, weight }, all);
      expect(check).toMatchObject({ passed: true });
      expect(check.error).toBeLessThanOrEqual(FAR_BELOW);
    }
  });

  it("features and parameters of large size", async () => {
    const m = model([dense(6), tanh(), dense(kinds.OUTPUTS)], mse());
    const y = floats(11, kinds.ROWS * kinds.OUTPUTS, -1000, 1000);
    const state = m.stateDict();
    state["2.weight"]?.data.forEach((w, i, data) => {
      data[i] = 1000 * w;
    });
    m.loadStateDict(state);
    const check = await gradCheck(m, { x: kinds.features(11).map((v) => 30 * v), y }, all);
    expect(check.passed).toBe(true);
    expect(check.tensors.every(({ kinks }) => kinks === 0)).toBe(true);
  });

  it("gradients that vanish through ten sigmoids", async () => {
    const deep = Array.from({ length: 10 }, () => [dense(5), sigmoid()]).flat();
    const check = await gradCheck(
      model([...deep, dense(4)]),
      { x: kinds.features(12), y: integers(12, 8, 0, 3) },
      all,
    );
    expect(check.passed).toBe(true);
    expect(check.tensors.every(({ kinks }) => kinks === 0)).toBe(true);
    const { gradient, difference } = (check.tensors[0] as GradCheck["tensors"][0]).worst;
    expect(Math.abs(gradient)).toBeLessThan(1e-7);
    expect(Math.abs(gradient)).toBeGreaterThan(0);
    expect(difference).not.toBe(0);
  });

  it.each([crossEntropy(), bceWithLogits(), mse()])(
    "a net that has fitted its rows by $kind",
    async (loss) => {
      const m = xent.sequential({ input: 2, seed: 3, loss, optimizer: sgd({ lr: 0.5 }) }, [
        dense(8),
        tanh(),
        dense(2),
      ]);
      await m.fit(xor, { epochs: 20_000, batchSize: 4 });
      const check = await gradCheck(m, { x: xor.x, y: xor.y as Int32Array }, all);
      expect(check.loss).toBeLessThan(1e-3);
      expect(check).toMatchObject({ passed: true, suspects: [] });
    },
  );

  it("a parameter that makes the loss infinite does not pass, and is named", async () => {
    const m = xent.sequential({ input: 1 }, [dense(1)]);
    m.loadStateDict(one([3e38], [0]));
    const check = await gradCheck(m, { x: [[100]], y: Float32Array.of(0) }, { loss: mse() });
    expect(check).toMatchObject({ passed: false, error: Number.POSITIVE_INFINITY });
    expect(check.tensors[0]?.worst.index).toEqual([0, 0]);
    expect(check.suspects[0]).toBe("sgemm (0 dense)");
  });

  it.each([relu(), leakyRelu({ negativeSlope: 0.3 })])(
    "a $kind at exactly 0 is a kink of its bias and weights",
    async (layer) => {
      const m = xent.sequential({ input: 2, seed: 4 }, [dense(2), layer, dense(1)]);
      const state = m.stateDict();
      // unit 0 gives 1·1 − 1·1 + 0 = 0, unit 1 does not
      state["0.weight"] = { shape: [2, 2], data: Float32Array.of(1, -1, 0.5, 0.25) };
      state["0.bias"] = { shape: [2], data: Float32Array.of(0, 0.5) };
      m.loadStateDict(state);
      const check = await gradCheck(m, { x: [[1, 1]], y: Float32Array.of(5) }, { ...all, loss: mse() });
      expect(check.passed).toBe(true);
      expect(check.tensors.map(({ kinks, entries }) => [kinks, entries])).toEqual([
        [2, 2],
        [1, 1],
        [0, 2],
        [0, 1],
      ]);
    },
  );

  it("mae where output and target are equal", async () => {
    const m = xent.sequential({ input: 1 }, [dense(2)]);
    m.loadStateDict(one([1, 1], [0, 0]));
    const check = await gradCheck(m, { x: [[2]], y: [[2, 3]] }, { ...all, loss: mae() });
    expect(check).toMatchObject({ passed: true });
    expect(check.tensors.map(({ kinks }) => kinks)).toEqual([1, 1]);
  });

  it("no kink where features are so large that a step is one", async () => {
    const m = model([dense(6), tanh(), dense(kinds.OUTPUTS)], mse());
    const state = m.stateDict();
    state["0.weight"] = { shape: [6, kinds.INPUTS], data: floats(18, 30, -1 / 4000, 1 / 4000) };
    m.loadStateDict(state);
    const x = kinds.features(18).map((v) => 2000 * v);
    const check = await gradCheck(m, { x, y: floats(19, kinds.ROWS * kinds.OUTPUTS) }, all);
    expect(check.passed).toBe(true);
    expect(check.tensors.map(({ kinks }) => kinks)).toEqual([0, 0, 0, 0]);
  });

  it("no kink where one lies within the first step and not within the next", async () => {
    const m = xent.sequential({ input: 1 }, [dense(1), relu(), dense(1)]);
    m.loadStateDict({
      ...one([0.5], [1e-5]),
      "2.weight": { shape: [1, 1], data: Float32Array.of(1) },
      "2.bias": { shape: [1], data: Float32Array.of(0) },
    });
    const check = await gradCheck(m, { x: [[0]], y: Float32Array.of(5) }, { ...all, loss: mse() });
    expect(check.passed).toBe(true);
    expect(check.tensors.map(({ kinks }) => kinks)).toEqual([0, 0, 0, 0]);
    expect(check.tensors[1]?.worst.difference).toBeLessThan(-9);
  });

  it("no kink where the loss is a small difference of large numbers", async () => {
    const m = xent.sequential({ input: 1 }, [dense(1)]);
    m.loadStateDict(one([1], [1e6]));
    const check = await gradCheck(m, { x: [[1e-6]], y: Float32Array.of(1e6 + 1) }, { ...all, loss: mse() });
    expect(check.passed).toBe(true);
    expect(check.tensors.map(({ kinks }) => kinks)).toEqual([0, 0]);
  });

  it("a gradient that is wrong in a net that has fitted: no kernel is blamed for what cancels", async () => {
    const m = xent.sequential({ input: 2, seed: 3, ...learn }, [dense(8), tanh(), dense(2)]);
    await m.fit(xor, { epochs: 20_000, batchSize: 4, optimizer: sgd({ lr: 5 }) });
    m.gradients = (given) => {
      const state = Sequential.prototype.gradients.call(m, given);
      state["2.bias"]?.data.fill(1);
      return state;
    };
    const check = await gradCheck(m, { x: xor.x, y: xor.y as Int32Array }, all);
    expect(check.loss).toBeLessThan(1e-4);
    expect(check).toMatchObject({ passed: false, suspects: [] });
  });
});
