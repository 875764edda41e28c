// Shows a program to people: its records in words. Nothing that trains imports it; the times of records are train/stopwatch.ts's.

import * as abi from "../base/abi.ts";
import { access, OPS, type Range } from "../base/ops.ts";
import type { Program } from "./program.ts";
import { view } from "./record.ts";

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
