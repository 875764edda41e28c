// The model a user holds: checks what comes in, and drives the network underneath.

import { XentError } from "../base/errors.ts";
import { checkNames, flag, integer, show } from "../base/options.ts";
import type { AbortSignalLike } from "../base/platform.ts";
import type { LayerSpec, LossSpec, StateDict } from "../base/spec.ts";
import { type CheckedRows, type Dataset, type Features, toFeatures } from "../data/dataset.ts";
import type { Preprocessing, RawRows } from "../data/prepared.ts";
import type { DataStream } from "../data/stream.ts";
import type { Targets } from "../data/targets.ts";
import { targetKind } from "../nn/criterion.ts";
import { crossEntropy } from "../nn/cross-entropy.ts";
import { Network } from "../nn/network.ts";
import { lastLayer, place } from "../nn/params.ts";
import type { Evaluation } from "../train/evaluate.ts";
import { fitNetwork, type History } from "../train/fit.ts";
import { optimizing } from "../train/optimizing.ts";
import { classes, layerOutputs, outputs } from "../train/predict.ts";
import { checkFits } from "../train/scoring.ts";
import { sgd } from "../train/sgd.ts";
import { carefulStep, putBack, type Step } from "../train/steps.ts";
import { Slice } from "../train/turn.ts";
import { roomiest, windowRows } from "../train/window.ts";
import type { Core } from "../wasm/runtime.ts";
import { close, lookAt, measuring, more, setsOf } from "./extras.ts";
import { lossOf, lossToLearn } from "./fitting.ts";
import {
  BATCH,
  type BatchOptions,
  type ConfusionMatrix,
  checkLayers,
  checkLoss,
  checkOptimizer,
  type EvaluateOptions,
  FIT,
  type FitOptions,
  type LayerOutput,
  type ModelPlan,
  type SequentialOptions,
  STEPS,
  type StepsOptions,
} from "./options.ts";
import { saveModel } from "./saving.ts";
import { workOf } from "./speed.ts";
import { summary } from "./summary.ts";
import { Training } from "./training.ts";

/** @internal The network under a model, for functions that look into it. */
export let networkOf: (model: Sequential) => Network;
/** @internal Throws `DISPOSED` or `BUSY` for a call that needs the model to itself. */
export let checkIdle: (model: Sequential, where: string) => void;
/** @internal What a model remembers of its training, for who makes it from a file. */
export let trainingOf: (model: Sequential) => Training;

/**
 * Layers one after another, with memory of their own. Made by `xent.sequential`.
 *
 * Models end in logits: `crossEntropy` takes them as they are, `predict` turns them into probabilities.
 *
 * @category Models
 */
export class Sequential {
  static {
    networkOf = (model) => model.#network;
    checkIdle = (model, where) => model.#idle(where);
    trainingOf = (model) => model.#training;
  }

  readonly #network: Network;
  readonly #training: Training;
  #busy = false;

