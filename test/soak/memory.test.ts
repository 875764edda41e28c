// Long runs: the JS heap and the WebAssembly memory stay as they are, and models that are done with leave.

import { describe, expect, it } from "vitest";
import {
  adamw,
  batchNorm1d,
  cosine,
  crossEntropy,
  dense,
  dropout,
  earlyStopping,
  init,
  layerNorm,
  noDecay,
  prelu,
  relu,
  sgd,
} from "../../src/index.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import { squares } from "../support/custom-losses.ts";
import { expectFlat, inUse, type Sample, sampling } from "../support/flat.ts";
import { memoriesMade } from "../support/memories.ts";

const xent = await init();
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.05 }) };

describe("no growth", () => {
  it("over 30,000 steps of fit, 784-128-10", async () => {
    const m = xent.sequential({ input: 784, seed: 1, ...learn }, [dense(128), relu(), dense(10)]);
    const data = byteSet(1, 640, 784, 10);
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      const history = await m.fit(data, {
        epochs: 3000,
        batchSize: 64,
        callbacks: [sampling(samples, 300)],
      });
      expect(history.steps).toBe(30_000);
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 10_000);
  });

  const small = () => xent.sequential({ input: 16, seed: 1, ...learn }, [dense(32), relu(), dense(4)]);
  const data = blobSet(1, 1600, 16, 4);
  const [x, y] = [data.x.subarray(0, 160) as Float32Array, data.y.subarray(0, 10)];

  it("over 100,000 steps of fit with everything on", async () => {
    const every = [dense(32), batchNorm1d(), prelu(), dropout(0.2), dense(16), layerNorm(), relu(), dense(4)];
    const m = xent.sequential({ input: 16, seed: 1, loss: crossEntropy() }, every);
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      const history = await m.fit(data, {
        optimizer: adamw({ lr: 1e-3, clipNorm: 1, groups: [noDecay], schedule: cosine({ warmup: 100 }) }),
        epochs: 1000,
        batchSize: 16,
        validation: data,
        metrics: ["accuracy", "f1"],
        onNaN: "rollback",
        callbacks: [earlyStopping({ patience: 1000 }), sampling(samples, 100)],
      });
      expect(history.steps).toBe(100_000);
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 100_000); // six figures of each epoch are kept for `history`
  });

  it("over 100,000 of a loop over steps, with predictions and weights read between", async () => {
    const m = small();
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      for await (const { step } of m.steps(data, { epochs: 1000, batchSize: 16 })) {
        if (step % 10 === 0) m.predict(x);
        if (step % 100 === 0) m.stateDict();
        if (step % 10_000 === 9999) samples.push(inUse());
      }
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 10_000);
  });

  it("over 100,000 steps of trainOnBatch", async () => {
    const m = small();
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      for (let step = 0; step < 100_000; step++) {
        await m.trainOnBatch(x, y);
        if (step % 10_000 === 9999) samples.push(inUse());
      }
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 10_000);
  });

  it("over 300,000 steps of fit with a loss in JavaScript", async () => {
    const loss = squares();
    const m = xent.sequential({ input: 16, seed: 1, loss, optimizer: sgd({ lr: 0.01 }) }, [
      dense(32),
      dense(4),
    ]);
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      await m.fit(data, {
        epochs: 3000,
        batchSize: 16,
        callbacks: [sampling(samples, 300)],
      });
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 30_000);
  });

  it("over 30,000 short fits, an evaluation after each", async () => {
    const m = small();
    const few = blobSet(2, 40, 16, 4);
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      for (let call = 0; call < 30_000; call++) {
        await m.fit(few, { batchSize: 20 });
        await m.evaluate(few);
        if (call % 3000 === 2999) samples.push(inUse());
      }
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 30_000);
  });
});

describe("300 models of 20 MB", () => {
  const rows = 3000;
  const data = blobSet(1, rows, 784, 10);
  const make = (seed: number) => xent.sequential({ input: 784, seed, ...learn }, [dense(10)]);

  it("made, trained a step and disposed of", async () => {
    const sizes = await memoriesMade(async () => {
      for (let i = 0; i < 300; i++) {
        const m = make(i);
        await m.fit(data, { batchSize: rows });
        m.dispose();
      }
    });
    expect(sizes.length).toBe(300);
    expect(Math.min(...sizes)).toBeGreaterThan(19e6);
    expect(inUse().resident).toBeLessThan(1e9);
  });

  it("made, trained and forgotten", async () => {
    for (let i = 0; i < 300; i++) await make(i).fit(data, { batchSize: rows });
    expect(inUse().resident).toBeLessThan(1e9);
  });
});
