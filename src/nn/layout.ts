// Lays a network's memory: declares parameters, batches and scratch, and emits the training program and the
// program for chunks of rows. Nothing is allocated; network.ts turns a layout into memory.

import { CLIP_BYTES, HYPER_BYTES, HYPER_CLIP, HYPER_LOSS, RECORD_BYTES, RESULT_BYTES } from "../base/abi.ts";
import type { LayerSpec, LossSpec, Scaling } from "../base/spec.ts";
import { Plan, type RegionBytes, type Tensor } from "../memory/plan.ts";
import { Builder, scratchBytes } from "../program/builder.ts";
import type { HitRule, TargetKind } from "./criterion.ts";
import * as criterion from "./criterion.ts";
import * as lower from "./lower.ts";
import { declareParams, lastLayer, type Param, place, type Stored } from "./params.ts";
import { batchMatrix, type Context, type Stage } from "./stage.ts";

export type { Param, ParamRole } from "./params.ts";

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
  readonly optimizer: Optimizing;
  /** gradients of a run are added to those before it where the run says so (HYPER_ADD) */
  readonly accumulates?: boolean;
}

/** An optimiser as far as memory and programs are concerned; made by train/, which knows optimisers. */
export interface Optimizing {
  readonly kind: string;
  /** tells apart what makes other records */
  readonly records: string;
  /** runs as long as the parameters that it keeps from step to step, and what each begins with */
  readonly slots: readonly number[];
  /** emits the records that update the parameters */
  emit(b: Builder, plan: Plan, tensors: Optimized): void;
}

/** What an optimiser's records may touch: flat runs of the same length, of the parameters that are trained. */
export interface Optimized {
  readonly list: readonly Param[];
  readonly params: Tensor;
  readonly grads: Tensor;
  readonly slots: readonly Tensor[];
  /** the hyper region's words from HYPER_CLIP on */
  readonly clip: Tensor;
}

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

/** Everything one plan fixed, before any memory exists. */
export interface Layout {
  readonly bytes: RegionBytes;
  readonly hyper: Tensor;
  readonly params: Tensor;
  readonly slots: readonly Tensor[];
  readonly buffers: Tensor;
  /** as long as params, slots and buffers together */
  readonly snapshot: Tensor;
  readonly grads: Tensor;
  /** of all parameters, in the order of layers */
  readonly list: readonly Param[];
  /** the same with running statistics */
  readonly stored: readonly Stored[];
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
  /** the record behind the last one that moves running statistics */
  readonly statsEnd: number;
  /** the record behind the last one of the backward pass: the gradients are whole, nothing is updated */
  readonly backwardEnd: number;
  readonly x: Tensor;
  /** class ids rather than rows of numbers */
  readonly ids: boolean;
  readonly targets: Tensor;
  readonly weights: Tensor | undefined;
  readonly order: Tensor;
  readonly logits: Tensor;
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
  /** one a stage, of which several may be the same tensor */
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
  /** of the model, for what is left to chance; default 0 */
  readonly seed?: number;
  /** without it the chunk program ends with the logits */
  readonly loss: LossSpec | undefined;
  /** runs that the optimiser keeps beside the parameters; none when left out */
  readonly slots?: number;
  /** keeps every layer's output apart: nothing is fused, nothing overwritten */
  readonly apart?: boolean;
}

/**
 * Declares every tensor and emits every program.
 *
 * @throws {XentError} `TOO_LARGE` when it does not fit a WebAssembly memory
 */
