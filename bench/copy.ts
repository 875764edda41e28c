// A plain copy of memory by the engine itself, in the same rounds as everything else: what a GB/s is compared with. A
// block of the size of a gathered batch, which stays in the second-level cache, and one that no cache holds.

import type { Case } from "./case.ts";

/** about 128 rows of 784 f32 */
export const SMALL_BYTES = 400 * 1024;
export const LARGE_BYTES = 64 * 2 ** 20;

/** Between the blocks, so that they do not begin at the same place of a page. */
const GAP = 1024;

/** `copy of 409600 bytes` */
const PREFIX = "copy of ";

export function copyCases(): Case[] {
  return [SMALL_BYTES, LARGE_BYTES].map(copyCase);
}

/** Size of the block of a case with that name; undefined if it is none of these. */
export function copiedBytes(name: string): number | undefined {
  return name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : undefined;
}

function copyCase(bytes: number): Case {
  // as tensors lie: at cache lines, which an ArrayBuffer of its own need not (half the speed on Node 24)
  const pages = Math.ceil((2 * bytes + GAP) / 65536);
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const from = new Float32Array(buffer, 0, bytes / 4).fill(1);
  const to = new Float32Array(buffer, bytes + GAP, bytes / 4);
  return {
    name: `${PREFIX}${bytes} bytes`,
    // each read and written once
    work: { flops: 0, bytes: 2 * bytes, memoryBound: true },
    run: () => to.set(from),
    check() {
      to.fill(0);
      to.set(from);
      return to.every((x) => x === 1) ? undefined : "the copy is not the original";
    },
  };
}
