// What the calls of a model take and give back, and the checks of it.

import { XentError } from "../base/errors.ts";
import { checkNames, integer, positive, show } from "../base/options.ts";
import type { ActivationSpec, LayerSpec, LossSpec, OptimizerSpec } from "../base/spec.ts";
import { type CheckedRows, type Dataset, isDataset } from "../data/dataset.ts";
import type { RegionBytes } from "../memory/plan.ts";
import { dense, elu, gelu, leakyRelu, relu, sigmoid, silu, softmax, softplus, tanh } from "../nn/layers.ts";
import { bceWithLogits, crossEntropy, huber, mae, mse, quadratic } from "../nn/losses.ts";
import type { Callback } from "../train/fit.ts";
import type { MetricName } from "../train/metrics.ts";

/** What may stand in `sequential({ … })`. */
export interface SequentialOptions {
  /** number of features of a row */
  input: number;
  /** drives initial weights and the order of rows; an integer from 0 to 2³² − 1, default 0 */
  seed?: number;
  /** the loss, unless a call names one */
  loss?: LossSpec;
  /** the optimiser, unless a call names one */
  optimizer?: OptimizerSpec;
}

/** What a training call may name; the model remembers the last loss and optimiser. */
export interface LearnOptions {
  loss?: LossSpec;
  optimizer?: OptimizerSpec;
}

/** Options of `trainOnBatch`. */
export interface BatchOptions extends LearnOptions {
  /** `[rows]` a row of weight w counts as w rows; none negative */
  weight?: ArrayLike<number>;
}

/** Options of `steps`. */
export interface StepsOptions extends LearnOptions {
  /** passes over the data, at least 1; default 1 */
  epochs?: number;
  /** rows a step, at least 1; default 32 */
  batchSize?: number;
  /** a new order of rows each epoch; default true */
  shuffle?: boolean;
  /** ends the run between two steps */
  signal?: AbortSignal | undefined;
}

/** Options of `fit`. */
export interface FitOptions extends StepsOptions {
  /**
   * Evaluated after each epoch: a data set, or `{ split: 0.1 }` to keep back so much of the training data, by the model's seed: the
   * same rows in every `fit` of these data.
   */
  validation?: Dataset | ValidationSplit;
  /** what to report beside the loss, of training and of validation */
  metrics?: readonly MetricName[];
  callbacks?: readonly Callback[];
  /**
   * Whether to look at the data once, and to warn of columns far from a scale that can be trained with, of rows that are all of
   * one class, and of large targets; as `inspect` does, in some milliseconds. Default true.
   */
  inspect?: boolean;
}

/** A share of the training data to validate with; see `split`. */
export interface ValidationSplit {
  /** above 0 and below 1 */
  split: number;
  /** keeps the share of each class on both sides; default false */
  stratified?: boolean;
  /** rows are drawn by lot, else the last ones are taken; default true */
  shuffle?: boolean;
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  loss?: LossSpec;
  /** what to report beside loss and accuracy */
  metrics?: readonly MetricName[];
  signal?: AbortSignal | undefined;
}

/** What a layer gave for some rows. */
export interface LayerOutput {
  /** position of the layer, counted from 0, and its kind: `0.dense` */
  readonly name: string;
  readonly width: number;
  /** `[rows · width]` */
  readonly data: Float32Array;
}

/** What `plan` computes. */
export interface ModelPlan {
  /** size of each region of the memory; `total` is the size of the memory */
  readonly bytes: RegionBytes;
  /** floating-point operations a training step */
  readonly flops: number;
  /**
   * milliseconds that a training step is expected to take in `fit`, on the runtime's threads where it is worth sharing: within 20 %
   * on a quiet machine whose threads have cores of their own, without what `fit` does between steps
   */
  readonly stepMs: number;
}

/** Counts of a confusion matrix. */
export interface ConfusionMatrix {
  /** class ids, in the order of rows and columns */
  readonly labels: number[];
  /** names of these classes, if the data set or the model has some */
  readonly names?: readonly string[];
  /** `counts[truth][predicted]` */
  readonly counts: number[][];
}

export const LEARN = ["loss", "optimizer"];
export const BATCH = [...LEARN, "weight"];
export const STEPS = [...LEARN, "epochs", "batchSize", "shuffle", "signal"];
export const FIT = [...STEPS, "validation", "metrics", "callbacks", "inspect"];

export function isSplit(validation: unknown): validation is ValidationSplit {
  return typeof validation === "object" && validation !== null && "split" in validation;
}

