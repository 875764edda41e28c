// The same weights, bit for bit: on every run with one seed, in both builds, through fit, steps and trainOnBatch,
// whole data sets and windows of them, whatever is asked of the model meanwhile.

import { describe, expect, it } from "vitest";
import { Random, STREAM_SHUFFLE, shuffle } from "../../src/base/random.ts";
import { type Dataset, dataset } from "../../src/data/dataset.ts";
import { init, type Xent } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { sigmoid } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import { wasmBytes } from "../support/core.ts";
import { weights } from "../support/state.ts";

const xent = await init({ precision: "strict" });
const debug = await init({ wasm: wasmBytes("debug") });
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const model = (runtime: Xent = xent, seed = 1): Sequential =>
  runtime.sequential({ input: 7, seed, ...learn }, [dense(13), relu(), dense(9), sigmoid(), dense(4)]);

/** 53 rows: no multiple of any batch size below. */
const train = blobSet(1, 53, 7, 4);
const bytes = byteSet(2, 53, 7, 4);

/** Rows `order[from]` … of a data set, as trainOnBatch takes them. */
function rowsOf(data: Dataset, order: ArrayLike<number>, from: number, to: number) {
  const { features } = data;
  const picked = Array.from({ length: to - from }, (_, i) => order[from + i] as number);
  const x =
    data.x instanceof Uint8Array
      ? new Uint8Array(picked.length * features)
      : new Float32Array(picked.length * features);
  for (const [i, row] of picked.entries()) {
    x.set(data.x.subarray(row * features, (row + 1) * features), i * features);
  }
  return { x, y: Int32Array.from(picked, (row) => data.y[row] as number) };
}

async function fitted(options: Parameters<Sequential["fit"]>[1], data = train, m = model()): Promise<string> {
  await m.fit(data, options);
  return weights(m);
}

describe("the same seed", () => {
  it.each([
    ["f32", train],
    ["u8", bytes],
  ] as const)("gives the same weights on every run, %s", async (_, data) => {
    const first = await fitted({ epochs: 3, batchSize: 8 }, data);
    for (let run = 0; run < 3; run++) expect(await fitted({ epochs: 3, batchSize: 8 }, data)).toBe(first);
  });

  it("another seed gives others", async () => {
    const options = { epochs: 1, batchSize: 8 };
    expect(await fitted(options)).not.toBe(await fitted(options, train, model(xent, 2)));
  });

  it("the seed drives the order of rows too, not only the start", async () => {
    const start = model(xent, 1).stateDict();
    const [one, two] = [model(xent, 1), model(xent, 2)];
    for (const m of [one, two]) {
      m.loadStateDict(start);
      await m.fit(train, { epochs: 1, batchSize: 8 });
    }
    expect(weights(one)).not.toBe(weights(two));
  });

  it.each([
    ["f32", train],
    ["u8", bytes],
  ] as const)("gives the same weights in the debug build, %s", async (_, data) => {
    const options = { epochs: 2, batchSize: 8 };
    expect(await fitted(options, data, model(debug))).toBe(await fitted(options, data));
  });

  it("every epoch has an order of its own, however the epochs are split into calls", async () => {
    const whole = await fitted({ epochs: 3, batchSize: 8 });
    const split = model();
    await split.fit(train, { epochs: 1, batchSize: 8 });
    for await (const _ of split.steps(train, { epochs: 1, batchSize: 8 }));
    await split.fit(train, { epochs: 1, batchSize: 8 });
    expect(weights(split)).toBe(whole);

    const again = model();
    const start = again.stateDict();
    await again.fit(train, { epochs: 1, batchSize: 8 });
    const first = weights(again);
    again.loadStateDict(start);
    await again.fit(train, { epochs: 1, batchSize: 8 });
    expect(weights(again)).not.toBe(first);
  });
});

