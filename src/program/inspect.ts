// Shows a program to people: its records in words, and their times. Nothing that trains imports it.

import * as abi from "../base/abi.ts";
import { access, OPS, type Range } from "../base/ops.ts";
import type { Program } from "./program.ts";
import { view } from "./record.ts";

/** One line of a profile: median time of a record over the timed runs. */
export interface ProfileLine {
  readonly name: string;
  readonly label: string;
  readonly medianMs: number;
  readonly gflops: number;
}

/** The records in words people read: op, operands, shapes, barriers. */
export function dump({ drafts, words }: Program): string {
  return drafts
    .map((draft, i) => {
      const record = view(words, i);
      const op = OPS.get(record.op);
      const { reads, writes } = access(record, 0, 1);
      const names = (ranges: readonly Range[]): string =>
        [...new Set(ranges.map((range) => draft.operands[range.operand]?.name ?? "?"))].join(", ");
      const barrier = (record.flags & abi.FLAG_BARRIER) !== 0 ? "  | barrier" : "";
      return `${String(i).padStart(3)} ${(op?.name ?? "?").padEnd(20)} ${names(reads)} -> ${names(writes)}${barrier}`;
    })
    .join("\n");
}

/** Times each record on its own, `runs` times over the whole program. */
export function profile(program: Program, rows: number, runs: number): ProfileLine[] {
  const times = program.drafts.map(() => new Float64Array(runs));
  for (let run = 0; run < runs; run++) {
    for (const [i, time] of times.entries()) {
      const start = performance.now();
      program.run(i, i + 1);
      time[run] = performance.now() - start;
    }
  }
  return times.map((time, i) => {
    const record = view(program.words, i, rows);
    const op = OPS.get(record.op);
    const medianMs = time.sort()[runs >> 1] as number;
    return {
      name: op?.name ?? "?",
      label: program.drafts[i]?.label ?? "",
      medianMs,
      gflops: (op?.flops(record) ?? 0) / medianMs / 1e6,
    };
  });
}
