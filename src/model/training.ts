// What a model remembers of its training between calls, and what a call needs before its first step: checks first, then memory.
// Nothing of the model changes when a check fails. The loops are in src/train.

import { XentError } from "../base/errors.ts";
import { flag, integer } from "../base/options.ts";
import type { LossSpec, OptimizerSpec } from "../base/spec.ts";
import { CheckedRows, type Features, toFeatures } from "../data/dataset.ts";
import { fingerprint } from "../data/fingerprint.ts";
import type { Preprocessing, RawRows } from "../data/prepared.ts";
import { type Targets, toTargets, toWeights } from "../data/targets.ts";
import type { Network } from "../nn/network.ts";
import type { TrainSession } from "../nn/session.ts";
import { Course } from "../train/course.ts";
import type { Evaluation } from "../train/evaluate.ts";
import { fed } from "../train/feed.ts";
import type { FitConfig } from "../train/fit.ts";
import { type Rates, ratesFor } from "../train/rates.ts";
import { Run, type RunState } from "../train/run.ts";
import { divisor, hitRate, over, tally } from "../train/scoring.ts";
import { rowsUsed, stepsPerEpoch } from "../train/steps.ts";
import { roomiest, windowRows } from "../train/window.ts";
import { type Measuring, type More, more, type Source, scored } from "./extras.ts";
import { checkBatches, commonScaling, configOf, lossToLearn, rowsOf, scoreOf } from "./fitting.ts";
import {
  checkCallbacks,
  checkEarly,
  checkOnNaN,
  checkOptimizer,
  checkSignal,
  type FitOptions,
  type LearnOptions,
} from "./options.ts";
import { GONE, text } from "./saving.ts";

/** A batch in the memory, ready for a step. */
export interface ReadyBatch {
  readonly session: TrainSession;
  readonly lr: number;
  /** says that the step was done */
  count(): void;
  /** loss and accuracy, after the step */
  read(): Evaluation;
}

/** What was loaded for a call that asks for it. */
export interface Extras {
  /** for those with a schedule, a profile or a run to go on with */
  readonly loaded?: More | undefined;
  readonly measured?: Measuring | undefined;
  readonly validation?: Source | undefined;
}

export class Training {
  readonly #network: Network;
  optimizer: OptimizerSpec | undefined;
  /** names of the classes by their ids */
  classes: readonly string[] | undefined;
  /** what has made the features of raw rows */
  preprocessing: Preprocessing | undefined;
  /** what the optimiser counts */
  rates: Rates | undefined;
  hasGradients = false;
  /** the last run of `fit` or `steps` */
  run: Run | undefined;
  /** why the run cannot be gone on with */
  #over: string | undefined = "no fit was begun";

  constructor(network: Network) {
    this.#network = network;
  }

  /** Epochs that the model was trained for in its life. */
  get epochs(): number {
    return this.run === undefined ? 0 : this.run.epochsBefore + this.run.epoch;
  }

  /** Says why what the run has left is not what it would go on from. */
  end(reason: string): void {
    this.#over = reason;
  }

  /** Takes over a run from a file. */
  adopt(run: Run | undefined, over: string | undefined): void {
    this.run = run;
    this.#over = over;
  }

  /** Why the run cannot be gone on with, if it cannot. */
  get over(): string | undefined {
    return this.#over ?? this.run?.over;
  }

