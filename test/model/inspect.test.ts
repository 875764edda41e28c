// Looking into a model: `gradients()` and `activations(x)` against the f64 oracle and against what the model itself does.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { LayerSpec, StateDict } from "../../src/base/spec.ts";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { sigmoid, tanh } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { CHUNK_ROWS } from "../../src/nn/layout.ts";
import { mse } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats, SEED } from "../oracle/data.ts";
import { forward, type NetParams } from "../oracle/net.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import * as kinds from "../support/every-kind.ts";
import { inF64 } from "../support/kernel-gradients.ts";
import { memoriesMade } from "../support/memories.ts";
import { boundedRun } from "../support/net.ts";
import { bits, hash, weights } from "../support/state.ts";

const xent = await init();
const strict = await init({ precision: "strict" });
const [input, outputs] = [7, 5] as const;
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const layers = [dense(12), relu(), dense(9), sigmoid(), dense(outputs)];
const model = (list: readonly LayerSpec[] = layers, loss = crossEntropy(), runtime = xent) =>
  runtime.sequential({ input, seed: 3, ...learn, loss }, list);
const data = blobSet(1, 40, input, outputs);
const batch = { x: data.x.subarray(0, 8 * input) as Float32Array, y: (data.y as Int32Array).subarray(0, 8) };

/** Every gradient within the bound of f64, chained through the net. */
function expectGradients(got: StateDict, before: StateDict, x: Float32Array, y: Int32Array): void {
  const loss = { kind: "crossEntropy", ignoreIndex: -100, labelSmoothing: 0, reduction: "mean" } as const;
  const { gradients } = boundedRun(layers, inF64(before), loss, x, y.length, { ids: y });
  expect(Object.keys(got).sort()).toEqual(Object.keys(gradients).sort());
  for (const [name, { value, bound }] of Object.entries(gradients)) {
    const { shape, data } = got[name] as StateDict[string];
    expect(shape).toEqual(before[name]?.shape);
    for (const [i, g] of data.entries()) {
      const off = Math.abs(g - (value[i] as number));
      if (!(off <= (bound[i] as number)))
        expect.fail(`${name}[${i}]: ${g} against ${value[i]}, off by ${off}`);
    }
  }
}

