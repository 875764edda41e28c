// Every loss through the public API: what evaluate, trainOnBatch, fit and predict make of it, against f64.

import { describe, expect, it } from "vitest";
import type { LossSpec, Reduction } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import type { Targets } from "../../src/data/targets.ts";
import { init } from "../../src/model/runtime.ts";
import { sigmoid, softmax, tanh } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { bceWithLogits, huber, mae, mse, quadratic } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { SIGMOID_ULPS, softmaxBounds, ulp } from "../oracle/bounds.ts";
import { floats, integers } from "../oracle/data.ts";
import { sigmoid as sigma } from "../oracle/pointwise.ts";
import { softmax as softmaxRow } from "../oracle/rows.ts";
import type * as oracle from "../oracle/spec.ts";
import { wasmBytes } from "../support/core.ts";
import { scoreInF64 } from "../support/loss-bounds.ts";
import { bits } from "../support/state.ts";

const builds = {
  simd: await init(),
  debug: await init({ wasm: wasmBytes("debug") }),
} as const;
const xent = builds.simd;
const REDUCTIONS: readonly Reduction[] = ["mean", "batchmean", "sum", "none"];
/** 1, some, and more than a chunk of 256 */
const SIZES = [1, 37, 261];
const INPUT = 3;
const optimizer = sgd({ lr: 0.1 });

/** Rows of a data set, whose numbers are f32 and whose sums of weights are exact. */
interface Rows {
  readonly x: Float32Array;
  readonly ids: Int32Array;
  readonly probabilities: Float32Array;
  readonly yes: Float32Array;
  readonly numbers: Float32Array;
  readonly weight: Float32Array;
}

function rowsOf(seed: number, rows: number, outputs: number): Rows {
  const probabilities = new Float32Array(rows * outputs);
  // sixteenths that sum to 1
  for (const [i, j] of integers(seed, 16 * rows, 0, outputs - 1).entries()) {
    probabilities[Math.floor(i / 16) * outputs + j] =
      (probabilities[Math.floor(i / 16) * outputs + j] as number) + 1 / 16;
  }
  return {
    x: floats(seed + 1, rows * INPUT, -3, 3),
    ids: integers(seed + 2, rows, 0, outputs - 1),
    probabilities,
    yes: Float32Array.from(integers(seed + 3, rows * outputs, 0, 4), (v) => v / 4),
    numbers: floats(seed + 4, rows * outputs, -2, 2),
    weight: Float32Array.from(integers(seed + 5, rows, 0, 6), (v, i) => (i === 0 ? 1 : v / 2)),
  };
}

const onehot = (ids: Int32Array, outputs: number): Float32Array =>
  Float32Array.from({ length: ids.length * outputs }, (_, i) =>
    Number(ids[Math.floor(i / outputs)] === i % outputs),
  );

interface Case {
  readonly outputs: number;
  readonly loss: (reduction: Reduction) => LossSpec;
  readonly y: (rows: Rows) => Targets;
  /** the same for the oracle, which takes ids for cross entropy alone */
  readonly exact?: (rows: Rows) => oracle.Targets;
}
const ids = (rows: Rows): Int32Array => rows.ids;
const values =
  (key: "probabilities" | "yes" | "numbers") =>
  (rows: Rows): Float32Array =>
    rows[key];
const spread = (outputs: number) => (rows: Rows) => ({ values: onehot(rows.ids, outputs) });
const weight = [0.5, 2, 1, 0, 4];
const posWeight = [0.5, 2, 1, 3, 4];

