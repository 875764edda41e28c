// Where a number that is not finite came from: the first record of a program that wrote one, in words. Looks at the memory as a
// run left it, so it is asked before anything is put back. Loaded when a loss is not finite.

import { OP_LOSS_SUM } from "../base/abi.ts";
import { type Range, whole } from "../base/ops.ts";
import type { Tensor } from "../memory/plan.ts";
import type { Program } from "../program/program.ts";
import { view } from "../program/record.ts";

/**
 * The first tensor with a value that is not finite among those that records before `end` have written, with the layer that wrote
 * it and the place of the value. Outputs stay as the forward pass left them, even when the parameters were updated since.
 *
 * @param rows  of the run
 * @returns undefined when all are finite: the sum of the row losses overflowed
 */
export function firstNotFinite(program: Program, end: number, rows: number): string | undefined {
  const { words, drafts, memory } = program;
  for (let i = 0; i < end; i++) {
    const record = view(words, i, rows);
    const { label, operands } = drafts[i] as (typeof drafts)[number];
    // sums are f64, and class ids, which are gathered under this label, may be negative: neither reads as f32
    if (record.op === OP_LOSS_SUM || label === "target") continue;
    for (const range of whole(record).writes) {
      const at = search(memory, range);
      if (at === undefined) continue;
      const { name, address, ld } = operands[range.operand] as Tensor;
      const element = (at - address) / 4;
      const value = new DataView(memory).getFloat32(at, true);
      return `${label}: ${name} holds ${value} at row ${Math.floor(element / ld)}, column ${element % ld}`;
    }
  }
  return undefined;
}

/** Address of the first value that is not finite. */
function search(memory: ArrayBufferLike, { start, rows, bytes, stride }: Range): number | undefined {
  for (let row = 0; row < rows; row++) {
    const from = start + row * stride;
    const at = new Float32Array(memory, from, bytes / 4).findIndex((value) => !Number.isFinite(value));
    if (at >= 0) return from + 4 * at;
  }
  return undefined;
}
