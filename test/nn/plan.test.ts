// The time of a step that a network plans: properties of the estimate, at a given pace. No wall time.

import { expect, it } from "vitest";
import type { Pace } from "../../src/base/cost.ts";
import type { Crew } from "../../src/base/crew.ts";
import { workOf } from "../../src/model/speed.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { Network } from "../../src/nn/network.ts";
import { optimizing } from "../../src/train/optimizing.ts";
import { sgd } from "../../src/train/sgd.ts";
import type { Core } from "../../src/wasm/runtime.ts";
import { coreOf } from "../support/core.ts";

const EVEN: Pace = [1, 1, 1, 1];

interface Shape {
  batch?: number;
  width?: number;
  depth?: number;
  rows?: number;
  crew?: Partial<Crew>;
  pace?: (core: Core) => Pace;
}

function stepMs({
  batch = 128,
  width = 128,
  depth = 1,
  rows = 8 * batch,
  crew,
  pace = () => EVEN,
}: Shape): number {
  const hidden = Array.from({ length: depth }, () => [dense(width), relu()]).flat();
  const core: Core = { ...coreOf("simd"), crew: crew as Crew | undefined };
  const config = {
    batchSize: batch,
    windowRows: rows,
    features: "f32",
    loss: crossEntropy(),
    targets: "ids",
    weighted: false,
    hits: "fused",
    optimizer: optimizing(sgd({ lr: 1 })),
  } as const;
  const network = new Network(core, 784, [...hidden, dense(10)], 1);
  return network.plan(config, (own, words, most) => workOf(own, words, most, pace(own))).stepMs;
}

/** As `init` would have it, but for the workers. */
const crewOf = (size: number): Partial<Crew> => ({ size, runNs: 40_000, recordNs: 1000, failed: undefined });

it.each([
  ["batch", [1, 8, 33, 128, 1024]],
  ["width", [1, 16, 128, 1024]],
  ["depth", [0, 1, 2, 8]],
  ["rows", [128, 8192, 60_000]],
] as const)("is finite, above 0, and grows with %s", (axis, sizes) => {
  const times = sizes.map((size) => stepMs({ [axis]: size }));
  expect(times[0]).toBeGreaterThan(0);
  for (const [i, ms] of times.entries()) {
    expect(Number.isFinite(ms)).toBe(true);
    if (i > 0) expect(ms).toBeGreaterThan(times[i - 1] as number);
  }
});

it("is in proportion to the pace", () => {
  expect(stepMs({ pace: () => [3, 3, 3, 3] })).toBeCloseTo(3 * stepMs({}), 9);
});

it("falls with threads for a large net: never by more than their number, and not without barriers", () => {
  const one = stepMs({ width: 512 });
  const times = [2, 4, 8].map((size) => stepMs({ width: 512, crew: crewOf(size) }));
  for (const [i, ms] of times.entries()) {
    expect(ms).toBeLessThan(i === 0 ? one : (times[i - 1] as number));
    expect(ms).toBeGreaterThan(one / 2 ** (i + 1));
  }
  expect(times[0]).toBeLessThan(one / 1.8);
});

it("is that of one thread where a step is not worth sharing, or where the crew could not be started", () => {
  const small = { batch: 4, width: 16 };
  expect(stepMs({ ...small, crew: crewOf(2) })).toBe(stepMs(small));
  expect(stepMs({ crew: { ...crewOf(2), failed: "no workers here" } })).toBe(stepMs({}));
});

it("asks for the pace once, and not for a plan that fits no memory", () => {
  const asked: Core[] = [];
  const pace = (core: Core): Pace => {
    asked.push(core);
    return EVEN;
  };
  stepMs({ pace });
  expect(asked.length).toBe(1);
  expect(() => stepMs({ batch: 1_000_000, width: 1000, pace })).toThrow("4 GiB");
  expect(asked.length).toBe(1);
});
