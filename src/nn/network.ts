// A network in memory: its layers, parameters, arena and programs. What the training loop drives; it knows
// neither epochs nor data sets.

import { HYPER_BYTES, HYPER_LOSS, RECORD_BYTES, RESULT_BYTES } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import type { LayerSpec, LossSpec, OptimizerSpec, Scaling, StateDict } from "../base/spec.ts";
import { Arena } from "../memory/arena.ts";
import { leadingDimension, Plan, type RegionBytes, type Tensor } from "../memory/plan.ts";
import { Builder, SCRATCH_BYTES } from "../program/builder.ts";
import { flops, Program } from "../program/program.ts";
import type { Core } from "../wasm/runtime.ts";
import { initUniform } from "./init.ts";
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

/** The memory of a training program that the host writes: data, the order of its rows, and the step's inputs. */
export interface TrainSession {
  readonly program: Program;
  /** [windowRows, features], unpadded */
  readonly x: Float32Array | Uint8Array;
  /** [windowRows] class ids */
  readonly labels: Int32Array;
  /** [windowRows] the order in which rows are taken */
  readonly order: Uint32Array;
}

/** The memory and program of a forward pass over up to CHUNK_ROWS rows, with its parts as record numbers. */
export interface ChunkSession {
  readonly program: Program;
  readonly xF32: Float32Array;
  readonly xU8: Uint8Array;
  readonly labels: Int32Array;
  readonly logits: Float32Array;
  readonly logitsStride: number;
  /** softmax probabilities; empty without a loss */
  readonly probabilities: Float32Array;
  readonly probabilitiesStride: number;
  readonly parts: ChunkParts;
}

/** Where each part of a chunk program ends; it begins where the one before ends. Record 0 gathers f32, 1 u8. */
interface ChunkParts {
  readonly packed: number;
  readonly forward: number;
  readonly link: number;
  readonly loss: number;
}

interface Param {
  readonly name: string;
  readonly tensor: Tensor;
  readonly fanIn: number;
}

/** Everything one plan fixed, before any memory exists. */
interface Layout {
  readonly bytes: RegionBytes;
  readonly hyper: Tensor;
  readonly params: Tensor;
  readonly snapshot: Tensor;
  readonly list: readonly Param[];
  readonly train: TrainLayout | undefined;
  readonly chunk: ChunkLayout;
}

interface TrainLayout {
  readonly builder: Builder;
  readonly room: Tensor;
  readonly x: Tensor;
  readonly labels: Tensor;
  readonly order: Tensor;
}

interface ChunkLayout {
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

export class Network {
  readonly input: number;
  readonly outputs: number;
  readonly layers: readonly LayerSpec[];
  readonly seed: number;
  #core: Core | undefined;
  #scaling: Scaling = { scale: 1 / 255, shift: 0 };
  #loss: LossSpec | undefined;
  #config: TrainConfig | undefined;
  #emit: EmitOptimizer | undefined;
  #arena: Arena | undefined;
  #layout: Layout | undefined;
  #train: TrainSession | undefined;
  #chunk: ChunkSession | undefined;

  /** @throws {XentError} `TOO_LARGE` when the parameters alone do not fit a WebAssembly memory */
  constructor(core: Core, input: number, layers: readonly LayerSpec[], seed: number) {
    this.#core = core;
    this.input = input;
    this.layers = layers;
    this.seed = seed;
    this.outputs = layers.reduce((width, layer) => (layer.kind === "dense" ? layer.units : width), input);
    this.#lay(undefined, undefined);
  }

  get scaling(): Scaling {
    return this.#scaling;
  }

  get loss(): LossSpec | undefined {
    return this.#loss;
  }

  /** Sizes and work of a training step, computed without allocating anything. */
  plan(config: TrainConfig, emit: EmitOptimizer): { bytes: RegionBytes; flops: number } {
    const layout = this.#lay(config, emit);
    const words = (layout.train as TrainLayout).builder.encode();
    return { bytes: layout.bytes, flops: flops(words, config.batchSize) };
  }

