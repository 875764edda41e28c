// The bounds themselves: what comes of inputs anywhere within their errors, in f64, stays within the bound of what comes
// of the inputs. That is the carried part; that the kernels' own roundings fit in too, all other tests here show.

import { describe, expect, it } from "vitest";
import { expectWithin } from "../kernels/compare.ts";
import { SEED, source } from "../oracle/data.ts";
import * as oracle from "../oracle/losses.ts";
import { activate, activateBackward } from "../oracle/pointwise.ts";
import * as rows from "../oracle/rows.ts";
import type { LossSpec, PointwiseSpec, Targets } from "../oracle/spec.ts";
import { at, type Bounded, exactArray, type Num, tabulate } from "../support/bounded.ts";
import * as bounded from "../support/bounded-activations.ts";
import { lossOf } from "../support/bounded-losses.ts";

const ERRORS = [0, 2 ** -24, 2 ** -12, 2 ** -5, 0.5];

const pointwise: readonly PointwiseSpec[] = [
  { kind: "relu" },
  { kind: "sigmoid" },
  { kind: "tanh" },
  { kind: "silu" },
  { kind: "leakyRelu", negativeSlope: 0.01 },
  { kind: "leakyRelu", negativeSlope: 0 },
  { kind: "elu", alpha: 0.3 },
  { kind: "elu", alpha: 1.7 },
  { kind: "gelu", approximate: "none" },
  { kind: "gelu", approximate: "tanh" },
  { kind: "softplus", beta: 0.3 },
  { kind: "softplus", beta: 5 },
];

const next = source(71);
const between = (lo: number, hi: number): number => lo + (hi - lo) * next();
/** A number within the error of x: an end of the interval as often as not. */
const within = ({ value, bound }: Num): number => value + bound * Math.max(-1, Math.min(1, between(-2, 2)));
const allWithin = (x: Bounded): Float64Array => x.value.map((_, i) => within(at(x, i)));
/** n numbers in ±size with errors of up to e. */
const draw = (n: number, size: number, e: number): Bounded =>
  tabulate(n, () => ({ value: between(-size, size), bound: e * next() }));

/** Beside the bound, what f64 itself rounds. */
function expectHolds(got: number, { value, bound }: Num, what: string): void {
  if (!(Math.abs(got - value) <= bound + 2 ** -48 * Math.max(Math.abs(got), Math.abs(value))))
    expect.fail(`${what}: ${got} against ${value}, off by ${Math.abs(got - value)}, allowed ${bound}`);
}

describe(`bounds hold wherever in their errors the inputs lie (seed ${SEED})`, () => {
  it.each(pointwise.map((spec) => [JSON.stringify(spec), spec] as const))("%s", (_, spec) => {
    for (const e of ERRORS) {
      for (const size of [2 * e, 1, 8, 30]) {
        for (let i = 0; i < 100; i++) {
          const x: Num = { value: between(-size, size), bound: e };
          const dy: Num = { value: between(-2, 2), bound: e * next() };
          const y = bounded.activate(spec, x);
          const dx = bounded.activateBackward(spec, dy, x, y);
          expectHolds(activate(spec, x.value), { ...y, bound: 2 ** -40 }, `y(${x.value})`);
          for (let j = 0; j < 8; j++) {
            const [near, d] = [within(x), within(dy)];
            const out = activate(spec, near);
            const what = `${x.value} ± ${e} at ${near}`;
            expectHolds(out, y, `y, ${what}`);
            expectHolds(activateBackward(spec, d, near, out), dx, `dx, ${what}`);
          }
        }
      }
    }
  });

  it.each([1, 2, 5, 8])("softmax of %i, and its backward", (n) => {
    for (const e of ERRORS) {
      for (const size of [1, 20]) {
        for (let i = 0; i < 100; i++) {
          const [z, dy] = [draw(n, size, e), draw(n, 2, e)];
          const { p } = bounded.softmax(z);
          const dz = bounded.softmaxBackward(dy, p);
          for (let j = 0; j < 8; j++) {
            const exact = rows.softmax(allWithin(z)).p;
            expectWithin(exact, p.value, p.bound, `p, error ${e}`);
            const d = rows.softmaxBackward(allWithin(dy), exact);
            expectWithin(d, dz.value, dz.bound, `dz, error ${e}`);
          }
        }
      }
    }
  });

  const mean = { reduction: "mean" } as const;
  const ce = { kind: "crossEntropy", ignoreIndex: -100, labelSmoothing: 0, ...mean } as const;
  const ids: Targets = { ids: [0, 2, -100, 1] };
  const values = (lo: number, hi: number): Targets => ({
    values: Float64Array.from({ length: 12 }, () => Math.fround(between(lo, hi))),
  });
  const weight = [0.5, 2, 0.1];
  const losses: [string, LossSpec, Targets][] = [
    ["class ids", ce, ids],
    ["class ids, weight", { ...ce, weight }, ids],
    ["class ids, all options", { ...ce, weight, labelSmoothing: 0.1 }, ids],
    ["shares of classes", { ...ce, weight, labelSmoothing: 0.1 }, values(0, 1)],
    ["shares of classes, batchmean", { ...ce, reduction: "batchmean" }, values(0, 1)],
    ["labels", { kind: "bceWithLogits", ...mean }, values(0, 1)],
    ["labels, posWeight", { kind: "bceWithLogits", posWeight: [0.3, 1, 7], ...mean }, values(0, 1)],
    ["numbers, quadratic", { kind: "quadratic", ...mean }, values(-1, 1)],
    ["numbers, mse", { kind: "mse", ...mean }, values(-1, 1)],
    ["numbers, mae", { kind: "mae", reduction: "sum" }, values(-1, 1)],
    ["numbers, huber", { kind: "huber", delta: 0.3, ...mean }, values(-1, 1)],
  ];
  it.each(losses)("loss of %s", (_, loss, targets) => {
    for (const rowWeight of [undefined, [1, 0.25, 3, 0]]) {
      for (const e of ERRORS) {
        for (const size of [1, 20]) {
          for (let i = 0; i < 20; i++) {
            const z = draw(12, size, e);
            const whole = lossOf(loss, z, 4, targets, rowWeight);
            const same = oracle.lossOf(loss, z.value, 4, targets, rowWeight);
            expectWithin([same.loss], [whole.loss.value], [2 ** -40], "centre of the loss");
            expectWithin(same.gradient, whole.gradient.value, new Float64Array(12).fill(2 ** -40), "centre");
            for (let j = 0; j < 8; j++) {
              const near = oracle.lossOf(loss, allWithin(z), 4, targets, rowWeight);
              expectHolds(near.loss, whole.loss, `loss, error ${e}`);
              expectWithin(near.rowLoss, whole.rowLoss.value, whole.rowLoss.bound, `row loss, error ${e}`);
              expectWithin(near.gradient, whole.gradient.value, whole.gradient.bound, `dz, error ${e}`);
            }
          }
        }
      }
    }
  });

  it("exact numbers stay exact where nothing is rounded", () => {
    expect(bounded.activate({ kind: "relu" }, { value: 1 / 3, bound: 0 })).toEqual({
      value: 1 / 3,
      bound: 0,
    });
    const { gradient } = lossOf({ kind: "quadratic", reduction: "sum" }, exactArray([1, 2]), 1, {
      values: [1, 2],
    });
    expect(gradient).toEqual(exactArray([0, 0]));
  });
});
