// Optimisers with a rate for each parameter, as a user writes them, each with what its kind is made of: optimizing.ts makes records
// of it, rates.ts the numbers of each step.

import { OP_ADAGRAD_STEP, OP_ADAM_STEP, OP_RMSPROP_STEP } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { checkNames, flag, fraction, positive, show, within } from "../base/options.ts";
import { PARTS } from "../base/parts.ts";
import type { OptimizerSpec, UpdateOptions } from "../base/spec.ts";
import type { Of } from "../nn/parts.ts";
import type { Corrections, Done, Method, OptimizerParts } from "./optimizing.ts";
import { UPDATE, updateOptions } from "./update-options.ts";

/** Where a gradient was always 0, 0 is divided by eps: in f32, and multiplied by a correction, it must not become 0. */
const LEAST_EPS = 1e-30;

/** Options of {@link adam} and {@link adamw}. */
export interface AdamOptions extends UpdateOptions {
  /** learning rate, above 0; default 0.001 */
  lr?: number;
  /** decay of the averages of gradients and of their squares, each from 0 to below 1; default `[0.9, 0.999]` */
  betas?: readonly [number, number];
  /** added to the root, above 1e-30; default 1e-8 */
  eps?: number;
}

/** Options of {@link rmsprop}. */
export interface RmspropOptions extends UpdateOptions {
  /** learning rate, above 0; default 0.01 */
  lr?: number;
  /** decay of the average of squares, from 0 to below 1; default 0.99 */
  alpha?: number;
  /** added to the root, above 1e-30; default 1e-8 */
  eps?: number;
  /** μ, from 0 to below 1; default 0 */
  momentum?: number;
  /** divides by the standard deviation of gradients instead of their root mean square; default false */
  centered?: boolean;
}

/** Options of {@link adagrad}. */
export interface AdagradOptions extends UpdateOptions {
  /** learning rate, above 0; default 0.01 */
  lr?: number;
  /** step t, counted from 0, has lr / (1 + t·lrDecay); at least 0, default 0 */
  lrDecay?: number;
  /** what the sums of squares begin with, at least 0; default 0 */
  initialAccumulator?: number;
  /** added to the root, above 1e-30; default 1e-10 */
  eps?: number;
}

/**
 * Adam: m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², p ← p − lr·m̂ / (√v̂ + eps), m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ) (Kingma, Ba
 * 2015). `weightDecay` is coupled, as in `torch.optim.Adam`: added to the gradient. See {@link adamw}.
 *
 * @throws {XentError} `OPTION` an option's name or value
 * @category Optimisers
 * @example
 * ```ts
 * import { adam, dataset, dense, init, mse } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * const line = dataset({ x: [[-1], [0], [1]], y: [-1.5, 0.5, 2.5] });
 * const { loss } = await model.fit(line, { epochs: 200, optimizer: adam({ lr: 0.1, clipNorm: 1 }) });
 * Math.min(...loss) < 0.01; // → true
 * ```
 */
export function adam(options: AdamOptions = {}): OptimizerSpec {
  return { kind: "adam", ...adamOptions("adam", options), [PARTS]: ADAM };
}

/**
 * Adam with decoupled weight decay: p ← p − lr·weightDecay·p, then Adam's step on the bare gradient (Loshchilov, Hutter 2019;
 * `torch.optim.AdamW`). Default of `weightDecay`: 0.01.
 *
 * @throws {XentError} `OPTION` an option's name or value
 * @category Optimisers
 * @example
 * ```ts
 * import { adamw, crossEntropy, dataset, dense, init, noDecay, relu } from "xent";
 * const xent = await init();
 * const optimizer = adamw({ lr: 0.05, weightDecay: 0.05, groups: [noDecay] });
 * const model = xent.sequential({ input: 1, loss: crossEntropy(), optimizer }, [dense(8), relu(), dense(2)]);
 * await model.fit(dataset({ x: [[-2], [-1], [1], [2]], y: [1, 0, 0, 1] }), { epochs: 100 });
 * model.predictClass([[-2], [0], [2]]); // → [1, 0, 1]
 * ```
 */
export function adamw(options: AdamOptions = {}): OptimizerSpec {
  return { kind: "adamw", weightDecay: 0.01, ...adamOptions("adamw", options), [PARTS]: ADAMW };
}

type Adam = Of<OptimizerSpec, "adam" | "adamw">;

export const ADAM: OptimizerParts<Adam> = { of: "optimizer", make: adam, method: adamMethod, rate: adamRate };
export const ADAMW: OptimizerParts<Adam> = {
  of: "optimizer",
  make: adamw,
  method: adamMethod,
  rate: adamRate,
};

function adamMethod({ kind, betas: [beta1, beta2], eps }: Adam): Method {
  const scalars = [1 - beta1, 1 - beta2, eps];
  return { op: OP_ADAM_STEP, kept: ["mean", "square"], scalars, decoupled: kind === "adamw" };
}

