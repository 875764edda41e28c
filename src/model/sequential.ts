// The model a user holds: checks what comes in, and drives the network underneath.

import { XentError } from "../base/errors.ts";
import { checkNames, integer, show } from "../base/options.ts";
import type { LayerSpec, LossSpec, OptimizerSpec, StateDict } from "../base/spec.ts";
import { CheckedRows, type Dataset, type Features, toFeatures } from "../data/dataset.ts";
import { type Targets, toTargets, toWeights } from "../data/targets.ts";
import { targetKind } from "../nn/criterion.ts";
import { crossEntropy } from "../nn/losses.ts";
import { Network } from "../nn/network.ts";
import { classes, confusion, type Evaluation, evaluate, layerOutputs, outputs } from "../train/evaluate.ts";
import { asyncSteps, fitNetwork, type History } from "../train/fit.ts";
import { checkFits, divisor, over, tally } from "../train/scoring.ts";
import { optimizing } from "../train/sgd.ts";
import { carefulStep, type Step, type StepOptions } from "../train/steps.ts";
import { turn } from "../train/turn.ts";
import { roomiest, windowRows } from "../train/window.ts";
import type { Core } from "../wasm/runtime.ts";
import { lookAt, type Measuring, measuring, scored, setsOf } from "./extras.ts";
import {
  classIds,
  classNames,
  commonScaling,
  configOf,
  lossOf,
  lossToLearn,
  rowsOf,
  scalingOf,
  scoreOf,
} from "./fitting.ts";
import {
  BATCH,
  type BatchOptions,
  type ConfusionMatrix,
  checkCallbacks,
  checkFlag,
  checkLayers,
  checkLoss,
  checkOptimizer,
  checkSignal,
  type EvaluateOptions,
  FIT,
  type FitOptions,
  type LayerOutput,
  type LearnOptions,
  type ModelPlan,
  type SequentialOptions,
  STEPS,
  type StepsOptions,
} from "./options.ts";
import { paceOf } from "./speed.ts";

/** @internal The network under a model, for functions that look into it. */
export let networkOf: (model: Sequential) => Network;
/** @internal Throws `DISPOSED` or `BUSY` for a call that needs the model to itself. */
export let checkIdle: (model: Sequential, where: string) => void;
/** @internal Sets what `classes` gives. */
export let nameClasses: (model: Sequential, classes: readonly string[] | undefined) => void;

/**
 * Layers one after another, with memory of their own. Made by `xent.sequential`.
 *
 * Models end in logits: `crossEntropy` takes them as they are, `predict` turns them into probabilities.
 */
export class Sequential {
  static {
    networkOf = (model) => model.#network;
    checkIdle = (model, where) => model.#idle(where);
    nameClasses = (model, classes) => {
      model.#classes = classes;
    };
  }

  readonly #network: Network;
  #optimizer: OptimizerSpec | undefined;
  #busy = false;
  #classes: readonly string[] | undefined;
  #epochs = 0;
  #hasGradients = false;

