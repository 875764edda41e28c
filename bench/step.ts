// The suite `step`: a whole training step of a real network (gather, forward, loss, backward, SGD) as the training
// loop drives it. The learning rate is 0: the loss stays what it is, and nothing decays into subnormals, which
// would cost two to three times the time.

import type { Pace } from "../src/base/cost.ts";
import { shuffle } from "../src/base/random.ts";
import type { LayerSpec } from "../src/base/spec.ts";
import { workOf } from "../src/model/speed.ts";
import { sigmoid } from "../src/nn/activations.ts";
import { crossEntropy } from "../src/nn/cross-entropy.ts";
import { dense, relu } from "../src/nn/layers.ts";
import type { TrainConfig } from "../src/nn/layout.ts";
import { Network } from "../src/nn/network.ts";
import type { TrainSession } from "../src/nn/session.ts";
import { optimizing } from "../src/train/optimizing.ts";
import { sgd } from "../src/train/sgd.ts";
import type { Core } from "../src/wasm/runtime.ts";
import { bytesOf, type Case, type Spec } from "./case.ts";
import { gamma } from "./gemm.ts";
import { bits, fillNormal } from "./random.ts";
import { NETS, type Net, stepFlops, stepName } from "./shapes.ts";

/** Batches of data in memory; rows are gathered from all over it, as after a shuffle. */
const BATCHES = 8;
/** For the check that a step learns. */
const CHECK_LR = 0.01;

export function stepSpecs(): Spec[] {
  return NETS.map((net) => ({ name: stepName(net), group: "", make: (core) => stepCase(core, net) }));
}

export interface StepCase extends Case {
  /** what `model.plan` says of a step in milliseconds, of a core of that pace */
  predict(pace: Pace): number;
}

/** @param rows  of the data set */
export function stepCase(core: Core, net: Net, rows = BATCHES * net.batch): StepCase {
  const { widths, batch } = net;
  const [input, ...units] = widths as [number, ...number[]];
  const activation = net.activation === "relu" ? relu : sigmoid;
  const layers: LayerSpec[] = units.flatMap((width, i) =>
    i === 0 ? [dense(width)] : [activation(), dense(width)],
  );
  const network = new Network(core, input, layers, 1);
  const config: TrainConfig = {
    batchSize: batch,
    windowRows: rows,
    features: "f32",
    loss: crossEntropy(),
    targets: "ids",
    weighted: false,
    hits: "fused",
    optimizer: optimizing(sgd({ lr: 1 })),
  };
  const session = network.train(config);
  const random = bits(batch * input);
  fillNormal(session.x as Float32Array, rows, input, input, random);
  const classes = units[units.length - 1] as number;
  for (let i = 0; i < rows; i++) session.targets[i] = random.below(classes);
  shuffle(session.order, random);

  const { program } = session;
  let next = 0;
  let loss = 0;
  const step = (first: number, lr: number): number => {
    program.set(batch, first, lr, 1 / batch);
    program.run();
    return program.lossSum / batch;
  };
  program.set(batch, 0, 0, 1 / batch);
  return {
    name: stepName(net),
    work: { flops: stepFlops(net), bytes: bytesOf(program) },
    run() {
      loss += step(next, 0);
      next = next + 2 * batch > rows ? 0 : next + batch;
    },
    predict: (pace) => network.plan(config, (core, words, rows) => workOf(core, words, rows, pace)).stepMs,
    check() {
      const first = step(0, 0);
      const { exact, bound } = exactLoss(net, network, session);
      if (!(Math.abs(first - exact) <= bound)) {
        return `the loss is ${first}, expected ${exact} ± ${bound.toPrecision(2)}`;
      }
      network.snapshot();
      for (let i = 0; i < 3; i++) step(0, CHECK_LR);
      const learned = step(0, 0);
      network.restore();
      if (!(learned < first)) return `three steps on one batch took the loss from ${first} to ${learned}`;
      for (let row = 0; row < rows; row += batch) this.run();
      const again = step(0, 0);
      if (again !== first) return `the loss was ${first}, and ${again} on the same batch later`;
      return Number.isFinite(loss) ? undefined : "the loss of some batch is not finite";
    },
  };
}

/**
 * Loss of the first batch in f64, and what f32 may be off by: every layer adds γ(k + 2)·(|W||x| + |b|) to the error
 * it inherits times |W|; an activation inherits at most what it is given and adds 4 ulps; the loss inherits twice
 * the largest error of a logit.
 */
function exactLoss(net: Net, network: Network, session: TrainSession): { exact: number; bound: number } {
  const { widths, batch, activation } = net;
  const state = network.state();
  const input = widths[0] as number;
  let sum = 0;
  let bound = 0;
  for (let row = 0; row < batch; row++) {
    const at = session.order[row] as number;
    let x = Float64Array.from(session.x.subarray(at * input, (at + 1) * input));
    let off = new Float64Array(input);
    for (let layer = 0; layer + 1 < widths.length; layer++) {
      const weight = state[`${2 * layer}.weight`]?.data as Float32Array;
      const bias = state[`${2 * layer}.bias`]?.data as Float32Array;
      const [k, n] = [x.length, bias.length];
      const y = Float64Array.from(bias);
      const dy = new Float64Array(n);
      for (let j = 0; j < n; j++) {
        let size = Math.abs(y[j] as number);
        for (let p = 0; p < k; p++) {
          const w = weight[j * k + p] as number;
          y[j] = (y[j] as number) + w * (x[p] as number);
          size += Math.abs(w * (x[p] as number));
          dy[j] = (dy[j] as number) + Math.abs(w) * (off[p] as number);
        }
        dy[j] = (dy[j] as number) * (1 + gamma(k + 2)) + gamma(k + 2) * size;
      }
      const last = layer + 2 === widths.length;
      x = last ? y : y.map((z) => (activation === "relu" ? Math.max(z, 0) : 1 / (1 + Math.exp(-z))));
      off = last ? dy : dy.map((d, j) => d + gamma(8) * (x[j] as number));
    }
    const most = Math.max(...x);
    const target = session.targets[at] as number;
    const rowLoss = Math.log(x.reduce((s, z) => s + Math.exp(z - most), 0)) + most - (x[target] as number);
    sum += rowLoss;
    bound += 2 * Math.max(...off) + gamma(x.length + 8) * (1 + rowLoss + most - Math.min(...x));
  }
  return { exact: sum / batch, bound: bound / batch };
}
