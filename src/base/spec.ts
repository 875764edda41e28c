// Plain descriptions that several rooms switch on: layers, losses, optimisers, schedules, initial values, tensors at rest. No
// behaviour: what a kind is made of is the business of who makes it (parts.ts).

import type { Described } from "./parts.ts";

/** A layer without parameters that works on every element, or row, alike in training and evaluation. */
export type ActivationSpec = Described &
  (
    | { readonly kind: "relu" }
    | { readonly kind: "sigmoid" }
    | { readonly kind: "tanh" }
    | { readonly kind: "leakyRelu"; readonly negativeSlope: number }
    | { readonly kind: "elu"; readonly alpha: number }
    | { readonly kind: "gelu"; readonly approximate: "none" | "tanh" }
    | { readonly kind: "silu" }
    | { readonly kind: "softplus"; readonly beta: number }
    | { readonly kind: "softmax" }
  );

/** A layer as `dense()`, `relu()` … describe it. The parameters of `frozen` ones are not trained. */
export type LayerSpec =
  | ActivationSpec
  | (Described &
      (
        | {
            readonly kind: "dense";
            readonly units: number;
            readonly bias?: false;
            /** of the weights, and of the biases; PyTorch's default where left out */
            readonly init?: InitSpec;
            readonly biasInit?: InitSpec;
            readonly frozen?: true;
          }
        | { readonly kind: "dropout"; readonly p: number }
        | {
            readonly kind: "batchNorm1d";
            readonly eps: number;
            readonly momentum: number;
            readonly affine: boolean;
            readonly frozen?: true;
          }
        | {
            readonly kind: "layerNorm";
            readonly eps: number;
            readonly affine: boolean;
            readonly frozen?: true;
          }
        | { readonly kind: "prelu"; readonly init: number; readonly shared: boolean; readonly frozen?: true }
        | { readonly kind: "residual"; readonly layers: readonly LayerSpec[] }
      ));

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
export type LossSpec = Described &
  (
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
    | { readonly kind: "huber"; readonly delta: number; readonly reduction: Reduction }
    | CustomLossSpec
  );

/** A loss as `customLoss()` describes it. */
export interface CustomLossSpec extends RowLoss, Described {
  readonly kind: "custom";
  readonly reduction: Reduction;
  readonly link: Link;
}

/** What turns the outputs of a custom loss into what `predict` gives: probabilities of classes, of each output, or nothing. */
export type Link = "none" | "softmax" | "sigmoid";

/** One number an output: f32 in training, f64 where `gradCheck` asks. */
export type LossRow = Float32Array | Float64Array;

/** A loss of one row of outputs against its row of targets, in JavaScript. */
export interface RowLoss {
  /** for messages, and for those who print a program */
  readonly name: string;
  /** the loss of the row, summed over its outputs */
  readonly loss: (output: LossRow, target: LossRow) => number;
  /** writes ∂ loss / ∂ output into `gradient`, which is all 0 before */
  readonly gradient: (output: LossRow, target: LossRow, gradient: LossRow) => void;
}

/**
 * Some of the parameters, which an optimiser treats in their own way; what is left out is as the optimiser has it. A parameter
 * belongs to the first group that names both its role and its layer; a list that is left out names all.
 */
export interface ParamGroup {
  /** matrices; vectors of bias; scales and shifts of normalisation; slopes of activations */
  readonly roles?: readonly ("weight" | "bias" | "norm" | "slope")[];
  /** positions of layers as they stand in the names of parameters, such as `"0"`; `"3"` names the layers of block 3 too */
  readonly layers?: readonly string[];
  /** multiplies the learning rate; at least 0, default 1. With 0 the parameters stay as they are */
  readonly lrScale?: number;
  readonly weightDecay?: number;
  readonly l1?: number;
}

/** What a schedule counts in: training steps, or epochs, so that all steps of an epoch have one learning rate. */
export type ScheduleUnit = "step" | "epoch";

/** A learning rate over a run, as `stepDecay()`, `cosine()` … describe it, or any function. */
export type ScheduleSpec =
  | {
      readonly kind: "stepDecay";
      readonly every: number;
      readonly gamma: number;
      readonly per: ScheduleUnit;
    }
  | {
      readonly kind: "multiStep";
      readonly milestones: readonly number[];
      readonly gamma: number;
      readonly per: ScheduleUnit;
    }
  | { readonly kind: "exponential"; readonly gamma: number; readonly per: ScheduleUnit }
  | {
      readonly kind: "cosine";
      readonly warmup: number;
      readonly startFactor: number;
      readonly min: number;
      readonly per: ScheduleUnit;
    }
  | {
      readonly kind: "oneCycle";
      /** the optimiser's lr where it is missing */
      readonly max?: number;
      readonly pctStart: number;
      readonly divFactor: number;
      readonly finalDivFactor: number;
      readonly anneal: "cosine" | "linear";
    }
  | {
      readonly kind: "linear";
      readonly from: number;
      readonly to: number;
      /** the whole run where it is missing */
      readonly over?: number;
      readonly per: ScheduleUnit;
    }
  | {
      readonly kind: "reduceOnPlateau";
      readonly factor: number;
      readonly patience: number;
      readonly threshold: number;
      readonly thresholdMode: "rel" | "abs";
      readonly mode: "min" | "max";
      readonly cooldown: number;
      readonly min: number;
      readonly eps: number;
      /** the validation's loss, or the training's where nothing is validated, where it is missing */
      readonly monitor?: string;
    }
  | ScheduleFunction;

