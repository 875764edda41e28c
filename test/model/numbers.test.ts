// What the calls of a model return: losses, accuracies, probabilities, classes; from floats and from bytes.

import { describe, expect, it } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import { init } from "../../src/model/runtime.ts";
import { sigmoid } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { CHUNK_ROWS } from "../../src/nn/layout.ts";
import { sgd } from "../../src/train/sgd.ts";
import { lossBound, softmaxBounds } from "../oracle/bounds.ts";
import { softmaxCrossEntropy } from "../oracle/rows.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import { type Bounded, exactArray } from "../support/bounded.ts";
import { inF64 } from "../support/kernel-gradients.ts";
import { boundedForward } from "../support/net.ts";
import { bits, weights } from "../support/state.ts";

const xent = await init();
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const [input, outputs] = [7, 5] as const;
const layers = [dense(12), relu(), dense(9), sigmoid(), dense(outputs)];
const model = (seed = 3) => xent.sequential({ input, seed, ...learn }, layers);

/** Mean loss and share of hits in f64, from the model's own logits, and the bound of the loss. */
function measured(
  logits: Float32Array,
  y: ArrayLike<number>,
): { loss: number; bound: number; accuracy: number } {
  let [loss, bound, hits] = [0, 0, 0];
  for (const [i, target] of Array.from(y).entries()) {
    const row = softmaxCrossEntropy(logits.subarray(i * outputs, (i + 1) * outputs), target, 1);
    const { sum } = softmaxBounds(row.p, row.distance);
    loss += row.loss;
    bound += lossBound(sum, row.logSum, row.distance[target] as number);
    hits += row.hit;
  }
  return { loss: loss / y.length, bound: bound / y.length, accuracy: hits / y.length };
}

/** Sizes around the chunk that predictions are computed in. */
const SIZES = [1, 2, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 2 * CHUNK_ROWS + 37];

describe("logits", () => {
  it("are the net's outputs, within bounds of f64", () => {
    const m = model();
    const { x } = blobSet(1, 20, input, outputs);
    const logits = boundedForward(layers, inF64(m.stateDict()), exactArray(x), 20).at(-1) as Bounded;
    const got = m.logits(x);
    expect(got.length).toBe(20 * outputs);
    for (const [i, value] of got.entries()) {
      expect(Math.abs(value - (logits.value[i] as number))).toBeLessThanOrEqual(logits.bound[i] as number);
    }
  });

  it("of a row do not depend on the rows around it", () => {
    const m = model();
    const { x } = blobSet(2, 2 * CHUNK_ROWS + 37, input, outputs);
    const all = m.logits(x);
    for (const row of [0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, 2 * CHUNK_ROWS + 36]) {
      const alone = m.logits(x.subarray(row * input, (row + 1) * input) as Float32Array);
      expect(bits(alone)).toEqual(bits(all.subarray(row * outputs, (row + 1) * outputs)));
    }
  });

  it("need no loss", () => {
    const m = xent.sequential({ input: 2 }, [dense(3)]);
    expect(m.logits([[1, 2]]).length).toBe(3);
    expect(m.predictClass([[1, 2]]).length).toBe(1);
  });
});

describe("predict", () => {
  it.each(SIZES)("%i rows: softmax of the logits, each row about 1 in sum", (rows) => {
    const m = model();
    const { x, y } = blobSet(3, rows, input, outputs);
    const [p, z] = [m.predict(x), m.logits(x)];
    expect(p.length).toBe(rows * outputs);
    for (let i = 0; i < rows; i++) {
      const exact = softmaxCrossEntropy(z.subarray(i * outputs, (i + 1) * outputs), y[i] as number, 1);
      const { p: bound } = softmaxBounds(exact.p, exact.distance);
      let sum = 0;
      for (let j = 0; j < outputs; j++) {
        const got = p[i * outputs + j] as number;
        sum += got;
        expect(Math.abs(got - (exact.p[j] as number))).toBeLessThanOrEqual(bound[j] as number);
      }
      expect(Math.abs(sum - 1)).toBeLessThanOrEqual(bound.reduce((a, b) => a + b));
    }
  });

  it("gives arrays of the caller's own", () => {
    const m = model();
    const { x } = blobSet(4, 3, input, outputs);
    const [first, copy] = [m.predict(x), m.predict(x)];
    m.logits(x.map((v) => -v));
    expect(first).toEqual(copy);
    expect(first.buffer.byteLength).toBe(first.byteLength);
  });
});