  /** @internal */
  constructor(core: Core, options: SequentialOptions, layers: readonly LayerSpec[]) {
    checkNames("sequential", options, ["input", "seed", "loss", "optimizer"]);
    const input = integer("sequential: input", options.input, 1);
    const seed = integer("sequential: seed", options.seed ?? 0, 0, 2 ** 32 - 1);
    this.#network = new Network(core, input, checkLayers(layers), seed);
    const loss = checkLoss("sequential", options.loss);
    if (loss !== undefined) checkFits("sequential", loss, this.outputs, this.#network.layers.at(-1));
    this.#network.remember(loss, undefined);
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

  /** Names of the classes by their ids: those of the first data set with names that the model was trained with. */
  get classes(): readonly string[] | undefined {
    return this.#classes;
  }

  /**
   * Memory, work and time of a training step, computed before anything of the model is allocated. The first call of a runtime
   * measures for some 0.2 s how fast its kernels are.
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
    const loss = this.#network.loss ?? crossEntropy();
    const optimizer = this.#optimizer ?? { kind: "sgd", lr: 0 };
    const x = features === "u8" ? Uint8Array : Float32Array;
    const most = Math.min(batchSize, rows);
    return this.#network.plan(
      {
        batchSize: most,
        windowRows: windowRows({ rows, features: this.input, x }, most),
        features,
        loss,
        targets: targetKind(loss, true),
        weighted: false,
        hits: "none",
        optimizer: optimizing(optimizer),
      },
      paceOf,
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
   * - `SHAPE` the data's features or targets are not the model's; `LABEL` a class id is not below `outputs`
   * - `TARGET` targets that the loss does not take; `LOSS` a loss that does not fit the last layer, or whose reduction
   *   is `none`; `EMPTY` every row is ignored
   * - `OPTION` an option's name or value; `NO_LOSS` no loss is known
   * - `BUSY` the model is training already; `DISPOSED`
   * - `DIVERGED` the loss became NaN or infinite; the weights are those of at most 256 steps before
   * - `TOO_LARGE`, `MEMORY` the plan does not fit
   * - `WORKER_LOST` a thread ended; the weights are those of at most 256 steps before, and the next call has new threads
   */
  async fit(data: Dataset, options: FitOptions = {}): Promise<History> {
    this.#idle("fit");
    checkNames("fit", options, FIT);
    const callbacks = checkCallbacks("fit", options.callbacks ?? []);
    const look = checkFlag("fit", options.inspect ?? true, "inspect");
    return this.#exclusively(async () => {
      const measured = await measuring("fit", options.metrics);
      const { train, validation } = await setsOf(this.#network, "fit", data, options.validation);
      this.#alive("fit");
      const { session, config, ...rest } = this.#prepare("fit", train, options, validation, measured);
      if (look) await lookAt(data);
      const more = { ...rest, metrics: measured.names, callbacks, signal: options.signal };
      const history = await fitNetwork(this.#network, session, train, { ...config, ...more });
      this.#epochs += history.epochs;
      if (history.steps > 0) this.#hasGradients = true;
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
        this.#hasGradients = true;
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
   * @param y  `[rows]` class ids, or `[rows · outputs]` targets
   * @returns loss and accuracy of these rows before the step
   * @throws {XentError} as `fit`, and `NOT_FINITE` (row and column named)
   */
  async trainOnBatch(x: Features, y: Targets, options: BatchOptions = {}): Promise<Evaluation> {
    this.#idle("trainOnBatch");
    checkNames("trainOnBatch", options, BATCH);
    const { loss, optimizer } = this.#learn("trainOnBatch", options);
    const batch = this.#batch("trainOnBatch", x, y, options.weight, loss, optimizer);
    this.#optimizer = optimizer;
    const where = `trainOnBatch, lr ${optimizer.lr}`;
    const run = carefulStep(this.#network, batch.session, 0, where);
    if (!run.next().done) {
      // another thread is late
      await this.#exclusively(async () => {
        do await turn();
        while (!run.next().done);
      });
    }
    this.#hasGradients = true;
    const evaluation = batch.read();
    this.#network.settle();
    // of use to the next step
    const { rows } = batch.session.program;
    const wanted = this.#network.want(batch.session, rows, rows);
    if (wanted !== undefined) await wanted;
    return evaluation;
  }

  /**
   * The gradient of the loss with respect to every parameter, in the names and layout of {@link stateDict}: of the last
   * training step, which came before its update; or, with a batch, of that batch at the parameters as they are.
   *
   * @param batch  rows, targets, and perhaps weights, as `trainOnBatch` takes them; nothing is updated, and what is
   *               returned without a batch stays that of the last step
   * @throws {XentError} `STATE` no step was done yet; with a batch as `trainOnBatch`
   */
  gradients(batch?: { x: Features; y: Targets; weight?: ArrayLike<number>; loss?: LossSpec }): StateDict {
    if (batch !== undefined) {
      this.#idle("gradients");
      checkNames("gradients", batch, ["x", "y", "weight", "loss"]);
      const loss = lossToLearn(this.#network, "gradients", batch.loss);
      const none: OptimizerSpec = { kind: "sgd", lr: 0 };
      const { session } = this.#batch("gradients", batch.x, batch.y, batch.weight, loss, none);
      return this.#network.keepingGradients(() => {
        session.program.run(0, session.backwardEnd);
        return this.#network.gradients();
      });
    }
    this.#alive("gradients");
    if (!this.#hasGradients) {
      throw new XentError(
        "STATE",
        "gradients: no training step was done yet",
        "Train first, or pass a batch: gradients({ x, y }).",
      );
    }
    return this.#network.gradients();
  }

  /**
   * What every layer gives for some rows: one entry a layer, in their order; the last are the logits.
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows
   * @throws {XentError} `SHAPE`, `NOT_FINITE`, `EMPTY`, `DISPOSED`, `WORKER_LOST`
   */
  activations(x: Features): LayerOutput[] {
    const rows = this.#rows("activations", x);
    const { layers, input } = this.#network;
    let width = input;
    return layerOutputs(this.#network, ...rows).map((data, i) => {
      const layer = layers[i] as LayerSpec;
      if (layer.kind === "dense") width = layer.units;
      return { name: `${i}.${layer.kind}`, width, data };
    });
  }

  /**
   * Loss and accuracy over a data set. With a loss whose reduction is `none`, the loss of each row too.
   *
   * @throws {XentError} `SHAPE`, `LABEL`, `TARGET`, `LOSS`, `EMPTY`, `OPTION`, `NO_LOSS`, `BUSY` (a `fit` is running),
   *                     `DISPOSED`, `WORKER_LOST`
   */
  async evaluate(data: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
    this.#idle("evaluate");
    checkNames("evaluate", options, ["loss", "metrics", "signal"]);
    checkSignal("evaluate", options.signal);
    return this.#exclusively(async () => {
      const measured = await measuring("evaluate", options.metrics);
      this.#alive("evaluate");
      const loss = lossOf(this.#network, "evaluate", options.loss);
      const { scoring, meters } = scored(this.#network, "evaluate", data, loss, this.#classes, measured);
      this.#network.remember(loss, scalingOf(data));
      return evaluate(this.#network, data.x, scoring, options.signal, meters);
    });
  }

  /**
   * How often each class was taken for each. Rows with the loss's ignoreIndex are left out.
   *
   * @throws {XentError} `SHAPE`, `LABEL` (also where y holds no class ids), `OPTION`, `BUSY`, `DISPOSED`,
   *                     `WORKER_LOST`
   */
  async confusionMatrix(
    data: Dataset,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<ConfusionMatrix> {
    this.#idle("confusionMatrix");
    checkNames("confusionMatrix", options, ["signal"]);
    checkSignal("confusionMatrix", options.signal);
    const { ids, ignored } = classIds(this.#network, "confusionMatrix", data);
    const names = classNames(this.#network, "confusionMatrix", data, this.#classes);
    this.#network.remember(undefined, scalingOf(data));
    const counts = await this.#exclusively(() =>
      confusion(this.#network, data.x, ids, ignored, options.signal),
    );
    return { labels: counts.map((_, i) => i), ...(names ? { names } : {}), counts };
  }

  /**
   * What the loss makes of the outputs: softmax of the logits for `crossEntropy`, σ of each for `bceWithLogits`, and for
   * the others the outputs as they are.
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows
   * @returns `[rows · outputs]`
   * @throws {XentError} `NO_LOSS` no loss is known (use `logits`); `SHAPE`, `NOT_FINITE`, `EMPTY`, `DISPOSED`, `WORKER_LOST`
   */
  predict(x: Features): Float32Array {
    const rows = this.#rows("predict", x);
    lossOf(this.#network, "predict", undefined);
    return outputs(this.#network, ...rows, "probabilities");
  }

  /**
   * The class of each row: its largest output; with one output, 1 where its logit is above 0 (behind a last
   * `sigmoid()`: above ½).
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows
   * @returns `[rows]`
   * @throws {XentError} `SHAPE`, `NOT_FINITE`, `EMPTY`, `DISPOSED`, `WORKER_LOST`
   */
  predictClass(x: Features): Int32Array {
    return classes(this.#network, ...this.#rows("predictClass", x));
  }

  /**
   * The outputs of the last layer as they are.
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows
   * @returns `[rows · outputs]`
   * @throws {XentError} `SHAPE`, `NOT_FINITE`, `EMPTY`, `DISPOSED`, `WORKER_LOST`
   */
  logits(x: Features): Float32Array {
    return outputs(this.#network, ...this.#rows("logits", x), "logits");
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
  #prepare(where: string, data: Dataset, options: StepsOptions, validation?: Dataset, measured?: Measuring) {
    rowsOf(this.#network, where, data);
    const epochs = integer(`${where}: epochs`, options.epochs ?? 1, 1);
    const batchSize = Math.min(integer(`${where}: batchSize`, options.batchSize ?? 32, 1), data.rows);
    const shuffle = checkFlag(where, options.shuffle ?? true);
    checkSignal(where, options.signal);
    const { loss, optimizer } = this.#learn(where, options);
    const network = this.#network;
    const { scoring, meters, classes } = scored(network, where, data, loss, this.#classes, measured);
    const validated =
      validation && scored(network, `${where}: validation`, validation, loss, classes, measured);
    const features = data.x instanceof Uint8Array ? "u8" : "f32";
    this.#network.remember(loss, commonScaling(where, data, validation));
    const [rows, session] = roomiest(windowRows(data, batchSize), batchSize, (some) =>
      this.#network.train(configOf(scoring, optimizer, features, batchSize, some)),
    );
    this.#optimizer = optimizer;
    const config: StepOptions = {
      epochs,
      batchSize,
      windowRows: rows,
      scoring,
      shuffle,
      optimizer,
      epochsBefore: this.#epochs,
    };
    this.#classes = classes;
    return { session, config, meters, validation: validated };
  }

  /** Lays the memory for one batch and copies it there. */
  #batch(
    where: string,
    x: Features,
    y: Targets,
    weight: ArrayLike<number> | undefined,
    loss: LossSpec,
    optimizer: OptimizerSpec,
  ) {
    const features = toFeatures(where, x, this.#network.input);
    const { rows } = features;
    const checked = new CheckedRows(
      features,
      toTargets(where, y, rows),
      toWeights(where, weight, rows),
      this.#network.scaling.scale,
      this.#network.scaling.shift,
    );
    const scoring = scoreOf(this.#network, where, checked, loss);
    const kind = features.x instanceof Uint8Array ? "u8" : "f32";
    this.#network.remember(loss, undefined);
    const session = this.#network.train(configOf(scoring, optimizer, kind, rows, rows));
    const { program, order } = session;
    session.x.set(features.x);
    session.targets.set(scoring.targets);
    if (scoring.weight !== undefined) session.weights?.set(scoring.weight);
    for (let i = 0; i < rows; i++) order[i] = i;
    const { share, counted } = tally(scoring, 0, rows);
    const parts = divisor(scoring, share, this.outputs);
    program.set(rows, 0, optimizer.lr, over(1, parts));
    const read = (): Evaluation => ({
      loss: over(program.lossSum, parts),
      accuracy: scoring.hits === "none" ? Number.NaN : over(program.hits, counted),
    });
    return { session, read };
  }

  #learn(where: string, options: LearnOptions): { loss: LossSpec; optimizer: OptimizerSpec } {
    const loss = lossToLearn(this.#network, where, options.loss);
    const optimizer = checkOptimizer(where, options.optimizer) ?? this.#optimizer;
    if (optimizer === undefined) {
      throw new XentError(
        "OPTION",
        `${where}: no optimizer is known`,
        "Pass optimizer: sgd({ lr: 0.1 }), here or to sequential.",
      );
    }
    return { loss, optimizer };
  }

  /** Rows for a call that needs the parameters alone, and how many. */
  #rows(where: string, given: Features): [x: CheckedRows["x"], rows: number] {
    this.#alive(where);
    const { x, rows } = toFeatures(where, given, this.#network.input);
    return [x, rows];
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
