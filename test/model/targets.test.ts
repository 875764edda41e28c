// Class ids and rows of targets through the public API: which stand for which, what counts as right, and both in one run.

import { describe, expect, it } from "vitest";
import type { LossSpec, Reduction } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import type { Targets } from "../../src/data/targets.ts";
import { init } from "../../src/model/runtime.ts";
import { sigmoid, tanh } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { bceWithLogits, huber, mae, mse, quadratic } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats, integers } from "../oracle/data.ts";
import { memoriesMade } from "../support/memories.ts";
import { hash, weights } from "../support/state.ts";

const xent = await init();
const [INPUT, OUTPUTS, ROWS] = [3, 5, 37] as const;
const x = floats(1, ROWS * INPUT, -2, 2);
const ids = integers(2, ROWS, 0, OUTPUTS - 1);
const onehot = (list: ArrayLike<number>, outputs: number = OUTPUTS): Float32Array =>
  Float32Array.from({ length: list.length * outputs }, (_, i) =>
    Number(list[Math.floor(i / outputs)] === i % outputs),
  );
const rows = onehot(ids);
const model = (loss: LossSpec, outputs: number = OUTPUTS, last = [dense(outputs)]) =>
  xent.sequential({ input: INPUT, seed: 3, loss, optimizer: sgd({ lr: 0.25 }) }, [dense(6), tanh(), ...last]);
const data = (y: Targets, options = {}) => dataset({ x, y, features: INPUT, ...options });

/** Everything that training, evaluation and gradients give, but for the accuracy. */
async function traces(loss: LossSpec, y: Targets, outputs: number = OUTPUTS) {
  const m = model(loss, outputs);
  const gradients = hash(m.gradients({ x, y }));
  const { loss: history } = await m.fit(data(y), { epochs: 3, batchSize: 8 });
  const { rowLosses } = await m.evaluate(data(y), { loss: { ...loss, reduction: "none" } });
  return { gradients, history, rowLosses, weights: weights(m) };
}

describe("class ids stand for one-hot rows, bit for bit", () => {
  it.each([quadratic, mse, mae, huber, bceWithLogits, crossEntropy])("%o", async (make) => {
    for (const reduction of ["mean", "batchmean", "sum"] as const) {
      const loss = make({ reduction });
      expect(await traces(loss, ids)).toEqual(await traces(loss, rows));
      expect(await traces(loss, ids)).not.toEqual(
        await traces(loss, onehot(ids.map((id) => (id + 1) % OUTPUTS))),
      );
    }
  });

  it("with class weights and smoothing where rows are weighted in the kernel both ways", async () => {
    const loss = crossEntropy({ weight: [1, 2, 0.5, 3, 1], labelSmoothing: 0.1, reduction: "batchmean" });
    expect(await traces(loss, ids)).toEqual(await traces(loss, rows));
  });

  it("with one output they are the number itself", async () => {
    const yes = ids.map((id) => id % 2);
    for (const make of [quadratic, mse, mae, huber, bceWithLogits]) {
      expect(await traces(make(), yes, 1)).toEqual(await traces(make(), Float32Array.from(yes), 1));
    }
    expect(await traces(mse(), ids, 1)).toEqual(await traces(mse(), Float32Array.from(ids), 1));
  });
});

describe("accuracy", () => {
  const accuracy = async (loss: LossSpec, y: Targets, outputs: number = OUTPUTS, last = [dense(outputs)]) => {
    const m = model(loss, outputs, last);
    const evaluated = (await m.evaluate(data(y))).accuracy;
    // the training program tells hits by records of its own
    expect((await model(loss, outputs, last).trainOnBatch(x, y)).accuracy).toBe(evaluated);
    return { accuracy: evaluated, out: m.logits(x) };
  };
  const share = (right: (row: number) => boolean): number =>
    Array.from({ length: ROWS }, (_, i) => Number(right(i))).reduce((a, b) => a + b) / ROWS;

  it("of one yes or no: the logit's side of 0, or the sigmoid's of ½", async () => {
    const yes = ids.map((id) => id % 2);
    for (const y of [yes, Float32Array.from(yes)]) {
      const bce = await accuracy(bceWithLogits(), y, 1);
      expect(bce.accuracy).toBe(share((i) => (bce.out[i] as number) > 0 === (yes[i] === 1)));
      expect(bce.accuracy).toBeGreaterThan(0);
      expect(bce.accuracy).toBeLessThan(1);
    }
    const squared = await accuracy(quadratic(), yes, 1, [dense(1), sigmoid()]);
    expect(squared.accuracy).toBe(share((i) => (squared.out[i] as number) > 0.5 === (yes[i] === 1)));
  });

  it("of several yes and no: every output on its target's side", async () => {
    const y = Float32Array.from(integers(5, ROWS * 2, 0, 1));
    const { accuracy: got, out } = await accuracy(bceWithLogits(), y, 2);
    const right = (i: number): boolean => (out[i] as number) > 0 === (y[i] === 1);
    expect(got).toBe(share((i) => right(2 * i) && right(2 * i + 1)));
    expect(got).not.toBe(share((i) => right(2 * i)));
  });

  it("of class ids: the largest output, for any loss", async () => {
    for (const make of [crossEntropy, bceWithLogits, quadratic, mse, mae, huber]) {
      for (const last of make === crossEntropy || make === bceWithLogits
        ? [[dense(5)]]
        : [[dense(5)], [dense(5), sigmoid()]]) {
        const { accuracy: got, out } = await accuracy(make(), ids, OUTPUTS, last);
        const best = (i: number): number => {
          const row = out.subarray(i * OUTPUTS, (i + 1) * OUTPUTS);
          return row.indexOf(Math.max(...row));
        };
        expect(got).toBe(share((i) => best(i) === ids[i]));
      }
    }
  });

  it("of probabilities: the largest of them", async () => {
    const y = Float32Array.from(rows, (v) => 0.1 + 0.5 * v);
    expect((await accuracy(crossEntropy(), y)).accuracy).toBe((await accuracy(crossEntropy(), ids)).accuracy);
  });

  it("of a regression is NaN, and is not reported by fit", async () => {
    for (const make of [quadratic, mse, mae, huber]) {
      expect((await accuracy(make(), floats(6, ROWS * OUTPUTS))).accuracy).toBeNaN();
      expect((await accuracy(make(), floats(6, ROWS), 1)).accuracy).toBeNaN();
      expect((await accuracy(make(), ids, 1)).accuracy).toBeNaN();
    }
    const progress: number[] = [];
    const callbacks = [{ onProgress: (p: { accuracy: number }) => progress.push(p.accuracy) }];
    const history = await model(mse(), 1).fit(data(ids), { callbacks, validation: data(ids) });
    expect(Object.keys(history).sort()).toEqual(["epochs", "loss", "steps", "stopped", "validation"]);
    expect(progress).toEqual([Number.NaN]);
    for await (const { hits } of model(mse(), 1).steps(data(ids))) expect(hits).toBe(0);
  });
});