describe(`gradients (seed ${SEED})`, () => {
  it("are not there before a step", async () => {
    const m = model();
    await refuses(() => m.gradients(), "STATE", "no training step");
    await m.evaluate(data);
    m.predict(data.x);
    m.gradients(batch);
    await refuses(() => m.gradients(), "STATE", "no training step");
  });

  it("of trainOnBatch: before its update, within bounds of f64; the update is lr times them, bit for bit", async () => {
    // the update rounds twice in the exact build alone
    const m = model(layers, crossEntropy(), strict);
    for (let step = 0; step < 3; step++) {
      const before = m.stateDict();
      await m.trainOnBatch(batch.x, batch.y);
      const g = m.gradients();
      expectGradients(g, before, batch.x, batch.y);
      const lr = Math.fround(0.1);
      for (const [name, { data }] of Object.entries(m.stateDict())) {
        const expected = before[name]?.data.map((p, i) => p - Math.fround(lr * (g[name]?.data[i] as number)));
        expect(bits(data)).toEqual(bits(expected as Float32Array));
      }
    }
  });

  it("of fit and of steps: the last step's", async () => {
    const [m, twin] = [model(), model()];
    await m.fit(data, { batchSize: 16, shuffle: false });
    let before = twin.stateDict();
    for await (const step of twin.steps(data, { batchSize: 16, shuffle: false })) {
      if (step.step === 1) before = twin.stateDict();
    }
    expect(m.gradients()).toEqual(twin.gradients());
    // rows 32 … 39, a smaller batch than the program was laid for
    expectGradients(
      m.gradients(),
      before,
      data.x.subarray(32 * input) as Float32Array,
      data.y.subarray(32) as Int32Array,
    );
  });

  it("are the caller's own", async () => {
    const m = model();
    await m.trainOnBatch(batch.x, batch.y);
    const before = hash(m.gradients());
    for (const { data } of Object.values(m.gradients())) data.fill(7);
    expect(hash(m.gradients())).toBe(before);
  });

  it("survive evaluate, predict, a batch looked at, and a new layout of the memory", async () => {
    const m = model();
    await m.trainOnBatch(batch.x, batch.y);
    const before = hash(m.gradients());
    const calls: (() => unknown)[] = [
      () => m.evaluate(data),
      () => m.predict(data.x),
      () => m.activations(data.x),
      () => m.gradients({ x: data.x as Float32Array, y: data.y as Int32Array }),
      () => m.gradients({ ...batch, loss: mse() }),
      () => m.evaluate(byteSet(2, 30, input, outputs)),
    ];
    for (const call of calls) {
      await call();
      expect(hash(m.gradients())).toBe(before);
    }
    const large = blobSet(3, 30_000, input, outputs);
    const made = await memoriesMade(() =>
      m.gradients({ x: large.x as Float32Array, y: large.y as Int32Array }),
    );
    expect(made.length).toBe(1);
    expect(hash(m.gradients())).toBe(before);
  });

  it("of a batch are those that trainOnBatch has, and change nothing", async () => {
    const [m, twin] = [model(), model()];
    const weight = Float32Array.of(1, 2, 0, 1, 0.5, 1, 1, 3);
    const before = weights(m);
    const got = m.gradients({ ...batch, weight });
    expect(weights(m)).toBe(before);
    expectGradients(m.gradients(batch), m.stateDict(), batch.x, batch.y);
    await twin.trainOnBatch(batch.x, batch.y, { weight });
    expect(hash(got)).toBe(hash(twin.gradients()));
    await m.trainOnBatch(batch.x, batch.y, { weight });
    for (const each of [m, twin]) await each.fit(data, { epochs: 2, batchSize: 7 });
    expect(weights(m)).toBe(weights(twin));
  });

  it("of a batch need a loss and no optimiser", async () => {
    const m = xent.sequential({ input, seed: 3 }, layers);
    await refuses(() => m.gradients(batch), "NO_LOSS", "gradients");
    expect(hash(m.gradients({ ...batch, loss: crossEntropy() }))).toBe(hash(model().gradients(batch)));
  });

  // biome-ignore lint/suspicious/noExplicitAny: what the types forbid and JavaScript does not
  type Any = any;
  it.each([
    ["null", (m: Any) => m.gradients(null), "OPTION"],
    ["an unknown name", (m: Any) => m.gradients({ ...batch, lr: 1 }), "OPTION"],
    ["an unknown class", (m: Any) => m.gradients({ ...batch, y: batch.y.map(() => 5) }), "LABEL"],
    ["NaN", (m: Any) => m.gradients({ ...batch, x: batch.x.map(() => Number.NaN) }), "NOT_FINITE"],
    ["no rows", (m: Any) => m.gradients({ x: [], y: [] }), "EMPTY"],
    ["reduction none", (m: Any) => m.gradients({ ...batch, loss: mse({ reduction: "none" }) }), "LOSS"],
  ] as const)("refuse %s, and nothing has changed", async (_, call, code) => {
    const m = model();
    await m.trainOnBatch(batch.x, batch.y);
    const before = [weights(m), hash(m.gradients())];
    await refuses(() => call(m), code, "gradients");
    expect([weights(m), hash(m.gradients())]).toEqual(before);
  });

  it("while the model is busy: those of the last step are there, a batch is refused", async () => {
    const m = model();
    for await (const { step } of m.steps(data, { batchSize: 8 })) {
      if (step !== 2) continue;
      expect(m.gradients()["0.bias"]?.data.some((g) => g !== 0)).toBe(true);
      await refuses(() => m.gradients(batch), "BUSY", "gradients");
    }
    m.dispose();
    await refuses(() => m.gradients(), "DISPOSED", "gradients");
    await refuses(() => m.gradients(batch), "DISPOSED", "gradients");
  });
});

/** Parameters as the oracle takes them. */
function params(m: Sequential): NetParams {
  const state = m.stateDict();
  const byLayer: Record<number, { weight: Float32Array; bias: Float32Array }> = {};
  for (const name of Object.keys(state)) {
    const i = Number.parseInt(name, 10);
    byLayer[i] = {
      weight: state[`${i}.weight`]?.data as Float32Array,
      bias: state[`${i}.bias`]?.data as Float32Array,
    };
  }
  return byLayer;
}

/**
 * Four layers of at most 12 terms; each number is of the size of 1 and passes some 60 roundings at most, and the layers
 * pass errors on by a factor of at most 4.
 */
const NEAR = 256 * 2 ** -24;

function expectOutputs(m: Sequential, list: readonly LayerSpec[], x: Float32Array, rows: number): void {
  const got = m.activations(x);
  const expected = forward(list, params(m), x, rows);
  expect(got.map(({ name }) => name)).toEqual(list.map(({ kind }, i) => `${i}.${kind}`));
  for (const [i, { width, data }] of got.entries()) {
    const exact = expected[i] as Float64Array;
    expect(width).toBe(exact.length / rows);
    expect(data.length).toBe(exact.length);
    for (const [j, y] of data.entries()) {
      const off = Math.abs(y - (exact[j] as number));
      if (!(off <= NEAR)) expect.fail(`layer ${i}, element ${j}: ${y} against ${exact[j]}`);
    }
  }
}

