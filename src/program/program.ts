// A program in its arena: writes what changes from step to step, runs records, reads results.

import * as abi from "../base/abi.ts";
import { OPS } from "../base/ops.ts";
import { tileColumns } from "../base/tile.ts";
import type { Arena } from "../memory/arena.ts";
import type { Tensor } from "../memory/plan.ts";
import type { Builder, Draft } from "./builder.ts";
import { view } from "./record.ts";

/** Floating-point operations of one run of a program with `rows` rows. */
export function flops(words: Int32Array, rows: number): number {
  let sum = 0;
  for (let i = 0; i < (words.length * 4) / abi.RECORD_BYTES; i++) {
    const record = view(words, i, rows);
    sum += OPS.get(record.op)?.flops(record) ?? 0;
  }
  return sum;
}

export class Program {
  readonly words: Int32Array;
  readonly drafts: readonly Draft[];
  readonly #arena: Arena;
  readonly #address: number;
  readonly #room: Tensor;
  /** the region that the host writes before a run, and reads results from after it */
  readonly hyper: DataView;
  readonly #hyperAddress: number;

  /**
   * Encodes the builder's records into `room`, a tensor of RECORD_BYTES a record.
   *
   * @param alone  it will run on one thread only
   */
  constructor(arena: Arena, builder: Builder, room: Tensor, hyper: Tensor, alone = false) {
    this.words = builder.encode(alone);
    this.drafts = builder.drafts;
    this.#arena = arena;
    this.#address = room.address;
    this.#room = room;
    this.#hyperAddress = hyper.address;
    this.hyper = arena.view(hyper.address, abi.HYPER_BYTES);
    arena.i32(room).set(this.words);
  }

  /**
   * Writes what changes from step to step.
   *
   * @param scale  what the gradient of the summed row losses is multiplied by
   */
  set(rows: number, first: number, lr: number, scale: number): void {
    this.hyper.setInt32(abi.HYPER_ROWS, rows, true);
    this.hyper.setInt32(abi.HYPER_FIRST, first, true);
    this.hyper.setFloat32(abi.HYPER_LR, lr, true);
    this.hyper.setFloat32(abi.HYPER_SCALE, scale, true);
  }

  /** Rows of the batch, as last set. */
  get rows(): number {
    return this.hyper.getInt32(abi.HYPER_ROWS, true);
  }

  /** What the gradient of the summed row losses is multiplied by, as last set, in f32. */
  get scale(): number {
    return this.hyper.getFloat32(abi.HYPER_SCALE, true);
  }

  /** The whole memory that the program works on. */
  get memory(): ArrayBuffer {
    return this.#arena.view(0, 0).buffer;
  }

  /** Where the sums of losses and hits are written, in bytes. */
  get resultAddress(): number {
    return this.#hyperAddress + abi.HYPER_LOSS;
  }

  /** Takes another tile from now on, no wider than the one that the program was laid for: its panels fit. */
  retile(tile: number): void {
    const count = this.drafts.length;
    for (let i = 0; i < count; i++) {
      const d = (i * abi.RECORD_BYTES + abi.RECORD_D) / 4;
      const op = this.words[(i * abi.RECORD_BYTES + abi.RECORD_OP) / 4];
      if (op === abi.OP_PACK) this.words[d + 2] = tileColumns(tile);
      if (op === abi.OP_SGEMM) this.words[d + 3] = tile;
    }
    this.#arena.i32(this.#room).set(this.words);
  }

  /** Runs records first … last − 1; one crossing into WASM. */
  run(first = 0, last = this.drafts.length): void {
    this.#arena.kernels.run(this.#address, this.#hyperAddress, first, last, 0, 1);
  }

  /** Sum of the row losses of the last run. */
  get lossSum(): number {
    return this.hyper.getFloat64(abi.HYPER_LOSS, true);
  }

  /** Rows of the last run whose largest logit was the target's. */
  get hits(): number {
    return this.hyper.getInt32(abi.HYPER_HITS, true);
  }
}
