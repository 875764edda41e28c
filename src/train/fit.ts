// The driver of a whole training run: epochs, validation, history, progress, the event loop's turns and abort.

import { XentError } from "../base/errors.ts";
import type { AbortSignalLike } from "../base/platform.ts";
import type { Network } from "../nn/network.ts";
import type { TrainSession } from "../nn/session.ts";
import { page } from "../wasm/engine.ts";
import type { EarlyParts, EarlyStoppingSpec } from "./early.ts";
import type { Evaluation, Scored } from "./evaluate.ts";
import type { Block } from "./feed.ts";
import type { MetricName, MetricSeries, MetricValues } from "./metrics.ts";
import type { Figures } from "./monitor.ts";
import type { Run, Series } from "./run.ts";
import { hitRate, meanLoss, over } from "./scoring.ts";
import { checkWeights, GIVEN_UP, type More, type StepOptions, steps, stepsPerEpoch } from "./steps.ts";
import type { ProfileLine } from "./stopwatch.ts";
import { Slice } from "./turn.ts";

/** Where a run stands; given to `onProgress` at every turn of the event loop and at each epoch's end. */
export interface Progress {
  /** the running epoch, counted from 0 */
  readonly epoch: number;
  readonly epochs: number;
  /** steps finished, over the whole run */
  readonly step: number;
  readonly steps: number;
  /** over the rows of this epoch so far, by the loss's reduction */
  readonly loss: number;
  /** of the rows of this epoch so far; NaN where rows have no class */
  readonly accuracy: number;
  /** since the first step (which copies the data and warms the engine up), validation included */
  readonly samplesPerSecond: number;
  readonly secondsLeft: number;
}

/** What an epoch came to, each metric by its name; given to `onEpochEnd`. */
export interface EpochEnd extends Figures, MetricValues {
  /** counted from 0 */
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly accuracy?: number;
  readonly validation?: { readonly loss: number; readonly accuracy?: number } & MetricValues;
  /** learning rate of its last step */
  readonly lr: number;
  /** length of the epoch, validation included; of one that was resumed, of its rest */
  readonly seconds: number;
}

/**
 * Called while `fit` runs. What a callback throws ends `fit` with that error. Where one returns a promise the run waits for it,
 * which is how to pause: the model's state may be read and saved meanwhile.
 */
export interface Callback {
  onProgress?(progress: Progress): unknown;
  onEpochEnd?(epoch: EpochEnd): unknown;
}

/** One number per finished epoch, for the loss and each metric by its name, and how the run ended. */
export interface History extends MetricSeries {
  readonly loss: number[];
  readonly accuracy?: number[];
  readonly validation?: { readonly loss: number[]; readonly accuracy?: number[] } & MetricSeries;
  /** epochs finished, those before the run was resumed among them, as in all that follows */
  readonly epochs: number;
  /** updates of the weights */
  readonly steps: number;
  /**
   * `done`: all epochs; `signal`: the signal was aborted, or `stopAfterEpoch` reached; `early`: early stopping; `nan`: a loss or a
   * weight was not finite, and `onNaN` is `"rollback"`
   */
  readonly stopped: "done" | "signal" | "early" | "nan";
  /** with early stopping: the best epoch, counted from 0, and its figure */
  readonly best?: { readonly epoch: number; readonly value: number };
  /** with `nan`: what was not finite, and where */
  readonly problem?: string;
  /** with `profile`: what each record of the step took */
  readonly profile?: ProfileLine[];
}

/** Early stopping, and the figure that it looks at. */
export interface Early {
  readonly spec: EarlyStoppingSpec;
  readonly monitor: string;
  readonly look: EarlyParts["look"];
}

export interface FitConfig extends StepOptions {
  readonly validation: Scored | undefined;
  readonly metrics: readonly MetricName[];
  readonly callbacks: readonly Callback[];
  readonly early: Early | undefined;
  readonly stopAfterEpoch: number;
  readonly signal: AbortSignalLike | undefined;
}

/** How long an aborted run waits for a thread that is late in its last step, before it does without the step; on a page there is none. */
const PATIENCE_MS = 1000;

/** Says whether to go on waiting for a late thread. */
export function patience(signal: AbortSignalLike | undefined): () => boolean {
  let end: number | undefined;
  return () => {
    if (page || !signal?.aborted) return true;
    end ??= performance.now() + PATIENCE_MS;
    return performance.now() < end;
  };
}

