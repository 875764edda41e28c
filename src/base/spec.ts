// Plain descriptions that several rooms switch on: layers, losses, optimisers, tensors at rest. No behaviour.

/** A layer as `dense()`, `relu()` … describe it. */
export type LayerSpec =
  | { readonly kind: "dense"; readonly units: number }
  | { readonly kind: "relu" }
  | { readonly kind: "sigmoid" }
  | { readonly kind: "tanh" }
  | { readonly kind: "leakyRelu"; readonly negativeSlope: number }
  | { readonly kind: "elu"; readonly alpha: number }
  | { readonly kind: "gelu"; readonly approximate: "none" | "tanh" }
  | { readonly kind: "silu" }
  | { readonly kind: "softplus"; readonly beta: number }
  | { readonly kind: "softmax" };

/** A layer without parameters. */
export type ActivationSpec = Exclude<LayerSpec, { kind: "dense" }>;

/**
 * How the losses of rows become one number.
 *
 * - `mean` over all elements (cross entropy of class ids: over the summed class weights, as PyTorch does)
 * - `batchmean` sum over the outputs, mean over the rows
 * - `sum` over everything
 * - `none` a loss a row; for `evaluate` alone
 */
export type Reduction = "mean" | "batchmean" | "sum" | "none";

/** A loss as `crossEntropy()`, `mse()` … describe it. The first two take logits. */
export type LossSpec =
  | {
      readonly kind: "crossEntropy";
      /** one a class */
      readonly weight?: readonly number[];
      readonly ignoreIndex: number;
      readonly labelSmoothing: number;
      readonly reduction: Reduction;
    }
  | {
      readonly kind: "bceWithLogits";
      /** one an output, or one for all */
      readonly posWeight?: number | readonly number[];
      readonly reduction: Reduction;
    }
  | { readonly kind: "quadratic"; readonly reduction: Reduction }
  | { readonly kind: "mse"; readonly reduction: Reduction }
  | { readonly kind: "mae"; readonly reduction: Reduction }
  | { readonly kind: "huber"; readonly delta: number; readonly reduction: Reduction };

/** An optimiser as `sgd()` describes it. */
export interface OptimizerSpec {
  readonly kind: "sgd";
  readonly lr: number;
}

/** A tensor at rest: row-major, unpadded. */
export interface TensorData {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Every parameter by name, in PyTorch's names and layout: `"0.weight"` is `[out, in]`, `"0.bias"` is `[out]`. */
export type StateDict = Record<string, TensorData>;

/** How u8 features become numbers: x·scale + shift. */
export interface Scaling {
  readonly scale: number;
  readonly shift: number;
}
