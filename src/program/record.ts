// Records as words: written, and read back.

import * as abi from "../base/abi.ts";
import type { RecordView } from "../base/ops.ts";

/** A decoded record. `batchRows`: the capacity of its batch dimension, 0 if it has none. */
export interface Record extends RecordView {
  readonly batchRows: number;
}

/** Writes record i; words that it does not use stay as they are. */
export function write(words: Int32Array, i: number, { op, flags, p, d, s, f }: RecordView): void {
  const at = (i * abi.RECORD_BYTES) / 4;
  words[at + abi.RECORD_OP / 4] = op;
  words[at + abi.RECORD_FLAGS / 4] = flags;
  words.set(p, at + abi.RECORD_P / 4);
  words.set(d, at + abi.RECORD_D / 4);
  words.set(s, at + abi.RECORD_S / 4);
  new Float32Array(words.buffer, words.byteOffset + 4 * at + abi.RECORD_F, f.length).set(f);
}

const ROWS_FLAGS = [abi.FLAG_ROWS_D0, abi.FLAG_ROWS_D1, abi.FLAG_ROWS_D2];

/** Record i of a program; with `rows`, its batch dimensions are that number (at most their capacity). */
export function view(words: Int32Array, i: number, rows?: number): Record {
  const at = i * abi.RECORD_BYTES;
  const run = (offset: number, count: number): Int32Array =>
    words.subarray((at + offset) / 4, (at + offset) / 4 + count);
  const flags = run(abi.RECORD_FLAGS, 1)[0] as number;
  const d = Array.from(run(abi.RECORD_D, 6));
  const record: Record = {
    op: run(abi.RECORD_OP, 1)[0] as number,
    flags,
    p: Array.from(run(abi.RECORD_P, 8), (address) => address >>> 0),
    d,
    s: Array.from(run(abi.RECORD_S, 8)),
    f: Array.from(new Float32Array(words.buffer, words.byteOffset + at + abi.RECORD_F, 8)),
    batchRows: d.find((_, dim) => (flags & (ROWS_FLAGS[dim] ?? 0)) !== 0) ?? 0,
  };
  return rows === undefined ? record : withRows(record, rows);
}

/** All records of a program; see `view`. */
export function recordsOf(words: Int32Array, rows?: number): Record[] {
  return Array.from({ length: (words.length * 4) / abi.RECORD_BYTES }, (_, i) => view(words, i, rows));
}

/** The same record for a batch of so many rows, at most its capacity. */
export function withRows(record: Record, rows: number): Record {
  const { flags, batchRows, d } = record;
  const filled = d.map((n, dim) => ((flags & (ROWS_FLAGS[dim] ?? 0)) === 0 ? n : Math.min(rows, batchRows)));
  return { ...record, d: filled };
}
