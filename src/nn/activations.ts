// The activations but relu as a user writes them, each with what its kind is made of; pointwise.ts makes records of them.

import * as abi from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { checkNames, positive, show } from "../base/options.ts";
import { PARTS } from "../base/parts.ts";
import type { ActivationSpec, LayerSpec } from "../base/spec.ts";
import type { LayerParts, Of } from "./parts.ts";
import { pointwise } from "./pointwise.ts";

type Pointwise<K extends ActivationSpec["kind"]> = LayerParts<Of<ActivationSpec, K>>;

/**
 * y = 1 / (1 + e^−x), elementwise.
 * @category Activations
 * @example
 * ```ts
 * import { dense, init, ones, sigmoid } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() }), sigmoid()]);
 * const y = model.logits([[-2], [0], [2]]);
 * Array.from(y, (v) => v.toFixed(2)); // → ["0.12", "0.50", "0.88"]
 * ```
 */
export function sigmoid(): LayerSpec {
  return { kind: "sigmoid", [PARTS]: SIGMOID };
}

export const SIGMOID: Pointwise<"sigmoid"> = {
  of: "layer",
  make: sigmoid,
  lowering: pointwise,
  activation: () => ({
    forward: abi.OP_SIGMOID_FORWARD,
    backward: abi.OP_SIGMOID_BACKWARD,
    saves: "output",
  }),
};

/**
 * y = tanh x, elementwise.
 * @category Activations
 * @example
 * ```ts
 * import { dense, init, ones, tanh } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() }), tanh()]);
 * const y = model.logits([[-1], [1]]);
 * Array.from(y, (v) => v.toFixed(2)); // → ["-0.76", "0.76"]
 * ```
 */
export function tanh(): LayerSpec {
  return { kind: "tanh", [PARTS]: TANH };
}

export const TANH: Pointwise<"tanh"> = {
  of: "layer",
  make: tanh,
  lowering: pointwise,
  activation: () => ({
    forward: abi.OP_TANH_FORWARD,
    backward: abi.OP_TANH_BACKWARD,
    saves: "output",
  }),
};

/**
 * y = x above 0, negativeSlope·x below, elementwise.
 * @param options.negativeSlope  at least 0, default 0.01
 * @throws {XentError} `OPTION`
 * @category Activations
 * @example
 * ```ts
 * import { dense, init, leakyRelu, ones } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() }), leakyRelu({ negativeSlope: 0.25 })]);
 * model.logits([[-4], [4]]); // → [-1, 4]
 * ```
 */
export function leakyRelu(options: { negativeSlope?: number } = {}): LayerSpec {
  checkNames("leakyRelu", options, ["negativeSlope"]);
  const { negativeSlope = 0.01 } = options;
  if (
    typeof negativeSlope === "number" &&
    negativeSlope >= 0 &&
    Number.isFinite(Math.fround(negativeSlope))
  ) {
    return { kind: "leakyRelu", negativeSlope, [PARTS]: LEAKY_RELU };
  }
  throw new XentError(
    "OPTION",
    `leakyRelu: negativeSlope is ${show(negativeSlope)}, expected a finite number of at least 0`,
    "0.01 is usual.",
  );
}

export const LEAKY_RELU: Pointwise<"leakyRelu"> = {
  of: "layer",
  make: leakyRelu,
  lowering: pointwise,
  activation: ({ negativeSlope }) => ({
    forward: abi.OP_LEAKY_RELU_FORWARD,
    backward: abi.OP_LEAKY_RELU_BACKWARD,
    saves: "output",
    parameters: [negativeSlope],
  }),
};

/**
 * y = x above 0, α·(e^x − 1) below, elementwise.
 * @param options.alpha  above 0, default 1
 * @throws {XentError} `OPTION`
 * @category Activations
 * @example
 * ```ts
 * import { dense, elu, init, ones } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() }), elu()]);
 * const y = model.logits([[-1], [2]]);
 * Array.from(y, (v) => v.toFixed(2)); // → ["-0.63", "2.00"]
 * ```
 */
export function elu(options: { alpha?: number } = {}): LayerSpec {
  checkNames("elu", options, ["alpha"]);
  const { alpha = 1 } = options;
  return { kind: "elu", alpha: positive("elu: alpha", alpha), [PARTS]: ELU };
}

export const ELU: Pointwise<"elu"> = {
  of: "layer",
  make: elu,
  lowering: pointwise,
  activation: ({ alpha }) => ({
    forward: abi.OP_ELU_FORWARD,
    backward: abi.OP_ELU_BACKWARD,
    saves: "output",
    parameters: [alpha],
  }),
};

