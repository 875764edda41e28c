// gradCheck on nets that are right: every layer, loss, reduction and kind of data passes, far below its tolerance; what it says
// of entries; and that it leaves the model alone. Kinks and numbers that cancel are in gradcheck-numbers.test.ts, broken
// kernels in gradcheck-mutants.test.ts.

import { describe, expect, it } from "vitest";
import type { LayerSpec, LossSpec } from "../../src/base/spec.ts";
import { type GradCheck, gradCheck } from "../../src/model/gradcheck.ts";
import { init } from "../../src/model/runtime.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { sigmoid, softmax, tanh } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { bceWithLogits, mse, quadratic } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import { refuses, thrown } from "../support/errors.ts";
import * as kinds from "../support/every-kind.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const model = (layers: readonly LayerSpec[], loss?: LossSpec, seed = 1) =>
  xent.sequential({ input: kinds.INPUTS, seed, ...learn, ...(loss === undefined ? {} : { loss }) }, layers);
const all = { entries: Number.POSITIVE_INFINITY };

/**
 * An element of a gradient here passes through three layers and some 60 roundings of f32 in sum, which add up like random
 * signs do to 8 units; elements and factors cancel by less than 8. The largest error seen is 9.2·10⁻⁷ (seed 2 of 1 to 3).
 */
const FAR_BELOW = 64 * 2 ** -24;

function expectPassed(check: GradCheck, bound = FAR_BELOW): void {
  expect(check).toMatchObject({ passed: true, suspects: [] });
  expect(check.error).toBeLessThanOrEqual(bound);
  expect(check.error).toBe(Math.max(...check.tensors.map(({ error }) => error)));
  // scale and row losses are rounded to f32; the loss is a sum of at most 8 × 4 of them
  expect(Math.abs(check.loss - check.lossInF64)).toBeLessThanOrEqual(bound * Math.max(check.lossInF64, 1));
}

describe(`nets that are right (seed ${SEED})`, () => {
  const [{ y: ids }] = kinds.lossCases as [kinds.LossCase];

  it.each(kinds.activations)("%s", async (_, activation) => {
    const check = await gradCheck(model(kinds.net(activation)), { x: kinds.features(1), y: ids }, all);
    expectPassed(check);
    expect(check.tensors.map(({ name }) => name)).toEqual(
      ["0", "2", "4"].flatMap((i) => [`${i}.weight`, `${i}.bias`]),
    );
    const sizes = [35, 7, 42, 6, 24, 4];
    for (const [i, { entries, kinks }] of check.tensors.entries()) expect(entries + kinks).toBe(sizes[i]);
    expect(check.tensors.every(({ error }) => error > 0)).toBe(true);
  });

  it.each(kinds.activations)("%s as first layer, twice, and last, into mse", async (_, activation) => {
    const layers = [activation, dense(6), activation, activation, dense(kinds.OUTPUTS), activation];
    const y = floats(2, kinds.ROWS * kinds.OUTPUTS);
    expectPassed(await gradCheck(model(layers, mse()), { x: kinds.features(2), y }, all));
  });

  describe.each(kinds.lossCases)("$name", ({ make, y }) => {
    it.each(kinds.REDUCTIONS)("%s, with weights of rows and without", async (reduction) => {
      const m = model(kinds.net(tanh()), make(reduction));
      expectPassed(await gradCheck(m, { x: kinds.features(3), y }, all));
      const weight = kinds.rowWeight;
      expectPassed(await gradCheck(m, { x: kinds.features(4), y, weight }, all));
    });
  });

  it("quadratic and mse behind a softmax or a sigmoid", async () => {
    const y = floats(5, kinds.ROWS * kinds.OUTPUTS, 0, 1);
    for (const last of [softmax(), sigmoid()]) {
      for (const loss of [quadratic(), mse()]) {
        const m = model([dense(7), relu(), dense(kinds.OUTPUTS), last], loss);
        expectPassed(await gradCheck(m, { x: kinds.features(5), y }, all));
      }
    }
  });

  it("bytes, scaled by 1/255 and as the last data set says", async () => {
    const m = model(kinds.net(sigmoid()));
    const { x, y } = byteSet(6, kinds.ROWS, kinds.INPUTS, kinds.OUTPUTS);
    expectPassed(await gradCheck(m, { x, y }, all));
    await m.evaluate(byteSet(6, 20, kinds.INPUTS, kinds.OUTPUTS, { scale: 1 / 16, shift: -8 }));
    expectPassed(await gradCheck(m, { x, y }, all));
  });

  it("one row, one feature, one output; ids as numbers", async () => {
    const m = xent.sequential({ input: 1 }, [dense(1)]);
    expectPassed(await gradCheck(m, { x: [[0.5]], y: [1] }, { loss: mse() }));
    expectPassed(await gradCheck(m, { x: [[0.5], [2]], y: [0, 1] }, { loss: bceWithLogits() }));
  });

  it("wider than a tile, a panel and a block of the products", async () => {
    const m = xent.sequential({ input: 300, seed: 2, ...learn }, [
      dense(29),
      relu(),
      dense(13),
      tanh(),
      dense(10),
    ]);
    const batch = { x: floats(7, 14 * 300), y: integers(8, 14, 0, 9) };
    expectPassed(await gradCheck(m, batch));
  });
});

