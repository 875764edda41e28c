// Long runs: the JS heap and the WebAssembly memory stay as they are, and models that are done with leave.

import { describe, expect, it } from "vitest";
import { init } from "../../src/model/runtime.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { crossEntropy } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import { squares } from "../support/custom-losses.ts";
import { memoriesMade } from "../support/memories.ts";

const xent = await init();
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.05 }) };

/** Bytes in use after a full collection. */
function inUse(): { heap: number; buffers: number; resident: number } {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("run with --expose-gc");
  gc();
  gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers, resident: rss };
}

type Sample = ReturnType<typeof inUse>;

/**
 * Ten samples, a thousand calls apart. By the fourth the engine has compiled what it will; after it the heap may
 * grow by eight bytes a call at most, less than the smallest object, and never by a buffer.
 */
function expectFlat(samples: readonly Sample[], calls: number): void {
  console.log(samples.map(({ heap, buffers }) => `${kib(heap)}+${kib(buffers)}`).join(" "), "KiB");
  expect(samples.length).toBe(10);
  // the least of three: a sample while the engine compiles stands out by some hundred KiB
  const least = (from: number): number => Math.min(...samples.slice(from, from + 3).map(({ heap }) => heap));
  expect(least(7) - least(3)).toBeLessThan(8 * 0.4 * calls);
  for (const { heap, buffers } of samples) {
    expect(heap - least(3)).toBeLessThan(2 ** 20);
    expect(buffers).toBeLessThanOrEqual((samples[0] as Sample).buffers);
  }
}

const kib = (bytes: number): string => (bytes / 1024).toFixed(0);

describe("10,000 steps", () => {
  it("of fit, 784-128-10", async () => {
    const m = xent.sequential({ input: 784, seed: 1, ...learn }, [dense(128), relu(), dense(10)]);
    const data = byteSet(1, 640, 784, 10);
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      const history = await m.fit(data, {
        epochs: 1000,
        batchSize: 64,
        callbacks: [
          {
            onEpochEnd({ epoch }) {
              if (epoch % 100 === 99) samples.push(inUse());
            },
          },
        ],
      });
      expect(history.steps).toBe(10_000);
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 10_000);
  });

  const small = () => xent.sequential({ input: 16, seed: 1, ...learn }, [dense(32), relu(), dense(4)]);
  const data = blobSet(1, 1600, 16, 4);
  const [x, y] = [data.x.subarray(0, 160) as Float32Array, data.y.subarray(0, 10)];

  it("of a loop over steps, with predictions and weights read between", async () => {
    const m = small();
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      // ten times as many as the others, and no more bytes: 3,000 steps, 0.1 s, are over before all of it is compiled
      for await (const { step } of m.steps(data, { epochs: 1000, batchSize: 16 })) {
        if (step % 10 === 0) m.predict(x);
        if (step % 100 === 0) m.stateDict();
        if (step % 10_000 === 9999) samples.push(inUse());
      }
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 10_000);
  });

  it("of trainOnBatch", async () => {
    const m = small();
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      for (let step = 0; step < 10_000; step++) {
        await m.trainOnBatch(x, y);
        if (step % 1000 === 999) samples.push(inUse());
      }
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 10_000);
  });

  it("of fit with a loss in JavaScript", async () => {
    const loss = squares();
    const m = xent.sequential({ input: 16, seed: 1, loss, optimizer: sgd({ lr: 0.01 }) }, [
      dense(32),
      dense(4),
    ]);
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      await m.fit(data, {
        // ten times as many as the others, as in the loop over steps
        epochs: 1000,
        batchSize: 16,
        callbacks: [
          {
            onEpochEnd({ epoch }) {
              if (epoch % 100 === 99) samples.push(inUse());
            },
          },
        ],
      });
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 10_000);
  });

  it("in 5,000 short fits, an evaluation after each", async () => {
    const m = small();
    const few = blobSet(2, 40, 16, 4);
    const samples: Sample[] = [];
    const made = await memoriesMade(async () => {
      for (let call = 0; call < 5000; call++) {
        await m.fit(few, { batchSize: 20 });
        await m.evaluate(few);
        if (call % 500 === 499) samples.push(inUse());
      }
    });
    expect(made.length).toBe(1);
    expectFlat(samples, 10_000);
  });
});

describe("300 models of 20 MB", () => {
  const rows = 3000;
  const data = blobSet(1, rows, 784, 10);
  const make = (seed: number) => xent.sequential({ input: 784, seed, ...learn }, [dense(10)]);

  it("made, trained a step and disposed of", async () => {
    const sizes = await memoriesMade(async () => {
      for (let i = 0; i < 300; i++) {
        const m = make(i);
        await m.fit(data, { batchSize: rows });
        m.dispose();
      }
    });
    expect(sizes.length).toBe(300);
    expect(Math.min(...sizes)).toBeGreaterThan(19e6);
    expect(inUse().resident).toBeLessThan(1e9);
  });

  it("made, trained and forgotten", async () => {
    for (let i = 0; i < 300; i++) await make(i).fit(data, { batchSize: rows });
    expect(inUse().resident).toBeLessThan(1e9);
  });
});
