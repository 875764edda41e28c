// Steps for a consumer's loop. Loaded by the call that wants them.

import type { AbortSignalLike } from "../base/platform.ts";
import type { Network } from "../nn/network.ts";
import type { TrainSession } from "../nn/session.ts";
import { append, giveUp, patience } from "./fit.ts";
import type { Run } from "./run.ts";
import { meanLoss } from "./scoring.ts";
import { checkWeights, type Step, type StepOptions, steps } from "./steps.ts";
import { Slice } from "./turn.ts";

/** The event loop gets its turn between the steps. */
export async function* asyncSteps(
  network: Network,
  session: TrainSession,
  options: StepOptions,
  run: Run,
  signal: AbortSignalLike | undefined,
): AsyncGenerator<Step, void> {
  const { epochs, batchSize, feed, scoring } = options;
  if (signal?.aborted) return;
  await network.want(session, (epochs - run.epoch) * feed.rows, batchSize);
  if (signal?.aborted) return;
  const patient = patience(signal);
  const slice = new Slice({ network, program: session.program });
  let lr = Number.NaN;
  while (run.epoch < epochs) {
    const { epoch } = run;
    for await (const block of feed.blocks(run)) {
      // of rows that dropLast leaves out
      if (run.epoch > epoch) continue;
      const all = steps(network, session, block, options, run, slice);
      for (const step of all) {
        if (step === undefined) {
          await slice.turn();
          if (patient()) continue;
          giveUp(all, run);
          return;
        }
        lr = step.lr;
        if (step.last) {
          const loss = meanLoss(scoring, run.sums.loss, run.sums.share, network.outputs);
          append(run.series, { loss });
          options.course.endEpoch({ loss });
          run.endEpoch();
          run.clear();
        }
        yield step;
        if (slice.over()) {
          network.settle();
          void network.want(session, 0, batchSize);
          await slice.turn();
        }
        if (signal?.aborted) return;
      }
    }
  }
  network.check("steps");
  if (options.onNaN !== "ignore") checkWeights(network, run, lr);
  network.settle();
}
