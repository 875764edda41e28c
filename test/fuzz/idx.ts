// Fuzz target: IDX files put together from their parts, read by readIdx; the values of what is accepted are looked up in the file.

import fc from "fast-check";
import { readIdx } from "../../src/data.ts";
import { stagesPassed, type Target } from "./harness.ts";
import { damaged, gzippedToo, mostInflated, rarely } from "./inputs.ts";

const SIZES: Readonly<Record<number, number>> = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 };
const huge = fc.constantFrom(2 ** 16, 2 ** 31, 2 ** 32 - 1);

const parts = fc.record({
  magic: rarely(fc.constant([0, 0]), fc.tuple(fc.nat(255), fc.nat(255))),
  code: rarely(fc.constantFrom(8, 9, 11, 12, 13, 14), fc.nat(255)),
  shape: rarely(
    fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
    fc.oneof(
      fc.array(huge, { maxLength: 3 }),
      fc.array(fc.constantFrom(0, 1, 2 ** 32 - 1), { maxLength: 255 }),
    ),
  ),
  rankOff: rarely(fc.constant(0), fc.integer({ min: -3, max: 255 })),
  byte: fc.nat(255),
  over: rarely(fc.constant(0), fc.integer({ min: -9, max: 9 })),
});

const files = parts.map(({ magic, code, shape, rankOff, byte, over }): Uint8Array => {
  const count = shape.reduce((product, size) => product * size, 1);
  const bytes = Math.max(0, Math.min(2 ** 15, count * (SIZES[code] ?? 1)) + over);
  return new Uint8Array([
    ...magic,
    code,
    Math.max(0, shape.length + rankOff) & 255,
    ...shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]),
    ...new Uint8Array(bytes).fill(byte),
  ]);
});

const REFUSALS = [
  [
    /: the file begins with /,
    /: the file has \d+ bytes, expected at least 4\./,
    / begin as gzip but do not unpack/,
    / does not end where its content does/,
  ],
  [/: the type code is /, / for the sizes of \d+ dimensions alone/],
  [/ bytes, expected \S+ for the shape /, / goes on behind the /, / says of itself that it has /],
];

export const target: Target = {
  name: "idx",
  stages: ["begin", "header", "length"],
  inputs: gzippedToo(damaged(files)),
  most: mostInflated,
  async read(input) {
    let array: Awaited<ReturnType<typeof readIdx>>;
    try {
      array = await readIdx(input);
    } catch (error) {
      return stagesPassed(error, REFUSALS);
    }
    const { shape, data } = array;
    const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
    if (data.length !== count) throw new Error(`${data.length} values for the shape ${shape}`);
    // of a plain file, bytes may be looked up
    if (data.BYTES_PER_ELEMENT === 1 && input[0] === 0) {
      const at = input.length - count;
      if (!data.every((value, i) => ((value as number) & 255) === input[at + i]))
        throw new Error("other values");
    }
    return REFUSALS.length;
  },
};
