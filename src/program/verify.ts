// Proves of an encoded program that every operand stands where its tensor does and every range lies in it, that no
// output overlaps what it must not, that nothing is read before it is written, and that no two threads meet between
// barriers. Runs on every plan in the tests; reads the op table, trusts nothing the builder decided.

import * as abi from "../base/abi.ts";
import { access, OPS, overlaps, type RecordView, whole } from "../base/ops.ts";
import { TILES, tileColumns, tileName, wholeTiles } from "../base/tile.ts";
import type { Tensor } from "../memory/plan.ts";
import type { Draft } from "./builder.ts";
import { type Record, view, withRows } from "./record.ts";
import { conflict, dependent, known } from "./sharing.ts";

/** What is wrong with a program, one line a finding; empty when nothing is. */
export function verify(words: Int32Array, drafts: readonly Draft[], threads = 1): string[] {
  const problems: string[] = [];
  const count = (words.length * 4) / abi.RECORD_BYTES;
  if (count !== drafts.length) return [`${count} records, ${drafts.length} drafts`];
  const written = new Set<Tensor>();
  /** columns of the panels that a tensor holds */
  const widths = new Map<Tensor | undefined, number>();
  let first = 0;
  for (const [i, draft] of drafts.entries()) {
    const record = view(words, i);
    const op = OPS.get(record.op);
    // nothing is known of what it touches, so nothing can be said of what follows
    if (op === undefined) return [...problems, `record ${i}: op ${record.op} is not in the table`];
    const where = `record ${i} (${op.name} ${draft.label})`;
    if (record.op === abi.OP_PACK) widths.set(draft.operands[1], record.d[2] ?? 0);
    if (record.op === abi.OP_SGEMM) {
      const tile = record.d[3] ?? 0;
      const width = record.s[3] === 0 ? widths.get(draft.operands[1]) : undefined;
      if (!TILES.includes(tile)) problems.push(`${where}: ${tile} is no tile`);
      else if (width !== undefined && width !== tileColumns(tile))
        problems.push(`${where}: panels of ${width} columns for tile ${tileName(tile)}`);
    }

    for (const [j, operand] of op.operands.entries()) {
      const tensor = draft.operands[j];
      if (record.p[j] !== (tensor?.address ?? 0)) {
        problems.push(
          `${where}: ${operand} is ${record.p[j]}, ${tensor?.name} stands at ${tensor?.address ?? 0}`,
        );
      }
    }

    for (let t = 0; t < threads; t++) {
      const { reads, writes } = access(record, t, threads);
      for (const range of [...reads, ...writes]) {
        const tensor = draft.operands[range.operand];
        const last = range.start + (range.rows - 1) * range.stride;
        const [low, high] = [Math.min(range.start, last), Math.max(range.start, last) + range.bytes];
        if (tensor === undefined) {
          problems.push(`${where}: touches operand ${op.operands[range.operand]}, which it has not`);
        } else if (low < tensor.address || high > tensor.address + extent(record, range.operand, tensor)) {
          problems.push(`${where}: ${op.operands[range.operand]} leaves ${tensor.name}`);
        } else if (range.start % tensor.size !== 0) {
          problems.push(`${where}: ${op.operands[range.operand]} is not aligned to its elements`);
        }
      }
    }

    const { reads, writes } = whole(record);
    for (const out of writes) {
      for (const other of [...reads, ...writes]) {
        if (other.operand === out.operand || !overlaps(out, other)) continue;
        const allowed = op.inPlace.some(([o, x]) => o === out.operand && x === other.operand);
        if (allowed && out.start === other.start && out.stride === other.stride) continue;
        problems.push(`${where}: ${op.operands[out.operand]} overlaps ${op.operands[other.operand]}`);
      }
    }

    for (const range of reads) {
      const tensor = draft.operands[range.operand];
      if (tensor !== undefined && !tensor.given && !written.has(tensor)) {
        problems.push(`${where}: reads ${tensor.name} before anything is written there`);
      }
    }
    for (const range of writes) {
      const tensor = draft.operands[range.operand];
      if (tensor === undefined) continue;
      if (tensor.group !== undefined) {
        for (const mate of written) if (mate.group === tensor.group) written.delete(mate);
      }
      written.add(tensor);
    }

    for (let j = first; j <= i; j++) {
      if (dependent(known(view(words, j)), known(record)) || races(view(words, j), record, threads)) {
        problems.push(
          j === i
            ? `${where}: its own threads meet`
            : `${where}: meets record ${j} on another thread, no barrier between them`,
        );
      }
    }
    if ((record.flags & abi.FLAG_BARRIER) !== 0) first = i + 1;
  }
  return problems;
}

/** Whether two threads meet in two records, by what each touches and nothing else, for several numbers of rows. */
function races(a: Record, b: Record, most: number): boolean {
  const rows = Math.max(a.batchRows, b.batchRows, 1);
  for (const some of new Set([rows, rows - 1, Math.ceil(rows / 2) + 1, Math.ceil(rows / 3), 2, 1])) {
    if (some < 1 || some > rows) continue;
    const [first, second] = [withRows(a, some), withRows(b, some)];
    for (const threads of new Set([2, 3, most])) {
      const parts = (record: Record) => Array.from({ length: threads }, (_, t) => access(record, t, threads));
      const after = parts(second);
      for (const [t, x] of parts(first).entries()) {
        if (after.some((y, u) => t !== u && conflict(x, y))) return true;
      }
    }
  }
  return false;
}

/** Bytes of a tensor that a record may touch: none of the padding behind the last row, but B in place up to whole tiles. */
function extent(record: RecordView, operand: number, tensor: Tensor): number {
  const { rows, cols, ld, size, bytes } = tensor;
  const inPlace = record.op === abi.OP_SGEMM && operand === 1 && record.s[3] !== 0;
  const across = inPlace ? wholeTiles(record.d[3] ?? 0, cols) : cols;
  return Math.min(bytes, ((rows - 1) * ld + across) * size);
}
