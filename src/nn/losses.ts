// The losses as a user writes them, each with what its kind is made of; criterion.ts makes records of them.

import * as abi from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { A_WEIGHT, checkNames, isWeight, positive, show } from "../base/options.ts";
import { PARTS } from "../base/parts.ts";
import type { LossSpec, Reduction } from "../base/spec.ts";
import type { LossParts, Of } from "./parts.ts";

/** Options of {@link crossEntropy}; each as in PyTorch's `CrossEntropyLoss`. */
export interface CrossEntropyOptions {
  /** One a class, none negative; default all 1. A class id's term is multiplied by its class's. */
  weight?: ArrayLike<number>;
  /** Rows with this class id count for nothing; default −100. */
  ignoreIndex?: number;
  /** ε in [0, 1]: targets become (1 − ε)·t + ε / classes; default 0. */
  labelSmoothing?: number;
  /** Default `mean`: with class ids, over the summed weights of the targets that are not ignored. */
  reduction?: Reduction;
}

/** Options of {@link bceWithLogits}; as in PyTorch's `BCEWithLogitsLoss`. */
export interface BceOptions {
  /** What the term of targets that are 1 is multiplied by: one an output, or one for all; above 0, default 1. */
  posWeight?: number | ArrayLike<number>;
  /** Default `mean`, over rows and outputs. */
  reduction?: Reduction;
}

/**
 * Softmax cross entropy from logits, for class ids or rows of probabilities (which sum to 1 within 1e-4):
 * −Σ_c t_c·ln softmax(z)_c.
 *
 * The gradient, (softmax(z) − t) / n, never saturates. `predict` then gives softmax probabilities.
 * @throws {XentError} `OPTION` weights that are negative or not finite, labelSmoothing outside [0, 1]
 */
