// The layers that nearly every net has, dense and relu, as a user writes them, with what their kinds are made of. A kind that a
// program does not call costs it nothing as long as it stands in another file: activations.ts and norms.ts have the others.

import { OP_RELU_BACKWARD, OP_RELU_FORWARD } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { checkNames, flag, integer } from "../base/options.ts";
import { PARTS } from "../base/parts.ts";
import type { ActivationSpec, InitSpec, LayerSpec } from "../base/spec.ts";
import type { Surroundings } from "./initialize.ts";
import { checkInit, torchDefault, zeros } from "./initializers.ts";
import { dense as lowerDense } from "./lower-dense.ts";
import { holds, type Init, type Shape } from "./params.ts";
import type { LayerParts, Of } from "./parts.ts";
import { pointwise } from "./pointwise.ts";

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
 * @category Layers
 * @example
 * ```ts
 * import { constant, dense, init, ones } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 3 }, [dense(2, { init: ones(), biasInit: constant(0.5) })]);
 * model.logits([[1, 2, 3]]); // → [6.5, 6.5]
 * ```
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
    [PARTS]: DENSE,
  };
}

export const DENSE: LayerParts<Of<LayerSpec, "dense">> = {
  of: "layer",
  make(options: { units: number }, where) {
    const { units, ...rest } = options;
    checkNames(where, options, ["units", "bias", "init", "biasInit"]);
    return dense(integer(`${where}: units`, units, 1), rest);
  },
  contents({ units, bias, init, biasInit }, width, behind) {
    const around: Surroundings = {
      fanIn: width,
      fanOut: units,
      activation: behind?.kind,
      slope: behind?.kind === "leakyRelu" ? behind.negativeSlope : undefined,
    };
    const first = (spec: InitSpec): Init => ({ spec, around });
    const weight: Shape = {
      field: "weight",
      role: "weight",
      rows: width,
      cols: units,
      init: first(init ?? torchDefault()),
    };
    const own = biasInit ?? (init === undefined ? torchDefault() : zeros());
    const shift: Shape = { field: "bias", role: "bias", rows: 1, cols: units, init: first(own) };
    return holds(units, weight, ...(bias === false ? [] : [shift]));
  },
  lowering: lowerDense,
};

/**
 * y = max(x, 0), elementwise. Right behind a `dense` layer it costs nothing.
 * @category Activations
 * @example
 * ```ts
 * import { dense, init, ones, relu } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() }), relu()]);
 * model.logits([[-3], [3]]); // → [0, 3]
 * ```
 */
export function relu(): LayerSpec {
  return { kind: "relu", [PARTS]: RELU };
}

export const RELU: LayerParts<Of<ActivationSpec, "relu">> = {
  of: "layer",
  make: relu,
  lowering: pointwise,
  activation: () => ({
    forward: OP_RELU_FORWARD,
    backward: OP_RELU_BACKWARD,
    saves: "output",
  }),
};
