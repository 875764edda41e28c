// The safetensors codec against files that the reference wrote, a file made by hand, and a reader of its own. What it refuses is
// safetensors-refusals.test.ts's.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeSafetensors } from "../../src/io/decode.ts";
import {
  encodeSafetensors,
  type SafeArray,
  type SafeDtype,
  type SafeTensor,
} from "../../src/io/safetensors.ts";
import { readSafetensors } from "../oracle/safetensors.ts";
import { refuses } from "../support/errors.ts";
import fc from "../support/property.ts";
import { DANGEROUS } from "../support/safetensors-text.ts";

const ARRAYS = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I16: Int16Array,
  U32: Uint32Array,
  I32: Int32Array,
  F32: Float32Array,
  F64: Float64Array,
  U64: BigUint64Array,
  I64: BigInt64Array,
};
const WIDTHS: readonly number[] = [8, 4, 2, 1];

interface Written {
  readonly name: string;
  readonly tensors: readonly { name: string; dtype: SafeDtype; shape: number[]; data: string }[];
  readonly metadata: Record<string, string>;
  readonly file: string;
}
interface Read {
  readonly file: string;
  readonly header: string;
  /** null: the reference refuses it */
  readonly names: readonly string[] | null;
}
const fixtures: { written: Written[]; read: Read[] } = JSON.parse(
  readFileSync("test/fixtures/tensor_files.json", "utf8"),
);

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
const asArray = (dtype: SafeDtype, bytes: Uint8Array): SafeArray =>
  new ARRAYS[dtype](bytes.slice().buffer as ArrayBuffer);
const bytesOf = (data: SafeArray): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

describe("the reference", () => {
  it.each(fixtures.written.map((each) => [each.name, each] as const))(
    "writes the same bytes: %s",
    (_, each) => {
      const tensors = each.tensors.map(({ name, dtype, shape, data }): [string, SafeTensor] => [
        name,
        { dtype, shape, data: asArray(dtype, fromBase64(data)) },
      ]);
      const bytes = encodeSafetensors(tensors, Object.entries(each.metadata));
      expect(Buffer.from(bytes).toString("latin1")).toBe(Buffer.from(each.file, "base64").toString("latin1"));
    },
  );

  it.each(fixtures.written.map((each) => [each.name, each] as const))("is understood: %s", (_, each) => {
    const { tensors, metadata } = decodeSafetensors(fromBase64(each.file));
    expect([...metadata]).toEqual(Object.entries(each.metadata));
    expect([...tensors.keys()].sort()).toEqual(each.tensors.map(({ name }) => name).sort());
    for (const { name, dtype, shape, data } of each.tensors) {
      const got = tensors.get(name) as SafeTensor;
      expect({ dtype: got.dtype, shape: got.shape }).toEqual({ dtype, shape });
      expect(got.data).toBeInstanceOf(ARRAYS[dtype]);
      expect(bytesOf(got.data)).toEqual(fromBase64(data));
    }
  });

  const taken = fixtures.read.filter(({ names }) => names !== null);
  const refused = fixtures.read.filter(({ names }) => names === null);
  it.each(taken)("takes $header", ({ file: bytes, names }) => {
    expect([...decodeSafetensors(fromBase64(bytes)).tensors.keys()].sort()).toEqual(names);
  });

  it.each(refused)("refuses $header", async ({ file: bytes }) => {
    await refuses(() => decodeSafetensors(fromBase64(bytes)), "CHECKPOINT", "safetensors: ");
  });

  it("was asked enough", () => {
    expect(taken.length).toBeGreaterThanOrEqual(10);
    expect(refused.length).toBeGreaterThanOrEqual(50);
  });
});

it("writes these bytes, counted by hand", () => {
  const bytes = encodeSafetensors(
    [
      ["b", { dtype: "U8", shape: [3], data: Uint8Array.of(7, 8, 9) }],
      ["a", { dtype: "F32", shape: [], data: Float32Array.of(1) }],
    ],
    [["k", "v"]],
  );
  const header =
    '{"__metadata__":{"k":"v"},' +
    '"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
    '"b":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}}';
  // 26 + 52 + 52 = 130 characters and 6 blanks: 136 = 0x88
  expect(header.length).toBe(130);
  expect([...bytes]).toEqual([
    ...[0x88, 0, 0, 0, 0, 0, 0, 0],
    ...[...header].map((character) => character.charCodeAt(0)),
    ...[0x20, 0x20, 0x20, 0x20, 0x20, 0x20],
    ...[0, 0, 0x80, 0x3f],
    ...[7, 8, 9],
  ]);
});

