// PyTorch's nets through the library, in both builds: a first step, layer by layer and gradient by gradient, within the
// derived bounds of PyTorch's float64 values; then its 50 steps of SGD, each of them against the oracle at the f32
// weights as they are, and the whole against PyTorch's own trace.

import { afterAll, describe, expect, it } from "vitest";
import type { StateDict } from "../../src/base/spec.ts";
import { layerOutputs } from "../../src/train/predict.ts";
import { type NetFixture, netFixtures } from "../fixtures/read.ts";
import { expectBits, expectWithin } from "../kernels/compare.ts";
import { SMALLEST_NORMAL, U } from "../oracle/bounds.ts";
import type { Params } from "../oracle/net.ts";
import type { Targets } from "../oracle/spec.ts";
import { type Bounded, tabulate } from "../support/bounded.ts";
import { cores } from "../support/core.ts";
import { inF32, inF64, type Trainer, trainer } from "../support/kernel-gradients.ts";
import { boundedRun } from "../support/net.ts";

const nets = netFixtures();

/** What two computations in float64 may differ by: test/oracle/pytorch.test.ts. */
const F64 = 1e-12;

describe.each(cores)("PyTorch's nets, $build build", (core) => {
  const load = (net: NetFixture, batchSize: number): Trainer =>
    trainer(
      core,
      { input: net.inputs, layers: net.layers, state: inF32(net.params) },
      net,
      net.loss,
      net.trace.lr,
      batchSize,
    );

  it.each(named(nets))("%s: outputs, loss and gradients of a first step", (_, net) => {
    const { rows, first } = net;
    const reference = boundedRun(net.layers, net.params, net.loss, net.x, rows, net.targets, net.rowWeight);
    const { network, step } = load(net, rows);
    const outputs = layerOutputs(network, Float32Array.from(net.x), rows);
    expect(outputs.length).toBe(first.outputs.length);
    for (const [i, y] of first.outputs.entries()) {
      within(outputs[i] as Float32Array, y, reference.outputs[i] as Bounded, `output of layer ${i}`);
    }
    const { loss, gradients } = step(0, rows);
    within(
      [loss],
      [first.loss],
      tabulate(1, () => reference.loss),
      "loss",
    );
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(first.gradients).sort());
    for (const [name, gradient] of Object.entries(first.gradients)) {
      within(gradients[name]?.data as Float32Array, gradient, reference.gradients[name] as Bounded, name);
    }
  });

  it.each(named(nets))("%s: each of 50 steps within its bound, each update to the bit", (name, net) => {
    const { network, step } = load(net, net.trace.batchSize);
    const trace = net.trace.losses.map((_, i) => {
      const [from, to] = batch(net, i);
      const before = network.state();
      const got = step(from, to - from);
      const what = `step ${i}`;
      const { loss, gradients } = referenceAt(net, from, to, before);
      expectWithin([got.loss], [loss.value], [loss.bound], `${what}, loss`);
      const after = network.state();
      for (const [param, { data }] of Object.entries(before)) {
        const g = got.gradients[param]?.data as Float32Array;
        const { value, bound } = gradients[param] as Bounded;
        expectWithin(g, value, bound, `${what}, gradient of ${param}`);
        const stepped = data.map((p, j) => updated(p, g[j] as number, net.trace.lr));
        expectBits(after[param]?.data as Float32Array<ArrayBuffer>, stepped, `${what}, ${param}`);
      }
      return got.loss;
    });
    const apart = {
      losses: furthest(trace, net.trace.losses),
      weights: Math.max(
        ...Object.entries(network.state()).map(([param, { data }]) => {
          const [layer, field] = param.split(".") as [string, keyof Params];
          return furthest(data, (net.trace.params[Number(layer)] as Params)[field]);
        }),
      ),
    };
    const [losses, weights] = APART[name] ?? [0, 0];
    figures.set(name, `losses ${apart.losses.toPrecision(3)}, weights ${apart.weights.toPrecision(3)}`);
    expect(apart.losses, "losses, in u").toBeLessThanOrEqual(losses);
    expect(apart.weights, "weights, in u").toBeLessThanOrEqual(weights);
  });
});

/**
 * How far 50 steps in f32 are from PyTorch's in float64, in units of u = 2⁻²⁴: the largest difference of a loss on the
 * way, and of a weight after the last step. Recorded, not derived: a bound chained through the steps is a thousand times
 * what is met (docs/numerics.md, "A whole net"). The bits are the same on every engine, so the figures are too; a kernel
 * that comes to round otherwise needs new ones.
 */
