// Runs one training program of a Network and reads what it left in memory: gradients as the kernels wrote them.

import type { LayerSpec, StateDict } from "../../src/base/spec.ts";
import { layNetwork, type TrainConfig } from "../../src/nn/layout.ts";
import { crossEntropy } from "../../src/nn/losses.ts";
import { Network } from "../../src/nn/network.ts";
import { emitSgd, sgd } from "../../src/train/sgd.ts";
import type { Core } from "../../src/wasm/runtime.ts";
import type { NetLayer } from "./net.ts";

export interface KernelRun {
  /** mean over the rows */
  readonly loss: number;
  /** shaped and named like a state dict */
  readonly gradients: StateDict;
  readonly before: StateDict;
  readonly after: StateDict;
  /** bits between rows and behind the last parameter that are not zero */
  readonly dirtyPadding: number;
}

/** One step on rows x with class ids t, with room for `batchSize` rows. */
export function runOnce(
  core: Core,
  net: { input: number; layers: readonly LayerSpec[]; seed?: number; state?: StateDict },
  x: Float32Array,
  t: Int32Array,
  lr: number,
  batchSize = t.length,
): KernelRun {
  const network = new Network(core, net.input, net.layers, net.seed ?? 0);
  const config: TrainConfig = {
    batchSize,
    windowRows: t.length,
    features: "f32",
    loss: crossEntropy(),
    targets: "ids",
    weighted: false,
    hits: "fused",
    optimizer: sgd({ lr }),
  };
  const session = network.train(config, emitSgd);
  if (net.state !== undefined) network.loadState(net.state);
  const before = network.state();
  session.x.set(x);
  session.targets.set(t);
  session.order.set(Uint32Array.from(t, (_, i) => i));
  session.program.set(t.length, 0, lr, 1 / t.length);
  session.program.run();

  // parameters and gradients are two runs of the same layout; SGD, the last record, names both
  const { input, outputs, layers, scaling, loss } = network;
  const { list } = layNetwork({ input, outputs, layers, scaling, loss }, config, emitSgd);
  const [params, grads] = session.program.drafts.at(-1)?.operands ?? [];
  if (params === undefined || grads === undefined) throw new Error("the last record is no optimiser's");
  const all = new Float32Array(session.x.buffer, grads.address, grads.bytes / 4);
  const owned = new Set<number>();
  const gradients: StateDict = {};
  for (const { name, tensor } of list) {
    const { rows, cols, ld } = tensor;
    const first = (tensor.address - params.address) / 4;
    const data = new Float32Array(rows * cols);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        owned.add(first + i * ld + j);
        data[j * rows + i] = all[first + i * ld + j] as number;
      }
    }
    gradients[name] = { shape: name.endsWith("weight") ? [cols, rows] : [cols], data };
  }
  const padding = (tensor: { address: number; bytes: number }): number =>
    new Uint32Array(session.x.buffer, tensor.address, tensor.bytes / 4).filter(
      (word, i) => word !== 0 && !owned.has(i),
    ).length;
  return {
    loss: session.program.lossSum / t.length,
    gradients,
    before,
    after: network.state(),
    dirtyPadding: padding(params) + padding(grads),
  };
}

/** The layers of a model with its parameters, in f64. */
export function inF64(layers: readonly LayerSpec[], state: StateDict): NetLayer[] {
  return layers.map((layer, i) => {
    if (layer.kind !== "dense") return layer;
    const [weight, bias] = [state[`${i}.weight`], state[`${i}.bias`]];
    if (weight === undefined || bias === undefined) throw new Error(`layer ${i} is not in the state`);
    return {
      kind: "dense",
      weight: Float64Array.from(weight.data),
      bias: Float64Array.from(bias.data),
    };
  });
}
