// A loss or a weight that is no longer a finite number: the error says so, and good weights come back.

import { describe, expect, it } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet, blobs } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const model = (lr: number) =>
  xent.sequential({ input: 4, seed: 5, loss: crossEntropy(), optimizer: sgd({ lr }) }, [
    dense(8),
    relu(),
    dense(3),
  ]);

/** A model with weights of about ±5: a row of 3e38 makes its logits infinite or NaN, and so the loss. */
function steep() {
  const m = model(0.01);
  const state = m.stateDict();
  for (const { data } of Object.values(state)) for (const [i, v] of data.entries()) data[i] = 10 * v;
  m.loadStateDict(state);
  return m;
}

const good = blobSet(1, 64, 4, 3);

/** One row a step; the row at `at` is finite, and too large for any f32 product. */
function poisoned(rows: number, at: number) {
  const { x, y } = blobs(2, rows, 4, 3);
  x.fill(3e38, 4 * at, 4 * at + 4);
  return dataset({ x, y, features: 4 });
}
const inOrder = { batchSize: 1, shuffle: false } as const;

describe("DIVERGED", () => {
  it("a huge learning rate on unscaled data: the weights come back, and the model trains on", async () => {
    const { x, y } = blobs(1, 64, 4, 3);
    const unscaled = dataset({ x: x.map((v) => v * 1e6), y, features: 4 });
    // no relu, which may die and leave a loss that is large and finite
    const m = xent.sequential({ input: 4, seed: 5, loss: crossEntropy() }, [dense(8), dense(3)]);
    const before = weights(m);
    const call = () => m.fit(unscaled, { epochs: 50, batchSize: 8, optimizer: sgd({ lr: 1e30 }) });
    await refuses(call, "DIVERGED", "step", "lr 1e+30", "smaller lr");
    expect(weights(m)).toBe(before);
    const history = await m.fit(good, { epochs: 5, optimizer: sgd({ lr: 0.1 }) });
    expect(history.loss.at(-1)).toBeLessThan(history.loss[0] as number);
  });

  it.each([
    [0, "those it began with", 0],
    [7, "those it began with", 0],
    [255, "those it began with", 0],
    [256, "those it began with", 0],
    [257, "before step 256", 256],
    [511, "before step 256", 256],
    [600, "before step 512", 512],
  ])("at step %i the weights are %s", async (at, words, kept) => {
    const data = poisoned(700, at);
    const m = steep();
    await refuses(() => m.fit(data, inOrder), "DIVERGED", `step ${at}`, words);
    const plain = steep();
    let left = kept;
    if (left > 0) for await (const _ of plain.steps(data, inOrder)) if (--left === 0) break;
    expect(weights(m)).toBe(weights(plain));
  });

  it("ends a loop over steps, and the model is free again", async () => {
    const m = steep();
    const losses: number[] = [];
    await refuses(async () => {
      for await (const step of m.steps(poisoned(20, 12), inOrder)) losses.push(step.loss);
    }, "DIVERGED");
    expect(losses.length).toBe(12);
    expect(losses.every(Number.isFinite)).toBe(true);
    await m.fit(good);
  });

  it("of trainOnBatch leaves the weights as they were", async () => {
    const m = steep();
    await m.fit(good);
    const before = weights(m);
    await refuses(() => m.trainOnBatch(poisoned(1, 0).x, [0]), "DIVERGED", "trainOnBatch", "lr 0.01");
    expect(weights(m)).toBe(before);
    await m.trainOnBatch(good.x, good.y);
    expect(weights(m)).not.toBe(before);
  });

  it("an overflow in the very last update is noticed too", async () => {
    const m = model(3e38);
    const before = weights(m);
    const { x, y } = blobs(1, 64, 4, 3);
    const unscaled = dataset({ x: x.map((v) => v * 1000), y, features: 4 });
    const call = () => m.fit(unscaled, { batchSize: 64 });
    await refuses(call, "DIVERGED", "overflowed at step 0", "those it began with");
    expect(weights(m)).toBe(before);
  });
});
