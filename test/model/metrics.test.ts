// Metrics of evaluate and fit: what they make of a model's outputs, over validation and over the steps of an epoch.

import { describe, expect, it } from "vitest";
import { type Dataset, dataset } from "../../src/data/dataset.ts";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { sigmoid } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { bceWithLogits, mse } from "../../src/nn/losses.ts";
import type { EpochEnd } from "../../src/train/fit.ts";
import type { MetricName } from "../../src/train/metrics.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats, integers } from "../oracle/data.ts";
import { type MetricRow, ofClasses, ofLabels, ofNumbers } from "../oracle/metrics.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import { metricBound } from "../support/metric-bounds.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const ALL: MetricName[] = ["precision", "recall", "f1", "f1Micro", "rocAuc", "logLoss"];
const train = blobSet(1, 90, 6, 4, 2);
const validation = blobSet(2, 300, 6, 4, 2);
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const model = (known: object = learn): Sequential =>
  xent.sequential({ input: 6, seed: 5, ...known }, [dense(16), relu(), dense(4)]);

/** Rows as the oracle takes them. */
function rowsOf(z: Float32Array, data: Dataset, outputs: number): MetricRow[] {
  const row = (all: ArrayLike<number>, i: number, width: number): number[] =>
    Array.from({ length: width }, (_, j) => all[i * width + j] as number);
  return Array.from({ length: data.rows }, (_, i) => ({
    z: row(z, i, outputs),
    target: data.y instanceof Int32Array ? (data.y[i] as number) : row(data.y, i, outputs),
    weight: data.weight?.[i] ?? 1,
  })).filter(({ weight }) => weight > 0);
}

function agree(got: object, expected: Record<string, number>, names: readonly string[], terms: number): void {
  for (const name of names) {
    const [value, wanted] = [(got as Record<string, number>)[name] as number, expected[name] as number];
    expect(Math.abs(value - wanted), `${name}: ${value}, ${wanted}`).toBeLessThanOrEqual(
      metricBound(name, wanted, terms, 20),
    );
  }
}

describe("evaluate", () => {
  it("of classes, in more than one chunk", async () => {
    const m = model();
    await m.fit(train, { epochs: 5 });
    const names: MetricName[] = [...ALL, "top2", "top3"];
    const got = await m.evaluate(validation, { metrics: names });
    expect(Object.keys(got)).toEqual(["loss", "accuracy", ...names]);
    agree(got, ofClasses(rowsOf(m.logits(validation.x), validation, 4), 4), names, 1200);
    // the same figures that there are without
    const { loss, accuracy } = await m.evaluate(validation);
    expect([got.loss, got.accuracy]).toEqual([loss, accuracy]);
    expect(await m.evaluate(validation, { metrics: ["accuracy"] })).toEqual({ loss, accuracy });
  });

  it("of a yes or no each, with weights", async () => {
    const y = Float32Array.from(integers(3, 400 * 3, 0, 1));
    const weight = integers(4, 400, 0, 3);
    const data = dataset({ x: floats(5, 400 * 6), y, features: 6, weight });
    const m = xent.sequential({ input: 6, loss: bceWithLogits() }, [dense(3)]);
    const got = await m.evaluate(data, { metrics: ALL });
    agree(got, ofLabels(rowsOf(m.logits(data.x), data, 3), 3, 0), ALL, 1200);
  });

  it("of a yes or no behind a sigmoid: above a half", async () => {
    const data = dataset({ x: floats(5, 300 * 6), y: integers(3, 300, 0, 1), features: 6 });
    const m = xent.sequential({ input: 6, loss: mse() }, [dense(1), sigmoid()]);
    const names = ALL.filter((name) => name !== "logLoss");
    const got = await m.evaluate(data, { metrics: names });
    agree(got, ofLabels(rowsOf(m.logits(data.x), data, 1), 1, 0.5), names, 300);
  });

  it("of numbers", async () => {
    const data = dataset({ x: floats(5, 300 * 6), y: floats(6, 600), features: 6 });
    const m = xent.sequential({ input: 6, loss: mse() }, [dense(2)]);
    const got = await m.evaluate(data, { metrics: ["mae", "mse", "r2"] });
    agree(got, ofNumbers(rowsOf(m.logits(data.x), data, 2), 2), ["mae", "mse", "r2"], 600);
    expect(got.accuracy).toBeNaN();
  });

  it("class weights are the loss's: metrics leave them alone, and rows of a class of weight 0", async () => {
    const m = model({ loss: crossEntropy({ weight: [0, 1, 5, 2] }) });
    const got = await m.evaluate(validation, { metrics: ["f1", "logLoss"] });
    const rows = rowsOf(m.logits(validation.x), validation, 4).filter(({ target }) => target !== 0);
    agree(got, ofClasses(rows, 4), ["f1", "logLoss"], 1200);
  });
});