  /** @internal */
  constructor(core: Core, options: SequentialOptions, layers: readonly LayerSpec[]) {
    checkNames("sequential", options, ["input", "seed", "loss", "optimizer"]);
    const input = integer("sequential: input", options.input, 1);
    const seed = integer("sequential: seed", options.seed ?? 0, 0, 2 ** 32 - 1);
    this.#network = new Network(core, input, checkLayers(layers), seed);
    const loss = checkLoss("sequential", options.loss);
    if (loss !== undefined) checkFits("sequential", loss, this.outputs, lastLayer(this.#network.layers));
    this.#network.remember(loss, undefined);
    this.#training = new Training(this.#network);
    this.#training.optimizer = checkOptimizer("sequential", options.optimizer);
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
    return this.#training.classes;
  }

  /** What makes features of raw rows: that of the first data set which was made by one. {@link predict} takes raw rows then. */
  get preprocessing(): Preprocessing | undefined {
    return this.#training.preprocessing;
  }

  /**
   * The layers in words, with their widths and how many parameters each has.
   *
   * @throws {XentError} `DISPOSED`
   * @example
   * ```ts
   * import { dense, init, relu } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 784 }, [dense(128), relu(), dense(10)]);
   * model.summary().split("\n").at(-1); // → "101,770 parameters (407.1 kB), all trained"
   * ```
   */
  summary(): string {
    this.#alive("summary");
    return summary(this.#network);
  }

  /**
   * Memory, work and time of a training step, computed before anything of the model is allocated. The first call of a runtime
   * measures for some 0.2 s how fast its kernels are.
   *
   * @param options.batchSize  rows a step
   * @param options.rows       rows of the data set, default `batchSize`; of those that do not fit, a window
   * @param options.features   type of the data set's features: `"f32"` (default) or `"u8"`
   * @throws {XentError} `OPTION`, `TOO_LARGE` (over 4 GiB)
   * @example
   * ```ts
   * import { dense, init, relu } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 784 }, [dense(128), relu(), dense(10)]);
   * const { flops, bytes } = model.plan({ batchSize: 128, rows: 60_000, features: "u8" });
   * [flops, bytes.total < 2 ** 26]; // → [52836160, true]
   * ```
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
    const optimizer = this.#training.optimizer ?? sgd({ lr: 1 });
    const x = features === "u8" ? Uint8Array : Float32Array;
    const most = Math.min(batchSize, rows);
    const config = {
      batchSize: most,
      features,
      loss,
      targets: targetKind(loss, true),
      weighted: false,
      hits: "none",
      optimizer: optimizing(optimizer),
    } as const;
    const [, plan] = roomiest(windowRows({ rows, features: this.input, x }, most), most, (window) =>
      this.#network.plan({ ...config, windowRows: window }, workOf),
    );
    return plan;
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
   * @example
   * ```ts
   * import { adam, crossEntropy, dataset, dense, init, split, tanh } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 1, loss: crossEntropy() }, [dense(8), tanh(), dense(2)]);
   * const x = Array.from({ length: 100 }, (_, i) => [i / 50 - 1]);
   * const { train, validation } = split(dataset({ x, y: x.map(([v]) => +(v > 0)) }), { validation: 0.2 });
   * const run = await model.fit(train, { epochs: 20, optimizer: adam({ lr: 0.05 }), validation });
   * [run.stopped, run.steps, run.validation?.loss.length]; // → ["done", 60, 20]
   * ```
   */
  async fit(data: Dataset | DataStream, options: FitOptions = {}): Promise<History> {
    this.#idle("fit");
    checkNames("fit", options, FIT);
    return this.#exclusively(async () => {
      const training = this.#training;
      const { session, config, run, sources } = await this.#prepare("fit", data, options);
      const { step } = run;
      try {
        const history = await fitNetwork(this.#network, session, config, run);
        if (history.stopped === "nan") training.end("it ended with a loss or weights that were not finite");
        return history;
      } catch (error) {
        training.end("it ended with an error");
        throw error;
      } finally {
        if (run.step > step) training.hasGradients = true;
        await close(...sources);
      }
    });
  }

  /**
   * The steps of a training run, one by one; each is done when it is asked for. Breaking out of the loop ends it.
   *
   * @throws {XentError} as `fit`
   * @example
   * ```ts
   * import { dataset, dense, init, mse, sgd } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 1, loss: mse(), optimizer: sgd({ lr: 0.1 }) }, [dense(1)]);
   * const line = dataset({ x: [[-1], [0], [1]], y: [-1.5, 0.5, 2.5] });
   * let last = Infinity;
   * for await (const { loss } of model.steps(line, { epochs: 1000 })) {
   *   last = loss;
   *   if (loss < 0.001) break;
   * }
   * last < 0.001; // → true
   * ```
   */
  async *steps(data: Dataset | DataStream, options: StepsOptions = {}): AsyncGenerator<Step, void> {
    this.#idle("steps");
    checkNames("steps", options, STEPS);
    this.#busy = true;
    try {
      const { asyncSteps } = await more();
      const { session, config, run, sources } = await this.#prepare("steps", data, options);
      try {
        for await (const step of asyncSteps(this.#network, session, config, run, options.signal)) {
          this.#training.hasGradients = true;
          yield step;
        }
      } catch (error) {
        this.#training.end("it ended with an error");
        throw error;
      } finally {
        await close(...sources);
      }
    } finally {
      this.#busy = false;
    }
  }

  /**
   * One training step on the given rows, in their order.
   *
   * @param x  `[rows · input]` f32 or u8 (scaled as in the last data set of bytes, else by 1/255), or an array of rows; raw rows where
   *   the model has a {@link preprocessing}
   * @param y  `[rows]` class ids, or names where the model knows them, or `[rows · outputs]` targets, in their own units
   * @returns loss and accuracy of these rows before the step
   * @throws {XentError} as `fit`, and `NOT_FINITE` (row and column named)
   * @example
   * ```ts
   * import { dense, init, mse, ones, sgd } from "xent";
   * const xent = await init();
   * const optimizer = sgd({ lr: 0.125 });
   * const model = xent.sequential({ input: 1, loss: mse(), optimizer }, [dense(1, { bias: false, init: ones() })]);
   * const { loss } = await model.trainOnBatch([[2]], [0.5]);
   * loss; // → 2.25
   * model.logits([[2]]); // → [0.5]
   * ```
   */
  async trainOnBatch(
    x: Features | RawRows,
    y: Targets | readonly string[],
    options: BatchOptions = {},
  ): Promise<Evaluation> {
    this.#idle("trainOnBatch");
    checkNames("trainOnBatch", options, BATCH);
    const training = this.#training;
    const { loss, optimizer } = training.learn("trainOnBatch", options);
    const batch = training.batch("trainOnBatch", x, y, options.weight, loss, optimizer);
    training.optimizer = optimizer;
    training.end("trainOnBatch has changed the weights since");
    const place = { step: 0, kept: -1, where: "trainOnBatch" };
    const slice = new Slice({ network: this.#network, program: batch.session.program });
    const run = carefulStep(this.#network, batch.session, place, batch.lr, more, { pause: slice.inside });
    try {
      if (!run.next().done) {
        // it pauses, or another thread is late
        await this.#exclusively(async () => {
          do await slice.turn();
          while (!run.next().done);
        });
      }
    } catch (error) {
      putBack(this.#network, error, place);
    }
    batch.count();
    training.hasGradients = true;
    const evaluation = batch.read();
    this.#network.settle();
    // of use to the next step
    const { rows } = batch.session.program;
    const wanted = this.#network.want(batch.session, rows, rows);
    if (wanted !== undefined) await wanted;
    return evaluation;
  }

  /**
   * The gradient of the loss with respect to every parameter, in the names and layout of {@link stateDict}: of the last training
   * step, before its update but clipped and with what decays it; or, with a batch, of that batch at the parameters as they are.
   *
   * @param batch  rows, targets, and perhaps weights, as `trainOnBatch` takes them; nothing is updated, and what is
   *               returned without a batch stays that of the last step
   * @throws {XentError} `STATE` no step was done yet; with a batch as `trainOnBatch`
   * @example
   * ```ts
   * import { dense, init, mse, ones } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 2, loss: mse() }, [dense(1, { init: ones() })]);
   * const gradients = model.gradients({ x: [[1, 3]], y: [2] }); // the output is 4
   * gradients["0.weight"]; // → { shape: [1, 2], data: [4, 12] }
   * ```
   */
  gradients(batch?: {
    x: Features | RawRows;
    y: Targets | readonly string[];
    weight?: ArrayLike<number>;
    loss?: LossSpec;
  }): StateDict {
    if (batch !== undefined) {
      this.#idle("gradients");
      checkNames("gradients", batch, ["x", "y", "weight", "loss"]);
      const loss = lossToLearn(this.#network, "gradients", batch.loss);
      // the optimiser that is known, so that what it keeps stays
      const any = this.#training.optimizer ?? sgd({ lr: 1 });
      const { session } = this.#training.batch("gradients", batch.x, batch.y, batch.weight, loss, any);
      return this.#network.keepingGradients(() => {
        const { program, lossEnd, statsEnd, backwardEnd } = session;
        program.run(0, lossEnd);
        program.run(statsEnd, backwardEnd);
        return this.#network.gradients();
      });
    }
    this.#alive("gradients");
    if (!this.#training.hasGradients) {
      throw new XentError(
        "STATE",
        "gradients: no training step was done yet",
        "Train first, or pass a batch: gradients({ x, y }).",
      );
    }
    return this.#network.gradients();
  }

  /**
   * What every layer gives for some rows in evaluation: one entry a layer, in their order; the last are the logits. A residual
   * block is one layer, and gives its sum; `dropout` gives what it takes.
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows; raw rows as in {@link predict}
   * @throws {XentError} `SHAPE`, `NOT_FINITE`, `EMPTY`, `COLUMN`, `DISPOSED`, `WORKER_LOST`
   * @example
   * ```ts
   * import { constant, dense, init, ones, relu } from "xent";
   * const xent = await init();
   * const layers = [dense(2, { init: ones(), biasInit: constant(-1) }), relu(), dense(1, { init: ones() })];
   * const outputs = xent.sequential({ input: 2 }, layers).activations([[1, 3]]);
   * outputs.map(({ name, data }) => [name, data]); // → [["0.dense", [3, 3]], ["1.relu", [3, 3]], ["2.dense", [6]]]
   * ```
   */
  activations(x: Features | RawRows): LayerOutput[] {
    const rows = this.#rows("activations", x);
    const placed = place(this.#network.layers, this.input);
    return layerOutputs(this.#network, ...rows).map((data, i) => {
      const { path, spec, width } = placed[i] as (typeof placed)[0];
      return { name: `${path}.${spec.kind}`, width, data };
    });
  }

  /**
   * Loss and accuracy over a data set. With a loss whose reduction is `none`, the loss of each row too.
   *
   * @throws {XentError} `SHAPE`, `LABEL`, `TARGET`, `LOSS`, `EMPTY`, `OPTION`, `NO_LOSS`, `BUSY` (a `fit` is running),
   *                     `DISPOSED`, `WORKER_LOST`
   * @example
   * ```ts
   * import { dataset, dense, init, mse, ones } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1, { init: ones() })]);
   * const test = dataset({ x: [[1], [2]], y: [1.5, 2.5] });
   * const { loss, mae } = await model.evaluate(test, { metrics: ["mae"] });
   * [loss, mae]; // → [0.25, 0.5]
   * ```
   */
  async evaluate(data: Dataset | DataStream, options: EvaluateOptions = {}): Promise<Evaluation> {
    this.#idle("evaluate");
    return this.#exclusively(async () => {
      const { evaluateModel } = await more();
      this.#alive("evaluate");
      return evaluateModel(this.#network, this.#training, data, options);
    });
  }

  /**
   * How often each class was taken for each. Rows with the loss's ignoreIndex are left out.
   *
   * @throws {XentError} `SHAPE`, `LABEL` (also where y holds no class ids), `OPTION`, `BUSY`, `DISPOSED`,
   *                     `WORKER_LOST`
   * @example
   * ```ts
   * import { dataset, dense, init } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 2 }, [dense(2, { bias: false })]);
   * model.loadStateDict({ "0.weight": { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) } });
   * const test = dataset({ x: [[2, 1], [0, 3], [4, 1]], y: ["cat", "dog", "dog"] });
   * const { names, counts } = await model.confusionMatrix(test);
   * [names, counts]; // → [["cat", "dog"], [[1, 0], [1, 1]]]
   * ```
   */
  async confusionMatrix(
    data: Dataset,
    options: { signal?: AbortSignalLike | undefined } = {},
  ): Promise<ConfusionMatrix> {
    this.#idle("confusionMatrix");
    return this.#exclusively(async () => {
      const { confusionMatrix } = await more();
      this.#alive("confusionMatrix");
      return confusionMatrix(this.#network, this.#training, data, options);
    });
  }

  /**
   * What the loss makes of the outputs: softmax of the logits for `crossEntropy`, σ of each for `bceWithLogits`, and for
   * the others the outputs as they are, in the units of the target where a preprocessing has scaled it.
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows; raw rows where the model has a {@link preprocessing}
   * @returns `[rows · outputs]`
   * @throws {XentError} `NO_LOSS` no loss is known (use `logits`); `SHAPE`, `NOT_FINITE`, `EMPTY`, `DISPOSED`, `WORKER_LOST`
   * @example
   * ```ts
   * import { adam, crossEntropy, dataset, dense, init } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 1, loss: crossEntropy(), optimizer: adam({ lr: 0.1 }) }, [dense(2)]);
   * await model.fit(dataset({ x: [[-2], [-1], [1], [2]], y: ["cold", "cold", "warm", "warm"] }), { epochs: 50 });
   * model.classes; // → ["cold", "warm"]
   * Array.from(model.predict([[-2], [2]]), Math.round); // → [1, 0, 0, 1]
   * ```
   */
  predict(x: Features | RawRows): Float32Array {
    const rows = this.#rows("predict", x);
    lossOf(this.#network, "predict", undefined);
    const given = outputs(this.#network, ...rows, "probabilities");
    return this.preprocessing?.restore(given) ?? given;
  }

  /**
   * The class of each row: its largest output; with one output, 1 where its logit is above 0 (behind a last
   * `sigmoid()`: above ½).
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows
   * @returns `[rows]`
   * @throws {XentError} `SHAPE`, `NOT_FINITE`, `EMPTY`, `DISPOSED`, `WORKER_LOST`
   * @example
   * ```ts
   * import { dataset, dense, init, quadratic, sgd, sigmoid } from "xent";
   * const xent = await init();
   * const layers = [dense(1), sigmoid()];
   * const model = xent.sequential({ input: 1, loss: quadratic(), optimizer: sgd({ lr: 1 }) }, layers);
   * await model.fit(dataset({ x: [[-2], [-1], [1], [2]], y: [1, 1, 0, 0] }), { epochs: 50 });
   * model.predictClass([[-2], [2]]); // → [1, 0]
   * ```
   */
  predictClass(x: Features | RawRows): Int32Array {
    return classes(this.#network, ...this.#rows("predictClass", x));
  }

  /**
   * The outputs of the last layer as they are.
   *
   * @param x  `[rows · input]` f32 or u8, or an array of rows
   * @returns `[rows · outputs]`
   * @throws {XentError} `SHAPE`, `NOT_FINITE`, `EMPTY`, `DISPOSED`, `WORKER_LOST`
   * @example
   * ```ts
   * import { constant, crossEntropy, dense, init, ones } from "xent";
   * const xent = await init();
   * const layer = dense(2, { init: ones(), biasInit: constant(1) });
   * const model = xent.sequential({ input: 1, loss: crossEntropy() }, [layer]);
   * model.logits([[3]]); // → [4, 4]
   * model.predict([[3]]); // → [0.5, 0.5]
   * ```
   */
  logits(x: Features | RawRows): Float32Array {
    return outputs(this.#network, ...this.#rows("logits", x), "logits");
  }

  /**
   * A copy of every parameter, in PyTorch's names and layout (`"0.weight"`: `[out, in]`).
   *
   * @throws {XentError} `DISPOSED`, `WORKER_LOST`
   * @example
   * ```ts
   * import { dense, init, relu } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 4 }, [dense(8), relu(), dense(3)]);
   * const shapes = Object.entries(model.stateDict()).map(([name, { shape }]) => `${name} ${shape}`);
   * shapes; // → ["0.weight 8,4", "0.bias 8", "2.weight 3,8", "2.bias 3"]
   * ```
   */
  stateDict(): StateDict {
    this.#alive("stateDict");
    return this.#network.state();
  }

  /**
   * Overwrites every parameter.
   *
   * @throws {XentError} `STATE` a name, shape or length does not fit (nothing is changed then); `BUSY`, `DISPOSED`
   * @example
   * ```ts
   * import { dense, init } from "xent";
   * const xent = await init();
   * const mean = xent.sequential({ input: 2 }, [dense(1, { bias: false })]);
   * mean.loadStateDict({ "0.weight": { shape: [1, 2], data: Float32Array.of(0.5, 0.5) } });
   * mean.logits([[3, 5]]); // → [4]
   * ```
   */
  loadStateDict(state: StateDict): void {
    this.#idle("loadStateDict");
    this.#network.loadState(state);
    this.#training.end("loadStateDict has changed the weights since");
  }

  /**
   * The model as a file in the safetensors format: weights by PyTorch's names, architecture, class names, and all that a run
   * needs to go on exactly with `resume`. It may be called while a `fit` runs, from its callbacks. `xent.load` and {@link load}
   * read it, and so does anything that reads safetensors. The same state gives the same bytes.
   *
   * Functions do not go into files: with a `customLoss`, or a schedule that is a function, pass it again after loading.
   * @throws {XentError} `DISPOSED`, `WORKER_LOST`, `MEMORY`
   * @example
   * ```ts
   * import { writeFile } from "node:fs/promises";
   * import { dense, init } from "xent";
   * import { readSafetensors } from "xent/data";
   * const xent = await init();
   * const bytes = xent.sequential({ input: 4 }, [dense(3)]).save();
   * await writeFile("model.safetensors", bytes);
   * [...readSafetensors(bytes).tensors.keys()]; // → ["0.bias", "0.weight"]
   * ```
   */
  save(): Uint8Array {
    this.#alive("save");
    return saveModel(this.#network, this.#training);
  }

  /**
   * Makes this model what a file of {@link save} says, perhaps gzipped since: weights, what the optimiser keeps, where its run stood.
   *
   * @throws {XentError} `CHECKPOINT` the bytes are no such file, or that of another net: the first difference is named; nothing
   *   is changed then. `BUSY`, `DISPOSED`
   * @example
   * ```ts
   * import { dense, init } from "xent";
   * const xent = await init();
   * const [first, second] = [0, 1].map(() => xent.sequential({ input: 1 }, [dense(1, { bias: false })]));
   * first.loadStateDict({ "0.weight": { shape: [1, 1], data: Float32Array.of(2) } });
   * await second.load(first.save());
   * second.logits([[3]]); // → [6]
   * ```
   */
  async load(bytes: Uint8Array | ArrayBuffer): Promise<void> {
    this.#idle("load");
    await this.#exclusively(async () => {
      const { readSaved, restore } = await more();
      const saved = await readSaved(bytes);
      this.#alive("load");
      restore(this.#network, this.#training, saved);
      this.#training.hasGradients = false;
    });
  }

  /**
   * Lets go of the model's memory. Later calls throw `DISPOSED`; a running `fit` rejects with it.
   * @example
   * ```ts
   * import { dataset, dense, init, mse, sgd } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 1, loss: mse(), optimizer: sgd({ lr: 0.1 }) }, [dense(1)]);
   * const data = dataset({ x: [[1], [2]], y: [0.5, 1.5] });
   * const run = model.fit(data, { epochs: 1000 }).catch(({ code }) => code);
   * model.dispose();
   * await run; // → "DISPOSED"
   * ```
   */
  dispose(): void {
    this.#network.dispose();
  }

  async #prepare(where: string, data: Dataset | DataStream, options: FitOptions) {
    const inspected = flag(`${where}: inspect`, options.inspect ?? where === "fit");
    const asks = options.profile === true || options.resume === true;
    const loaded = this.#training.scheduled(where, options) || asks ? await more() : undefined;
    const measured = await measuring(where, options.metrics);
    const { train, validation } = await setsOf(this.#network, where, data, options);
    try {
      this.#alive(where);
      const prepared = this.#training.prepare(where, train, options, { loaded, measured, validation });
      if (inspected) await lookAt(data, train);
      return { ...prepared, sources: [train, validation] };
    } catch (error) {
      await close(train, validation);
      throw error;
    }
  }

  /** Rows for a call that needs the parameters alone, and how many. */
  #rows(where: string, given: Features | RawRows): [x: CheckedRows["x"], rows: number] {
    this.#alive(where);
    const { x, rows } =
      this.preprocessing?.transform(given as RawRows, where) ?? toFeatures(where, given, this.#network.input);
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
