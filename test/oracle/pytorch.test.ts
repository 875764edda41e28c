// The f64 oracle against PyTorch in float64: every fixture of test/fixtures/. Two computations in float64 that share
// no code may differ by what they round: |a − b| ≤ 1e-12·max(1, |b|). What is met is below 2e-15.

import { describe, expect, it } from "vitest";
import { activationFixtures, lossFixtures, type NetFixture, netFixtures } from "../fixtures/read.ts";
import { lossOf } from "./losses.ts";
import { type Params, run } from "./net.ts";
import { activate, activateBackward, sgd } from "./pointwise.ts";
import { softmax, softmaxBackward } from "./rows.ts";
import { pointwise, type Targets } from "./spec.ts";

const TOLERANCE = 1e-12;

describe("losses as PyTorch has them", () => {
  it.each(lossFixtures())("$name", ({ loss, logits, rows, targets, rowWeight, value, gradient }) => {
    const got = lossOf(loss, logits, rows, targets, rowWeight);
    if (typeof value === "number") expectNear([got.loss], [value], "loss");
    else expectNear(got.rowLoss, value, "row losses");
    expectNear(got.gradient, gradient, "gradient");
  });
});

describe("activations as PyTorch has them", () => {
  it.each(activationFixtures())("$name", ({ layer, rows, x, y, dy, dx }) => {
    if (layer.kind === "softmax") {
      const n = x.length / rows;
      for (let i = 0; i < rows; i++) {
        const row = (values: Float64Array): Float64Array => values.subarray(i * n, (i + 1) * n);
        const { p } = softmax(row(x));
        expectNear(p, row(y), "y");
        expectNear(softmaxBackward(row(dy), p), row(dx), "dx");
      }
      return;
    }
    const spec = pointwise(layer);
    const forward = x.map((v) => activate(spec, v));
    expectNear(forward, y, "y");
    expectNear(
      x.map((v, i) => activateBackward(spec, dy[i] as number, v, forward[i] as number)),
      dx,
      "dx",
    );
  });
});

describe("nets as PyTorch has them", () => {
  const nets = netFixtures();

  it.each(nets)("$name: outputs, loss and gradients of a first step", (net) => {
    const { first } = net;
    const got = run(net.layers, net.params, net.loss, net.x, net.rows, net.targets, net.rowWeight);
    expect(got.outputs.length).toBe(first.outputs.length);
    for (const [i, y] of first.outputs.entries())
      expectNear(got.outputs[i] as Float64Array, y, `output of layer ${i}`);
    expectNear([got.loss], [first.loss], "loss");
    expect(Object.keys(got.gradients).sort()).toEqual(Object.keys(first.gradients).sort());
    for (const [name, gradient] of Object.entries(first.gradients))
      expectNear(got.gradients[name] as Float64Array, gradient, name);
  });

  it.each(nets)("$name: losses of 50 steps, and the parameters after them", (net) => {
    const { losses, params } = train(net);
    expectNear(losses, net.trace.losses, "losses");
    for (const [layer, { weight, bias }] of Object.entries(net.trace.params)) {
      const got = params[Number(layer)] as Params;
      expectNear(got.weight, weight, `${layer}.weight`);
      expectNear(got.bias, bias, `${layer}.bias`);
    }
  });
});

/** The net's own trace, by the oracle. */
function train(net: NetFixture): { losses: number[]; params: Record<number, Params> } {
  const { batchSize, lr } = net.trace;
  const params: Record<number, Params> = { ...net.params };
  const losses: number[] = [];
  for (
    let at = 0;
    losses.length < net.trace.losses.length;
    at = at + batchSize < net.rows ? at + batchSize : 0
  ) {
    const end = Math.min(at + batchSize, net.rows);
    const x = net.x.subarray(at * net.inputs, end * net.inputs);
    const targets = part(net.targets, net.rows, at, end);
    const step = run(net.layers, params, net.loss, x, end - at, targets, net.rowWeight?.subarray(at, end));
    losses.push(step.loss);
    for (const [layer, { weight, bias }] of Object.entries(params)) {
      const update = (values: ArrayLike<number>, name: string): Float64Array => {
        const gradient = step.gradients[`${layer}.${name}`] as Float64Array;
        return Float64Array.from(values, (p, i) => sgd(p, gradient[i] as number, lr));
      };
      params[Number(layer)] = { weight: update(weight, "weight"), bias: update(bias, "bias") };
    }
  }
  return { losses, params };
}

/** The targets of rows [from, to). */
function part(targets: Targets, rows: number, from: number, to: number): Targets {
  if ("ids" in targets) return { ids: Array.from(targets.ids).slice(from, to) };
  const n = targets.values.length / rows;
  return { values: Array.from(targets.values).slice(from * n, to * n) };
}

function expectNear(got: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(got.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [got[i] as number, expected[i] as number];
    const off = Math.abs(a - b) / Math.max(1, Math.abs(b));
    if (!(off <= TOLERANCE)) expect.fail(`${what}[${i}] is ${a}, PyTorch has ${b}: off by ${off}`);
  }
}
