// Lays a network's memory: declares parameters, batches and scratch, and emits the training program and the
// program for chunks of rows. Nothing is allocated; network.ts turns a layout into memory.

import { HYPER_BYTES, HYPER_LOSS, RECORD_BYTES, RESULT_BYTES } from "../base/abi.ts";
import type { LayerSpec, LossSpec, OptimizerSpec, Scaling } from "../base/spec.ts";
import { leadingDimension, Plan, type RegionBytes, type Tensor } from "../memory/plan.ts";
import { Builder, scratchBytes } from "../program/builder.ts";
import type { HitRule, TargetKind } from "./criterion.ts";
import * as criterion from "./criterion.ts";
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
  readonly targets: TargetKind;
  /** rows have weights */
  readonly weighted: boolean;
  readonly hits: HitRule;
  readonly optimizer: OptimizerSpec;
}

/** Emits the optimiser's records; handed in by train/, which knows optimisers. */
export type EmitOptimizer = (b: Builder, params: Tensor, grads: Tensor) => void;

/**
 * Where each part of a chunk program ends: the forward pass, then the link. Record 0 gathers f32, 1 u8. Behind them all
 * stand single records, of which the host runs those that it needs: the loss from class ids or from rows of targets,
 * the hits, the sums.
 */
export interface ChunkParts {
  readonly forward: number;
  readonly link: number;
  readonly score: { readonly [K in TargetKind | "largest" | "each" | "sum"]?: number };
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
  readonly grads: Tensor;
  readonly list: readonly Param[];
  /** what the loss multiplies columns by, if it does */
  readonly columns: Tensor | undefined;
  readonly train: TrainLayout | undefined;
  readonly chunk: ChunkLayout;
}

export interface TrainLayout {
  readonly builder: Builder;
  readonly room: Tensor;
  /** the record behind the last one of forward pass and loss */
  readonly lossEnd: number;
  /** the record behind the last one of the backward pass: the gradients are whole, nothing is updated */
  readonly backwardEnd: number;
  readonly x: Tensor;
  /** class ids rather than rows of numbers */
  readonly ids: boolean;
  readonly targets: Tensor;
  readonly weights: Tensor | undefined;
  readonly order: Tensor;
}

export interface ChunkLayout {
  readonly builder: Builder;
  readonly room: Tensor;
  readonly xF32: Tensor;
  readonly xU8: Tensor;
  readonly order: Tensor;
  readonly ids?: Tensor | undefined;
  readonly rows?: Tensor | undefined;
  readonly weights?: Tensor | undefined;
  readonly rowLoss?: Tensor | undefined;
  /** one a stage */
  readonly outputs: readonly Tensor[];
  readonly logits: Tensor;
  readonly probabilities: Tensor | undefined;
  readonly parts: ChunkParts;
}

/** What a network is, as far as its memory is concerned. */
export interface NetworkSpec {
  /** of its products, one of TILES */
  readonly tile: number;
  /** that may share its programs */
  readonly threads: number;
  readonly input: number;
  readonly outputs: number;
  readonly layers: readonly LayerSpec[];
  readonly scaling: Scaling;
  /** without it the chunk program ends with the logits */
  readonly loss: LossSpec | undefined;
  /** keeps every layer's output apart: nothing is fused, nothing overwritten */
  readonly apart?: boolean;
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
  const stages = lower.stages(net.layers, net.input, dense, !net.apart);
  const edge = plan.tensor("scratch", "edge tiles", 1, scratchBytes(net.threads) / 4);
  const loss = config?.loss ?? net.loss;
  const columns =
    loss !== undefined && criterion.columnWeights(loss, net.outputs) !== undefined
      ? plan.tensor("program", "column weights", 1, net.outputs, { given: true })
      : undefined;
  const shared = { net, plan, edge, stages, result, columns };
  const train = config && emit && layTrain(shared, config, (b) => emit(b, params, grads));
  const chunk = layChunk(shared, loss);
  return { bytes: plan.layout(), hyper, params, snapshot, grads, list, columns, train, chunk };
}

/** What both programs are laid from. */
interface Shared {
  readonly net: NetworkSpec;
  readonly plan: Plan;
  readonly edge: Tensor;
  readonly stages: readonly lower.Stage[];
  readonly result: Tensor;
  readonly columns: Tensor | undefined;
}

