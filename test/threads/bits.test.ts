// The promise: the same bits for any number of threads. Whole training runs, everything that a model can be asked, and products
// of a user's own arrays; and every thread did part of the work.

import { createHash } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CREW_TILES } from "../../src/base/abi.ts";
import { Random } from "../../src/base/random.ts";
import { dataset } from "../../src/data/dataset.ts";
import type { SgemmOptions } from "../../src/model/matrices.ts";
import { networkOf, Sequential } from "../../src/model/sequential.ts";
import { Multiplier } from "../../src/model/sgemm.ts";
import { gelu, softmax } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { frozen } from "../../src/nn/layer.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { bceWithLogits, mse } from "../../src/nn/losses.ts";
import { batchNorm1d, dropout, layerNorm, prelu, residual } from "../../src/nn/norms.ts";
import { sgd } from "../../src/train/sgd.ts";
import type { Core } from "../../src/wasm/runtime.ts";
import { coreOf } from "../support/core.ts";
import { type Crewed, crewed } from "../support/crew.ts";
import { twoHundredSteps } from "../support/two-hundred-steps.ts";

const pools: Crewed["pool"][] = [];
async function coreWith(build: "simd" | "relaxed", threads: number, worth?: object): Promise<Core> {
  if (threads === 1) return coreOf(build);
  const made = await crewed(`${build}-threads`, threads, undefined, worth);
  pools.push(made.pool);
  return made.core;
}
afterEach(() => {
  for (const pool of pools.splice(0)) pool.scrap();
});

const THREADS = [1, 2, 3, 4, 8];

describe.each(["simd", "relaxed"] as const)("200 steps, %s", (build) => {
  it("leave the same weights with 1, 2, 3, 4 and 8 threads, whatever is shared", async () => {
    const hashes = new Set<string>();
    for (const threads of THREADS) hashes.add(await twoHundredSteps(await coreWith(build, threads)));
    // and where runs and records are shared by their size
    hashes.add(await twoHundredSteps(await coreWith(build, 2, {})));
    hashes.add(await twoHundredSteps(await coreWith(build, 3, { runNs: 0, recordNs: 3000 })));
    expect([...hashes]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });
});

const random = new Random(4, 99, 0);
const [ROWS, FEATURES, CLASSES] = [700, 61, 9];
const x = Float32Array.from({ length: ROWS * FEATURES }, () => 2 * random.uniform() - 1);
const ids = Int32Array.from({ length: ROWS }, () => random.below(CLASSES));
const numbers = Float32Array.from({ length: ROWS * CLASSES }, () => random.uniform());
const weight = Float32Array.from({ length: ROWS }, (_, i) => i % 3);

/** A hash of all that a model says in the course of some training. */
async function everything(core: Core): Promise<string> {
  const hash = createHash("sha256");
  const add = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) hash.update(value as Uint8Array);
    else if (typeof value === "object" && value !== null) for (const part of Object.values(value)) add(part);
    else hash.update(`${value};`);
  };
  const model = new Sequential(core, { input: FEATURES, seed: 1 }, [
    dense(70),
    relu(),
    dense(50),
    gelu(),
    dense(CLASSES),
  ]);
  const train = dataset({ x, y: ids, features: FEATURES, weight });
  const options = { loss: crossEntropy({ labelSmoothing: 0.1 }), optimizer: sgd({ lr: 0.1 }), batchSize: 96 };
  add(await model.fit(train, { ...options, epochs: 3, validation: train, metrics: ["accuracy"] }));
  for await (const step of model.steps(train, options)) add(step);
  add(await model.trainOnBatch(x, numbers, { loss: bceWithLogits(), weight }));
  add(model.gradients());
  add(model.gradients({ x, y: numbers, loss: mse() }));
  add(await model.evaluate(train, { loss: crossEntropy({ reduction: "none" }) }));
  add(await model.confusionMatrix(train));
  add(model.predict(x));
  add(model.predictClass(x));
  add(model.activations(x));
  add(model.stateDict());
  const bytes = Uint8Array.from(x, (value) => 100 + 99 * value);
  add(model.logits(bytes));
  const own = new Sequential(core, { input: FEATURES, seed: 2 }, [
    dense(40),
    relu(),
    dense(CLASSES),
    softmax(),
  ]);
  add(await own.fit(dataset({ x: bytes, y: numbers, features: FEATURES }), { ...options, loss: mse() }));
  add(own.stateDict());
  if (core.crew !== undefined) {
    const { hyper } = networkOf(model).chunk().program;
    for (let t = 0; t < core.crew.size; t++) {
      expect(hyper.getUint32(CREW_TILES + 64 * t, true), `tiles of thread ${t}`).toBeGreaterThan(100);
    }
  }
  return hash.digest("hex");
}

