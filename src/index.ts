/**
 * Train small and middle-sized neural nets on the CPU: a SIMD WebAssembly core with a TypeScript host.
 *
 * @module xent
 */

export { XentError, type XentErrorCode } from "./base/errors.ts";
export type { LayerSpec, LossSpec, OptimizerSpec, StateDict, TensorData } from "./base/spec.ts";
export { type Dataset, type DatasetOptions, dataset, type Features, type Labels } from "./data/dataset.ts";
export type { Region, RegionBytes } from "./memory/plan.ts";
export type {
  ConfusionMatrix,
  EvaluateOptions,
  FitOptions,
  LearnOptions,
  ModelPlan,
  SequentialOptions,
  StepsOptions,
} from "./model/options.ts";
export { type Info, type InitOptions, init, type Xent } from "./model/runtime.ts";
export type { Sequential } from "./model/sequential.ts";
export { crossEntropy, dense, relu, sigmoid } from "./nn/layers.ts";
export type { Evaluation } from "./train/evaluate.ts";
export type { Callback, EpochEnd, History, Progress } from "./train/fit.ts";
export { sgd } from "./train/sgd.ts";
export type { Step } from "./train/steps.ts";
