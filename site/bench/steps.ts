// Whole training steps, as `fit` takes them: rows by lot, forward, loss, backward, new weights.

import { crossEntropy, dataset, dense, type LayerSpec, relu, sgd, type Xent } from "xent";
import { lot } from "../../examples/shared/random.ts";
import type { Step } from "./cases.ts";
import type { Runnable } from "./rounds.ts";

/** Floating-point operations of an epoch, roughly: some milliseconds, and so many steps that an epoch's end costs nothing. */
const EPOCH_FLOPS = 1e8;
const LEAST_STEPS = 12;
const CLASSES = 10;
/** Small enough for losses that still fall after a long run. */
const RATE = 0.01;

export function stepOf(xent: Xent, { widths, batch }: Step): Runnable {
  const [input = 1, ...units] = widths;
  const layers = units.flatMap((width, i): LayerSpec[] =>
    i === 0 ? [dense(width)] : [relu(), dense(width)],
  );
  const model = xent.sequential(
    { input, seed: 1, loss: crossEntropy(), optimizer: sgd({ lr: RATE }) },
    layers,
  );
  const { flops } = model.plan({ batchSize: batch, rows: batch });
  const stepsAnEpoch = Math.max(LEAST_STEPS, Math.ceil(EPOCH_FLOPS / flops));
  const data = classesByLot(stepsAnEpoch * batch, input);
  const losses: number[] = [];
  /** as it was last measured */
  let epochMs = Number.POSITIVE_INFINITY;

  /** @returns milliseconds a step, those of the first left out: it copies the data */
  const train = async (ms: number): Promise<number> => {
    const epochs = Math.max(1, Math.ceil(ms / epochMs));
    let perSecond = 0;
    const onProgress = (progress: { samplesPerSecond: number }): void => {
      perSecond = progress.samplesPerSecond;
    };
    const history = await model.fit(data, {
      epochs,
      batchSize: batch,
      inspect: false,
      callbacks: [{ onProgress }],
    });
    losses.push(...history.loss);
    const stepMs = (1000 * batch) / perSecond;
    epochMs = stepMs * stepsAnEpoch;
    return stepMs;
  };

  return {
    flops,
    async warm(ms) {
      const end = performance.now() + ms;
      // the first epoch has a loss to compare with
      await train(0);
      do await train(0);
      while (performance.now() < end);
    },
    time: train,
    check() {
      const [first = Number.NaN, last = Number.NaN] = [losses[0], losses.at(-1)];
      return last < first ? undefined : `the loss went from ${first} to ${last}, where it should have fallen`;
    },
  };
}

/** Rows of noise, in which a tenth of the features is higher: another one for each class. */
function classesByLot(rows: number, features: number) {
  const random = lot(features);
  const y = Int32Array.from({ length: rows }, (_, row) => row % CLASSES);
  const x = Float32Array.from(
    { length: rows * features },
    (_, i) =>
      0.5 * random.uniform() + ((i % features) % CLASSES === Math.floor(i / features) % CLASSES ? 0.3 : 0),
  );
  return dataset({ x, y, features });
}
