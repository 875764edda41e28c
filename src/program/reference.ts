// An interpreter of programs in f64: the same records over a copy of what they touch, one f64 for every 4-byte word. It is
// what a program means, without rounding; meaning.ts says what each op does. Imported only when somebody asks for it.

import * as abi from "../base/abi.ts";
import { overlaps, type Range, type RecordView, whole } from "../base/ops.ts";
import { type Args, EXECUTE, type Execute, type Image } from "./meaning.ts";
import type { Program } from "./program.ts";
import { view } from "./record.ts";

/** A record made ready: what it touches, by the program's addresses, and what it does to the image. */
interface Ready {
  readonly reads: readonly Range[];
  readonly writes: readonly Range[];
  readonly execute: Execute;
  readonly args: Args;
}

/** A run of the program's memory, and the byte of the image that its first one is. */
interface Run {
  readonly start: number;
  readonly end: number;
  readonly place: number;
}

export class Reference {
  readonly #memory: ArrayBufferLike;
  readonly #runs: readonly Run[];
  readonly #image: Image;
  readonly #records: readonly Ready[];
  readonly #result: number;

  /**
   * Copies what records 0 … last − 1 touch, as it stands, and what the hyper region says. The program may go on to other
   * data afterwards: only `refresh` looks at its memory again.
   */
  constructor(program: Program, last = program.drafts.length) {
    const { words, drafts, hyper, rows, memory } = program;
    const first = hyper.getInt32(abi.HYPER_FIRST, true);
    const views = Array.from({ length: last }, (_, i) => view(words, i, rows));
    const touches = views.map((record) => touched(record, memory, first));
    this.#memory = memory;
    this.#runs = runsOf(touches.flatMap(({ reads, writes }) => [...reads, ...writes]));
    const end = this.#runs.at(-1);
    const copy = new ArrayBuffer(end === undefined ? NOTHING : end.place + end.end - end.start);
    this.#image = {
      f: new Float64Array(copy.byteLength / 4),
      i: new Int32Array(copy),
      u8: new Uint8Array(copy),
      scale: program.scale,
      lr: hyper.getFloat32(abi.HYPER_LR, true),
      correction1: hyper.getFloat32(abi.HYPER_CORRECTION1, true),
      correction2: hyper.getFloat32(abi.HYPER_CORRECTION2, true),
      first,
      add: hyper.getInt32(abi.HYPER_ADD, true) !== 0,
      batch: hyper.getUint32(abi.HYPER_BATCH, true),
      place: (address) => this.#find(address) ?? Number.NaN,
    };
    for (const { start, end } of this.#runs) this.#copy(start, end - start);
    this.#records = views.map((record, i) => {
      const execute = EXECUTE[record.op];
      if (execute === undefined) throw new RangeError(`record ${i}: op ${record.op} has no meaning`);
      const p = record.p.map((address) => (address === 0 ? 0 : (this.#find(address) ?? 0) / 4));
      const { flags, p: addresses, d, s, f } = record;
      return {
        ...(touches[i] as Touched),
        execute,
        args: { flags, p, addresses, d, s, f, host: drafts[i]?.host },
      };
    });
    this.#result = this.word(program.resultAddress);
  }

  /** Bytes that were copied. */
  get bytes(): number {
    return this.#image.u8.length;
  }

  /** The values, one a word of what was copied. */
  get values(): Float64Array {
    return this.#image.f;
  }

  /** Where the word at an address of the program's memory stands in `values`; NaN if no record touches it. */
  word(address: number): number {
    return this.#image.place(address) / 4;
  }

  /** `count` words from an address of the program's memory on, where they are no numbers: class ids, hits. */
  bits(address: number, count: number): Int32Array {
    const start = this.word(address);
    return this.#image.i.slice(start, start + count);
  }

  /** What record i reads, by the program's addresses; of a gather, the rows that it takes. */
  reads(i: number): readonly Range[] {
    return (this.#records[i] as Ready).reads;
  }

  /** What record i writes, but the scratch of kernels. */
  writes(i: number): readonly Range[] {
    return (this.#records[i] as Ready).writes;
  }

  /** Takes what record i reads from the program's memory as it is now. */
  refresh(i: number): void {
    for (const { start, rows, bytes, stride } of (this.#records[i] as Ready).reads) {
      this.#copy(start, (rows - 1) * stride + bytes);
    }
  }

  /** Runs records first … last − 1. */
  run(first: number, last: number): void {
    for (let i = first; i < last; i++) {
      const { execute, args } = this.#records[i] as Ready;
      execute(this.#image, args);
    }
  }

  /**
   * The record from which on records up to `last` have to run again when a value has changed that none of them writes, such
   * as a parameter: the last one that is not behind its first reader, and behind which nothing is needed that stood in
   * memory before and has been overwritten since.
   */
  firstAffected(address: number, last: number): number {
    const word: Range = { operand: 0, start: address, rows: 1, bytes: 4, stride: 4 };
    const records = this.#records.slice(0, last);
    const reader = records.findIndex(({ reads }) => reads.some((range) => overlaps(range, word)));
    for (let first = reader < 0 ? last : reader; first > 0; first--) {
      if (standsAlone(records.slice(first))) return first;
    }
    return 0;
  }

  /** Sum of the row losses that the last `lossSum` added up. */
  get lossSum(): number {
    return this.#image.f[this.#result] as number;
  }

  #find(address: number): number | undefined {
    let [low, high] = [0, this.#runs.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle] as Run).start <= address) low = middle;
      else high = middle;
    }
    const run = this.#runs[low];
    return run && address >= run.start && address < run.end ? run.place + address - run.start : undefined;
  }

  #copy(start: number, bytes: number): void {
    const from = Math.floor(start / 4) * 4;
    const length = Math.ceil((start + bytes) / 4) * 4 - from;
    const to = this.#find(from) as number;
    this.#image.u8.set(new Uint8Array(this.#memory, from, length), to);
    this.#image.f.set(new Float32Array(this.#memory, from, length / 4), to / 4);
  }
}

type Touched = Pick<Ready, "reads" | "writes">;

/** What a record touches, by the op table; of what a gather may take, the rows that it does take; no kernel's scratch. */
function touched(record: RecordView, memory: ArrayBufferLike, first: number): Touched {
  const { reads, writes } = whole(record);
  if (record.op !== abi.OP_GATHER && record.op !== abi.OP_GATHER_U8) return { reads, writes };
  const [rows, cols] = record.d as [number, number];
  const [src, index] = record.p as [number, number];
  if (rows === 0 || cols === 0) return { reads: [], writes };
  const bytes = cols * (record.op === abi.OP_GATHER_U8 ? 1 : 4);
  const order = new Uint32Array(memory, index + 4 * first, rows);
  const list = { operand: 1, start: index + 4 * first, rows: 1, bytes: 4 * rows, stride: 4 * rows };
  const picked = Array.from(order, (row) => ({
    operand: 0,
    start: src + row * bytes,
    rows: 1,
    bytes,
    stride: bytes,
  }));
  return { reads: [list, ...picked], writes };
}

/** Bytes at the begin of an image that belong to nobody: operand 0 means that there is none. */
const NOTHING = 8;

/** Joins ranges that share or border on a word; gaps between the rows of a range go along. */
function runsOf(ranges: readonly Range[]): Run[] {
  const spans = ranges.map(({ start, rows, bytes, stride }) => ({
    start: Math.floor(start / 4) * 4,
    end: Math.ceil((start + (rows - 1) * stride + bytes) / 4) * 4,
  }));
  spans.sort((a, b) => a.start - b.start);
  const joined: { start: number; end: number }[] = [];
  for (const span of spans) {
    const before = joined.at(-1);
    if (before !== undefined && span.start <= before.end) before.end = Math.max(before.end, span.end);
    else joined.push(span);
  }
  let place = NOTHING;
  return joined.map(({ start, end }) => {
    const run = { start, end, place };
    place += end - start;
    return run;
  });
}

/** Whether records that have run may run again: what they read they write before, or do not write at all. */
function standsAlone(records: readonly Ready[]): boolean {
  const written = records.flatMap(({ writes }) => writes);
  return records.every(({ reads }, k) =>
    reads.every(
      (range) =>
        !written.some((other) => overlaps(other, range)) ||
        records.slice(0, k).some(({ writes }) => writes.some((other) => covers(other, range))),
    ),
  );
}

/** Whether b lies in a: the same rows, or a is one run. */
function covers(a: Range, b: Range): boolean {
  const end = (range: Range): number => range.start + (range.rows - 1) * range.stride + range.bytes;
  if (a.rows === 1) return a.start <= b.start && end(b) <= end(a);
  return a.start === b.start && a.stride === b.stride && a.rows >= b.rows && a.bytes >= b.bytes;
}
