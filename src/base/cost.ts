// The cost model: time from the work that the op table counts. One place for all who ask what is worth sharing among threads,
// and for `plan` (docs/adr/0014).

import { type RecordView, type Work, work } from "./ops.ts";

/**
 * Nanoseconds of one of each kind of work on the reference: one core of an AMD EPYC (Zen 4) in Node 24, `relaxed` with tile 6x8,
 * 57 GFLOP/s in products and 95 GB/s in the caches.
 */
const REFERENCE: Work = [0.035, 1, 1, 0.0105];

/** How many times longer than on the reference each kind takes: of a core as it was measured (model/speed.ts). */
export type Pace = Work;

/** What is worth sharing is decided by the reference everywhere: a measurement would make it a matter of chance. */
const EVEN: Pace = [1, 1, 1, 1];

/** Beside its work, what a record takes to be decoded and called. */
const RECORD_NS = 40;
/** Threads meet at a barrier, or are told of a run (`npm run bench -- threads --filter empty`). */
export const MEETING_NS = 250;

/** Nanoseconds of a record, by the thread that has the largest share of it; waiting is not counted. */
export function cost(r: RecordView, pace = EVEN, threads = 1): number {
  return work(r, threads).reduce(
    (sum, amount, kind) => sum + amount * (REFERENCE[kind] as number) * (pace[kind] as number),
    RECORD_NS * pace[2],
  );
}