function adamRate({ betas: [beta1, beta2] }: Adam, lr: number, { power1, power2 }: Done, turn: Corrections) {
  const root = Math.sqrt(1 - power2 * beta2);
  turn.correction1 = (lr * root) / (1 - power1 * beta1);
  turn.correction2 = root;
  return lr;
}

function adamOptions(where: string, options: AdamOptions) {
  checkNames(where, options, ["lr", "betas", "eps", ...UPDATE]);
  const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8 } = options;
  if (!Array.isArray(betas) || betas.length !== 2) {
    throw new XentError("OPTION", `${where}: betas are ${show(betas)}`, "Pass two numbers: [0.9, 0.999].");
  }
  return {
    lr: positive(`${where}: lr`, lr),
    betas: betas.map((beta, i) => fraction(`${where}: betas[${i}]`, beta)) as [number, number],
    eps: positive(`${where}: eps`, eps, LEAST_EPS),
    ...updateOptions(where, options),
  };
}

/**
 * RMSprop: v ← α·v + (1 − α)·g², q = g / (√v + eps), p ← p − lr·q (Tieleman, Hinton 2012; `torch.optim.RMSprop`). `centered`: the
 * average of gradients, squared, is taken from v (Graves 2013), not below 0. `momentum`: b ← μ·b + q, p ← p − lr·b.
 *
 * @throws {XentError} `OPTION` an option's name or value
 * @category Optimisers
 * @example
 * ```ts
 * import { dataset, dense, init, mse, rmsprop } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * const line = dataset({ x: [[-1], [0], [1]], y: [-1.5, 0.5, 2.5] });
 * const { loss } = await model.fit(line, { epochs: 400, optimizer: rmsprop({ lr: 0.02, centered: true }) });
 * Math.min(...loss) < 0.01; // → true
 * ```
 */
export function rmsprop(options: RmspropOptions = {}): OptimizerSpec {
  const where = "rmsprop";
  checkNames(where, options, ["lr", "alpha", "eps", "momentum", "centered", ...UPDATE]);
  const { lr = 0.01, alpha = 0.99, eps = 1e-8, momentum = 0, centered = false } = options;
  return {
    kind: where,
    lr: positive(`${where}: lr`, lr),
    alpha: fraction(`${where}: alpha`, alpha),
    eps: positive(`${where}: eps`, eps, LEAST_EPS),
    momentum: fraction(`${where}: momentum`, momentum),
    centered: flag(`${where}: centered`, centered),
    ...updateOptions(where, options),
    [PARTS]: RMSPROP,
  };
}

export const RMSPROP: OptimizerParts<Of<OptimizerSpec, "rmsprop">> = {
  of: "optimizer",
  make: rmsprop,
  method({ alpha, eps, momentum, centered }) {
    const kept = ["square", centered ? "mean" : "", momentum > 0 ? "momentum" : ""];
    return { op: OP_RMSPROP_STEP, kept, scalars: [1 - alpha, eps, momentum] };
  },
};

/**
 * Adagrad: s ← s + g², p ← p − lr·g / (√s + eps) (Duchi, Hazan, Singer 2011; `torch.optim.Adagrad`).
 *
 * @throws {XentError} `OPTION` an option's name or value
 * @category Optimisers
 * @example
 * ```ts
 * import { adagrad, dataset, dense, init, mse } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * const line = dataset({ x: [[-1], [0], [1]], y: [-1.5, 0.5, 2.5] });
 * const { loss } = await model.fit(line, { epochs: 200, optimizer: adagrad({ lr: 0.5 }) });
 * Math.min(...loss) < 0.01; // → true
 * ```
 */
export function adagrad(options: AdagradOptions = {}): OptimizerSpec {
  const where = "adagrad";
  checkNames(where, options, ["lr", "lrDecay", "initialAccumulator", "eps", ...UPDATE]);
  const { lr = 0.01, lrDecay = 0, initialAccumulator = 0, eps = 1e-10 } = options;
  return {
    kind: where,
    lr: positive(`${where}: lr`, lr),
    lrDecay: within(`${where}: lrDecay`, lrDecay, 0),
    initialAccumulator: within(`${where}: initialAccumulator`, initialAccumulator, 0),
    eps: positive(`${where}: eps`, eps, LEAST_EPS),
    ...updateOptions(where, options),
    [PARTS]: ADAGRAD,
  };
}

export const ADAGRAD: OptimizerParts<Of<OptimizerSpec, "adagrad">> = {
  of: "optimizer",
  make: adagrad,
  method: ({ eps, initialAccumulator: initial }) => ({
    op: OP_ADAGRAD_STEP,
    kept: ["sum"],
    initial,
    scalars: [eps],
  }),
  rate: ({ lrDecay }, lr, { steps }) => lr / (1 + steps * lrDecay),
};
