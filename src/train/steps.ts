// The training loop itself, one step at a time, without a word about promises, clocks or callbacks.

import { XentError } from "../base/errors.ts";
import { Random, STREAM_SHUFFLE, shuffle } from "../base/random.ts";
import type { Network } from "../nn/network.ts";
import type { TrainSession } from "../nn/session.ts";
import type { Program } from "../program/program.ts";
import type { Pause } from "../program/runner.ts";
import type { Course } from "./course.ts";
import type { Block, Feed } from "./feed.ts";
import type { Run } from "./run.ts";
import { divisor, over, type Scoring, tally } from "./scoring.ts";
import type { Stopwatch } from "./stopwatch.ts";
import { late, loaded } from "./turn.ts";

/** What one training step did. `loss` is that of its rows, before the update, by the loss's reduction. */
export interface Step {
  /** counted from 0 over the whole run */
  readonly step: number;
  /** counted from 0 */
  readonly epoch: number;
  readonly rows: number;
  readonly loss: number;
  /** rows whose class was right; 0 where rows have no class */
  readonly hits: number;
  /** learning rate of its update */
  readonly lr: number;
  /** the epoch's last step */
  readonly last: boolean;
}

/** What is done when a loss or a parameter is not finite: an error or an early end, with the last good weights, or nothing. */
export type OnNaN = "error" | "rollback" | "ignore";

export interface StepOptions {
  readonly epochs: number;
  /** rows that go through the net together */
  readonly batchSize: number;
  /** batches whose gradients make one step */
  readonly accumulate: number;
  /** leaves out the rows at an epoch's end that do not fill a step */
  readonly dropLast: boolean;
  readonly feed: Feed;
  /** of its first block */
  readonly scoring: Scoring;
  readonly shuffle: boolean;
  readonly course: Course;
  readonly onNaN: OnNaN;
  /** takes the times of the records */
  readonly watch?: Stopwatch | undefined;
  readonly more: More;
}

/** Loads what a run needs only sometimes. */
export type More = () => Promise<
  Pick<typeof import("./diagnose.ts") & typeof import("./evaluate.ts"), "firstNotFinite" | "evaluate">
>;

/** What a run of steps needs besides: when it may pause within a step. */
type Pausing = { readonly inside: Pause | undefined };

/** Steps between two snapshots of the parameters. */
const SNAPSHOT_STEPS = 256;

type Portions = Pick<StepOptions, "batchSize" | "accumulate" | "dropLast">;

/** Rows of an epoch that are trained on. */
export function rowsUsed(rows: number, { batchSize, accumulate, dropLast }: Portions): number {
  return dropLast ? rows - (rows % (batchSize * accumulate)) : rows;
}

export function stepsPerEpoch(rows: number, options: Portions): number {
  return Math.ceil(rowsUsed(rows, options) / (options.batchSize * options.accumulate));
}

/**
 * Steps through what is left of the run's epoch in a block. Each `next()` is one step, or undefined: the step pauses, or another thread is
 * late, and the event loop should have its turn before the next. The last step of an epoch may have fewer rows.
 *
 * @param slice  may pause within a step
 */
export function* steps(
  network: Network,
  session: TrainSession,
  { window, scoring, meters, number, start }: Block,
  options: StepOptions,
  run: Run,
  slice: Pausing,
): Generator<Step | undefined, void> {
  const { batchSize, course, onNaN, watch, more } = options;
  const { program, backwardEnd } = session;
  const { order } = window;
  const all = program.drafts.length;
  const used = rowsUsed(options.feed.rows, options);
  const end = Math.min(used, start + order.length);
  const wanted = batchSize * options.accumulate;
  const { epoch } = run;
  const stream = STREAM_SHUFFLE + 256 * number;
  if (options.shuffle) shuffle(order, new Random(network.seed, stream, run.epochsBefore + epoch));
  else for (let i = 0; i < order.length; i++) order[i] = i;
  window.begin();
  for (let row = run.row; row < end; row += wanted) {
    const first = row - start;
    network.check("fit");
    if (network.trained !== session) throw lostMeanwhile();
    const { step } = run;
    const rate = course.rate(step, program.turn);
    const { lr } = course;
    const rows = Math.min(wanted, end - row);
    const { share, counted } = tally(scoring, first, rows, order);
    const parts = divisor(scoring, share, network.outputs);
    const careful = run.kept < 0 || step % SNAPSHOT_STEPS === 0;
    if (careful && run.kept >= 0 && onNaN !== "ignore") checkWeights(network, run, lr);
    let lossSum = 0;
    let hits = 0;
    for (let at = 0; at < rows; at += batchSize) {
      const some = Math.min(batchSize, rows - at);
      program.turn.add = at === 0 ? 0 : 1;
      program.turn.batch = network.batches;
      program.set(some, window.at(first + at), rate, over(1, parts));
      const records = at + batchSize < rows ? backwardEnd : all;
      const pause = slice.inside;
      try {
        if (careful && at === 0)
          yield* carefulStep(network, session, run, lr, more, { end: records, onNaN, watch, pause });
        else if (watch !== undefined) yield* watch.run(network, program, 0, records);
        else if (!program.begin(0, records, pause)) yield* late(network, program, pause);
      } catch (error) {
        putBack(network, error, run);
      }
      if (onNaN !== "ignore" && !Number.isFinite(program.lossSum)) {
        yield* lossDiverged(network, session, run, lr, more);
      }
      lossSum += program.lossSum;
      hits += program.hits;
      network.batches = (network.batches + 1) >>> 0;
      meters?.add(session.logits, first + at, some, order);
    }
    course.count();
    run.count(rows, lossSum, share, hits, counted);
    const last = row + wanted >= used;
    yield { step, epoch, rows, loss: over(lossSum, parts), hits, lr, last };
  }
}

