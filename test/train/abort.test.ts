// Abort, and the event loop's turns while a model trains.

import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet } from "../support/blobs.ts";
import { thrown } from "../support/errors.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.05 }) };
const model = () => xent.sequential({ input: 16, seed: 5, ...learn }, [dense(64), relu(), dense(4)]);
const train = blobSet(1, 640, 16, 4);
/** Some ten seconds: longer than any test here takes, and an end to a fit that nothing stops. */
const FOREVER = 10_000;

/** Finite weights, and ready for more. */
async function expectUsable(m: ReturnType<typeof model>, data: Dataset = train): Promise<void> {
  for (const { data } of Object.values(m.stateDict())) expect(data.every(Number.isFinite)).toBe(true);
  expect(await m.fit(data, { epochs: 1 })).toMatchObject({ epochs: 1, stopped: "done" });
}

describe("fit", () => {
  it("with a signal that is aborted already does no step", async () => {
    const m = model();
    const before = weights(m);
    const history = await m.fit(train, { signal: AbortSignal.abort() });
    expect(history).toEqual({ loss: [], epochs: 0, steps: 0, stopped: "signal" });
    expect(weights(m)).toBe(before);
    await expectUsable(m);
  });

  it("aborted in a callback ends after that epoch, with the weights of its last step", async () => {
    const m = model();
    const controller = new AbortController();
    const onEpochEnd = ({ epoch }: { epoch: number }): void => {
      if (epoch === 1) controller.abort();
    };
    const history = await m.fit(train, {
      epochs: FOREVER,
      callbacks: [{ onEpochEnd }],
      signal: controller.signal,
    });
    expect(history).toMatchObject({ epochs: 2, steps: 40, stopped: "signal" });
    expect(history.loss.length).toBe(2);
    const plain = model();
    await plain.fit(train, { epochs: 2 });
    expect(weights(m)).toBe(weights(plain));
    await expectUsable(m);
  });

  it("aborted in the last callback of all is done", async () => {
    const controller = new AbortController();
    const callbacks = [{ onEpochEnd: () => controller.abort() }];
    expect(await model().fit(train, { callbacks, signal: controller.signal })).toMatchObject({
      stopped: "done",
    });
  });

  it("aborted by a timer stops soon, between two steps", async () => {
    const m = model();
    const controller = new AbortController();
    let aborted = 0;
    setTimeout(() => {
      aborted = performance.now();
      controller.abort();
    }, 120);
    const history = await m.fit(train, { epochs: FOREVER, batchSize: 8, signal: controller.signal });
    // 50 ms of work between two turns, and room for a machine that is busy with something else
    expect(performance.now() - aborted).toBeLessThan(500);
    expect(history.stopped).toBe("signal");
    expect(history.epochs).toBe(Math.floor(history.steps / 80));
    expect(history.loss.length).toBe(history.epochs);
    const plain = model();
    let left = history.steps;
    for await (const _ of plain.steps(train, { epochs: FOREVER, batchSize: 8 })) if (--left === 0) break;
    expect(weights(m)).toBe(weights(plain));
    await expectUsable(m);
  });

  it("aborted during validation stops, and what was validated so far is kept", async () => {
    const m = model();
    const controller = new AbortController();
    const validation = blobSet(2, 60_000, 16, 4);
    let ends = 0;
    const history = await m.fit(blobSet(1, 64, 16, 4), {
      epochs: FOREVER,
      validation,
      signal: controller.signal,
      callbacks: [
        {
          onEpochEnd: () => {
            ends++;
            if (ends === 1) setTimeout(() => controller.abort(), 1);
          },
        },
      ],
    });
    expect(history.stopped).toBe("signal");
    expect(history.epochs).toBe(ends);
    const validated = history.validation?.loss.length as number;
    expect([ends, ends - 1]).toContain(validated);
    await expectUsable(m);
  });

  it("can be aborted from outside as AbortSignal.timeout does it", async () => {
    const history = await model().fit(train, { epochs: FOREVER, signal: AbortSignal.timeout(30) });
    expect(history.stopped).toBe("signal");
  });
});

describe("steps", () => {
  it("ends when the signal is aborted, after the step at hand", async () => {
    const m = model();
    const controller = new AbortController();
    let steps = 0;
    for await (const { step } of m.steps(train, { epochs: FOREVER, signal: controller.signal })) {
      steps++;
      if (step === 7) controller.abort();
    }
    expect(steps).toBe(8);
    for await (const _ of m.steps(train, { signal: AbortSignal.abort() })) expect.fail("a step was done");
    await expectUsable(m);
  });

  it("ends when the loop is left", async () => {
    const m = model();
    for await (const { step } of m.steps(train, { epochs: FOREVER })) if (step === 3) break;
    await expectUsable(m);
  });

  it("a loop that throws frees the model", async () => {
    const m = model();
    const error = await thrown(async () => {
      for await (const _ of m.steps(train)) throw new Error("mine");
    });
    expect(error).toEqual(new Error("mine"));
    await expectUsable(m);
  });
});

describe("evaluate and confusionMatrix", () => {
  it.each(["evaluate", "confusionMatrix"] as const)("%s rejects with the signal's reason", async (call) => {
    const m = model();
    expect(await thrown(() => m[call](train, { signal: AbortSignal.abort() }))).toMatchObject({
      name: "AbortError",
    });
    const reason = new Error("my reason");
    expect(await thrown(() => m[call](train, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    await expectUsable(m);
  });

  it.each(["evaluate", "confusionMatrix"] as const)("%s stops in the middle", async (call) => {
    const m = xent.sequential({ input: 16, seed: 5, ...learn }, [
      dense(512),
      relu(),
      dense(256),
      relu(),
      dense(4),
    ]);
    const data = blobSet(3, 60_000, 16, 4);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 1);
    expect(await thrown(() => m[call](data, { signal: controller.signal }))).toMatchObject({
      name: "AbortError",
    });
    clearTimeout(timer);
    await expectUsable(m);
  });
});

describe("the event loop", () => {
  it("has its turn about every 50 ms while fit runs, and progress is told then", async () => {
    const told: number[] = [];
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await model().fit(blobSet(4, 160_000, 16, 4), {
      epochs: FOREVER,
      batchSize: 4,
      callbacks: [{ onProgress: ({ step }) => told.push(step) }],
      signal: AbortSignal.timeout(500),
    });
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(4);
    expect(told.length).toBeGreaterThanOrEqual(4);
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
  });

  it("has its turn while a consumer loops over steps", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    for await (const _ of model().steps(train, { epochs: FOREVER, signal: AbortSignal.timeout(250) }));
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(2);
  });
});