it("all that a model says is the same with 1, 2, 3, 4 and 8 threads", async () => {
  const hashes = new Set<string>();
  for (const threads of THREADS) hashes.add(await everything(await coreWith("simd", threads)));
  expect(hashes.size).toBe(1);
});

it("every layer: the same bits with 1, 2, 3, 4 and 8 threads, training, looking and evaluating", async () => {
  const layers = [
    dense(70, { bias: false }),
    batchNorm1d(),
    relu(),
    dropout(0.3),
    residual([
      layerNorm(),
      dense(70),
      prelu({ shared: false }),
      dropout(0.2),
      frozen(dense(70)),
      frozen(batchNorm1d()),
    ]),
    prelu(),
    residual([gelu()]),
    dense(CLASSES),
  ];
  const train = dataset({ x, y: ids, features: FEATURES });
  const hashes = new Set<string>();
  for (const threads of THREADS) {
    const core = await coreWith("simd", threads);
    const hash = createHash("sha256");
    const options = { input: FEATURES, seed: 5, loss: crossEntropy(), optimizer: sgd({ lr: 0.05 }) };
    const model = new Sequential(core, options, layers);
    const add = (state: object): void => {
      for (const { data } of Object.values(state)) hash.update(data);
    };
    await model.fit(train, { batchSize: 96, epochs: 3, validation: train });
    add(model.stateDict());
    add(model.gradients());
    add(model.gradients({ x, y: ids }));
    await model.trainOnBatch(x, ids);
    add(model.stateDict());
    hash.update(model.logits(x));
    hashes.add(hash.digest("hex"));
  }
  expect(hashes.size).toBe(1);
});

it("a batch as large as a layer is wide, and a smaller last one: the same bits", async () => {
  // the panels of a packed batch are as deep as those of a layer, but for the last batch
  const rows = 515;
  const data = dataset({
    x: Float32Array.from({ length: 8 * rows }, () => 2 * random.uniform() - 1),
    y: Int32Array.from({ length: rows }, () => random.below(8)),
    features: 8,
  });
  const layers = [dense(832), relu(), dense(512), relu(), dense(832), relu(), dense(8)];
  const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }), batchSize: 512, epochs: 2 };
  const hashes = new Set<string>();
  for (const threads of [1, 2, 2, 3, 3]) {
    const model = new Sequential(await coreWith("simd", threads), { input: 8, seed: 1 }, layers);
    await model.fit(data, learn);
    const hash = createHash("sha256");
    for (const { data: values } of Object.values(model.stateDict())) hash.update(values);
    hashes.add(hash.digest("hex"));
  }
  expect(hashes.size).toBe(1);
});

describe("sgemm", () => {
  /** m, n, k: single rows and columns, a tile and one more, primes, B in more than one block, depth in more than one. */
  const SHAPES = [
    [1, 1, 1],
    [1, 300, 20],
    [300, 1, 20],
    [5, 8, 3],
    [6, 9, 4],
    [127, 131, 137],
    [64, 64, 0],
    [13, 700, 2100],
    [500, 40, 300],
  ] as const;
  it.each(SHAPES)("%i × %i × %i: the same bits with 1, 2, 3 and 8 threads", async (m, n, k) => {
    for (const [transA, transB, alpha, beta, lda, ldb, ldc] of [
      [false, false, 1, 0, k, n, n],
      [true, true, 0.5, 2, m + 3, k + 1, n + 5],
    ] as const) {
      const fill = (length: number): Float32Array =>
        Float32Array.from({ length }, () => 2 * random.uniform() - 1);
      const a = fill((transA ? k : m) * lda);
      const b = fill((transB ? n : k) * ldb);
      const c = fill(m * ldc);
      const options = { m, n, k, transA, transB, alpha, beta, lda, ldb, ldc };
      const results = [];
      for (const threads of [1, 2, 3, 8]) {
        const core = await coreWith("simd", threads);
        const multiplier = new Multiplier(core);
        const hand = core.crew && vi.spyOn(core.crew, "hand");
        results.push(multiplier.sgemm({ ...options, a, b, c: c.slice() }));
        const own = multiplier.alloc([a.length, b.length, c.length]) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ];
        own[0].set(a);
        own[1].set(b);
        own[2].set(c);
        const inPlace: SgemmOptions = { ...options, a: own[0], b: own[1], c: own[2] };
        results.push(multiplier.sgemm(inPlace).slice());
        if (hand !== undefined) expect(hand).toHaveBeenCalled();
      }
      for (const result of results) expect(result).toEqual(results[0]);
    }
  });
});