/** What is known of a step when it goes wrong. */
export interface Place {
  readonly step: number;
  /** of a run */
  readonly epoch?: number;
  /** the call, of a single step */
  readonly where?: string;
  /** step whose parameters the snapshot holds; below 0 there is none */
  kept: number;
}

/**
 * One step, once the hyper region is set, that updates nothing when the loss is not finite, and copies the parameters once
 * they have given one that is. Yields as `steps` does.
 *
 * @param end  record to stop in front of
 * @throws {XentError} `DIVERGED`, `WORKER_LOST`
 */
export function* carefulStep(
  network: Network,
  session: TrainSession,
  place: Place,
  lr: number,
  more: More,
  { end = session.program.drafts.length, onNaN = "error", watch, pause }: Care = {},
): Generator<undefined, void> {
  const { program, lossEnd } = session;
  const run = (from: number, to: number): Generator<undefined, void> =>
    watch === undefined ? plain(network, program, from, to, pause) : watch.run(network, program, from, to);
  yield* run(0, lossEnd);
  if (onNaN !== "ignore" && !Number.isFinite(program.lossSum)) {
    yield* lossDiverged(network, session, place, lr, more);
  }
  network.snapshot();
  place.kept = place.step;
  program.setAgain();
  yield* run(lossEnd, end);
}

interface Care {
  readonly end?: number;
  readonly onNaN?: OnNaN;
  readonly watch?: Stopwatch | undefined;
  readonly pause?: Pause | undefined;
}

function* plain(
  network: Network,
  program: Program,
  from: number,
  to: number,
  pause: Pause | undefined,
): Generator<undefined, void> {
  if (!program.begin(from, to, pause)) yield* late(network, program, pause);
}

/** Thrown into a run of steps that waits for another thread: it is left as it is, and the weights are the last good ones. */
export const GIVEN_UP = new Error("given up");

/** A thread was lost, or not waited for, while parameters were updated: brings those from before step `kept` back, and throws. */
export function putBack(network: Network, error: unknown, { kept }: Place): never {
  const lost = error instanceof XentError && error.code === "WORKER_LOST";
  if (kept >= 0 && (lost || error === GIVEN_UP)) network.restore();
  if (kept < 0 || !lost) throw error;
  const [problem] = error.message.split(`. ${error.hint}`);
  throw new XentError(error.code, `${problem}; the weights are those from before step ${kept}`, error.hint);
}

/** A call between two steps lost a thread, and the network went on to another memory than this run's. */
function lostMeanwhile(): XentError {
  return new XentError(
    "WORKER_LOST",
    "a thread was lost by another call between two steps; the weights are those of the last step",
    "Call again, and new threads are started.",
  );
}

/** Says where a loss that is not finite came from, once it is known, brings the last good parameters back, and throws. */
function* lossDiverged(
  network: Network,
  { program, lossEnd }: TrainSession,
  place: Place,
  lr: number,
  more: More,
): Generator<undefined, never> {
  // a call meanwhile may set another program
  const { rows, lossSum } = program;
  let first: string | undefined;
  try {
    const { firstNotFinite } = yield* loaded(network, more());
    first = firstNotFinite(program, lossEnd, rows);
  } catch (error) {
    // where it cannot be loaded, or nobody waits for it, the rest is said without it
    if (!network.alive) throw error;
  }
  const { step, epoch, where = `epoch ${epoch}` } = place;
  const cause = first === undefined ? "" : `; first, ${first}`;
  return diverged(network, place, `the loss became ${lossSum} at step ${step} (${where}, lr ${lr})${cause}`);
}

/**
 * No later loss would tell of an update that overflowed.
 *
 * @throws {XentError} `DIVERGED`
 */
export function checkWeights(network: Network, place: Place, lr: number): void {
  const found = network.firstNotFinite();
  if (found === undefined) return;
  const before = place.step - 1;
  diverged(network, place, `weights overflowed at step ${before} or before (lr ${lr}): ${found}`);
}

/** Brings the parameters from before step `kept` back, if there was one, and throws. */
function diverged(network: Network, { kept }: Place, what: string): never {
  if (kept >= 0) network.restore();
  const weights = kept > 0 ? `from before step ${kept}` : "it began with";
  throw new XentError(
    "DIVERGED",
    `${what}; the weights are those ${weights}`,
    "Use a smaller lr, clipNorm, or features scaled to about [−1, 1].",
  );
}
