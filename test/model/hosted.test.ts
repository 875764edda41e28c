// A hosted runtime gives what one on the calling thread gives: the same bits, the same errors, the same order of things.

import { describe, expect, it } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import type { HostedSequential } from "../../src/model/hosted.ts";
import type { ModelPlan } from "../../src/model/options.ts";
import { hosted } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { mse } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats } from "../oracle/data.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import {
  here,
  INPUT,
  known,
  layers,
  local,
  OUTPUTS,
  remote,
  there,
  train,
  validation,
  x,
  y,
} from "../support/both-sides.ts";
import { refuses, thrown } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";
import { hash, weights } from "../support/state.ts";
import { workersMade } from "../support/workers.ts";

const hashOf = async (model: HostedSequential): Promise<string> => hash(await model.stateDict());
/** Longer than any test takes. */
const FOREVER = 1_000_000;
/** Keeps this thread busy for as long as a worker that did not wait would take for some epochs. */
const dawdle = (): void => {
  const end = performance.now() + 5;
  while (performance.now() < end);
};

describe("the same as on the calling thread", () => {
  it("what runs", async () => {
    expect(there.info).toEqual(here.info);
    const model = await remote();
    expect([model.input, model.outputs]).toEqual([INPUT, OUTPUTS]);
  });

  it.each([
    ["floats", train, {}],
    ["floats, validated, with accuracy", train, { validation, metrics: ["accuracy"] as const }],
    ["bytes", byteSet(3, 150, INPUT, OUTPUTS, { scale: 0.01, shift: -1 }), { shuffle: false }],
    [
      "numbers with weights, another loss",
      dataset({
        x: floats(4, 60 * INPUT),
        y: floats(5, 60 * OUTPUTS),
        features: INPUT,
        weight: floats(6, 60, 0, 3),
      }),
      { loss: mse() },
    ],
  ])("fit: %s", async (_, data, options) => {
    const [a, b] = [local(), await remote()];
    const before = weights(a);
    for (const epochs of [3, 2]) {
      const history = await a.fit(data, { epochs, batchSize: 16, ...options });
      expect(await b.fit(data, { epochs, batchSize: 16, ...options })).toEqual(history);
    }
    expect(await hashOf(b)).toBe(weights(a));
    expect(await hashOf(b)).not.toBe(before);
  });

  it("fit of views of a larger buffer, and of an x in shared memory", async () => {
    const large = floats(8, 4 * 20 * INPUT);
    const shared = new Float32Array(new SharedArrayBuffer(4 * 20 * INPUT));
    shared.set(large.subarray(20 * INPUT, 40 * INPUT));
    const [a, b, c] = [local(), await remote(), await remote()];
    const part = dataset({
      x: large.subarray(20 * INPUT, 40 * INPUT),
      y: y.subarray(3, 23),
      features: INPUT,
    });
    await a.fit(part);
    const [worker] = await workersMade(async () => {
      const another = await hosted({ precision: "strict" });
      await (await another.sequential(known, layers)).fit(part);
      await another.dispose();
    });
    // what crosses is the part
    const sent = worker?.sent.find((message) => (message as Any).what === "data") as Any;
    expect(sent.rows.x.buffer).not.toBe(large.buffer);
    expect(large.buffer.byteLength).toBe(4 * 4 * 20 * INPUT);
    await b.fit(part);
    await c.fit(dataset({ x: shared, y: y.subarray(3, 23), features: INPUT }));
    expect(await hashOf(b)).toBe(weights(a));
    expect(await hashOf(c)).toBe(weights(a));
  });

  it("steps", async () => {
    const [a, b] = [local(), await remote()];
    const [one, two] = [[], []] as [unknown[], unknown[]];
    for await (const step of a.steps(train, { epochs: 2 })) one.push(step);
    for await (const step of b.steps(train, { epochs: 2 })) two.push(step);
    expect(one.length).toBe(10);
    expect(two).toEqual(one);
    expect(await hashOf(b)).toBe(weights(a));
  });

  const none = crossEntropy({ reduction: "none" });
  it.each([
    ["plan", (m) => m.plan({ batchSize: 8, rows: 100, features: "u8" })],
    ["trainOnBatch", (m) => m.trainOnBatch(x, y, { weight: y.map((id) => id + 1) })],
    ["trainOnBatch of arrays", (m) => m.trainOnBatch([[1, 2, 3, 4, 5, 6]], [2])],
    ["gradients", (m) => m.gradients()],
    ["gradients of a batch", (m) => m.gradients({ x: x.subarray(0, 12), y: y.subarray(0, 2) })],
    ["activations", (m) => m.activations(x)],
    ["evaluate", (m) => m.evaluate(validation)],
    ["evaluate row by row", (m) => m.evaluate(validation, { loss: none })],
    ["confusionMatrix", (m) => m.confusionMatrix(validation)],
    ["predict", (m) => m.predict(x)],
    ["predict a Buffer", (m) => m.predict(Buffer.from([1, 2, 3, 4, 5, 6]))],
    ["predictClass", (m) => m.predictClass(x)],
    ["logits", (m) => m.logits(x.subarray(6, 18))],
    ["stateDict", (m) => m.stateDict()],
    ["loadStateDict", (m) => m.loadStateDict(local({ seed: 99 }).stateDict())],
    ["dispose", (m) => m.dispose()],
  ] as [string, (m: Any) => unknown][])("%s", async (name, call) => {
    const [a, b] = [local(), await remote()];
    for (const m of [a, b]) await m.fit(train);
    const bytes = x.slice();
    const result = await call(a);
    // measured over there as here, but not the same
    const alike = name === "plan" ? { ...(result as ModelPlan), stepMs: expect.any(Number) } : result;
    expect(await call(b)).toEqual(alike);
    expect(x).toEqual(bytes);
    if (name === "dispose") await refuses(() => b.predict(x), "DISPOSED", "predict: the model was disposed");
    else expect(await hashOf(b)).toBe(weights(a));
  });

  it("every method of a model is there", async () => {
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(local()));
    expect(Object.keys(await remote()).sort()).toEqual(methods.filter((n) => n !== "constructor").sort());
  });

  it("one call at a time, others are welcome meanwhile", async () => {
    const model = await remote();
    const fit = model.fit(train, { epochs: 3000, batchSize: 4 });
    const twin = local();
    await refuses(() => model.fit(train), "BUSY", "fit");
    expect((await model.predict(x)).length).toBe(x.length * (OUTPUTS / INPUT));
    await fit;
    await twin.fit(train, { epochs: 3000, batchSize: 4 });
    expect(await hashOf(model)).toBe(weights(twin));
  });
});

