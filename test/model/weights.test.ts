// Weights of rows and of classes through the public API: a row of weight w is w rows, one of weight 0 or of the ignored
// class is none; bit for bit where the arithmetic allows.

import { describe, expect, it } from "vitest";
import type { LayerSpec, LossSpec, StateDict } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import type { Targets } from "../../src/data/targets.ts";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { gelu, silu } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { bceWithLogits, huber, mae, mse, quadratic } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { gamma, HALF_SUBNORMAL, U } from "../oracle/bounds.ts";
import { floats, integers } from "../oracle/data.ts";
import { hash, weights } from "../support/state.ts";

const xent = await init();
const INPUT = 3;
const TRAINED = ["mean", "batchmean", "sum"] as const;

interface Batch {
  readonly x: Float32Array;
  readonly y: Targets;
  readonly weight?: ArrayLike<number>;
}

/** Rows of a batch by their numbers, without weights. */
function pick({ x, y }: Batch, rows: readonly number[], width: number): Batch {
  const values = y as Float32Array | Int32Array;
  const from = (list: Float32Array | Int32Array, n: number): number[] =>
    rows.flatMap((row) => [...list.subarray(row * n, (row + 1) * n)]);
  const kind = values instanceof Int32Array ? Int32Array : Float32Array;
  return { x: Float32Array.from(from(x, INPUT)), y: kind.from(from(values, width)) };
}

/** Everything a batch makes of a model: gradients, the step's loss, the weights after it, and an evaluation. */
async function traces(make: () => Sequential, batch: Batch, loss: LossSpec) {
  const { x, y, weight } = batch;
  const own = weight === undefined ? {} : { weight };
  const gradients = hash(make().gradients({ x, y, ...own, loss }));
  const m = make();
  const evaluated = await m.evaluate(dataset({ x, y, features: INPUT, ...own }), { loss });
  const step = await m.trainOnBatch(x, y, { ...own, loss });
  return { gradients, evaluated, step, weights: weights(m) };
}

const rate = { optimizer: sgd({ lr: 2 ** -7 }) };
const randomNet =
  (outputs: number, layers: readonly LayerSpec[] = [dense(7), gelu(), dense(5), silu()]) =>
  () =>
    xent.sequential({ input: INPUT, seed: 4, ...rate }, [...layers, dense(outputs)]);

const [ROWS, OUTPUTS] = [12, 4] as const;
const x = floats(1, ROWS * INPUT, -2, 2);
const ids = integers(2, ROWS, 0, OUTPUTS - 1);
const yes = Float32Array.from(integers(3, ROWS * OUTPUTS, 0, 4), (v) => v / 4);
const numbers = floats(4, ROWS * OUTPUTS, -2, 2);
/** ½, ¼, ¼ and 0, turned by a place from row to row */
const probabilities = Float32Array.from(
  { length: ROWS * OUTPUTS },
  (_, i) => [0.5, 0.25, 0.25, 0][(i + Math.floor(i / OUTPUTS)) % 4] as number,
);