const APART: Readonly<Record<string, readonly [losses: number, weights: number]>> = {
  "3-4-3-2 sigmoid, crossEntropy": [1.3, 5.8],
  "3-4-3-2 sigmoid, crossEntropy of probabilities": [1.2, 6],
  "4-5-3 sigmoid, bceWithLogits": [2.6, 5.8],
  "4-5-3 sigmoid, bceWithLogits with posWeight": [1.5, 7.8],
  "4-5-3 sigmoid to the end, quadratic": [1.1, 8.1],
  "784-30-10 sigmoid, crossEntropy, batch 10": [3.4, 1.6],
  "6-5-5-5-5-5-5-4 mixed, crossEntropy": [2.5, 4.9],
  "5-6-3 tanh, crossEntropy": [2.3, 6],
  "5-6-3 gelu, crossEntropy": [2, 8.9],
  "5-6-3 gelu tanh, crossEntropy": [11, 4.9],
  "5-6-3 silu, crossEntropy": [2.1, 4.5],
  "5-6-3 softplus, crossEntropy": [2, 6.5],
  "5-6-3 elu, mse": [3.1, 2.4],
  "5-6-3 leakyRelu, crossEntropy": [2.2, 5.3],
  "5-6-3 relu, crossEntropy sum": [6.2, 3.7],
  "3-4-3 sigmoid, softmax at the end, mse": [0.16, 6.6],
  "5-6-3 tanh, huber with row weights": [0.87, 4.7],
  "5-6-3 tanh, mae": [5, 5.7],
  "5-6-4 tanh, smoothed weighted crossEntropy with ignored rows": [3, 4.6],
};

const figures = new Map<string, string>();
afterAll(() => {
  const lines = Array.from(figures, ([name, text]) => `${name}: ${text}`);
  console.log(["How far 50 steps end from PyTorch's, in u = 2⁻²⁴", ...lines].join("\n"));
});

function named(list: readonly NetFixture[]): (readonly [string, NetFixture])[] {
  return list.map((net) => [net.name, net] as const);
}

/** Rows of step i of the trace: batches in order, the last of a pass smaller, pass after pass. */
function batch({ rows, trace: { batchSize } }: NetFixture, i: number): [from: number, to: number] {
  const from = (i % Math.ceil(rows / batchSize)) * batchSize;
  return [from, Math.min(from + batchSize, rows)];
}

/** The step on rows [from, to) in f64 with bounds, at the f32 weights that it starts from. */
function referenceAt(net: NetFixture, from: number, to: number, state: StateDict) {
  const x = net.x.subarray(from * net.inputs, to * net.inputs);
  const targets = part(net.targets, net.rows, from, to);
  const weight = net.rowWeight?.subarray(from, to);
  return boundedRun(net.layers, inF64(state), net.loss, x, to - from, targets, weight);
}

/** The targets of rows [from, to). */
function part(targets: Targets, rows: number, from: number, to: number): Targets {
  if ("ids" in targets) return { ids: Array.from(targets.ids).slice(from, to) };
  const n = targets.values.length / rows;
  return { values: Array.from(targets.values).slice(from * n, to * n) };
}

/** fround(p − fround(lr·g)), what is below 2⁻¹²⁶ made +0 */
function updated(p: number, g: number, lr: number): number {
  const x = Math.fround(p - Math.fround(lr * g));
  return Math.abs(x) < SMALLEST_NORMAL ? 0 : x;
}

/** The largest difference, in u. */
function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - (b[i] as number)) / U), 0);
}

/**
 * Compares with PyTorch's values within the bound. The bound's own centre must be PyTorch's, to the rounding of float64,
 * and over the tensor the bound must be small against the values.
 */
function within(got: ArrayLike<number>, expected: ArrayLike<number>, bounded: Bounded, what: string): void {
  const f64 = Array.from(expected, (v) => F64 * Math.max(1, Math.abs(v)));
  expectWithin(bounded.value, expected, f64, `${what} in bounded numbers`);
  expectWithin(got, expected, bounded.bound, what);
  const [size, allowed] = [norm(expected), norm(bounded.bound)];
  expect(allowed, `${what}: size ${size}`).toBeLessThan(2 ** -9 * size);
}

function norm(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));
}