const CASES: Record<string, Case> = {
  "crossEntropy, ids": { outputs: 5, loss: (reduction) => crossEntropy({ reduction }), y: ids },
  "crossEntropy, ids, class weights": {
    outputs: 5,
    loss: (reduction) => crossEntropy({ reduction, weight }),
    y: ids,
  },
  "crossEntropy, ids, smoothing": {
    outputs: 5,
    loss: (reduction) => crossEntropy({ reduction, labelSmoothing: 0.1 }),
    y: ids,
  },
  "crossEntropy, ids, all at once": {
    outputs: 5,
    loss: (reduction) => crossEntropy({ reduction, weight, labelSmoothing: 0.25, ignoreIndex: 2 }),
    y: ids,
  },
  "crossEntropy, probabilities": {
    outputs: 5,
    loss: (reduction) => crossEntropy({ reduction }),
    y: values("probabilities"),
  },
  "crossEntropy, probabilities, class weights, smoothing": {
    outputs: 5,
    loss: (reduction) => crossEntropy({ reduction, weight, labelSmoothing: 0.1 }),
    y: values("probabilities"),
  },
  "bceWithLogits, fractions": {
    outputs: 5,
    loss: (reduction) => bceWithLogits({ reduction }),
    y: values("yes"),
  },
  "bceWithLogits, posWeight": {
    outputs: 5,
    loss: (reduction) => bceWithLogits({ reduction, posWeight }),
    y: values("yes"),
  },
  "bceWithLogits, ids": {
    outputs: 5,
    loss: (reduction) => bceWithLogits({ reduction, posWeight: 3 }),
    y: ids,
    exact: spread(5),
  },
  "bceWithLogits, one output": {
    outputs: 1,
    loss: (reduction) => bceWithLogits({ reduction }),
    y: values("yes"),
  },
  ...Object.fromEntries(
    ([quadratic, mse, mae, huber] as const).flatMap((make) => [
      [
        `${make.name}, numbers`,
        { outputs: 5, loss: (reduction: Reduction) => make({ reduction }), y: values("numbers") },
      ],
      [
        `${make.name}, ids`,
        { outputs: 5, loss: (reduction: Reduction) => make({ reduction }), y: ids, exact: spread(5) },
      ],
      [
        `${make.name}, one output`,
        { outputs: 1, loss: (reduction: Reduction) => make({ reduction }), y: values("numbers") },
      ],
    ]),
  ),
  "huber, δ = ¼": {
    outputs: 2,
    loss: (reduction) => huber({ reduction, delta: 0.25 }),
    y: values("numbers"),
  },
};

/** A loss as the oracle wants it. */
function oracleSpec(loss: LossSpec, outputs: number): oracle.LossSpec {
  if (loss.kind !== "bceWithLogits" || typeof loss.posWeight !== "number") return loss as oracle.LossSpec;
  return { ...loss, posWeight: new Array<number>(outputs).fill(loss.posWeight) };
}

const layersFor = (outputs: number) => [dense(6), tanh(), dense(outputs)];

describe.each(Object.entries(CASES))("%s", (name, { outputs, loss, y, exact }) => {
  const targets = (rows: Rows): oracle.Targets => {
    if (exact !== undefined) return exact(rows);
    const given = y(rows);
    return given instanceof Int32Array ? { ids: given } : { values: given as Float32Array };
  };

  it.each(SIZES.flatMap((size) => REDUCTIONS.map((reduction) => [size, reduction] as const)))(
    "%i rows by %s: evaluate, and trainOnBatch before its step",
    async (size, reduction) => {
      const rows = rowsOf(10, size, outputs);
      // a single row must count
      if (name.includes("all at once")) rows.ids[0] = 1;
      if (name.includes("class weights")) rows.ids[0] = 0;
      for (const [build, runtime] of Object.entries(builds)) {
        const m = runtime.sequential({ input: INPUT, seed: 5, optimizer }, layersFor(outputs));
        const logits = m.logits(rows.x);
        for (const weighted of [false, true]) {
          const spec = loss(reduction);
          const own = weighted ? { weight: rows.weight } : {};
          const want = scoreInF64(oracleSpec(spec, outputs), logits, size, targets(rows), own.weight);
          const data = dataset({ x: rows.x, y: y(rows), features: INPUT, ...own });
          const got = await m.evaluate(data, { loss: spec });
          const what = `${build}, weighted: ${weighted}`;
          expect(Math.abs(got.loss - want.loss), what).toBeLessThanOrEqual(want.bound);
          expect(got.rowLosses?.length, what).toBe(reduction === "none" ? size : undefined);
          for (const [i, value] of (got.rowLosses ?? []).entries()) {
            const off = Math.abs(value - (want.rowLoss[i] as number));
            expect(off, `${what}, row ${i}`).toBeLessThanOrEqual(want.rowBound[i] as number);
          }
          if (reduction === "none") continue;
          const twin = runtime.sequential({ input: INPUT, seed: 5, optimizer }, layersFor(outputs));
          const step = await twin.trainOnBatch(rows.x, y(rows), { loss: spec, ...own });
          // above a chunk the sum of row losses has other brackets
          if (size <= 256) expect(step, what).toEqual(got);
          expect(Math.abs(step.loss - want.loss), what).toBeLessThanOrEqual(want.bound);
          expect(step.accuracy, what).toBe(got.accuracy);
        }
      }
    },
  );

  it("fit lowers it", async () => {
    const rows = rowsOf(20, 60, outputs);
    const m = xent.sequential({ input: INPUT, seed: 5, loss: loss("mean"), optimizer }, layersFor(outputs));
    const data = dataset({ x: rows.x, y: y(rows), features: INPUT });
    const before = (await m.evaluate(data)).loss;
    const { loss: losses } = await m.fit(data, { epochs: 20, batchSize: 16 });
    const after = (await m.evaluate(data)).loss;
    expect(after).toBeLessThan(before);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  });
});

