// Lays a network's memory: declares parameters, batches and scratch, and emits the training program and the
// program for chunks of rows. Nothing is allocated; network.ts turns a layout into memory.

import { HYPER_BYTES, HYPER_LOSS, RECORD_BYTES, RESULT_BYTES } from "../base/abi.ts";
import type { LayerSpec, LossSpec, OptimizerSpec, Scaling } from "../base/spec.ts";
import { leadingDimension, Plan, type RegionBytes, type Tensor } from "../memory/plan.ts";
import { Builder, type Packed, SCRATCH_BYTES } from "../program/builder.ts";
import * as lower from "./lower.ts";

/** Rows that `predict` and `evaluate` run at a time. */
export const CHUNK_ROWS = 256;

/** What a training program is made for. */
export interface TrainConfig {
  /** most rows a step */
  readonly batchSize: number;
  /** rows of data held in memory */
  readonly windowRows: number;
  readonly features: "f32" | "u8";
  readonly loss: LossSpec;
  readonly optimizer: OptimizerSpec;
}

/** Emits the optimiser's records; handed in by train/, which knows optimisers. */
export type EmitOptimizer = (b: Builder, params: Tensor, grads: Tensor) => void;

/** Where each part of a chunk program ends; it begins where the one before ends. Record 0 gathers f32, 1 u8. */
export interface ChunkParts {
  readonly packed: number;
  readonly forward: number;
  readonly link: number;
  readonly loss: number;
}

export interface Param {
  readonly name: string;
  readonly tensor: Tensor;
  readonly fanIn: number;
}

/** Everything one plan fixed, before any memory exists. */
export interface Layout {
  readonly bytes: RegionBytes;
  readonly hyper: Tensor;
  readonly params: Tensor;
  readonly snapshot: Tensor;
  readonly list: readonly Param[];
  readonly train: TrainLayout | undefined;
  readonly chunk: ChunkLayout;
}

export interface TrainLayout {
  readonly builder: Builder;
  readonly room: Tensor;
  /** the record behind the last one of forward pass and loss */
  readonly lossEnd: number;
  readonly x: Tensor;
  readonly labels: Tensor;
  readonly order: Tensor;
}

export interface ChunkLayout {
  readonly builder: Builder;
  readonly room: Tensor;
  readonly xF32: Tensor;
  readonly xU8: Tensor;
  readonly order: Tensor;
  readonly labels: Tensor;
  readonly logits: Tensor;
  readonly probabilities: Tensor | undefined;
  readonly parts: ChunkParts;
}

/** What a network is, as far as its memory is concerned. */
export interface NetworkSpec {
  readonly input: number;
  readonly outputs: number;
  readonly layers: readonly LayerSpec[];
  readonly scaling: Scaling;
  /** without it the chunk program ends with the logits */
  readonly loss: LossSpec | undefined;
}

/**
 * Declares every tensor and emits every program.
 *
 * @throws {XentError} `TOO_LARGE` when it does not fit a WebAssembly memory
 */
export function layNetwork(net: NetworkSpec, config?: TrainConfig, emit?: EmitOptimizer): Layout {
  const plan = new Plan();
  const hyper = plan.tensor("hyper", "hyper", 1, HYPER_BYTES / 4, { given: true });
  const result = plan.view(hyper, "result", HYPER_LOSS, 1, RESULT_BYTES / 4, RESULT_BYTES / 4);
  const { params, snapshot, grads, list, dense } = declareParams(plan, net.input, net.layers);
  const stages = lower.stages(net.layers, net.input, dense);
  const edge = plan.tensor("scratch", "edge tiles", 1, SCRATCH_BYTES / 4);

  let train: TrainLayout | undefined;
  if (config !== undefined && emit !== undefined) {
    const { batchSize, windowRows } = config;
    const builder = new Builder(edge);
    const x = plan.tensor("data", "x", windowRows, net.input, {
      given: true,
      size: config.features === "u8" ? 1 : 4,
    });
    const labels = plan.tensor("data", "labels", windowRows, 1, { given: true });
    const order = plan.tensor("data", "order", 1, windowRows, { given: true });
    const batch = lower.batchMatrix(plan, "batch", "batch", batchSize, net.input);
    builder.label = "batch";
    builder.gather(x, order, batch, net.scaling.scale, net.scaling.shift);
    const outputs = lower.forward(builder, plan, "activations", stages, batch, (stage) => {
      const { weight } = stage.params as lower.DenseParams;
      return builder.pack(
        weight,
        false,
        lower.panels(plan, "scratch", `${stage.index}.weight packed`, weight.rows, weight.cols, "packed"),
      );
    });
    const logits = outputs[outputs.length - 1] as Tensor;
    const losses = lower.lossTensors(plan, "batch", logits, false);
    builder.label = "target";
    builder.gather(labels, order, losses.target);
    lower.loss(builder, config.loss, logits, losses, result);
    const lossEnd = builder.length;
    lower.backward(builder, plan, stages, batch, outputs, losses.dz);
    builder.label = config.optimizer.kind;
    emit(builder, params, grads);
    const room = plan.tensor("program", "train program", builder.length, RECORD_BYTES / 4, { given: true });
    train = { builder, room, lossEnd, x, labels, order };
  }
  const chunk = layChunk(net, plan, edge, stages, result);
  return { bytes: plan.layout(), hyper, params, snapshot, list, train, chunk };
}

