// One training run whose every bit is hashed, by a runtime of either kind; the same file runs in Node and in a browser.

import { Random } from "../../src/base/random.ts";
import {
  crossEntropy,
  dataset,
  dense,
  gelu,
  type HostedXent,
  relu,
  sgd,
  type Xent,
} from "../../src/index.ts";
import { sha256 } from "./sha256.ts";

const [ROWS, FEATURES, CLASSES] = [150, 23, 7] as const;

/** @returns SHA-256, as hex, over the bits of the weights and of what the model predicts */
export async function fitOnce(xent: Xent | HostedXent, seed: number): Promise<string> {
  const random = new Random(seed, 98, 0);
  const x = Float32Array.from({ length: ROWS * FEATURES }, () => 4 * random.uniform() - 2);
  const y = Int32Array.from({ length: ROWS }, () => random.below(CLASSES));
  const data = dataset({ x, y, features: FEATURES });
  const model = await xent.sequential(
    { input: FEATURES, seed, loss: crossEntropy(), optimizer: sgd({ lr: 0.3 }) },
    [dense(50), relu(), dense(31), gelu(), dense(CLASSES)],
  );
  const { steps } = await model.fit(data, { epochs: 4, batchSize: 32, validation: data });
  if (steps !== 20) throw new Error(`${steps} steps`);
  const weights = Object.values(await model.stateDict()).map(({ data }) => data);
  return sha256(...weights, await model.predict(x));
}
