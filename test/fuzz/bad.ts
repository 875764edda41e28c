// Readers that each do what none may, at an input that comes once in some dozens; the harness must find each.

import fc from "fast-check";
import { XentError } from "../../src/base/errors.ts";
import { stagesPassed, type Target } from "./harness.ts";

/** @param sin  what is done where the first byte is below 8 */
const reader = (sin: (input: Uint8Array) => unknown): Target => ({
  name: "bad",
  stages: ["even", "four"],
  inputs: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  async read(input) {
    const first = input[0] as number;
    if (first < 8) await sin(input);
    return first % 2 === 1 ? 0 : first % 4 === 2 ? 1 : 2;
  },
});

export const good = reader(() => {});
export const hangs = reader(() => {
  for (;;);
});
export const backtracks = reader(() => /^(a+)+$/.test(`${"a".repeat(60)}b`));
export const waits = reader(() => new Promise(() => {}));
export const throws = reader(() => (undefined as unknown as string).length);
export const rejectsLater = reader(() => {
  Promise.reject(new Error("nobody caught it"));
  return new Promise((resolve) => setTimeout(resolve, 1));
});
export const allocates = reader(() => new Float64Array(2 ** 20));
export const allocatesBuffers = reader(() => new ArrayBuffer(2 ** 40));
export const allocatesBySlices = reader((input) => {
  const long = new Uint8Array(2 ** 19 + input.length);
  return [long.slice(), long.slice(), long.slice()];
});
/** It catches the error of an allocation, as a reader that asks the host for memory might. */
export const allocatesAndCatches = reader(() => {
  try {
    return new Uint8Array(2 ** 33);
  } catch {
    throw new XentError("MEMORY", "bad: no memory", "Have some.");
  }
});
export const growsTheHeap = reader(() => {
  const kept: unknown[] = [];
  for (;;) kept.push(new Array(1000).fill(kept.length + 0.5));
});
export const pollutes = reader(() => {
  Object.assign(Object.prototype, { polluted: true });
});
export const replaces = reader(() => {
  Map.prototype.get = () => undefined;
});
export const leavesGlobals = reader(() => Object.assign(globalThis, { left: 1 }));
export const swapsInPlace = reader((input) => input.fill(input.length ^ 0xff));
export const miscounts: Target = { ...good, read: () => 3 };
/** It reads no input that the first stage takes. */
export const stuck: Target = { ...good, read: () => 0 };

export const unknownRefusal: Target = {
  ...good,
  read: () => stagesPassed(new XentError("IDX", "readIdx: new", "Hint."), [[/old/], [/older/]]),
};