function layChunk(
  net: NetworkSpec,
  plan: Plan,
  edge: Tensor,
  stages: readonly lower.Stage[],
  result: Tensor,
): ChunkLayout {
  const builder = new Builder(edge);
  const xF32 = plan.tensor("chunk", "x f32", CHUNK_ROWS, net.input, { given: true, group: "chunk x" });
  const xU8 = plan.tensor("chunk", "x u8", CHUNK_ROWS, net.input, { given: true, size: 1, group: "chunk x" });
  const order = plan.tensor("chunk", "order", 1, CHUNK_ROWS, { given: true });
  const x = lower.batchMatrix(plan, "chunk", "x", CHUNK_ROWS, net.input);
  builder.label = "chunk";
  builder.gather(xF32, order, x);
  builder.gather(xU8, order, x, net.scaling.scale, net.scaling.shift);
  const packed = new Map(
    stages.flatMap((stage) => {
      if (stage.params === undefined) return [];
      const { weight } = stage.params;
      builder.label = `${stage.index}.weight`;
      const panels = lower.panels(plan, "chunk", `${stage.index}.weight packed`, weight.rows, weight.cols);
      return [[stage, builder.pack(weight, false, panels)] as const];
    }),
  );
  const packedEnd = builder.length;
  const outputs = lower.forward(builder, plan, "chunk", stages, x, (stage) => packed.get(stage) as Packed);
  const logits = outputs[outputs.length - 1] as Tensor;
  const losses = lower.lossTensors(plan, "chunk", logits, true);
  const forwardEnd = builder.length;
  let probabilities: Tensor | undefined;
  if (net.loss !== undefined) {
    probabilities = lower.batchMatrix(plan, "chunk", "probabilities", CHUNK_ROWS, net.outputs);
    lower.link(builder, net.loss, logits, probabilities);
  }
  const linkEnd = builder.length;
  if (net.loss !== undefined) lower.loss(builder, net.loss, logits, losses, result);
  const parts = { packed: packedEnd, forward: forwardEnd, link: linkEnd, loss: builder.length };
  const room = plan.tensor("program", "chunk program", builder.length, RECORD_BYTES / 4, { given: true });
  return { builder, room, xF32, xU8, order, labels: losses.target, logits, probabilities, parts };
}

/** One flat run for all parameters and one for their gradients, so that an optimiser is a single record. */
function declareParams(plan: Plan, input: number, layers: readonly LayerSpec[]) {
  const shapes: {
    layer: number;
    rows: number;
    cols: number;
    ld: number;
    weightAt: number;
    biasAt: number;
  }[] = [];
  let width = input;
  let end = 0;
  for (const [layer, spec] of layers.entries()) {
    if (spec.kind !== "dense") continue;
    const ld = leadingDimension(spec.units);
    shapes.push({ layer, rows: width, cols: spec.units, ld, weightAt: end, biasAt: end + width * ld });
    end += (width + 1) * ld;
    width = spec.units;
  }
  const flat = (region: "params" | "snapshot" | "grads"): Tensor =>
    plan.tensor(region, region, 1, end, { given: true });
  const [params, snapshot, grads] = [flat("params"), flat("snapshot"), flat("grads")];
  const list: Param[] = [];
  const dense = new Map<number, lower.DenseParams>();
  for (const { layer, rows, cols, ld, weightAt, biasAt } of shapes) {
    const weight = plan.view(params, `${layer}.weight`, 4 * weightAt, rows, cols, ld);
    const bias = plan.view(params, `${layer}.bias`, 4 * biasAt, 1, cols, ld);
    const dWeight = plan.view(grads, `d${layer}.weight`, 4 * weightAt, rows, cols, ld);
    const dBias = plan.view(grads, `d${layer}.bias`, 4 * biasAt, 1, cols, ld);
    list.push(
      { name: `${layer}.weight`, tensor: weight, fanIn: rows },
      { name: `${layer}.bias`, tensor: bias, fanIn: rows },
    );
    dense.set(layer, { weight, bias, dWeight, dBias });
  }
  return { params, snapshot, grads, list, dense };
}