/**
 * Trains for what is left of the run's epochs. An abort ends it between two steps; the weights stay as the last step left them,
 * or become those of the best epoch where early stopping is to restore them.
 */
export async function fitNetwork(
  network: Network,
  session: TrainSession,
  options: FitConfig,
  run: Run,
): Promise<History> {
  const fit = new Fit(network, session, options, run);
  try {
    return fit.history(await fit.train());
  } catch (error) {
    const diverged = error instanceof XentError && error.code === "DIVERGED";
    if (!diverged || options.onNaN !== "rollback") throw error;
    return fit.history("nan", error.message);
  } finally {
    fit.restoreBest();
  }
}

/** A running `fit`. */
class Fit {
  readonly #network: Network;
  readonly #session: TrainSession;
  readonly #options: FitConfig;
  readonly #run: Run;
  /** of steps, over the whole run */
  readonly #total: number;
  readonly #start = performance.now();
  #epochStart = this.#start;
  #firstStepEnd = this.#start;
  readonly #slice: Slice;
  #lr = Number.NaN;
  /** since the call */
  #steps = 0;
  #samples = 0;

  constructor(network: Network, session: TrainSession, options: FitConfig, run: Run) {
    this.#network = network;
    this.#session = session;
    this.#options = options;
    this.#run = run;
    this.#slice = new Slice({ network, program: session.program });
    this.#total = options.epochs * stepsPerEpoch(options.feed.rows, options);
    // where only the validation of an epoch is left, of its last step
    if (run.row > 0) this.#lr = options.course.at(run.step - 1);
    for (const name of options.metrics) {
      run.series[name] ??= [];
      if (options.validation) run.validation[name] ??= [];
    }
  }

