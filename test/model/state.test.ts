// stateDict and loadStateDict: PyTorch's names and layout, exact both ways, all or nothing.

import { describe, expect, it } from "vitest";
import type { StateDict } from "../../src/base/spec.ts";
import { init } from "../../src/model/runtime.ts";
import { sigmoid } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats } from "../oracle/data.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import { bits, weights } from "../support/state.ts";

const xent = await init();
const model = (seed = 1) =>
  xent.sequential({ input: 5, seed, loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) }, [
    relu(),
    dense(17),
    sigmoid(),
    dense(3),
  ]);
const data = blobSet(1, 40, 5, 3);

describe("stateDict", () => {
  it("names layers by their place, activations counted; weights are [out, in]", () => {
    const shapes = Object.entries(model().stateDict()).map(([name, { shape, data }]) => [
      name,
      shape,
      data.length,
    ]);
    expect(shapes).toEqual([
      ["1.weight", [17, 5], 85],
      ["1.bias", [17], 17],
      ["3.weight", [3, 17], 51],
      ["3.bias", [3], 3],
    ]);
  });

  it("lies as the product of x and weightᵀ needs it: logits by hand", () => {
    const m = xent.sequential({ input: 3 }, [dense(2)]);
    // small integers: every sum is exact
    m.loadStateDict({
      "0.weight": { shape: [2, 3], data: Float32Array.of(1, 2, 3, -4, 5, -6) },
      "0.bias": { shape: [2], data: Float32Array.of(10, 20) },
    });
    const x = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [7, -8, 9],
    ];
    const expected = [11, 16, 12, 25, 13, 14, 10 + 7 - 16 + 27, 20 - 28 - 40 - 54];
    expect([...m.logits(x)]).toEqual(expected);
  });

  it("is a copy: changing it changes nothing, and training does not change it", async () => {
    const m = model();
    const state = m.stateDict();
    const before = weights(m);
    for (const { data } of Object.values(state)) data.fill(7);
    expect(weights(m)).toBe(before);
    const kept = m.stateDict();
    const copy = structuredClone(kept);
    await m.fit(data, { epochs: 1 });
    expect(kept).toEqual(copy);
    expect(weights(m)).not.toBe(before);
  });
});

describe("loadStateDict", () => {
  it("brings every bit back, −0 and subnormals too", async () => {
    const state = model().stateDict();
    const odd = (state["1.weight"] as StateDict[string]).data;
    odd.set([-0, 2 ** -149, -(2 ** -130), 3e38]);
    const m = model(2);
    m.loadStateDict(state);
    for (const [name, { data }] of Object.entries(m.stateDict())) {
      expect(bits(data)).toEqual(bits((state[name] as StateDict[string]).data));
    }
  });

  it("makes two models the same: they go on alike", async () => {
    const [one, two] = [model(1), model(1)];
    await one.fit(data, { epochs: 1, batchSize: 8 });
    two.loadStateDict(one.stateDict());
    const batch = [data.x.subarray(0, 40) as Float32Array, data.y.subarray(0, 8)] as const;
    expect(await one.trainOnBatch(...batch)).toEqual(await two.trainOnBatch(...batch));
    expect(weights(two)).toBe(weights(one));
    expect(bits(two.predict(data.x))).toEqual(bits(one.predict(data.x)));
  });

  it("takes names in any order, and views of larger arrays", () => {
    const state = model(3).stateDict();
    const m = model();
    const entries = Object.entries(state).map(([name, { shape, data }]) => {
      const roomy = new Float32Array(data.length + 8);
      roomy.set(data, 4);
      return [name, { shape, data: roomy.subarray(4, 4 + data.length) }] as const;
    });
    m.loadStateDict(Object.fromEntries(entries.reverse()));
    expect(weights(m)).toBe(weights(model(3)));
  });

  it("copies: the caller's arrays stay the caller's", async () => {
    const state = model(3).stateDict();
    const copy = structuredClone(state);
    const m = model();
    m.loadStateDict(state);
    await m.fit(data, { epochs: 1 });
    expect(state).toEqual(copy);
    const after = weights(m);
    for (const { data } of Object.values(state)) data.fill(0);
    expect(weights(m)).toBe(after);
  });

  const good = (): Record<string, unknown> => ({ ...model(4).stateDict() });
  const without = (name: string) => {
    const { [name]: _, ...rest } = good();
    return rest;
  };
  it.each([
    ["a missing name", without("3.bias"), '"3.bias" is missing'],
    ["no names", {}, '"1.weight" is missing'],
    ["a name too many", { ...good(), "5.weight": good()["3.weight"] }, '"5.weight"'],
    ["a matrix turned", { ...good(), "1.weight": { shape: [5, 17], data: floats(1, 85) } }, "[5,17]"],
    ["another width", { ...good(), "3.bias": { shape: [4], data: floats(1, 4) } }, "[4]"],
    ["too few values", { ...good(), "1.weight": { shape: [17, 5], data: floats(1, 84) } }, "84 values"],
    ["f64 values", { ...good(), "3.bias": { shape: [3], data: Float64Array.of(1, 2, 3) } }, "Float32Array"],
    ["a plain array", { ...good(), "3.bias": { shape: [3], data: [1, 2, 3] } }, "Float32Array"],
    ["no data", { ...good(), "3.bias": { shape: [3] } }, '"3.bias"'],
    ["an array alone", { ...good(), "3.bias": Float32Array.of(1, 2, 3) }, '"3.bias"'],
    ["null for a tensor", { ...good(), "3.bias": null }, '"3.bias"'],
    ["null", null, "null"],
    ["nothing", undefined, "undefined"],
    ["a string", "weights", 'is "weights"'],
  ])("refuses %s, and changes nothing", async (_, state, piece) => {
    const m = model();
    const before = weights(m);
    await refuses(() => m.loadStateDict(state as StateDict), "STATE", "loadStateDict", piece);
    expect(weights(m)).toBe(before);
    await m.fit(data, { epochs: 1 });
    expect(weights(m)).not.toBe(before);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses %s among the values, and says where",
    async (value) => {
      const m = model();
      const before = weights(m);
      const state = model(4).stateDict();
      (state["3.weight"] as StateDict[string]).data[20] = value;
      await refuses(() => m.loadStateDict(state), "STATE", '"3.weight"', String(value), "20");
      expect(weights(m)).toBe(before);
    },
  );
});
