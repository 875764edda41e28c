// sgemm and alloc of a hosted runtime: the bits of the calling thread, in the caller's own c.

import { afterAll, describe, expect, it, vi } from "vitest";
import type { SgemmOptions } from "../../src/model/matrices.ts";
import { hosted, init } from "../../src/model/runtime.ts";
import { floats } from "../oracle/data.ts";
import { refuses, thrown } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";
import { bits } from "../support/state.ts";
import { type Watched, workersMade } from "../support/workers.ts";

const here = await init({ precision: "strict" });
const there = await hosted({ precision: "strict" });
afterAll(() => there.dispose());

const LENGTHS = [400, 500, 600] as const;
type Three = [Float32Array, Float32Array, Float32Array];
/** Numbers in a, b and c, each longer than it has to be. */
const fill = (arrays: Float32Array[], seed: number): Three => {
  for (const [i, array] of arrays.entries()) array.set(floats(seed + i, array.length));
  return arrays as Three;
};
const made = (seed: number): Three =>
  fill(
    LENGTHS.map((length) => new Float32Array(length)),
    seed,
  );

const products: [string, Partial<SgemmOptions>][] = [
  ["plain", { m: 13, n: 17, k: 11 }],
  ["Aᵀ", { m: 13, n: 17, k: 11, transA: true }],
  ["Bᵀ", { m: 13, n: 17, k: 11, transB: true, alpha: -2 }],
  ["β", { m: 13, n: 17, k: 11, beta: 0.5 }],
  ["rows apart, β", { m: 13, n: 17, k: 11, lda: 15, ldb: 25, ldc: 31, beta: -1 }],
  ["rows apart, no β", { m: 13, n: 17, k: 11, transA: true, transB: true, lda: 20, ldb: 20, ldc: 40 }],
  ["α of 0", { m: 13, n: 17, k: 11, alpha: 0, beta: 2, ldc: 18 }],
  ["k of 0", { m: 3, n: 4, k: 0 }],
  ["m of 0", { m: 0, n: 4, k: 3 }],
  ["n of 0", { m: 3, n: 0, k: 3, ldc: 2 }],
];

describe.each(products)("sgemm, %s", (_, sizes) => {
  const [a, b, expected] = made(1);
  const before = expected.slice();
  here.sgemm({ ...(sizes as SgemmOptions), a, b, c: expected });

  it("of any arrays", async () => {
    const [a, b, c] = made(1);
    expect(await there.sgemm({ ...(sizes as SgemmOptions), a, b, c })).toBe(c);
    expect(bits(c)).toEqual(bits(expected));
    expect([a.length, b.length]).toEqual([400, 500]);
  });

  it("of parts of a larger array", async () => {
    const whole = new Float32Array(1600).fill(7);
    const parts = [whole.subarray(8, 408), whole.subarray(420, 920), whole.subarray(950, 1550)];
    const [a, b, c] = fill(parts, 1);
    expect(await there.sgemm({ ...(sizes as SgemmOptions), a, b, c })).toBe(c);
    expect(bits(c)).toEqual(bits(expected));
    expect([whole[949], whole[1550]]).toEqual([7, 7]);
  });

  it("of arrays of one alloc, and with one of them", async () => {
    const [a, b, c] = fill(await there.alloc(LENGTHS), 1);
    const other = before.slice();
    expect(await there.sgemm({ ...(sizes as SgemmOptions), a, b, c: other })).toBe(other);
    expect(bits(other)).toEqual(bits(expected));
    expect(await there.sgemm({ ...(sizes as SgemmOptions), a, b: b.slice(), c })).toBe(c);
    expect(bits(c)).toEqual(bits(expected));
  });
});

