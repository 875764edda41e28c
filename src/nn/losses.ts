// The losses but cross entropy as a user writes them, each with what its kind is made of; criterion.ts makes records of them.

import * as abi from "../base/abi.ts";
import { checkNames, positive } from "../base/options.ts";
import { PARTS } from "../base/parts.ts";
import type { LossSpec, Reduction } from "../base/spec.ts";
import { listOf, reductionOf } from "./cross-entropy.ts";
import type { LossParts, Of } from "./parts.ts";

type Loss<K extends LossSpec["kind"]> = LossParts<Of<LossSpec, K>>;

/** Options of {@link bceWithLogits}; as in PyTorch's `BCEWithLogitsLoss`. */
export interface BceOptions {
  /** What the term of targets that are 1 is multiplied by: one an output, or one for all; above 0, default 1. */
  posWeight?: number | ArrayLike<number>;
  /** Default `mean`, over rows and outputs. */
  reduction?: Reduction;
}

/**
 * Binary cross entropy from logits, for targets in [0, 1], any number of outputs, each a yes or no of its own:
 * −[y·ln σ(z) + (1 − y)·ln(1 − σ(z))].
 *
 * The gradient, (σ(z) − y) / n, never saturates. `predict` then gives σ(z). Class ids stand for their one-hot row; with
 * one output they are 0 and 1.
 * @throws {XentError} `OPTION` a posWeight that is not above 0
 * @category Losses
 * @example
 * ```ts
 * import { adam, bceWithLogits, dataset, dense, init } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 2, loss: bceWithLogits() }, [dense(2)]);
 * const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
 * const data = dataset({ x, y: [[0, 0], [0, 1], [0, 1], [1, 1]], classes: ["and", "or"] });
 * await model.fit(data, { epochs: 200, optimizer: adam({ lr: 0.1 }) });
 * Array.from(model.predict(x), Math.round); // → [0, 0, 0, 1, 0, 1, 1, 1]
 * ```
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
 * @throws {XentError} `OPTION`
 * @category Losses
 * @example
 * ```ts
 * import { dataset, dense, init, ones, quadratic } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() })]);
 * const data = dataset({ x: [[3], [1]], y: [1.5, 1.5] }); // off by 1.5 and by −0.5
 * (await model.evaluate(data, { loss: quadratic() })).loss; // → 0.625
 * ```
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
 * @throws {XentError} `OPTION`
 * @category Losses
 * @example
 * ```ts
 * import { dataset, dense, init, mse, ones } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() })]);
 * const data = dataset({ x: [[3], [1]], y: [1.5, 1.5] }); // off by 1.5 and by −0.5
 * (await model.evaluate(data, { loss: mse() })).loss; // → 1.25
 * ```
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
 * @throws {XentError} `OPTION`
 * @category Losses
 * @example
 * ```ts
 * import { dataset, dense, init, mae, ones } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() })]);
 * const data = dataset({ x: [[3], [1]], y: [1.5, 1.5] }); // off by 1.5 and by −0.5
 * (await model.evaluate(data, { loss: mae() })).loss; // → 1
 * ```
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
 * @category Losses
 * @example
 * ```ts
 * import { dataset, dense, huber, init, ones } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() })]);
 * const data = dataset({ x: [[3], [1]], y: [1.5, 1.5] }); // off by 1.5 and by −0.5
 * (await model.evaluate(data, { loss: huber({ delta: 1 }) })).loss; // → 0.5625
 * ```
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

/** A number above 0, or a list of them. */
function positives(where: string, values: number | ArrayLike<number>): number | number[] {
  if (typeof values === "number") return positive(where, values);
  const hint = "Pass one number above 0 for every output, or one for all.";
  return listOf(where, values, hint).map((value, i) => positive(`${where}[${i}]`, value));
}