describe("a row of weight w equals w rows", () => {
  // small integers and halves, and divisors that are powers of 2: every sum and product is exact
  const weight = [2, 1, 0, 1, 3, 1];
  const copies = [0, 0, 1, 3, 4, 4, 4, 5];
  const exactNet = (): Sequential => {
    const m = xent.sequential({ input: INPUT, ...rate }, [dense(4), relu(), dense(2)]);
    const whole = (seed: number, shape: number[]) => ({
      shape,
      data: Float32Array.from(
        integers(
          seed,
          shape.reduce((a, b) => a * b),
          -2,
          2,
        ),
      ),
    });
    m.loadStateDict({
      "0.weight": whole(10, [4, INPUT]),
      "0.bias": whole(11, [4]),
      "2.weight": whole(12, [2, 4]),
      "2.bias": whole(13, [2]),
    });
    return m;
  };
  const batch = {
    x: Float32Array.from(integers(14, 6 * INPUT, -3, 3)),
    y: Float32Array.from(integers(15, 6 * 2, -8, 8), (v) => v / 2),
  };
  it.each(
    [quadratic, mse, mae, () => huber({ delta: 0.5 })].flatMap((make) =>
      TRAINED.map((r) => [make, r] as const),
    ),
  )("bit for bit where all arithmetic is exact: %o by %s", async (make, reduction) => {
    const loss = { ...make(), reduction };
    const weighted = await traces(exactNet, { ...batch, weight }, loss);
    expect(weighted).toEqual(await traces(exactNet, pick(batch, copies, 2), loss));
    expect(weighted).not.toEqual(await traces(exactNet, pick(batch, [0, 1, 3, 4, 5], 2), loss));
  });

  it.each<[string, LossSpec, Targets, number]>([
    ["crossEntropy, ids", crossEntropy(), ids, 1],
    ["crossEntropy, ids, smoothing", crossEntropy({ labelSmoothing: 0.1 }), ids, 1],
    ["crossEntropy, probabilities", crossEntropy(), probabilities, OUTPUTS],
    ["bceWithLogits", bceWithLogits(), yes, OUTPUTS],
  ])("within bounds: %s", async (_, kind, y, width) => {
    const r = integers(16, ROWS, 0, 3);
    r[0] = 2;
    const rows = [...r.keys()].flatMap((row) => new Array<number>(r[row] as number).fill(row));
    const make = randomNet(OUTPUTS, []);
    for (const reduction of TRAINED) {
      const loss = { ...kind, reduction };
      const copied = pick({ x, y }, rows, width);
      const [one, other] = [{ x, y, weight: r }, copied].map((batch) =>
        make().gradients({ ...batch, loss }),
      ) as [StateDict, StateDict];
      const divisor =
        reduction === "sum"
          ? 1
          : rows.length * (loss.kind === "bceWithLogits" && reduction === "mean" ? OUTPUTS : 1);
      // each is Σ r·(p − t)·x / divisor, |p − t| ≤ 1: r, the product and x·dz are rounded, then as many sums as rows
      const sums = new Float64Array(INPUT);
      for (const [i, value] of copied.x.entries())
        sums[i % INPUT] = (sums[i % INPUT] as number) + Math.abs(value);
      const bound = (size: number): number =>
        (2 * gamma(rows.length + 3) * size) / divisor + 2 * rows.length * HALF_SUBNORMAL;
      for (const [i, g] of (one["0.weight"]?.data ?? []).entries()) {
        const off = Math.abs(g - (other["0.weight"]?.data[i] as number));
        expect(off).toBeLessThanOrEqual(bound(sums[i % INPUT] as number));
      }
      for (const [i, g] of (one["0.bias"]?.data ?? []).entries()) {
        expect(Math.abs(g - (other["0.bias"]?.data[i] as number))).toBeLessThanOrEqual(bound(rows.length));
      }
      const a = await make().trainOnBatch(x, y, { loss, weight: r });
      const b = await make().trainOnBatch(copied.x, copied.y, { loss });
      // r·ℓ is rounded once; sums are in f64
      expect(Math.abs(a.loss - b.loss)).toBeLessThanOrEqual((U + 2 * rows.length * 2 ** -53) * b.loss);
    }
  });

  it("and weights that are all the same, a power of 2, equal none", async () => {
    for (const [loss, y] of [
      [crossEntropy(), ids],
      [bceWithLogits({ posWeight: 2 }), yes],
      [huber(), numbers],
    ] as const) {
      const plain = await traces(randomNet(OUTPUTS), { x, y }, loss);
      for (const w of [0.25, 1, 2]) {
        expect(
          await traces(randomNet(OUTPUTS), { x, y, weight: new Float32Array(ROWS).fill(w) }, loss),
        ).toEqual(plain);
      }
    }
  });
});

