// Training in a browser: Node's bits, and a page that stays alive meanwhile.

import { expect, test } from "vitest";
import { commands } from "vitest/browser";
import { crossEntropy, dataset, dense, init, relu, sgd } from "../../src/index.ts";
import { twentySteps } from "../support/twenty-steps.ts";

declare module "vitest/browser" {
  interface BrowserCommands {
    /** `twentySteps`, run by Node; see vitest.config.ts */
    twentyStepsInNode(seed: number, precision: "fast" | "strict"): Promise<string>;
  }
}

test.each(["strict", "fast"] as const)(
  "20 steps of each layer and loss give Node's bits, %s",
  async (precision) => {
    const { info } = await init({ precision });
    // an engine that does not fuse gives the bits of "strict"
    const same = precision === "fast" && !info.fused ? "strict" : precision;
    const here = await twentySteps(42, precision);
    expect(here).toMatch(/^[0-9a-f]{64}$/);
    expect(here).toBe(await commands.twentyStepsInNode(42, same));
    expect(here).not.toBe(await commands.twentyStepsInNode(43, same));
  },
);

test("a page is not wide, and says so", async () => {
  const { info } = await init({ wide: true });
  expect(info.wide).toBe(false);
  expect(info.reasons[2]).toMatch(/^wide: off, /);
});

test("the page can share memory, as threads will need", () => {
  expect(crossOriginIsolated).toBe(true);
});

test("a page gets its turn every few milliseconds while fit runs, and can stop it", async () => {
  const xent = await init();
  const model = xent.sequential({ input: 16, loss: crossEntropy(), optimizer: sgd({ lr: 0.01 }) }, [
    dense(64),
    relu(),
    dense(4),
  ]);
  const rows = 4096;
  const data = dataset({
    x: Float32Array.from({ length: 16 * rows }, (_, i) => (i % 97) / 97),
    y: Int32Array.from({ length: rows }, (_, i) => i % 4),
    features: 16,
  });
  let longest = 0;
  let ticks = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    ticks++;
  }, 4);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 400);
  const history = await model.fit(data, { epochs: 1_000_000, batchSize: 32, signal: controller.signal });
  clearInterval(timer);
  expect(history.stopped).toBe("signal");
  // 8 ms of work a turn would be some 40 ticks; a machine that is busy elsewhere still gets a quarter of them
  expect(ticks).toBeGreaterThanOrEqual(10);
  expect(longest).toBeLessThan(200);
  expect(model.predict(data.x).every(Number.isFinite)).toBe(true);
});
