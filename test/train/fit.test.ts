// The run of fit: history, progress, epoch ends, validation; and that it learns.

import { describe, expect, it } from "vitest";
import { init } from "../../src/model/runtime.ts";
import { sigmoid } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import type { EpochEnd, Progress } from "../../src/train/fit.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet } from "../support/blobs.ts";
import { thrown } from "../support/errors.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const model = () => xent.sequential({ input: 6, seed: 5, ...learn }, [dense(16), relu(), dense(4)]);
/** 90 rows: 12 steps an epoch of batches of 8, the last of 2 rows */
const train = blobSet(1, 90, 6, 4);
const validation = blobSet(2, 300, 6, 4);

describe("learning", () => {
  it.each([
    ["relu", relu],
    ["sigmoid", sigmoid],
  ])("tells four clouds of points apart, %s", async (_, activation) => {
    const m = xent.sequential({ input: 6, seed: 5, ...learn }, [dense(16), activation(), dense(4)]);
    const data = blobSet(1, 400, 6, 4, 0.4);
    const history = await m.fit(data, { epochs: 30, batchSize: 16, optimizer: sgd({ lr: 0.3 }) });
    expect(history.loss.at(-1)).toBeLessThan((history.loss[0] as number) / 5);
    expect((await m.evaluate(data)).accuracy).toBeGreaterThan(0.98);
  });
});

describe("history", () => {
  it("has a loss an epoch, and counts epochs and steps", async () => {
    const history = await model().fit(train, { epochs: 3, batchSize: 8 });
    expect(Object.keys(history).sort()).toEqual(["epochs", "loss", "steps", "stopped"]);
    expect(history).toMatchObject({ epochs: 3, steps: 36, stopped: "done" });
    expect(history.loss.length).toBe(3);
  });

  it("weighs a smaller last batch by its rows: the mean over the epoch's rows", async () => {
    const steps: { loss: number; rows: number; hits: number; last: boolean; step: number; epoch: number }[] =
      [];
    for await (const step of model().steps(train, { epochs: 2, batchSize: 8 })) steps.push(step);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(steps.map(({ epoch }) => epoch)).toEqual(steps.map((_, i) => Math.floor(i / 12)));
    expect(steps.map(({ rows }) => rows)).toEqual(steps.map((_, i) => (i % 12 === 11 ? 2 : 8)));
    expect(steps.map(({ last }) => last)).toEqual(steps.map((_, i) => i % 12 === 11));
    const history = await model().fit(train, { epochs: 2, batchSize: 8, metrics: ["accuracy"] });
    for (const epoch of [0, 1]) {
      const own = steps.slice(12 * epoch, 12 * epoch + 12);
      const sum = (f: (step: (typeof own)[number]) => number) =>
        own.reduce((total, step) => total + f(step), 0);
      expect(history.loss[epoch]).toBe(sum(({ loss, rows }) => loss * rows) / 90);
      expect(history.accuracy?.[epoch]).toBe(sum(({ hits }) => hits) / 90);
    }
  });

  it("has accuracy where it was asked for, in validation too", async () => {
    const plain = await model().fit(train, { epochs: 2, validation });
    expect(Object.keys(plain).sort()).toEqual(["epochs", "loss", "steps", "stopped", "validation"]);
    expect(Object.keys(plain.validation ?? {})).toEqual(["loss"]);
    expect(plain.validation?.loss.length).toBe(2);
    const rich = await model().fit(train, { epochs: 2, validation, metrics: ["accuracy"] });
    expect(rich.accuracy?.length).toBe(2);
    expect(rich.validation?.accuracy?.length).toBe(2);
    expect(rich.loss).toEqual(plain.loss);
  });

  it("validates with what evaluate gives at that moment", async () => {
    const m = model();
    const history = await m.fit(train, { epochs: 1, validation, metrics: ["accuracy"] });
    const { loss, accuracy } = await m.evaluate(validation);
    expect(history.validation).toEqual({ loss: [loss], accuracy: [accuracy] });
  });

  it("defaults: one epoch, batches of 32, shuffled", async () => {
    const m = model();
    expect(await m.fit(train)).toMatchObject({ epochs: 1, steps: 3 });
    const spelled = model();
    await spelled.fit(train, { epochs: 1, batchSize: 32, shuffle: true, callbacks: [], metrics: [] });
    expect(weights(spelled)).toBe(weights(m));
  });
});

