// Two hundred training steps through the public API, and the hash of the weights; "xent" is the sources, or the package where
// there is one. Nothing of an engine is used: data come from our own generator.

import {
  crossEntropy,
  dataset,
  dense,
  type HostedSequential,
  type LayerSpec,
  relu,
  type Sequential,
  type SequentialOptions,
  sgd,
  tanh,
} from "xent";
import { Random } from "../../src/base/random.ts";
import { sha256 } from "./sha256.ts";

/** A first product deeper than KC; widths and a batch that are no whole tiles. */
const [ROWS, FEATURES, CLASSES, BATCH] = [400, 300, 7, 41] as const;
const EPOCHS = 20;

export const OPTIONS: SequentialOptions = {
  input: FEATURES,
  seed: 5,
  loss: crossEntropy(),
  optimizer: sgd({ lr: 0.1 }),
};
export const LAYERS: readonly LayerSpec[] = [dense(37), relu(), dense(24), tanh(), dense(CLASSES)];

/**
 * @param model  of `OPTIONS` and `LAYERS`, on any runtime
 * @returns SHA-256, as hex, over the bits of all parameters
 */
export async function trainedHash(model: Sequential | HostedSequential): Promise<string> {
  const random = new Random(11, 99, 0);
  const x = Float32Array.from({ length: ROWS * FEATURES }, () => 2 * random.uniform() - 1);
  const y = Int32Array.from({ length: ROWS }, () => random.below(CLASSES));
  const { steps } = await model.fit(dataset({ x, y, features: FEATURES }), {
    epochs: EPOCHS,
    batchSize: BATCH,
  });
  if (steps !== 200) throw new Error(`${steps} steps`);
  return sha256(...Object.values(await model.stateDict()).map(({ data }) => data));
}