describe("predictClass", () => {
  it.each(SIZES)("%i rows: the largest logit", (rows) => {
    const m = model();
    const { x } = blobSet(5, rows, input, outputs);
    const [classes, z] = [m.predictClass(x), m.logits(x)];
    const expected = Int32Array.from({ length: rows }, (_, i) => {
      const row = z.subarray(i * outputs, (i + 1) * outputs);
      return row.indexOf(Math.max(...row));
    });
    expect(classes).toEqual(expected);
  });

  it("takes the first of equal logits; with one output, 1 above 0", () => {
    const tied = xent.sequential({ input: 1 }, [dense(3)]);
    const zero = (shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
    tied.loadStateDict({
      "0.weight": zero([3, 1]),
      "0.bias": { shape: [3], data: Float32Array.of(1, 2, 2) },
    });
    expect(tied.predictClass([[5]])).toEqual(Int32Array.of(1));

    const single = xent.sequential({ input: 1 }, [dense(1)]);
    single.loadStateDict({ "0.weight": { shape: [1, 1], data: Float32Array.of(1) }, "0.bias": zero([1]) });
    expect(single.predictClass([[-1], [0], [0.5]])).toEqual(Int32Array.of(0, 0, 1));
  });
});

describe("trainOnBatch", () => {
  it("returns mean −ln p and the share of hits, before the step", async () => {
    const m = model();
    const { x, y } = blobSet(6, 23, input, outputs);
    for (let step = 0; step < 3; step++) {
      const expected = measured(m.logits(x), y);
      const got = await m.trainOnBatch(x, y);
      expect(Math.abs(got.loss - expected.loss)).toBeLessThanOrEqual(expected.bound);
      expect(got.accuracy).toBe(expected.accuracy);
    }
  });

  it("lowers the loss on what it was shown", async () => {
    const m = model();
    const { x, y } = blobSet(7, 40, input, outputs);
    const first = (await m.trainOnBatch(x, y, { optimizer: sgd({ lr: 0.5 }) })).loss;
    for (let step = 0; step < 200; step++) await m.trainOnBatch(x, y);
    expect((await m.trainOnBatch(x, y)).loss).toBeLessThan(first / 2);
  });

  it("takes rows as arrays, and a learning rate of its own", async () => {
    const [flat, nested] = [model(), model()];
    const { x, y } = blobSet(8, 4, input, outputs);
    const rows = Array.from({ length: 4 }, (_, i) => x.subarray(i * input, (i + 1) * input));
    await flat.trainOnBatch(x, y, { optimizer: sgd({ lr: 0.5 }) });
    await nested.trainOnBatch(rows, [...y], { optimizer: sgd({ lr: 0.5 }) });
    expect(weights(nested)).toBe(weights(flat));
    // and remembers it
    await flat.trainOnBatch(x, y);
    await nested.trainOnBatch(x, y, { optimizer: sgd({ lr: 0.5 }) });
    expect(weights(nested)).toBe(weights(flat));
    const usual = model();
    await usual.trainOnBatch(x, y);
    expect(weights(usual)).not.toBe(weights(flat));
  });
});

describe("evaluate", () => {
  it.each(SIZES)("%i rows: what the logits say", async (rows) => {
    const m = model();
    const data = blobSet(9, rows, input, outputs);
    const expected = measured(m.logits(data.x), data.y);
    const got = await m.evaluate(data);
    expect(Math.abs(got.loss - expected.loss)).toBeLessThanOrEqual(expected.bound);
    expect(got.accuracy).toBe(expected.accuracy);
  });

  it("does not train", async () => {
    const m = model();
    const before = weights(m);
    await m.evaluate(blobSet(9, 300, input, outputs));
    expect(weights(m)).toBe(before);
  });

  it("takes a loss of its own, which the model remembers", async () => {
    const m = xent.sequential({ input, seed: 3 }, layers);
    const data = blobSet(9, 10, input, outputs);
    const got = await m.evaluate(data, { loss: crossEntropy() });
    expect(await model().evaluate(data)).toEqual(got);
    expect(m.predict(data.x).length).toBe(10 * outputs);
  });
});

describe("confusionMatrix", () => {
  it.each(SIZES)("%i rows: truth by prediction", async (rows) => {
    const m = model();
    const data = blobSet(10, rows, input, outputs);
    const predicted = m.predictClass(data.x);
    const counts = Array.from({ length: outputs }, () => new Array<number>(outputs).fill(0));
    for (const [i, truth] of data.y.entries()) {
      const row = counts[truth] as number[];
      row[predicted[i] as number] = (row[predicted[i] as number] as number) + 1;
    }
    expect(await m.confusionMatrix(data)).toEqual({ labels: [0, 1, 2, 3, 4], counts });
  });

  it("of a model with one output counts both classes that it tells apart", async () => {
    const m = xent.sequential({ input: 1 }, [dense(1)]);
    const one = { shape: [1, 1], data: Float32Array.of(1) };
    m.loadStateDict({ "0.weight": one, "0.bias": { shape: [1], data: Float32Array.of(0) } });
    const { labels, counts } = await m.confusionMatrix(dataset({ x: [[1], [-1], [2]], y: [0, 0, 0] }));
    expect({ labels, counts }).toEqual({
      labels: [0, 1],
      counts: [
        [1, 2],
        [0, 0],
      ],
    });
  });
});

describe("bytes", () => {
  /** What the kernel makes of a byte: one rounding of the product, one of the sum. */
  const scaled = (x: Uint8Array, scale: number, shift: number): Float32Array =>
    Float32Array.from(x, (v) => Math.fround(v * Math.fround(scale)) + Math.fround(shift));

  it.each([
    [{}, 1 / 255, 0],
    [{ scale: 1 / 127.5, shift: -1 }, 1 / 127.5, -1],
    [{ scale: 1, shift: 0.1 }, 1, 0.1],
  ])(
    "%o train, evaluate and predict like x·scale + shift in f32, bit for bit",
    async (options, scale, shift) => {
      const bytes = byteSet(11, 300, input, outputs, options);
      const x = scaled(bytes.x as Uint8Array, scale, shift);
      const floats = dataset({ x, y: bytes.y, features: input });
      const lr = { optimizer: sgd({ lr: 0.01 }) };
      const [m, same] = [model(), model()];
      const history = await m.fit(bytes, { epochs: 2, batchSize: 33, validation: bytes, ...lr });
      expect(await same.fit(floats, { epochs: 2, batchSize: 33, validation: floats, ...lr })).toEqual(
        history,
      );
      expect(weights(m)).toBe(weights(same));
      expect(await m.evaluate(bytes)).toEqual(await same.evaluate(floats));
      expect(bits(m.predict(bytes.x))).toEqual(bits(same.predict(x)));
      expect(bits(m.logits(bytes.x))).toEqual(bits(m.logits(x)));
      expect(m.predictClass(bytes.x)).toEqual(m.predictClass(x));
      expect(await m.confusionMatrix(bytes)).toEqual(await same.confusionMatrix(floats));
      await m.trainOnBatch(bytes.x, bytes.y);
      await same.trainOnBatch(x, bytes.y);
      expect(weights(m)).toBe(weights(same));
    },
  );

  it("are scaled by 1/255 by a model that knows no data set", () => {
    const m = model();
    const bytes = byteSet(12, 3, input, outputs).x as Uint8Array;
    expect(bits(m.logits(bytes))).toEqual(bits(m.logits(scaled(bytes, 1 / 255, 0))));
    const row = m.logits([bytes.subarray(0, input)]);
    expect(bits(row)).toEqual(bits(m.logits(bytes)).subarray(0, outputs));
  });

  it("are read with the scaling of the last data set of bytes", async () => {
    const m = model();
    const data = byteSet(13, 30, input, outputs, { scale: 0.5, shift: -2 });
    await m.evaluate(data);
    const x = data.x as Uint8Array;
    expect(bits(m.logits(x))).toEqual(bits(m.logits(scaled(x, 0.5, -2))));
    await m.confusionMatrix(byteSet(13, 30, input, outputs));
    expect(bits(m.logits(x))).toEqual(bits(m.logits(scaled(x, 1 / 255, 0))));
  });
});
