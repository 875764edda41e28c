// Twenty training steps whose every bit is hashed; the same file runs in Node and in a browser. Nothing of either
// is used: data come from our own generator.

import { Random } from "../../src/base/random.ts";
import { crossEntropy, dataset, dense, init, type LayerSpec, relu, sgd, sigmoid } from "../../src/index.ts";

const [ROWS, FEATURES, CLASSES, BATCH] = [150, 23, 7, 32] as const;

/**
 * Four epochs of five steps, the last of each smaller: a relu net on floats, then a sigmoid net on bytes.
 *
 * @returns SHA-256, as hex, over the bits of losses, weights, probabilities and an evaluation
 */
export async function twentySteps(seed: number): Promise<string> {
  const random = new Random(seed, 99, 0);
  const y = Int32Array.from({ length: ROWS }, () => random.below(CLASSES));
  const floats = Float32Array.from({ length: ROWS * FEATURES }, () => 4 * random.uniform() - 2);
  const bytes = Uint8Array.from({ length: ROWS * FEATURES }, () => random.below(256));
  const relus = [dense(50), relu(), dense(31), relu(), dense(CLASSES)];
  const sigmoids = [dense(50), sigmoid(), dense(31), sigmoid(), dense(CLASSES)];
  const runs = [...(await run(seed, floats, y, relus)), ...(await run(seed, bytes, y, sigmoids))];

  const all = new Uint8Array(runs.reduce((sum, part) => sum + part.byteLength, 0));
  let end = 0;
  for (const { buffer, byteOffset, byteLength } of runs) {
    all.set(new Uint8Array(buffer, byteOffset, byteLength), end);
    end += byteLength;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function run(
  seed: number,
  x: Float32Array | Uint8Array,
  y: Int32Array,
  layers: readonly LayerSpec[],
): Promise<(Float32Array | Float64Array)[]> {
  const xent = await init();
  const options = { loss: crossEntropy(), optimizer: sgd({ lr: 0.3 }) };
  const model = xent.sequential({ input: FEATURES, seed, ...options }, layers);
  const data = dataset({ x, y, features: FEATURES });
  const losses: number[] = [];
  for await (const { loss } of model.steps(data, { epochs: 4, batchSize: BATCH })) losses.push(loss);
  if (losses.length !== 20) throw new Error(`${losses.length} steps`);
  const { loss, accuracy } = await model.evaluate(data);
  const weights = Object.values(model.stateDict()).map(({ data }) => data);
  const results = [Float64Array.from([...losses, loss, accuracy]), ...weights, model.predict(x)];
  model.dispose();
  return results;
}
