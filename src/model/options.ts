// What the calls of a model take and give back, and the checks of it.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { PARTS, remade } from "../base/parts.ts";
import type { AbortSignalLike } from "../base/platform.ts";
import type { LayerSpec, LossSpec, OptimizerSpec } from "../base/spec.ts";
import { type CheckedRows, type Dataset, isDataset } from "../data/dataset.ts";
import type { DataStream } from "../data/stream.ts";
import type { RegionBytes } from "../memory/plan.ts";
import { checkLayer } from "../nn/layer.ts";
import { hasParameters, some } from "../nn/params.ts";
import type { EarlyParts, EarlyStoppingSpec } from "../train/early.ts";
import type { Callback, Early } from "../train/fit.ts";
import type { MetricName } from "../train/metrics.ts";
import type { OnNaN } from "../train/steps.ts";

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
  /** batches whose gradients are added up before the weights change: as a batch so many times as large; default 1 */
  accumulate?: number;
  /** leaves out the rows at an epoch's end that do not fill a step; default false */
  dropLast?: boolean;
  /** a new order of rows each epoch; default true */
  shuffle?: boolean;
  /**
   * goes on with the model's last run where it stood, in this process or another, as if it had never stopped; `epochs` is still
   * the total, and the other options must be the same. Default false: a new run from the weights as they are
   */
  resume?: boolean;
  /**
   * what a loss or a weight that is not finite leads to. `"error"` (default): the last good weights, and `DIVERGED`, which names
   * step, layer, tensor and place. `"rollback"` (`fit` alone): the same weights, and `history.stopped` is `"nan"`. `"ignore"`: nothing
   */
  onNaN?: OnNaN;
  /** ends the run between two steps */
  signal?: AbortSignalLike | undefined;
}

/** Options of `fit`. */
export interface FitOptions extends StepsOptions {
  /**
   * Evaluated after each epoch: a data set, a stream, or `{ split: 0.1 }` to keep back so much of the training data, by the model's seed: the
   * same rows in every `fit` of these data.
   */
  validation?: Dataset | DataStream | ValidationSplit;
  /** what to report beside the loss, of training and of validation */
  metrics?: readonly MetricName[];
  callbacks?: readonly (Callback | EarlyStoppingSpec)[];
  /** stops when so many epochs of the run are done, to be resumed; default `epochs` */
  stopAfterEpoch?: number;
  /** takes the time of every record of the step, for `history.profile`; some per cent slower. Default false */
  profile?: boolean;
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
  signal?: AbortSignalLike | undefined;
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

const LEARN = ["loss", "optimizer"];
export const BATCH = [...LEARN, "weight"];
export const STEPS = [
  ...LEARN,
  ...["epochs", "batchSize", "accumulate", "dropLast", "shuffle", "resume", "onNaN", "signal"],
];
export const FIT = [...STEPS, "validation", "metrics", "callbacks", "stopAfterEpoch", "profile", "inspect"];

export function isSplit(validation: unknown): validation is ValidationSplit {
  return typeof validation === "object" && validation !== null && "split" in validation;
}

export function checkLayers(list: readonly LayerSpec[]): readonly LayerSpec[] {
  const what = "sequential: layers";
  if (!Array.isArray(list))
    throw new XentError("OPTION", `${what} are ${show(list)}`, "Pass an array such as [dense(10)].");
  const checked = list.map((layer, i) => checkLayer(`${what}[${i}]`, layer));
  if (!some(checked, hasParameters)) {
    throw new XentError("OPTION", `${what} have nothing to train`, "Pass at least one dense(units).");
  }
  return checked;
}

const LOSSES =
  "crossEntropy(), bceWithLogits(), quadratic(), mse(), mae(), huber(), customLoss({ loss, gradient })";

export function checkLoss(where: string, loss: LossSpec | undefined): LossSpec | undefined {
  return loss === undefined ? undefined : remade("loss", LOSSES, `${where}: loss`, loss);
}

export function checkOptimizer(
  where: string,
  optimizer: OptimizerSpec | undefined,
): OptimizerSpec | undefined {
  const makers = "sgd({ lr }), adam(), adamw(), rmsprop(), adagrad()";
  return optimizer === undefined ? undefined : remade("optimizer", makers, `${where}: optimizer`, optimizer);
}

/** Whether data come chunk by chunk. */
export function isStream(data: unknown): data is DataStream {
  return typeof (data as Partial<DataStream> | undefined)?.chunks === "function";
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
export function checkSignal(where: string, signal: AbortSignalLike | undefined): void {
  if (signal !== undefined && typeof signal?.aborted !== "boolean") {
    throw new XentError("OPTION", `${where}: signal is ${show(signal)}`, "Pass an AbortController's signal.");
  }
}

export function checkOnNaN(where: string, onNaN: OnNaN): OnNaN {
  const known = where === "fit" ? ["error", "rollback", "ignore"] : ["error", "ignore"];
  if (known.includes(onNaN)) return onNaN;
  const hint = `Known${where === "fit" ? "" : ` in ${where}`}: ${known.map((name) => `"${name}"`).join(", ")}.`;
  throw new XentError("OPTION", `${where}: onNaN is ${show(onNaN)}`, hint);
}

export function checkCallbacks(
  where: string,
  callbacks: readonly (Callback | EarlyStoppingSpec)[],
): readonly (Callback | EarlyStoppingSpec)[] {
  const hint =
    "Pass an array of { onProgress, onEpochEnd }, each a function or left out, or earlyStopping().";
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

/** Callbacks that are called, and early stopping, which is plain data. */
export function partCallbacks(callbacks: readonly (Callback | EarlyStoppingSpec)[]) {
  return {
    called: callbacks.filter((callback) => !("kind" in callback)) as readonly Callback[],
    specs: callbacks.filter((callback) => "kind" in callback),
  };
}

/** Checks early stopping, and takes it from among the callbacks. */
export function checkEarly(
  where: string,
  callbacks: readonly (Callback | EarlyStoppingSpec)[],
  metrics: readonly string[],
  validated: boolean,
): { callbacks: readonly Callback[]; early: Early | undefined } {
  const { called, specs } = partCallbacks(callbacks);
  if (specs.length > 1) {
    throw new XentError("OPTION", `${where}: callbacks have ${specs.length} earlyStopping()`, "Pass one.");
  }
  const [first] = specs;
  if (first === undefined) return { callbacks: called, early: undefined };
  const spec = remade("callback", "earlyStopping()", `${where}: a callback`, first);
  const { monitor, look } = spec[PARTS] as EarlyParts;
  return {
    callbacks: called,
    early: { spec, monitor: monitor(where, spec, metrics, validated), look },
  };
}
