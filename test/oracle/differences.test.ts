// Gradients of the f64 net against central differences of its loss: every activation, every loss with its options,
// every parameter. Imports nothing from src/.

import { describe, expect, it } from "vitest";
import { floats, integers, SEED } from "./data.ts";
import { type Params, run } from "./net.ts";
import type { LayerSpec, LossSpec, Reduction, Targets } from "./spec.ts";

const ROWS = 4;
const INPUTS = 5;
const OUTPUTS = 3;
/** No input of a layer may lie this near to a point without derivative: a step moves it by less. */
const KINK = 1e-4;

const softmaxCrossEntropy: LossSpec = {
  kind: "crossEntropy",
  ignoreIndex: -100,
  labelSmoothing: 0,
  reduction: "mean",
};
const ids: Targets = { ids: integers(1, ROWS, 0, OUTPUTS - 1) };
const values: Targets = { values: floats(2, ROWS * OUTPUTS, 0, 1) };
const probabilities: Targets = {
  values: [0.25, 0.25, 0.5, 0, 1, 0, 0.125, 0.75, 0.125, 0.5, 0, 0.5],
};
const rowWeight = [1, 0.5, 0, 3];

const activations: [string, LayerSpec][] = [
  ["relu", { kind: "relu" }],
  ["sigmoid", { kind: "sigmoid" }],
  ["tanh", { kind: "tanh" }],
  ["silu", { kind: "silu" }],
  ["softmax", { kind: "softmax" }],
  ["leakyRelu", { kind: "leakyRelu", negativeSlope: 0.3 }],
  ["elu, alpha 1", { kind: "elu", alpha: 1 }],
  ["elu, alpha 1.7", { kind: "elu", alpha: 1.7 }],
  ["gelu", { kind: "gelu", approximate: "none" }],
  ["gelu tanh", { kind: "gelu", approximate: "tanh" }],
  ["softplus, beta 1", { kind: "softplus", beta: 1 }],
  ["softplus, beta 3", { kind: "softplus", beta: 3 }],
];

describe(`activations against central differences (seed ${SEED})`, () => {
  it.each(activations)("%s", (_, activation) => {
    const layers: LayerSpec[] = [dense(7), activation, dense(6), activation, dense(OUTPUTS)];
    check(layers, softmaxCrossEntropy, ids);
  });

  it("softmax at the end, into mse", () => {
    check(
      [dense(4), { kind: "tanh" }, dense(OUTPUTS), { kind: "softmax" }],
      { kind: "mse", reduction: "mean" },
      values,
    );
  });

  it("no dense layer at the end or at the start", () => {
    check(
      [{ kind: "tanh" }, dense(OUTPUTS), { kind: "sigmoid" }],
      { kind: "quadratic", reduction: "batchmean" },
      values,
    );
  });
});

const weight = [0.5, 2, 1.25];
const reductions: Reduction[] = ["mean", "sum", "batchmean", "none"];
const losses: [string, (reduction: Reduction) => LossSpec, Targets][] = [
  ["crossEntropy", (reduction) => ({ ...softmaxCrossEntropy, reduction }), ids],
  ["crossEntropy, weight", (reduction) => ({ ...softmaxCrossEntropy, weight, reduction }), ids],
  [
    "crossEntropy, ignoreIndex 1",
    (reduction) => ({ ...softmaxCrossEntropy, ignoreIndex: 1, reduction }),
    { ids: [0, 1, 2, 2] },
  ],
  [
    "crossEntropy, labelSmoothing",
    (reduction) => ({ ...softmaxCrossEntropy, labelSmoothing: 0.2, reduction }),
    ids,
  ],
  [
    "crossEntropy, all together",
    (reduction) => ({ ...softmaxCrossEntropy, weight, ignoreIndex: 1, labelSmoothing: 0.2, reduction }),
    { ids: [0, 1, 2, 2] },
  ],
  ["crossEntropy of probabilities", (reduction) => ({ ...softmaxCrossEntropy, reduction }), probabilities],
  [
    "crossEntropy of probabilities, weight and labelSmoothing",
    (reduction) => ({ ...softmaxCrossEntropy, weight, labelSmoothing: 0.2, reduction }),
    probabilities,
  ],
  ["bceWithLogits", (reduction) => ({ kind: "bceWithLogits", reduction }), values],
  [
    "bceWithLogits, posWeight",
    (reduction) => ({ kind: "bceWithLogits", posWeight: [0.5, 1, 4], reduction }),
    values,
  ],
  ["quadratic", (reduction) => ({ kind: "quadratic", reduction }), values],
  ["mse", (reduction) => ({ kind: "mse", reduction }), values],
  ["mae", (reduction) => ({ kind: "mae", reduction }), values],
  ["huber, delta 0.5", (reduction) => ({ kind: "huber", delta: 0.5, reduction }), values],
  ["huber, delta 1", (reduction) => ({ kind: "huber", delta: 1, reduction }), values],
];

