// Threads in a browser: none on a page's own thread, which says why; in a worker as many as are asked for, with Node's bits.

import { expect, onTestFinished, test } from "vitest";
import { commands } from "vitest/browser";
import { crossEntropy, dataset, dense, hosted, init, relu, sgd } from "../../src/index.ts";
import type { Asked } from "./two-hundred-steps.worker.ts";

declare module "vitest/browser" {
  interface BrowserCommands {
    /** `twoHundredSteps` on one thread of Node; see vitest.config.ts */
    twoHundredStepsInNode(): Promise<string>;
  }
}

test("a page's own thread is alone, and says why", async () => {
  const xent = await init();
  expect(xent.info.threads).toBe(1);
  expect(xent.info.reasons.at(-1)).toMatch(/^threads: one, a page's own thread may not wait/);
  expect((await init({ threads: 3 })).info.threads).toBe(1);
});

test("200 steps leave Node's weights with 1, 2, 3, 4 and 8 threads", async () => {
  const expected = await commands.twoHundredStepsInNode();
  const worker = new Worker(new URL("./two-hundred-steps.worker.ts", import.meta.url), { type: "module" });
  onTestFinished(() => worker.terminate());
  for (const threads of [1, 2, 3, 4, 8]) {
    const answer = new Promise<string>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
    });
    worker.postMessage({ threads } satisfies Asked);
    expect(await answer, `${threads} threads`).toBe(expected);
  }
});

test("a hosted runtime has threads, and gives the bits of this page's thread", async () => {
  const [rows, features] = [512, 64];
  const data = dataset({
    x: Float32Array.from({ length: rows * features }, (_, i) => ((i * 7919) % 1000) / 500 - 1),
    y: Int32Array.from({ length: rows }, (_, i) => i % 10),
    features,
  });
  const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.05 }), epochs: 3, batchSize: 256 };
  const layers = [dense(512), relu(), dense(10)];
  const here = (await init({ precision: "strict" })).sequential({ input: features, seed: 1 }, layers);
  await here.fit(data, learn);
  const xent = await hosted({ precision: "strict", threads: 3 });
  expect(xent.info.threads).toBe(3);
  const there = await xent.sequential({ input: features, seed: 1 }, layers);
  await there.fit(data, learn);
  expect(await there.stateDict()).toEqual(here.stateDict());
  await xent.dispose();
});