  /**
   * Checks data and options, lays the memory, and begins a run or takes up the last.
   *
   * @param extras  what was loaded for the call
   */
  prepare(
    where: string,
    source: Source,
    options: FitOptions,
    { loaded, measured, validation }: Extras,
  ): { session: TrainSession; config: FitConfig; run: Run } {
    const network = this.#network;
    const { streamed } = source;
    const data = rowsOf(network, where, source.head);
    const total = streamed?.stream.rows ?? data.rows;
    const epochs = integer(`${where}: epochs`, options.epochs ?? 1, 1);
    const batchSize = Math.min(integer(`${where}: batchSize`, options.batchSize ?? 32, 1), total);
    const accumulate = integer(`${where}: accumulate`, options.accumulate ?? 1, 1);
    const dropLast = flag(`${where}: dropLast`, options.dropLast ?? false);
    const shuffle = flag(`${where}: shuffle`, options.shuffle ?? true);
    const resume = flag(`${where}: resume`, options.resume ?? false);
    const profile = flag(`${where}: profile`, options.profile ?? false);
    const onNaN = checkOnNaN(where, options.onNaN ?? "error");
    const stopAfterEpoch = integer(`${where}: stopAfterEpoch`, options.stopAfterEpoch ?? epochs, 1);
    checkSignal(where, options.signal);
    const metrics = measured?.names ?? [];
    const { callbacks, early } = checkEarly(
      where,
      checkCallbacks(where, options.callbacks ?? []),
      metrics,
      validation !== undefined,
    );
    if (dropLast && total < batchSize * accumulate) {
      throw new XentError(
        "OPTION",
        `${where}: dropLast is true, and ${total} rows make no step of batchSize ${batchSize} · accumulate ${accumulate}`,
        "Use a smaller batchSize or accumulate, or leave dropLast out.",
      );
    }
    checkBatches(network, where, total, batchSize, dropLast);
    const { loss, optimizer } = this.learn(where, options);
    if (optimizer.schedule === GONE) {
      throw new XentError(
        "OPTION",
        `${where}: the optimizer came from a file, and its schedule was a function, which no file holds`,
        "Pass the optimizer again, with its schedule.",
      );
    }
    const taken = scored(network, where, source, loss, this, measured);
    const { scoring, meters, classes, preprocessing } = taken;
    const validated =
      validation && scored(network, `${where}: validation`, validation, loss, taken, measured);
    const spec = loaded?.checkSchedule(`${where}: the optimizer`, optimizer.schedule);
    if (loaded && typeof spec === "object" && spec.kind === "reduceOnPlateau") {
      const monitor = spec.monitor ?? loaded.usualMonitor(validation !== undefined);
      loaded.checkMonitor(`${where}: reduceOnPlateau`, monitor, metrics, validation !== undefined);
    }
    const portions = { batchSize, accumulate, dropLast };
    const perEpoch = stepsPerEpoch(total, portions);
    const schedule =
      spec &&
      loaded?.makeSchedule(spec, {
        lr: optimizer.lr,
        steps: epochs * perEpoch,
        epochs,
        stepsPerEpoch: perEpoch,
      });
    const settings = plain({
      ...portions,
      shuffle,
      loss,
      optimizer,
      metrics,
      earlyStopping:
        early === undefined ? null : { ...early.spec, monitor: early.monitor, patience: undefined },
      validation: validation === undefined ? null : told(validation),
      data: told(source),
    });
    if (resume) {
      const wanted = { settings, used: rowsUsed(total, portions), step: batchSize * accumulate, meters };
      loaded?.checkResumable(where, this.run, this.over, wanted);
    }
    const features = data.x instanceof Uint8Array ? "u8" : "f32";
    const scaling = commonScaling(where, data, validation?.head);
    const [rows, session] = roomiest(windowRows(data, batchSize), batchSize, (some) =>
      network.train(configOf(scoring, optimizer, features, batchSize, some, accumulate > 1), scaling),
    );
    this.optimizer = optimizer;
    this.classes = classes;
    this.preprocessing = preprocessing;
    const run = resume ? (this.run as Run) : this.#begin(settings);
    run.meters = meters;
    this.rates = ratesFor(network, optimizer, this.rates);
    run.kept = -1;
    if (resume) schedule?.load(run.state().schedule);
    if (run.last !== undefined) network.loadState(run.last);
    run.last = undefined;
    const course = new Course(optimizer.lr, this.rates, schedule);
    run.course = course;
    const config: FitConfig = {
      epochs,
      ...portions,
      feed:
        streamed?.streamed(streamed.stream, session, rows, taken.score) ??
        fed(session, data, scoring, meters, rows),
      scoring,
      shuffle,
      course,
      onNaN,
      more,
      watch: profile && loaded ? new loaded.Stopwatch() : undefined,
      validation: validated,
      metrics,
      callbacks,
      early,
      stopAfterEpoch,
      signal: options.signal,
    };
    return { session, config, run };
  }

  /** Whether the optimiser of a call has a schedule. */
  scheduled(where: string, options: LearnOptions): boolean {
    return (checkOptimizer(where, options.optimizer) ?? this.optimizer)?.schedule !== undefined;
  }

  /** Lays the memory for one batch and copies it there. */
  batch(
    where: string,
    x: Features | RawRows,
    y: Targets | readonly string[],
    weight: ArrayLike<number> | undefined,
    loss: LossSpec,
    optimizer: OptimizerSpec,
  ): ReadyBatch {
    const network = this.#network;
    const features =
      this.preprocessing?.transform(x as RawRows, where) ?? toFeatures(where, x, network.input);
    const { rows } = features;
    checkBatches(network, where, rows, rows);
    const checked = new CheckedRows(
      features,
      this.preprocessing?.targets(y, rows, where) ?? toTargets(where, y, rows),
      toWeights(where, weight, rows),
      network.scaling.scale,
      network.scaling.shift,
    );
    const scoring = scoreOf(network, where, checked, loss);
    const kind = features.x instanceof Uint8Array ? "u8" : "f32";
    const session = network.train(configOf(scoring, optimizer, kind, rows, rows));
    const { program, order } = session;
    session.x.set(features.x);
    session.targets.set(scoring.targets);
    if (scoring.weight !== undefined) session.weights?.set(scoring.weight);
    for (let i = 0; i < rows; i++) order[i] = i;
    const { share, counted } = tally(scoring, 0, rows);
    const parts = divisor(scoring, share, network.outputs);
    const rates = ratesFor(network, optimizer, this.rates);
    this.rates = rates;
    const { lr } = optimizer;
    program.turn.add = 0;
    program.turn.batch = network.batches;
    program.set(rows, 0, rates.next(lr, program.turn), over(1, parts));
    const count = (): void => {
      rates.count();
      network.batches = (network.batches + 1) >>> 0;
    };
    const read = (): Evaluation => ({
      loss: over(program.lossSum, parts),
      accuracy: hitRate(scoring, program.hits, counted),
    });
    return { session, lr, count, read };
  }

  /** Loss and optimiser of a call, or the model's. */
  learn(where: string, options: LearnOptions): { loss: LossSpec; optimizer: OptimizerSpec } {
    const loss = lossToLearn(this.#network, where, options.loss);
    const optimizer = checkOptimizer(where, options.optimizer) ?? this.optimizer;
    if (optimizer === undefined) {
      throw new XentError(
        "OPTION",
        `${where}: no optimizer is known`,
        "Pass optimizer: sgd({ lr: 0.1 }), here or to sequential.",
      );
    }
    return { loss, optimizer };
  }

  #begin(settings: RunState["settings"]): Run {
    this.run = new Run(settings, this.epochs);
    this.#over = undefined;
    this.rates = undefined;
    return this.run;
  }
}

/** Tells data apart. */
function told({ head, streamed }: Source): string {
  // of a stream, its beginning and how much there is
  const rows = streamed === undefined ? "" : ` of ${streamed.stream.rows}`;
  return fingerprint(head) + rows;
}

/** What is left of options in a file. */
function plain(settings: object): RunState["settings"] {
  return JSON.parse(text(settings)) as RunState["settings"];
}