describe("entries", () => {
  const layers = [dense(30), relu(), dense(kinds.OUTPUTS)];
  const batch = { x: kinds.features(13), y: integers(13, kinds.ROWS, 0, 3) };
  const counts = (check: GradCheck): number[] => check.tensors.map(({ entries, kinks }) => entries + kinks);

  it("are 100 of each parameter, or as many as are asked for, or all", async () => {
    const m = model(layers);
    expect(counts(await gradCheck(m, batch))).toEqual([100, 30, 100, 4]);
    expect(counts(await gradCheck(m, batch, { entries: 7 }))).toEqual([7, 7, 7, 4]);
    expect(counts(await gradCheck(m, batch, all))).toEqual([150, 30, 120, 4]);
  });

  it("are picked by the seed", async () => {
    const of = (seed: number) => gradCheck(model(layers), batch, { entries: 5, seed });
    expect(await of(3)).toEqual(await of(3));
    expect(await of(4)).not.toEqual(await of(3));
    expect(await of(0)).toEqual(await gradCheck(model(layers), batch, { entries: 5 }));
  });

  it("worst names the place in [out, in] and [out], and both values", async () => {
    const m = model(layers);
    m.gradients = (given) => {
      const state = Sequential.prototype.gradients.call(m, given);
      for (const [name, at] of [
        ["0.weight", 13 * kinds.INPUTS + 2],
        ["2.bias", 3],
      ] as const) {
        const { data } = state[name] as { data: Float32Array };
        data[at] = 9;
      }
      return state;
    };
    const check = await gradCheck(m, batch, all);
    const [weight, bias, , last] = check.tensors;
    expect(check.passed).toBe(false);
    expect(weight?.worst).toMatchObject({ index: [13, 2], gradient: 9 });
    expect(last?.worst).toMatchObject({ index: [3], gradient: 9 });
    expect(bias?.error).toBeLessThan(FAR_BELOW);
    const right = Sequential.prototype.gradients.call(m, batch)["0.weight"]?.data[
      13 * kinds.INPUTS + 2
    ] as number;
    expect(Math.abs((weight?.worst.difference as number) - right)).toBeLessThan(FAR_BELOW);
    // 9 stands where 10⁻¹ would, so all of the difference is error; kernels are all right
    expect(weight?.error).toBeGreaterThan(0.9);
    expect(check.suspects).toEqual([]);
  });

  it("are held to the tolerance: a gradient that is 10⁻⁵ too large", async () => {
    const m = model(layers);
    m.gradients = (given) => {
      const state = Sequential.prototype.gradients.call(m, given);
      for (const { data } of Object.values(state))
        for (const [i, g] of data.entries()) data[i] = g * (1 + 1e-5);
      return state;
    };
    const [usual, strict] = [await gradCheck(m, batch), await gradCheck(m, batch, { tolerance: 5e-6 })];
    expect([usual.passed, strict.passed]).toEqual([true, false]);
    expect(Math.abs(strict.error - 1e-5)).toBeLessThan(FAR_BELOW);
    // rounding alone passes any
    expect(await gradCheck(model(layers), batch, { tolerance: 1e-9 })).toMatchObject({ passed: true });
  });
});

