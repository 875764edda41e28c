// What a user writes to describe a net. Descriptions only; network.ts lowers them to records.

import { integer } from "../base/options.ts";
import type { LayerSpec, LossSpec } from "../base/spec.ts";

/**
 * A fully connected layer, y = x·W + b.
 *
 * Weights and biases start from U(−1/√in, 1/√in), as PyTorch's `Linear` does.
 * @param units  width of the output, at least 1
 * @throws {XentError} `OPTION` if `units` is not a positive integer
 */
export function dense(units: number): LayerSpec {
  return { kind: "dense", units: integer("dense: units", units, 1) };
}

/** y = max(x, 0), elementwise. Right behind a `dense` layer it costs nothing. */
export function relu(): LayerSpec {
  return { kind: "relu" };
}

/** y = 1 / (1 + e^−x), elementwise. */
export function sigmoid(): LayerSpec {
  return { kind: "sigmoid" };
}

/**
 * Softmax cross entropy from logits and class ids, mean over the batch: −ln softmax(z)[target].
 *
 * The gradient, (softmax(z) − onehot(target)) / n, never saturates. `predict` then gives softmax probabilities.
 */
export function crossEntropy(): LossSpec {
  return { kind: "crossEntropy" };
}