describe("fit", () => {
  it("has a figure an epoch, of training and of validation, in history and at an epoch's end", async () => {
    const ends: EpochEnd[] = [];
    const metrics: MetricName[] = ["f1", "accuracy", "rocAuc"];
    const m = model();
    const history = await m.fit(train, {
      epochs: 3,
      validation,
      metrics,
      callbacks: [{ onEpochEnd: (end) => ends.push(end) }],
    });
    for (const figures of [history, history.validation]) {
      expect(figures).toMatchObject({ loss: expect.anything(), f1: expect.anything() });
      for (const name of ["loss", ...metrics] as const) expect(figures?.[name as "f1"]?.length).toBe(3);
    }
    expect(Object.keys(history.validation ?? {})).toEqual(["loss", ...metrics]);
    for (const [i, end] of ends.entries()) {
      for (const name of ["loss", ...metrics] as const) {
        expect(end[name as "f1"]).toBe(history[name as "f1"]?.[i]);
        expect(end.validation?.[name as "f1"]).toBe(history.validation?.[name as "f1"]?.[i]);
      }
      expect(Object.keys(end.validation ?? {})).toEqual(["loss", ...metrics]);
    }
    // the last epoch's validation is what evaluate gives now
    const { f1, rocAuc } = await m.evaluate(validation, { metrics });
    expect([history.validation?.f1?.[2], history.validation?.rocAuc?.[2]]).toEqual([f1, rocAuc]);
  });

  it("changes no bit of the weights", async () => {
    const [plain, rich] = [model(), model()];
    await plain.fit(train, { epochs: 2, batchSize: 8 });
    await rich.fit(train, { epochs: 2, batchSize: 8, validation, metrics: ["f1", "rocAuc"] });
    expect(weights(rich)).toBe(weights(plain));
  });

  it("sees each row of an epoch as it was before its step", async () => {
    const [m, twin] = [model(), model()];
    const names: MetricName[] = [...ALL, "top2"];
    const { x } = train;
    const z = new Float32Array(90 * 4);
    let row = 0;
    let before = twin.logits(x);
    for await (const { rows } of twin.steps(train, { batchSize: 8, shuffle: false })) {
      z.set(before.subarray(4 * row, 4 * (row + rows)), 4 * row);
      row += rows;
      before = twin.logits(x);
    }
    const history = await m.fit(train, { batchSize: 8, shuffle: false, metrics: names });
    const figures = Object.fromEntries(names.map((name) => [name, history[name as "f1"]?.[0]]));
    agree(figures, ofClasses(rowsOf(z, train, 4), 4), names, 360);
  });

  it("takes shuffled rows for what they are, with their weights: steps too small to change anything", async () => {
    const weight = integers(7, 90, 0, 3);
    const data = dataset({ x: train.x, y: train.y as Int32Array, features: 6, weight });
    const names: MetricName[] = [...ALL, "top2"];
    const m = model();
    const history = await m.fit(data, {
      batchSize: 7,
      epochs: 2,
      metrics: names,
      optimizer: sgd({ lr: 1e-30 }),
    });
    const whole = ofClasses(rowsOf(m.logits(data.x), data, 4), 4);
    for (const epoch of [0, 1]) {
      const figures = Object.fromEntries(names.map((name) => [name, history[name as "f1"]?.[epoch]]));
      agree(figures, whole, names, 360);
    }
  });

  it("of a run that was aborted at once there is nothing", async () => {
    const history = await model().fit(train, { metrics: ["f1"], signal: AbortSignal.abort() });
    expect(history).toMatchObject({ loss: [], f1: [], epochs: 0, stopped: "signal" });
  });

  it("refuses what does not suit, and leaves the model free and as it was", async () => {
    const [m, twin] = [model(), model()];
    await refuses(
      () => m.fit(train, { metrics: ["r2"] }),
      "OPTION",
      "fit: the metric r2",
      "rows have classes",
    );
    const odd = { loss: mse(), metrics: ["f1"] as MetricName[] };
    const numbers = dataset({ x: train.x, y: floats(1, 360), features: 6 });
    await refuses(() => m.fit(numbers, odd), "OPTION", "fit: the metric f1", "is a regression");
    await refuses(() => m.fit(train, { validation: numbers, metrics: ["f1"] }), "TARGET", "fit: validation");
    await refuses(() => m.evaluate(train, { metrics: ["top4"] }), "OPTION", "evaluate: the metric top4");
    await refuses(() => m.evaluate(train, { metrics: ["f3" as "f1"] }), "OPTION", "evaluate: unknown metric");
    for (const each of [m, twin]) await each.fit(train);
    expect(weights(m)).toBe(weights(twin));
  });

  it("is BUSY while the code of a metric is loaded, and can be disposed of", async () => {
    const m = model();
    const run = m.fit(train, { metrics: ["f1"] });
    await refuses(() => m.fit(train), "BUSY", "fit");
    m.dispose();
    await refuses(() => run, "DISPOSED", "fit: the model was disposed");
  });
});