describe("a row that does not count equals none, bit for bit", () => {
  const kept = [0, 1, 3, 4, 5, 7, 8, 10, 11];
  const weight = Float32Array.from({ length: ROWS }, (_, i) => (kept.includes(i) ? 1 + (i % 3) : 0));
  const left = kept.map((row) => weight[row] as number);
  const CASES: [string, typeof crossEntropy | typeof mse, object, Targets, number][] = [
    ["crossEntropy, ids", crossEntropy, { weight: [1, 2, 0.5, 3] }, ids, 1],
    ["crossEntropy, ids, smoothing", crossEntropy, { labelSmoothing: 0.1, weight: [1, 2, 0.5, 3] }, ids, 1],
    ["crossEntropy, probabilities", crossEntropy, { labelSmoothing: 0.1 }, probabilities, OUTPUTS],
    ["bceWithLogits", bceWithLogits, { posWeight: [1, 2, 3, 4] }, yes, OUTPUTS],
    ["quadratic", quadratic, {}, numbers, OUTPUTS],
    ["mse", mse, {}, numbers, OUTPUTS],
    ["mae", mae, {}, numbers, OUTPUTS],
    ["huber", huber, { delta: 0.5 }, numbers, OUTPUTS],
  ];
  it.each(CASES)("of weight 0: %s", async (_, make, options, y, width) => {
    // rows that do not count may have outputs that are no numbers any more
    const far = x.map((v, i) => (kept.includes(Math.floor(i / INPUT)) ? v : 3e38 * Math.sign(v)));
    for (const reduction of TRAINED) {
      const loss = make({ ...options, reduction });
      const without = { ...pick({ x, y }, kept, width), weight: left };
      for (const net of [randomNet(OUTPUTS), randomNet(OUTPUTS, [])]) {
        expect(await traces(net, { x, y, weight }, loss)).toEqual(await traces(net, without, loss));
      }
      // 2 · 3e38 is no f32
      const one = (): Sequential => {
        const m = randomNet(OUTPUTS, [])();
        const state = m.stateDict();
        state["0.weight"]?.data.fill(2);
        m.loadStateDict(state);
        return m;
      };
      expect(one().logits(far).every(Number.isFinite)).toBe(false);
      expect(await traces(one, { x: far, y, weight }, loss)).toEqual(await traces(one, without, loss));
    }
  });

  it.each([
    [-100, {}],
    [2, {}],
    [-1, { labelSmoothing: 0.1 }],
    [0, { weight: [5, 2, 1, 0.5] }],
    [3, { weight: [5, 2, 1, 0.5], labelSmoothing: 0.2 }],
  ])("of the ignored class %i, with %o", async (ignoreIndex, options) => {
    const marked = ids.map((id, i) =>
      kept.includes(i) ? (id === ignoreIndex ? (id + 1) % OUTPUTS : id) : ignoreIndex,
    );
    for (const reduction of TRAINED) {
      const loss = crossEntropy({ ...options, ignoreIndex, reduction });
      const without = pick({ x, y: marked }, kept, 1);
      const ignored = await traces(randomNet(OUTPUTS), { x, y: marked }, loss);
      expect(ignored).toEqual(await traces(randomNet(OUTPUTS), without, loss));
    }
    const each = await randomNet(OUTPUTS)().evaluate(dataset({ x, y: marked, features: INPUT }), {
      loss: crossEntropy({ ...options, ignoreIndex, reduction: "none" }),
    });
    for (const [i, loss] of (each.rowLosses ?? []).entries()) expect(loss === 0).toBe(!kept.includes(i));
  });

  it("a batch without any row that counts changes no weight and adds nothing to the epoch", async () => {
    const marked = ids.map((id, i) => (i === 4 || i === 5 || i === 6 || i === 7 ? -100 : id));
    const weight = Float32Array.from(marked, (id) => Number(id !== -100));
    const rows = [0, 1, 2, 3, 8, 9, 10, 11];
    const run = { epochs: 2, batchSize: 4, shuffle: false, metrics: ["accuracy"] } as const;
    for (const [loss, batch, width] of [
      [crossEntropy(), { x, y: marked }, 1],
      [crossEntropy({ labelSmoothing: 0.1, reduction: "sum" }), { x, y: marked }, 1],
      [bceWithLogits(), { x, y: yes, weight }, OUTPUTS],
    ] as const) {
      const data = dataset({ ...batch, features: INPUT });
      const [m, twin] = [randomNet(OUTPUTS)(), randomNet(OUTPUTS)()];
      const history = await m.fit(data, { ...run, loss });
      const short = await twin.fit(dataset({ ...pick(batch, rows, width), features: INPUT }), {
        ...run,
        loss,
      });
      expect(history).toEqual({ ...short, steps: 6 });
      expect(weights(m)).toBe(weights(twin));

      let before = weights(m);
      for await (const { step, loss: value, hits } of m.steps(data, { batchSize: 4, shuffle: false })) {
        expect(weights(m) === before).toBe(step === 1);
        if (step === 1) expect([value, hits]).toEqual([0, 0]);
        before = weights(m);
      }
    }
  });
});

describe("class weights", () => {
  const classes = [0.5, 2, 3, 1];
  it.each(["mean", "sum"] as const)(
    "equal the weights of the classes' rows, bit for bit, by %s",
    async (reduction) => {
      const own = ids.map((_, i) => 1 + (i % 2));
      const weight = Float32Array.from(ids, (id, i) => (classes[id] as number) * (own[i] as number));
      const byClass = await traces(
        randomNet(OUTPUTS),
        { x, y: ids, weight: own },
        crossEntropy({ weight: classes, reduction }),
      );
      expect(byClass).toEqual(
        await traces(randomNet(OUTPUTS), { x, y: ids, weight }, crossEntropy({ reduction })),
      );
      expect(byClass).not.toEqual(
        await traces(randomNet(OUTPUTS), { x, y: ids, weight: own }, crossEntropy({ reduction })),
      );
    },
  );

  it("by batchmean weigh the loss, and not the rows it is divided by", async () => {
    const by = async (weight: ArrayLike<number>) =>
      (
        await traces(
          randomNet(OUTPUTS),
          { x, y: ids },
          crossEntropy({ weight: Array.from(weight), reduction: "batchmean" }),
        )
      ).step.loss;
    // twice the weights, twice the loss: exact
    expect(await by(classes.map((w) => 2 * w))).toBe(2 * (await by(classes)));
  });
});
