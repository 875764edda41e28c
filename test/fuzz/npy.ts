// Fuzz target: NPY files put together from their parts, read by readNpy; what is accepted is written and read again.

import fc from "fast-check";
import { readNpy, writeNpy } from "../../src/data.ts";
import { stagesPassed, type Target } from "./harness.ts";
import { damaged, gzippedToo, mostInflated, rarely } from "./inputs.ts";

const SIZES: Readonly<Record<string, number>> = {
  "|b1": 1,
  "|u1": 1,
  "|i1": 1,
  "<u2": 2,
  ">i2": 2,
  "=u4": 4,
  ">i4": 4,
  "<u8": 8,
  ">i8": 8,
  "<f2": 2,
  ">f2": 2,
  "<f4": 4,
  ">f4": 4,
  "<f8": 8,
};
const known = fc.constantFrom(...Object.keys(SIZES));
const huge = fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e21);
const quoted = fc.constantFrom("'", '"').map((quote) => (text: string) => `${quote}${text}${quote}`);

const parts = fc.record({
  magic: rarely(
    fc.constant([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]),
    fc.constantFrom([0x50, 0x4b, 3, 4, 0, 0], []),
  ),
  version: rarely(fc.constantFrom([1, 0], [2, 0], [3, 0]), fc.tuple(fc.nat(255), fc.nat(255))),
  descr: rarely(
    known,
    fc.constantFrom("|O", "<U3", "|S5", "<c8", "<M8[s]", "|V4", "<f16", "|u2", "u2", "", "\\x3cf4"),
  ),
  order: rarely(fc.constantFrom("True", "False"), fc.constantFrom("None", "1", "'True'", "")),
  shape: rarely(
    fc.array(fc.nat(4), { maxLength: 5 }),
    fc.oneof(fc.array(huge, { maxLength: 3 }), fc.array(fc.nat(1), { maxLength: 80 })),
  ),
  tuple: rarely(fc.constant(["(", ")"]), fc.constantFrom(["[", "]"], ["", ""], ["(", ""], ["(-", ")"])),
  quote: quoted,
  keys: rarely(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), fc.array(fc.nat(2), { maxLength: 6 })),
  last: fc.constantFrom(", ", ""),
  padding: rarely(fc.constantFrom("\n", " \n", `${" ".repeat(50)}\n`, ""), fc.string({ maxLength: 20 })),
  nested: rarely(fc.constant(0), fc.nat(3000)),
  lengthOff: rarely(fc.constant(0), fc.integer({ min: -70_000, max: 70_000 })),
  // 0 and 1 so that booleans are some
  byte: fc.oneof(fc.constantFrom(0, 1), fc.nat(255)),
  over: rarely(fc.constant(0), fc.integer({ min: -9, max: 9 })),
});

const files = parts.map((p): Uint8Array => {
  const sizes = p.shape.map(String);
  const tuple = `${p.tuple[0]}${sizes.length === 1 ? `${sizes[0]},` : sizes.join(", ")}${p.tuple[1]}`;
  const values = [p.quote(p.descr), p.order, tuple].map(
    (value) => `${"[".repeat(p.nested)}${value}${"]".repeat(p.nested)}`,
  );
  const names = ["descr", "fortran_order", "shape"];
  const items = p.keys.map((key) => `${p.quote(names[key] as string)}: ${values[key]}`);
  const header = Buffer.from(`{${items.join(", ")}${items.length > 0 ? p.last : ""}}${p.padding}`, "latin1");
  const length = Math.max(0, header.length + p.lengthOff);
  const field = p.version[0] === 1 ? [0, 8] : [0, 8, 16, 24];
  const count = p.shape.reduce((product, size) => product * size, 1);
  const bytes = Math.max(0, Math.min(2 ** 15, count * (SIZES[p.descr] ?? 1)) + p.over);
  return new Uint8Array([
    ...p.magic,
    ...p.version,
    ...field.map((shift) => (length >> shift) & 255),
    ...header,
    ...new Uint8Array(bytes).fill(p.byte),
  ]);
});

const REFUSALS = [
  [
    /: the file begins with /,
    /: the version is /,
    /: the file has \d+ bytes, expected (8|10|12) at least/,
    / begin as gzip but do not unpack/,
    / does not end where its content does/,
  ],
  [
    /: the file has \d+ bytes, expected \d+ at least/,
    /: the header has \d+ bytes/,
    /: header, character \d+: /,
    /: the dtype is /,
  ],
  [/ bytes, expected \S+ for \w+ of the shape /, / goes on behind the /, / says of itself that it has /],
  [/: the boolean at index /],
];

export const target: Target = {
  name: "npy",
  stages: ["begin", "header", "length", "values"],
  inputs: gzippedToo(damaged(files)),
  most: mostInflated,
  async read(input) {
    let array: Awaited<ReturnType<typeof readNpy>>;
    try {
      array = await readNpy(input);
    } catch (error) {
      return stagesPassed(error, REFUSALS);
    }
    const again = await readNpy(writeNpy(array));
    const [a, b] = [array.data, again.data].map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    );
    if (String(array.shape) !== String(again.shape) || !a?.equals(b as Buffer))
      throw new Error("what was written of it is read as something else");
    return REFUSALS.length;
  },
};
