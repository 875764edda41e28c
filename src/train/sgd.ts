// Stochastic gradient descent as a user writes it: plain data comes out; optimizing.ts makes records of it, rates.ts the numbers of
// each step.

import { checkNames, flag, fraction, positive } from "../base/options.ts";
import type { OptimizerSpec, UpdateOptions } from "../base/spec.ts";
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
  } as const;
  if (dampening && !momentum) excluded(where, "dampening", "no momentum");
  if (nesterov && !momentum) excluded(where, "nesterov", "no momentum");
  if (nesterov && dampening) excluded(where, "nesterov", "dampening");
  return spec;
}