export function layNetwork(net: NetworkSpec, config?: TrainConfig): Layout {
  const plan = new Plan();
  const hyper = plan.tensor("hyper", "hyper", 1, HYPER_BYTES / 4, { given: true });
  const result = plan.view(hyper, "result", HYPER_LOSS, 1, RESULT_BYTES / 4, RESULT_BYTES / 4);
  const clip = plan.view(hyper, "clip", HYPER_CLIP, 1, CLIP_BYTES / 4, CLIP_BYTES / 4);
  const placed = place(net.layers, net.input);
  const declared = declareParams(plan, placed, net.slots ?? 0);
  const { params, trained, slots, buffers, snapshot, grads, list, stored, holdings } = declared;
  const stages = lower.stages(placed, holdings, !net.apart);
  const edge = plan.tensor("scratch", "edge tiles", 1, scratchBytes(net.threads) / 4);
  const loss = config?.loss ?? net.loss;
  const columns =
    loss !== undefined && criterion.columnWeights(loss, net.outputs) !== undefined
      ? plan.tensor("program", "column weights", 1, net.outputs, { given: true })
      : undefined;
  const shared = { net, plan, edge, stages, result, columns };
  const optimized = { list: list.filter(({ frozen }) => !frozen), params: trained, grads, slots, clip };
  const train = config && layTrain(shared, config, optimized);
  const chunk = layChunk(shared, loss);
  const bytes = plan.layout();
  return { bytes, hyper, params, slots, buffers, snapshot, grads, list, stored, columns, train, chunk };
}

/** What both programs are laid from. */
interface Shared {
  readonly net: NetworkSpec;
  readonly plan: Plan;
  readonly edge: Tensor;
  readonly stages: readonly Stage[];
  readonly result: Tensor;
  readonly columns: Tensor | undefined;
}

function layTrain(shared: Shared, config: TrainConfig, optimized: Optimized): TrainLayout {
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
  const batch = batchMatrix(plan, "batch", "batch", batchSize, net.input);
  const context: Context = {
    b: builder,
    plan,
    region: "activations",
    training: true,
    overwrite: true,
    adds: config.accumulates ?? false,
    seed: net.seed ?? 0,
  };
  builder.label = "batch";
  builder.gather(x, order, batch, net.scaling.scale, net.scaling.shift);
  const traces = lower.forward(context, stages, { tensor: batch, free: false });
  const logits = traces.at(-1)?.output as Tensor;
  const t = criterion.lossTensors(plan, "batch", logits, config.targets, config.weighted, false);
  builder.label = "target";
  builder.gather(targets, order, t.target);
  if (weights !== undefined && t.weight !== undefined) builder.gather(weights, order, t.weight);
  criterion.emitLoss(builder, loss, config.targets, logits, t, columns);
  if (config.hits === "largest" || config.hits === "each") {
    criterion.emitHits(builder, config.hits, logits, t, criterion.cut(lastLayer(net.layers)));
  }
  builder.label = loss.kind;
  builder.lossSum(t.rowLoss, config.hits === "none" ? undefined : t.hit, result);
  const lossEnd = builder.length;
  lower.moveStatistics(builder, traces);
  const statsEnd = builder.length;
  lower.backward(context, traces, { tensor: t.dz, free: true });
  const backwardEnd = builder.length;
  builder.label = config.optimizer.kind;
  config.optimizer.emit(builder, plan, optimized);
  const room = plan.tensor("program", "train program", builder.length, RECORD_BYTES / 4, { given: true });
  const ids = config.targets === "ids";
  return { builder, room, lossEnd, statsEnd, backwardEnd, x, ids, targets, weights, order, logits };
}

function layChunk(
  { net, plan, edge, stages, result, columns }: Shared,
  loss: LossSpec | undefined,
): ChunkLayout {
  const builder = new Builder(edge, net.tile);
  const xF32 = plan.tensor("chunk", "x f32", CHUNK_ROWS, net.input, { given: true, group: "chunk x" });
  const xU8 = plan.tensor("chunk", "x u8", CHUNK_ROWS, net.input, { given: true, size: 1, group: "chunk x" });
  const order = plan.tensor("chunk", "order", 1, CHUNK_ROWS, { given: true });
  const x = batchMatrix(plan, "chunk", "x", CHUNK_ROWS, net.input);
  builder.label = "chunk";
  builder.gather(xF32, order, x);
  builder.gather(xU8, order, x, net.scaling.scale, net.scaling.shift);
  const context: Context = {
    b: builder,
    plan,
    region: "chunk",
    training: false,
    overwrite: !net.apart,
    adds: false,
    seed: 0,
  };
  const outputs = lower.forward(context, stages, { tensor: x, free: false }).map(({ output }) => output);
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
  criterion.emitLoss(builder, loss, "rows", logits, t, columns, false);
  if (loss.kind !== "crossEntropy") {
    const above = criterion.cut(lastLayer(net.layers));
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
