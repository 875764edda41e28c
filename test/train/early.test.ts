// Early stopping in a run of fit: which epoch is the best, that its weights come back however the run ends, and that a run that
// was stopped early can be gone on with.

import { describe, expect, it } from "vitest";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { adam } from "../../src/train/adaptive.ts";
import { type EarlyStoppingOptions, earlyStopping } from "../../src/train/early.ts";
import type { EpochEnd } from "../../src/train/fit.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses, thrown } from "../support/errors.ts";
import { expectBytes } from "../support/resumed.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const train = blobSet(1, 60, 6, 4, 2);
const validation = blobSet(1, 90, 6, 4, 2.5);
const how = { loss: crossEntropy(), optimizer: adam({ lr: 0.02 }), batchSize: 16, validation } as const;
const model = () => xent.sequential({ input: 6, seed: 3 }, [dense(24), relu(), dense(4)]);

/** A run without early stopping: the weights and figures of each of its epochs. */
async function everyEpoch(epochs: number) {
  const m = model();
  const hashes: string[] = [];
  const ends: EpochEnd[] = [];
  const onEpochEnd = (end: EpochEnd): void => {
    hashes.push(weights(m));
    ends.push(end);
  };
  const history = await m.fit(train, { ...how, epochs, metrics: ["accuracy"], callbacks: [{ onEpochEnd }] });
  return { hashes, ends, history };
}
const plain = await everyEpoch(25);

/** The definition, as a plain loop: Keras' EarlyStopping with start_from_epoch 0. */
function expected(
  figures: readonly number[],
  { patience = 0, minDelta = 0, mode = "min" }: EarlyStoppingOptions,
): { best: number; epochs: number } {
  let [best, at, wait] = [Number.NaN, -1, 0];
  for (const [epoch, figure] of figures.entries()) {
    const gain = mode === "min" ? best - figure : figure - best;
    if (at < 0 || gain > minDelta) [best, at, wait] = [figure, epoch, 0];
    else if (++wait >= patience) return { best: at, epochs: epoch + 1 };
  }
  return { best: at, epochs: figures.length };
}

const monitored = (monitor: string): number[] =>
  plain.ends.map((end) => {
    const of = monitor.startsWith("validation.") ? end.validation : end;
    return (of as unknown as Record<string, number>)[monitor.replace("validation.", "")] as number;
  });

describe("the epoch that it ends with, and the weights", () => {
  it.each<[EarlyStoppingOptions]>([
    [{}],
    [{ patience: 1 }],
    [{ patience: 3 }],
    [{ patience: 100 }],
    [{ patience: 2, minDelta: 0.05 }],
    [{ monitor: "loss", patience: 2, minDelta: 0.02 }],
    [{ monitor: "validation.accuracy", patience: 4 }],
    [{ monitor: "accuracy", mode: "min", patience: 1 }],
    [{ monitor: "validation.loss", mode: "max", patience: 2 }],
    [{ patience: 3, restoreBest: false }],
  ])("%o", async (options) => {
    const monitor = options.monitor ?? "validation.loss";
    const figures = monitored(monitor);
    const mode = options.mode ?? (monitor.endsWith("accuracy") ? "max" : "min");
    const { best, epochs } = expected(figures, { ...options, mode });
    const m = model();
    const history = await m.fit(train, {
      ...how,
      epochs: 25,
      metrics: ["accuracy"],
      callbacks: [earlyStopping(options)],
    });
    const { hashes } = plain;
    expect(history).toMatchObject({ epochs, best: { epoch: best, value: figures[best] } });
    const waited = epochs - 1 - best;
    expect(history.stopped).toBe(waited >= Math.max(1, options.patience ?? 0) ? "early" : "done");
    expect(history.loss).toEqual(plain.history.loss.slice(0, epochs));
    expect(weights(m)).toBe(hashes[options.restoreBest === false ? epochs - 1 : best]);
  });

  it("some of these are not the last", () => {
    expect(expected(monitored("validation.loss"), { patience: 3 })).not.toMatchObject({ epochs: 25 });
  });
});