describe("steps", () => {
  it("are done when they are asked for, and end with the loop", async () => {
    const [a, b] = [local(), await remote()];
    for await (const { step } of b.steps(train, { epochs: FOREVER })) {
      if (step < 2) continue;
      await new Promise((resolve) => setTimeout(resolve, 60));
      break;
    }
    for await (const { step } of a.steps(train, { epochs: FOREVER })) if (step === 2) break;
    expect(await hashOf(b)).toBe(weights(a));
    for (const m of [a, b]) await m.fit(train);
    expect(await hashOf(b)).toBe(weights(a));
  });

  it("that were never begun keep nobody waiting; a loop that throws frees the model", async () => {
    const model = await remote();
    model.steps(train);
    await model.fit(train);
    const error = await thrown(async () => {
      for await (const _ of model.steps(train)) throw new Error("mine");
    });
    expect(error).toEqual(new Error("mine"));
    await model.fit(train);
  });

  it("end when the signal is aborted, after the step at hand", async () => {
    const model = await remote();
    const controller = new AbortController();
    let steps = 0;
    for await (const { step } of model.steps(train, { epochs: FOREVER, signal: controller.signal })) {
      steps++;
      if (step === 7) controller.abort();
    }
    expect(steps).toBe(8);
    for await (const _ of model.steps(train, { signal: AbortSignal.abort() })) expect.fail("a step");
    await model.fit(train);
  });

  it("DIVERGED comes out of the loop", async () => {
    const model = await remote();
    const bad = { epochs: FOREVER, optimizer: sgd({ lr: 1e30 }) };
    await refuses(async () => {
      for await (const _ of model.steps(train, bad));
    }, "DIVERGED");
    await model.fit(train, { optimizer: sgd({ lr: 0.1 }) });
  });
});

