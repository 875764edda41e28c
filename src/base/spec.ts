// Plain descriptions that several rooms switch on: layers, losses, optimisers, tensors at rest. No behaviour.

/** A layer as `dense()`, `relu()` … describe it. */
export type LayerSpec =
  | { readonly kind: "dense"; readonly units: number }
  | { readonly kind: "relu" }
  | { readonly kind: "sigmoid" };

/** A loss as `crossEntropy()` describes it. It takes logits. */
export interface LossSpec {
  readonly kind: "crossEntropy";
}

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
