/**
 * Train small and middle-sized neural nets on the CPU: a SIMD WebAssembly core with a TypeScript host.
 *
 * @module xent
 */

export { XentError, type XentErrorCode } from "./base/errors.ts";
export type { AbortSignalLike, ResponseLike, UrlLike, WasmModule } from "./base/platform.ts";
export type {
  ActivationSpec,
  CustomLossSpec,
  FanMode,
  GainName,
  InitSpec,
  LayerSpec,
  Link,
  LossRow,
  LossSpec,
  OptimizerSpec,
  ParamGroup,
  Reduction,
  RowLoss,
  ScheduleFunction,
  ScheduleSpec,
  ScheduleStep,
  ScheduleUnit,
  StateDict,
  TensorData,
  UpdateOptions,
} from "./base/spec.ts";
export { type Dataset, type DatasetOptions, dataset, type Features } from "./data/dataset.ts";
export { type Finding, type Inspection, inspect } from "./data/doctor.ts";
export type { RawData } from "./data/raw.ts";
export { type Split, type SplitOptions, split } from "./data/split.ts";
export type { Labels, Targets } from "./data/targets.ts";
export type { Region, RegionBytes } from "./memory/plan.ts";
export type { Info } from "./model/choose.ts";
export { type GradCheck, type GradCheckOptions, gradCheck, type TensorCheck } from "./model/gradcheck.ts";
export type { HostedSequential, HostedXent } from "./model/hosted.ts";
export type { SgemmOptions } from "./model/matrices.ts";
export type {
  BatchOptions,
  ConfusionMatrix,
  EvaluateOptions,
  FitOptions,
  LayerOutput,
  LearnOptions,
  ModelPlan,
  SequentialOptions,
  StepsOptions,
  ValidationSplit,
} from "./model/options.ts";
export { hosted, type InitOptions, init, type Xent } from "./model/runtime.ts";
export type { Sequential } from "./model/sequential.ts";
export { elu, gelu, leakyRelu, sigmoid, silu, softmax, softplus, tanh } from "./nn/activations.ts";
export { type CrossEntropyOptions, crossEntropy } from "./nn/cross-entropy.ts";
export { type CustomLossOptions, customLoss } from "./nn/custom.ts";
export { constant, ones, torchDefault, uniform, zeros } from "./nn/initializers.ts";
export { frozen } from "./nn/layer.ts";
export { type DenseOptions, dense, relu } from "./nn/layers.ts";
export { type BceOptions, bceWithLogits, huber, mae, mse, quadratic } from "./nn/losses.ts";
export { batchNorm1d, dropout, layerNorm, prelu, residual } from "./nn/norms.ts";
export {
  byActivation,
  glorotNormal,
  glorotUniform,
  type HeOptions,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  normal,
  truncatedNormal,
} from "./nn/spreads.ts";
export {
  type AdagradOptions,
  type AdamOptions,
  adagrad,
  adam,
  adamw,
  type RmspropOptions,
  rmsprop,
} from "./train/adaptive.ts";
export { type EarlyStoppingOptions, type EarlyStoppingSpec, earlyStopping } from "./train/early.ts";
export type { Evaluation } from "./train/evaluate.ts";
export type { Callback, EpochEnd, History, Progress } from "./train/fit.ts";
export type { MetricName, MetricSeries, MetricValues } from "./train/metrics.ts";
export {
  type CosineOptions,
  cosine,
  exponential,
  linear,
  multiStep,
  type OneCycleOptions,
  oneCycle,
  type PlateauOptions,
  reduceOnPlateau,
  stepDecay,
} from "./train/schedules.ts";
export { type SgdOptions, sgd } from "./train/sgd.ts";
export type { OnNaN, Step } from "./train/steps.ts";
export type { ProfileLine } from "./train/stopwatch.ts";
export { noDecay } from "./train/update-options.ts";
