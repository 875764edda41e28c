// Proves of an encoded program that every operand stands where its tensor does and every range lies in it, that no
// output overlaps what it must not, that nothing is read before it is written, and that no two threads meet between
// barriers. Runs on every plan in the tests; reads the op table, trusts nothing the builder decided.

import * as abi from "../base/abi.ts";
import { type Access, access, OPS, overlaps, type RecordView, whole } from "../base/ops.ts";
import { TILES, tileColumns, tileName, wholeTiles } from "../base/tile.ts";
import type { Tensor } from "../memory/plan.ts";
import type { Draft } from "./builder.ts";
import { type Record, recordsOf, withRows } from "./record.ts";
import { conflict, dependent, type Known, known } from "./sharing.ts";

/** What is wrong with a program, one line a finding; empty when nothing is. */
export function verify(words: Int32Array, drafts: readonly Draft[], threads = 1): string[] {
  const problems: string[] = [];
  const count = (words.length * 4) / abi.RECORD_BYTES;
  if (count !== drafts.length) return [`${count} records, ${drafts.length} drafts`];
  const written = new Set<Tensor>();
  /** columns of the panels that a tensor holds */
  const widths = new Map<Tensor | undefined, number>();
  const records = recordsOf(words);
  const parts = new Parts();
  /** since the last barrier */
  let since: Known[] = [];
  for (const [i, draft] of drafts.entries()) {
    const record = records[i] as Record;
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

    const one = known(record);
    since.push(one);
    for (const [k, other] of since.entries()) {
      const j = i + 1 - since.length + k;
      if (dependent(other, one) || races(other.record, record, threads, parts)) {
        problems.push(
          j === i
            ? `${where}: its own threads meet`
            : `${where}: meets record ${j} on another thread, no barrier between them`,
        );
      }
    }
    if ((record.flags & abi.FLAG_BARRIER) !== 0) since = [];
  }
  return problems;
}

/** What each of so many threads touches in a record of a batch of so many rows: asked for once for every pair that it is in. */
class Parts {
  readonly #known = new Map<Record, Map<string, Access[]>>();

  of(record: Record, rows: number, threads: number): Access[] {
    const ways = this.#known.get(record) ?? new Map<string, Access[]>();
    this.#known.set(record, ways);
    const way = `${rows} ${threads}`;
    let touched = ways.get(way);
    if (touched === undefined) {
      const some = withRows(record, rows);
      touched = Array.from({ length: threads }, (_, t) => access(some, t, threads));
      ways.set(way, touched);
    }
    return touched;
  }
}

/** Whether two threads meet in two records, by what each touches and nothing else, for several numbers of rows. */
function races(a: Record, b: Record, most: number, parts: Parts): boolean {
  const rows = Math.max(a.batchRows, b.batchRows, 1);
  for (const some of new Set([rows, rows - 1, Math.ceil(rows / 2) + 1, Math.ceil(rows / 3), 2, 1])) {
    if (some < 1 || some > rows) continue;
    for (const threads of new Set([2, 3, most])) {
      const after = parts.of(b, some, threads);
      for (const [t, x] of parts.of(a, some, threads).entries()) {
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
