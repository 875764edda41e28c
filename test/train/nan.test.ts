// onNaN: what becomes of a run whose loss or weights are not finite. The default is in diverged.test.ts.

import { describe, expect, it } from "vitest";
import type { XentError } from "../../src/base/errors.ts";
import type { LayerSpec } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import type { FitOptions } from "../../src/model/options.ts";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { mse } from "../../src/nn/losses.ts";
import { batchNorm1d } from "../../src/nn/norms.ts";
import { adam } from "../../src/train/adaptive.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobs } from "../support/blobs.ts";
import { refuses, thrown } from "../support/errors.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const plain: readonly LayerSpec[] = [dense(8), relu(), dense(3)];
const normed: readonly LayerSpec[] = [dense(8), batchNorm1d(), relu(), dense(3)];

/** Weights of about ±5, so that a row of 3e38 makes outputs that are not finite. */
function steep(layers: readonly LayerSpec[]): Sequential {
  const m = xent.sequential({ input: 4, seed: 5 }, layers);
  const state = m.stateDict();
  for (const [name, { data }] of Object.entries(state)) {
    if (!name.startsWith("1.")) for (const [i, v] of data.entries()) data[i] = 10 * v;
  }
  m.loadStateDict(state);
  return m;
}

/** 600 rows, of which row `at` is too large. */
function poisoned(at: number, rows = 600) {
  const { x, y } = blobs(2, rows, 4, 3);
  x.fill(3e38, 4 * at, 4 * at + 4);
  return dataset({ x, y, features: 4 });
}
const how = (more: FitOptions = {}): FitOptions => ({
  loss: crossEntropy(),
  optimizer: adam({ lr: 0.001 }),
  batchSize: 2,
  shuffle: false,
  inspect: false,
  ...more,
});

/** The weights after so many steps without the row that is too large; rows up to `at` are the same. */
async function weightsAfter(
  steps: number,
  layers: readonly LayerSpec[],
  more: FitOptions = {},
): Promise<string> {
  const m = steep(layers);
  let left = steps;
  const { inspect: _, onNaN: __, ...options } = how(more);
  if (left > 0) for await (const _ of m.steps(poisoned(599), options)) if (--left === 0) break;
  return weights(m);
}

describe("the message", () => {
  it("names step, epoch, learning rate, layer, tensor, value and its place", async () => {
    const m = steep(plain);
    const error = (await thrown(() =>
      m.fit(poisoned(7), how({ optimizer: sgd({ lr: 0.125 }) })),
    )) as XentError;
    expect(error.code).toBe("DIVERGED");
    // row 7 is the second of step 3
    expect(error.message).toMatch(
      /the loss became (NaN|-?Infinity) at step 3 \(epoch 0, lr 0\.125\); first, 0 dense: 0\.dense holds (NaN|-?Infinity) at row 1, column \d; the weights are those it began with/,
    );
  });

  it("names the weight that overflowed, as the state dict has it", async () => {
    const m = xent.sequential({ input: 4, seed: 5 }, [dense(3)]);
    const { x, y } = blobs(1, 8, 4, 3);
    const data = dataset({ x: x.map((v) => v * 1000), y, features: 4 });
    const error = (await thrown(() =>
      m.fit(data, how({ optimizer: sgd({ lr: 3e38 }), batchSize: 8 })),
    )) as XentError;
    expect(error.message).toMatch(
      /weights overflowed at step 0 or before \(lr 3e\+38\): 0\.weight\[\d, \d\] is (NaN|-?Infinity)/,
    );
  });

  it("names a running statistic that overflowed, which no loss of training tells of", async () => {
    const m = xent.sequential({ input: 4, seed: 5 }, [batchNorm1d(), dense(3)]);
    const { x, y } = blobs(1, 8, 4, 3);
    const before = weights(m);
    const data = dataset({ x: x.map((v) => v * 1e30), y, features: 4 });
    await refuses(
      () => m.fit(data, how({ batchSize: 8 })),
      "DIVERGED",
      "0.running_var[",
      "Infinity",
      "it began with",
    );
    expect(weights(m)).toBe(before);
  });

  it("of steps and of trainOnBatch", async () => {
    const { inspect: _, ...options } = how();
    await refuses(
      async () => {
        for await (const _ of steep(plain).steps(poisoned(7), options));
      },
      "DIVERGED",
      "step 3",
      "0.dense",
    );
    const { x } = poisoned(0, 1);
    const call = () => steep(plain).trainOnBatch(x, [0], { loss: mse(), optimizer: sgd({ lr: 0.5 }) });
    await refuses(call, "DIVERGED", "trainOnBatch, lr 0.5", "row 0");
  });
});

