// Stochastic gradient descent: its description and its record.

import { checkNames, positive } from "../base/options.ts";
import type { OptimizerSpec } from "../base/spec.ts";
import type { EmitOptimizer } from "../nn/layout.ts";

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

/** One record over all parameters. */
export const emitSgd: EmitOptimizer = (b, params, grads) => b.sgdStep(params, grads);