describe.each(losses)(`%s against central differences (seed ${SEED})`, (_, loss, targets) => {
  const layers: LayerSpec[] = [dense(4), { kind: "tanh" }, dense(OUTPUTS)];

  it.each(reductions)("%s", (reduction) => {
    check(layers, loss(reduction), targets);
  });

  it.each(reductions)("%s, row weights", (reduction) => {
    check(layers, loss(reduction), targets, rowWeight);
  });
});

function dense(units: number): LayerSpec {
  return { kind: "dense", units };
}

interface Case {
  readonly params: Record<number, { weight: Float64Array; bias: Float64Array }>;
  readonly x: Float64Array;
}

/** The first of a few draws with no kink near. */
function draw(layers: readonly LayerSpec[], loss: LossSpec, targets: Targets): Case {
  for (let seed = 100; seed < 200; seed++) {
    const x = Float64Array.from(floats(seed, ROWS * INPUTS, -2, 2));
    const params: Case["params"] = {};
    let width = INPUTS;
    for (const [i, layer] of layers.entries()) {
      if (layer.kind !== "dense") continue;
      params[i] = {
        weight: Float64Array.from(floats(1000 * i + seed, layer.units * width, -1.5, 1.5)),
        bias: Float64Array.from(floats(1000 * i + seed + 500, layer.units)),
      };
      width = layer.units;
    }
    const { outputs } = run(layers, params, loss, x, ROWS, targets);
    if (nearestKink(layers, [x, ...outputs], loss, targets) > KINK) return { params, x };
  }
  throw new Error("every draw is near a kink");
}

/** `values[i]` is the input of layer i. */
function nearestKink(
  layers: readonly LayerSpec[],
  values: readonly Float64Array[],
  loss: LossSpec,
  targets: Targets,
): number {
  let nearest = Number.POSITIVE_INFINITY;
  const look = (distance: number): void => {
    nearest = Math.min(nearest, Math.abs(distance));
  };
  for (const [i, { kind }] of layers.entries())
    if (["relu", "leakyRelu", "elu"].includes(kind)) values[i]?.forEach(look);
  if ((loss.kind === "mae" || loss.kind === "huber") && "values" in targets) {
    const kink = loss.kind === "huber" ? loss.delta : 0;
    for (const [j, a] of (values.at(-1) as Float64Array).entries())
      look(Math.abs(a - (targets.values[j] as number)) - kink);
  }
  return nearest;
}

/** Every gradient of the net against (E(p + h) − E(p − h)) / 2h. */
function check(
  layers: readonly LayerSpec[],
  loss: LossSpec,
  targets: Targets,
  weights?: readonly number[],
): void {
  const h = 2 ** -17;
  const { params, x } = draw(layers, loss, targets);
  const lossHere = (): number => run(layers, params, loss, x, ROWS, targets, weights).loss;
  const { loss: value, gradients } = run(layers, params, loss, x, ROWS, targets, weights);
  let largest = 0;
  for (const [name, gradient] of Object.entries(gradients)) {
    const [layer, field] = name.split(".") as [string, keyof Params];
    const p = params[Number(layer)]?.[field] as Float64Array;
    expect(gradient.length, name).toBe(p.length);
    for (let j = 0; j < p.length; j++) {
      const kept = p[j] as number;
      const difference = (by: number): number => {
        p[j] = kept + by;
        const up = lossHere();
        p[j] = kept - by;
        const down = lossHere();
        p[j] = kept;
        return (up - down) / (2 * by);
      };
      const [fine, coarse] = [difference(h), difference(2 * h)];
      // truncation falls by four when the step is halved; rounding is a few thousand units of 2⁻⁵³ of the loss
      const bound = Math.abs(fine - coarse) + (2 ** -42 * value) / h;
      const off = Math.abs((gradient[j] as number) - fine);
      expect(off, `${name}[${j}]: ${gradient[j]} against ${fine}`).toBeLessThanOrEqual(bound);
      largest = Math.max(largest, Math.abs(fine));
    }
  }
  // a net without slope would pass for anything
  expect(largest).toBeGreaterThan(1e-3);
}
