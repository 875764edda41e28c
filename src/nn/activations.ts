// What each activation is made of: its two ops, what its backward needs, its parameter. One lookup by kind,
// exhaustive by the compiler.

import * as abi from "../base/abi.ts";
import type { ActivationSpec } from "../base/spec.ts";

export interface Activation {
  readonly forward: number;
  readonly backward: number;
  /** what the backward pass works from; an activation that saves its output may overwrite its input */
  readonly saves: "output" | "input";
  /** the op's f32 parameters */
  readonly parameters: readonly number[];
}

const fromOutput = (forward: number, backward: number, ...parameters: number[]): Activation => ({
  forward,
  backward,
  saves: "output",
  parameters,
});
const fromInput = (forward: number, backward: number, ...parameters: number[]): Activation => ({
  forward,
  backward,
  saves: "input",
  parameters,
});

type Kinds = {
  readonly [K in ActivationSpec["kind"]]: (spec: Extract<ActivationSpec, { kind: K }>) => Activation;
};

const KINDS: Kinds = {
  relu: () => fromOutput(abi.OP_RELU_FORWARD, abi.OP_RELU_BACKWARD),
  sigmoid: () => fromOutput(abi.OP_SIGMOID_FORWARD, abi.OP_SIGMOID_BACKWARD),
  tanh: () => fromOutput(abi.OP_TANH_FORWARD, abi.OP_TANH_BACKWARD),
  leakyRelu: ({ negativeSlope }) =>
    fromOutput(abi.OP_LEAKY_RELU_FORWARD, abi.OP_LEAKY_RELU_BACKWARD, negativeSlope),
  elu: ({ alpha }) => fromOutput(abi.OP_ELU_FORWARD, abi.OP_ELU_BACKWARD, alpha),
  gelu: ({ approximate }) =>
    approximate === "tanh"
      ? fromInput(abi.OP_GELU_TANH_FORWARD, abi.OP_GELU_TANH_BACKWARD)
      : fromInput(abi.OP_GELU_FORWARD, abi.OP_GELU_BACKWARD),
  silu: () => fromInput(abi.OP_SILU_FORWARD, abi.OP_SILU_BACKWARD),
  softplus: ({ beta }) => fromInput(abi.OP_SOFTPLUS_FORWARD, abi.OP_SOFTPLUS_BACKWARD, beta),
  softmax: () => fromOutput(abi.OP_SOFTMAX_FORWARD, abi.OP_SOFTMAX_BACKWARD),
};

export function activation(spec: ActivationSpec): Activation {
  return (KINDS[spec.kind] as (spec: ActivationSpec) => Activation)(spec);
}
