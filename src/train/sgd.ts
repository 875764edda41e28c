// Stochastic gradient descent: its description and its record.

import { checkNames, positive } from "../base/options.ts";
import type { OptimizerSpec } from "../base/spec.ts";
import type { Optimizing } from "../nn/layout.ts";

/**
 * Stochastic gradient descent, p ← p − lr·g.
 *
 * @param options.lr  learning rate, above 0
 * @throws {XentError} `OPTION` if `lr` is missing, not finite or not above 0
 */
export function sgd(options: { lr: number }): OptimizerSpec {
  checkNames("sgd", options, ["lr"]);
  return { kind: "sgd", lr: positive("sgd: lr", options.lr) };
}

/** What an optimiser makes of memory and programs. */
export function optimizing(_spec: OptimizerSpec): Optimizing {
  return SGD;
}

/** Plain SGD keeps nothing, and is one record over all parameters. */
export const SGD: Optimizing = {
  kind: "sgd",
  records: "sgd",
  slots: [],
  emit: (b, _, { params, grads }) => b.sgdStep(params, grads),
};