/**
 * y = x·Φ(x), Φ being the normal distribution function, elementwise.
 * @param options.approximate  `"none"` (default): Φ by the error function; `"tanh"`: its usual approximation,
 *                             ½·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
 * @throws {XentError} `OPTION`
 * @category Activations
 * @example
 * ```ts
 * import { dense, gelu, init, ones } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() }), gelu({ approximate: "tanh" })]);
 * const y = model.logits([[-1], [1]]);
 * Array.from(y, (v) => v.toFixed(2)); // → ["-0.16", "0.84"]
 * ```
 */
export function gelu(options: { approximate?: "none" | "tanh" } = {}): LayerSpec {
  checkNames("gelu", options, ["approximate"]);
  const { approximate = "none" } = options;
  if (approximate === "none" || approximate === "tanh") return { kind: "gelu", approximate, [PARTS]: GELU };
  throw new XentError("OPTION", `gelu: approximate is ${show(approximate)}`, 'Known: "none", "tanh".');
}

export const GELU: Pointwise<"gelu"> = {
  of: "layer",
  make: gelu,
  lowering: pointwise,
  activation: ({ approximate }) =>
    approximate === "tanh"
      ? { forward: abi.OP_GELU_TANH_FORWARD, backward: abi.OP_GELU_TANH_BACKWARD, saves: "input" }
      : { forward: abi.OP_GELU_FORWARD, backward: abi.OP_GELU_BACKWARD, saves: "input" },
};

/**
 * y = x·σ(x), elementwise; also called swish.
 * @category Activations
 * @example
 * ```ts
 * import { dense, init, ones, silu } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() }), silu()]);
 * const y = model.logits([[-1], [1]]);
 * Array.from(y, (v) => v.toFixed(2)); // → ["-0.27", "0.73"]
 * ```
 */
export function silu(): LayerSpec {
  return { kind: "silu", [PARTS]: SILU };
}

export const SILU: Pointwise<"silu"> = {
  of: "layer",
  make: silu,
  lowering: pointwise,
  activation: () => ({
    forward: abi.OP_SILU_FORWARD,
    backward: abi.OP_SILU_BACKWARD,
    saves: "input",
  }),
};

/**
 * y = ln(1 + e^(βx)) / β, elementwise, at any size of x: there is no threshold.
 * @param options.beta  above 0, default 1
 * @throws {XentError} `OPTION`
 * @category Activations
 * @example
 * ```ts
 * import { dense, init, ones, softplus } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() }), softplus()]);
 * const y = model.logits([[0], [10]]);
 * Array.from(y, (v) => v.toFixed(2)); // → ["0.69", "10.00"]
 * ```
 */
export function softplus(options: { beta?: number } = {}): LayerSpec {
  checkNames("softplus", options, ["beta"]);
  const { beta = 1 } = options;
  return { kind: "softplus", beta: positive("softplus: beta", beta), [PARTS]: SOFTPLUS };
}

export const SOFTPLUS: Pointwise<"softplus"> = {
  of: "layer",
  make: softplus,
  lowering: pointwise,
  activation: ({ beta }) => ({
    forward: abi.OP_SOFTPLUS_FORWARD,
    backward: abi.OP_SOFTPLUS_BACKWARD,
    saves: "input",
    parameters: [beta],
  }),
};

/**
 * y_j = e^x_j / Σ_k e^x_k over the outputs of a row. For `quadratic` and `mse`, or between layers: `crossEntropy` takes
 * logits and has a softmax of its own.
 * @category Activations
 * @example
 * ```ts
 * import { dense, init, mse, softmax } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 2, loss: mse() }, [dense(2, { bias: false }), softmax()]);
 * model.loadStateDict({ "0.weight": { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) } });
 * const p = model.predict([[Math.log(3), 0]]);
 * Array.from(p, (v) => v.toFixed(2)); // → ["0.75", "0.25"]
 * ```
 */
export function softmax(): LayerSpec {
  return { kind: "softmax", [PARTS]: SOFTMAX };
}

export const SOFTMAX: Pointwise<"softmax"> = {
  of: "layer",
  make: softmax,
  lowering: pointwise,
  activation: () => ({
    forward: abi.OP_SOFTMAX_FORWARD,
    backward: abi.OP_SOFTMAX_BACKWARD,
    saves: "output",
  }),
};
