// The defaults of `train` against figures worked out by hand, and what must hold of them for any rows.

import { describe, expect, it } from "vitest";
import { defaultsFor } from "../../src/cli/train/defaults.ts";
import fc from "../support/property.ts";

const of = (rows: number, features: number, batchSize?: number) => defaultsFor({ rows, features, batchSize });

describe("defaults of train", () => {
  it.each([
    // iris: 15 steps an epoch, which are too few for 3000; 200 · 2 / 120 is above the most
    { rows: 120, features: 4, batchSize: 8, epochs: 100, weightDecay: 2 },
    // diabetes: 45 steps an epoch
    { rows: 353, features: 10, batchSize: 8, epochs: 67, weightDecay: 1.7917 },
    { rows: 1023, features: 4, batchSize: 8, epochs: 24, weightDecay: 0.391 },
    { rows: 1024, features: 4, batchSize: 16, epochs: 47, weightDecay: 0.3906 },
    { rows: 16_000, features: 20, batchSize: 32, epochs: 20, weightDecay: 0.0559 },
    // MNIST
    { rows: 60_000, features: 784, batchSize: 64, epochs: 20, weightDecay: 0.0933 },
    { rows: 1_000_000, features: 25, batchSize: 128, epochs: 20, weightDecay: 0.001 },
  ])("$rows rows of $features", ({ rows, features, batchSize, epochs, weightDecay }) => {
    const usual = of(rows, features);
    expect(usual).toMatchObject({ hidden: [64, 64], batchSize, epochs });
    expect(usual.optimizer.weightDecay).toBeCloseTo(weightDecay, 4);
  });

  it("count epochs by the batch that is given", () => {
    expect(of(3000, 4, 100)).toMatchObject({ batchSize: 100, epochs: 100 });
    expect(of(30_000, 4, 100)).toMatchObject({ batchSize: 100, epochs: 20 });
    expect(of(6000, 4, 100)).toMatchObject({ batchSize: 100, epochs: 50 });
  });

  it("are options that the trainer takes, and decay no more where there are more rows", () => {
    const some = fc.tuple(
      fc.integer({ min: 1, max: 5_000_000 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 1000 }),
    );
    fc.assert(
      fc.property(some, ([rows, features, more]) => {
        const { batchSize, epochs, optimizer } = of(rows, features);
        expect([8, 16, 32, 64, 128]).toContain(batchSize);
        expect(epochs).toBeGreaterThanOrEqual(20);
        expect(epochs).toBeLessThanOrEqual(100);
        const decay = optimizer.weightDecay as number;
        expect(decay).toBeGreaterThan(0);
        // a step with lr · decay of 1 would wipe out the weights
        expect((optimizer.lr as number) * decay).toBeLessThan(0.05);
        expect(of(rows + more, features).optimizer.weightDecay).toBeLessThanOrEqual(decay);
      }),
    );
  });
});