  /** Remembers the loss, and how u8 features become numbers; programs made for others are laid anew at next use. */
  remember(loss: LossSpec | undefined, scaling: Scaling | undefined): void {
    const sameLoss = loss === undefined || loss.kind === this.#loss?.kind;
    const sameScaling =
      scaling === undefined || (scaling.scale === this.#scaling.scale && scaling.shift === this.#scaling.shift);
    if (sameLoss && sameScaling) return;
    this.#loss = loss ?? this.#loss;
    this.#scaling = scaling ?? this.#scaling;
    this.#train = undefined;
    this.#chunk = undefined;
  }

  /** The memory for training steps of at most `config.batchSize` rows; laid anew only when it does not fit. */
  train(config: TrainConfig, emit: EmitOptimizer): TrainSession {
    this.remember(config.loss, undefined);
    const old = this.#config;
    const fits =
      old !== undefined &&
      old.batchSize >= config.batchSize &&
      old.windowRows >= config.windowRows &&
      old.features === config.features &&
      old.optimizer.kind === config.optimizer.kind;
    if (this.#train === undefined || !fits) this.#adopt(config, emit);
    return this.#train as TrainSession;
  }

  /** The memory and program for evaluation. */
  chunk(): ChunkSession {
    if (this.#chunk === undefined) this.#adopt(this.#config, this.#emit);
    return this.#chunk as ChunkSession;
  }

  /** Size of the memory in bytes; 0 before first use. */
  get bytes(): number {
    return this.#arena?.bytes ?? 0;
  }

  /** The parameters as they stand, unpadded, weights turned to `[out, in]`. */
  state(): StateDict {
    this.chunk();
    const state: StateDict = {};
    for (const { name, tensor } of (this.#layout as Layout).list) {
      const data = (this.#arena as Arena).f32(tensor);
      const { rows, cols, ld } = tensor;
      const out = new Float32Array(rows * cols);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * ld + j] as number;
      }
      state[name] = { shape: name.endsWith("weight") ? [cols, rows] : [cols], data: out };
    }
    return state;
  }

  /** Overwrites the parameters; checks every name, shape and length first. */
  loadState(state: StateDict): void {
    this.chunk();
    const list = (this.#layout as Layout).list;
    const names = list.map((param) => param.name);
    const expected = `Expected ${names.join(", ")}.`;
    for (const name of Object.keys(state)) {
      if (!names.includes(name)) throw new XentError("STATE", `loadStateDict: no parameter is called "${name}"`, expected);
    }
    for (const { name, tensor } of list) {
      const given = state[name];
      if (given === undefined) throw new XentError("STATE", `loadStateDict: "${name}" is missing`, expected);
      const shape = name.endsWith("weight") ? [tensor.cols, tensor.rows] : [tensor.cols];
      if (!(given.data instanceof Float32Array) || String(given.shape) !== String(shape) || given.data.length !== tensor.rows * tensor.cols) {
        throw new XentError(
          "STATE",
          `loadStateDict: "${name}" is [${given.shape}] with ${given.data?.length} values`,
          `Expected a Float32Array of shape [${shape}].`,
        );
      }
    }
    for (const { name, tensor } of list) {
      const data = (this.#arena as Arena).f32(tensor);
      const { rows, cols, ld } = tensor;
      const from = (state[name] as { data: Float32Array }).data;
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++) data[i * ld + j] = from[j * rows + i] as number;
      }
    }
  }

  /** Keeps a copy of the parameters beside them; `restore` brings it back. */
  snapshot(): void {
    const { params, snapshot } = this.#layout as Layout;
    const arena = this.#arena as Arena;
    arena.f32(snapshot).set(arena.f32(params));
  }

  restore(): void {
    const { params, snapshot } = this.#layout as Layout;
    const arena = this.#arena as Arena;
    arena.f32(params).set(arena.f32(snapshot));
  }

  /** Lets go of the memory. Every later use throws `DISPOSED`. */
  dispose(): void {
    this.#core = undefined;
    this.#arena = undefined;
    this.#layout = undefined;
    this.#train = undefined;
    this.#chunk = undefined;
  }

  get disposed(): boolean {
    return this.#core === undefined;
  }

  /** @throws {XentError} `DISPOSED` */
  check(where = "the running call"): void {
    if (this.disposed) throw new XentError("DISPOSED", `${where}: the model was disposed`, "Make a new one.");
  }

  /** Lays the memory for this configuration, carries the parameters over and makes the sessions. */
  #adopt(config: TrainConfig | undefined, emit: EmitOptimizer | undefined): void {
    const core = this.#core as Core;
    const layout = this.#lay(config, emit);
    const old = this.#arena;
    let arena = old;
    if (old === undefined || layout.bytes.total > old.bytes) {
      arena = new Arena(core, layout.bytes.total);
      if (old === undefined) {
        for (const [i, { tensor, fanIn }] of layout.list.entries()) {
          initUniform(arena.f32(tensor), tensor.rows, tensor.cols, tensor.ld, fanIn, this.seed, i);
        }
      } else {
        // the same addresses in every plan: regions up to the gradients come first
        arena.f32(layout.params).set(old.f32(layout.params));
        arena.f32(layout.snapshot).set(old.f32(layout.snapshot));
      }
    }
    this.#arena = arena as Arena;
    this.#layout = layout;
    this.#config = config;
    this.#emit = emit;
    this.#chunk = chunkSession(this.#arena, layout.chunk, layout.hyper);
    this.#train = layout.train === undefined ? undefined : trainSession(this.#arena, layout.train, layout.hyper);
  }

  /** Declares every tensor and emits every program; no memory is touched. */
  #lay(config: TrainConfig | undefined, emit: EmitOptimizer | undefined): Layout {
    const plan = new Plan();
    const hyper = plan.tensor("hyper", "hyper", 1, HYPER_BYTES / 4, { given: true });
    const result = plan.view(hyper, "result", HYPER_LOSS, 1, RESULT_BYTES / 4, RESULT_BYTES / 4);
    const { params, snapshot, grads, list, dense } = declareParams(plan, this.input, this.layers);
    const stages = lower.stages(this.layers, this.input, dense);
    const edge = plan.tensor("scratch", "edge tiles", 1, SCRATCH_BYTES / 4);

    let train: TrainLayout | undefined;
    if (config !== undefined && emit !== undefined) {
      const { batchSize, windowRows } = config;
      const builder = new Builder(edge);
      const x = plan.tensor("data", "x", windowRows, this.input, { given: true, size: config.features === "u8" ? 1 : 4 });
      const labels = plan.tensor("data", "labels", windowRows, 1, { given: true });
      const order = plan.tensor("data", "order", 1, windowRows, { given: true });
      const batch = lower.batchMatrix(plan, "batch", "batch", batchSize, this.input);
      builder.label = "batch";
      builder.gather(x, order, batch, this.#scaling.scale, this.#scaling.shift);
      const outputs = lower.forward(builder, plan, "activations", stages, batch, (stage) => {
        const { weight } = stage.params as lower.DenseParams;
        return builder.pack(weight, false, lower.panels(plan, "scratch", `${stage.index}.weight packed`, weight.rows, weight.cols, "packed"));
      });
      const logits = outputs[outputs.length - 1] as Tensor;
      const losses = lower.lossTensors(plan, "batch", logits, false);
      builder.label = "target";
      builder.gather(labels, order, losses.target);
      lower.loss(builder, config.loss, logits, losses, result);
      lower.backward(builder, plan, stages, batch, outputs, losses.dz);
      builder.label = config.optimizer.kind;
      emit(builder, params, grads);
      const room = plan.tensor("program", "train program", builder.length, RECORD_BYTES / 4, { given: true });
      train = { builder, room, x, labels, order };
    }
    const chunk = this.#layChunk(plan, edge, stages, result);
    return { bytes: plan.layout(), hyper, params, snapshot, list, train, chunk };
  }

  #layChunk(plan: Plan, edge: Tensor, stages: readonly lower.Stage[], result: Tensor): ChunkLayout {
    const builder = new Builder(edge);
    const xF32 = plan.tensor("chunk", "x f32", CHUNK_ROWS, this.input, { given: true, group: "chunk x" });
    const xU8 = plan.tensor("chunk", "x u8", CHUNK_ROWS, this.input, { given: true, size: 1, group: "chunk x" });
    const order = plan.tensor("chunk", "order", 1, CHUNK_ROWS, { given: true });
    const x = lower.batchMatrix(plan, "chunk", "x", CHUNK_ROWS, this.input);
    builder.label = "chunk";
    builder.gather(xF32, order, x);
    builder.gather(xU8, order, x, this.#scaling.scale, this.#scaling.shift);
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
    const outputs = lower.forward(builder, plan, "chunk", stages, x, (stage) => packed.get(stage) as NonNullable<ReturnType<typeof packed.get>>);
    const logits = outputs[outputs.length - 1] as Tensor;
    const losses = lower.lossTensors(plan, "chunk", logits, true);
    const forwardEnd = builder.length;
    let probabilities: Tensor | undefined;
    if (this.#loss !== undefined) {
      probabilities = lower.batchMatrix(plan, "chunk", "probabilities", CHUNK_ROWS, this.outputs);
      lower.link(builder, this.#loss, logits, probabilities);
    }
    const linkEnd = builder.length;
    if (this.#loss !== undefined) lower.loss(builder, this.#loss, logits, losses, result);
    const parts = { packed: packedEnd, forward: forwardEnd, link: linkEnd, loss: builder.length };
    const room = plan.tensor("program", "chunk program", builder.length, RECORD_BYTES / 4, { given: true });
    return { builder, room, xF32, xU8, order, labels: losses.target, logits, probabilities, parts };
  }
}

/** One flat run for all parameters and one for their gradients, so that an optimiser is a single record. */
function declareParams(plan: Plan, input: number, layers: readonly LayerSpec[]) {
  const shapes: { layer: number; rows: number; cols: number; ld: number; weightAt: number; biasAt: number }[] = [];
  let width = input;
  let end = 0;
  for (const [layer, spec] of layers.entries()) {
    if (spec.kind !== "dense") continue;
    const ld = leadingDimension(spec.units);
    shapes.push({ layer, rows: width, cols: spec.units, ld, weightAt: end, biasAt: end + width * ld });
    end += (width + 1) * ld;
    width = spec.units;
  }
  const flat = (region: "params" | "snapshot" | "grads"): Tensor => plan.tensor(region, region, 1, end, { given: true });
  const [params, snapshot, grads] = [flat("params"), flat("snapshot"), flat("grads")];
  const list: Param[] = [];
  const dense = new Map<number, lower.DenseParams>();
  for (const { layer, rows, cols, ld, weightAt, biasAt } of shapes) {
    const weight = plan.view(params, `${layer}.weight`, 4 * weightAt, rows, cols, ld);
    const bias = plan.view(params, `${layer}.bias`, 4 * biasAt, 1, cols, ld);
    const dWeight = plan.view(grads, `d${layer}.weight`, 4 * weightAt, rows, cols, ld);
    const dBias = plan.view(grads, `d${layer}.bias`, 4 * biasAt, 1, cols, ld);
    list.push({ name: `${layer}.weight`, tensor: weight, fanIn: rows }, { name: `${layer}.bias`, tensor: bias, fanIn: rows });
    dense.set(layer, { weight, bias, dWeight, dBias });
  }
  return { params, snapshot, grads, list, dense };
}

function trainSession(arena: Arena, layout: TrainLayout, hyper: Tensor): TrainSession {
  const { builder, room, x, labels, order } = layout;
  return {
    program: new Program(arena, builder, room, hyper),
    x: x.size === 1 ? arena.u8(x) : arena.f32(x),
    labels: arena.i32(labels),
    order: arena.u32(order),
  };
}

function chunkSession(arena: Arena, layout: ChunkLayout, hyper: Tensor): ChunkSession {
  const { builder, room, logits, probabilities, parts } = layout;
  const order = arena.u32(layout.order);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return {
    program: new Program(arena, builder, room, hyper),
    xF32: arena.f32(layout.xF32),
    xU8: arena.u8(layout.xU8),
    labels: arena.i32(layout.labels),
    logits: arena.f32(logits),
    logitsStride: logits.ld,
    probabilities: probabilities === undefined ? new Float32Array(0) : arena.f32(probabilities),
    probabilitiesStride: probabilities?.ld ?? 0,
    parts,
  };
}