describe("fit, steps and trainOnBatch", () => {
  const batchSize = 8;

  it.each([
    ["f32", train],
    ["u8", bytes],
  ] as const)("take the same steps on the same rows, %s", async (_, data) => {
    const whole = model();
    const history = await whole.fit(data, { epochs: 2, batchSize });

    const stepped = model();
    const losses: number[] = [];
    for await (const step of stepped.steps(data, { epochs: 2, batchSize })) losses.push(step.loss);
    expect(weights(stepped)).toBe(weights(whole));
    expect(losses.length).toBe(history.steps);

    const manual = model();
    const order = new Uint32Array(data.rows);
    const manualLosses: number[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      shuffle(order, new Random(1, STREAM_SHUFFLE, epoch));
      for (let row = 0; row < data.rows; row += batchSize) {
        const { x, y } = rowsOf(data, order, row, Math.min(data.rows, row + batchSize));
        manualLosses.push((await manual.trainOnBatch(x, y)).loss);
      }
    }
    expect(weights(manual)).toBe(weights(whole));
    expect(manualLosses).toEqual(losses);
  });

  it("shuffle: false takes the rows as they come, the last batch smaller", async () => {
    const manual = model();
    for (let epoch = 0; epoch < 2; epoch++) {
      for (let row = 0; row < train.rows; row += batchSize) {
        const order = Uint32Array.from({ length: train.rows }, (_, i) => i);
        const { x, y } = rowsOf(train, order, row, Math.min(train.rows, row + batchSize));
        await manual.trainOnBatch(x, y);
      }
    }
    const unshuffled = await fitted({ epochs: 2, batchSize, shuffle: false });
    expect(unshuffled).toBe(weights(manual));
    expect(await fitted({ epochs: 2, batchSize })).not.toBe(unshuffled);
  });

  it("a batch size beyond the data is the whole data", async () => {
    const whole = await fitted({ epochs: 2, batchSize: train.rows });
    for (const batchSize of [54, 64, 1e6, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      expect(await fitted({ epochs: 2, batchSize })).toBe(whole);
    }
  });

  it("rows as arrays, flat arrays and views of larger buffers are the same rows", async () => {
    const nested = Array.from({ length: 53 }, (_, i) => [...train.x.subarray(i * 7, i * 7 + 7)]);
    const roomy = new Float32Array(train.x.length + 5);
    roomy.set(train.x, 3);
    const expected = await fitted({ epochs: 1, batchSize });
    for (const data of [
      dataset({ x: nested, y: [...train.y] }),
      dataset({ x: roomy.subarray(3, 3 + train.x.length), y: train.y, features: 7 }),
    ]) {
      expect(await fitted({ epochs: 1, batchSize }, data)).toBe(expected);
    }
  });
});

describe("what a training run does not notice", () => {
  it("predictions, weights and plans between its steps", async () => {
    const undisturbed = await fitted({ epochs: 3, batchSize: 8 });
    const m = model();
    const states: string[] = [];
    for await (const step of m.steps(train, { epochs: 3, batchSize: 8 })) {
      if (step.step % 2 === 0) {
        m.predict(train.x);
        m.predictClass(bytes.x);
      } else m.logits(train.x.subarray(0, 7));
      if (step.step % 3 === 0) states.push(weights(m));
      if (step.step % 5 === 0) m.plan({ batchSize: 4096, rows: 10_000, features: "u8" });
    }
    expect(weights(m)).toBe(undisturbed);
    expect(new Set(states).size).toBe(states.length);
  });

  it("the same from callbacks of fit, and validation", async () => {
    const m = model();
    await m.fit(train, {
      epochs: 3,
      batchSize: 8,
      validation: blobSet(3, 300, 7, 4),
      metrics: ["accuracy"],
      callbacks: [{ onEpochEnd: () => m.predict(train.x), onProgress: () => m.stateDict() }],
    });
    expect(weights(m)).toBe(await fitted({ epochs: 3, batchSize: 8 }));
  });

  it("evaluations before and after, of floats and of bytes", async () => {
    const m = model();
    await m.evaluate(bytes);
    await m.fit(train, { epochs: 1, batchSize: 8 });
    await m.evaluate(byteSet(5, 20, 7, 4, { scale: 1, shift: -3 }));
    await m.confusionMatrix(train);
    await m.fit(train, { epochs: 2, batchSize: 8 });
    expect(weights(m)).toBe(await fitted({ epochs: 3, batchSize: 8 }));
  });

  it("plans made larger and smaller: weights are carried over", async () => {
    const m = model();
    const steps = [
      () => m.fit(train, { batchSize: 8, shuffle: false }),
      () => m.fit(blobSet(4, 700, 7, 4), { batchSize: 64, shuffle: false }),
      () => m.trainOnBatch(train.x.subarray(0, 21), train.y.subarray(0, 3)),
      () => m.fit(bytes, { batchSize: 64, shuffle: false }),
      () => m.trainOnBatch(train.x.subarray(7, 14), train.y.subarray(1, 2)),
    ];
    let state = m.stateDict();
    for (const step of steps) {
      // a model that did nothing before takes the very same step from the same weights
      const fresh = model();
      fresh.loadStateDict(state);
      const before = weights(m);
      expect(weights(fresh)).toBe(before);
      await step();
      const moved = weights(m);
      expect(moved).not.toBe(before);
      state = m.stateDict();
    }
    const replay = model();
    await replay.fit(train, { batchSize: 8, shuffle: false });
    const big = blobSet(4, 700, 7, 4);
    for await (const _ of replay.steps(big, { batchSize: 64, shuffle: false }));
    await replay.trainOnBatch(train.x.subarray(0, 21), train.y.subarray(0, 3));
    await replay.trainOnBatch(bytes.x, bytes.y);
    await replay.trainOnBatch(train.x.subarray(7, 14), train.y.subarray(1, 2));
    expect(weights(replay)).toBe(weights(m));
  });
});

it("data that the caller passes is never written to", async () => {
  const copies = [train.x.slice(), train.y.slice(), bytes.x.slice(), bytes.y.slice()];
  const m = model();
  await m.fit(train, { epochs: 1, batchSize: 8, validation: bytes });
  await m.fit(bytes, { epochs: 1, batchSize: 8, validation: train });
  await m.trainOnBatch(bytes.x, bytes.y);
  m.predict(train.x);
  await m.confusionMatrix(bytes);
  expect([train.x, train.y, bytes.x, bytes.y]).toEqual(copies);
});
