// gunzip against zlib's own writer: what a header claims bounds what is inflated and what is allocated, whatever the bytes are.

import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Failure } from "../../src/base/bytes.ts";
import { XentError } from "../../src/base/errors.ts";
import { gunzip, isGzip } from "../../src/base/gunzip.ts";
import { refuses } from "../support/errors.ts";
import fc from "../support/property.ts";

const failure: Failure = (problem, hint) => new XentError("NPY", `test: ${problem}`, hint);

/** A file of this test: its whole length in 8 bytes, then anything. */
function file(claim: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setFloat64(0, claim);
  for (let i = 8; i < length; i++) bytes[i] = (i * i) >> 3;
  return bytes;
}
const claim = (bytes: Uint8Array): number | undefined =>
  bytes.length < 8 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
const unpack = (packed: Uint8Array): Promise<Uint8Array> => gunzip(packed, claim, failure);

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const { DecompressionStream: Real } = globalThis;

/** Counts the bytes that streams give. */
function watchStreams(): { bytes: number } {
  const given = { bytes: 0 };
  vi.stubGlobal(
    "DecompressionStream",
    class {
      readonly writable: WritableStream;
      readonly readable: ReadableStream;
      constructor(format: CompressionFormat) {
        const real = new Real(format);
        this.writable = real.writable;
        this.readable = real.readable.pipeThrough(
          new TransformStream<Uint8Array, Uint8Array>({
            transform(part, controller) {
              given.bytes += part.length;
              controller.enqueue(part);
            },
          }),
        );
      }
    },
  );
  return given;
}
afterEach(() => void vi.unstubAllGlobals());

/** The largest buffer that is made, and the sum of all. */
function watchBuffers(): { largest: number; sum: number } {
  const made = { largest: 0, sum: 0 };
  const Buffers = ArrayBuffer;
  vi.stubGlobal(
    "ArrayBuffer",
    class extends Buffers {
      constructor(length: number) {
        super(length);
        made.largest = Math.max(made.largest, length);
        made.sum += length;
      }
    },
  );
  return made;
}

describe("what is whole", () => {
  it.each([8, 9, 1000, 65536, 3_000_001])("%i bytes, at any offset of a larger buffer", async (length) => {
    const bytes = file(length, length);
    const packed = gzipSync(bytes);
    expect(isGzip(packed)).toBe(true);
    const larger = new Uint8Array(packed.length + 9).fill(0x1f);
    larger.set(packed, 5);
    const before = larger.slice();
    const made = watchBuffers();
    const out = await unpack(larger.subarray(5, 5 + packed.length));
    expect(same(out, bytes)).toBe(true);
    // no room is left over; before it b, 2b, 4b … below it
    expect(out.buffer.byteLength).toBe(length);
    expect(made.largest).toBe(length);
    expect(made.sum).toBeLessThan(3 * length);
    expect(same(larger, before)).toBe(true);
  });

  it("in shared memory", async () => {
    const packed = gzipSync(file(20, 20));
    const shared = new Uint8Array(new SharedArrayBuffer(packed.length));
    shared.set(packed);
    expect(await unpack(shared)).toEqual(file(20, 20));
  });

  it("less than is claimed is given as it is, in no more room than twice that", async () => {
    const made = watchBuffers();
    const out = await unpack(gzipSync(file(2 ** 31, 100_000)));
    expect(same(out, file(2 ** 31, 100_000))).toBe(true);
    expect(out.buffer.byteLength).toBe(100_000);
    expect(made.largest).toBeLessThanOrEqual(200_000);
  });

  it("too little for a claim", async () => {
    expect(await unpack(gzipSync(new Uint8Array(3)))).toEqual(new Uint8Array(3));
    expect(await unpack(gzipSync(new Uint8Array(0)))).toEqual(new Uint8Array(0));
  });

  it("the claim is asked for until it is known, with all bytes so far", async () => {
    const bytes = file(400_000, 400_000);
    const seen: number[] = [];
    const late = (prefix: Uint8Array): number | undefined => {
      expect(same(prefix, bytes.subarray(0, prefix.length))).toBe(true);
      seen.push(prefix.length);
      return prefix.length < 100_000 ? undefined : claim(prefix);
    };
    expect(same(await gunzip(gzipSync(bytes), late, failure), bytes)).toBe(true);
    expect(seen.length).toBeGreaterThan(1);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    expect(seen.findIndex((length) => length >= 100_000)).toBe(seen.length - 1);
  });
});

