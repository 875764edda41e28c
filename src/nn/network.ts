// A network in memory: its layers, parameters, arena and programs. What the training loop drives; it knows
// neither epochs nor data sets.

import { XentError } from "../base/errors.ts";
import { Random, STREAM_INIT } from "../base/random.ts";
import type { LayerSpec, LossSpec, Scaling, StateDict } from "../base/spec.ts";
import { Arena } from "../memory/arena.ts";
import type { RegionBytes, Tensor } from "../memory/plan.ts";
import type { Program } from "../program/program.ts";
import type { Core } from "../wasm/runtime.ts";
import { columnWeights, sameRecords } from "./criterion.ts";
import { initialize } from "./initialize.ts";
import {
  type Layout,
  layNetwork,
  type Optimizing,
  type Param,
  type TrainConfig,
  type TrainLayout,
} from "./layout.ts";
import { type Stored, widthOf } from "./params.ts";
import { type ChunkSession, chunkSession, type TrainSession, trainSession } from "./session.ts";
import { checkState, readState, writeState } from "./state.ts";

export class Network {
  readonly input: number;
  readonly outputs: number;
  readonly layers: readonly LayerSpec[];
  readonly seed: number;
  /** training batches so far: what chance that differs from batch to batch goes by */
  batches = 0;
  #core: Core | undefined;
  #scaling: Scaling = { scale: 1 / 255, shift: 0 };
  #loss: LossSpec | undefined;
  #config: TrainConfig | undefined;
  /** whose slots stand in the memory; of the kind as it is, an optimiser goes on from them */
  #optimizer: Pick<Optimizing, "kind" | "slots"> = { kind: "none", slots: [] };
  #arena: Arena | undefined;
  #layout: Layout | undefined;
  #train: TrainSession | undefined;
  #chunk: ChunkSession | undefined;
  /** of the programs as they stand */
  #tile = 0;
  #uses = 0;
  /** the snapshot is to take the place of the parameters */
  #owed = false;
  /** a new memory is about to be filled: first values, which take longer to draw than to load, would be lost */
  #filled = false;

  /** @throws {XentError} `TOO_LARGE` when the parameters alone do not fit a WebAssembly memory */
  constructor(core: Core, input: number, layers: readonly LayerSpec[], seed: number) {
    this.#core = core;
    this.input = input;
    this.layers = layers;
    this.seed = seed;
    this.outputs = widthOf(layers, input);
    this.#lay();
  }

