// How many threads `init` has, when they are started, and when they end.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { Pool } from "../../src/threads/pool.ts";
import { sgd } from "../../src/train/sgd.ts";
import { wasmBytes } from "../support/core.ts";
import { watchWorkers } from "../support/crew.ts";

const os = process.getBuiltinModule("node:os") as { availableParallelism(): number };
let watch: ReturnType<typeof watchWorkers>;
const warnings: string[] = [];
beforeEach(() => {
  watch = watchWorkers();
  warnings.length = 0;
  vi.spyOn(process, "emitWarning").mockImplementation((text) => void warnings.push(String(text)));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  watch.restore();
  await Promise.all(watch.workers.map((worker) => worker.terminate()));
});

const cores = (count: number): unknown => vi.spyOn(os, "availableParallelism").mockReturnValue(count);
const [ROWS, FEATURES] = [1024, 128];
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => ((i * 7919) % 1000) / 500 - 1);
const data = dataset({ x, y: Int32Array.from({ length: ROWS }, (_, i) => i % 10), features: FEATURES });
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.01 }) };

it("auto: as many as there are cores, of which none is started before there is work that is worth it", async () => {
  cores(3);
  const xent = await init();
  expect(xent.info.threads).toBe(3);
  expect(xent.info.reasons.at(-1)).toBe("threads: 3, there are 3 cores; started when there is work");
  const small = xent.sequential({ input: 4 }, [dense(16), relu(), dense(3)]);
  const few = dataset({ x: x.subarray(0, 400), y: new Int32Array(100), features: 4 });
  await small.fit(few, { ...learn, epochs: 50, inspect: false });
  const large = xent.sequential({ input: FEATURES }, [dense(256), relu(), dense(10)]);
  await large.fit(data, { ...learn, batchSize: 128 });
  expect(watch.workers.length).toBe(0);
  await large.fit(data, { ...learn, batchSize: 128, epochs: 20 });
  expect(watch.workers.length).toBe(2);
  expect(warnings).toEqual([]);
});

it("auto: calls that cannot wait have them started, and use them when they are up", async () => {
  cores(2);
  const xent = await init({ threads: "auto" });
  const n = 512;
  const [a, b, c] = xent.alloc([n * n, n * n, n * n]) as [Float32Array, Float32Array, Float32Array];
  for (let i = 0; i < 20; i++) xent.sgemm({ m: n, n, k: n, a, b, c });
  expect(watch.workers.length).toBe(1);
  const model = xent.sequential({ input: FEATURES, loss: learn.loss }, [dense(512), dense(10)]);
  const before = model.predict(x);
  const hand = vi.spyOn(Pool.prototype, "hand");
  for (let i = 0; i < 100 && hand.mock.calls.length === 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(model.predict(x)).toEqual(before);
  }
  expect(hand).toHaveBeenCalled();
});

it("auto with one core, and 1: one thread, on memories that are not shared", async () => {
  cores(1);
  for (const [threads, reason] of [
    ["auto", "threads: one, there is one core"],
    [1, "threads: one, as asked for"],
  ] as const) {
    const xent = await init({ threads });
    expect(xent.info).toMatchObject({ threads: 1 });
    expect(xent.info.reasons.at(-1)).toBe(reason);
    expect(xent.alloc([1])[0]?.buffer).toBeInstanceOf(ArrayBuffer);
  }
  expect(warnings).toEqual([]);
});

it("auto: eight at most; 33 predictions of a row are no work to share", async () => {
  cores(64);
  const xent = await init();
  expect(xent.info.threads).toBe(8);
  const model = xent.sequential({ input: 784, loss: learn.loss }, [dense(128), relu(), dense(10)]);
  for (let i = 0; i < 33; i++) model.predict(new Float32Array(784));
  const [a, b, c] = xent.alloc([256, 256, 256]) as [Float32Array, Float32Array, Float32Array];
  for (let i = 0; i < 300_000; i++) xent.sgemm({ m: 16, n: 16, k: 16, a, b, c });
  expect(watch.workers.length).toBe(0);
});

it("a number is honoured, started at once, and warned about where there are fewer cores", async () => {
  cores(2);
  const xent = await init({ threads: 4 });
  expect(xent.info.threads).toBe(4);
  expect(watch.workers.length).toBe(3);
  expect(xent.info.reasons.at(-1)).toBe("threads: 4, as asked for; but there are 2 cores");
  expect(warnings).toEqual([
    "init: threads is 4, and there are 2 cores: threads that share one wait for each other",
  ]);
  expect(xent.alloc([1])[0]?.buffer).toBeInstanceOf(SharedArrayBuffer);
});

it("without SharedArrayBuffer, or where a thread may not wait: one, and the reason", async () => {
  vi.stubGlobal("SharedArrayBuffer", undefined);
  expect((await init()).info.reasons.at(-1)).toMatch(/^threads: one, there is no SharedArrayBuffer/);
  expect((await init({ threads: 2 })).info.threads).toBe(1);
  expect(warnings).toEqual([
    expect.stringMatching(/^init: threads is 2, and there will be one: there is no Shared/),
  ]);
  vi.unstubAllGlobals();
  vi.spyOn(Atomics, "wait").mockImplementation(() => {
    throw new TypeError("Atomics.wait cannot be called in this context");
  });
  expect((await init()).info.reasons.at(-1)).toMatch(/^threads: one, a page's own thread may not wait/);
});

it("a module of the caller's has threads if it is built for them", async () => {
  const together = await init({ threads: 2, wasm: wasmBytes("simd-threads") });
  expect(together.info).toMatchObject({ build: "custom", threads: 2 });
  const alone = await init({ threads: 2, wasm: wasmBytes("simd") });
  expect(alone.info).toMatchObject({ build: "custom", threads: 1 });
  expect(alone.info.reasons.at(-1)).toBe(
    "threads: one, the module that init was given is not built for threads",
  );
  const one = await init({ threads: 1, wasm: wasmBytes("simd-threads") });
  const weights = [together, alone, one].map(async (xent) => {
    const model = xent.sequential({ input: FEATURES, seed: 2 }, [dense(64), relu(), dense(10)]);
    await model.fit(data, { ...learn, batchSize: 256 });
    return model.stateDict();
  });
  const [first, ...others] = await Promise.all(weights);
  for (const other of others) expect(other).toEqual(first);
});

it("dispose ends the threads: models go on with one, to the same bits; again it does nothing", async () => {
  const xent = await init({ threads: 3, precision: "strict" });
  const make = () => xent.sequential({ input: FEATURES, seed: 2 }, [dense(64), relu(), dense(10)]);
  const before = make();
  await before.fit(data, { ...learn, batchSize: 256 });
  const trained = before.stateDict();
  const ended = watch.workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
  xent.dispose();
  xent.dispose();
  await Promise.all(ended);
  expect(ended.length).toBe(2);
  expect(xent.info.threads).toBe(1);
  expect(xent.info.reasons.at(-1)).toBe("threads: one, the runtime was disposed of");
  const after = make();
  await after.fit(data, { ...learn, batchSize: 256 });
  expect(after.stateDict()).toEqual(trained);
  // one from before goes on too
  await before.fit(data, { ...learn, batchSize: 256 });
  await after.fit(data, { ...learn, batchSize: 256 });
  expect(after.stateDict()).toEqual(before.stateDict());
  expect(watch.workers.length).toBe(2);
});
