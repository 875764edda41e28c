// Stochastic gradient descent as a user writes it, with what its kind is made of: optimizing.ts makes records of it, rates.ts the
// numbers of each step.

import { OP_MOMENTUM_STEP, OP_SGD_STEP } from "../base/abi.ts";
import { checkNames, flag, fraction, positive } from "../base/options.ts";
import { PARTS } from "../base/parts.ts";
import type { OptimizerSpec, UpdateOptions } from "../base/spec.ts";
import type { Of } from "../nn/parts.ts";
import type { OptimizerParts } from "./optimizing.ts";
import { excluded, UPDATE, updateOptions } from "./update-options.ts";

/** Options of {@link sgd}. */
export interface SgdOptions extends UpdateOptions {
  /** learning rate, above 0 */
  lr: number;
  /** μ, from 0 to below 1; default 0 */
  momentum?: number;
  /** what the buffer lacks of each gradient, from 0 to below 1; default 0 */
  dampening?: number;
  /** looks ahead along the buffer; default false */
  nesterov?: boolean;
}

/**
 * Stochastic gradient descent, p ← p − lr·g. With momentum μ and dampening τ, after `torch.optim.SGD`:
 * b ← μ·b + (1 − τ)·g, in the first step b ← g; p ← p − lr·b, or p − lr·(g + μ·b) with `nesterov` (Sutskever et al. 2013).
 *
 * @throws {XentError} `OPTION` an option's name or value; `lr` is missing; options that exclude each other
 * @category Optimisers
 * @example
 * ```ts
 * import { dataset, dense, init, mse, sgd } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * const line = dataset({ x: [[-1], [0], [1]], y: [-1.5, 0.5, 2.5] });
 * const { loss } = await model.fit(line, { epochs: 100, optimizer: sgd({ lr: 0.1, momentum: 0.5, nesterov: true }) });
 * Math.min(...loss) < 0.01; // → true
 * ```
 */
export function sgd(options: SgdOptions): OptimizerSpec {
  const where = "sgd";
  checkNames(where, options, ["lr", "momentum", "dampening", "nesterov", ...UPDATE]);
  const { lr, momentum, dampening, nesterov } = options;
  const spec = {
    kind: where,
    lr: positive(`${where}: lr`, lr),
    ...(momentum !== undefined && { momentum: fraction(`${where}: momentum`, momentum) }),
    ...(dampening !== undefined && { dampening: fraction(`${where}: dampening`, dampening) }),
    ...(nesterov !== undefined && { nesterov: flag(`${where}: nesterov`, nesterov) }),
    ...updateOptions(where, options),
    [PARTS]: SGD,
  } as const;
  if (dampening && !momentum) excluded(where, "dampening", "no momentum");
  if (nesterov && !momentum) excluded(where, "nesterov", "no momentum");
  if (nesterov && dampening) excluded(where, "nesterov", "dampening");
  return spec;
}

export const SGD: OptimizerParts<Of<OptimizerSpec, "sgd">> = {
  of: "optimizer",
  make: sgd,
  method({ momentum = 0, nesterov = false }) {
    if (momentum === 0) return { op: OP_SGD_STEP, kept: [], scalars: [] };
    return { op: OP_MOMENTUM_STEP, kept: ["momentum"], scalars: [momentum, nesterov ? momentum : 0] };
  },
  rate({ dampening = 0 }, lr, { steps }, turn) {
    // the buffer begins as the bare gradient
    turn.correction1 = steps === 0 ? 0 : 1;
    turn.correction2 = steps === 0 ? 1 : 1 - dampening;
    return lr;
  },
};