function layTrain(shared: Shared, config: TrainConfig, emit: (b: Builder) => void): TrainLayout {
  const { net, plan, stages, result, columns } = shared;
  const { batchSize, windowRows, loss } = config;
  const builder = new Builder(shared.edge, net.tile);
  const x = plan.tensor("data", "x", windowRows, net.input, {
    given: true,
    size: config.features === "u8" ? 1 : 4,
  });
  const width = config.targets === "ids" ? 1 : net.outputs;
  const targets = plan.tensor("data", "targets", windowRows, width, { given: true });
  const weights = config.weighted
    ? plan.tensor("data", "weights", windowRows, 1, { given: true })
    : undefined;
  const order = plan.tensor("data", "order", 1, windowRows, { given: true });
  const batch = lower.batchMatrix(plan, "batch", "batch", batchSize, net.input);
  builder.label = "batch";
  builder.gather(x, order, batch, net.scaling.scale, net.scaling.shift);
  const outputs = lower.forward(builder, plan, "activations", stages, batch);
  const logits = outputs[outputs.length - 1] as Tensor;
  const t = criterion.lossTensors(plan, "batch", logits, config.targets, config.weighted, false);
  builder.label = "target";
  builder.gather(targets, order, t.target);
  if (weights !== undefined && t.weight !== undefined) builder.gather(weights, order, t.weight);
  criterion.emitLoss(builder, loss, config.targets, logits, t, columns);
  if (config.hits === "largest" || config.hits === "each") {
    criterion.emitHits(builder, config.hits, logits, t, criterion.cut(net.layers.at(-1)));
  }
  builder.label = loss.kind;
  builder.lossSum(t.rowLoss, config.hits === "none" ? undefined : t.hit, result);
  const lossEnd = builder.length;
  lower.backward(builder, plan, stages, batch, outputs, t.dz);
  const backwardEnd = builder.length;
  builder.label = config.optimizer.kind;
  emit(builder);
  const room = plan.tensor("program", "train program", builder.length, RECORD_BYTES / 4, { given: true });
  const ids = config.targets === "ids";
  return { builder, room, lossEnd, backwardEnd, x, ids, targets, weights, order };
}

function layChunk(
  { net, plan, edge, stages, result, columns }: Shared,
  loss: LossSpec | undefined,
): ChunkLayout {
  const builder = new Builder(edge, net.tile);
  const xF32 = plan.tensor("chunk", "x f32", CHUNK_ROWS, net.input, { given: true, group: "chunk x" });
  const xU8 = plan.tensor("chunk", "x u8", CHUNK_ROWS, net.input, { given: true, size: 1, group: "chunk x" });
  const order = plan.tensor("chunk", "order", 1, CHUNK_ROWS, { given: true });
  const x = lower.batchMatrix(plan, "chunk", "x", CHUNK_ROWS, net.input);
  builder.label = "chunk";
  builder.gather(xF32, order, x);
  builder.gather(xU8, order, x, net.scaling.scale, net.scaling.shift);
  const outputs = lower.forward(builder, plan, "chunk", stages, x, !net.apart);
  const logits = outputs[outputs.length - 1] as Tensor;
  const forwardEnd = builder.length;
  const probabilities = loss && criterion.emitLink(builder, plan, loss, logits);
  const linkEnd = builder.length;
  const { score = {}, ...given } = loss ? layScore(builder, plan, loss, net, logits, result, columns) : {};
  const parts = { forward: forwardEnd, link: linkEnd, score };
  const room = plan.tensor("program", "chunk program", builder.length, RECORD_BYTES / 4, { given: true });
  return { builder, room, xF32, xU8, order, ...given, outputs, logits, probabilities, parts };
}

/** The records that score a chunk, for either kind of targets, weighted always: weights of 1 change no bit. */
function layScore(
  builder: Builder,
  plan: Plan,
  loss: LossSpec,
  net: NetworkSpec,
  logits: Tensor,
  result: Tensor,
  columns: Tensor | undefined,
) {
  const score: { [K in TargetKind | "largest" | "each" | "sum"]?: number } = {};
  const t = criterion.lossTensors(plan, "chunk", logits, "rows", true, true);
  let ids: Tensor | undefined;
  if (criterion.targetKind(loss, true) === "ids") {
    ids = plan.tensor("chunk", "target", CHUNK_ROWS, 1, { batch: true, given: true });
    score.ids = builder.length;
    criterion.emitLoss(builder, loss, "ids", logits, { ...t, target: ids }, columns);
  }
  score.rows = builder.length;
  criterion.emitLoss(builder, loss, "rows", logits, t, columns);
  if (loss.kind !== "crossEntropy") {
    const above = criterion.cut(net.layers.at(-1));
    score.largest = builder.length;
    criterion.emitHits(builder, "largest", logits, t, above);
    score.each = builder.length;
    criterion.emitHits(builder, "each", logits, t, above);
  }
  score.sum = builder.length;
  builder.label = loss.kind;
  builder.lossSum(t.rowLoss, t.hit, result);
  return { score, ids, rows: t.target, weights: t.weight, rowLoss: t.rowLoss };
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
