// A program in its arena: runs it, prints it, times it record by record.

import * as abi from "../base/abi.ts";
import { OPS, type Range } from "../base/ops.ts";
import type { Arena } from "../memory/arena.ts";
import type { Tensor } from "../memory/plan.ts";
import type { Builder, Draft } from "./builder.ts";
import { view } from "./record.ts";

/** One line of a profile: median time of a record over the timed runs. */
export interface ProfileLine {
  readonly name: string;
  readonly label: string;
  readonly medianMs: number;
  readonly gflops: number;
}

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
  /** the region that the host writes before a run, and reads results from after it */
  readonly hyper: DataView;
  readonly #hyperAddress: number;

  /** Encodes the builder's records into `room`, a tensor of RECORD_BYTES a record. */
  constructor(arena: Arena, builder: Builder, room: Tensor, hyper: Tensor) {
    this.words = builder.encode();
    this.drafts = builder.drafts;
    this.#arena = arena;
    this.#address = room.address;
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

  /** The records in words people read: op, operands, shapes, barriers. */
  dump(): string {
    return this.drafts
      .map((draft, i) => {
        const record = view(this.words, i);
        const op = OPS.get(record.op);
        const { reads, writes } = op?.access(record, 0, 1) ?? { reads: [], writes: [] };
        const names = (ranges: readonly Range[]): string =>
          [...new Set(ranges.map((range) => draft.operands[range.operand]?.name ?? "?"))].join(", ");
        const barrier = (record.flags & abi.FLAG_BARRIER) !== 0 ? "  | barrier" : "";
        return `${String(i).padStart(3)} ${(op?.name ?? "?").padEnd(20)} ${names(reads)} -> ${names(writes)}${barrier}`;
      })
      .join("\n");
  }

  /** Times each record on its own, `runs` times over the whole program. */
  profile(rows: number, runs: number): ProfileLine[] {
    const times = this.drafts.map(() => new Float64Array(runs));
    for (let run = 0; run < runs; run++) {
      for (const [i, time] of times.entries()) {
        const start = performance.now();
        this.run(i, i + 1);
        time[run] = performance.now() - start;
      }
    }
    return times.map((time, i) => {
      const record = view(this.words, i, rows);
      const op = OPS.get(record.op);
      const medianMs = time.sort()[runs >> 1] as number;
      return {
        name: op?.name ?? "?",
        label: this.drafts[i]?.label ?? "",
        medianMs,
        gflops: (op?.flops(record) ?? 0) / medianMs / 1e6,
      };
    });
  }
}