describe("predict applies the link of the loss", () => {
  const x = floats(30, 40 * INPUT, -20, 20);
  const make = (loss: LossSpec, last = [dense(5)]) =>
    xent.sequential({ input: INPUT, seed: 6, loss, optimizer }, last);

  it("softmax for crossEntropy", () => {
    const m = make(crossEntropy());
    const [p, z] = [m.predict(x), m.logits(x)];
    for (let i = 0; i < 40; i++) {
      const row = softmaxRow(z.subarray(5 * i, 5 * i + 5));
      const bound = softmaxBounds(row.p, row.distance).p;
      for (let j = 0; j < 5; j++) {
        expect(Math.abs((p[5 * i + j] as number) - (row.p[j] as number))).toBeLessThanOrEqual(
          bound[j] as number,
        );
      }
    }
  });

  it("σ of each output for bceWithLogits", () => {
    const m = make(bceWithLogits());
    const [p, z] = [m.predict(x), m.logits(x)];
    for (const [i, value] of p.entries()) {
      const want = sigma(z[i] as number);
      expect(Math.abs(value - want)).toBeLessThanOrEqual(SIGMOID_ULPS * ulp(want));
    }
  });

  it("none for distances, whatever layer is last", () => {
    for (const make of [quadratic, mse, mae, huber]) {
      for (const last of [[dense(5)], [dense(5), sigmoid()], [dense(5), softmax()], [dense(5), tanh()]]) {
        const m = xent.sequential({ input: INPUT, seed: 6, loss: make() }, last);
        expect(bits(m.predict(x))).toEqual(bits(m.logits(x)));
      }
    }
  });
});

describe("a model goes from loss to loss", () => {
  const rows = rowsOf(40, 37, 5);
  const { x, yes, weight: own } = rows;
  const make = () => xent.sequential({ input: INPUT, seed: 5, optimizer }, layersFor(5));
  const LOSSES: [LossSpec, Targets][] = [
    [huber(), yes],
    [huber({ delta: 0.125 }), yes],
    [bceWithLogits(), yes],
    [bceWithLogits({ posWeight: 2 }), yes],
    [bceWithLogits({ posWeight }), yes],
    [bceWithLogits({ posWeight, reduction: "sum" }), yes],
    [crossEntropy(), rows.ids],
    [crossEntropy({ weight }), rows.ids],
    [crossEntropy({ weight: posWeight }), rows.ids],
    [crossEntropy({ weight: posWeight, ignoreIndex: 1 }), rows.ids],
    [crossEntropy({ labelSmoothing: 0.1 }), rows.probabilities],
    [crossEntropy({ labelSmoothing: 0.2 }), rows.ids],
    [mse(), rows.ids],
    [quadratic(), rows.ids],
  ];

  it("and each time gives what a new model gives", async () => {
    const m = make();
    for (const [loss, y] of [...LOSSES, ...LOSSES.toReversed()]) {
      const data = dataset({ x, y, features: INPUT, weight: own });
      const fresh = make();
      expect(await m.evaluate(data, { loss })).toEqual(await fresh.evaluate(data, { loss }));
      expect(m.gradients({ x, y, weight: own, loss })).toEqual(fresh.gradients({ x, y, weight: own, loss }));
      expect(m.gradients({ x, y, loss })).toEqual(fresh.gradients({ x, y, loss }));
      expect(bits(m.predict(x))).toEqual(bits(fresh.predict(x)));
    }
  });

  it("and trains by the one that a call names, from then on", async () => {
    const [m, twin] = [make(), make()];
    for (const [loss, y] of LOSSES) {
      const data = dataset({ x, y, features: INPUT });
      await m.fit(data, { loss });
      await m.fit(data);
      await twin.fit(data, { loss, epochs: 2 });
      expect(m.stateDict()).toEqual(twin.stateDict());
    }
  });
});
