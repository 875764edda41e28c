// The work of a program's records, added up: for `plan`, and for those who measure.

import { FLAG_BARRIER } from "../base/abi.ts";
import { cost, MEETING_NS, type Pace } from "../base/cost.ts";
import { OPS } from "../base/ops.ts";
import { recordsOf } from "./record.ts";

/** Floating-point operations of one run of a program with `rows` rows. */
export function flops(words: Int32Array, rows: number): number {
  return recordsOf(words, rows).reduce((sum, record) => sum + (OPS.get(record.op)?.flops(record) ?? 0), 0);
}

/** Nanoseconds of one run of a program with `rows` rows by so many threads. */
export function duration(words: Int32Array, rows: number, pace?: Pace, threads = 1): number {
  const meeting = threads > 1 ? MEETING_NS : 0;
  return recordsOf(words, rows).reduce(
    (sum, record) => sum + cost(record, pace, threads) + (record.flags & FLAG_BARRIER) * meeting,
    meeting,
  );
}