describe("the model", () => {
  const layers = [dense(20), relu(), dense(kinds.OUTPUTS)];
  const data = blobSet(14, 60, kinds.INPUTS, kinds.OUTPUTS);
  const batch = { x: kinds.features(14), y: integers(14, kinds.ROWS, 0, 3) };

  it("trains on as if it had not been checked: weights, order of rows, gradients", async () => {
    const [m, twin] = [model(layers), model(layers)];
    const before = weights(m);
    await gradCheck(m, batch);
    expect(weights(m)).toBe(before);
    await refuses(() => m.gradients(), "STATE");
    for (const each of [m, twin]) await each.fit(data, { epochs: 2, batchSize: 7 });
    await gradCheck(m, batch, { entries: 5 });
    expect(m.gradients()).toEqual(twin.gradients());
    expect(await m.fit(data, { epochs: 2, batchSize: 7 })).toEqual(
      await twin.fit(data, { epochs: 2, batchSize: 7 }),
    );
    expect(weights(m)).toBe(weights(twin));
    expect(m.predict(data.x)).toEqual(twin.predict(data.x));
  });

  it("may train, and be disposed of, while it is checked", async () => {
    const large = { x: kinds.features(15, 40), y: integers(15, 40, 0, 3) };
    const alone = await gradCheck(model(layers), large, all);
    const m = model(layers);
    const check = gradCheck(m, large, all);
    // the copy is made when the interpreter is there, long before the last entry
    await new Promise((resolve) => setTimeout(resolve, 70));
    await m.trainOnBatch(batch.x, batch.y);
    await m.fit(data, { batchSize: 3 });
    m.dispose();
    expect(await check).toEqual(alone);
  });

  it("is refused while it is busy, and when it was disposed of", async () => {
    const m = model(layers);
    const fit = m.fit(blobSet(14, 60_000, kinds.INPUTS, kinds.OUTPUTS), { batchSize: 8 });
    await refuses(() => gradCheck(m, batch), "BUSY", "gradCheck");
    await fit;
    m.dispose();
    await refuses(() => gradCheck(m, batch), "DISPOSED", "gradCheck");
  });

  it("a signal ends it with its reason: at once, and in between", async () => {
    const reason = new Error("enough");
    expect(await thrown(() => gradCheck(model(layers), batch, { signal: AbortSignal.abort(reason) }))).toBe(
      reason,
    );
    const wide = xent.sequential({ input: 784, ...learn }, [dense(200), relu(), dense(10)]);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    const x = floats(16, 20 * 784);
    const y = integers(16, 20, 0, 9);
    const before = weights(wide);
    const start = performance.now();
    expect(await thrown(() => gradCheck(wide, { x, y }, { ...all, signal: controller.signal }))).toBe(reason);
    // all 158,810 entries would take minutes
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(weights(wide)).toBe(before);
  });

  // biome-ignore lint/suspicious/noExplicitAny: what the types forbid and JavaScript does not
  const any = (value: unknown): any => value;
  it.each([
    ["no model", () => gradCheck(any({}), batch), "OPTION", "model"],
    ["no batch", () => gradCheck(model(layers), any(undefined)), "OPTION", "batch"],
    ["an unknown name", () => gradCheck(model(layers), batch, any({ entry: 3 })), "OPTION", "entry"],
    [
      "an unknown name in the batch",
      () => gradCheck(model(layers), any({ ...batch, weights: [1] })),
      "OPTION",
      "weights",
    ],
    ["no entries", () => gradCheck(model(layers), batch, { entries: 0 }), "OPTION", "entries"],
    ["half an entry", () => gradCheck(model(layers), batch, { entries: 1.5 }), "OPTION", "entries"],
    ["a tolerance of 0", () => gradCheck(model(layers), batch, { tolerance: 0 }), "OPTION", "tolerance"],
    ["a seed below 0", () => gradCheck(model(layers), batch, { seed: -1 }), "OPTION", "seed"],
    [
      "a controller for a signal",
      () => gradCheck(model(layers), batch, { signal: any(new AbortController()) }),
      "OPTION",
      "signal",
    ],
    ["a loss that is none", () => gradCheck(model(layers), batch, { loss: any("mse") }), "OPTION", "loss"],
    [
      "reduction none",
      () => gradCheck(model(layers), batch, { loss: mse({ reduction: "none" }) }),
      "LOSS",
      "none",
    ],
    ["no loss", () => gradCheck(xent.sequential({ input: 5 }, layers), batch), "NO_LOSS", "gradients"],
    [
      "NaN",
      () => gradCheck(model(layers), { ...batch, x: batch.x.map(() => Number.NaN) }),
      "NOT_FINITE",
      "row 0",
    ],
    ["no rows", () => gradCheck(model(layers), { x: new Float32Array(0), y: [] }), "EMPTY", ""],
    [
      "rows of another width",
      () => gradCheck(model(layers), { x: new Float32Array(7), y: [0] }),
      "SHAPE",
      "",
    ],
    ["an unknown class", () => gradCheck(model(layers), { ...batch, y: batch.y.map(() => 4) }), "LABEL", "4"],
    [
      "a weight below 0",
      () => gradCheck(model(layers), { ...batch, weight: batch.y.map(() => -1) }),
      "WEIGHT",
      "-1",
    ],
  ] as const)("refuses %s", async (_, call, code, piece) => {
    await refuses(call, code, piece);
  });
});

it("784-30-10 with 10 rows takes a few seconds at most", async () => {
  const m = xent.sequential({ input: 784, seed: 5, ...learn }, [dense(30), sigmoid(), dense(10)]);
  const batch = { x: floats(17, 7840, 0, 1), y: integers(17, 10, 0, 9) };
  // time of this process alone: others may have the machine
  const start = process.cpuUsage();
  expectPassed(await gradCheck(m, batch));
  const seconds = process.cpuUsage(start).user / 1e6;
  console.log(`gradCheck of 784-30-10, 10 rows, 240 entries: ${seconds.toFixed(2)} s`);
  expect(seconds).toBeLessThan(5);
});