describe.each([
  ["plain", plain, {}],
  ["batchNorm1d", normed, {}],
  ["accumulate", plain, { accumulate: 3 }],
  ["batchNorm1d and accumulate", normed, { accumulate: 3 }],
] as const)("rollback, %s", (_, layers, more) => {
  const perStep = 2 * ("accumulate" in more ? more.accumulate : 1);
  it.each([0, 1, 5, 40, 553])("a row too large at %i", async (at) => {
    const m = steep(layers);
    const history = await m.fit(poisoned(at), how({ ...more, onNaN: "rollback", epochs: 3 }));
    const step = Math.floor(at / perStep);
    expect(history).toMatchObject({ stopped: "nan", epochs: 0, loss: [], steps: step });
    expect(history.problem).toContain(`at step ${step} (epoch 0, lr 0.001)`);
    const kept = step - (step % 256);
    expect(weights(m)).toBe(await weightsAfter(kept, layers, more));
    // the model is free, and finite
    expect(Object.values(m.stateDict()).every(({ data }) => data.every(Number.isFinite))).toBe(true);
    expect((await m.fit(poisoned(599), how({ epochs: 1, onNaN: "rollback" }))).stopped).toBe("nan");
  });

  it("and the error leaves the same weights", async () => {
    const m = steep(layers);
    await refuses(() => m.fit(poisoned(553), how(more)), "DIVERGED");
    const kept = Math.floor(553 / perStep) >= 256 ? 256 : 0;
    expect(weights(m)).toBe(await weightsAfter(kept, layers, more));
  });
});

describe("rollback", () => {
  it("in a later epoch keeps the figures of those before", async () => {
    const m = xent.sequential({ input: 4, seed: 5 }, plain);
    const { x, y } = blobs(2, 64, 4, 3);
    const data = dataset({ x, y, features: 4 });
    const optimizer = sgd({ lr: 0.1, schedule: ({ epoch }) => (epoch < 3 ? 0.1 : 3e38) });
    const history = await m.fit(data, how({ optimizer, batchSize: 16, epochs: 9, onNaN: "rollback" }));
    expect(history.stopped).toBe("nan");
    expect(history.loss.length).toBe(history.epochs);
    expect(history.loss.every(Number.isFinite)).toBe(true);
    expect(history.epochs).toBeGreaterThanOrEqual(3);
    expect(history.problem).toContain("lr 3e+38");
  });

  it("what is no such thing still is thrown", async () => {
    const m = xent.sequential({ input: 4, seed: 5 }, plain);
    const mine = new Error("mine");
    const callbacks = [
      {
        onEpochEnd() {
          throw mine;
        },
      },
    ];
    expect(await thrown(() => m.fit(poisoned(0), how({ onNaN: "ignore", callbacks })))).toBe(mine);
  });

  it("is for fit alone; another word is refused", async () => {
    const m = xent.sequential({ input: 4, seed: 5 }, plain);
    const { inspect: _, ...options } = how();
    await refuses(
      () => m.steps(poisoned(0), { ...options, onNaN: "rollback" }).next(),
      "OPTION",
      'steps: onNaN is "rollback"',
      '"error", "ignore"',
    );
    await refuses(
      () => m.fit(poisoned(0), how({ onNaN: "warn" as "error" })),
      "OPTION",
      'onNaN is "warn"',
      '"rollback"',
    );
  });
});

describe("ignore", () => {
  it("goes on to the end, and neither throws nor rolls back", async () => {
    const m = steep(plain);
    const history = await m.fit(poisoned(5), how({ onNaN: "ignore", epochs: 3 }));
    expect(history).toMatchObject({ stopped: "done", epochs: 3, steps: 900 });
    expect(history.loss).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(Object.values(m.stateDict()).some(({ data }) => data.some(Number.isNaN))).toBe(true);
    expect(history.problem).toBeUndefined();
  });

  it("by steps too, and with accumulate", async () => {
    const { inspect: _, ...options } = how();
    const losses: number[] = [];
    for await (const { loss } of steep(plain).steps(poisoned(5), {
      ...options,
      onNaN: "ignore",
      accumulate: 2,
    })) {
      losses.push(loss);
    }
    expect(losses).toHaveLength(150);
    expect(losses.slice(0, 1).every(Number.isFinite)).toBe(true);
    expect(losses.slice(1).some(Number.isFinite)).toBe(false);
  });

  it("changes nothing where all is finite", async () => {
    const { x, y } = blobs(2, 100, 4, 3);
    const data = dataset({ x, y, features: 4 });
    const [a, b] = [steep(normed), steep(normed)];
    expect(await a.fit(data, how({ onNaN: "ignore", epochs: 2 }))).toEqual(
      await b.fit(data, how({ epochs: 2 })),
    );
    expect(weights(a)).toBe(weights(b));
  });
});
