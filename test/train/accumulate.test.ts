// accumulate and dropLast: k batches make one step, of the gradient of all their rows; and what the last rows of an epoch make.

import { describe, expect, it } from "vitest";
import type { LossSpec } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import type { StepsOptions } from "../../src/model/options.ts";
import { init } from "../../src/model/runtime.ts";
import { tanh } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { mse } from "../../src/nn/losses.ts";
import { batchNorm1d } from "../../src/nn/norms.ts";
import { sgd } from "../../src/train/sgd.ts";
import type { Step } from "../../src/train/steps.ts";
import { floats } from "../oracle/data.ts";
import { blobs } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import { weights } from "../support/state.ts";

const xent = await init();
/** sums of small multiples of 2⁻⁸: in f32 exact in any order, so that equality is the test */
const eighths = (seed: number, n: number, most: number): Float32Array =>
  floats(seed, n, -most, most).map((v) => Math.round(v * 8) / 8);

/** One dense layer whose gradient and step are exact in f32: halves of halves, and sums of whole numbers of them. */
function linear() {
  const m = xent.sequential({ input: 3 }, [dense(2)]);
  m.loadStateDict({
    "0.weight": { shape: [2, 3], data: Float32Array.of(0.5, -0.25, 1, 0, 0.75, -0.5) },
    "0.bias": { shape: [2], data: Float32Array.of(0.25, -1) },
  });
  return m;
}

async function stepsOf(
  m: ReturnType<typeof linear>,
  data: ReturnType<typeof dataset>,
  options: StepsOptions,
): Promise<Step[]> {
  const all: Step[] = [];
  for await (const step of m.steps(data, options)) all.push(step);
  return all;
}

describe("a step of k batches is a step of one batch as large", () => {
  const [x, y] = [eighths(1, 3 * 32, 1), eighths(2, 2 * 32, 1)];
  const weight = Float32Array.from({ length: 32 }, (_, i) => [1, 2, 0, 1, 0, 2, 1, 1][i % 8] as number);

  it.each<[string, LossSpec, Float32Array | undefined]>([
    ["mean", mse(), undefined],
    ["batchmean", mse({ reduction: "batchmean" }), undefined],
    ["sum", mse({ reduction: "sum" }), undefined],
    ["mean, weights of rows", mse(), weight],
  ])("%s: the same bits where sums are exact", async (_, loss, weights_) => {
    const data = dataset({ x, y, features: 3, weight: weights_ });
    const options = { loss, optimizer: sgd({ lr: 0.125 }), shuffle: false } as const;
    const large = linear();
    const [one] = await stepsOf(large, data, { ...options, batchSize: 32 });
    for (const [batchSize, accumulate] of [
      [16, 2],
      [8, 4],
      [4, 8],
      [1, 32],
      [8, 9],
    ] as const) {
      const small = linear();
      const [step, ...more] = await stepsOf(small, data, { ...options, batchSize, accumulate });
      expect(more).toEqual([]);
      expect(weights(small), `${batchSize} · ${accumulate}`).toBe(weights(large));
      expect(step).toEqual(one);
    }
  });

  it("the last step has the rows that are left, and is divided by them", async () => {
    const data = dataset({ x, y, features: 3 });
    const options = {
      loss: mse({ reduction: "sum" }),
      optimizer: sgd({ lr: 0.0625 }),
      shuffle: false,
    } as const;
    const m = linear();
    const steps = await stepsOf(m, data, { ...options, loss: mse(), batchSize: 5, accumulate: 4 });
    expect(steps.map(({ rows, last }) => [rows, last])).toEqual([
      [20, false],
      [12, true],
    ]);
    // 12 rows by 5, 5 and 2
    const whole = linear();
    const plain = await stepsOf(whole, data, { ...options, loss: mse(), batchSize: 20 });
    expect(steps.map(({ loss }) => loss)[0]).toBe(plain.map(({ loss }) => loss)[0]);
    expect(plain.map(({ rows }) => rows)).toEqual([20, 12]);
  });

  it("the loss of a step is that of all its rows, before it", async () => {
    const { x: points, y: ids } = blobs(1, 30, 3, 2);
    const data = dataset({ x: points, y: ids, features: 3 });
    const m = linear();
    const { loss } = await m.evaluate(data, { loss: crossEntropy() });
    const [step] = await stepsOf(m, data, {
      loss: crossEntropy(),
      optimizer: sgd({ lr: 0.1 }),
      batchSize: 7,
      accumulate: 5,
    });
    expect(step?.rows).toBe(30);
    // a sum of 30 row losses in f64, in another order: 30 roundings of at most half an ulp of the sum
    expect(Math.abs((step?.loss as number) - loss)).toBeLessThanOrEqual(30 * 2 ** -53 * 30 * loss);
  });
});

