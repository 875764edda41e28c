// The layers as a user writes them: dense and activations; norms.ts has the others. Descriptions only; lower.ts makes records
// of them.

import { XentError } from "../base/errors.ts";
import { checkNames, flag, integer, positive, show } from "../base/options.ts";
import type { InitSpec, LayerSpec } from "../base/spec.ts";
import { checkInit } from "./initializers.ts";

/** Options of `dense`. */
export interface DenseOptions {
  /** whether there is a b; default true. A norm right behind the layer makes it useless */
  bias?: boolean;
  /** first values of the weights, such as `heNormal()`; default `torchDefault()`, U(−1/√in, 1/√in) as PyTorch's `Linear` has it */
  init?: InitSpec;
  /** first values of the biases; default U(−1/√in, 1/√in) too, but 0 where `init` is given */
  biasInit?: InitSpec;
}

/**
 * A fully connected layer, y = x·W + b.
 *
 * @param units  width of the output, at least 1
 * @throws {XentError} `OPTION` `units` is not a positive integer, or an option's name or value
 */
export function dense(units: number, options: DenseOptions = {}): LayerSpec {
  integer("dense: units", units, 1);
  checkNames("dense", options, ["bias", "init", "biasInit"]);
  const bias = flag("dense: bias", options.bias ?? true);
  const init = checkInit("dense: init", options.init);
  const biasInit = checkInit("dense: biasInit", options.biasInit);
  if (!bias && biasInit !== undefined) {
    throw new XentError("OPTION", "dense: biasInit is given, and bias is false", "Leave one of the two out.");
  }
  return {
    kind: "dense",
    units,
    ...(bias ? {} : { bias }),
    ...(init && { init }),
    ...(biasInit && { biasInit }),
  };
}

/** y = max(x, 0), elementwise. Right behind a `dense` layer it costs nothing. */
export function relu(): LayerSpec {
  return { kind: "relu" };
}

/** y = 1 / (1 + e^−x), elementwise. */
export function sigmoid(): LayerSpec {
  return { kind: "sigmoid" };
}

/** y = tanh x, elementwise. */
export function tanh(): LayerSpec {
  return { kind: "tanh" };
}

/**
 * y = x above 0, negativeSlope·x below, elementwise.
 * @param options.negativeSlope  at least 0, default 0.01
 * @throws {XentError} `OPTION`
 */
export function leakyRelu(options: { negativeSlope?: number } = {}): LayerSpec {
  checkNames("leakyRelu", options, ["negativeSlope"]);
  const { negativeSlope = 0.01 } = options;
  if (
    typeof negativeSlope === "number" &&
    negativeSlope >= 0 &&
    Number.isFinite(Math.fround(negativeSlope))
  ) {
    return { kind: "leakyRelu", negativeSlope };
  }
  throw new XentError(
    "OPTION",
    `leakyRelu: negativeSlope is ${show(negativeSlope)}, expected a finite number of at least 0`,
    "0.01 is usual.",
  );
}

/**
 * y = x above 0, α·(e^x − 1) below, elementwise.
 * @param options.alpha  above 0, default 1
 * @throws {XentError} `OPTION`
 */
export function elu(options: { alpha?: number } = {}): LayerSpec {
  checkNames("elu", options, ["alpha"]);
  const { alpha = 1 } = options;
  return { kind: "elu", alpha: positive("elu: alpha", alpha) };
}

/**
 * y = x·Φ(x), Φ being the normal distribution function, elementwise.
 * @param options.approximate  `"none"` (default): Φ by the error function; `"tanh"`: its usual approximation,
 *                             ½·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
 * @throws {XentError} `OPTION`
 */
export function gelu(options: { approximate?: "none" | "tanh" } = {}): LayerSpec {
  checkNames("gelu", options, ["approximate"]);
  const { approximate = "none" } = options;
  if (approximate === "none" || approximate === "tanh") return { kind: "gelu", approximate };
  throw new XentError("OPTION", `gelu: approximate is ${show(approximate)}`, 'Known: "none", "tanh".');
}

/** y = x·σ(x), elementwise; also called swish. */
export function silu(): LayerSpec {
  return { kind: "silu" };
}

/**
 * y = ln(1 + e^(βx)) / β, elementwise, at any size of x: there is no threshold.
 * @param options.beta  above 0, default 1
 * @throws {XentError} `OPTION`
 */
export function softplus(options: { beta?: number } = {}): LayerSpec {
  checkNames("softplus", options, ["beta"]);
  const { beta = 1 } = options;
  return { kind: "softplus", beta: positive("softplus: beta", beta) };
}

/**
 * y_j = e^x_j / Σ_k e^x_k over the outputs of a row. For `quadratic` and `mse`, or between layers: `crossEntropy` takes
 * logits and has a softmax of its own.
 */
export function softmax(): LayerSpec {
  return { kind: "softmax" };
}
