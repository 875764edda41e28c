// Every loss fixture of PyTorch through the library: the fixture's logits are the weights of a dense layer whose input
// is the identity, so that they reach the loss exactly, and the gradient of those weights is that of the logits.

import { describe, expect, it } from "vitest";
import type { LossSpec } from "../../src/base/spec.ts";
import { dense } from "../../src/nn/layers.ts";
import { evaluate } from "../../src/train/evaluate.ts";
import { type LossFixture, lossFixtures } from "../fixtures/read.ts";
import { expectWithin } from "../kernels/compare.ts";
import { type Bounded, exactArray, tabulate } from "../support/bounded.ts";
import { lossOf } from "../support/bounded-losses.ts";
import { cores } from "../support/core.ts";
import { inF32, scored, trainer } from "../support/kernel-gradients.ts";

const fixtures = lossFixtures().map((fixture) => [fixture.name, fixture] as const);

/** What two computations in float64 may differ by: test/oracle/pytorch.test.ts. */
const F64 = 1e-12;

/** No bound may exceed it, relatively: some eight roundings, times weights of up to 10. */
const USEFUL = 2 ** -17;

describe.each(cores)("PyTorch's losses, $build build", (core) => {
  it.each(fixtures)("%s: loss and gradient of a training step, loss of an evaluation", async (_, fixture) => {
    const { rows, logits, targets, rowWeight, value, gradient } = fixture;
    const loss: LossSpec = fixture.loss;
    const bounds = lossOf(fixture.loss, exactArray(logits), rows, targets, rowWeight);
    const whole = tabulate(1, () => bounds.loss);
    const outputs = logits.length / rows;
    const x = Float64Array.from({ length: rows * rows }, (_, i) => Number(i % (rows + 1) === 0));
    const data = { x, targets, rowWeight };
    const net = { input: rows, layers: [dense(outputs)], state: inF32({ 0: identityParams(fixture) }) };
    const { network, step } = trainer(core, net, data, loss, 1, rows);

    // the evaluation first: the step changes the weights
    const { data: checked, scoring } = scored(net, data, loss, outputs);
    const evaluation = await evaluate(
      network,
      { rows, scoring, parts: [{ x: checked.x, scoring, meters: undefined }] },
      undefined,
    );
    const got = step(0, rows);

    if (typeof value === "number") {
      within([got.loss], [value], whole, "loss of the step");
      within([evaluation.loss], [value], whole, "loss of the evaluation");
      expect(evaluation.rowLosses).toBeUndefined();
    } else {
      const sum = value.reduce((a, b) => a + b, 0);
      within([got.loss], [sum], whole, "summed loss of the step");
      within(evaluation.rowLosses as Float32Array, value, bounds.rowLoss, "row losses");
    }
    // [outputs, rows], as the weights are
    const dz = turned(got.gradients["0.weight"]?.data as Float32Array, outputs);
    within(dz, gradient, bounds.gradient, "gradient");
  });
});

/** Weights `[outputs, rows]` that turn the identity into the logits. */
function identityParams({ logits, rows }: LossFixture): { weight: Float64Array; bias: Float64Array } {
  return { weight: turned(logits, rows), bias: new Float64Array(logits.length / rows) };
}

/** The transpose of values `[n, …]`. */
function turned(values: ArrayLike<number>, n: number): Float64Array {
  const m = values.length / n;
  return Float64Array.from(values, (_, i) => values[(i % n) * m + Math.floor(i / n)] as number);
}

/**
 * Compares with PyTorch's values within the bound. The bound's own centre must be PyTorch's, to the rounding of float64,
 * and it must be small: from exact logits it is a matter of roundings.
 */
function within(got: ArrayLike<number>, expected: ArrayLike<number>, bounded: Bounded, what: string): void {
  const f64 = Array.from(expected, (v) => F64 * Math.max(1, Math.abs(v)));
  expectWithin(bounded.value, expected, f64, `${what} in bounded numbers`);
  expectWithin(got, expected, bounded.bound, what);
  for (const [i, bound] of bounded.bound.entries()) {
    expect(bound, what).toBeLessThanOrEqual(USEFUL * Math.max(1, Math.abs(expected[i] as number)));
  }
}
