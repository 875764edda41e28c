// Losses in JavaScript: the numbers of built-in ones to the bit where both round alike, else the oracle's within a bound;
// reductions, weights, class ids and links; gradCheck of pairs that belong together, and of those that do not.

import { describe, expect, it } from "vitest";
import type { LossSpec, Reduction } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import { gradCheck } from "../../src/model/gradcheck.ts";
import { init } from "../../src/model/runtime.ts";
import { networkOf } from "../../src/model/sequential.ts";
import { sigmoid, tanh } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import type { CustomLossOptions } from "../../src/nn/custom.ts";
import { dense } from "../../src/nn/layers.ts";
import { bceWithLogits, mse } from "../../src/nn/losses.ts";
import { verify } from "../../src/program/verify.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import { logCoshRow, logCoshSlopes } from "../oracle/log-cosh.ts";
import { wasmBytes } from "../support/core.ts";
import { logCosh, softmaxLoss, squares } from "../support/custom-losses.ts";
import { bits } from "../support/state.ts";

const builds = {
  relaxed: await init(),
  simd: await init({ precision: "strict" }),
  debug: await init({ wasm: wasmBytes("debug") }),
} as const;
const xent = builds.simd;
const REDUCTIONS: readonly Reduction[] = ["mean", "batchmean", "sum", "none"];
const [INPUT, OUTPUTS] = [3, 5];
const optimizer = sgd({ lr: 0.1 });
const layers = [dense(6), tanh(), dense(OUTPUTS)];
const make = (runtime = xent, list = layers, loss?: LossSpec) =>
  runtime.sequential({ input: INPUT, seed: 5, optimizer, ...(loss && { loss }) }, list);

function rowsOf(rows: number) {
  return {
    x: floats(1, rows * INPUT, -3, 3),
    y: floats(2, rows * OUTPUTS, -2, 2),
    ids: integers(3, rows, 0, OUTPUTS - 1),
    weight: Float32Array.from(integers(4, rows, 0, 6), (v, i) => (i === 0 ? 1 : v / 2)),
  };
}

/**
 * Of one row's loss, r·ℓ: summed in f64 from f32 numbers, with at most n + 8 roundings and the engine's functions, good to
 * 4 units; then rounded to f32. Terms of log-cosh near 0 are off by the rounding of cosh next to 1.
 */
const rowBound = (value: number, r: number, n: number): number =>
  value * (2 ** -24 + (n + 16) * 2 ** -53) + r * n * 2 ** -51 + 2 ** -150;

describe.each(Object.entries(builds))(`%s (seed ${SEED})`, (_, runtime) => {
  describe.each([1, 37, 261])("%i rows", (size) => {
    const { x, y, ids, weight } = rowsOf(size);
    const weights = [undefined, weight];

    it.each(["mean", "batchmean", "sum"] as const)(
      "squares and mse have the same gradients, bit for bit, by %s",
      (reduction) => {
        for (const targets of [y, ids]) {
          for (const own of weights) {
            const batch = { x, y: targets, ...(own && { weight: own }) };
            const [custom, built] = [squares({ reduction }), mse({ reduction })].map((loss) =>
              make(runtime).gradients({ ...batch, loss }),
            );
            expect(custom).toEqual(built);
            expect(Object.values(custom ?? {}).some(({ data }) => data.some((g) => g !== 0))).toBe(true);
          }
        }
      },
    );

    it("and leave the same weights after training", async () => {
      for (const own of weights) {
        const data = dataset({ x, y, features: INPUT, ...(own && { weight: own }) });
        const [a, b] = [make(runtime), make(runtime)];
        const options = { epochs: 3, batchSize: 16 };
        await a.fit(data, { ...options, loss: squares() });
        await b.fit(data, { ...options, loss: mse({ reduction: "batchmean" }) });
        expect(a.stateDict()).toEqual(b.stateDict());
        expect(await a.trainOnBatch(x, y)).toMatchObject({ accuracy: Number.NaN });
        for await (const { loss } of a.steps(data)) expect(loss).toBeGreaterThan(0);
      }
    });

    it.each(REDUCTIONS)(
      "log-cosh is the oracle's, by %s: evaluate, and trainOnBatch before its step",
      async (reduction) => {
        const loss = logCosh({ reduction });
        const m = make(runtime);
        const z = m.logits(x);
        const row = (all: Float32Array, i: number) => all.subarray(i * OUTPUTS, (i + 1) * OUTPUTS);
        for (const own of weights) {
          let [sum, bound, share] = [0, 0, 0];
          const each = Array.from({ length: size }, (_, i) => {
            const r = own === undefined ? 1 : (own[i] as number);
            const value = r * logCoshRow(row(z, i), row(y, i));
            sum += value;
            bound += rowBound(value, r, OUTPUTS);
            share += r;
            return value;
          });
          const parts = reduction === "sum" ? 1 : reduction === "mean" ? share * OUTPUTS : share;
          // sums of rows, here and there, and the quotient
          const allowed = (bound + 2 * (size + 1) * 2 ** -53 * sum) / parts;
          const given = { ...(own && { weight: own }) };
          const got = await m.evaluate(dataset({ x, y, features: INPUT, ...given }), { loss });
          expect(Math.abs(got.loss - sum / parts)).toBeLessThanOrEqual(allowed);
          expect(got.rowLosses?.length).toBe(reduction === "none" ? size : undefined);
          for (const [i, value] of (got.rowLosses ?? []).entries()) {
            const [exact, r] = [each[i] as number, own?.[i] ?? 1];
            expect(Math.abs(value - exact)).toBeLessThanOrEqual(rowBound(exact, r, OUTPUTS));
          }
          if (reduction === "none") continue;
          const step = await make(runtime).trainOnBatch(x, y, { loss, ...given });
          expect(Math.abs(step.loss - sum / parts)).toBeLessThanOrEqual(allowed);
        }
      },
    );
  });

  it("log-cosh has the oracle's slopes", () => {
    // of one row, the gradient of the biases is that of the logits: g, times r and 1 / r, rounded to f32 as are they
    for (let seed = 1; seed <= 20; seed++) {
      const [x, y] = [floats(seed, INPUT, -3, 3), floats(100 + seed, OUTPUTS, -2, 2)];
      const m = make(runtime, [dense(OUTPUTS)], logCosh());
      const exact = logCoshSlopes(m.logits(x), y);
      const got = m.gradients({ x, y, weight: [0.7] })["0.bias"]?.data as Float32Array;
      for (const [j, g] of got.entries()) {
        const want = exact[j] as number;
        expect(Math.abs(g - want)).toBeLessThanOrEqual(Math.abs(want) * 5 * 2 ** -24 + 2 ** -50);
      }
    }
  });
});