describe("callbacks", () => {
  it("get sensible numbers, in order", async () => {
    const seen: (Progress | EpochEnd)[] = [];
    const m = model();
    const history = await m.fit(train, {
      epochs: 3,
      batchSize: 8,
      validation,
      metrics: ["accuracy"],
      callbacks: [{ onProgress: (now) => seen.push(now) }, { onEpochEnd: (end) => seen.push(end) }, {}],
    });
    const progress = seen.filter((event) => "step" in event);
    const ends = seen.filter((event) => "seconds" in event);
    // at least at each epoch's end, right before the end is told
    expect(seen.filter((event, i) => "seconds" in event && "step" in (seen[i - 1] as object))).toEqual(ends);
    for (const [i, now] of progress.entries()) {
      expect(now.step).toBeGreaterThan(progress[i - 1]?.step ?? 0);
      expect(now).toMatchObject({ epochs: 3, steps: 36 });
      expect(now.epoch).toBe(Math.floor((now.step - 1) / 12));
      expect(Number.isFinite(now.loss) && now.loss > 0).toBe(true);
      expect(now.accuracy >= 0 && now.accuracy <= 1).toBe(true);
      expect(now.samplesPerSecond > 0 && now.samplesPerSecond < Number.POSITIVE_INFINITY).toBe(true);
      expect(now.secondsLeft >= 0 && now.secondsLeft < Number.POSITIVE_INFINITY).toBe(true);
    }
    expect(progress.at(-1)).toMatchObject({ step: 36, secondsLeft: 0 });
    expect(ends.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    expect(ends.map(({ loss }) => loss)).toEqual(history.loss);
    expect(ends.map(({ accuracy }) => accuracy)).toEqual(history.accuracy);
    expect(ends.map(({ validation }) => validation?.loss)).toEqual(history.validation?.loss);
    expect(ends.map(({ validation }) => validation?.accuracy)).toEqual(history.validation?.accuracy);
    for (const { seconds, epochs } of ends) {
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(20);
      expect(epochs).toBe(3);
    }
  });

  it("without metrics or validation an epoch's end has the loss alone", async () => {
    const ends: EpochEnd[] = [];
    await model().fit(train, { callbacks: [{ onEpochEnd: (end) => ends.push(end) }] });
    expect(Object.keys(ends[0] as EpochEnd).sort()).toEqual(["epoch", "epochs", "loss", "lr", "seconds"]);
  });

  it("what one throws ends fit with that error; the model is free again", async () => {
    const m = model();
    const error = new Error("enough");
    const fail = (): never => {
      throw error;
    };
    expect(await thrown(() => m.fit(train, { callbacks: [{ onEpochEnd: fail }] }))).toBe(error);
    expect(await m.fit(train)).toMatchObject({ stopped: "done" });
  });

  it("are called as methods of their object", async () => {
    class Counter {
      ends = 0;
      onEpochEnd(): void {
        this.ends++;
      }
    }
    const counter = new Counter();
    await model().fit(train, { epochs: 4, callbacks: [counter] });
    expect(counter.ends).toBe(4);
  });
});

it("options and data may be used again: nothing of them is changed", async () => {
  const options = Object.freeze({
    epochs: 2,
    batchSize: 8,
    validation,
    metrics: Object.freeze(["accuracy"] as const),
    callbacks: Object.freeze([]),
    ...learn,
  });
  const [first, second] = [model(), model()];
  expect(await first.fit(train, options)).toEqual(await second.fit(train, options));
});