it("arrays of alloc cross as they are", async () => {
  const [worker] = (await workersMade(async () => {
    const xent = await hosted();
    const [a, b, c] = fill(await xent.alloc([4, 4, 4]), 3);
    await xent.sgemm({ m: 2, n: 2, k: 2, a, b, c });
    await xent.dispose();
  })) as [Watched];
  const [{ a, b, c }] = (worker.sent.at(-1) as Any).call.args;
  const buffers = [a, b, c].map(({ buffer }) => buffer);
  expect(buffers[0]).toBeInstanceOf(SharedArrayBuffer);
  expect(new Set(buffers).size).toBe(1);
});

describe("alloc", () => {
  it("gives zeros over one shared buffer, each on a cache line", async () => {
    const arrays = await there.alloc([3, 0, 17, 16]);
    expect(arrays.map(({ length }) => length)).toEqual([3, 0, 17, 16]);
    expect(arrays.every((array) => array.every((value) => value === 0))).toBe(true);
    expect(arrays.map(({ byteOffset }) => byteOffset % 64)).toEqual([0, 0, 0, 0]);
    expect(new Set(arrays.map(({ buffer }) => buffer)).size).toBe(1);
    expect(arrays[0]?.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(await there.alloc([])).toEqual([]);
    // none lies in another
    for (const [i, array] of arrays.entries()) array.fill(i + 1);
    for (const [i, array] of arrays.entries()) expect(array.every((value) => value === i + 1)).toBe(true);
  });

  it("without shared memory gives arrays that are copied", async () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    try {
      const [a, b, c] = fill(await there.alloc([4, 4, 4]), 3);
      expect(c.buffer).toBeInstanceOf(ArrayBuffer);
      const expected = here.sgemm({ m: 2, n: 2, k: 2, a, b, c: new Float32Array(4) });
      expect(await there.sgemm({ m: 2, n: 2, k: 2, a, b, c })).toBe(c);
      expect(bits(c)).toEqual(bits(expected));
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("refuses", () => {
  const ones = new Float32Array(16).fill(1);
  const good = { m: 2, n: 2, k: 2, a: ones, b: ones, c: new Float32Array(4) };
  it.each([
    ["no options", (x) => x.sgemm()],
    ["a name", (x) => x.sgemm({ ...good, beta2: 1 })],
    ["m", (x) => x.sgemm({ ...good, m: -1 })],
    ["transA", (x) => x.sgemm({ ...good, transA: 1 })],
    ["alpha", (x) => x.sgemm({ ...good, alpha: "1" })],
    ["an a of numbers", (x) => x.sgemm({ ...good, a: [1, 2, 3, 4] })],
    ["a c that is too short", (x) => x.sgemm({ ...good, c: new Float32Array(3) })],
    ["ldc", (x) => x.sgemm({ ...good, ldc: 1 })],
    ["a c that shares elements with b", (x) => x.sgemm({ ...good, c: ones.subarray(1) })],
    ["a function", (x) => x.sgemm({ ...good, a: () => {} })],
    ["lengths that are no array", (x) => x.alloc(4)],
    ["a length of −1", (x) => x.alloc([3, -1])],
    ["a length of 1.5", (x) => x.alloc([1.5])],
    ["a length of 2³⁰ + 1", (x) => x.alloc([2 ** 30 + 1])],
    ["two of 2³⁰", (x) => x.alloc([2 ** 30, 2 ** 30])],
  ] as [string, (x: Any) => unknown][])("%s, as on the calling thread", async (_, call) => {
    const { code, message } = (await thrown(() => call(here))) as Any;
    await refuses(() => call(there), code, message.slice(0, 60));
  });

  it("what the host has no memory for", async () => {
    const Real = SharedArrayBuffer;
    vi.stubGlobal(
      "SharedArrayBuffer",
      class {
        constructor(bytes: number) {
          new Real(1);
          throw new RangeError(`no ${bytes} bytes`);
        }
      },
    );
    try {
      await refuses(() => there.alloc([2 ** 20]), "MEMORY", "alloc", "4 MiB", "no 4194304 bytes");
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