describe("what is not", () => {
  // 200 MB of zeros in 200 kB
  const bomb = gzipSync(Buffer.concat([file(100, 100), Buffer.alloc(2e8)]));

  it("a bomb: no more than one piece is inflated, and next to nothing kept", async () => {
    const [given, made] = [watchStreams(), watchBuffers()];
    await refuses(() => unpack(bomb), "NPY", "goes on behind the 100 bytes that its own header tells of");
    expect(given.bytes).toBeGreaterThan(100);
    expect(given.bytes).toBeLessThan(1032 * 16 * 1024);
    expect(made.sum).toBeLessThan(2 ** 18);
  });

  it("a bomb whose claim is refused by the reader", async () => {
    const given = watchStreams();
    const error = new XentError("NPY", "test: no such file", "Fetch another.");
    const claim = (): number => {
      throw error;
    };
    await expect(gunzip(bomb, claim, failure)).rejects.toBe(error);
    expect(given.bytes).toBeLessThan(1032 * 16 * 1024);
  });

  it("one byte more than is claimed, in the piece with the claim or in a later one", async () => {
    await refuses(() => unpack(gzipSync(file(99, 100))), "NPY", "behind the 99 bytes");
    await refuses(() => unpack(gzipSync(file(999_999, 1_000_000))), "NPY", "behind the 999999 bytes");
    await refuses(() => unpack(gzipSync(file(0, 8))), "NPY", "behind the 0 bytes");
  });

  it("claims beyond 2³²", async () => {
    for (const claim of [2 ** 32 + 1, 2 ** 60, Number.POSITIVE_INFINITY]) {
      const made = watchBuffers();
      await refuses(() => unpack(gzipSync(file(claim, 100))), "NPY", `${claim} bytes, expected 4294967296`);
      expect(made.largest).toBeLessThanOrEqual(100);
    }
  });

  it("cut off at every byte", async () => {
    const packed = gzipSync(file(50, 50));
    for (let n = 2; n < packed.length; n++)
      await refuses(() => unpack(packed.subarray(0, n)), "NPY", `${n} bytes begin as gzip but do not unpack`);
  });

  it("something behind it: zeros, other bytes, another member", async () => {
    const [packed, none] = [gzipSync(file(50, 50)), gzipSync(new Uint8Array(0))];
    for (const more of [[0], [0, 0, 0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8], [...packed], [...none]])
      await refuses(() => unpack(new Uint8Array([...packed, ...more])), "NPY");
    // where the stream says nothing of it
    await refuses(() => unpack(new Uint8Array([...packed, 0])), "NPY", "does not end where its content does");
    // and of two halves
    const halves = [gzipSync(file(50, 50).subarray(0, 20)), gzipSync(file(50, 50).subarray(20))];
    await refuses(() => unpack(new Uint8Array(Buffer.concat(halves))), "NPY");
  });

  it("no memory", async () => {
    vi.stubGlobal(
      "ArrayBuffer",
      class {
        constructor() {
          throw new RangeError("Array buffer allocation failed");
        }
      },
    );
    await refuses(() => unpack(gzipSync(file(50, 50))), "MEMORY", "no room for 50 bytes");
  });

  it("any byte changed: refused, or the same file", async () => {
    const bytes = file(300, 300);
    const packed = gzipSync(bytes);
    const change = fc.record({ at: fc.nat(packed.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, by }) => {
        const changed = new Uint8Array(packed);
        changed[at] = (changed[at] as number) ^ by;
        const out = await unpack(changed).catch((error: unknown) => error);
        if (out instanceof Uint8Array) {
          expect(out).toEqual(bytes);
          // of the header nothing but magic, method and flags matters, and what fills up the first byte of a stored block says nothing
          // (RFC 1951, 3.2.4)
          const filling = at === 10 && ((packed[10] as number) & 6) === 0 && by % 8 === 0;
          expect(at < 10 || filling).toBe(true);
        } else expect(out).toBeInstanceOf(XentError);
      }),
      { numRuns: 500 },
    );
  });
});
