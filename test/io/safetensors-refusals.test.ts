// What the safetensors codec refuses: damaged files, files by hand, what callers hand in, and one more than there may be.

import { describe, expect, it } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import { decodeSafetensors } from "../../src/io/decode.ts";
import { encodeSafetensors, type SafeTensor } from "../../src/io/safetensors.ts";
import { refuses, thrown } from "../support/errors.ts";
import fc from "../support/property.ts";
import { DANGEROUS, file, tensor } from "../support/safetensors-text.ts";

/** What must hold of any bytes: an XentError of the one code, or tensors that are written to a file that is read the same. */
async function total(bytes: Uint8Array): Promise<boolean> {
  const error = await thrown(() => {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const again = decodeSafetensors(encodeSafetensors(tensors, metadata));
    expect(again.tensors.size).toBe(tensors.size);
  });
  if (error === undefined) return true;
  expect(error).toBeInstanceOf(XentError);
  expect((error as XentError).code).toBe("CHECKPOINT");
  return false;
}

describe("damage", () => {
  const small = encodeSafetensors(
    [
      ["0.weight", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
      ["0.bias", { dtype: "F32", shape: [2], data: Float32Array.of(5, 6) }],
      ["step", { dtype: "U32", shape: [], data: Uint32Array.of(7) }],
    ],
    [["xent", "1"]],
  );

  it("cut off at every byte", async () => {
    const start = 8 + Number(new DataView(small.buffer).getBigUint64(0, true));
    for (let n = 0; n < small.length; n++) {
      const what = n < start ? `the file has ${n} bytes` : `of ${n}. The file is cut off`;
      await refuses(() => decodeSafetensors(small.slice(0, n)), "CHECKPOINT", "safetensors: ", what);
    }
  });

  it("bytes behind the end", async () => {
    await refuses(() => decodeSafetensors(Buffer.concat([small, small])), "CHECKPOINT", "before the file");
  });

  it("every byte of the header changed to every value", async () => {
    const header = Number(new DataView(small.buffer).getBigUint64(0, true));
    let taken = 0;
    for (let at = 0; at < 8 + header; at++) {
      for (let change = 1; change < 256; change++) {
        const bytes = small.slice();
        bytes[at] = (bytes[at] as number) ^ change;
        if (await total(bytes)) taken++;
      }
    }
    // other names, metadata and blanks are files too
    expect(taken).toBeGreaterThan(100);
    expect(taken).toBeLessThan((header * 255) / 2);
  });

  it("any bytes, and any text of the header's own characters", async () => {
    const pieces = fc.array(
      fc.constantFrom(
        ...['{"', '":', '"', "{", "}", "[", "]", ",", "0", "1", "-", ".", "e", "\\", " ", "dtype", "shape"],
        ...["data_offsets", "__metadata__", '"a":', '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}', "é"],
      ),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        await total(bytes);
        await total(file(bytes, 1));
      }),
      { numRuns: 500 },
    );
    await fc.assert(
      fc.asyncProperty(pieces, async (parts) => {
        await total(file(parts.join(""), 1));
        await total(file(`{${parts.join("")}}`, 1));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("refusals when read", () => {
  const one = tensor("U8", "[1]", "[0,1]");
  it.each<[string, () => unknown, ...string[]]>([
    ["no bytes", () => "model", 'got "model", expected a Uint8Array'],
    ["other numbers", () => new Float32Array(8), "got a Float32Array, expected a Uint8Array"],
    ["too long a header", () => file("").fill(0xff), "18446744073709552000", "the format allows 100000000"],
    [
      "a header one byte too long",
      () => {
        const bytes = new Uint8Array(64);
        new DataView(bytes.buffer).setUint32(0, 100_000_001, true);
        return bytes;
      },
      "100000001",
    ],
    ["another file", () => new TextEncoder().encode("<!doctype html><p>Not Found"), "length of its header"],
    [
      "a zip",
      () => Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0),
      "the file has 9 bytes",
      "its header alone takes",
    ],
    ["no UTF-8", () => file(Uint8Array.of(0x7b, 0xff, 0x7d)), "not valid UTF-8"],
    ["half a character", () => file(Uint8Array.of(0x7b, 0x22, 0xc3)), "not valid UTF-8"],
    ["a byte order mark", () => file("\ufeff{}"), "header, character 0"],
    ["blanks before it", () => file(" {}"), 'header, character 0: expected "{"'],
    ["an empty header", () => file(""), 'expected "{", found its end'],
    ["a name twice", () => file(`{"a":${one},"a":${one}}`, 1), '"a" comes twice'],
    ["a name twice, once escaped", () => file(`{"a":${one},"\\u0061":${one}}`, 1), '"a" comes twice'],
    ["a field that objects have", () => file('{"a":{"__proto__":[1]}}'), '"__proto__" is refused as a name'],
    ["a key twice", () => file('{"__metadata__":{"a":"1","a":"2"}}'), '"a" comes twice'],
    ["metadata twice", () => file('{"__metadata__":{},"__metadata__":{}}'), '"__metadata__" comes twice'],
    ["metadata null", () => file('{"__metadata__":null}'), 'expected "{", found "null}"'],
    ["a number as metadata", () => file('{"__metadata__":{"a":1}}'), 'expected a string, found "1}}"'],
    ["an unknown field", () => file('{"a":{"strides":[1]}}'), 'tensor "a" has "strides"'],
    ["a field twice", () => file('{"a":{"shape":[],"shape":[]}}'), '"shape" comes twice'],
    ["a field less", () => file('{"a":{"dtype":"U8","shape":[]}}', 1), 'tensor "a" must have'],
    ["an array for a tensor", () => file('{"a":["U8",[1],[0,1]]}', 1), 'expected "{"'],
    ["depth", () => file(`{"a":${"[".repeat(1e6)}`), 'expected "{", found "[[[[[[[[[[[[[[[[[[[["'],
    ["depth in a shape", () => file(`{"a":{"shape":${"[".repeat(1e6)}`), "expected an integer"],
    ["an open string of 4 MB", () => file(`{"${"\\\\".repeat(2e6)}`), "expected a whole string of JSON"],
    [
      "an unsafe integer",
      () => file(`{"a":{"shape":[9007199254740992]}}`),
      "expected an integer",
      "9007199254740992",
    ],
    ["a very long integer", () => file(`{"a":{"shape":[${"9".repeat(400)}]}}`), "expected an integer"],
    ["three offsets", () => file(`{"a":${tensor("U8", "[1]", "[0,1,1]")}}`, 1), "more than 2 numbers"],
    ["one offset", () => file(`{"a":${tensor("U8", "[1]", "[0]")}}`, 1), "two data_offsets"],
    [
      "an unknown dtype",
      () => file(`{"a":${tensor("C64", "[1]", "[0,8]")}}`, 8),
      'the dtype is "C64"',
      "F32",
      "BOOL",
    ],
    ["a dtype that objects have", () => file(`{"a":${tensor("valueOf", "[1]", "[0,1]")}}`, 1), '"valueOf"'],
    [
      "a hole at the start",
      () => file(`{"a":${tensor("U8", "[1]", "[1,2]")}}`, 2),
      'tensor "a"',
      "from 1 to 2, expected to begin at 0",
    ],
    [
      "a hole between",
      () => file(`{"a":${one},"b":${tensor("U8", "[1]", "[2,3]")}}`, 3),
      'tensor "b"',
      "begin at 1",
    ],
    ["overlap", () => file(`{"b":${one},"a":${one}}`, 1), "from 0 to 1, expected to begin at 1"],
    [
      "an end before its begin",
      () => file(`{"a":${one},"b":${tensor("U8", "[1]", "[1,0]")}}`, 1),
      'tensor "b"',
      "from 1 to 0, expected to begin at 1",
    ],
    [
      "less data than the shape",
      () => file(`{"a":${tensor("F32", "[2,3]", "[0,20]")}}`, 20),
      "has 20 bytes, expected 24 for F32 of shape [2, 3]",
    ],
    ["no whole elements", () => file(`{"a":${tensor("F32", "[1]", "[0,3]")}}`, 3), "has 3 bytes, expected 4"],
    [
      "a product beyond all numbers",
      () =>
        file(
          `{"a":${tensor(
            "U8",
            `[${Array(40)
              .fill(2 ** 52)
              .join()}]`,
            "[0,1]",
          )}}`,
          1,
        ),
      "…] has more elements than can be counted",
    ],
    [
      "data beyond the file",
      () => file(`{"a":${tensor("F64", "[1000000000]", "[0,8000000000]")}}`, 8),
      "ends at byte",
      "cut off",
    ],
    ["data behind the last", () => file(`{"a":${one}}`, 3), "ends 2 bytes before the file"],
  ])("%s", async (_, bytes, ...pieces) => {
    await refuses(() => decodeSafetensors(bytes() as Uint8Array), "CHECKPOINT", "safetensors: ", ...pieces);
  });
});

describe("refusals when written", () => {
  const good: SafeTensor = { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) };
  it.each<[string, Iterable<readonly [string, unknown]>, Iterable<readonly [string, unknown]>, ...string[]]>([
    [
      "a name twice",
      [
        ["a", good],
        ["a", good],
      ],
      [],
      'tensor "a" comes twice',
    ],
    ["the format's own name", [["__metadata__", good]], [], '"__metadata__"'],
    ["half a character in a name", [["\ud800", good]], [], "whole characters"],
    ["half a character in metadata", [], [["a", "\udc00"]], 'metadata "a"', "whole characters"],
    ["a number as metadata", [], [["a", 1]], 'metadata "a" is 1, expected a string'],
    [
      "a key twice",
      [],
      [
        ["a", "1"],
        ["a", "2"],
      ],
      'metadata "a" comes twice',
    ],
    ["an unknown dtype", [["a", { ...good, dtype: "C64" }]], [], 'tensor "a": the dtype is "C64"'],
    [
      "another array",
      [["a", { ...good, dtype: "F64" }]],
      [],
      "the data is a Float32Array",
      "from a Float64Array",
    ],
    ["another shape", [["a", { ...good, shape: [3] }]], [], "has 2 elements, expected 3 for the shape [3]"],
    ["a shape of fractions", [["a", { ...good, shape: [0.5, 4] }]], [], "the shape is [0.5, 4]"],
    ["a negative shape", [["a", { ...good, shape: [-1, -2] }]], [], "the shape is [-1, -2]"],
    ["no shape", [["a", { ...good, shape: 2 }]], [], "the shape is 2"],
  ])("%s", async (_, tensors, metadata, ...pieces) => {
    const call = () => encodeSafetensors(tensors as [string, SafeTensor][], metadata as [string, string][]);
    await refuses(call, "CHECKPOINT", "safetensors: ", ...pieces);
  });

  it("more than the host can hold", async () => {
    const data = new Float64Array(2 ** 23);
    const tensors = Array.from({ length: 4096 }, (_, i): [string, SafeTensor] => [
      `${i}`,
      { dtype: "F64", shape: [2 ** 23], data },
    ]);
    await refuses(() => encodeSafetensors(tensors), "MEMORY", "no room for the 2748");
  });

  it("a header beyond the format's limit", async () => {
    const value = "x".repeat(2 ** 25);
    const metadata = ["a", "b", "c"].map((key): [string, string] => [key, value]);
    await refuses(() => encodeSafetensors([], metadata), "CHECKPOINT", "at most 100000000 can be read");
  });
});

describe("limits: the most that there may be is read and written, one more is neither", () => {
  const scalar: SafeTensor = { dtype: "U8", shape: [], data: Uint8Array.of(1) };
  const empty = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
  const many = (n: number, value: string): string =>
    `{${Array.from({ length: n }, (_, i) => `"${i}":${value}`).join()}}`;
  const list = <T>(n: number, value: T): [string, T][] =>
    Array.from({ length: n }, (_, i) => [`${i}`, value]);
  it.each<[string, number, (n: number) => Uint8Array, (n: number) => Uint8Array, string]>([
    [
      "tensors",
      100_000,
      (n) => file(many(n, empty)),
      (n) => encodeSafetensors(list(n, { dtype: "U8", shape: [0], data: new Uint8Array(0) })),
      "more than 100000 tensors",
    ],
    [
      "dimensions",
      64,
      (n) => file(`{"a":${tensor("U8", `[${Array(n).fill(1)}]`, "[0,1]")}}`, 1),
      (n) => encodeSafetensors([["a", { ...scalar, shape: Array(n).fill(1) }]]),
      "more than 64 numbers",
    ],
    [
      "characters of a name",
      1024,
      (n) => file(`{"${"é".repeat(n)}":${empty}}`),
      (n) => encodeSafetensors([["é".repeat(n), scalar]]),
      "a name has 1025 characters",
    ],
    [
      "characters of a key",
      1024,
      (n) => file(`{"__metadata__":{"${"k".repeat(n)}":""}}`),
      (n) => encodeSafetensors([], [["k".repeat(n), ""]]),
      "a name has 1025 characters",
    ],
    [
      "entries of metadata",
      10_000,
      (n) => file(`{"__metadata__":${many(n, '""')}}`),
      (n) => encodeSafetensors([], list(n, "")),
      "more than 10000 entries",
    ],
    [
      "characters of a value",
      2 ** 25,
      (n) => file(`{"__metadata__":{"a":"${"v".repeat(n)}"}}`),
      (n) => encodeSafetensors([], [["a", "v".repeat(n)]]),
      "has 33554433 characters",
    ],
  ])("%s", async (_, most, text, written, piece) => {
    decodeSafetensors(text(most));
    decodeSafetensors(written(most));
    await refuses(() => decodeSafetensors(text(most + 1)), "CHECKPOINT", piece);
    await refuses(() => written(most + 1), "CHECKPOINT", `${most + 1}, at most ${most} can be read`);
  });

  it.each(DANGEROUS)("no name that every object has: %s", async (name) => {
    const one = `{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`;
    const piece = `"${name}" is refused as a name`;
    await refuses(() => decodeSafetensors(file(`{"${name}":${one}}`, 1)), "CHECKPOINT", piece);
    await refuses(() => decodeSafetensors(file(`{"__metadata__":{"${name}":""}}`)), "CHECKPOINT", piece);
    await refuses(() => encodeSafetensors([[name, scalar]]), "CHECKPOINT", piece);
    await refuses(() => encodeSafetensors([], [[name, ""]]), "CHECKPOINT", piece);
  });
});
