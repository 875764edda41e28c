// Runs ops on poisoned memory: declare inputs and outputs, emit records through the Builder, run. Outputs begin
// as NaN, everything else that is no input is a canary, and after each run every byte that is no output must be
// what it was: gaps between rows, bytes around tensors, inputs, program and hyper region.

import * as abi from "../../src/base/abi.ts";
import { tileName } from "../../src/base/tile.ts";
import { Arena } from "../../src/memory/arena.ts";
import { Plan, REGIONS, type Region, type Tensor } from "../../src/memory/plan.ts";
import { Builder, scratchBytes } from "../../src/program/builder.ts";
import { Program } from "../../src/program/program.ts";
import { coreOf } from "../support/core.ts";

export interface Build {
  readonly name: string;
  readonly arena: Arena;
  /** of its products, one of TILES */
  readonly tile: number;
  /** whether V.madd, of sgemm and sgdStep, rounds once: in `relaxed`, by Node on a CPU that has FMA */
  readonly fused: boolean;
}

export interface Builds {
  /** `simd` and `debug`, which has the kernels' asserts: for all but sgemm and pack, which know no tile */
  readonly builds: readonly Build[];
  /** for sgdStep, and against the others */
  readonly relaxed: Build;
  /**
   * For sgemm and pack. The micro-kernels and the loops around them are the same source in every build, so each tile is in
   * `simd`. `debug` has a tile of either height and width, for the asserts: 5x8 has none that is a row lower, 6x16 has
   * 5x16, which then is called as well. `relaxed` is what it is made for, 4x8, 6x8 and 6x16, and the 5x16 between them.
   */
  readonly gemmBuilds: readonly Build[];
}

const ARENA_BYTES = 24 * 2 ** 20;

export const { builds, relaxed, gemmBuilds } = arenas(ARENA_BYTES);

/** Every build over memories of so many bytes: one for each module, which its tiles share. */
export function arenas(bytes: number): Builds {
  const of = (build: "simd" | "debug" | "relaxed", tiles: readonly number[]) => {
    const arena = new Arena(coreOf(build), bytes);
    const make = (name: string, tile: number): Build => ({ name, arena, tile, fused: build === "relaxed" });
    return {
      any: make(build, tiles[0] as number),
      tiles: tiles.map((tile) => make(`${build} ${tileName(tile)}`, tile)),
    };
  };
  const { TILE_4X8, TILE_5X8, TILE_6X8, TILE_5X16, TILE_6X16 } = abi;
  const simd = of("simd", [TILE_5X8, TILE_4X8, TILE_6X8, TILE_5X16, TILE_6X16]);
  const debug = of("debug", [TILE_5X8, TILE_6X16]);
  const relaxed = of("relaxed", [TILE_6X8, TILE_4X8, TILE_5X16, TILE_6X16]);
  return {
    builds: [simd.any, debug.any],
    relaxed: relaxed.any,
    gemmBuilds: [...simd.tiles, ...debug.tiles, ...relaxed.tiles],
  };
}

/** Numbers of threads among which every op is shared out. */
export const THREADS = [1, 2, 3, 8];

/** Two NaN of different payload: what outputs hold before, and what everything else holds. */
export const POISON = 0x7fc0dead;
export const CANARY = 0x7fcafe5a;

/** Words of canary before and behind every tensor; a tensor may be moved by up to GUARD / 2 words. */
const GUARD = 32;

export interface RigOptions {
  /** row stride in elements */
  ld?: number;
  size?: 1 | 4;
  /** rows is the capacity; the hyper region says how many are in use */
  batch?: boolean;
  /** moves the tensor by so many elements, off the cache line on which plans begin tensors */
  shift?: number;
  region?: Region;
}

/** What the hyper region holds during a run. */
export interface Hyper {
  rows?: number;
  first?: number;
  lr?: number;
  scale?: number;
  correction1?: number;
  correction2?: number;
  /** gradients are added to what is there, by ops that may */
  add?: boolean;
  /** batches before */
  batch?: number;
}

/** One program over poisoned memory. */
export class Rig {
  readonly plan = new Plan();
  readonly builder: Builder;
  readonly kernels: Arena["kernels"];
  readonly hyper: Tensor;
  readonly scratch: Tensor;
  readonly arena: Arena;
  readonly #inputs = new Map<Tensor, ArrayLike<number>>();
  readonly #outputs = new Set<Tensor>();
  readonly #shifts = new Map<Tensor, number>();
  #last: { tensor: Tensor; bytes: number } | undefined;
  #room: Tensor | undefined;
  #program: Program | undefined;
  #end = 0;