describe("dropLast", () => {
  const { x, y } = blobs(1, 50, 3, 2);
  const data = dataset({ x, y, features: 3 });
  const options = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };

  it.each([
    [8, 1, 6],
    [8, 2, 3],
    [8, 3, 2],
    [25, 1, 2],
    [50, 1, 1],
    [7, 7, 1],
  ])("batchSize %i, accumulate %i: %i steps", async (batchSize, accumulate, count) => {
    const steps = await stepsOf(linear(), data, {
      ...options,
      batchSize,
      accumulate,
      dropLast: true,
      epochs: 2,
    });
    expect(steps).toHaveLength(2 * count);
    expect(steps.every(({ rows }) => rows === batchSize * accumulate)).toBe(true);
    expect(steps.map(({ last }) => last)).toEqual(steps.map((_, i) => i % count === count - 1));
    const m = linear();
    const history = await m.fit(data, {
      ...options,
      batchSize,
      accumulate,
      dropLast: true,
      epochs: 2,
      metrics: ["accuracy", "f1"],
    });
    expect(history).toMatchObject({ steps: 2 * count, epochs: 2, stopped: "done" });
    // the figures are those of the rows that were trained on
    const mean = (epoch: number): number => {
      const own = steps.slice(epoch * count, (epoch + 1) * count);
      return own.reduce((sum, { hits }) => sum + hits, 0) / (count * batchSize * accumulate);
    };
    expect(history.accuracy).toEqual([mean(0), mean(1)]);
  });

  it("without a shuffle the last rows are never looked at", async () => {
    const other = x.slice();
    other.fill(2, 3 * 48);
    const [a, b] = [linear(), linear()];
    const how = { ...options, batchSize: 16, dropLast: true, shuffle: false, epochs: 3 };
    const first = await a.fit(data, how);
    expect(await b.fit(dataset({ x: other, y, features: 3 }), how)).toEqual(first);
    expect(weights(a)).toBe(weights(b));
  });

  it("refuses data that make no step, and says which two options do not go together", async () => {
    await refuses(
      () => linear().fit(data, { ...options, batchSize: 16, accumulate: 4, dropLast: true }),
      "OPTION",
      "dropLast is true",
      "50 rows",
      "batchSize 16",
      "accumulate 4",
    );
  });

  it("saves batchNorm1d from a last batch of one row", async () => {
    const m = xent.sequential({ input: 3 }, [dense(4), batchNorm1d(), tanh(), dense(2)]);
    await refuses(
      () => m.fit(data, { ...options, batchSize: 7 }),
      "OPTION",
      "the last batch of 50 rows by 7 has one row",
      "dropLast",
    );
    expect((await m.fit(data, { ...options, batchSize: 7, dropLast: true })).steps).toBe(7);
  });
});

describe("refused", () => {
  const { x, y } = blobs(1, 50, 3, 2);
  const data = dataset({ x, y, features: 3 });
  it.each([0, -1, 1.5, Number.NaN, "2"])("accumulate %s", async (accumulate) => {
    const call = () =>
      linear().fit(data, {
        loss: crossEntropy(),
        optimizer: sgd({ lr: 1 }),
        accumulate: accumulate as number,
      });
    await refuses(call, "OPTION", "accumulate");
  });
});
