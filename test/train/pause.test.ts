// A page's thread in the midst of long steps: the event loop has its turn between records, and nothing else changes.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { customLoss } from "../../src/nn/custom.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { dropout } from "../../src/nn/norms.ts";
import { sgd } from "../../src/train/sgd.ts";
import { Slice } from "../../src/train/turn.ts";
import * as engine from "../../src/wasm/engine.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import { hash } from "../support/state.ts";

const host = vi.hoisted(() => ({ page: true }));
vi.mock(import("../../src/wasm/engine.ts"), async (original) => {
  const own = await original();
  return Object.defineProperty({ ...own, warn: vi.fn() }, "page", { get: () => host.page });
});
beforeEach(() => {
  host.page = true;
  vi.mocked(engine.warn).mockClear();
});

const xent = await init({ precision: "strict", threads: 1 });
const data = blobSet(4, 640, 128, 10);
const own = customLoss({
  name: "own",
  loss(z, t) {
    let sum = 0;
    for (let i = 0; i < z.length; i++) sum += ((z[i] as number) - (t[i] as number)) ** 2;
    return sum;
  },
  gradient(z, t, d) {
    for (let i = 0; i < z.length; i++) d[i] = 2 * ((z[i] as number) - (t[i] as number));
  },
});
const losses = { crossEntropy: crossEntropy(), own };

/** A step takes tens of milliseconds, in a dozen records. */
const make = (loss: keyof typeof losses = "crossEntropy") =>
  xent.sequential({ input: 128, seed: 5, loss: losses[loss], optimizer: sgd({ lr: 0.001 }) }, [
    dense(768),
    relu(),
    dropout(0.1),
    dense(768),
    relu(),
    dense(10),
  ]);

/** Turns of the event loop while something runs, in each of which `meanwhile` is called. */
async function turns(work: () => Promise<unknown>, meanwhile: () => void = () => {}): Promise<number> {
  let count = 0;
  let over = false;
  const tick = (): void => {
    if (over) return;
    count++;
    meanwhile();
    setImmediate(tick);
  };
  setImmediate(tick);
  try {
    await work();
  } finally {
    over = true;
  }
  return count;
}

describe("fit", () => {
  it.each(["crossEntropy", "own"] as const)(
    "pauses within steps and leaves the same weights, %s",
    async (loss) => {
      const options = { epochs: 2, batchSize: 640, validation: data };
      host.page = false;
      const expected = make(loss);
      await expected.fit(data, options);
      host.page = true;
      const model = make(loss);
      // what is asked for in a pause has the step finished first
      const between = (): void => {
        model.predictClass(data.x.subarray(0, 128));
        model.stateDict();
      };
      const count = await turns(() => model.fit(data, options));
      // at least two in each of two steps, of which each takes some fifty milliseconds
      expect(count).toBeGreaterThan(4);
      expect(hash(model.stateDict())).toBe(hash(expected.stateDict()));
      const other = make(loss);
      await turns(() => other.fit(data, options), between);
      expect(hash(other.stateDict())).toBe(hash(expected.stateDict()));
    },
  );

  it("ends with the step that was under way when it is stopped", async () => {
    const model = make();
    const controller = new AbortController();
    let steps = 0;
    const run = turns(
      async () => {
        ({ steps } = await model.fit(data, { epochs: 50, batchSize: 640, signal: controller.signal }));
      },
      () => controller.abort(),
    );
    await run;
    expect(steps).toBe(1);
    const expected = make();
    host.page = false;
    for await (const step of expected.steps(data, { batchSize: 640 })) if (step.step === 0) break;
    expect(hash(model.stateDict())).toBe(hash(expected.stateDict()));
  });

  it("says DISPOSED when the model is disposed of in a pause", async () => {
    const model = make();
    await refuses(
      () =>
        turns(
          () => model.fit(data, { epochs: 50, batchSize: 640 }),
          () => model.dispose(),
        ),
      "DISPOSED",
    );
  });
});

it("progress is told of every step that paused", async () => {
  const told: number[] = [];
  const callbacks = [{ onProgress: ({ step }: { step: number }) => void told.push(step) }];
  await make().fit(data, { epochs: 3, batchSize: 320, callbacks });
  expect([...new Set(told)]).toEqual([1, 2, 3, 4, 5, 6]);
});

it("trainOnBatch, evaluate and steps pause too", async () => {
  const model = make();
  const { x, y } = { x: data.x, y: data.y };
  expect(await turns(() => model.trainOnBatch(x, y))).toBeGreaterThan(1);
  expect(await turns(() => model.evaluate(blobSet(4, 5120, 128, 10)))).toBeGreaterThan(2);
  const all = async (): Promise<void> => {
    for await (const { loss } of model.steps(data, { batchSize: 640, epochs: 2 }))
      expect(loss).toBeGreaterThan(0);
  };
  expect(await turns(all)).toBeGreaterThan(4);
});

it("a piece of which little was left after its last pause is long all the same", async () => {
  const slice = new Slice();
  slice.ran(1, 20);
  // the next one would take too long
  expect(slice.ran(0, 0.1)).toBe(true);
  await slice.turn();
  expect(slice.over()).toBe(true);
  expect(slice.inside).toBe(slice);
  // and one that was short is not
  expect(slice.over()).toBe(false);
  expect(slice.inside).toBeUndefined();
});

describe("a record that takes longer than a picture", () => {
  const wide = () =>
    xent.sequential({ input: 128, loss: crossEntropy(), optimizer: sgd({ lr: 0.001 }) }, [
      dense(1024),
      relu(),
      dense(1024),
      dense(10),
    ]);

  it("is spoken of once, after its code is hot", async () => {
    const model = wide();
    await model.fit(data, { epochs: 2, batchSize: 640 });
    expect(engine.warn).not.toHaveBeenCalled();
    await model.fit(data, { epochs: 4, batchSize: 640 });
    await model.fit(data, { epochs: 4, batchSize: 640 });
    expect(engine.warn).toHaveBeenCalledOnce();
    expect(vi.mocked(engine.warn).mock.calls[0]?.[0]).toMatch(
      /^fit: .*dense.* takes \d+ ms at a stretch, in which the page stands still/,
    );
  });

  it("is no matter of words elsewhere", async () => {
    host.page = false;
    await wide().fit(data, { epochs: 4, batchSize: 640 });
    expect(engine.warn).not.toHaveBeenCalled();
  });
});
