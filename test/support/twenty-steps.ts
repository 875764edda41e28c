// Twenty training steps whose every bit is hashed; the same file runs in Node and in a browser. Nothing of either
// is used: data come from our own generator. Every layer and every loss has its turn.

import { Random } from "../../src/base/random.ts";
import {
  bceWithLogits,
  crossEntropy,
  type Dataset,
  dataset,
  dense,
  elu,
  gelu,
  huber,
  init,
  type LayerSpec,
  type LossSpec,
  leakyRelu,
  mae,
  mse,
  quadratic,
  relu,
  sgd,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
  type Xent,
} from "../../src/index.ts";
import { sha256 } from "./sha256.ts";

const [ROWS, FEATURES, CLASSES, BATCH] = [150, 23, 7, 32] as const;

type Precision = "fast" | "strict";

/**
 * Four epochs of five steps, the last of each smaller, for each of several nets: relu on floats, sigmoid on bytes, then
 * all other activations, with yes and no, numbers and smoothed classes, each row with a weight.
 *
 * @param precision  "fast" gives the same bits where both engines fuse the multiply-add
 * @returns SHA-256, as hex, over the bits of losses, weights, probabilities and evaluations
 */
export async function twentySteps(seed: number, precision: Precision): Promise<string> {
  const random = new Random(seed, 99, 0);
  const floats = (n: number): Float32Array =>
    Float32Array.from({ length: n }, () => 4 * random.uniform() - 2);
  const y = Int32Array.from({ length: ROWS }, () => random.below(CLASSES));
  const x = floats(ROWS * FEATURES);
  const bytes = Uint8Array.from({ length: ROWS * FEATURES }, () => random.below(256));
  const weight = Float32Array.from({ length: ROWS }, () => random.below(8) / 4);
  const numbers = floats(ROWS * CLASSES);
  const fractions = numbers.map((v) => (v + 2) / 4);
  const net = (first: LayerSpec, second: LayerSpec, ...last: LayerSpec[]): LayerSpec[] => [
    dense(50),
    first,
    dense(31),
    second,
    dense(CLASSES),
    ...last,
  ];
  const features = FEATURES;
  const classes = dataset({ x, y, features });
  const weighted = dataset({ x, y, features, weight });
  const regression = dataset({ x, y: numbers, features, weight });
  const smoothed = { weight: [1, 2, 0.5, 1, 1, 3, 1], ignoreIndex: 3, labelSmoothing: 0.1 };
  const nets: [Dataset, LayerSpec[], LossSpec][] = [
    [classes, net(relu(), relu()), crossEntropy()],
    [dataset({ x: bytes, y, features }), net(sigmoid(), sigmoid()), crossEntropy()],
    [dataset({ x, y: fractions, features, weight }), net(tanh(), gelu()), bceWithLogits({ posWeight: 3 })],
    [regression, net(silu(), softplus()), huber({ delta: 0.5 })],
    [regression, net(elu({ alpha: 0.7 }), leakyRelu()), mse({ reduction: "batchmean" })],
    [regression, net(gelu({ approximate: "tanh" }), softplus({ beta: 2 })), mae()],
    [weighted, net(gelu({ approximate: "tanh" }), tanh(), sigmoid()), quadratic()],
    [weighted, net(softmax(), elu(), softmax()), quadratic({ reduction: "mean" })],
    [weighted, net(leakyRelu({ negativeSlope: 0.2 }), silu()), crossEntropy(smoothed)],
  ];
  const runs: (Float32Array | Float64Array)[] = [];
  for (const each of nets) runs.push(...(await run(await init({ precision }), seed, ...each)));

  return sha256(...runs);
}

async function run(
  xent: Xent,
  seed: number,
  data: Dataset,
  layers: readonly LayerSpec[],
  loss: LossSpec,
): Promise<(Float32Array | Float64Array)[]> {
  const model = xent.sequential({ input: FEATURES, seed, loss, optimizer: sgd({ lr: 0.3 }) }, layers);
  const losses: number[] = [];
  for await (const { loss } of model.steps(data, { epochs: 4, batchSize: BATCH })) losses.push(loss);
  if (losses.length !== 20) throw new Error(`${losses.length} steps`);
  const { loss: value, accuracy } = await model.evaluate(data);
  const figures = [...losses, value, accuracy];
  // the bits of a NaN are the engine's own
  const numbers = Float64Array.from(figures.filter((figure) => !Number.isNaN(figure)));
  const weights = Object.values(model.stateDict()).map(({ data }) => data);
  const results = [numbers, ...weights, model.predict(data.x)];
  model.dispose();
  return results;
}
