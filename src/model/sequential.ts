// The model a user holds: checks what comes in, and drives the network underneath.

import { XentError } from "../base/errors.ts";
import { checkNames, integer, show } from "../base/options.ts";
import type { LayerSpec, LossSpec, OptimizerSpec, Scaling, StateDict } from "../base/spec.ts";
import {
  type Dataset,
  type Features,
  isDataset,
  type Labels,
  toFeatures,
  toLabels,
} from "../data/dataset.ts";
import type { TrainConfig } from "../nn/layout.ts";
import { Network } from "../nn/network.ts";
import { classes, confusion, type Evaluation, evaluate, outputs } from "../train/evaluate.ts";
import { asyncSteps, fitNetwork, type History } from "../train/fit.ts";
import { emitSgd } from "../train/sgd.ts";
import { carefulStep, type Step, type StepOptions } from "../train/steps.ts";
import { windowRows } from "../train/window.ts";
import type { Core } from "../wasm/runtime.ts";
import {
  type ConfusionMatrix,
  checkCallbacks,
  checkLayers,
  checkLoss,
  checkMetrics,
  checkOptimizer,
  checkRange,
  checkShuffle,
  checkSignal,
  type EvaluateOptions,
  FIT,
  type FitOptions,
  LEARN,
  type LearnOptions,
  type ModelPlan,
  refuseLabel,
  type SequentialOptions,
  STEPS,
  type StepsOptions,
} from "./options.ts";

/**
 * Layers one after another, with memory of their own. Made by `xent.sequential`.
 *
 * Models end in logits: `crossEntropy` takes them as they are, `predict` turns them into probabilities.
 */
export class Sequential {
  readonly #network: Network;
  #optimizer: OptimizerSpec | undefined;
  #busy = false;
  #epochs = 0;

  /** @internal */
  constructor(core: Core, options: SequentialOptions, layers: readonly LayerSpec[]) {
    checkNames("sequential", options, ["input", "seed", "loss", "optimizer"]);
    const input = integer("sequential: input", options.input, 1);
    const seed = integer("sequential: seed", options.seed ?? 0, 0, 2 ** 32 - 1);
    this.#network = new Network(core, input, checkLayers(layers), seed);
    this.#network.remember(checkLoss("sequential", options.loss), undefined);
    this.#optimizer = checkOptimizer("sequential", options.optimizer);
  }

  /** Number of features of a row. */
  get input(): number {
    return this.#network.input;
  }

  /** Number of outputs: the classes of a classifier. */
  get outputs(): number {
    return this.#network.outputs;
  }