describe("class ids", () => {
  const { x, ids } = rowsOf(261);
  const data = dataset({ x, y: ids, features: INPUT });

  it("come as one-hot rows, and the accuracy is that of the largest output", async () => {
    const [a, b] = [make(), make()];
    const got = await a.evaluate(data, { loss: squares() });
    expect(got.accuracy).toBe((await b.evaluate(data, { loss: mse() })).accuracy);
    expect(got.accuracy).toBeGreaterThan(0);
    const rows: number[][] = [];
    const seen = squares({
      loss: (_, target) => rows.push([...target]),
    });
    await a.evaluate(data, { loss: seen });
    expect(rows).toEqual(Array.from(ids, (id) => [0, 1, 2, 3, 4].map((j) => Number(j === id))));
  });

  it("are the number itself for one output, and 0 or 1 where the link is sigmoid", async () => {
    const list = [dense(1)];
    const numbers = dataset({ x, y: Int32Array.from(ids, (id) => 3 * id), features: INPUT });
    const built = await make(xent, list).evaluate(numbers, { loss: mse({ reduction: "batchmean" }) });
    const own = await make(xent, list).evaluate(numbers, { loss: squares() });
    expect(own.loss).toBeCloseTo(built.loss, 4);
    expect(own.accuracy).toBeNaN();
    const link = squares({ link: "sigmoid" });
    await expect(make(xent, list).evaluate(numbers, { loss: link })).rejects.toThrow("class id");
    const yes = dataset({ x, y: Int32Array.from(ids, (id) => id % 2), features: INPUT });
    const { accuracy } = await make(xent, list).evaluate(yes, { loss: bceWithLogits() });
    expect((await make(xent, list).evaluate(yes, { loss: link })).accuracy).toBe(accuracy);
  });
});

describe("the link", () => {
  const { x, y } = rowsOf(300);
  const built = { softmax: crossEntropy(), sigmoid: bceWithLogits() };

  it.each(["softmax", "sigmoid"] as const)("%s is what predict applies", (link) => {
    const [a, b] = [make(xent, layers, squares({ link })), make(xent, layers, built[link])];
    expect(bits(a.predict(x))).toEqual(bits(b.predict(x)));
    expect(a.predictClass(x)).toEqual(b.predictClass(x));
  });

  it("none leaves the outputs as they are", () => {
    const m = make(xent, layers, squares());
    expect(bits(m.predict(x))).toEqual(bits(m.logits(x)));
  });

  it.each(["softmax", "sigmoid"] as const)("%s tells how rows of numbers are right", async (link) => {
    const rows = y.map((v, i) =>
      link === "sigmoid" ? Number(v > 0) : Number(i % OUTPUTS === (i % 7) % OUTPUTS),
    );
    for (let i = 0; i < rows.length; i += OUTPUTS) if (link === "softmax") rows.set([0, 0, 1, 0, 0], i);
    const data = dataset({ x, y: rows, features: INPUT });
    const [a, b] = [make(), make()];
    const { accuracy } = await b.evaluate(data, { loss: built[link] });
    expect(accuracy).toBeGreaterThan(0);
    expect((await a.evaluate(data, { loss: squares({ link }) })).accuracy).toBe(accuracy);
    const step = await a.trainOnBatch(x, rows, { loss: squares({ link }) });
    expect(step.accuracy).toBe(accuracy);
  });
});

