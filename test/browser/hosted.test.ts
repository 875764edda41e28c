// A hosted runtime in a browser: Node's bits out of a module Worker, and a page that draws meanwhile.

import { afterAll, expect, test } from "vitest";
import { commands } from "vitest/browser";
import { crossEntropy, dataset, dense, hosted, init, relu, sgd, XentError } from "../../src/index.ts";
import { fitOnce } from "../support/fit-once.ts";

declare module "vitest/browser" {
  interface BrowserCommands {
    /** `fitOnce` on Node's calling thread, with `precision: "strict"`; see vitest.config.ts */
    fitInNode(seed: number): Promise<string>;
  }
}

const xent = await hosted({ precision: "strict" });
afterAll(() => xent.dispose());

const known = { input: 16, loss: crossEntropy(), optimizer: sgd({ lr: 0.01 }) };
const ROWS = 4096;
const data = dataset({
  x: Float32Array.from({ length: 16 * ROWS }, (_, i) => (i % 97) / 97),
  y: Int32Array.from({ length: ROWS }, (_, i) => i % 4),
  features: 16,
});

test("fit gives the bits of this page's thread, and Node's", async () => {
  const there = await fitOnce(xent, 42);
  expect(there).toMatch(/^[0-9a-f]{64}$/);
  expect(there).toBe(await fitOnce(await init({ precision: "strict" }), 42));
  expect(there).toBe(await commands.fitInNode(42));
  expect(there).not.toBe(await commands.fitInNode(43));
  expect(xent.info).toMatchObject({ build: "simd", wide: false });
});

test("the page's thread stays free while a model trains, and can stop it", async () => {
  const model = await xent.sequential(known, [dense(256), relu(), dense(256), relu(), dense(4)]);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 4);
  const signal = AbortSignal.timeout(400);
  const { stopped, steps } = await model.fit(data, { epochs: 1_000_000, batchSize: 256, signal });
  clearInterval(timer);
  expect(stopped).toBe("signal");
  expect(steps).toBeGreaterThan(0);
  expect(ticks).toBeGreaterThanOrEqual(20);
});

test("a run that is stopped at an epoch's end ends there; steps are pulled", async () => {
  const model = await xent.sequential(known, [dense(4)]);
  const controller = new AbortController();
  const callbacks = [
    { onEpochEnd: ({ epoch }: { epoch: number }) => void (epoch === 2 && controller.abort()) },
  ];
  const history = await model.fit(data, { epochs: 1_000_000, callbacks, signal: controller.signal });
  expect(history).toMatchObject({ epochs: 3, stopped: "signal" });
  const error = new Error("mine");
  const onProgress = (): void => {
    throw error;
  };
  await expect(model.fit(data, { epochs: 1_000_000, callbacks: [{ onProgress }] })).rejects.toBe(error);
  let steps = 0;
  for await (const { step } of model.steps(data, { epochs: 1_000_000 })) {
    steps++;
    if (step === 9) break;
  }
  expect(steps).toBe(10);
  await model.fit(data);
});

test("sgemm on memory that the worker shares", async () => {
  const [a, b, c] = (await xent.alloc([6, 6, 4])) as [Float32Array, Float32Array, Float32Array];
  expect(c.buffer).toBeInstanceOf(SharedArrayBuffer);
  a.set([1, 2, 3, 4, 5, 6]);
  b.set([1, 2, 3, 4, 5, 6]);
  expect(await xent.sgemm({ m: 2, n: 2, k: 3, a, b, c })).toBe(c);
  expect([...c]).toEqual([22, 28, 49, 64]);
});

test("errors are those of the calling thread; after dispose there is one", async () => {
  const other = await xent.sequential(known, [dense(4)]);
  await expect(other.plan({ batchSize: 0 })).rejects.toThrow("plan: batchSize is 0");
  await expect(other.fit(data, { loss: crossEntropy as never })).rejects.toMatchObject({
    code: "HOSTED_FUNCTION",
  });
  const second = await hosted();
  const model = await second.sequential(known, [dense(4)]);
  const fit = model.fit(data, { epochs: 1_000_000 });
  await second.dispose();
  await expect(fit).rejects.toBeInstanceOf(XentError);
  await expect(fit).rejects.toMatchObject({ code: "DISPOSED" });
});

test("a worker that cannot be loaded is WORKER_LOST", async () => {
  const Real = globalThis.Worker;
  globalThis.Worker = class extends Real {
    constructor(_: string | URL, options?: WorkerOptions) {
      super(new URL("/no/such/worker.js", location.href), options);
    }
  };
  try {
    await expect(hosted()).rejects.toMatchObject({ code: "WORKER_LOST" });
  } finally {
    globalThis.Worker = Real;
  }
});
