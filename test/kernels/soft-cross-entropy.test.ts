// Cross entropy against whole distributions, smoothed or weighted by class, and against class ids with weights of rows:
// the bits of the stated rounding order, and within the bounds that docs/numerics.md derives from it.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import { type Smoothing, softCrossEntropyBounds } from "../oracle/loss-bounds.ts";
import { crossEntropyRow } from "../oracle/losses.ts";
import { softmax } from "../oracle/rows.ts";
import { vmath } from "../support/vmath.ts";
import { expectBits, expectWithin } from "./compare.ts";
import { fourChains } from "./elementwise.ts";
import { builds } from "./harness.ts";
import { LOGITS } from "./logits.ts";
import { type Batch, type Result, runLoss } from "./rowloss.ts";

const f = Math.fround;
const CLASSES = [1, 2, 3, 4, 5, 7, 8, 10, 33, 1000];
const ROWS = 7;
const SCALE = f(1 / 3);
const { NaN: NAN, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: NINF } = Number;
type Numbers = Float32Array<ArrayBuffer>;

const at = (values: ArrayLike<number>, i: number): number => values[i] as number;
const firstLargest = (row: ArrayLike<number>): number => {
  const all = Array.from(row);
  return all.indexOf(all.reduce((a, b) => Math.max(a, b)));
};

/** What a batch is held against, beside its logits. */
interface Variant {
  readonly op: number;
  readonly ids: boolean;
  readonly labelSmoothing: number;
  readonly classWeights: boolean;
}

const soft = (ids: boolean, labelSmoothing: number, classWeights: boolean): Variant => ({
  op: abi.OP_SOFT_CROSS_ENTROPY,
  ids,
  labelSmoothing,
  classWeights,
});
const hard: Variant = { op: abi.OP_SOFTMAX_CROSS_ENTROPY, ids: true, labelSmoothing: 0, classWeights: false };

const VARIANTS: Record<string, Variant> = {
  softmaxCrossEntropy: hard,
  probabilities: soft(false, 0, false),
  "probabilities and class weights": soft(false, 0, true),
  "probabilities and smoothing": soft(false, 0.1, false),
  "probabilities, smoothing and class weights": soft(false, 0.1, true),
  "ids and smoothing": soft(true, 0.1, false),
  "ids and class weights": soft(true, 0, true),
  "ids, smoothing and class weights": soft(true, 0.3, true),
  "ids, all of the smoothing": soft(true, 1, false),
};

/** Rows that sum to 1, of which every third is certain of a class. */
function distributions(rows: number, cols: number, seed: number): Numbers {
  const all = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    if (i % 3 === 0) all[i * cols + ((seed + i) % cols)] = 1;
    else all.set(softmax(floats(seed + i, cols, -3, 3)).p, i * cols);
  }
  return all;
}

/** Class weights, the second of them 0. */
const classWeights = (cols: number): Numbers =>
  floats(70, cols, 0.1, 4).map((w, j) => (j === 1 ? 0 : w)) as Numbers;

/** Weights of rows: 0 for every third, from the second on. */
const rowWeights = (rows: number): Numbers =>
  floats(71, rows, 0.2, 3).map((x, i) => (i % 3 === 1 ? 0 : x)) as Numbers;

