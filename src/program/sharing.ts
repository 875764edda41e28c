// What the threads of a crew share of a program, by the op table and the cost of its records. Loaded where there is a crew: for
// one thread nothing is marked, and nothing of the op table is needed.

import * as abi from "../base/abi.ts";
import { cost } from "../base/cost.ts";
import type { Costs } from "../base/crew.ts";
import { type Access, access, overlaps, type Range, type Share, shareOf, whole } from "../base/ops.ts";
import { TRIAL_THREADS } from "./builder.ts";
import { type Record, recordsOf, view, withRows } from "./record.ts";

/**
 * Marks the records with less work than `worthNs`, which are thread 0's alone, and those behind which all threads meet.
 *
 * @param worthNs  nanoseconds by `cost`
 */
export function mark(words: Int32Array, worthNs = 0): void {
  for (const [i, record] of recordsOf(words).entries()) {
    if (cost(record) < worthNs) setFlags(words, i, record.flags | abi.FLAG_ALONE);
  }
  placeBarriers(words);
}

/** What the records of a program cost. */
export function costs(words: Int32Array): Costs {
  const records = recordsOf(words);
  const before = new Float64Array(records.length + 1);
  for (const [i, record] of records.entries()) before[i + 1] = (before[i] as number) + cost(record);
  return { before, rows: Math.max(0, ...records.map(({ batchRows }) => batchRows)) };
}

function setFlags(words: Int32Array, i: number, flags: number): void {
  words[(i * abi.RECORD_BYTES + abi.RECORD_FLAGS) / 4] = flags;
}

/** Marks a record with FLAG_BARRIER where a later one, on another thread, would meet what it touched. */
export function placeBarriers(words: Int32Array): void {
  const records = recordsOf(words).map((record, i) => {
    setFlags(words, i, record.flags & ~abi.FLAG_BARRIER);
    return known(view(words, i));
  });
  let first = 0;
  for (const [i, one] of records.entries()) {
    if (!records.slice(first, i).some((before) => dependent(before, one))) continue;
    setFlags(words, i - 1, (records[i - 1] as Known).record.flags | abi.FLAG_BARRIER);
    first = i;
  }
}

/** A record, and what is asked of it for every pair that it is in. */
export interface Known {
  readonly record: Record;
  readonly share: Share;
  readonly whole: Access;
}

export function known(record: Record): Known {
  return { record, share: shareOf(record), whole: whole(record) };
}

/**
 * Whether two records, run without a barrier between them, could race on some number of threads: they touch the same
 * bytes, and either are shared in different ways, or each thread's part touches more than itself. For the latter a few
 * numbers of rows and threads tell: both parts begin and end with the same units, whatever the numbers. (Where what they touch
 * moves with the rows, as panels of a packed batch do, one number is not enough even where the units are no rows.)
 */
export function dependent(a: Known, b: Known): boolean {
  if (!conflict(a.whole, b.whole)) return false;
  const { units, grain, batch } = a.share;
  if (units !== b.share.units || grain !== b.share.grain || batch !== b.share.batch) return true;
  if (units === 0) return false;
  const most = Math.max(a.record.batchRows, b.record.batchRows, 1);
  for (const rows of new Set([most, Math.ceil(most / 2) + 1, 1])) {
    if (rows > most) continue;
    const [first, second] = [withRows(a.record, rows), withRows(b.record, rows)];
    for (const threads of TRIAL_THREADS) {
      const parts = (record: Record): Access[] =>
        Array.from({ length: threads }, (_, t) => access(record, t, threads));
      const after = parts(second);
      if (parts(first).some((x, t) => after.some((y, u) => t !== u && conflict(x, y)))) return true;
    }
  }
  return false;
}

/** Whether one of two writes what the other touches. */
export function conflict(a: Access, b: Access): boolean {
  return meet(a.writes, b.writes) || meet(a.writes, b.reads) || meet(a.reads, b.writes);
}

function meet(a: readonly Range[], b: readonly Range[]): boolean {
  return a.some((x) => b.some((y) => overlaps(x, y)));
}