/** A schedule of one's own: gives the learning rate of a step, finite and at least 0. */
export type ScheduleFunction = (at: ScheduleStep) => number;

/** Where a run stands, for a {@link ScheduleFunction}. */
export interface ScheduleStep {
  /** counted from 0 over the whole run */
  readonly step: number;
  /** counted from 0 */
  readonly epoch: number;
  /** of the whole run */
  readonly steps: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** the optimiser's */
  readonly lr: number;
}

/** Whose number of neighbours `heNormal` and `heUniform` keep the spread by: forwards or backwards through the layer. */
export type FanMode = "fanIn" | "fanOut";

/** Activations with a gain of their own in PyTorch's `calculate_gain`. */
export type GainName = "linear" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

/** Initial values of a parameter, as `heNormal()`, `uniform()` … describe them. */
export type InitSpec = Described &
  (
    | { readonly kind: "torchDefault" }
    | {
        readonly kind: "heNormal" | "heUniform";
        readonly mode: FanMode;
        /** the one behind the layer where it is missing */
        readonly activation?: GainName;
        readonly negativeSlope?: number;
      }
    | { readonly kind: "glorotNormal" | "glorotUniform"; readonly gain: number }
    | { readonly kind: "lecunNormal" | "lecunUniform" }
    | { readonly kind: "normal"; readonly mean: number; readonly std: number }
    | { readonly kind: "uniform"; readonly low: number; readonly high: number }
    | {
        readonly kind: "truncatedNormal";
        readonly mean: number;
        readonly std: number;
        readonly low: number;
        readonly high: number;
      }
    | { readonly kind: "constant"; readonly value: number }
    | { readonly kind: "byActivation" }
  );

/** What every optimiser takes beside its own options. */
export interface UpdateOptions {
  /** λ, at least 0: λ·p is added to the gradient, which is L2 regularisation; of AdamW: see there */
  readonly weightDecay?: number;
  /** at least 0: l1·sign(p) is added to the gradient, which is L1 regularisation */
  readonly l1?: number;
  /** above 0: gradients are multiplied by min(1, clipNorm / (norm + 10⁻⁶)), norm that of all of them together (Pascanu et al. 2013) */
  readonly clipNorm?: number;
  /** above 0: each element of a gradient is held to ±clipValue */
  readonly clipValue?: number;
  readonly groups?: readonly ParamGroup[];
  /** the learning rate over a run of `fit` or `steps`; trainOnBatch has the rate as it is */
  readonly schedule?: ScheduleSpec;
}

/** An optimiser as `sgd()`, `adam()` … describe it. */
export type OptimizerSpec = Described &
  UpdateOptions &
  (
    | {
        readonly kind: "sgd";
        readonly lr: number;
        readonly momentum?: number;
        readonly dampening?: number;
        readonly nesterov?: boolean;
      }
    | {
        readonly kind: "adam" | "adamw";
        readonly lr: number;
        readonly betas: readonly [number, number];
        readonly eps: number;
      }
    | {
        readonly kind: "rmsprop";
        readonly lr: number;
        readonly alpha: number;
        readonly eps: number;
        readonly momentum: number;
        readonly centered: boolean;
      }
    | {
        readonly kind: "adagrad";
        readonly lr: number;
        readonly lrDecay: number;
        readonly initialAccumulator: number;
        readonly eps: number;
      }
  );

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

/** A column of numbers that becomes one feature: (value − center) · scale + offset. */
export interface NumberColumn {
  readonly kind: "number";
  readonly name: string;
  readonly center: number;
  readonly scale: number;
  readonly offset: number;
  /** stands for a missing value, which is refused where this is left out */
  readonly fill?: number;
}

/**
 * A column of categories: `oneHot` becomes a feature each, 1 for the row's own and else 0; `ids` becomes one feature, the
 * category's place in the list.
 */
export interface CategoryColumn {
  readonly kind: "oneHot" | "ids";
  readonly name: string;
  readonly categories: readonly string[];
  /** stands for a missing value, which is refused where this is left out */
  readonly fill?: string;
  /** what is done with a category that is not in the list: an error, or all zeros (`oneHot` alone) */
  readonly unknown: "error" | "zeros";
}

/** How a column of raw rows becomes features. */
export type ColumnSpec = NumberColumn | CategoryColumn;

/** What is learnt: the class of a row, by its name; or numbers, which are scaled for training and scaled back by `predict`. */
export type TargetSpec =
  | { readonly kind: "classes"; readonly name: string; readonly classes: readonly string[] }
  | { readonly kind: "numbers"; readonly columns: readonly NumberColumn[] };

/** How raw rows become features, and what is learnt of them: fitted on training rows, and kept in the model. */
export interface PreprocessingSpec {
  /** in the order of their features */
  readonly columns: readonly ColumnSpec[];
  readonly target?: TargetSpec;
  /** data sets leave out rows in which a value is missing, instead of refusing them */
  readonly drop?: true;
}