  /** Of the kernels: with another, the same steps may give other bits. */
  get build(): string {
    return (this.#core as Core).build;
  }

  get scaling(): Scaling {
    return this.#scaling;
  }

  get loss(): LossSpec | undefined {
    return this.#loss;
  }

  /**
   * Sizes of a training step, and what is to be said of its records; of the model nothing is allocated.
   *
   * @param say  asked once the plan is known to fit a memory
   */
  plan<Said>(
    config: TrainConfig,
    say: (core: Core, words: Int32Array, rows: number) => Said,
  ): { bytes: RegionBytes } & Said {
    const { bytes, train } = this.#lay(config, config.optimizer.slots.length);
    const words = (train as TrainLayout).builder.encode();
    return { bytes, ...say(this.#core as Core, words, config.batchSize) };
  }

  /** Remembers the loss, and how u8 features become numbers; programs made for others are laid anew at next use. */
  remember(loss: LossSpec | undefined, scaling: Scaling | undefined): void {
    const [old, before] = [this.#loss, this.#scaling];
    this.#loss = loss ?? old;
    this.#scaling = scaling ?? before;
    const same = loss === undefined || (old !== undefined && sameRecords(loss, old));
    if (same && (["scale", "shift"] as const).every((key) => before[key] === this.#scaling[key])) return;
    this.#config = undefined;
    this.#train = undefined;
    this.#chunk = undefined;
  }

  /**
   * The memory for training steps of at most `config.batchSize` rows; laid anew only when it does not fit.
   *
   * @param scaling  of u8 features, which is remembered with the loss
   * @throws {XentError} `TOO_LARGE`, `MEMORY`: nothing is remembered then
   */
  train(config: TrainConfig, scaling?: Scaling): TrainSession {
    this.#arena?.pending?.finish();
    const before = [this.#loss, this.#scaling] as const;
    this.remember(config.loss, scaling);
    const old = this.#config;
    const fits =
      old !== undefined &&
      !this.#arena?.spoilt &&
      old.batchSize >= config.batchSize &&
      old.windowRows >= config.windowRows &&
      old.optimizer.records === config.optimizer.records &&
      (["features", "targets", "weighted", "hits", "accumulates"] as const).every(
        (key) => old[key] === config[key],
      );
    try {
      if (!fits) this.#adopt(config);
    } catch (error) {
      [this.#loss, this.#scaling] = before;
      throw error;
    }
    this.#retile();
    return this.#train as TrainSession;
  }

  /** Says that a program is to run on so many rows, `batch` at a time; see `Crew.want`. */
  want({ program }: { readonly program: Program }, rows: number, batch: number): Promise<void> | undefined {
    const { crew } = this.#core ?? {};
    if (crew === undefined) return undefined;
    const whole = Math.floor(rows / batch);
    return crew.want(whole * program.sharedNs(batch) + program.sharedNs(rows - whole * batch));
  }

  /** Lets the runtime find out what it still wants to, and follows what it found. */
  settle(): void {
    this.#core?.settle?.();
    this.#retile();
  }

  #retile(): void {
    const tile = this.#core?.tile;
    if (tile === undefined || tile === this.#tile) return;
    for (const session of [this.#train, this.#chunk]) session?.program.retile(tile);
    this.#tile = tile;
  }

  /** The training program as it was last laid; after the loss of a thread, in a new memory. */
  get trained(): TrainSession {
    if (this.#arena?.spoilt) this.chunk();
    return this.#train as TrainSession;
  }

  /** How often the memory for evaluation was taken. */
  get uses(): number {
    return this.#uses;
  }

  /** The memory and program for evaluation. */
  chunk(): ChunkSession {
    this.#uses++;
    this.#arena?.pending?.finish();
    if (this.#chunk === undefined || this.#arena?.spoilt) this.#adopt(this.#config);
    this.#retile();
    return this.#chunk as ChunkSession;
  }

  /**
   * Memory and program of a forward pass that keeps every layer's output apart, over the parameters as they are now.
   * Made anew by each call.
   */
  inspection(): ChunkSession {
    this.chunk();
    const { input, outputs, layers } = this;
    const core = this.#core as Core;
    const layout = layNetwork({
      tile: core.tile,
      threads: core.crew?.size ?? 1,
      input,
      outputs,
      layers,
      scaling: this.#scaling,
      loss: undefined,
      apart: true,
    });
    const arena = new Arena(core, layout.bytes.total);
    for (const key of ["params", "buffers"] as const) {
      arena.f32(layout[key]).set((this.#arena as Arena).f32((this.#layout as Layout)[key]));
    }
    return chunkSession(arena, layout.chunk, layout.hyper);
  }

  /** The parameters and running statistics as they stand, unpadded, weights turned to `[out, in]`. */
  state(): StateDict {
    this.chunk();
    return readState(this.#arena as Arena, (this.#layout as Layout).stored);
  }

  /** The gradients that the last backward pass left, in the form of `state`; of frozen parameters there are none. */
  gradients(): StateDict {
    return readState(this.#arena as Arena, this.list, this.gradientOffset);
  }

  /** Bytes from a parameter to its gradient. */
  get gradientOffset(): number {
    const { params, grads } = this.#layout as Layout;
    return grads.address - params.address;
  }

  /** Runs something that leaves gradients, and puts those from before back. */
  keepingGradients<T>(work: () => T): T {
    this.chunk();
    const grads = (): Float32Array => (this.#arena as Arena).f32((this.#layout as Layout).grads);
    const kept = grads().slice();
    try {
      return work();
    } finally {
      // a loss function may have disposed of the model
      this.check();
      // after the loss of a thread: in a new memory
      this.chunk();
      grads().set(kept);
    }
  }

  /** Where each parameter that is trained lies. */
  get list(): readonly Param[] {
    this.chunk();
    return (this.#layout as Layout).list.filter(({ frozen }) => !frozen);
  }

  /**
   * Overwrites parameters and running statistics; checks every name, shape and value first.
   *
   * @throws {XentError} `STATE`
   */
  loadState(state: StateDict): void {
    this.chunk();
    const { stored } = this.#layout as Layout;
    checkState("loadStateDict", "STATE", stored, state);
    writeState(this.#arena as Arena, stored, state);
  }

  /** What the optimiser keeps, in the form of `gradients`: one for each of its slots. */
  slots(): StateDict[] {
    const { list } = this;
    const { params, slots } = this.#layout as Layout;
    return slots.map((slot) => readState(this.#arena as Arena, list, slot.address - params.address));
  }

  /**
   * Overwrites parameters, running statistics and what an optimiser keeps, all checked against the same layers before. Memory is
   * taken first, and then nothing fails.
   */
  become(
    state: StateDict,
    optimizer: Pick<Optimizing, "kind" | "slots"> | undefined,
    slots: readonly StateDict[],
  ): void {
    this.#filled = true;
    try {
      if (optimizer !== undefined && optimizer.kind !== this.#optimizer.kind) {
        this.#adopt(undefined, optimizer);
      }
      this.chunk();
    } finally {
      this.#filled = false;
    }
    const { list } = this;
    const layout = this.#layout as Layout;
    const arena = this.#arena as Arena;
    writeState(arena, layout.stored, state);
    for (const [i, slot] of slots.entries()) {
      writeState(arena, list, slot, (layout.slots[i] as Tensor).address - layout.params.address);
    }
  }

  /** Keeps a copy of all that a step changes beside it; `restore` brings it back. */
  snapshot(): void {
    const layout = this.#layout as Layout;
    const arena = this.#arena as Arena;
    arena.f32(layout.snapshot).set(arena.f32(changing(layout)));
  }

  restore(): void {
    // after the loss of a thread in a new memory, now or when the host has one
    this.#owed = true;
    this.chunk();
    if (!this.#owed) return;
    const layout = this.#layout as Layout;
    const arena = this.#arena as Arena;
    arena.f32(changing(layout)).set(arena.f32(layout.snapshot));
    this.#owed = false;
  }

  /** Sets the optimiser's slots back to what they begin with. */
  clearSlots(): void {
    const { slots } = this.#layout as Layout;
    for (const [i, slot] of slots.entries()) {
      (this.#arena as Arena).f32(slot).fill(this.#optimizer.slots[i] as number);
    }
  }

  /** The first parameter or running statistic with a value that is not finite, in words. */
  firstNotFinite(): string | undefined {
    const arena = this.#arena as Arena;
    const { params, buffers, stored } = this.#layout as Layout;
    if ([params, buffers].every((part) => arena.f32(part).every(Number.isFinite))) return undefined;
    for (const { name, tensor } of stored) {
      const at = arena.f32(tensor).findIndex((value) => !Number.isFinite(value));
      if (at < 0) continue;
      const [row, column] = [Math.floor(at / tensor.ld), at % tensor.ld];
      const place = tensor.rows === 1 ? `[${column}]` : `[${column}, ${row}]`;
      return `${name}${place} is ${arena.f32(tensor)[at]}`;
    }
    return undefined;
  }

  /** Lets go of the memory. Every later use throws `DISPOSED`. */
  dispose(): void {
    this.#train?.program.abandon();
    this.#chunk?.program.abandon();
    this.#arena?.dispose();
    this.#core = undefined;
    this.#arena = undefined;
    this.#layout = undefined;
    this.#train = undefined;
    this.#chunk = undefined;
  }

  get alive(): boolean {
    return this.#core !== undefined;
  }

  /** @throws {XentError} `DISPOSED` */
  check(where = "the running call"): void {
    if (this.alive) return;
    throw new XentError("DISPOSED", `${where}: the model was disposed`, "Make a new one.");
  }

  #lay(config?: TrainConfig, slots = this.#optimizer.slots.length): Layout {
    const { input, outputs, layers, seed } = this;
    const { tile, crew } = this.#core as Core;
    const loss = config?.loss ?? this.#loss;
    const threads = crew?.size ?? 1;
    const scaling = this.#scaling;
    return layNetwork({ tile, threads, input, outputs, layers, scaling, seed, loss, slots }, config);
  }

  /** Lays the memory for this configuration, carries the parameters over and makes the sessions. */
  #adopt(config: TrainConfig | undefined, optimizer = config?.optimizer ?? this.#optimizer): void {
    const core = this.#core as Core;
    const { kind, slots } = optimizer;
    const before = this.#layout;
    const layout = this.#lay(config, slots.length);
    const old = this.#arena;
    let arena = old as Arena;
    // with as many slots, the regions to keep have the same addresses in both plans: they come first
    const moved = before !== undefined && before.slots.length !== slots.length;
    if (old === undefined || layout.bytes.total > old.bytes || old.spoilt || moved) {
      arena = new Arena(core, layout.bytes.total);
      if (old === undefined) {
        if (!this.#filled) begin(arena, layout, this.seed);
      } else {
        carryOver(old, before as Layout, arena, layout, this.#owed);
      }
    }
    // what is written now may take the place of their records, and may be refused before it is whole
    this.#config = undefined;
    this.#chunk = undefined;
    if (layout.columns !== undefined) {
      arena.f32(layout.columns).set(columnWeights(this.#loss as LossSpec, this.outputs) as readonly number[]);
    }
    const chunk = chunkSession(arena, layout.chunk, layout.hyper);
    const train = layout.train && trainSession(arena, layout.train, layout.hyper);
    if (arena !== old) {
      old?.dispose();
      this.#owed = false;
    }
    this.#tile = core.tile;
    this.#arena = arena;
    this.#layout = layout;
    this.#config = config;
    const cleared = kind !== this.#optimizer.kind;
    this.#optimizer = { kind, slots };
    if (cleared) this.clearSlots();
    this.#chunk = chunk;
    this.#train = train;
  }
}

/** Gives every tensor that keeps its first values; a parameter's place in the list is its substream of chance. */
function begin(arena: Arena, { list, stored }: Layout, seed: number): void {
  const places = new Map<Stored, number>(list.map((param, i) => [param, i]));
  for (const one of stored) {
    const { tensor, init } = one;
    const { rows, cols, ld } = tensor;
    const data = arena.f32(tensor);
    if ("spec" in init) {
      const random = new Random(seed, STREAM_INIT, places.get(one) as number);
      initialize(data, tensor, init.spec, init.around, random);
    } else for (let i = 0; i < rows; i++) data.fill(init.value, i * ld, i * ld + cols);
  }
}

/** All that a step changes for good: one run of bytes. */
function changing({ params, snapshot }: Layout): Tensor {
  return { ...snapshot, address: params.address };
}

/**
 * Copies what lives as long as the network into a new memory. Slots of another number are those of another optimiser.
 *
 * @param owed  the snapshot is to take the place of what it is a copy of
 */
function carryOver(from: Arena, old: Layout, to: Arena, layout: Layout, owed: boolean): void {
  const copy = (target: Tensor, source: Tensor): void => to.f32(target).set(from.f32(source));
  copy(layout.grads, old.grads);
  if (old.slots.length === layout.slots.length) {
    copy(changing(layout), owed ? old.snapshot : changing(old));
    copy(layout.snapshot, old.snapshot);
    return;
  }
  const kept = owed ? old.snapshot.address - old.params.address : 0;
  for (const key of ["params", "buffers"] as const) {
    copy(layout[key], { ...old[key], address: old[key].address + kept });
  }
}