export function checkLayers(list: readonly LayerSpec[]): readonly LayerSpec[] {
  const what = "sequential: layers";
  if (!Array.isArray(list))
    throw new XentError("OPTION", `${what} are ${show(list)}`, "Pass an array such as [dense(10)].");
  const checked = list.map((layer, i) => checkLayer(`${what}[${i}]`, layer));
  if (!checked.some((layer) => layer.kind === "dense")) {
    throw new XentError("OPTION", `${what} have nothing to train`, "Pass at least one dense(units).");
  }
  return checked;
}

/** By kind, the function that describes it. */
export const ACTIVATIONS: { readonly [K in ActivationSpec["kind"]]: (options: object) => LayerSpec } = {
  relu,
  sigmoid,
  tanh,
  leakyRelu,
  elu,
  gelu,
  silu,
  softplus,
  softmax,
};

export const LOSSES: { readonly [K in LossSpec["kind"]]: (options: object) => LossSpec } = {
  crossEntropy,
  bceWithLogits,
  quadratic,
  mse,
  mae,
  huber,
};

/** "relu(), sigmoid(), …" */
const calls = (makers: object): string =>
  Object.keys(makers)
    .map((name) => `${name}()`)
    .join(", ");

/** What came in place of a layer or a loss. */
function described(value: unknown): string {
  const { kind } = Object(value) as { kind?: unknown };
  return kind === undefined ? show(value) : `${show(value)} of kind ${show(kind)}`;
}

/** A description, perhaps written by hand, made anew by the function that a user would call. */
function checkLayer(where: string, layer: LayerSpec): LayerSpec {
  const { kind, ...options } = Object(layer) as LayerSpec;
  if (kind === "dense") {
    checkNames(where, options, ["units"]);
    return dense(integer(`${where}: units`, (layer as { units: number }).units, 1));
  }
  if (!Object.hasOwn(ACTIVATIONS, kind)) {
    throw new XentError(
      "OPTION",
      `${where} is ${described(layer)}`,
      `Known: dense(units), ${calls(ACTIVATIONS)}.`,
    );
  }
  const made = ACTIVATIONS[kind](options);
  // a function without options does not look at them
  checkNames(where, options, Object.keys(made));
  return made;
}

export function checkLoss(where: string, loss: LossSpec | undefined): LossSpec | undefined {
  if (loss === undefined) return undefined;
  const { kind, ...options } = Object(loss) as LossSpec;
  if (!Object.hasOwn(LOSSES, kind)) {
    throw new XentError("OPTION", `${where}: loss is ${described(loss)}`, `Known: ${calls(LOSSES)}.`);
  }
  return LOSSES[kind](options);
}

export function checkOptimizer(
  where: string,
  optimizer: OptimizerSpec | undefined,
): OptimizerSpec | undefined {
  if (optimizer !== undefined && optimizer?.kind !== "sgd") {
    throw new XentError("OPTION", `${where}: optimizer is ${show(optimizer)}`, "Known: sgd({ lr }).");
  }
  if (optimizer !== undefined) positive(`${where}: the optimizer's lr`, optimizer.lr);
  return optimizer;
}

/** Refuses what `dataset` did not make. */
export function checkData(where: string, data: unknown): CheckedRows {
  if (isDataset(data)) return data;
  throw new XentError(
    "OPTION",
    `${where}: the data is ${show(data)}`,
    "Pass what dataset({ x, y, features }) returns.",
  );
}

/** Refuses what no AbortSignal is: an AbortController in its place would never stop anything. */
export function checkSignal(where: string, signal: AbortSignal | undefined): void {
  if (signal !== undefined && typeof signal?.aborted !== "boolean") {
    throw new XentError("OPTION", `${where}: signal is ${show(signal)}`, "Pass an AbortController's signal.");
  }
}

export function checkFlag(where: string, shuffle: boolean, name = "shuffle"): boolean {
  if (typeof shuffle !== "boolean") {
    throw new XentError("OPTION", `${where}: ${name} is ${show(shuffle)}`, "Pass true or false.");
  }
  return shuffle;
}

export function checkCallbacks(where: string, callbacks: readonly Callback[]): readonly Callback[] {
  const hint = "Pass an array of { onProgress, onEpochEnd }, each a function or left out.";
  if (!Array.isArray(callbacks)) {
    throw new XentError("OPTION", `${where}: callbacks are ${show(callbacks)}`, hint);
  }
  for (const [i, callback] of callbacks.entries()) {
    if (typeof callback !== "object" || callback === null) {
      throw new XentError("OPTION", `${where}: callbacks[${i}] is ${show(callback)}`, hint);
    }
    for (const name of ["onProgress", "onEpochEnd"] as const) {
      const method: unknown = callback[name];
      if (method === undefined || typeof method === "function") continue;
      throw new XentError("OPTION", `${where}: callbacks[${i}].${name} is ${show(method)}`, hint);
    }
  }
  return callbacks;
}
