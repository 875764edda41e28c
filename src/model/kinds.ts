// All kinds there are. For descriptions that come without what they are made of: from a file, or from another thread. A
// program that makes its own does not reach this.

import { PARTS, type Parts } from "../base/parts.ts";
import type { InitSpec, LayerSpec, LossSpec, OptimizerSpec } from "../base/spec.ts";
import * as activations from "../nn/activations.ts";
import { CROSS_ENTROPY } from "../nn/cross-entropy.ts";
import * as init from "../nn/initializers.ts";
import { DENSE, RELU } from "../nn/layers.ts";
import * as losses from "../nn/losses.ts";
import * as norms from "../nn/norms.ts";
import * as spreads from "../nn/spreads.ts";
import * as adaptive from "../train/adaptive.ts";
import { EARLY_STOPPING, type EarlyStoppingSpec } from "../train/early.ts";
import { SGD } from "../train/sgd.ts";

/** By kind; one that is missing does not compile. */
export const LAYERS: { readonly [K in LayerSpec["kind"]]: Parts } = {
  dense: DENSE,
  relu: RELU,
  sigmoid: activations.SIGMOID,
  tanh: activations.TANH,
  leakyRelu: activations.LEAKY_RELU,
  elu: activations.ELU,
  gelu: activations.GELU,
  silu: activations.SILU,
  softplus: activations.SOFTPLUS,
  softmax: activations.SOFTMAX,
  dropout: norms.DROPOUT,
  batchNorm1d: norms.BATCH_NORM_1D,
  layerNorm: norms.LAYER_NORM,
  prelu: norms.PRELU,
  residual: norms.RESIDUAL,
};

/** A `customLoss` cannot come so: it is functions. */
export const LOSSES: { readonly [K in Exclude<LossSpec["kind"], "custom">]: Parts } = {
  crossEntropy: CROSS_ENTROPY,
  bceWithLogits: losses.BCE_WITH_LOGITS,
  quadratic: losses.QUADRATIC,
  mse: losses.MSE,
  mae: losses.MAE,
  huber: losses.HUBER,
};

export const OPTIMIZERS: { readonly [K in OptimizerSpec["kind"]]: Parts } = {
  sgd: SGD,
  adam: adaptive.ADAM,
  adamw: adaptive.ADAMW,
  rmsprop: adaptive.RMSPROP,
  adagrad: adaptive.ADAGRAD,
};

export const INITIALIZERS: { readonly [K in InitSpec["kind"]]: Parts } = {
  torchDefault: init.TORCH_DEFAULT,
  heNormal: spreads.HE_NORMAL,
  heUniform: spreads.HE_UNIFORM,
  glorotNormal: spreads.GLOROT_NORMAL,
  glorotUniform: spreads.GLOROT_UNIFORM,
  lecunNormal: spreads.LECUN_NORMAL,
  lecunUniform: spreads.LECUN_UNIFORM,
  normal: spreads.NORMAL,
  uniform: init.UNIFORM,
  truncatedNormal: spreads.TRUNCATED_NORMAL,
  constant: init.CONSTANT,
  byActivation: spreads.BY_ACTIVATION,
};

const CALLBACKS: { readonly [K in EarlyStoppingSpec["kind"]]: Parts } = { earlyStopping: EARLY_STOPPING };

const ALL: Readonly<Record<string, Parts>> = {
  ...LAYERS,
  ...LOSSES,
  ...OPTIMIZERS,
  ...INITIALIZERS,
  ...CALLBACKS,
};

/** Plain data, and every description in it with its parts; one of no kind that is known stays without. */
export function described<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(described) as T;
  const entries = Object.entries(value).map(([name, part]) => [name, described(part)] as const);
  const copy = Object.fromEntries(entries) as T & { kind?: string };
  const { kind = "" } = copy;
  return Object.hasOwn(ALL, kind) ? { ...copy, [PARTS]: ALL[kind] } : copy;
}