  constructor(build: Build) {
    this.arena = build.arena;
    this.kernels = build.arena.kernels;
    this.hyper = this.#declare("hyper", 1, abi.HYPER_BYTES / 4, { region: "hyper" }, true);
    // a share for each of the most threads; verify and the dependences assume no fewer
    this.scratch = this.#declare("scratch", 1, scratchBytes() / 4, { region: "scratch" }, false);
    this.builder = new Builder(this.scratch, build.tile);
  }

  /** A tensor that is read: rows × cols values, row by row. */
  input(
    name: string,
    rows: number,
    cols: number,
    values: ArrayLike<number>,
    options: RigOptions = {},
  ): Tensor {
    const tensor = this.#declare(name, rows, cols, options, true);
    this.#inputs.set(tensor, values);
    return tensor;
  }

  /** A tensor that is written. It begins as NaN. */
  output(name: string, rows: number, cols: number, options: RigOptions = {}): Tensor {
    const tensor = this.#declare(name, rows, cols, options, false);
    this.#outputs.add(tensor);
    return tensor;
  }

  /** A tensor that is read and written in place. */
  inOut(
    name: string,
    rows: number,
    cols: number,
    values: ArrayLike<number>,
    options: RigOptions = {},
  ): Tensor {
    const tensor = this.input(name, rows, cols, values, options);
    this.#outputs.add(tensor);
    return tensor;
  }

