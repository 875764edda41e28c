// The training loop itself, one step at a time, without a word about promises, clocks or callbacks.

import { XentError } from "../base/errors.ts";
import { Random, STREAM_SHUFFLE, shuffle } from "../base/random.ts";
import type { OptimizerSpec } from "../base/spec.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Network, TrainSession } from "../nn/network.ts";
import { divisor, over, type Scoring, tally } from "./scoring.ts";
import { late } from "./turn.ts";
import { Window } from "./window.ts";

/** What one training step did. `loss` is that of its rows, before the update, by the loss's reduction. */
export interface Step {
  /** counted from 0 over the whole call */
  readonly step: number;
  /** counted from 0 */
  readonly epoch: number;
  readonly rows: number;
  readonly loss: number;
  /** rows whose class was right; 0 where rows have no class */
  readonly hits: number;
  /** the epoch's last step */
  readonly last: boolean;
}

/** The same with the sums that an epoch's figures are made of. */
export interface CountedStep extends Step {
  readonly lossSum: number;
  readonly share: number;
  readonly counted: number;
  /** its rows stand in the epoch's order from position `first` on */
  readonly first: number;
  readonly order: Uint32Array;
}

export interface StepOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly windowRows: number;
  readonly scoring: Scoring;
  readonly shuffle: boolean;
  readonly optimizer: OptimizerSpec;
  /** epochs this network was trained for before, so that every epoch has an order of its own */
  readonly epochsBefore: number;
}

/** Steps between two snapshots of the parameters. */
const SNAPSHOT_STEPS = 256;

/**
 * Steps through all epochs. Each `next()` is one step, or undefined: another thread is late, and the event loop should have
 * its turn before the next. The last batch of an epoch may be smaller.
 */
export function* steps(
  network: Network,
  session: TrainSession,
  data: Dataset,
  options: StepOptions,
): Generator<CountedStep | undefined, void> {
  const { epochs, batchSize, optimizer, scoring } = options;
  const { program } = session;
  const window = new Window(session, data, scoring, options.windowRows);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const random = new Random(network.seed, STREAM_SHUFFLE, options.epochsBefore + epoch);
    if (options.shuffle) shuffle(window.order, random);
    else for (let i = 0; i < data.rows; i++) window.order[i] = i;
    window.begin();
    for (let row = 0; row < data.rows; row += batchSize) {
      network.check("fit");
      if (network.trained !== session) throw lostMeanwhile();
      const rows = Math.min(batchSize, data.rows - row);
      const { share, counted } = tally(scoring, row, rows, window.order);
      const parts = divisor(scoring, share, network.outputs);
      program.set(rows, window.at(row), optimizer.lr, over(1, parts));
      const where = `epoch ${epoch}, lr ${optimizer.lr}`;
      const age = step % SNAPSHOT_STEPS;
      // not finite: nothing was copied and nothing updated, so the copy at hand is the one before
      if (age === 0) yield* carefulStep(network, session, step, where, step - SNAPSHOT_STEPS);
      else {
        try {
          if (!program.begin()) yield* late(network, program);
        } catch (error) {
          putBack(network, error, step - age);
        }
        checkLoss(network, session, step, where, step - age);
      }
      const { lossSum, hits } = program;
      const last = row + batchSize >= data.rows;
      const sums = { lossSum, share, counted, first: row, order: window.order };
      yield { step, epoch, rows, loss: over(lossSum, parts), hits, last, ...sums };
      step++;
    }
  }
  network.check("fit");
  // no later loss would tell of an update that overflowed
  if (!network.finite) {
    const last = step - 1;
    diverged(
      network,
      last - (last % SNAPSHOT_STEPS),
      `weights overflowed at step ${last} (lr ${optimizer.lr})`,
    );
  }
}

/**
 * One step, once the hyper region is set, that updates nothing when the loss is not finite, and copies the parameters once
 * they have given one that is. Yields as `steps` does.
 *
 * @param kept  step whose parameters the snapshot holds; below 0 there is none
 * @throws {XentError} `DIVERGED`, `WORKER_LOST`
 */
export function* carefulStep(
  network: Network,
  session: TrainSession,
  step: number,
  where: string,
  kept = -1,
): Generator<undefined, void> {
  const { program, lossEnd } = session;
  if (!program.begin(0, lossEnd)) yield* late(network, program);
  checkLoss(network, session, step, where, kept);
  network.snapshot();
  program.setAgain();
  try {
    if (!program.begin(lossEnd)) yield* late(network, program);
  } catch (error) {
    putBack(network, error, step);
  }
}

/** Thrown into a run of steps that waits for another thread: it is left as it is, and the weights are the last good ones. */
export const GIVEN_UP = new Error("given up");

/** A thread was lost, or not waited for, while parameters were updated: brings those from before step `kept` back, and throws. */
function putBack(network: Network, error: unknown, kept: number): never {
  const lost = error instanceof XentError && error.code === "WORKER_LOST";
  if (lost || error === GIVEN_UP) network.restore();
  if (!lost) throw error;
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

function checkLoss(
  network: Network,
  { program }: TrainSession,
  step: number,
  where: string,
  kept: number,
): void {
  const loss = program.lossSum;
  if (!Number.isFinite(loss)) diverged(network, kept, `the loss became ${loss} at step ${step} (${where})`);
}

/** Brings the parameters from before step `kept` back, if there was one, and throws. */
function diverged(network: Network, kept: number, what: string): never {
  if (kept >= 0) network.restore();
  const weights = kept > 0 ? `from before step ${kept}` : "it began with";
  throw new XentError(
    "DIVERGED",
    `${what}; the weights are those ${weights}`,
    "Use a smaller lr, or features scaled to about [−1, 1].",
  );
}
