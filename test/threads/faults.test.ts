// What goes wrong with threads: workers killed inside a record, workers that trap, workers that do not start, and calls that
// cross each other while a thread is late. Every time an XentError or a clean end, the last good weights, and a model that
// goes on with new threads as if nothing had been. The debug build has an op that waits: that is where a worker is killed.

import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import { dataset } from "../../src/data/dataset.ts";
import { init } from "../../src/model/runtime.ts";
import { networkOf, Sequential } from "../../src/model/sequential.ts";
import { Multiplier } from "../../src/model/sgemm.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import type { Program } from "../../src/program/program.ts";
import { sgd } from "../../src/train/sgd.ts";
import type { Core } from "../../src/wasm/runtime.ts";
import { coreOf } from "../support/core.ts";
import { crewed, sharedCore, watchWorkers } from "../support/crew.ts";
import { open, openFromOutside, trapIn, waitIn } from "../support/gates.ts";
import { ended } from "../support/workers.ts";

const [ROWS, FEATURES, CLASSES, BATCH] = [600, 40, 6, 50];
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) =>
  Math.fround(((i * 7919) % 1000) / 500 - 1),
);
const data = dataset({
  x,
  y: Int32Array.from({ length: ROWS }, (_, i) => (i * i) % CLASSES),
  features: FEATURES,
});
const OPTIONS = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }), batchSize: BATCH };

let watch: ReturnType<typeof watchWorkers>;
beforeEach(() => {
  watch = watchWorkers();
});
afterEach(async () => {
  watch.restore();
  await Promise.all(watch.workers.map((worker) => worker.terminate()));
});

const modelOn = (core: Core): Sequential =>
  new Sequential(core, { input: FEATURES, seed: 3 }, [dense(32), relu(), dense(CLASSES)]);

/** The bits of all weights. */
const weights = (model: Sequential): number[] =>
  Object.values(model.stateDict()).flatMap(({ data }) => [...new Uint32Array(data.buffer)]);

/** The same training, without threads. */
async function alone(epochs: number, stopAfter = Number.POSITIVE_INFINITY): Promise<number[]> {
  const model = modelOn(coreOf("simd"));
  for await (const { step } of model.steps(data, { ...OPTIONS, epochs })) if (step + 1 === stopAfter) break;
  return weights(model);
}

async function failure(work: Promise<unknown>): Promise<XentError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(XentError);
  return error as XentError;
}

/** Ends the last worker once the thread that waits for it has let the event loop turn. */
const killSoon = (): unknown => setTimeout(() => watch.workers.at(-1)?.terminate(), 20);

/** A record of the forward pass. */
const forwardRecord = 3;