  /**
   * Runs the program whole, then once for each number of threads, one thread after the other record by record.
   * All must give the same bits, and touch nothing but outputs and the scratch of edge tiles.
   */
  run(hyper: Hyper = {}): void {
    this.prepare(hyper);
    const prepared = this.memory().slice();
    const before = prepared.slice();
    (this.#program as Program).run();
    for (const tensor of this.#outputs) this.#copy(tensor, before);
    this.#copyScratch(1, before);
    this.#compare(before, "one thread");
    for (const threads of THREADS) {
      this.memory().set(prepared);
      for (let i = 0; i < this.builder.length; i++) {
        for (let t = 0; t < threads; t++) this.share(i, t, threads);
      }
      this.#copyScratch(threads, before);
      this.#compare(before, `${threads} threads against one`);
    }
  }

  /** Puts a tensor where the memory ends behind `bytes` of it, and a read beyond traps. Call before the first run. */
  putLast(tensor: Tensor, bytes: number): void {
    this.#last = { tensor, bytes };
  }

  /** Runs one record for thread t of `threads`. */
  share(record: number, t: number, threads: number): void {
    const { address } = this.#room as Tensor;
    this.kernels.run(address, this.hyper.address, record, record + 1, t, threads);
  }

  /** Puts canaries, poison, inputs, program and hyper region into memory. */
  prepare(hyper: Hyper = {}): void {
    if (this.#program === undefined) this.#lay();
    new Uint32Array(this.memory().buffer, abi.ARENA_BASE, (this.#end - abi.ARENA_BASE) / 4).fill(CANARY);
    for (const tensor of this.#outputs) this.#fill(tensor, POISON);
    for (const [tensor, values] of this.#inputs) this.#write(tensor, values);
    const { rows = 0, first = 0, lr = Number.NaN, scale = Number.NaN, add = false, batch = 0 } = hyper;
    const view = this.arena.view(this.hyper.address, abi.HYPER_BYTES);
    view.setInt32(abi.HYPER_ROWS, rows, true);
    view.setInt32(abi.HYPER_FIRST, first, true);
    view.setFloat32(abi.HYPER_LR, lr, true);
    view.setFloat32(abi.HYPER_SCALE, scale, true);
    const { correction1 = Number.NaN, correction2 = Number.NaN } = hyper;
    view.setFloat32(abi.HYPER_CORRECTION1, correction1, true);
    view.setFloat32(abi.HYPER_CORRECTION2, correction2, true);
    view.setInt32(abi.HYPER_ADD, Number(add), true);
    view.setUint32(abi.HYPER_BATCH, batch, true);
    this.arena.i32(this.#room as Tensor).set(this.words);
  }

  /** The encoded records. */
  get words(): Int32Array {
    return (this.#program as Program).words;
  }

  get program(): Program {
    return this.#program as Program;
  }

  /** What has been declared as input. */
  get inputs(): Tensor[] {
    return [...this.#inputs.keys()];
  }

  /** The memory that belongs to this program, as bytes from address 0 on. */
  memory(): Uint8Array<ArrayBuffer> {
    const { buffer } = this.arena.view(0, 0);
    return new Uint8Array(buffer as ArrayBuffer, 0, this.#end);
  }

  /** The elements of an f32 tensor without the gaps, row by row. */
  read(tensor: Tensor): Float32Array<ArrayBuffer> {
    const out = new Float32Array(tensor.rows * tensor.cols);
    const all = new Float32Array(this.memory().buffer, tensor.address);
    for (let i = 0; i < tensor.rows; i++) {
      out.set(all.subarray(i * tensor.ld, i * tensor.ld + tensor.cols), i * tensor.cols);
    }
    return out;
  }

  readInts(tensor: Tensor): Int32Array {
    return new Int32Array(this.read(tensor).buffer);
  }

  #declare(name: string, rows: number, cols: number, options: RigOptions, given: boolean): Tensor {
    const { region = "activations", shift = 0, ld = cols, size = 4, batch = false } = options;
    if (shift * size > GUARD * 2) throw new RangeError(`${name} is moved by more than half a guard`);
    this.plan.tensor(region, "guard", 1, GUARD);
    const tensor = this.plan.tensor(region, name, rows, cols, { ld, size, batch, given });
    this.plan.tensor(region, "guard", 1, GUARD);
    this.#shifts.set(tensor, shift * size);
    return tensor;
  }

  #lay(): void {
    const last = REGIONS[REGIONS.length - 1] as Region;
    this.#room = this.#declare(
      "program",
      this.builder.length,
      abi.RECORD_BYTES / 4,
      { region: "program" },
      true,
    );
    this.plan.tensor(last, "guard", 1, GUARD);
    this.#end = this.plan.layout().total;
    const most = this.arena.bytes;
    if (this.#end > most) throw new RangeError(`the test arena has ${most} bytes, not ${this.#end}`);
    for (const [tensor, shift] of this.#shifts) tensor.address += shift;
    if (this.#last !== undefined) {
      const { tensor, bytes } = this.#last;
      if (this.#end > most - bytes) throw new RangeError("no room for a tensor at the end of the arena");
      tensor.address = most - bytes;
      this.#end = most;
    }
    this.#program = new Program(this.arena, this.builder, this.#room, this.hyper);
  }

  #fill(tensor: Tensor, word: number): void {
    const all = new Uint32Array(this.memory().buffer, tensor.address);
    for (let i = 0; i < tensor.rows; i++) all.fill(word, i * tensor.ld, i * tensor.ld + tensor.cols);
  }

  #write(tensor: Tensor, values: ArrayLike<number>): void {
    const { rows, cols, ld, size } = tensor;
    if (values.length !== rows * cols) throw new RangeError(`${tensor.name}: ${values.length} values`);
    const whole = values instanceof Int32Array || values instanceof Uint32Array;
    // to the end of the memory: the padding of a last row may be cut off
    const All = size === 1 ? Uint8Array : whole ? Int32Array : Float32Array;
    const all = new All(this.memory().buffer, tensor.address);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) all[i * ld + j] = values[i * cols + j] as number;
    }
  }

  /** Copies what the shares of so many threads in the scratch hold now into `snapshot`; the rest must stay as it was. */
  #copyScratch(threads: number, snapshot: Uint8Array): void {
    const { address } = this.scratch;
    const end = address + threads * abi.SGEMM_SCRATCH_BYTES;
    snapshot.set(this.memory().subarray(address, end), address);
  }

  /** Copies what a tensor holds now into `snapshot`. */
  #copy({ address, rows, cols, ld, size }: Tensor, snapshot: Uint8Array): void {
    const memory = this.memory();
    for (let i = 0; i < rows && cols > 0; i++) {
      const start = address + i * ld * size;
      snapshot.set(memory.subarray(start, start + cols * size), start);
    }
  }

  #compare(expected: Uint8Array, what: string): void {
    const memory = this.memory();
    if (Buffer.compare(expected, memory) === 0) return;
    const at = memory.findIndex((byte, i) => byte !== expected[i]);
    const near = this.plan.tensors.findLast((t) => t.name !== "guard" && t.address <= at);
    throw new Error(
      `${what}: byte ${at} differs; ${at - (near?.address ?? 0)} bytes from where ${near?.name} begins`,
    );
  }
}