describe.each(builds)(`softmax cross entropies, $name build (seed ${SEED})`, (build) => {
  const batchOf = (v: Variant, cols: number, z: Numbers, target: Int32Array | Float32Array): Batch => ({
    ...{ op: v.op, ids: v.ids && v.op === abi.OP_SOFT_CROSS_ENTROPY, hits: true },
    parameters: [1 - v.labelSmoothing, v.labelSmoothing / cols],
    columns: v.classWeights ? classWeights(cols) : undefined,
    ...{ rows: z.length / cols, cols, z, target, scale: SCALE },
  });

  describe.each(Object.entries(VARIANTS))("%s", (_name, variant) => {
    it.each(Object.entries(LOGITS))(
      "logits %s: bits, bounds and hits; weighted or not; in place",
      (kind, make) => {
        for (const cols of CLASSES) {
          const z = make(ROWS * cols, cols + 2, cols) as Numbers;
          const ids = integers(cols, ROWS, 0, cols - 1);
          const rows = distributions(ROWS, cols, cols);
          for (const weight of [undefined, rowWeights(ROWS)]) {
            const batch = batchOf(variant, cols, z, variant.ids ? ids : rows);
            // a row without weight may hold anything, even an id outside the range
            const out = (i: number): boolean => weight?.[i] === 0;
            const spoil = (x: Numbers): Numbers => x.map((v, i) => (out(Math.floor(i / cols)) ? NAN : v));
            const given: Batch = {
              ...{ ...batch, weight, z: spoil(z) },
              target: variant.ids ? ids.map((t, i) => (out(i) ? -100 : t)) : spoil(rows),
            };
            const result = runLoss(build, given);
            expect(runLoss(build, { ...given, inPlace: true }), "in place").toEqual(result);
            for (let i = 0; i < ROWS; i++) {
              const t = variant.ids ? at(ids, i) : rows.slice(i * cols, (i + 1) * cols);
              check(variant, { ...batch, weight }, result, i, t, `${kind}, ${cols} classes, row ${i}`);
            }
          }
        }
      },
    );
  });

  /** Holds row i of a result against bits, bounds and the oracle's hit. */
  function check(
    { labelSmoothing }: Variant,
    batch: Batch,
    { dz, loss, hit }: Result,
    i: number,
    target: number | Numbers,
    what: string,
  ): void {
    const { cols, columns, weight, parameters } = batch;
    const z = batch.z.slice(i * cols, (i + 1) * cols) as Numbers;
    const gradient = dz.slice(i * cols, (i + 1) * cols);
    const r = weight?.[i];
    if (r === 0) {
      expectBits(gradient, new Float32Array(cols), `${what}: no weight, gradient +0`);
      expectBits(loss.slice(i, i + 1), [0], `${what}: no weight, loss +0`);
      expect(hit[i], what).toBe(0);
      return;
    }
    const t = typeof target === "number" ? z.map((_, j) => Number(j === target)) : target;
    const s = f(SCALE * (r ?? 1));

    // bits
    const top = z.reduce((a, b) => Math.max(a, b));
    const e = vmath(
      abi.MATH_EXP_NONPOSITIVE,
      z.map((x) => x - top),
    );
    const sum = fourChains(e);
    const [keep, spread] = [f(at(parameters ?? [], 0)), f(at(parameters ?? [], 1))];
    const q = t.map((x, j) => f(f(keep * x) + spread) * (columns?.[j] ?? 1)) as Numbers;
    const whole = columns ? fourChains(q) : 1;
    const bits = e.map((x, j) => f(f(whole * f(x / sum)) - at(q, j)) * s);
    expectBits(gradient, bits, `(Q·p − q)·(scale·r), ${what}`);
    const apart = q.map((x, j) => (x === 0 ? 0 : x * f(top - at(z, j))));
    const logarithm = at(vmath(abi.MATH_LOG, Float32Array.of(sum)), 0);
    const value = f(f(whole * logarithm) + fourChains(apart));
    expectBits(loss.slice(i, i + 1), [value * (r ?? 1)], `loss, ${what}`);

    // bounds
    const weights = columns && Array.from(columns);
    const spec = {
      ...({ kind: "crossEntropy", ignoreIndex: -100, labelSmoothing, reduction: "sum" } as const),
      ...(weights && { weight: weights }),
    };
    const exact = crossEntropyRow(spec, z, target);
    const allowed = softCrossEntropyBounds(z, t, { labelSmoothing, weight: weights }, SCALE, r);
    const factor = r ?? 1;
    expectWithin(
      gradient,
      exact.gradient.map((g) => g * SCALE * factor),
      allowed.gradient,
      `gradient, ${what}`,
    );
    // a distance beyond f32 that counts makes the loss infinite
    if (z.some((x, j) => at(q, j) !== 0 && f(top - x) === INF)) expect(loss[i], what).toBe(INF);
    else expectWithin(loss.slice(i, i + 1), [exact.loss * factor], [allowed.loss], `loss, ${what}`);
    expect(loss[i], what).toBeGreaterThanOrEqual(0);
    const wanted = typeof target === "number" ? target : firstLargest(target);
    expect(hit[i], what).toBe(Number(firstLargest(z) === wanted));
  }

  it.each(Object.entries(LOGITS))(
    "logits %s: ids, the same ids one-hot, and through softCrossEntropy: same bits",
    (_, make) => {
      for (const cols of CLASSES) {
        const z = make(ROWS * cols, cols + 3, cols) as Numbers;
        const ids = integers(cols + 1, ROWS, 0, cols - 1);
        const oneHot = z.map((_, i) => Number(i % cols === ids[Math.floor(i / cols)]));
        for (const weight of [undefined, rowWeights(ROWS)]) {
          const run = (v: Variant, target: Int32Array | Float32Array): Result =>
            runLoss(build, { ...batchOf(v, cols, z, target), weight });
          const { dz, loss, hit } = run(hard, ids);
          for (const other of [run(soft(false, 0, false), oneHot), run(soft(true, 0, false), ids)]) {
            expectBits(other.dz, dz, `gradient, ${cols} classes`);
            expectBits(other.loss, loss, `loss, ${cols} classes`);
            expect(other.hit).toEqual(hit);
          }
        }
      }
    },
  );

  const one = (v: Variant, z: number[], target: number | number[], columns?: number[]): Result => {
    const given = typeof target === "number" ? Int32Array.of(target) : Float32Array.from(target);
    const batch = batchOf(v, z.length, Float32Array.from(z), given);
    return runLoss(build, { ...batch, scale: 1, ...(columns && { columns: Float32Array.from(columns) }) });
  };

  it("a class with q = 0 adds nothing, not even at −∞; one with q > 0 makes the loss infinite", () => {
    const expectLoss = (loss: number, exact: number, t: number[], smoothing: Smoothing): void => {
      const bounds = softCrossEntropyBounds([0, NINF, 0], t, smoothing, 1);
      expectWithin([loss], [exact], [bounds.loss], "loss");
    };
    const none = one(soft(false, 0, false), [0, NINF, 0], [0.5, 0, 0.5]);
    expectBits(none.dz, [0, 0, 0], "gradient");
    expectLoss(at(none.loss, 0), Math.LN2, [0.5, 0, 0.5], { labelSmoothing: 0 });
    expect(none.hit[0]).toBe(1);
    // the class weight makes it 0
    const weight = [1, 0, 1];
    const weighted = one(soft(true, 0.5, true), [0, NINF, 0], 0, weight);
    const q = 0.5 + 0.5 / 3 + 0.5 / 3;
    expectLoss(at(weighted.loss, 0), q * Math.LN2, [1, 0, 0], { labelSmoothing: 0.5, weight });
    const some = one(soft(true, 0.5, false), [0, NINF, 0], 0);
    expect(some.loss[0]).toBe(INF);
    expect(some.dz.every(Number.isFinite)).toBe(true);
  });

  it("a class id whose class weighs 0: no loss and no gradient, a hit all the same", () => {
    const { dz, loss, hit } = one(soft(true, 0, true), [3, 1, 2, 0, 1], 0, [0, 1, 2, 3, 4]);
    expectBits(dz, [0, 0, 0, 0, 0], "gradient");
    expectBits(loss, [0], "loss");
    expect(hit[0]).toBe(1);
  });

  it("logits ±1e4: gradient exactly p − q, loss Σ q·distance", () => {
    const { dz, loss } = one(soft(false, 0, false), [1e4, -1e4, -1e4], [0, 0.75, 0.25]);
    expectBits(dz, [1, -0.75, -0.25], "gradient");
    expect(loss[0]).toBe(2e4);
  });

  it("hits: the first largest logit stands where the first largest probability does; ties of either", () => {
    for (const n of [2, 3, 5, 9]) {
      for (let a = 0; a < n; a++) {
        for (let b = 0; b < n; b++) {
          const row = (...largest: number[]): number[] =>
            Array.from({ length: n }, (_, j) => (largest.includes(j) ? 0.5 : 0.25));
          const hit = (z: number[], t: number[]): number => one(soft(false, 0, false), z, t).hit[0] as number;
          expect(hit(row(a), row(b)), `${n} classes, ${a} and ${b}`).toBe(Number(a === b));
          expect(hit(row(a, n - 1), row(b)), `a tie of logits ${a} and ${n - 1}`).toBe(Number(a === b));
          expect(hit(row(a), row(b, n - 1)), `a tie of targets ${b} and ${n - 1}`).toBe(Number(a === b));
        }
      }
    }
  });

  it("NaN or +∞ in a row, or a row of −∞, gives NaN and no hit there and leaves the others alone", () => {
    for (const variant of [hard, soft(false, 0, false), soft(true, 0.1, true)]) {
      for (const cols of [3, 4, 6, 11]) {
        const z = floats(cols, 3 * cols) as Numbers;
        const target = variant.ids ? Int32Array.of(0, 0, 0) : distributions(3, cols, 1);
        const good = runLoss(build, batchOf(variant, cols, z, target));
        for (const bad of [NAN, INF, NINF]) {
          for (let j = 0; j < cols; j++) {
            const spoilt = z.slice();
            if (bad === NINF) spoilt.fill(NINF, cols, 2 * cols);
            else spoilt[cols + j] = bad;
            const { dz, loss, hit } = runLoss(build, batchOf(variant, cols, spoilt, target));
            const what = `${bad} at ${j} of ${cols}`;
            expectBits(loss, good.loss.with(1, NAN), what);
            expect(hit, what).toEqual(good.hit.with(1, 0));
            expectBits(dz, good.dz.slice().fill(NAN, cols, 2 * cols), what);
          }
        }
      }
    }
    const t = distributions(3, 5, 1);
    t[7] = NAN;
    const { loss, hit } = runLoss(build, batchOf(soft(false, 0, false), 5, floats(1, 15) as Numbers, t));
    expect([Array.from(loss, Number.isNaN), hit[1]]).toEqual([[false, true, false], 0]);
  });

  it.each([0, 1, 2, 7])("only the first %i rows of a batch of 7 are written", (used) => {
    for (const variant of Object.values(VARIANTS)) {
      const z = floats(1, 7 * 6) as Numbers;
      const target = variant.ids ? integers(2, 7, 0, 5) : distributions(7, 6, 3);
      const batch = { ...batchOf(variant, 6, z, target), weight: rowWeights(7) };
      const [part, whole] = [runLoss(build, { ...batch, used }), runLoss(build, batch)];
      expectBits(part.dz.slice(0, 6 * used), whole.dz.slice(0, 6 * used), "gradient");
      expectBits(part.loss.slice(0, used), whole.loss.slice(0, used), "loss");
      expect(part.hit.subarray(0, used)).toEqual(whole.hit.subarray(0, used));
    }
  });
});