describe("the best weights come back", () => {
  const { best } = expected(monitored("validation.loss"), { patience: 100 });
  const early = () => earlyStopping({ patience: 100 });

  it("is told of a best epoch before the last", () => {
    expect(best).toBeGreaterThan(0);
    expect(best).toBeLessThan(20);
  });

  it("after a callback has thrown", async () => {
    const m = model();
    const mine = new Error("mine");
    const onEpochEnd = ({ epoch }: EpochEnd): void => {
      if (epoch === 20) throw mine;
    };
    expect(
      await thrown(() => m.fit(train, { ...how, epochs: 25, callbacks: [early(), { onEpochEnd }] })),
    ).toBe(mine);
    expect(weights(m)).toBe(plain.hashes[best]);
  });

  it("after an abort", async () => {
    const m = model();
    const controller = new AbortController();
    const onEpochEnd = ({ epoch }: EpochEnd): void => {
      if (epoch === 20) controller.abort();
    };
    const { signal } = controller;
    const history = await m.fit(train, { ...how, epochs: 25, signal, callbacks: [early(), { onEpochEnd }] });
    expect(history).toMatchObject({ stopped: "signal", epochs: 21, best: { epoch: best } });
    expect(weights(m)).toBe(plain.hashes[best]);
  });

  it("after weights that were not finite", async () => {
    const m = model();
    // so that the rate rises to what nothing survives
    const optimizer = sgd({ lr: 0.1, schedule: ({ epoch }) => (epoch < 4 ? 0.1 : 1e38) });
    const history = await m.fit(train, {
      ...how,
      optimizer,
      epochs: 9,
      onNaN: "rollback",
      callbacks: [early()],
    });
    expect(history.stopped).toBe("nan");
    const again = model();
    const steady = sgd({ lr: 0.1, schedule: () => 0.1 });
    const at = history.best?.epoch as number;
    await again.fit(train, { ...how, optimizer: steady, epochs: at + 1 });
    expect(weights(m)).toBe(weights(again));
  });
});

describe("and resume", () => {
  const options = (patience: number) => ({ ...how, epochs: 25, callbacks: [earlyStopping({ patience })] });

  it("a run that was stopped early is over, in this process and from the file", async () => {
    const m = model();
    const history = await m.fit(train, options(3));
    expect(history.stopped).toBe("early");
    const file = m.save();
    expect(await m.fit(train, { ...options(3), resume: true })).toEqual(history);
    expectBytes(m.save(), file);
    const loaded = await xent.load(file);
    expect(await loaded.fit(train, { ...options(3), resume: true })).toEqual(history);
    expectBytes(loaded.save(), file);
  });

  it("a file of its last onEpochEnd leads to the same", async () => {
    const m = model();
    let file: Uint8Array = new Uint8Array(0);
    const onEpochEnd = (): void => {
      file = m.save();
    };
    const callbacks = [earlyStopping({ patience: 3 }), { onEpochEnd }];
    const history = await m.fit(train, { ...options(3), callbacks });
    const loaded = await xent.load(file);
    expect(await loaded.fit(train, { ...options(3), resume: true })).toEqual(history);
    expectBytes(loaded.save(), m.save());
  });

  it("with more patience it is gone on with from the last weights, not the best", async () => {
    const m = model();
    expect((await m.fit(train, options(3))).stopped).toBe("early");
    const loaded = await xent.load(m.save());
    const history = await loaded.fit(train, { ...options(100), resume: true });
    const whole = model();
    expect(history).toEqual(await whole.fit(train, options(100)));
    expectBytes(loaded.save(), whole.save());
  });

  it("another figure, or none, is refused", async () => {
    const m = model();
    await m.fit(train, { ...options(3), metrics: ["accuracy"], stopAfterEpoch: 2 });
    const go = (callbacks: ReturnType<typeof earlyStopping>[]) => () =>
      m.fit(train, { ...options(3), metrics: ["accuracy"], callbacks, resume: true });
    const before = weights(m);
    await refuses(go([]), "STATE", "earlyStopping is null", '"monitor":"validation.loss"');
    await refuses(go([earlyStopping({ monitor: "accuracy" })]), "STATE", '"monitor":"accuracy"');
    await refuses(go([earlyStopping({ restoreBest: false })]), "STATE", '"restoreBest":false');
    expect(weights(m)).toBe(before);
  });
});