describe("the confusion matrix", () => {
  it("leaves out the rows that the loss ignores, also where they have a class of the model", async () => {
    const m = model(crossEntropy({ ignoreIndex: 2 }));
    const { counts } = await m.confusionMatrix(data(ids));
    const kept = await model(crossEntropy()).confusionMatrix(data(ids));
    expect(ids).toContain(2);
    expect(counts).toEqual(kept.counts.map((row, i) => (i === 2 ? row.map(() => 0) : row)));
    const padded = ids.map((id) => (id === 2 ? -100 : id));
    expect((await model(crossEntropy()).confusionMatrix(data(padded))).counts).toEqual(counts);
  });
});

describe("training and validation data of different kinds", () => {
  const soft = Float32Array.from(rows, (v) => 0.1 + 0.5 * v);
  it.each<[string, LossSpec, Targets, Targets]>([
    ["probabilities, then ids", crossEntropy(), soft, ids],
    ["ids, then probabilities", crossEntropy({ weight: [1, 2, 3, 4, 5] }), ids, soft],
    ["smoothed ids, then probabilities", crossEntropy({ labelSmoothing: 0.1 }), ids, soft],
    ["rows of yes and no, then ids", bceWithLogits(), rows, ids],
    ["ids, then numbers", mse(), ids, soft],
  ])("%s: one memory, and what evaluate says", async (_, loss, y, other) => {
    const m = model(loss);
    const validation = data(other, { weight: ids.map((id) => 1 + (id % 2)) });
    const run = () => m.fit(data(y), { epochs: 2, batchSize: 8, validation });
    let history: Awaited<ReturnType<typeof run>> | undefined;
    const made = await memoriesMade(async () => {
      history = await run();
    });
    expect(made).toHaveLength(1);
    expect(await memoriesMade(run)).toEqual([]);
    // the same steps without validation
    const twin = model(loss);
    await twin.fit(data(y), { epochs: 2, batchSize: 8 });
    expect((await twin.evaluate(validation)).loss).toBe(history?.validation?.loss[1]);
    await twin.fit(data(y), { epochs: 2, batchSize: 8 });
    expect(weights(twin)).toBe(weights(m));
  });
});

describe("what a run reports is the reduction over its rows", () => {
  // a rate this small changes no weight: every step sees the same net
  const rate = { optimizer: sgd({ lr: 1e-30 }) };
  const still = { ...rate, shuffle: false, batchSize: 8 } as const;
  const ignored = ids.map((id, i) => (i % 5 === 0 ? -100 : id));
  const weight = ids.map((id) => id % 3);
  const CASES: [string, (reduction: Reduction) => LossSpec, Targets][] = [
    ["crossEntropy", (reduction) => crossEntropy({ reduction, weight: [1, 2, 3, 0, 0.5] }), ignored],
    ["bceWithLogits", (reduction) => bceWithLogits({ reduction }), rows],
    ["quadratic", (reduction) => quadratic({ reduction }), rows],
    ["huber", (reduction) => huber({ reduction }), ids],
  ];
  it.each(
    CASES.flatMap(([name, loss, y]) =>
      (["mean", "batchmean", "sum"] as const).map((r) => [name, r, loss(r), y] as const),
    ),
  )("%s by %s: an epoch's loss is evaluate's, a step's that of its rows", async (_, __, loss, y) => {
    for (const own of [{}, { weight }]) {
      const [m, twin] = [model(loss), model(loss)];
      const set = data(y, own);
      const { loss: whole } = await m.evaluate(set);
      const history = await m.fit(set, { ...still, epochs: 2 });
      // the same row losses in f64, in other brackets
      for (const epoch of history.loss)
        expect(Math.abs(epoch - whole)).toBeLessThanOrEqual(ROWS * 2 ** -52 * whole);
      const width = set.y.length / ROWS;
      let first = 0;
      for await (const step of m.steps(set, still)) {
        const end = first + step.rows;
        const options = "weight" in own ? { ...rate, weight: weight.subarray(first, end) } : rate;
        const alone = await twin.trainOnBatch(
          x.subarray(first * INPUT, end * INPUT),
          set.y.subarray(first * width, end * width) as Float32Array,
          options,
        );
        expect(step.loss).toBe(alone.loss);
        first = end;
      }
      expect(first).toBe(ROWS);
    }
  });
});
