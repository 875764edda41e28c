// All kinds there are. For descriptions that come without what they are made of: from a file, or from another thread. A
// program that makes its own does not reach this.

import { PARTS, type Parts } from "../base/parts.ts";
import type { InitSpec, LayerSpec, LossSpec, OptimizerSpec } from "../base/spec.ts";
import * as init from "../nn/initializers.ts";
import * as layers from "../nn/layers.ts";
import * as losses from "../nn/losses.ts";
import * as norms from "../nn/norms.ts";
import * as adaptive from "../train/adaptive.ts";
import { EARLY_STOPPING, type EarlyStoppingSpec } from "../train/early.ts";
import { SGD } from "../train/sgd.ts";

/** By kind; one that is missing does not compile. */
export const LAYERS: { readonly [K in LayerSpec["kind"]]: Parts } = {
  dense: layers.DENSE,
  relu: layers.RELU,
  sigmoid: layers.SIGMOID,
  tanh: layers.TANH,
  leakyRelu: layers.LEAKY_RELU,
  elu: layers.ELU,
  gelu: layers.GELU,
  silu: layers.SILU,
  softplus: layers.SOFTPLUS,
  softmax: layers.SOFTMAX,
  dropout: norms.DROPOUT,
  batchNorm1d: norms.BATCH_NORM_1D,
  layerNorm: norms.LAYER_NORM,
  prelu: norms.PRELU,
  residual: norms.RESIDUAL,
};

/** A `customLoss` cannot come so: it is functions. */
export const LOSSES: { readonly [K in Exclude<LossSpec["kind"], "custom">]: Parts } = {
  crossEntropy: losses.CROSS_ENTROPY,
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
  heNormal: init.HE_NORMAL,
  heUniform: init.HE_UNIFORM,
  glorotNormal: init.GLOROT_NORMAL,
  glorotUniform: init.GLOROT_UNIFORM,
  lecunNormal: init.LECUN_NORMAL,
  lecunUniform: init.LECUN_UNIFORM,
  normal: init.NORMAL,
  uniform: init.UNIFORM,
  truncatedNormal: init.TRUNCATED_NORMAL,
  constant: init.CONSTANT,
  byActivation: init.BY_ACTIVATION,
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