export function crossEntropy(options: CrossEntropyOptions = {}): LossSpec {
  checkNames("crossEntropy", options, ["weight", "ignoreIndex", "labelSmoothing", "reduction"]);
  const { weight, ignoreIndex = -100, labelSmoothing = 0 } = options;
  if (!Number.isInteger(ignoreIndex) || (ignoreIndex | 0) !== ignoreIndex) {
    throw new XentError(
      "OPTION",
      `crossEntropy: ignoreIndex is ${show(ignoreIndex)}, expected an integer of 32 bits`,
      "Pass the class id that marks rows to leave out.",
    );
  }
  if (typeof labelSmoothing !== "number" || !(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new XentError(
      "OPTION",
      `crossEntropy: labelSmoothing is ${show(labelSmoothing)}, expected a number from 0 to 1`,
      "0.1 is usual.",
    );
  }
  return {
    kind: "crossEntropy",
    ...(weight === undefined ? {} : { weight: weights("crossEntropy: weight", weight) }),
    ignoreIndex,
    labelSmoothing,
    reduction: reductionOf("crossEntropy", options, "mean"),
    [PARTS]: CROSS_ENTROPY,
  };
}

type Loss<K extends LossSpec["kind"]> = LossParts<Of<LossSpec, K>>;

export const CROSS_ENTROPY: Loss<"crossEntropy"> = {
  of: "loss",
  make: crossEntropy,
  link: () => "softmax",
  criterion: ({ labelSmoothing }, targets, outputs) => ({
    op: targets === "ids" && labelSmoothing === 0 ? abi.OP_SOFTMAX_CROSS_ENTROPY : abi.OP_SOFT_CROSS_ENTROPY,
    parameters: [1 - labelSmoothing, labelSmoothing / outputs],
  }),
};

/**
 * Binary cross entropy from logits, for targets in [0, 1], any number of outputs, each a yes or no of its own:
 * −[y·ln σ(z) + (1 − y)·ln(1 − σ(z))].
 *
 * The gradient, (σ(z) − y) / n, never saturates. `predict` then gives σ(z). Class ids stand for their one-hot row; with
 * one output they are 0 and 1.
 * @throws {XentError} `OPTION` a posWeight that is not above 0
 */
export function bceWithLogits(options: BceOptions = {}): LossSpec {
  checkNames("bceWithLogits", options, ["posWeight", "reduction"]);
  const { posWeight } = options;
  return {
    kind: "bceWithLogits",
    ...(posWeight === undefined ? {} : { posWeight: positives("bceWithLogits: posWeight", posWeight) }),
    reduction: reductionOf("bceWithLogits", options, "mean"),
    [PARTS]: BCE_WITH_LOGITS,
  };
}

export const BCE_WITH_LOGITS: Loss<"bceWithLogits"> = {
  of: "loss",
  make: bceWithLogits,
  link: () => "sigmoid",
  criterion: () => ({ op: abi.OP_BCE_WITH_LOGITS, parameters: [] }),
};

/**
 * The quadratic cost, ½·Σ_j (a_j − y_j)², mean over the rows.
 *
 * Behind a `sigmoid()` its gradient has the factor σ′, which is nearly 0 where the neuron is saturated: the learning
 * slowdown that cross entropy cures. Class ids stand for their one-hot row; with one output they are the target.
 * @param options.reduction  default `batchmean`
 */
export function quadratic(options: { reduction?: Reduction } = {}): LossSpec {
  checkNames("quadratic", options, ["reduction"]);
  return { kind: "quadratic", reduction: reductionOf("quadratic", options, "batchmean"), [PARTS]: QUADRATIC };
}

export const QUADRATIC: Loss<"quadratic"> = {
  of: "loss",
  make: quadratic,
  link: () => "none",
  criterion: () => ({ op: abi.OP_SQUARED_ERROR, parameters: [0.5] }),
};

/**
 * Mean squared error, (a − y)².
 * @param options.reduction  default `mean`, over rows and outputs
 */
export function mse(options: { reduction?: Reduction } = {}): LossSpec {
  checkNames("mse", options, ["reduction"]);
  return { kind: "mse", reduction: reductionOf("mse", options, "mean"), [PARTS]: MSE };
}

export const MSE: Loss<"mse"> = {
  of: "loss",
  make: mse,
  link: () => "none",
  criterion: () => ({ op: abi.OP_SQUARED_ERROR, parameters: [1] }),
};

/**
 * Mean absolute error, |a − y|; its gradient is the sign of a − y, and 0 where they are equal.
 * @param options.reduction  default `mean`, over rows and outputs
 */
export function mae(options: { reduction?: Reduction } = {}): LossSpec {
  checkNames("mae", options, ["reduction"]);
  return { kind: "mae", reduction: reductionOf("mae", options, "mean"), [PARTS]: MAE };
}

export const MAE: Loss<"mae"> = {
  of: "loss",
  make: mae,
  link: () => "none",
  criterion: () => ({ op: abi.OP_ABSOLUTE_ERROR, parameters: [] }),
};

/**
 * Huber's loss, with d = a − y: ½d² up to |d| = δ, then δ·(|d| − ½δ).
 * @param options.delta      above 0, default 1
 * @param options.reduction  default `mean`, over rows and outputs
 * @throws {XentError} `OPTION`
 */
export function huber(options: { delta?: number; reduction?: Reduction } = {}): LossSpec {
  checkNames("huber", options, ["delta", "reduction"]);
  const { delta = 1 } = options;
  return {
    kind: "huber",
    delta: positive("huber: delta", delta),
    reduction: reductionOf("huber", options, "mean"),
    [PARTS]: HUBER,
  };
}

export const HUBER: Loss<"huber"> = {
  of: "loss",
  make: huber,
  link: () => "none",
  criterion: ({ delta }) => ({ op: abi.OP_HUBER_LOSS, parameters: [delta] }),
};

const REDUCTIONS: readonly Reduction[] = ["mean", "batchmean", "sum", "none"];

/** @throws {XentError} `OPTION` */
export function reductionOf(
  where: string,
  options: { reduction?: Reduction },
  otherwise: Reduction,
): Reduction {
  const { reduction = otherwise } = options;
  if (REDUCTIONS.includes(reduction)) return reduction;
  throw new XentError(
    "OPTION",
    `${where}: reduction is ${show(reduction)}`,
    `Known: ${REDUCTIONS.join(", ")}.`,
  );
}

/** A number above 0, or a list of them. */
function positives(where: string, values: number | ArrayLike<number>): number | number[] {
  if (typeof values === "number") return positive(where, values);
  const hint = "Pass one number above 0 for every output, or one for all.";
  return listOf(where, values, hint).map((value, i) => positive(`${where}[${i}]`, value));
}

function listOf(where: string, values: ArrayLike<number>, hint: string): number[] {
  if (typeof values === "object" && typeof values?.length === "number") return Array.from(values);
  throw new XentError("OPTION", `${where} is ${show(values)}, expected an array of numbers`, hint);
}

/** Numbers that are finite in f32 and not negative, not all of them 0. */
function weights(where: string, values: ArrayLike<number>): number[] {
  const hint = "Pass one number of at least 0 for every class.";
  const list = listOf(where, values, hint);
  for (const [i, value] of list.entries()) {
    if (isWeight(value)) continue;
    throw new XentError("OPTION", `${where}[${i}] is ${show(value)}, expected ${A_WEIGHT}`, hint);
  }
  if (!list.some((value) => value > 0)) {
    throw new XentError("OPTION", `${where} has no number above 0, so that nothing would count`, hint);
  }
  return list;
}
