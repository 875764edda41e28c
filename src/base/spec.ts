// Plain descriptions that several rooms switch on: layers, losses, optimisers, tensors at rest. No behaviour.

/** A layer without parameters that works on every element, or row, alike in training and evaluation. */
export type ActivationSpec =
  | { readonly kind: "relu" }
  | { readonly kind: "sigmoid" }
  | { readonly kind: "tanh" }
  | { readonly kind: "leakyRelu"; readonly negativeSlope: number }
  | { readonly kind: "elu"; readonly alpha: number }
  | { readonly kind: "gelu"; readonly approximate: "none" | "tanh" }
  | { readonly kind: "silu" }
  | { readonly kind: "softplus"; readonly beta: number }
  | { readonly kind: "softmax" };

/** A layer as `dense()`, `relu()` … describe it. The parameters of `frozen` ones are not trained. */
export type LayerSpec =
  | ActivationSpec
  | { readonly kind: "dense"; readonly units: number; readonly bias?: false; readonly frozen?: true }
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

/** Other threads that run their share of programs; all that the rest of the library knows of src/threads. */
export interface Crew {
  /** threads that it is for, the caller's among them */
  readonly size: number;
  /** nanoseconds of work, by `cost`, from which a run is handed to it, and a record is shared among its threads */
  readonly runNs: number;
  readonly recordNs: number;
  /** threads of the next run, the caller's among them: `size`, or 1 while the others are not up or not free */
  readonly threads: number;
  /** why there will be no others */
  readonly failed: string | undefined;
  /** why another thread is no more; known once the event loop had its turn, or the thread could say it itself */
  readonly lost: string | undefined;
  /**
   * Says how much work there is that threads could share, in nanoseconds. Once it adds up the others are started: resolves when
   * they are up, or when it is known that they will not be. Undefined: nothing to wait for.
   */
  want(ns: number): Promise<void> | undefined;
  /** Has the others run records first … last − 1 of a program; the caller runs its share next, as thread 0. */
  hand(memory: WebAssembly.Memory, program: number, hyper: number, first: number, last: number): void;
  /** The run that was handed out is over. */
  done(): void;
  /** The memory is not used any more; without a word, when its object is collected. */
  forget(memory: WebAssembly.Memory): void;
  /** Ends the others, wherever they are. New ones are started when there is work. */
  scrap(): void;
  /** Ends the others for good. */
  end(reason: string): void;
}
