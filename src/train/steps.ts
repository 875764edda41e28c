// The training loop itself, one step at a time, without a word about promises, clocks or callbacks.

import { XentError } from "../base/errors.ts";
import { Random, STREAM_SHUFFLE, shuffle } from "../base/random.ts";
import type { OptimizerSpec } from "../base/spec.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Network, TrainSession } from "../nn/network.ts";
import { Window } from "./window.ts";

/** What one training step did. `loss` is the mean over its rows, before the update. */
export interface Step {
  /** counted from 0 over the whole call */
  readonly step: number;
  /** counted from 0 */
  readonly epoch: number;
  readonly rows: number;
  readonly loss: number;
  /** rows whose largest logit was the target's */
  readonly hits: number;
  /** the epoch's last step */
  readonly last: boolean;
}

export interface StepOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly windowRows: number;
  readonly shuffle: boolean;
  readonly optimizer: OptimizerSpec;
  /** epochs this network was trained for before, so that every epoch has an order of its own */
  readonly epochsBefore: number;
}

/** Steps through all epochs. Each `next()` is one step; the last batch of an epoch may be smaller. */
export function* steps(
  network: Network,
  session: TrainSession,
  data: Dataset,
  options: StepOptions,
): Generator<Step, void> {
  const { epochs, batchSize, optimizer } = options;
  const { program } = session;
  const window = new Window(session, data, options.windowRows);
  network.snapshot();
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (options.shuffle)
      shuffle(window.order, new Random(network.seed, STREAM_SHUFFLE, options.epochsBefore + epoch));
    else for (let i = 0; i < data.rows; i++) window.order[i] = i;
    window.begin();
    for (let row = 0; row < data.rows; row += batchSize) {
      network.check();
      const rows = Math.min(batchSize, data.rows - row);
      program.set(rows, window.at(row), optimizer.lr);
      program.run();
      const loss = program.lossSum / rows;
      if (!Number.isFinite(loss)) {
        network.restore();
        throw new XentError(
          "DIVERGED",
          `fit: the loss became ${loss} at step ${step} (epoch ${epoch}, lr ${optimizer.lr}); the weights are those from the end of the epoch before`,
          "Use a smaller lr, or features scaled to about [−1, 1].",
        );
      }
      const last = row + batchSize >= data.rows;
      if (last) network.snapshot();
      yield { step, epoch, rows, loss, hits: program.hits, last };
      step++;
    }
  }
}
