// The driver of a whole training run: epochs, validation, history, progress, the event loop's turns and abort.

import type { Dataset } from "../data/dataset.ts";
import type { Network, TrainSession } from "../nn/network.ts";
import { type Evaluation, evaluate } from "./evaluate.ts";
import type { Meters, MetricName, MetricSeries, MetricValues } from "./metrics.ts";
import { divisor, over, type Scoring } from "./scoring.ts";
import { GIVEN_UP, type Step, type StepOptions, steps } from "./steps.ts";
import { SLICE_MS, turn } from "./turn.ts";

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
export interface EpochEnd extends MetricValues {
  /** counted from 0 */
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly accuracy?: number;
  readonly validation?: { readonly loss: number; readonly accuracy?: number } & MetricValues;
  /** length of the epoch, validation included */
  readonly seconds: number;
}

/** Called while `fit` runs. What a callback throws ends `fit` with that error. */
export interface Callback {
  onProgress?(progress: Progress): void;
  onEpochEnd?(epoch: EpochEnd): void;
}

/** One number per finished epoch, for the loss and each metric by its name, and how the run ended. */
export interface History extends MetricSeries {
  readonly loss: number[];
  readonly accuracy?: number[];
  readonly validation?: { readonly loss: number[]; readonly accuracy?: number[] } & MetricSeries;
  /** epochs finished */
  readonly epochs: number;
  /** steps done */
  readonly steps: number;
  /** `done`: all epochs; `signal`: the signal was aborted */
  readonly stopped: "done" | "signal";
}

export interface FitOptions extends StepOptions {
  readonly validation:
    | { readonly data: Dataset; readonly scoring: Scoring; readonly meters: Meters | undefined }
    | undefined;
  readonly metrics: readonly MetricName[];
  /** of the metrics beside accuracy, over an epoch's steps */
  readonly meters: Meters | undefined;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignal | undefined;
}

/** How long an aborted run waits for a thread that is late in its last step, before it does without the step. */
const PATIENCE_MS = 1000;

/** Says whether to go on waiting for a late thread. */
function patience(signal: AbortSignal | undefined): () => boolean {
  let end: number | undefined;
  return () => {
    if (!signal?.aborted) return true;
    end ??= performance.now() + PATIENCE_MS;
    return performance.now() < end;
  };
}

