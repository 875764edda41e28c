// Custom losses that tests share: two that the library has too, and one that it has not.

import type { CustomLossSpec, LossRow } from "../../src/base/spec.ts";
import { type CustomLossOptions, customLoss } from "../../src/nn/custom.ts";

type Rest = Partial<CustomLossOptions>;

const at = (row: ArrayLike<number>, j: number): number => row[j] as number;

/** As mse() by `batchmean`. */
export const squares = (rest: Rest = {}): CustomLossSpec =>
  customLoss({
    name: "squares",
    loss(output, target) {
      let sum = 0;
      for (let j = 0; j < output.length; j++) {
        const d = at(output, j) - at(target, j);
        sum += d * d;
      }
      return sum;
    },
    gradient(output, target, gradient) {
      for (let j = 0; j < output.length; j++) gradient[j] = 2 * (at(output, j) - at(target, j));
    },
    ...rest,
  });

export const logCosh = (rest: Rest = {}): CustomLossSpec =>
  customLoss({
    name: "log-cosh",
    loss(output, target) {
      let sum = 0;
      for (let j = 0; j < output.length; j++) sum += Math.log(Math.cosh(at(output, j) - at(target, j)));
      return sum;
    },
    gradient(output, target, gradient) {
      for (let j = 0; j < output.length; j++) gradient[j] = Math.tanh(at(output, j) - at(target, j));
    },
    ...rest,
  });

/** Cross entropy of logits: every output's slope depends on all outputs. */
export const softmaxLoss = (rest: Rest = {}): CustomLossSpec =>
  customLoss({
    name: "softmax",
    loss(output, target) {
      const { top, sum } = exponentials(output);
      let value = 0;
      for (let j = 0; j < output.length; j++) value += at(target, j) * (top + Math.log(sum) - at(output, j));
      return value;
    },
    gradient(output, target, gradient) {
      const { top, sum } = exponentials(output);
      let whole = 0;
      for (let j = 0; j < output.length; j++) whole += at(target, j);
      for (let j = 0; j < output.length; j++) {
        gradient[j] = (whole * Math.exp(at(output, j) - top)) / sum - at(target, j);
      }
    },
    link: "softmax",
    ...rest,
  });

function exponentials(output: LossRow): { top: number; sum: number } {
  let top = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < output.length; j++) top = Math.max(top, at(output, j));
  let sum = 0;
  for (let j = 0; j < output.length; j++) sum += Math.exp(at(output, j) - top);
  return { top, sum };
}