describe("callbacks", () => {
  it("are called in order, with what the calling thread would give them", async () => {
    const record = async (model: Sequential | HostedSequential): Promise<unknown[]> => {
      const told: unknown[] = [];
      const callback = (name: string) => ({
        onProgress: ({ epoch, step, loss, steps, epochs }: Any) => {
          // those at an epoch's end: the others come when it is time
          if (step === 5 * (epoch + 1)) told.push([name, "progress", { epoch, step, loss, steps, epochs }]);
        },
        onEpochEnd: ({ seconds, ...rest }: Any) => {
          expect(seconds).toBeGreaterThan(0);
          told.push([name, "end", rest]);
        },
      });
      const onEpochEnd = (): void => void told.push("third");
      const callbacks = [callback("first"), callback("second"), { onEpochEnd }, {}];
      await model.fit(train, { epochs: 3, validation, metrics: ["accuracy"], callbacks });
      return told;
    };
    const told = await record(local());
    expect(told.length).toBe(15);
    expect(await record(await remote())).toEqual(told);
  });

  it("of one kind alone", async () => {
    const model = await remote();
    let [ends, progress] = [0, 0];
    await model.fit(train, { epochs: 4, callbacks: [{ onEpochEnd: () => void ends++ }] });
    await model.fit(train, { epochs: 4, callbacks: [{ onProgress: () => void progress++ }] });
    await model.fit(train, { epochs: 4, callbacks: [{}] });
    await model.fit(train, { epochs: 4, callbacks: [] });
    expect(ends).toBe(4);
    expect(progress).toBeGreaterThanOrEqual(4);
  });

  it.each(["onProgress", "onEpochEnd"])("what %s throws ends fit with that very error", async (name) => {
    const model = await remote();
    const error = new Error("mine");
    let calls = 0;
    const callback = {
      [name]: () => {
        calls++;
        throw error;
      },
    };
    const never = { [name]: () => expect.fail("called behind one that threw") };
    const fit = model.fit(train, { epochs: FOREVER, callbacks: [callback, never] });
    expect(await thrown(() => fit)).toBe(error);
    expect(calls).toBe(1);
    await model.fit(train);
  });

  it("thrown at an epoch's end: the weights are those of that epoch, and so are later ones", async () => {
    const [a, b] = [local(), await remote()];
    for (const m of [a, b]) {
      let left = 3;
      const onEpochEnd = (): void => {
        dawdle();
        if (--left === 0) throw new Error("enough");
      };
      expect(await thrown(() => m.fit(train, { epochs: FOREVER, callbacks: [{ onEpochEnd }] }))).toEqual(
        new Error("enough"),
      );
    }
    expect(await hashOf(b)).toBe(weights(a));
    for (const m of [a, b]) await m.fit(train);
    expect(await hashOf(b)).toBe(weights(a));
  });
});

