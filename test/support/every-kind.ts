// Every activation and every loss once or more, with options that are exact in f32, and data for each: what the tests of the
// interpreter and of gradCheck run through.

import type { LayerSpec, LossSpec, Reduction } from "../../src/base/spec.ts";
import * as nn from "../../src/index.ts";
import { floats, integers } from "../oracle/data.ts";
import type { LossSpec as OracleLoss, Targets as OracleTargets } from "../oracle/spec.ts";

export const [ROWS, INPUTS, OUTPUTS] = [8, 5, 4];
export const REDUCTIONS: readonly Reduction[] = ["mean", "batchmean", "sum"];

export const activations: readonly (readonly [string, LayerSpec])[] = [
  ["relu", nn.relu()],
  ["sigmoid", nn.sigmoid()],
  ["tanh", nn.tanh()],
  ["leakyRelu", nn.leakyRelu({ negativeSlope: 0.25 })],
  ["elu", nn.elu({ alpha: 1.5 })],
  ["gelu", nn.gelu()],
  ["gelu, tanh", nn.gelu({ approximate: "tanh" })],
  ["silu", nn.silu()],
  ["softplus", nn.softplus({ beta: 2 })],
  ["softmax", nn.softmax()],
];

/** Numbers for each output, or class ids, as the library takes them. */
export type Y = Float32Array | Int32Array;

export interface LossCase {
  readonly name: string;
  readonly make: (reduction: Reduction) => LossSpec;
  readonly y: Y;
}

const ids = integers(1, ROWS, 0, OUTPUTS - 1);
const ignored = ids.map((id, i) => (i % 3 === 1 ? -100 : id));
/** quarters that sum to 1 */
const probabilities = new Float32Array(ROWS * OUTPUTS);
for (const [i, first] of integers(2, ROWS, 0, 3).entries()) {
  for (const [j, share] of [0.5, 0.25, 0, 0.25].entries()) probabilities[i * 4 + ((first + j) % 4)] = share;
}
const unit = floats(3, ROWS * OUTPUTS, 0, 1);
const numbers = floats(4, ROWS * OUTPUTS, -2, 2);
const weight = [0.5, 2, 1.25, 1];

export const lossCases: readonly LossCase[] = [
  { name: "crossEntropy", make: (reduction) => nn.crossEntropy({ reduction }), y: ids },
  { name: "crossEntropy, weight", make: (reduction) => nn.crossEntropy({ weight, reduction }), y: ids },
  { name: "crossEntropy, rows of -100", make: (reduction) => nn.crossEntropy({ reduction }), y: ignored },
  {
    name: "crossEntropy, labelSmoothing",
    make: (reduction) => nn.crossEntropy({ labelSmoothing: 0.25, reduction }),
    y: ids,
  },
  {
    name: "crossEntropy, all together",
    make: (reduction) => nn.crossEntropy({ weight, labelSmoothing: 0.25, reduction }),
    y: ignored,
  },
  {
    name: "crossEntropy of probabilities",
    make: (reduction) => nn.crossEntropy({ reduction }),
    y: probabilities,
  },
  {
    name: "crossEntropy of probabilities, weight and labelSmoothing",
    make: (reduction) => nn.crossEntropy({ weight, labelSmoothing: 0.25, reduction }),
    y: probabilities,
  },
  { name: "bceWithLogits", make: (reduction) => nn.bceWithLogits({ reduction }), y: unit },
  { name: "bceWithLogits of class ids", make: (reduction) => nn.bceWithLogits({ reduction }), y: ids },
  {
    name: "bceWithLogits, posWeight",
    make: (reduction) => nn.bceWithLogits({ posWeight: weight, reduction }),
    y: unit,
  },
  { name: "quadratic", make: (reduction) => nn.quadratic({ reduction }), y: numbers },
  { name: "mse", make: (reduction) => nn.mse({ reduction }), y: numbers },
  { name: "mae", make: (reduction) => nn.mae({ reduction }), y: numbers },
  { name: "huber", make: (reduction) => nn.huber({ delta: 0.5, reduction }), y: numbers },
];

/** Weights of rows, one of them 0. */
export const rowWeight = Float32Array.of(1, 0.5, 0, 3, 2, 0.25, 1, 1);

/** Two hidden layers of a kind. */
export function net(activation: LayerSpec): readonly LayerSpec[] {
  return [nn.dense(7), activation, nn.dense(6), activation, nn.dense(OUTPUTS)];
}

export function features(seed: number, rows = ROWS): Float32Array {
  return floats(seed, rows * INPUTS, -2, 2);
}

/** The same loss and targets as the oracle takes them. */
export function forOracle(loss: LossSpec, y: Y): { loss: OracleLoss; targets: OracleTargets } {
  const spec = loss as OracleLoss;
  if (!(y instanceof Int32Array)) return { loss: spec, targets: { values: y } };
  if (loss.kind === "crossEntropy") return { loss: spec, targets: { ids: y } };
  const values = new Float32Array(y.length * OUTPUTS);
  for (const [i, id] of y.entries()) values[i * OUTPUTS + id] = 1;
  return { loss: spec, targets: { values } };
}
