// Runs the training program of a Network step by step and reads what it left in memory: losses, and gradients as the
// kernels wrote them. Targets, weights and divisors come about as in `fit`.

import type { LayerSpec, LossSpec, StateDict } from "../../src/base/spec.ts";
import { type CheckedRows, dataset } from "../../src/data/dataset.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { layNetwork, type TrainConfig } from "../../src/nn/layout.ts";
import { Network } from "../../src/nn/network.ts";
import { optimizing } from "../../src/train/optimizing.ts";
import { divisor, over, type Scoring, score, tally } from "../../src/train/scoring.ts";
import { sgd } from "../../src/train/sgd.ts";
import type { Core } from "../../src/wasm/runtime.ts";
import type { NetParams } from "../oracle/net.ts";
import type { Targets } from "../oracle/spec.ts";

export interface Net {
  readonly input: number;
  readonly layers: readonly LayerSpec[];
  readonly seed?: number;
  readonly state?: StateDict;
}

/** Rows with their targets, as the oracle takes them too: f32 numbers. */
export interface Rows {
  readonly x: ArrayLike<number>;
  readonly targets: Targets;
  readonly rowWeight?: ArrayLike<number> | undefined;
}

export interface KernelStep {
  /** by the loss's reduction; with `none`, the sum */
  readonly loss: number;
  /** shaped and named like a state dict */
  readonly gradients: StateDict;
}

export interface KernelRun extends KernelStep {
  readonly before: StateDict;
  readonly after: StateDict;
  /** bits between rows and behind the last parameter that are not zero */
  readonly dirtyPadding: number;
}

export interface Trainer {
  readonly network: Network;
  /** one step on rows first … first + count − 1, in that order */
  step(first: number, count: number): KernelStep;
  dirtyPadding(): number;
}

/** The rows as a loss scores them, for a model with so many outputs. */
export function scored(
  net: Net,
  { x, targets, rowWeight }: Rows,
  loss: LossSpec,
  outputs: number,
): { data: CheckedRows; scoring: Scoring } {
  const y = "ids" in targets ? Int32Array.from(targets.ids) : Float32Array.from(targets.values);
  const weight = rowWeight && Float32Array.from(rowWeight);
  const data = dataset({ x: Float32Array.from(x), y, features: net.input, weight }) as CheckedRows;
  return { data, scoring: score("test", data, loss, outputs, net.layers.at(-1)) };
}

/** A network with all rows in its memory. */
export function trainer(
  core: Core,
  net: Net,
  rows: Rows,
  loss: LossSpec,
  lr: number,
  batchSize: number,
): Trainer {
  const network = new Network(core, net.input, net.layers, net.seed ?? 0);
  const { outputs } = network;
  const { data, scoring } = scored(net, rows, loss, outputs);
  const config: TrainConfig = {
    batchSize,
    windowRows: data.rows,
    features: "f32",
    loss,
    targets: scoring.kind,
    weighted: scoring.weight !== undefined,
    hits: scoring.hits,
    optimizer: optimizing(sgd({ lr: 1 })),
  };
  const session = network.train(config);
  if (net.state !== undefined) network.loadState(net.state);
  session.x.set(data.x);
  session.targets.set(scoring.targets);
  if (scoring.weight !== undefined) session.weights?.set(scoring.weight);
  session.order.set(Uint32Array.from({ length: data.rows }, (_, i) => i));
  const { program } = session;
  // gradients where nothing is reduced are those of the sum
  const reduced = {
    ...scoring,
    loss: { ...loss, reduction: loss.reduction === "none" ? "sum" : loss.reduction },
  };

  return {
    network,
    step(first, count) {
      const parts = divisor(reduced, tally(scoring, first, count, session.order).share, outputs);
      program.set(count, first, lr, over(1, parts));
      program.run();
      return { loss: over(program.lossSum, parts), gradients: network.gradients() };
    },
    dirtyPadding() {
      // parameters and gradients are two runs of the same layout; SGD, the last record, names both
      const { input, layers, scaling } = network;
      const { list } = layNetwork(
        { tile: core.tile, threads: 1, input, outputs, layers, scaling, loss },
        config,
      );
      const [params, grads] = program.drafts.at(-1)?.operands ?? [];
      if (params === undefined || grads === undefined) throw new Error("the last record is no optimiser's");
      const owned = new Set<number>();
      for (const { tensor } of list) {
        const first = (tensor.address - params.address) / 4;
        for (let i = 0; i < tensor.rows; i++)
          for (let j = 0; j < tensor.cols; j++) owned.add(first + i * tensor.ld + j);
      }
      const dirty = ({ address, bytes }: { address: number; bytes: number }): number =>
        new Uint32Array(program.memory, address, bytes / 4).filter((word, i) => word !== 0 && !owned.has(i))
          .length;
      return dirty(params) + dirty(grads);
    },
  };
}

/** One step over all rows, with room for `spare` more. */
export function runOnce(
  core: Core,
  net: Net,
  rows: Rows,
  lr: number,
  loss: LossSpec = crossEntropy(),
  spare = 0,
): KernelRun {
  const count = rows.x.length / net.input;
  const { network, step, dirtyPadding } = trainer(core, net, rows, loss, lr, count + spare);
  const before = network.state();
  const result = step(0, count);
  return { ...result, before, after: network.state(), dirtyPadding: dirtyPadding() };
}

/** Parameters by layer, in f64. */
export function inF64(state: StateDict): Record<number, { weight: Float64Array; bias: Float64Array }> {
  const params: Record<number, { weight: Float64Array; bias: Float64Array }> = {};
  for (const [name, { data }] of Object.entries(state)) {
    const [layer, field] = name.split(".") as [string, "weight" | "bias"];
    const values = Float64Array.from(data);
    params[Number(layer)] = { weight: values, bias: values, ...params[Number(layer)], [field]: values };
  }
  return params;
}

/** The other way round, for numbers that are f32 numbers. */
export function inF32(params: NetParams): StateDict {
  return Object.fromEntries(
    Object.entries(params).flatMap(([layer, { weight, bias }]) => [
      [
        `${layer}.weight`,
        { shape: [bias.length, weight.length / bias.length], data: Float32Array.from(weight) },
      ],
      [`${layer}.bias`, { shape: [bias.length], data: Float32Array.from(bias) }],
    ]),
  );
}
