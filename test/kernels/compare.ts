// Compares results: by bits, or within a bound for each element. Fails at the first element that is off, naming it.

import type { Tensor } from "../../src/memory/plan.ts";
import { CANARY, POISON, type Rig } from "./harness.ts";

/** Fails at the first element whose bits differ. NaN equals NaN, unless it is the poison. */
export function expectBits(
  actual: Float32Array<ArrayBuffer>,
  expected: ArrayLike<number>,
  what: string,
): void {
  const bits = new Uint32Array(actual.buffer, actual.byteOffset, actual.length);
  const want = Float32Array.from(expected);
  const wanted = new Uint32Array(want.buffer);
  if (actual.length !== want.length)
    throw new Error(`${what}: ${actual.length} elements, expected ${want.length}`);
  for (let i = 0; i < want.length; i++) {
    if (bits[i] === wanted[i]) continue;
    if (Number.isNaN(want[i]) && Number.isNaN(actual[i]) && bits[i] !== POISON && bits[i] !== CANARY)
      continue;
    const hex = (word: number | undefined): string => `0x${(word ?? 0).toString(16).padStart(8, "0")}`;
    throw new Error(
      `${what}: element ${i} is ${actual[i]} (${hex(bits[i])}), expected ${want[i]} (${hex(wanted[i])})`,
    );
  }
}

/** Fails unless the rows of an output from `first` on still hold the poison. */
export function expectPoison(rig: Rig, tensor: Tensor, first: number): void {
  const rest = rig.readInts(tensor).subarray(first * tensor.cols);
  const at = rest.findIndex((word) => word !== POISON);
  if (at >= 0)
    throw new Error(`${tensor.name}: element ${first * tensor.cols + at}, beyond the batch, was written`);
}

/** Fails at the first element further from the exact value than its bound. Returns the largest share of a bound. */
export function expectWithin(
  actual: ArrayLike<number>,
  exact: ArrayLike<number>,
  bound: ArrayLike<number>,
  what: string,
): number {
  if (actual.length !== exact.length)
    throw new Error(`${what}: ${actual.length} elements, expected ${exact.length}`);
  let most = 0;
  for (let i = 0; i < exact.length; i++) {
    const off = Math.abs((actual[i] as number) - (exact[i] as number));
    if (!(off <= (bound[i] as number))) {
      throw new Error(
        `${what}: element ${i} is ${actual[i]}, exactly ${exact[i]}: off by ${off}, allowed ${bound[i]}`,
      );
    }
    if (off > 0) most = Math.max(most, off / (bound[i] as number));
  }
  return most;
}