/** Trains for all epochs. An abort ends the run between two steps; the weights stay as the last step left them. */
export async function fitNetwork(
  network: Network,
  session: TrainSession,
  data: Dataset,
  options: FitOptions,
): Promise<History> {
  const { epochs, batchSize, validation, callbacks, signal, scoring, meters } = options;
  const accuracy = options.metrics.includes("accuracy");
  const [history, validated] = [series(options.metrics), series(options.metrics)];
  const total = epochs * Math.ceil(data.rows / batchSize);
  const start = performance.now();
  let epochStart = start;
  let sliceEnd = start + SLICE_MS;
  let firstStepEnd = start;
  let done = 0;
  let samples = 0;
  let epoch = { loss: 0, share: 0, hits: 0, counted: 0 };
  const epochLoss = (): number => over(epoch.loss, divisor(scoring, epoch.share, network.outputs));
  const epochAccuracy = (): number =>
    scoring.hits === "none" ? Number.NaN : over(epoch.hits, epoch.counted);

  const result = (stopped: History["stopped"]): History => ({
    ...history,
    ...(validation ? { validation: validated } : {}),
    epochs: history.loss.length,
    steps: done,
    stopped,
  });
  const progress = (current: number): void => {
    const time = performance.now();
    const stepsPerSecond = 1000 * (done > 1 ? (done - 1) / (time - firstStepEnd) : done / (time - start));
    const now: Progress = {
      epoch: current,
      epochs,
      step: done,
      steps: total,
      loss: epochLoss(),
      accuracy: epochAccuracy(),
      samplesPerSecond: (stepsPerSecond * samples) / done,
      secondsLeft: (total - done) / stepsPerSecond,
    };
    for (const callback of callbacks) callback.onProgress?.(now);
  };

  if (signal?.aborted) return result("signal");
  await network.want(session, epochs * data.rows, batchSize);
  if (signal?.aborted) return result("signal");
  const run = steps(network, session, data, options);
  const patient = patience(signal);
  for (const step of run) {
    if (step === undefined) {
      await turn();
      if (patient()) continue;
      giveUp(run);
      return result("signal");
    }
    if (done === 0) firstStepEnd = performance.now();
    done++;
    samples += step.rows;
    epoch.loss += step.lossSum;
    epoch.share += step.share;
    epoch.hits += step.hits;
    epoch.counted += step.counted;
    meters?.add(session.logits, step.first, step.rows, step.order);
    if (step.last) {
      const mean = {
        loss: epochLoss(),
        ...(accuracy ? { accuracy: epochAccuracy() } : {}),
        ...meters?.values(),
      };
      append(history, mean);
      meters?.reset();
      const checked =
        validation === undefined ? undefined : await evaluateUnlessAborted(network, validation, signal);
      const measured = checked && append(validated, checked);
      progress(step.epoch);
      const seconds = (performance.now() - epochStart) / 1000;
      const end: EpochEnd = {
        epoch: step.epoch,
        epochs,
        ...mean,
        ...(measured ? { validation: measured } : {}),
        seconds,
      };
      for (const callback of callbacks) callback.onEpochEnd?.(end);
      epochStart = performance.now();
      epoch = { loss: 0, share: 0, hits: 0, counted: 0 };
    }
    const now = performance.now();
    if (now >= sliceEnd) {
      network.settle();
      if (!step.last) progress(step.epoch);
      // threads that another call lost are replaced
      void network.want(session, 0, batchSize);
      await turn();
      sliceEnd = performance.now() + SLICE_MS;
    }
    if (signal?.aborted && done < total) return result("signal");
  }
  network.settle();
  return result("done");
}

/** Figures by their names, a number an epoch. */
type Series = { readonly loss: number[]; readonly accuracy?: number[] } & MetricSeries;
/** Those of one epoch. */
type Figures = { readonly loss: number; readonly accuracy?: number } & MetricValues;

function series(metrics: readonly MetricName[]): Series {
  return { loss: [], ...Object.fromEntries(metrics.map((name) => [name, []])) };
}

/** Adds to each series its figure; returns those figures alone. */
function append(to: Series, figures: Figures): Figures {
  const own = Object.keys(to).map((name) => [name, figures[name as "loss"]] as const);
  for (const [name, figure] of own) to[name as "loss"].push(figure);
  return Object.fromEntries(own) as unknown as Figures;
}

/** Ends a run of steps that waits for another thread. */
function giveUp(run: ReturnType<typeof steps>): void {
  try {
    run.throw(GIVEN_UP);
  } catch (error) {
    if (error !== GIVEN_UP) throw error;
  }
}

async function evaluateUnlessAborted(
  network: Network,
  { data, scoring, meters }: NonNullable<FitOptions["validation"]>,
  signal: AbortSignal | undefined,
): Promise<Evaluation | undefined> {
  try {
    return await evaluate(network, data.x, scoring, signal, meters);
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  }
}

/** Steps for a consumer's loop; the event loop gets its turn between them. */
export async function* asyncSteps(
  network: Network,
  session: TrainSession,
  data: Dataset,
  options: StepOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<Step, void> {
  if (signal?.aborted) return;
  await network.want(session, options.epochs * data.rows, options.batchSize);
  if (signal?.aborted) return;
  let sliceEnd = performance.now() + SLICE_MS;
  const run = steps(network, session, data, options);
  const patient = patience(signal);
  for (const counted of run) {
    if (counted === undefined) {
      await turn();
      if (patient()) continue;
      giveUp(run);
      return;
    }
    const { step, epoch, rows, loss, hits, last } = counted;
    yield { step, epoch, rows, loss, hits, last };
    const now = performance.now();
    if (now >= sliceEnd) {
      network.settle();
      void network.want(session, 0, options.batchSize);
      await turn();
      sliceEnd = performance.now() + SLICE_MS;
    }
    if (signal?.aborted) return;
  }
  network.settle();
}
