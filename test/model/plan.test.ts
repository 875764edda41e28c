// plan: the bytes and work of a step before anything is allocated, and the truth about what is allocated then.

import { describe, expect, it } from "vitest";
import { REGIONS } from "../../src/memory/plan.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { adam } from "../../src/train/adaptive.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import { refuses, thrown } from "../support/errors.ts";
import { memoriesMade } from "../support/memories.ts";

const xent = await init();
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const layers = [dense(60), relu(), dense(400)];
const PAGE = 65536;
const pages = (bytes: number): number => Math.ceil(bytes / PAGE) * PAGE;

describe("plan", () => {
  it("counts every region, and their sum is the memory", async () => {
    const m = xent.sequential({ input: 20, ...learn }, layers);
    const { bytes } = m.plan({ batchSize: 32, rows: 500 });
    expect(Object.keys(bytes).sort()).toEqual([...REGIONS, "total"].sort());
    const sum = REGIONS.reduce((all, region) => all + bytes[region], 0);
    // what lies below the arena belongs to the build's constants
    expect(bytes.total - sum).toBeGreaterThanOrEqual(0);
    expect(bytes.total - sum).toBeLessThan(PAGE);
    expect(bytes.params).toBe(bytes.grads);
    expect(bytes.params).toBeGreaterThanOrEqual(4 * (20 * 60 + 60 + 60 * 400 + 400));
    expect(bytes.data).toBeGreaterThanOrEqual(500 * (20 * 4 + 4 + 4));
  });

  it.each([
    ["f32", 1000, 32],
    ["u8", 1000, 32],
    ["f32", 10, 64],
  ] as const)(
    "is the memory that fit makes, %s, %i rows, batches of %i",
    async (features, rows, batchSize) => {
      const data = features === "u8" ? byteSet(1, rows, 20, 9) : blobSet(1, rows, 20, 9);
      for (const known of [learn, {}]) {
        const m = xent.sequential({ input: 20, ...known }, layers);
        const { bytes } = m.plan({ batchSize, rows, features });
        const made = await memoriesMade(() => m.fit(data, { batchSize, ...learn }));
        expect(made).toEqual([pages(bytes.total)]);
        // fit remembers loss and optimiser, the plan stays the same
        expect(m.plan({ batchSize, rows, features }).bytes).toEqual(bytes);
      }
    },
  );

  it("plans for a window where the data would not fit as a whole", async () => {
    const m = xent.sequential({ input: 784, ...learn }, [dense(10)]);
    const { bytes } = m.plan({ batchSize: 100, rows: 10_000_000 });
    expect(bytes.data).toBeGreaterThan(500 * 2 ** 20);
    expect(bytes.data).toBeLessThan(520 * 2 ** 20);
  });

  it("plans for a smaller window where the model leaves no room for the data", () => {
    const layers = [dense(10_990), relu(), dense(10_990), relu(), dense(10)];
    const large = xent.sequential({ input: 784, loss: crossEntropy(), optimizer: adam() }, layers);
    const alone = large.plan({ batchSize: 256 }).bytes;
    const { data, total } = large.plan({ batchSize: 256, rows: 60_000 }).bytes;
    expect(total).toBeLessThanOrEqual(2 ** 32);
    expect(total).toBeGreaterThan(alone.total);
    expect(data).toBeLessThan(4 * 60_000 * 784);
    expect(data).toBeGreaterThan(4 * 15_000 * 784);
  });

  it("counts the work of a step: 2·m·n·k a product, three products a layer, two for the first", async () => {
    const m = xent.sequential({ input: 784, ...learn }, [dense(128), relu(), dense(10)]);
    const { flops } = m.plan({ batchSize: 128 });
    const gemm = 2 * 128 * (2 * 784 * 128 + 3 * 128 * 10);
    expect(flops).toBeGreaterThan(gemm);
    expect(flops).toBeLessThan(1.02 * gemm);
  });

  it("tells the time of a step, from the speed of the kernels: measured once for a runtime", async () => {
    const own = await init({ threads: 1 });
    const small = own.sequential({ input: 20, ...learn }, layers);
    const large = own.sequential({ input: 20, ...learn }, [dense(600), relu(), dense(400)]);
    const times: number[] = [];
    // the memory that is measured in, and no other
    const made = await memoriesMade(async () => {
      for (const m of [small, large, small]) times.push(m.plan({ batchSize: 32 }).stepMs);
    });
    expect(made.length).toBe(1);
    const [first, more, again] = times as [number, number, number];
    expect(first).toBeGreaterThan(0);
    expect(more).toBeGreaterThan(first);
    expect(again).toBe(first);
    expect(Number.isFinite(more)).toBe(true);
  });

  it("allocates nothing of the model, and neither does a model before its first use", async () => {
    xent.sequential({ input: 2, ...learn }, layers).plan({ batchSize: 1 });
    const made = await memoriesMade(async () => {
      const m = xent.sequential({ input: 20, ...learn }, layers);
      m.plan({ batchSize: 32 });
      m.plan({ batchSize: 4096, rows: 100_000, features: "u8" });
      m.dispose();
    });
    expect(made).toEqual([]);
  });

  it("refuses what needs more than a WebAssembly memory has, and says what needs it", async () => {
    const m = xent.sequential({ input: 1000, ...learn }, [dense(1000)]);
    const call = () => m.plan({ batchSize: 1_000_000, rows: 1_000_000 });
    expect(await memoriesMade(() => thrown(call))).toEqual([]);
    await refuses(call, "TOO_LARGE", "GiB", "4 GiB");
  });

  it.each([
    [undefined, "undefined"],
    [{}, "batchSize is undefined"],
    [{ batchSize: 0 }, "batchSize is 0"],
    [{ batchSize: 8, rows: 0 }, "rows is 0"],
    [{ batchSize: 8, rows: 1.5 }, "rows is 1.5"],
    [{ batchSize: 8, features: "f64" }, '"f64"'],
    [{ batchSize: 8, size: 1 }, '"size"'],
  ])("refuses %o", async (options, piece) => {
    const m = xent.sequential({ input: 20, ...learn }, layers);
    await refuses(() => m.plan(options as { batchSize: number }), "OPTION", "plan", piece);
  });
});

describe("memory", () => {
  it("is made once, and anew only for a plan that does not fit", async () => {
    const m = xent.sequential({ input: 20, ...learn }, layers);
    const data = blobSet(1, 3000, 20, 9);
    expect((await memoriesMade(() => m.fit(data, { batchSize: 64 }))).length).toBe(1);
    const smaller = blobSet(1, 100, 20, 9);
    const made = await memoriesMade(async () => {
      await m.fit(smaller, { batchSize: 8 });
      await m.fit(data, { batchSize: 64, epochs: 2 });
      await m.evaluate(data);
      await m.evaluate(byteSet(1, 50, 20, 9));
      await m.confusionMatrix(smaller);
      await m.trainOnBatch(smaller.x, smaller.y);
      m.predict(data.x);
      m.loadStateDict(m.stateDict());
    });
    expect(made).toEqual([]);
    expect((await memoriesMade(() => m.fit(data, { batchSize: 3000 }))).length).toBe(1);
  });
});
