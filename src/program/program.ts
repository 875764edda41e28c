// A program in its arena: writes what changes from step to step, runs records, reads results.

import * as abi from "../base/abi.ts";
import type { Costs } from "../base/crew.ts";
import { tileColumns } from "../base/tile.ts";
import type { Arena } from "../memory/arena.ts";
import type { Tensor } from "../memory/plan.ts";
import type { Builder, Draft } from "./builder.ts";
import type { Hosted } from "./host.ts";
import { type Pause, Runner } from "./runner.ts";

export class Program {
  readonly words: Int32Array;
  readonly drafts: readonly Draft[];
  readonly #arena: Arena;
  readonly #room: Tensor;
  /** the region that the host writes before a run, and reads results from after it */
  readonly hyper: DataView;
  readonly #hyperAddress: number;
  /** where there are threads to share it */
  readonly #costs: Costs | undefined;
  readonly #runner: Runner;
  /** the records among them that JavaScript does */
  readonly #hosted: Hosted | undefined;
  #step = { rows: 0, first: 0, lr: 0, scale: 0 };
  /** what a program may read beside these, written with them; see HYPER_* */
  readonly turn = { correction1: 1, correction2: 1, add: 0, batch: 0 };

  /** Encodes the builder's records into `room`, a tensor of RECORD_BYTES a record. */
  constructor(arena: Arena, builder: Builder, room: Tensor, hyper: Tensor) {
    const { crew, sharing } = arena;
    this.words = builder.encode();
    sharing?.mark(this.words, crew?.recordNs);
    this.#costs = crew && sharing?.costs(this.words);
    this.drafts = builder.drafts;
    this.#arena = arena;
    this.#room = room;
    this.#hyperAddress = hyper.address;
    this.hyper = arena.view(hyper.address, abi.HYPER_BYTES);
    const host = this.drafts.find((draft) => draft.host !== undefined)?.host;
    this.#hosted = host?.bind(arena, this.drafts, this.hyper, (first, last) => this.#ns(first, last));
    this.#runner = new Runner(arena, room.address, hyper.address, this.#hosted);
    arena.i32(room).set(this.words);
  }

  /**
   * Writes what changes from step to step.
   *
   * @param scale  what the gradient of the summed row losses is multiplied by
   */
  set(rows: number, first: number, lr: number, scale: number): void {
    this.#step = { rows, first, lr, scale };
    this.setAgain();
  }

  /** The same once more: while a run waited for another thread, a call may have set another program in this memory. */
  setAgain(): void {
    const { rows, first, lr, scale } = this.#step;
    this.hyper.setInt32(abi.HYPER_ROWS, rows, true);
    this.hyper.setInt32(abi.HYPER_FIRST, first, true);
    this.hyper.setFloat32(abi.HYPER_LR, lr, true);
    this.hyper.setFloat32(abi.HYPER_SCALE, scale, true);
    const { correction1, correction2, add, batch } = this.turn;
    this.hyper.setFloat32(abi.HYPER_CORRECTION1, correction1, true);
    this.hyper.setFloat32(abi.HYPER_CORRECTION2, correction2, true);
    this.hyper.setInt32(abi.HYPER_ADD, add, true);
    this.hyper.setUint32(abi.HYPER_BATCH, batch, true);
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
  get memory(): ArrayBufferLike {
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
    this.#arena.sharing?.placeBarriers(this.words);
    this.#arena.i32(this.#room).set(this.words);
  }

  /** Nanoseconds of a run of so many rows, if that is worth sharing among threads; else 0. */
  sharedNs(rows: number): number {
    const end = this.drafts.length;
    let sum = 0;
    // each run between host records is handed out, or not, for itself
    for (let at = 0; at < end; at++) {
      const stop = this.#hosted?.next(at, end) ?? end;
      const ns = this.#ns(at, stop, rows);
      if (ns >= (this.#arena.crew?.runNs ?? 0)) sum += ns;
      at = stop;
    }
    return sum;
  }

  /** Runs records first … last − 1, by all threads where that is worth it. See `Runner`. */
  run(first = 0, last = this.drafts.length): void {
    this.#runner.run(first, last, this.#ns(first, last));
  }

  /** As `run`, but false when another thread is late, or at a pause: let the event loop turn, and call `resume`. */
  begin(first = 0, last = this.drafts.length, pause?: Pause): boolean {
    return this.#runner.begin(first, last, this.#ns(first, last), pause);
  }

  /** Whether a run that stalled or paused is at its end. */
  resume(pause?: Pause): boolean {
    return this.#runner.resume(pause);
  }

  /** Leaves a run that stalled as it is, for ever. */
  abandon(): void {
    this.#runner.abandon();
  }

  /** Work of some records. */
  #ns(first: number, last: number, rows = this.rows): number {
    if (this.#costs === undefined) return 0;
    const { before, rows: capacity } = this.#costs;
    const full = (before[last] as number) - (before[first] as number);
    return capacity === 0 ? full : (full * rows) / capacity;
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
