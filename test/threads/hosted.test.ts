// Hosted runtimes with threads of their own: workers of a worker. The same bits, and none is left behind.

import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import { hosted, init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";

const [ROWS, FEATURES] = [512, 64];
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => ((i * 7919) % 1000) / 500 - 1);
const data = dataset({ x, y: Int32Array.from({ length: ROWS }, (_, i) => i % 10), features: FEATURES });
const known = { input: FEATURES, seed: 1, loss: crossEntropy(), optimizer: sgd({ lr: 0.05 }) };
const layers = [dense(512), relu(), dense(10)];
const learn = { epochs: 3, batchSize: 256 };

async function expected(): Promise<unknown> {
  const model = (await init({ precision: "strict", threads: 1 })).sequential(known, layers);
  await model.fit(data, learn);
  return model.stateDict();
}

/** Threads of this process that the system knows of; Linux alone has them in a folder. */
const threadsOfProcess = (): number => readdirSync("/proc/self/task").length;

it("two of them at once give the bits of one thread", async () => {
  const xents = await Promise.all([2, 3].map((threads) => hosted({ precision: "strict", threads })));
  expect(xents.map(({ info }) => info.threads)).toEqual([2, 3]);
  const states = await Promise.all(
    xents.map(async (xent) => {
      const model = await xent.sequential(known, layers);
      await model.fit(data, learn);
      return model.stateDict();
    }),
  );
  for (const state of states) expect(state).toEqual(await expected());
  for (const xent of xents) await xent.dispose();
});

it.skipIf(process.platform !== "linux")("dispose in the midst of a fit ends all threads of it", async () => {
  // the first one brings threads of the engine along
  await (await hosted({ threads: 4 })).dispose();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = threadsOfProcess();
  const xent = await hosted({ threads: 4 });
  const model = await xent.sequential(known, layers);
  const fit = model.fit(data, { ...learn, epochs: 1_000_000 }).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(threadsOfProcess()).toBeGreaterThanOrEqual(before + 4);
  await xent.dispose();
  expect(await fit).toMatchObject({ code: "DISPOSED" });
  for (let i = 0; i < 50 && threadsOfProcess() > before; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(threadsOfProcess()).toBeLessThanOrEqual(before);
});
