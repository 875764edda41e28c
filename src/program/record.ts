// Reads records back from their words.

import * as abi from "../base/abi.ts";
import type { RecordView } from "../base/ops.ts";

/** A decoded record. `batchRows`: the capacity of its batch dimension, 0 if it has none. */
export interface Record extends RecordView {
  readonly batchRows: number;
}

const ROWS_FLAGS = [abi.FLAG_ROWS_D0, abi.FLAG_ROWS_D1, abi.FLAG_ROWS_D2];

/** Record i of a program; with `rows`, its batch dimensions are that number (at most their capacity). */
export function view(words: Int32Array, i: number, rows?: number): Record {
  const at = i * abi.RECORD_BYTES;
  const run = (offset: number, count: number): Int32Array =>
    words.subarray((at + offset) / 4, (at + offset) / 4 + count);
  const flags = run(abi.RECORD_FLAGS, 1)[0] as number;
  const d = Array.from(run(abi.RECORD_D, 6));
  let batchRows = 0;
  for (const [dim, flag] of ROWS_FLAGS.entries()) {
    if ((flags & flag) === 0) continue;
    batchRows = d[dim] as number;
    if (rows !== undefined) d[dim] = Math.min(rows, batchRows);
  }
  return {
    op: run(abi.RECORD_OP, 1)[0] as number,
    flags,
    p: Array.from(run(abi.RECORD_P, 8), (address) => address >>> 0),
    d,
    s: Array.from(run(abi.RECORD_S, 8)),
    f: Array.from(new Float32Array(words.buffer, words.byteOffset + at + abi.RECORD_F, 8)),
    batchRows,
  };
}
