// One call at a time, and the end of a model: BUSY and DISPOSED.

import { describe, expect, it } from "vitest";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const model = (): Sequential =>
  xent.sequential({ input: 3, seed: 1, loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) }, [
    dense(5),
    relu(),
    dense(4),
  ]);
const data = blobSet(1, 60, 3, 4);
const large = blobSet(1, 60_000, 3, 4);

/** Calls that a model makes one at a time. */
const exclusive = {
  fit: (m: Sequential) => m.fit(data),
  steps: (m: Sequential) => m.steps(data).next(),
  trainOnBatch: (m: Sequential) => m.trainOnBatch(data.x, data.y),
  evaluate: (m: Sequential) => m.evaluate(data),
  confusionMatrix: (m: Sequential) => m.confusionMatrix(data),
  loadStateDict: (m: Sequential) => m.loadStateDict(model().stateDict()),
};
/** Calls that are welcome at any time. */
const shared = {
  predict: (m: Sequential) => m.predict(data.x),
  predictClass: (m: Sequential) => m.predictClass(data.x),
  logits: (m: Sequential) => m.logits(data.x),
  stateDict: (m: Sequential) => m.stateDict(),
  plan: (m: Sequential) => m.plan({ batchSize: 8 }),
};

describe("BUSY", () => {
  it.each(Object.entries(exclusive))("%s during a fit", async (name, call) => {
    const m = model();
    const fit = m.fit(large, { epochs: 1, batchSize: 16 });
    await refuses(() => call(m), "BUSY", name);
    await fit;
    const twin = model();
    await twin.fit(large, { epochs: 1, batchSize: 16 });
    expect(weights(m)).toBe(weights(twin));
    await call(m);
  });

  it.each(Object.entries(exclusive))("%s between two steps", async (name, call) => {
    const m = model();
    for await (const { step } of m.steps(data, { batchSize: 8 })) {
      if (step === 2) await refuses(() => call(m), "BUSY", name);
    }
    await call(m);
  });

  it.each(Object.entries(exclusive))("%s during an evaluation", async (name, call) => {
    const m = model();
    const evaluation = m.evaluate(large);
    await refuses(() => call(m), "BUSY", name);
    await evaluation;
    await call(m);
  });

  it.each(Object.entries(exclusive))("%s from a callback", async (name, call) => {
    const m = model();
    let refused: Promise<void> | undefined;
    await m.fit(data, {
      callbacks: [
        {
          onEpochEnd() {
            refused = refuses(() => call(m), "BUSY", name);
          },
        },
      ],
    });
    expect(refused).toBeDefined();
    await refused;
  });

  it.each(Object.entries(shared))("%s is welcome meanwhile", async (_, call) => {
    const m = model();
    const fit = m.fit(large, { epochs: 1, batchSize: 16 });
    call(m);
    await fit;
    for await (const { step } of m.steps(data, { batchSize: 8 })) if (step === 2) call(m);
  });

  it("a loop over steps that was never begun keeps nobody waiting", async () => {
    const m = model();
    const loop = m.steps(data);
    await m.fit(data);
    expect((await loop.next()).value).toMatchObject({ step: 0 });
    await refuses(() => m.fit(data), "BUSY");
    await loop.return();
    await m.fit(data);
  });

  it("two models train side by side as each alone", async () => {
    const [one, two] = [model(), model()];
    const [first, second] = await Promise.all([
      one.fit(large, { batchSize: 16 }),
      two.fit(large, { batchSize: 32 }),
    ]);
    expect([first.steps, second.steps]).toEqual([3750, 1875]);
    const alone = model();
    await alone.fit(large, { batchSize: 16 });
    expect(weights(one)).toBe(weights(alone));
  });
});

describe("DISPOSED", () => {
  it.each(Object.entries({ ...exclusive, ...shared }))("%s", async (name, call) => {
    const [used, unused] = [model(), model()];
    await used.fit(data);
    for (const m of [used, unused]) {
      m.dispose();
      await refuses(() => call(m), "DISPOSED", name);
    }
  });

  it("may be said twice; what the model was can still be asked", () => {
    const m = model();
    m.dispose();
    m.dispose();
    expect([m.input, m.outputs]).toEqual([3, 4]);
  });

  it.each([
    ["in a callback", (m: Sequential) => m.dispose()],
    ["by a timer", () => {}],
  ])("a running fit rejects, %s", async (_, onEpochEnd) => {
    const m = model();
    setTimeout(() => m.dispose(), 60);
    const callbacks = [{ onEpochEnd: () => onEpochEnd(m) }];
    await refuses(() => m.fit(data, { epochs: 1_000_000, callbacks }), "DISPOSED", "fit");
  });

  it("a fit whose very last callback disposes rejects too", async () => {
    const m = model();
    const callbacks = [{ onEpochEnd: () => m.dispose() }];
    await refuses(() => m.fit(data, { callbacks }), "DISPOSED");
  });

  it("in a callback while validation is to come", async () => {
    const m = model();
    const callbacks = [{ onProgress: () => m.dispose() }];
    await refuses(() => m.fit(large, { epochs: 2, batchSize: 8, validation: large, callbacks }), "DISPOSED");
  });

  it.each(["evaluate", "confusionMatrix"] as const)("a running %s rejects", async (name) => {
    const m = xent.sequential({ input: 3, loss: crossEntropy() }, [
      dense(512),
      relu(),
      dense(256),
      relu(),
      dense(4),
    ]);
    setTimeout(() => m.dispose(), 1);
    await refuses(() => m[name](large), "DISPOSED");
  });

  it("a loop over steps ends with it", async () => {
    const m = model();
    let steps = 0;
    await refuses(async () => {
      for await (const { step } of m.steps(data, { epochs: 10, batchSize: 8 })) {
        steps++;
        if (step === 3) m.dispose();
      }
    }, "DISPOSED");
    expect(steps).toBe(4);
  });

  it("leaves other models of the runtime alone", async () => {
    const [one, two, alone] = [model(), model(), model()];
    await one.fit(data);
    one.dispose();
    await two.fit(data);
    await alone.fit(data);
    expect(weights(two)).toBe(weights(alone));
  });
});
