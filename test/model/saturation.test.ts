// A net that is wrong and sure of it, through the public API: losses from logits give finite losses and whole
// gradients however large the logits; the quadratic cost behind a sigmoid gives none: the learning slowdown.

import { describe, expect, it } from "vitest";
import type { LossSpec, StateDict } from "../../src/base/spec.ts";
import { init } from "../../src/model/runtime.ts";
import { sigmoid, softmax } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { bceWithLogits, mse, quadratic } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { wasmBytes } from "../support/core.ts";
import { bits } from "../support/state.ts";

const ROW = Float32Array.of(1, -2);
const optimizer = sgd({ lr: 0.5 });

describe.each([
  ["simd", {}],
  ["debug", { wasm: wasmBytes("debug") }],
])("%s", (_, options) => {
  /** A model whose logits for ROW are z: its weights on the first feature are z, the others 0. */
  const made = async (z: readonly number[], loss: LossSpec, last = [] as ReturnType<typeof sigmoid>[]) => {
    const m = (await init(options)).sequential({ input: 2, loss, optimizer }, [dense(z.length), ...last]);
    m.loadStateDict({
      "0.weight": { shape: [z.length, 2], data: Float32Array.from(z.flatMap((v) => [v, 0])) },
      "0.bias": { shape: [z.length], data: new Float32Array(z.length) },
    });
    if (last.length === 0) expect([...m.logits(ROW)]).toEqual(z.map(Math.fround));
    return m;
  };
  // adding +0 makes −0 of a product with 0 +0, and changes nothing else
  const zeros = (values: readonly number[]) => bits(Float32Array.from(values, (v) => v + 0));
  /** Gradients of a model whose ∂loss/∂z are dz: of the biases dz, of the weights dz·x. */
  const expected = (dz: readonly number[]) => ({
    "0.weight": zeros(dz.flatMap((d) => Array.from(ROW, (x) => x * d))),
    "0.bias": zeros(dz),
  });
  const got = (state: StateDict) =>
    Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, zeros([...data])]));

  // p − t is one rounding of the p that predict gives; n = 1
  it.each([
    [[1e4, -1e4], 1, 2e4, [1, -1]],
    [[-1e4, 1e4], 1, 0, [0, 0]],
    [[1e4, 1e4], 0, undefined, [-0.5, 0.5]],
    [[1e4, -1e4, 0, 1e4, -1e4], 4, undefined, [0.5, 0, 0, 0.5, -1]],
    [[100, -100, 3], 2, 97, [1, 0, -1]],
    [[3e38, -3e38 / 4], 0, 0, [0, 0]],
  ])("crossEntropy of logits %j, class %i: p − t", async (z, t, loss, dz) => {
    for (const y of [[t], [z.map((_, j) => Number(j === t))]]) {
      const m = await made(z, crossEntropy());
      const p = m.predict(ROW);
      expect(Array.from(p, (v, j) => v - Number(j === t) + 0)).toEqual(dz);
      expect(got(m.gradients({ x: ROW, y }))).toEqual(expected(dz));
      const step = await m.trainOnBatch(ROW, y);
      expect(Number.isFinite(step.loss)).toBe(true);
      if (loss !== undefined) expect(step.loss).toBe(loss);
      expect(m.logits(ROW).every(Number.isFinite)).toBe(true);
    }
  });

  it("crossEntropy of moderate logits too is p − t, to the bit", async () => {
    const m = await made([1.5, -0.25, 7, 0.1, -3], crossEntropy());
    for (let t = 0; t < 5; t++) {
      const difference = m.predict(ROW).map((v, j) => v - Number(j === t));
      expect(got(m.gradients({ x: ROW, y: [t] }))["0.bias"]).toEqual(bits(difference));
    }
  });

  // σ is 0 or 1 in f32 there
  it.each([
    [1e4, 0, 1e4, 1],
    [1e4, 1, 0, 0],
    [-1e4, 1, 1e4, -1],
    [-1e4, 0, 0, 0],
    [1e4, 0.25, 7500, 0.75],
    [-1e4, 0.25, 2500, -0.25],
    [100, 0, 100, 1],
    [-100, 1, 100, -1],
    [3e38, 0, Math.fround(3e38), 1],
    [-3e38, 1, Math.fround(3e38), -1],
  ])("bceWithLogits of logit %d, target %d: σ − y", async (z, y, loss, dz) => {
    const m = await made([z], bceWithLogits());
    expect(m.predict(ROW)[0]).toBe(z > 0 ? 1 : 0);
    expect(got(m.gradients({ x: ROW, y: Float32Array.of(y) }))).toEqual(expected([dz]));
    expect((await m.trainOnBatch(ROW, Float32Array.of(y))).loss).toBe(loss);
  });

  it("bceWithLogits of several outputs and posWeight: (1 − y)·σ(z) − w·y·σ(−z)", async () => {
    const m = await made(
      [1e4, -1e4, -1e4, 1e4],
      bceWithLogits({ posWeight: [2, 3, 4, 5], reduction: "sum" }),
    );
    const y = [[0, 1, 0, 1]];
    expect(got(m.gradients({ x: ROW, y }))).toEqual(expected([1, -3, 0, 0]));
    expect((await m.trainOnBatch(ROW, y)).loss).toBe(1e4 + 3e4);
  });

  it.each([
    [1e4, 0],
    [-1e4, 1],
    [100, 0],
    [-100, 1],
  ])("the quadratic cost behind a sigmoid learns nothing from logit %d, target %d", async (z, y) => {
    for (const loss of [quadratic(), mse()]) {
      const m = await made([z], loss, [sigmoid()]);
      const before = m.stateDict();
      expect(got(m.gradients({ x: ROW, y: [y] }))).toEqual(expected([0]));
      expect((await m.trainOnBatch(ROW, [y])).loss).toBe(loss.kind === "mse" ? 1 : 0.5);
      expect(m.stateDict()).toEqual(before);
      // one step on the cross entropy does
      const other = await made([z], bceWithLogits());
      await other.trainOnBatch(ROW, [y]);
      expect(other.stateDict()).not.toEqual(before);
    }
  });

  it("nor behind a softmax", async () => {
    const m = await made([1e4, -1e4], quadratic(), [softmax()]);
    expect(got(m.gradients({ x: ROW, y: [1] }))).toEqual(expected([0, 0]));
    expect((await m.trainOnBatch(ROW, [1])).loss).toBe(1);
  });
});
