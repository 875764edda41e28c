// Whether memory stays as it is over a long run: samples of what is in use, and how far they may lie apart. Wants --expose-gc.

import { expect } from "vitest";
import type { Callback } from "../../src/train/fit.ts";

/** Bytes in use after a full collection. */
export function inUse(): { heap: number; buffers: number; resident: number } {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("run with --expose-gc");
  gc();
  gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers, resident: rss };
}

export type Sample = ReturnType<typeof inUse>;

/** Takes a sample each so many epochs. */
export const sampling = (samples: Sample[], every: number): Callback => ({
  onEpochEnd({ epoch }) {
    if (epoch % every === every - 1) samples.push(inUse());
  },
});

/**
 * Ten samples, a tenth of the calls apart. By the fourth the engine has compiled almost all that it will, which takes some
 * seconds; after it the heap may grow by eight bytes a call at most, less than the smallest object, and never by a buffer.
 *
 * @param calls  that the bytes are allowed for; where a step keeps nothing at all, fewer than there are
 * @param messages  bytes of messages between threads that may be on their way, where there are some
 */
export function expectFlat(samples: readonly Sample[], calls: number, messages = 0): void {
  console.log(samples.map(({ heap, buffers }) => `${kib(heap)}+${kib(buffers)}`).join(" "), "KiB");
  expect(samples.length).toBe(10);
  // the least of three: a sample while the engine compiles stands out by some hundred KiB
  const least = (from: number): number => Math.min(...samples.slice(from, from + 3).map(({ heap }) => heap));
  expect(least(7) - least(3)).toBeLessThan(8 * 0.4 * calls);
  for (const { heap, buffers } of samples) {
    expect(heap - least(3)).toBeLessThan(2 ** 20);
    expect(buffers).toBeLessThanOrEqual((samples[0] as Sample).buffers + messages);
  }
}

const kib = (bytes: number): string => (bytes / 1024).toFixed(0);