describe(`activations (seed ${SEED})`, () => {
  it.each([1, 2, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 2 * CHUNK_ROWS + 37])(
    "%i rows: every layer as f64 has it, the last the logits, bit for bit",
    (rows) => {
      const m = model();
      const x = floats(4, rows * input);
      expectOutputs(m, layers, x, rows);
      const got = m.activations(x);
      expect(got.map(({ width }) => width)).toEqual([12, 12, 9, 9, 5]);
      expect(bits(got.at(-1)?.data as Float32Array)).toEqual(bits(m.logits(x)));
    },
  );

  it.each(kinds.activations)(
    "%s first, twice in a row, and last: none is overwritten by the next",
    (_, activation) => {
      const list = [activation, dense(6), activation, activation, dense(4), activation];
      const m = model(list, mse());
      const x = floats(5, 9 * input);
      expectOutputs(m, list, x, 9);
      expect(bits(m.activations(x).at(-1)?.data as Float32Array)).toEqual(bits(m.logits(x)));
    },
  );

  it("a relu that is joined with its dense layer is shown beside it", () => {
    const [before, after] = model([dense(20), relu(), dense(2)])
      .activations(floats(6, 30 * input))
      .map(({ data }) => data);
    expect(before?.some((v) => v < 0)).toBe(true);
    expect(bits(after as Float32Array)).toEqual(bits((before as Float32Array).map((v) => (v < 0 ? 0 : v))));
  });

  it("of bytes, and of rows as arrays", async () => {
    const m = model([dense(6), tanh(), dense(3)]);
    const x = byteSet(7, 10, input, 3).x as Uint8Array;
    const scaled = Float32Array.from(x, (v) => Math.fround(v * Math.fround(1 / 255)));
    expect(m.activations(x)).toEqual(m.activations(scaled));
    const rows = Array.from({ length: 10 }, (_, i) => scaled.subarray(i * input, (i + 1) * input));
    expect(m.activations(rows)).toEqual(m.activations(scaled));
    const set = byteSet(7, 10, input, 3, { scale: 1 / 64, shift: -2 });
    await m.evaluate(set);
    expect(m.activations(x)).toEqual(m.activations(Float32Array.from(x, (v) => v / 64 - 2)));
  });

  it("follow the weights, and leave training alone", async () => {
    const [m, twin] = [model(), model()];
    const x = floats(8, 3 * input);
    const first = m.activations(x);
    for (const each of [m, twin]) {
      await each.fit(data, { batchSize: 8 });
      if (each === m) expect(m.activations(x)).not.toEqual(first);
      await each.fit(data, { batchSize: 8 });
    }
    expect(weights(m)).toBe(weights(twin));
    let seen = 0;
    for await (const { step } of m.steps(data, { batchSize: 8 })) {
      if (step === 1) seen = m.activations(x).length;
    }
    expect(seen).toBe(5);
    await twin.fit(data, { batchSize: 8 });
    expect(weights(m)).toBe(weights(twin));
  });

  it("need no loss; bad rows and a disposed model are refused", async () => {
    const m = xent.sequential({ input }, layers);
    expect(m.activations(floats(9, input)).length).toBe(5);
    await refuses(() => m.activations(floats(9, input + 1)), "SHAPE", "activations");
    await refuses(() => m.activations([]), "EMPTY", "activations");
    await refuses(() => m.activations(floats(9, input).fill(Number.NaN)), "NOT_FINITE", "activations");
    m.dispose();
    await refuses(() => m.activations(floats(9, input)), "DISPOSED", "activations");
  });

  it("make a memory of the size of a chunk, and let go of it", async () => {
    const m = model();
    m.logits(floats(9, input));
    const x = floats(9, 1000 * input);
    const sizes = await memoriesMade(() => m.activations(x));
    expect(sizes.length).toBe(1);
    // 256 rows: six matrices of 64 bytes a row, features, and what else a chunk needs
    expect(sizes[0]).toBeLessThan(600 * 1024);

    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const { Memory } = WebAssembly;
    const made: WeakRef<WebAssembly.Memory>[] = [];
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        made.push(new WeakRef(this));
      }
    };
    try {
      for (let call = 0; call < 3; call++) m.activations(x);
    } finally {
      WebAssembly.Memory = Memory;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
    expect(made.map((ref) => ref.deref())).toEqual([undefined, undefined, undefined]);
    expect(m.logits(x).length).toBe(1000 * outputs);
  });
});