  async train(): Promise<History["stopped"]> {
    const { epochs, batchSize, feed, signal, stopAfterEpoch } = this.#options;
    const network = this.#network;
    const run = this.#run;
    if (signal?.aborted) return "signal";
    await network.want(this.#session, (epochs - run.epoch) * feed.rows, batchSize);
    if (signal?.aborted) return "signal";
    while (run.epoch < epochs && !this.#waited) {
      if (run.epoch >= stopAfterEpoch || !(await this.#epoch()) || !(await this.#endEpoch())) return "signal";
      if (this.#slice.over()) {
        network.settle();
        await this.#turn();
      }
      if (signal?.aborted && run.epoch < epochs && !this.#waited) return "signal";
    }
    network.check("fit");
    network.settle();
    return this.#waited ? "early" : "done";
  }

  /** Whether early stopping has waited long enough. */
  get #waited(): boolean {
    const { early } = this.#options;
    return early !== undefined && this.#run.early.waited >= Math.max(1, early.spec.patience);
  }

  async #turn(): Promise<void> {
    // threads that another call lost are replaced
    void this.#network.want(this.#session, 0, this.#options.batchSize);
    await this.#slice.turn();
  }

  /** What is left of an epoch's steps. False when the signal has ended it before the last. */
  #epoch(): Promise<boolean> {
    const { whole } = this.#options.feed;
    return whole === undefined ? this.#blocks() : this.#stepsOf(whole);
  }

  async #blocks(): Promise<boolean> {
    for await (const block of this.#options.feed.blocks(this.#run)) {
      if (!(await this.#stepsOf(block))) return false;
    }
    return true;
  }

  /** The same of one block. */
  async #stepsOf(block: Block): Promise<boolean> {
    const { signal } = this.#options;
    const network = this.#network;
    const all = steps(network, this.#session, block, this.#options, this.#run, this.#slice);
    const patient = patience(signal);
    for (const step of all) {
      if (step === undefined) {
        await this.#slice.turn();
        if (patient()) continue;
        giveUp(all, this.#run);
        return false;
      }
      if (this.#steps === 0) this.#firstStepEnd = performance.now();
      this.#steps++;
      this.#samples += step.rows;
      this.#lr = step.lr;
      if (step.last) break;
      if (this.#slice.over()) {
        network.settle();
        await this.#tell(this.#now(step.epoch));
        await this.#turn();
      }
      if (signal?.aborted) return false;
    }
    return true;
  }

  /** Figures, validation, callbacks. False when the signal was aborted during validation: then the epoch is not over. */
  async #endEpoch(): Promise<boolean> {
    const { epochs, validation, callbacks, signal, onNaN, early } = this.#options;
    const run = this.#run;
    const { epoch, meters } = run;
    this.#network.check("fit");
    if (onNaN !== "ignore") checkWeights(this.#network, run, this.#lr);
    const checked =
      validation === undefined
        ? undefined
        : await evaluateUnlessAborted(this.#network, validation, this.#options.more, signal);
    if (validation !== undefined && checked === undefined) return false;
    const own = chosen(run.series, { loss: this.#loss(), accuracy: this.#hitRate(), ...meters?.values() });
    const unseen = checked && chosen(run.validation, checked);
    const figures: EpochEnd = {
      epoch,
      epochs,
      ...own,
      ...(unseen ? { validation: unseen } : {}),
      lr: this.#lr,
      seconds: (performance.now() - this.#epochStart) / 1000,
    };
    if (early !== undefined) {
      const seen = early.look(early.spec, early.monitor, run.early, epoch, figures);
      // may be refused its memory: then the epoch is not over, and nothing of it stands in the run
      if (early.spec.restoreBest && seen.epoch === epoch) run.best = this.#network.state();
      run.early = seen;
    }
    append(run.series, own);
    if (unseen) append(run.validation, unseen);
    this.#options.course.endEpoch(figures);
    run.endEpoch();
    const now = this.#now(epoch);
    // before anybody saves the model
    run.clear();
    meters?.reset();
    await this.#tell(now);
    for (const callback of callbacks) await callback.onEpochEnd?.(figures);
    this.#epochStart = performance.now();
    return true;
  }

  /** Gives back the weights of the best epoch, and keeps those of the last for a run that is resumed. */
  restoreBest(): void {
    const { best } = this.#run;
    if (best === undefined || !this.#network.alive) return;
    this.#run.last = this.#network.state();
    this.#network.loadState(best);
  }

  history(stopped: History["stopped"], problem?: string): History {
    const { validation, early, watch } = this.#options;
    const run = this.#run;
    return {
      ...(run.series as { loss: number[] }),
      ...(validation ? { validation: run.validation as { loss: number[] } } : {}),
      epochs: run.epoch,
      steps: run.step,
      stopped,
      ...(early && run.early.best !== null
        ? { best: { epoch: run.early.epoch, value: run.early.best } }
        : {}),
      ...(problem === undefined ? {} : { problem }),
      ...(watch === undefined ? {} : { profile: watch.lines(this.#steps) }),
    };
  }

  #loss(): number {
    const { loss, share } = this.#run.sums;
    return meanLoss(this.#options.scoring, loss, share, this.#network.outputs);
  }

  #hitRate(): number {
    const { hits, counted } = this.#run.sums;
    return hitRate(this.#options.scoring, hits, counted);
  }

  async #tell(now: Progress): Promise<void> {
    for (const callback of this.#options.callbacks) await callback.onProgress?.(now);
  }

  #now(epoch: number): Progress {
    const { epochs } = this.#options;
    const time = performance.now();
    const done = this.#steps;
    const left = this.#total - this.#run.step;
    const perSecond =
      1000 * (done > 1 ? (done - 1) / (time - this.#firstStepEnd) : done / (time - this.#start));
    return {
      epoch,
      epochs,
      step: this.#run.step,
      steps: this.#total,
      loss: this.#loss(),
      accuracy: this.#hitRate(),
      // no step was done where only the validation of an epoch was left
      samplesPerSecond: over(perSecond * this.#samples, done),
      secondsLeft: left === 0 ? 0 : left / perSecond,
    };
  }
}

/** Those figures that have a series. */
const chosen = <Own extends { readonly loss: number }>(of: Series, figures: Own): Own =>
  Object.fromEntries(Object.keys(of).map((name) => [name, figures[name as "loss"]])) as unknown as Own;

/** Adds to each series its figure. */
export function append(to: Series, figures: { readonly loss: number }): void {
  for (const [name, list] of Object.entries(to)) list.push(figures[name as "loss"]);
}

/** Ends a run of steps that waits for another thread: its weights become those of some steps before. */
export function giveUp(all: ReturnType<typeof steps>, run: Run): void {
  run.over = "it was stopped while a thread was late in a step";
  try {
    all.throw(GIVEN_UP);
  } catch (error) {
    if (error !== GIVEN_UP) throw error;
  }
}

async function evaluateUnlessAborted(
  network: Network,
  validation: Scored,
  more: More,
  signal: AbortSignalLike | undefined,
): Promise<Evaluation | undefined> {
  try {
    const { evaluate } = await more();
    return await evaluate(network, validation, signal);
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  }
}