describe("gradCheck", () => {
  const { x, ids, weight } = rowsOf(8);
  const y = floats(9, 8 * OUTPUTS, -2, 2);
  const check = (loss: LossSpec, targets: Float32Array | Int32Array = y) =>
    gradCheck(make(xent, layers, loss), { x, y: targets, weight }, { entries: Number.POSITIVE_INFINITY });

  it.each(["mean", "batchmean", "sum"] as const)(
    "passes pairs that belong together, by %s",
    async (reduction) => {
      for (const pair of [squares, logCosh, softmaxLoss]) {
        for (const targets of [y.map(Math.abs), ids]) {
          const { passed, error, suspects, loss, lossInF64 } = await check(pair({ reduction }), targets);
          expect({ passed, suspects }).toEqual({ passed: true, suspects: [] });
          // as gradcheck.test.ts derives it
          expect(error).toBeLessThanOrEqual(64 * 2 ** -24);
          expect(Math.abs(loss - lossInF64)).toBeLessThanOrEqual(64 * 2 ** -24 * Math.max(1, lossInF64));
        }
      }
    },
  );

  const right = squares().gradient;
  type Gradient = CustomLossOptions["gradient"];
  const changed =
    (change: (v: number, j: number) => number): Gradient =>
    (o, t, g) => {
      right(o, t, g);
      for (const [j, v] of g.entries()) g[j] = change(v, j);
    };
  const wrong: [string, Gradient][] = [
    ["the sign", changed((v) => -v)],
    ["a factor", changed((v) => v / 2)],
    ["a percent", changed((v) => v * 1.01)],
    ["a missing term", changed((v, j) => (j === OUTPUTS - 1 ? 0 : v))],
    ["output and target the other way", (o, t, g) => right(t, o, g)],
    ["nothing written", () => {}],
  ];
  it.each(wrong)("finds %s, and suspects no record", async (_, gradient) => {
    const { passed, suspects } = await check(squares({ gradient }));
    expect({ passed, suspects }).toEqual({ passed: false, suspects: [] });
  });
});

describe("the programs", () => {
  const { x, y } = rowsOf(40);
  it("are proved by verify, and laid anew for other functions alone", async () => {
    const loss = squares();
    const m = make(xent, layers, loss);
    const data = dataset({ x, y, features: INPUT });
    await m.fit(data);
    const network = networkOf(m);
    const { program } = network.trained;
    const chunk = network.chunk().program;
    for (const { words, drafts } of [program, chunk]) expect(verify(words, drafts, 3)).toEqual([]);
    expect(program.drafts.filter(({ host }) => host !== undefined).map(({ label }) => label)).toEqual([
      "squares",
    ]);
    await m.fit(data, { loss: { ...loss, reduction: "sum" } });
    expect(network.trained.program).toBe(program);
    await m.fit(data, { loss: squares() });
    expect(network.trained.program).not.toBe(program);
  });

  it("give what a new model gives, from loss to loss", async () => {
    const m = make();
    const twice = squares({ loss: (o, t) => 2 * squares().loss(o, t), gradient: logCosh().gradient });
    const LOSSES = [
      squares(),
      mse(),
      twice,
      logCosh(),
      squares({ link: "softmax" }),
      squares({ reduction: "mean" }),
    ];
    const data = dataset({ x, y, features: INPUT });
    for (const loss of [...LOSSES, ...LOSSES.toReversed()]) {
      const fresh = make();
      expect(await m.evaluate(data, { loss })).toEqual(await fresh.evaluate(data, { loss }));
      expect(m.gradients({ x, y, loss })).toEqual(fresh.gradients({ x, y, loss }));
      expect(bits(m.predict(x))).toEqual(bits(fresh.predict(x)));
    }
  });

  it("plan counts them, and a loss behind a last sigmoid without a link works", async () => {
    const m = make(xent, [...layers, sigmoid()], squares());
    expect(m.plan({ batchSize: 32 }).stepMs).toBeGreaterThan(0);
    const { loss } = await m.fit(dataset({ x, y, features: INPUT }), { epochs: 5 });
    expect(loss.at(-1)).toBeLessThan(loss[0] as number);
  });
});