  /**
   * Memory and work of a training step, computed before anything is allocated.
   *
   * @param options.batchSize  rows a step
   * @param options.rows       rows of the data set, default `batchSize`
   * @param options.features   type of the data set's features: `"f32"` (default) or `"u8"`
   * @throws {XentError} `OPTION`, `TOO_LARGE` (over 4 GiB)
   */
  plan(options: { batchSize: number; rows?: number; features?: "f32" | "u8" }): ModelPlan {
    this.#alive("plan");
    checkNames("plan", options, ["batchSize", "rows", "features"]);
    const batchSize = integer("plan: batchSize", options.batchSize, 1);
    const rows = integer("plan: rows", options.rows ?? batchSize, 1);
    const features = options.features ?? "f32";
    if (features !== "f32" && features !== "u8") {
      throw new XentError("OPTION", `plan: features is ${show(features)}`, 'Known: "f32", "u8".');
    }
    const loss = this.#network.loss ?? { kind: "crossEntropy" };
    const optimizer = this.#optimizer ?? { kind: "sgd", lr: 0 };
    const x = features === "u8" ? Uint8Array : Float32Array;
    const most = Math.min(batchSize, rows);
    return this.#network.plan(
      {
        batchSize: most,
        windowRows: windowRows({ rows, features: this.input, x }, most),
        features,
        loss,
        optimizer,
      },
      emitSgd,
    );
  }

  /**
   * Trains on a data set.
   *
   * Yields to the event loop every 50 ms (8 ms on a page). The same seed, data and options give the same weights,
   * bit for bit. An abort ends the run between two steps and keeps the weights.
   *
   * @returns a number an epoch for the loss and each metric, and how the run ended
   * @throws {XentError}
   * - `SHAPE` the data's features are not the model's; `LABEL` a class id is not below `outputs`
   * - `OPTION` an option's name or value; `NO_LOSS` no loss is known
   * - `BUSY` the model is training already; `DISPOSED`
   * - `DIVERGED` the loss became NaN or infinite; the weights are those of at most 256 steps before
   * - `TOO_LARGE`, `MEMORY` the plan does not fit
   */
  async fit(data: Dataset, options: FitOptions = {}): Promise<History> {
    this.#idle("fit");
    checkNames("fit", options, FIT);
    const metrics = checkMetrics("fit", options.metrics ?? []);
    const callbacks = checkCallbacks("fit", options.callbacks ?? []);
    const validation = options.validation;
    if (validation !== undefined) this.#checkData("fit: validation", validation);
    const { session, config } = this.#prepare("fit", data, options, validation);
    const signal = options.signal;
    return this.#exclusively(async () => {
      const history = await fitNetwork(this.#network, session, data, {
        ...config,
        validation,
        metrics,
        callbacks,
        signal,
      });
      this.#epochs += history.epochs;
      return history;
    });
  }

  /**
   * The steps of a training run, one by one; each is done when it is asked for. Breaking out of the loop ends it.
   *
   * ```ts
   * for await (const step of model.steps(train, { epochs: 2 })) console.log(step.loss);
   * ```
   * @throws {XentError} as `fit`
   */
  async *steps(data: Dataset, options: StepsOptions = {}): AsyncGenerator<Step, void> {
    this.#idle("steps");
    checkNames("steps", options, STEPS);
    const { session, config } = this.#prepare("steps", data, options);
    this.#busy = true;
    try {
      for await (const step of asyncSteps(this.#network, session, data, config, options.signal)) {
        if (step.last) this.#epochs++;
        yield step;
      }
    } finally {
      this.#busy = false;
    }
  }

  /**
   * One training step on the given rows, in their order.
   *
   * @param x  `[rows · input]` f32 or u8 (scaled as in the last data set of bytes, else by 1/255), or an array of rows
   * @param y  `[rows]` class ids
   * @returns loss and accuracy of these rows before the step
   * @throws {XentError} as `fit`, and `NOT_FINITE` (row and column named)
   */
  async trainOnBatch(x: Features, y: Labels, options: LearnOptions = {}): Promise<Evaluation> {
    this.#idle("trainOnBatch");
    checkNames("trainOnBatch", options, LEARN);
    const features = toFeatures("trainOnBatch", x, this.#network.input);
    const labels = toLabels("trainOnBatch", y, features.rows);
    checkRange("trainOnBatch", labels, this.#network.outputs);
    const { loss, optimizer } = this.#learn("trainOnBatch", options);
    const rows = features.rows;
    const bytes = features.x instanceof Uint8Array;
    const config: TrainConfig = {
      batchSize: rows,
      windowRows: rows,
      features: bytes ? "u8" : "f32",
      loss,
      optimizer,
    };
    const session = this.#network.train(config, emitSgd);
    const { program, order } = session;
    session.x.set(features.x);
    session.labels.set(labels);
    for (let i = 0; i < rows; i++) order[i] = i;
    program.set(rows, 0, optimizer.lr);
    carefulStep(this.#network, session, 0, `trainOnBatch, lr ${optimizer.lr}`);
    return { loss: program.lossSum / rows, accuracy: program.hits / rows };
  }

  /**
   * Mean loss and accuracy over a data set.
   *
   * @throws {XentError} `SHAPE`, `LABEL`, `OPTION`, `NO_LOSS`, `BUSY` (a `fit` is running), `DISPOSED`
   */
  async evaluate(data: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
    this.#idle("evaluate");
    checkNames("evaluate", options, ["loss", "signal"]);
    checkSignal("evaluate", options.signal);
    this.#checkData("evaluate", data);
    this.#network.remember(this.#loss("evaluate", options.loss), scalingOf(data));
    return this.#exclusively(() => evaluate(this.#network, data, options.signal));
  }

  /**
   * How often each class was taken for each.
   *
   * @throws {XentError} `SHAPE`, `LABEL`, `OPTION`, `BUSY`, `DISPOSED`
   */
  async confusionMatrix(
    data: Dataset,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<ConfusionMatrix> {
    this.#idle("confusionMatrix");
    checkNames("confusionMatrix", options, ["signal"]);
    checkSignal("confusionMatrix", options.signal);
    this.#checkData("confusionMatrix", data);
    this.#network.remember(undefined, scalingOf(data));
    const counts = await this.#exclusively(() => confusion(this.#network, data, options.signal));
    return { labels: counts.map((_, i) => i), counts };
  }

  /**
   * The probabilities that the loss implies: softmax of the logits for `crossEntropy`.
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows
   * @returns `[rows · outputs]`
   * @throws {XentError} `NO_LOSS` no loss is known (use `logits`); `SHAPE`, `NOT_FINITE`, `EMPTY`, `DISPOSED`
   */
  predict(x: Features): Float32Array {
    this.#alive("predict");
    const features = toFeatures("predict", x, this.#network.input);
    this.#loss("predict", undefined);
    return outputs(this.#network, features.x, features.rows, "probabilities");
  }

  /**
   * The class of each row: its largest output; with one output, 1 where its logit is above 0.
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows
   * @returns `[rows]`
   * @throws {XentError} `SHAPE`, `NOT_FINITE`, `EMPTY`, `DISPOSED`
   */
  predictClass(x: Features): Int32Array {
    this.#alive("predictClass");
    const features = toFeatures("predictClass", x, this.#network.input);
    return classes(this.#network, features.x, features.rows);
  }

  /**
   * The outputs of the last layer as they are.
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows
   * @returns `[rows · outputs]`
   * @throws {XentError} `SHAPE`, `NOT_FINITE`, `EMPTY`, `DISPOSED`
   */
  logits(x: Features): Float32Array {
    this.#alive("logits");
    const features = toFeatures("logits", x, this.#network.input);
    return outputs(this.#network, features.x, features.rows, "logits");
  }

  /** A copy of every parameter, in PyTorch's names and layout (`"0.weight"`: `[out, in]`). */
  stateDict(): StateDict {
    this.#alive("stateDict");
    return this.#network.state();
  }

  /**
   * Overwrites every parameter.
   *
   * @throws {XentError} `STATE` a name, shape or length does not fit (nothing is changed then); `BUSY`, `DISPOSED`
   */
  loadStateDict(state: StateDict): void {
    this.#idle("loadStateDict");
    this.#network.loadState(state);
  }

  /** Lets go of the model's memory. Later calls throw `DISPOSED`; a running `fit` rejects with it. */
  dispose(): void {
    this.#network.dispose();
  }

  /** Checks data and options, and lays the memory: nothing of the model changes when this throws. */
  #prepare(where: string, data: Dataset, options: StepsOptions, validation?: Dataset) {
    this.#checkData(where, data);
    const epochs = integer(`${where}: epochs`, options.epochs ?? 1, 1);
    const batchSize = Math.min(integer(`${where}: batchSize`, options.batchSize ?? 32, 1), data.rows);
    const shuffle = checkShuffle(where, options.shuffle ?? true);
    checkSignal(where, options.signal);
    const { loss, optimizer } = this.#learn(where, options);
    const features = data.x instanceof Uint8Array ? "u8" : "f32";
    const rows = windowRows(data, batchSize);
    this.#network.remember(loss, commonScaling(where, data, validation));
    const session = this.#network.train({ batchSize, windowRows: rows, features, loss, optimizer }, emitSgd);
    const config: StepOptions = {
      epochs,
      batchSize,
      windowRows: rows,
      shuffle,
      optimizer,
      epochsBefore: this.#epochs,
    };
    return { session, config };
  }

  #learn(where: string, options: LearnOptions): { loss: LossSpec; optimizer: OptimizerSpec } {
    const loss = this.#loss(where, options.loss);
    const optimizer = checkOptimizer(where, options.optimizer) ?? this.#optimizer;
    if (optimizer === undefined) {
      throw new XentError(
        "OPTION",
        `${where}: no optimizer is known`,
        "Pass optimizer: sgd({ lr: 0.1 }), here or to sequential.",
      );
    }
    this.#optimizer = optimizer;
    return { loss, optimizer };
  }

  #loss(where: string, given: LossSpec | undefined): LossSpec {
    const loss = checkLoss(where, given) ?? this.#network.loss;
    if (loss !== undefined) return loss;
    const hint =
      where === "predict"
        ? "Pass one to sequential or fit, or use logits()."
        : "Pass loss: crossEntropy(), here or to sequential.";
    throw new XentError("NO_LOSS", `${where}: no loss is known, which says what the outputs mean`, hint);
  }

  #checkData(where: string, data: Dataset): void {
    const { input, outputs } = this.#network;
    if (!isDataset(data)) {
      throw new XentError(
        "OPTION",
        `${where}: the data is ${show(data)}`,
        "Pass what dataset({ x, y, features }) returns.",
      );
    }
    if (data.features !== input) {
      throw new XentError(
        "SHAPE",
        `${where}: rows have ${data.features} features, the model takes ${input}`,
        "Change features or the model's input.",
      );
    }
    if (data.largestLabel >= outputs) {
      refuseLabel(where, data.largestLabel, data.largestLabelRow, outputs);
    }
  }

  #alive(where: string): void {
    this.#network.check(where);
  }

  #idle(where: string): void {
    this.#alive(where);
    if (this.#busy) {
      throw new XentError(
        "BUSY",
        `${where}: the model is busy with another call`,
        "Wait for that call's promise first.",
      );
    }
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }
}

function scalingOf(data: Dataset): Scaling | undefined {
  return data.x instanceof Uint8Array ? { scale: data.scale, shift: data.shift } : undefined;
}

/** The scaling of training and validation data; a model has one. */
function commonScaling(where: string, data: Dataset, validation: Dataset | undefined): Scaling | undefined {
  const scaling = scalingOf(data);
  const other = validation && scalingOf(validation);
  if (scaling && other && (scaling.scale !== other.scale || scaling.shift !== other.shift)) {
    throw new XentError(
      "OPTION",
      `${where}: training data has scale ${scaling.scale} and shift ${scaling.shift}, validation data ${other.scale} and ${other.shift}`,
      "Make both data sets with the same scale and shift.",
    );
  }
  return scaling ?? other;
}