describe("abort", () => {
  it("of a fit before its first step", async () => {
    const model = await remote();
    const before = await hashOf(model);
    expect(await model.fit(train, { signal: AbortSignal.abort() })).toEqual({
      loss: [],
      epochs: 0,
      steps: 0,
      stopped: "signal",
    });
    expect(await hashOf(model)).toBe(before);
  });

  it("of a fit at an epoch's end: the weights are those of that epoch", async () => {
    const [a, b] = [local(), await remote()];
    const controller = new AbortController();
    const onEpochEnd = ({ epoch }: { epoch: number }): void => {
      dawdle();
      if (epoch === 2) controller.abort();
    };
    const history = await b.fit(train, {
      epochs: FOREVER,
      callbacks: [{ onEpochEnd }],
      signal: controller.signal,
    });
    expect(history).toMatchObject({ epochs: 3, steps: 15, stopped: "signal" });
    await a.fit(train, { epochs: 3 });
    expect(await hashOf(b)).toBe(weights(a));
  });

  it("of a fit by a timer", async () => {
    const model = await remote();
    const { stopped, steps } = await model.fit(train, { epochs: FOREVER, signal: AbortSignal.timeout(80) });
    expect(stopped).toBe("signal");
    expect(steps).toBeGreaterThan(0);
    await model.fit(train);
  });

  it.each(["evaluate", "confusionMatrix"] as const)("%s rejects with the signal's reason", async (name) => {
    const model = await there.sequential(known, [dense(512), relu(), dense(256), relu(), dense(OUTPUTS)]);
    const large = blobSet(3, 60_000, INPUT, OUTPUTS);
    const reason = { my: "reason" };
    expect(await thrown(() => model[name](train, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const controller = new AbortController();
    const call = model[name](large, { signal: controller.signal });
    controller.abort(reason);
    expect(await thrown(() => call)).toBe(reason);
    expect(await thrown(() => model[name](train, { signal: AbortSignal.abort() }))).toMatchObject({
      name: "AbortError",
    });
    await model[name](train, { signal: new AbortController().signal });
  });
});

describe("messages", () => {
  it("a data set is sent once, and arguments stay the caller's", async () => {
    const rows = x.slice();
    const [worker] = await workersMade(async () => {
      const xent = await hosted();
      const [a, b] = [await xent.sequential(known, layers), await xent.sequential(known, layers)];
      await a.fit(train, { validation });
      await a.evaluate(train);
      await a.confusionMatrix(validation);
      await b.fit(train, { validation: train });
      for await (const _ of b.steps(train)) break;
      await b.predict(rows);
      await xent.dispose();
    });
    const what = worker?.sent.map((message) => (message as Any).what) as string[];
    expect(what.filter((each) => each === "data").length).toBe(2);
    expect(what.filter((each) => each === "call").length).toBeGreaterThan(9);
    expect(rows).toEqual(x);
    expect(train.x.length).toBe(150 * INPUT);
  });

  it("results are buffers of their own", async () => {
    const model = await remote();
    const prediction = await model.predict(x);
    expect(prediction.buffer.byteLength).toBe(prediction.byteLength);
    prediction.fill(0);
    expect((await model.predict(x)).some((value) => value !== 0)).toBe(true);
  });
});

it("xent.hosted is the same function", async () => {
  const xent = await here.hosted({ precision: "strict" });
  const model = await xent.sequential(known, layers);
  await model.fit(train);
  const twin = local();
  await twin.fit(train);
  expect(await hashOf(model)).toBe(weights(twin));
  await xent.dispose();
});

it("two hosted runtimes train at once", async () => {
  const xents = await Promise.all([hosted({ precision: "strict" }), hosted({ precision: "strict" })]);
  const models = await Promise.all(xents.map((xent) => xent.sequential(known, layers)));
  await Promise.all(models.map((model, i) => model.fit(train, { epochs: 100 * (i + 1) })));
  for (const [i, model] of models.entries()) {
    const twin = local();
    await twin.fit(train, { epochs: 100 * (i + 1) });
    expect(await hashOf(model)).toBe(weights(twin));
  }
  for (const xent of xents) await xent.dispose();
});

it("the event loop stays free while a model trains", async () => {
  const alone = await hosted({ threads: 1 });
  const model = await alone.sequential(known, [dense(512), relu(), dense(512), relu(), dense(OUTPUTS)]);
  const [gaps, start] = [[] as number[], performance.now()];
  let last = start;
  const timer = setInterval(() => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }, 5);
  const { stopped } = await model.fit(blobSet(4, 10_000, INPUT, OUTPUTS), {
    epochs: FOREVER,
    batchSize: 256,
    signal: AbortSignal.timeout(500),
  });
  clearInterval(timer);
  await alone.dispose();
  expect(stopped).toBe("signal");
  // on the calling thread there are 50 ms between two of them, so ten at most
  expect(gaps.length).toBeGreaterThan(25);
  expect(gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]).toBeLessThan(20);
});
