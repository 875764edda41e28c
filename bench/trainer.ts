// What the parts of the trainer cost in a step, as ratios within one run; with --mnist also what a whole recipe reaches.
//
//   npm run bench:trainer [-- --rounds N] [-- --mnist [--seeds N]]

import { parseArgs } from "node:util";
import { loadMnist } from "../src/cli/train/mnist.ts";
import {
  adam,
  adamw,
  batchNorm1d,
  crossEntropy,
  dataset,
  dense,
  dropout,
  type FitOptions,
  init,
  type LayerSpec,
  noDecay,
  type OptimizerSpec,
  oneCycle,
  relu,
  sgd,
} from "../src/index.ts";
import { summarize } from "./statistics.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    mnist: { type: "boolean", default: false },
    seeds: { type: "string", default: "5" },
  },
});

const median = (list: readonly number[]): number => summarize(list).median;
const BATCH = 128;
const STEPS = 60;
const FEATURES = 784;
const rows = BATCH * STEPS;
const x = Float32Array.from({ length: rows * FEATURES }, (_, i) => ((i * 7919) % 1000) / 500 - 1);
const data = dataset({ x, y: Int32Array.from({ length: rows }, (_, i) => i % 10), features: FEATURES });

interface Variant {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  readonly optimizer: OptimizerSpec;
  readonly options?: FitOptions;
}

// a learning rate that changes nothing: the data never become those of a fitted net, whose numbers are subnormal
const LR = 1e-12;
const small = [dense(128), relu(), dense(10)];
const plain = [dense(512), relu(), dense(256), relu(), dense(10)];
const rich = [512, 256].flatMap((units) => [dense(units), batchNorm1d(), relu(), dropout(0.2)]);
const GROUPS: readonly (readonly Variant[])[] = [
  [
    { name: "784-128-10 sgd", layers: small, optimizer: sgd({ lr: LR }) },
    { name: "  onNaN: ignore", layers: small, optimizer: sgd({ lr: LR }), options: { onNaN: "ignore" } },
    { name: "  sgd, momentum", layers: small, optimizer: sgd({ lr: LR, momentum: 0.9 }) },
    { name: "  adam", layers: small, optimizer: adam({ lr: LR }) },
    { name: "  adamw", layers: small, optimizer: adamw({ lr: LR }) },
    { name: "  adam, clipNorm", layers: small, optimizer: adam({ lr: LR, clipNorm: 1 }) },
  ],
  [
    { name: "784-512-256-10 sgd", layers: plain, optimizer: sgd({ lr: LR }) },
    { name: "  batchNorm, dropout", layers: [...rich, dense(10)], optimizer: sgd({ lr: LR }) },
  ],
];

const xent = await init({ threads: 1 });
console.log(
  `${xent.info.build} ${xent.info.tile}, one thread, Node ${process.versions.node}, batches of ${BATCH}`,
);
for (const group of GROUPS) {
  const models = group.map(({ layers }) =>
    xent.sequential({ input: FEATURES, loss: crossEntropy() }, layers),
  );
  const times = group.map((): number[] => []);
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [i, { optimizer, options }] of group.entries()) {
      const start = performance.now();
      await models[i]?.fit(data, { optimizer, batchSize: BATCH, shuffle: false, inspect: false, ...options });
      // the first round lays memory and warms up
      if (round > 0) times[i]?.push((performance.now() - start) / STEPS);
    }
  }
  for (const [i, { name }] of group.entries()) {
    const ratios = (times[i] as number[]).map((ms, round) => ms / ((times[0] as number[])[round] as number));
    const ms = median(times[i] as number[]);
    console.log(`${name.padEnd(22)} ${ms.toFixed(3).padStart(8)} ms a step  × ${median(ratios).toFixed(3)}`);
  }
}

if (values.mnist) {
  const { train, test } = await loadMnist();
  const fast = await init({ wide: true });
  const layers = [512, 256].flatMap((units) => [dense(units), relu(), dropout(0.2)]);
  const optimizer = adamw({ lr: 2e-3, weightDecay: 0.01, groups: [noDecay], schedule: oneCycle() });
  const accuracies: number[] = [];
  for (let seed = 0; seed < Number(values.seeds); seed++) {
    const model = fast.sequential({ input: FEATURES, seed, loss: crossEntropy() }, [...layers, dense(10)]);
    const start = performance.now();
    await model.fit(train, { optimizer, epochs: 10, batchSize: BATCH, inspect: false });
    const seconds = (performance.now() - start) / 1000;
    const { accuracy } = await model.evaluate(test);
    accuracies.push(accuracy);
    console.log(`MNIST, seed ${seed}: test accuracy ${accuracy.toFixed(4)} after ${seconds.toFixed(1)} s`);
    model.dispose();
  }
  console.log(`median of ${accuracies.length} seeds: ${median(accuracies).toFixed(4)}`);
}
process.exit();