const anyName = fc.oneof(
  fc.constantFrom("0.weight", "proto", "then", "toJSON", "", "10", "2"),
  fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__" && !DANGEROUS.includes(name)),
);
const anyTensor = fc
  .tuple(
    fc.constantFrom(...(Object.keys(ARRAYS) as SafeDtype[])),
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([dtype, shape, stream]): SafeTensor => {
    const count = shape.reduce((product, size) => product * size, 1);
    const bytes = Uint8Array.from(
      { length: count * ARRAYS[dtype].BYTES_PER_ELEMENT },
      () => stream.next().value as number,
    );
    return { dtype, shape, data: asArray(dtype, bytes) };
  });
const anyFile = fc.record({
  tensors: fc.uniqueArray(fc.tuple(anyName, anyTensor), { maxLength: 6, selector: ([name]) => name }),
  metadata: fc.uniqueArray(fc.tuple(anyName, fc.string({ unit: "binary" })), {
    maxLength: 3,
    selector: ([key]) => key,
  }),
});

describe("round trips", () => {
  it("any tensors and metadata come back to the bit, at any place of a larger buffer", () => {
    fc.assert(
      fc.property(anyFile, fc.nat(9), ({ tensors, metadata }, offset) => {
        const bytes = encodeSafetensors(tensors, metadata);
        const larger = new Uint8Array(bytes.length + 11).fill(0xee);
        larger.set(bytes, offset);
        const back = decodeSafetensors(larger.subarray(offset, offset + bytes.length));
        expect([...back.metadata]).toEqual(metadata);
        expect(back.tensors.size).toBe(tensors.length);
        for (const [name, { dtype, shape, data }] of tensors) {
          const got = back.tensors.get(name) as SafeTensor;
          expect({ dtype: got.dtype, shape: got.shape }).toEqual({ dtype, shape });
          expect(got.data.constructor).toBe(data.constructor);
          expect(bytesOf(got.data)).toEqual(bytesOf(data));
        }
        // written again, the same bytes; and from another order of the same tensors
        expect(encodeSafetensors(back.tensors, back.metadata)).toEqual(bytes);
        expect(encodeSafetensors([...tensors].reverse(), metadata)).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("a reader by the description alone finds the same, and all data aligned", () => {
    fc.assert(
      fc.property(anyFile, ({ tensors, metadata }) => {
        const bytes = encodeSafetensors(tensors, metadata);
        const read = readSafetensors(bytes);
        expect(read.metadata).toEqual(new Map(metadata));
        expect(new Set(read.tensors.keys())).toEqual(new Set(tensors.map(([name]) => name)));
        expect((bytes.length - tensors.reduce((sum, [, t]) => sum + t.data.byteLength, 0)) % 8).toBe(0);
        for (const [name, { dtype, shape, data }] of tensors) {
          expect(read.tensors.get(name)).toEqual({ dtype, shape, values: [...data] });
          // decoded in place, it is a view: it lies where its type can
          const got = decodeSafetensors(bytes).tensors.get(name) as SafeTensor;
          expect(got.data.buffer).toBe(bytes.buffer);
        }
        const widths = [...decodeSafetensors(bytes).tensors.values()].map((t) => t.data.BYTES_PER_ELEMENT);
        expect(widths).toEqual([...widths].sort((a, b) => WIDTHS.indexOf(a) - WIDTHS.indexOf(b)));
      }),
      { numRuns: 300 },
    );
  });

  it("reads an ArrayBuffer, a Buffer and shared memory", () => {
    const bytes = encodeSafetensors([["a", { dtype: "I32", shape: [2], data: Int32Array.of(-1, 5) }]]);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    for (const each of [bytes, bytes.buffer, Buffer.from(bytes), shared]) {
      expect([...(decodeSafetensors(each).tensors.get("a") as SafeTensor).data]).toEqual([-1, 5]);
    }
  });

  it("writes what a view shows and nothing beside it", () => {
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    const { tensors } = decodeSafetensors(encodeSafetensors([["a", { dtype: "F32", shape: [2], data }]]));
    expect([...(tensors.get("a") as SafeTensor).data]).toEqual([1, 2]);
  });
});