describe.each([2, 3])("of %i threads the last one", (threads) => {
  async function started(): Promise<Sequential> {
    const { core } = await crewed("debug-threads", threads);
    const model = modelOn(core);
    // the program is laid, and trained before: the weights are no longer the first
    await model.fit(data, OPTIONS);
    return model;
  }
  async function expectsNewThreads(model: Sequential, before: number): Promise<void> {
    expect(watch.workers.length).toBe(before);
    await model.fit(data, OPTIONS);
    expect(watch.workers.length).toBe(before + threads - 1);
  }

  it("is killed in a forward pass: fit rejects, the weights are those it began with, and training goes on", async () => {
    const model = await started();
    const before = weights(model);
    const workers = watch.workers.length;
    waitIn(networkOf(model).trained.program, forwardRecord);
    killSoon();
    const error = await failure(model.fit(data, OPTIONS));
    expect(error.code).toBe("WORKER_LOST");
    expect(weights(model)).toEqual(before);
    await Promise.all(watch.workers.map(ended));
    await expectsNewThreads(model, workers);
  });

  it("is killed while weights are updated, 300 steps on: they are those from before step 256", async () => {
    const { core } = await crewed("debug-threads", threads);
    const model = modelOn(core);
    const run = async (): Promise<void> => {
      for await (const { step } of model.steps(data, { ...OPTIONS, epochs: 30 })) {
        if (step !== 299) continue;
        const { program } = networkOf(model).trained;
        waitIn(program, program.drafts.length - 1);
        killSoon();
      }
    };
    const error = await failure(run());
    expect(error.code).toBe("WORKER_LOST");
    expect(error.message).toContain("the weights are those from before step 256");
    expect(weights(model)).toEqual(await alone(30, 256));
    // not busy, and as good as new
    await model.fit(data, OPTIONS);
  });

  it("is killed in trainOnBatch, in evaluate, in confusionMatrix: nothing changes", async () => {
    const model = await started();
    const before = weights(model);
    const calls: [() => Program, number, () => Promise<unknown>][] = [
      [() => networkOf(model).trained.program, networkOf(model).trained.program.drafts.length - 1, batch],
      [() => networkOf(model).chunk().program, 3, () => model.evaluate(data)],
      [() => networkOf(model).chunk().program, 3, () => model.confusionMatrix(data)],
    ];
    function batch(): Promise<unknown> {
      return model.trainOnBatch(x.subarray(0, BATCH * FEATURES), data.y.subarray(0, BATCH));
    }
    const expected = await model.evaluate(data);
    for (const [program, record, call] of calls) {
      waitIn(program(), record);
      killSoon();
      expect((await failure(call())).code).toBe("WORKER_LOST");
      expect(weights(model)).toEqual(before);
      expect(await model.evaluate(data)).toEqual(expected);
    }
  });

  it("traps: the error says why, at once, in calls that wait and in those that cannot", async () => {
    const model = await started();
    const before = weights(model);
    const expected = model.predict(x);
    trapIn(networkOf(model).trained.program, forwardRecord);
    const error = await failure(model.fit(data, OPTIONS));
    expect(error.code).toBe("WORKER_LOST");
    expect(error.message).toMatch(/memory access out of bounds/);
    expect(weights(model)).toEqual(before);
    await model.evaluate(data);
    trapIn(networkOf(model).chunk().program, 3);
    expect(() => model.predict(x)).toThrow(expect.objectContaining({ code: "WORKER_LOST" }));
    // alone, until a call can wait for new threads
    expect(model.predict(x)).toEqual(expected);
    await model.evaluate(data);
    expect(model.predict(x)).toEqual(expected);
  });

  it("ends while nothing is to do: the next call starts new ones, and one that cannot wait does without", async () => {
    const model = await started();
    const expected = model.predict(x);
    const before = watch.workers.length;
    await watch.workers.at(-1)?.terminate();
    // alone, and has new ones started without waiting for them
    expect(model.predict(x)).toEqual(expected);
    expect(watch.workers.length).toBe(before + threads - 1);
    await model.fit(data, OPTIONS);
    expect(watch.workers.length).toBe(before + threads - 1);
  });

  it("is late: the event loop turns meanwhile, then the run goes on to the same bits", async () => {
    const { core } = await crewed("debug-threads", threads);
    const model = modelOn(core);
    await model.evaluate(data, { loss: OPTIONS.loss });
    let late = 0;
    for await (const { step } of model.steps(data, { ...OPTIONS, epochs: 2 })) {
      if (step % 7 !== 5) continue;
      late++;
      const { program } = networkOf(model).trained;
      const gate = waitIn(program, step % program.drafts.length);
      setTimeout(() => open(gate), 250);
    }
    expect(late).toBe(3);
    expect(weights(model)).toEqual(await alone(2));
    expect(watch.workers.length).toBe(threads - 1);
  });

  it("is late, and other calls come in between: they wait for it, and change nothing", async () => {
    const { core } = await crewed("debug-threads", threads);
    const model = modelOn(core);
    const other = modelOn(core);
    const expected = other.logits(x);
    const seen: number[] = [];
    for await (const { step } of model.steps(data, { ...OPTIONS, epochs: 3 })) {
      if (step % 6 !== 0) continue;
      const { program } = networkOf(model).trained;
      const gate = waitIn(program, forwardRecord + (step % 4));
      setTimeout(() => {
        // another model in the same runtime does without the threads
        expect(other.logits(x)).toEqual(expected);
        openFromOutside(gate, 150);
        seen.push(model.predict(x).length, Object.keys(model.stateDict()).length);
        expect(() => model.loadStateDict({})).toThrow(expect.objectContaining({ code: "BUSY" }));
      }, 20);
    }
    expect(seen.length).toBeGreaterThan(2);
    expect(weights(model)).toEqual(await alone(3));
  });

  it("is late, and the model is disposed of: fit rejects with DISPOSED, the threads end, others go on", async () => {
    const { core, pool } = await crewed("debug-threads", threads);
    const model = modelOn(core);
    const other = modelOn(core);
    await model.fit(data, OPTIONS);
    waitIn(networkOf(model).trained.program, forwardRecord);
    setTimeout(() => model.dispose(), 20);
    expect((await failure(model.fit(data, OPTIONS))).code).toBe("DISPOSED");
    await Promise.all(watch.workers.map(ended));
    expect(pool.threads).toBe(1);
    await other.fit(data, OPTIONS);
    expect(weights(other)).toEqual(await alone(1));
    expect(pool.threads).toBe(threads);
  });

  it("is late, and the signal is aborted: fit ends after the step", async () => {
    const { core } = await crewed("debug-threads", threads);
    const model = modelOn(core);
    await model.evaluate(data, { loss: OPTIONS.loss });
    const controller = new AbortController();
    const { signal } = controller;
    let steps = 0;
    for await (const { step } of model.steps(data, { ...OPTIONS, epochs: 3, signal })) {
      steps = step + 1;
      if (step !== 4) continue;
      const gate = waitIn(networkOf(model).trained.program, forwardRecord);
      setTimeout(() => {
        controller.abort();
        open(gate);
      }, 20);
    }
    expect(steps).toBe(6);
    expect(weights(model)).toEqual(await alone(3, 6));
  });

  it("never comes, and the signal is aborted: fit ends, with the weights of before, and training goes on", async () => {
    for (const record of [forwardRecord, -1]) {
      const model = await started();
      const before = weights(model);
      const { program } = networkOf(model).trained;
      waitIn(program, (record + program.drafts.length) % program.drafts.length);
      const options = { ...OPTIONS, epochs: 3, signal: AbortSignal.timeout(150) };
      expect(await model.fit(data, options)).toMatchObject({ stopped: "signal", steps: 0 });
      expect(weights(model)).toEqual(before);
      // older weights than the run has counted steps for
      const resumed = { ...OPTIONS, epochs: 3, resume: true };
      await expect(model.fit(data, resumed)).rejects.toThrow("a thread was late in a step");
      const loaded = modelOn(coreOf("simd"));
      await loaded.load(model.save());
      await expect(loaded.fit(data, resumed)).rejects.toThrow("a thread was late in a step");
      await model.fit(data, OPTIONS);
      const next = modelOn(coreOf("simd"));
      for (let i = 0; i < 2; i++) await next.fit(data, OPTIONS);
      expect(weights(model).length).toBe(weights(next).length);
      expect(weights(model)).not.toEqual(before);
      // the same for steps, and for an evaluation
      const steps = model.steps(data, { ...OPTIONS, signal: AbortSignal.timeout(300) });
      await steps.next();
      const kept = weights(model);
      waitIn(networkOf(model).trained.program, forwardRecord);
      expect(await steps.next()).toEqual({ value: undefined, done: true });
      await expect(model.fit(data, { ...OPTIONS, resume: true })).rejects.toThrow("a thread was late");
      await model.evaluate(data);
      waitIn(networkOf(model).chunk().program, 3);
      await expect(model.evaluate(data, { signal: AbortSignal.timeout(150) })).rejects.toThrow(/abort/i);
      expect(weights(model).length).toBe(kept.length);
      await model.evaluate(data);
    }
  });

  it("is late in an evaluation, and predictions come in between: both are right", async () => {
    const { core } = await crewed("debug-threads", threads);
    const model = modelOn(core);
    const { loss } = OPTIONS;
    const expected = await model.evaluate(data, { loss });
    const { counts } = await model.confusionMatrix(data);
    const predicted = model.predict(x.subarray(0, 5 * FEATURES));
    for (const record of [0, 2, 3]) {
      for (const call of [
        () => model.evaluate(data),
        async () => (await model.confusionMatrix(data)).counts,
      ]) {
        const gate = waitIn(networkOf(model).chunk().program, record);
        const between = new Promise<Float32Array>((resolve) => {
          setTimeout(() => {
            openFromOutside(gate, 150);
            resolve(model.predict(x.subarray(0, 5 * FEATURES)));
          }, 20);
        });
        expect([expected, counts]).toContainEqual(await call());
        expect(await between).toEqual(predicted);
      }
    }
  });

  it("traps in a prediction between two steps: the steps end, with the weights of the last one", async () => {
    const { core, pool } = await crewed("debug-threads", threads);
    const model = modelOn(core);
    let done = 0;
    const run = async (): Promise<void> => {
      for await (const { step } of model.steps(data, { ...OPTIONS, epochs: 2 })) {
        done = step + 1;
        if (step !== 9) continue;
        trapIn(networkOf(model).chunk().program, 3);
        expect(() => model.predict(x)).toThrow(expect.objectContaining({ code: "WORKER_LOST" }));
        expect(model.predict(x).length).toBe(ROWS * CLASSES);
      }
    };
    expect((await failure(run())).message).toContain("the weights are those of the last step");
    expect(done).toBe(10);
    expect(weights(model)).toEqual(await alone(2, 10));
    await model.fit(data, OPTIONS);
    expect(pool.threads).toBe(threads);
  });

  it("never comes in an evaluation that is aborted: the model, and others, have threads again", async () => {
    const { core, pool } = await crewed("debug-threads", threads);
    const [model, other] = [modelOn(core), modelOn(core)];
    await model.evaluate(data, { loss: OPTIONS.loss });
    waitIn(networkOf(model).chunk().program, 3);
    const signal = AbortSignal.timeout(150);
    const reason = await model.evaluate(data, { signal }).catch((error: unknown) => error);
    expect(reason).toBe(signal.reason);
    await other.fit(data, OPTIONS);
    expect(pool.threads).toBe(threads);
    await model.fit(data, OPTIONS);
    expect(weights(model)).toEqual(weights(other));
  });

  it("ends in the midst of a fit, between two steps: it is replaced, and the bits are the same", async () => {
    const { core, pool } = await crewed("debug-threads", threads);
    const model = modelOn(core);
    for await (const { step } of model.steps(data, { ...OPTIONS, epochs: 20 })) {
      if (step === 20) await watch.workers.at(-1)?.terminate();
      // a slice of time is over now and then, and with it the wait for the new ones
      if (step % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(watch.workers.length).toBe(2 * (threads - 1));
    expect(pool.threads).toBe(threads);
    expect(weights(model)).toEqual(await alone(20));
  });

  it("is late, and the runtime is disposed of: the call rejects, the model goes on with one thread", async () => {
    const { core, pool } = await crewed("debug-threads", threads);
    const model = modelOn(core);
    await model.fit(data, OPTIONS);
    const before = weights(model);
    waitIn(networkOf(model).trained.program, forwardRecord);
    setTimeout(() => pool.end("the runtime was disposed of"), 20);
    const error = await failure(model.fit(data, OPTIONS));
    expect(error.message).toMatch(/the runtime was disposed of.*Call again: one thread does all/s);
    expect(weights(model)).toEqual(before);
    await model.fit(data, OPTIONS);
    expect(pool.threads).toBe(1);
  });
});

describe("threads that cannot be started", () => {
  it.each<[string, (make: () => Worker) => Worker, RegExp]>([
    [
      "the host refuses a thread",
      () => {
        throw new Error("no more threads");
      },
      /could not be started: Error: no more threads/,
    ],
    [
      "one ends before it is ready",
      (make) => {
        const worker = make();
        void worker.terminate();
        return worker;
      },
      /could not be started: it ended with code [01]/,
    ],
    [
      "its file is another worker's",
      () => new Worker("require('node:worker_threads').parentPort.postMessage('hello')", { eval: true }),
      /could not be started: its file is another worker's/,
    ],
    [
      "its file is not there",
      () => new Worker(new URL("./nowhere.mjs", import.meta.url)),
      /could not be started: Cannot find module/,
    ],
  ])("%s: one thread, the reason, and the same bits", async (_, change, reason) => {
    watch.restore();
    watch = watchWorkers(change);
    const xent = await init({ threads: 3, precision: "strict" });
    expect(xent.info.threads).toBe(1);
    expect(xent.info.reasons.at(-1)).toMatch(reason);
    const started = watch.workers.length;
    const model = xent.sequential({ input: FEATURES, seed: 3 }, [dense(32), relu(), dense(CLASSES)]);
    await model.fit(data, OPTIONS);
    expect(weights(model)).toEqual(await alone(1));
    // it is not tried again and again
    expect(watch.workers.length).toBe(started);
  });

  it("after threads were lost: one thread from then on", async () => {
    const { core, pool } = await crewed("debug-threads", 2);
    const model = modelOn(core);
    await model.fit(data, OPTIONS);
    watch.restore();
    await Promise.all(watch.workers.map((worker) => worker.terminate()));
    watch = watchWorkers(() => {
      throw new Error("no more threads");
    });
    await model.fit(data, OPTIONS);
    expect(pool.failed).toBe("the others could not be started: Error: no more threads");
    expect(model.predict(x).length).toBe(ROWS * CLASSES);
  });
});

describe("sgemm", () => {
  it("throws when a thread traps, leaves a copied c as it was, and goes on to the same bits", async () => {
    const { core, pool } = await crewed("debug-threads", 2);
    const multiplier = new Multiplier(core);
    const [m, n, k] = [64, 60, 56];
    const [a, b] = [x.subarray(0, m * k), x.subarray(5, 5 + k * n)];
    const sizes = { m, n, k };
    const expected = new Multiplier(coreOf("simd")).sgemm({ ...sizes, a, b, c: new Float32Array(m * n) });
    const lost = expect.objectContaining({ code: "WORKER_LOST" });
    const own = multiplier.alloc([m * k, k * n, m * n]) as [Float32Array, Float32Array, Float32Array];
    own[0].set(a);
    own[1].set(b);
    const c = new Float32Array(m * n).fill(7);
    for (const arrays of [
      { a, b, c },
      { a: own[0], b: own[1], c: own[2] },
    ]) {
      await pool.start();
      // the worker runs on, into what are no records
      const hand = pool.hand.bind(pool);
      const spy = vi.spyOn(pool, "hand").mockImplementation((memory, program, hyper, first) => {
        hand(memory, program, hyper, first, 1 << 20);
      });
      expect(() => multiplier.sgemm({ ...sizes, ...arrays })).toThrow(lost);
      spy.mockRestore();
      expect(c).toEqual(new Float32Array(m * n).fill(7));
      await Promise.all(watch.workers.map(ended));
      expect(multiplier.sgemm({ ...sizes, ...arrays, c: arrays.c.slice() })).toEqual(expected);
      await pool.start();
      expect(multiplier.sgemm({ ...sizes, ...arrays })).toEqual(expected);
      c.fill(7);
    }
  });
});

it("two runtimes at once train as each would alone, one while the other waits for a thread of its own", async () => {
  const [one, two] = (await Promise.all(
    [2, 3].map(async (threads) => modelOn((await crewed("debug-threads", threads)).core)),
  )) as [Sequential, Sequential];
  const options = { ...OPTIONS, epochs: 2 };
  const others = two.steps(data, options);
  let waits = 0;
  for await (const { step } of one.steps(data, options)) {
    await others.next();
    if (step % 8 !== 3) continue;
    const gate = waitIn(networkOf(one).trained.program, forwardRecord);
    setTimeout(async () => {
      await others.next();
      waits++;
      open(gate);
    }, 20);
  }
  for await (const _ of others);
  expect(waits).toBe(3);
  const expected = await alone(2);
  for (const model of [one, two]) expect(weights(model)).toEqual(expected);
});

it("a core without a crew works alone in a build for threads", async () => {
  const model = modelOn(sharedCore("debug-threads"));
  await model.fit(data, OPTIONS);
  expect(weights(model)).toEqual(await alone(1));
});
