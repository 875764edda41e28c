// Cross entropy as a user writes it, with what its kind is made of, and checks that all losses share; losses.ts has the others.

import { OP_SOFT_CROSS_ENTROPY, OP_SOFTMAX_CROSS_ENTROPY } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { A_WEIGHT, checkNames, isWeight, show } from "../base/options.ts";
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

/**
 * Softmax cross entropy from logits, for class ids or rows of probabilities (which sum to 1 within 1e-4):
 * −Σ_c t_c·ln softmax(z)_c.
 *
 * The gradient, (softmax(z) − t) / n, never saturates. `predict` then gives softmax probabilities.
 * @throws {XentError} `OPTION` weights that are negative or not finite, labelSmoothing outside [0, 1]
 * @category Losses
 * @example
 * ```ts
 * import { crossEntropy, dataset, dense, init, zeros } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(2, { init: zeros() })]);
 * const data = dataset({ x: [[1], [2], [3]], y: ["spam", "ham", "ham"] });
 * const { loss } = await model.evaluate(data, { loss: crossEntropy({ weight: [1, 2] }) });
 * loss.toFixed(4); // → "0.6931"
 * ```
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

export const CROSS_ENTROPY: LossParts<Of<LossSpec, "crossEntropy">> = {
  of: "loss",
  make: crossEntropy,
  link: () => "softmax",
  criterion: ({ labelSmoothing }, targets, outputs) => ({
    op: targets === "ids" && labelSmoothing === 0 ? OP_SOFTMAX_CROSS_ENTROPY : OP_SOFT_CROSS_ENTROPY,
    parameters: [1 - labelSmoothing, labelSmoothing / outputs],
  }),
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

export function listOf(where: string, values: ArrayLike<number>, hint: string): number[] {
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
