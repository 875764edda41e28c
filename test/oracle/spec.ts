// What a net is, as plain data: the oracle's own types, equal in structure to those that users of the library write.
// No defaults, no checks. Imports nothing from src/.

export type Reduction = "mean" | "sum" | "batchmean" | "none";

/** A layer that works element by element. */
export type PointwiseSpec =
  | { readonly kind: "relu" | "sigmoid" | "tanh" | "silu" }
  | { readonly kind: "leakyRelu"; readonly negativeSlope: number }
  | { readonly kind: "elu"; readonly alpha: number }
  | { readonly kind: "gelu"; readonly approximate: "none" | "tanh" }
  | { readonly kind: "softplus"; readonly beta: number };

export type LayerSpec =
  | { readonly kind: "dense"; readonly units: number; readonly bias?: false; readonly frozen?: true }
  | { readonly kind: "softmax" }
  | PointwiseSpec
  | { readonly kind: "dropout"; readonly p: number }
  | {
      readonly kind: "batchNorm1d";
      readonly eps: number;
      readonly momentum: number;
      readonly affine: boolean;
      readonly frozen?: true;
    }
  | { readonly kind: "layerNorm"; readonly eps: number; readonly affine: boolean; readonly frozen?: true }
  | { readonly kind: "prelu"; readonly init: number; readonly shared: boolean; readonly frozen?: true }
  | { readonly kind: "residual"; readonly layers: readonly LayerSpec[] };

/** The layer as one that works element by element; for what knows dense layers, softmax and these. */
export function pointwise(layer: LayerSpec): PointwiseSpec {
  switch (layer.kind) {
    case "dense":
    case "softmax":
    case "dropout":
    case "batchNorm1d":
    case "layerNorm":
    case "prelu":
    case "residual":
      throw new Error(`${layer.kind} is not known here`);
    default:
      return layer;
  }
}

export interface CrossEntropySpec {
  readonly kind: "crossEntropy";
  /** a factor for each class */
  readonly weight?: readonly number[];
  /** rows of this class id are left out */
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  readonly reduction: Reduction;
}

export interface BceWithLogitsSpec {
  readonly kind: "bceWithLogits";
  /** a factor for each output's positive term, or one for all */
  readonly posWeight?: number | readonly number[];
  readonly reduction: Reduction;
}

/** A loss of the differences a − y alone. */
export type DistanceSpec =
  | { readonly kind: "quadratic" | "mse" | "mae"; readonly reduction: Reduction }
  | { readonly kind: "huber"; readonly delta: number; readonly reduction: Reduction };

export type LossSpec = CrossEntropySpec | BceWithLogitsSpec | DistanceSpec;

/** One class id a row, or `[rows, outputs]` values: probabilities, labels in [0, 1], or numbers to come near to. */
export type Targets = { readonly ids: ArrayLike<number> } | { readonly values: ArrayLike<number> };
