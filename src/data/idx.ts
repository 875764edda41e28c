// IDX, the format of MNIST and its relatives: two zero bytes, a type, the number of dimensions, their sizes
// as 32-bit numbers, the values row-major; everything big-endian. Plain or gzipped. Reading only.
// Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", file formats.

import { toBytes } from "../base/bytes.ts";
import { XentError } from "../base/errors.ts";

/** What an IDX file holds. */
export interface IdxArray {
  /** one size a dimension, outermost first */
  shape: number[];
  /** the values, row-major; as many as the product of the shape */
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

/** How the values of a type code are read: a view of the bytes, or a copy in the machine's byte order. */
interface IdxType {
  bytes: number;
  read(view: DataView, from: number, count: number): IdxArray["data"];
}

const TYPES: ReadonlyMap<number, IdxType> = new Map([
  [0x08, { bytes: 1, read: (v, from, n) => new Uint8Array(v.buffer, v.byteOffset + from, n) }],
  [0x09, { bytes: 1, read: (v, from, n) => new Int8Array(v.buffer, v.byteOffset + from, n) }],
  [
    0x0b,
    copied(
      2,
      (n) => new Int16Array(n),
      (v, at) => v.getInt16(at),
    ),
  ],
  [
    0x0c,
    copied(
      4,
      (n) => new Int32Array(n),
      (v, at) => v.getInt32(at),
    ),
  ],
  [
    0x0d,
    copied(
      4,
      (n) => new Float32Array(n),
      (v, at) => v.getFloat32(at),
    ),
  ],
  [
    0x0e,
    copied(
      8,
      (n) => new Float64Array(n),
      (v, at) => v.getFloat64(at),
    ),
  ],
]);

/**
 * Reads an IDX file, plain or gzipped.
 *
 * @param bytes  the whole file
 * @returns shape and values. 8-bit values of a plain file are a view of `bytes`, all others a copy.
 * @throws {XentError} `IDX` if the bytes are no IDX file, or not exactly one
 * @example
 * ```ts
 * const images = await readIdx(await readFile("train-images-idx3-ubyte"));   // shape [60000, 28, 28]
 * ```
 */
export async function readIdx(bytes: Uint8Array | ArrayBuffer): Promise<IdxArray> {
  const given = toBytes(bytes, failure);
  return parse(given[0] === 0x1f && given[1] === 0x8b ? await gunzip(given) : given);
}

function parse(bytes: Uint8Array): IdxArray {
  if (bytes.length < 4) {
    throw failure(
      `the file has ${bytes.length} bytes, expected at least 4`,
      "It is empty or cut off: fetch it again.",
    );
  }
  const [zero, nought, code, rank] = bytes as Uint8Array & [number, number, number, number];
  if (zero !== 0 || nought !== 0 || rank === 0) {
    throw failure(
      `the file begins with ${hex(bytes.subarray(0, 4))}, expected 00 00, a type and at least 1 dimension`,
      "It is no IDX file; perhaps an archive, or a page with an error message.",
    );
  }
  const type = TYPES.get(code);
  if (type === undefined) {
    const known = [...TYPES.keys()].map((k) => hex([k])).join(", ");
    throw failure(
      `the type code is ${hex([code])}, expected one of ${known}`,
      "It is no IDX file, or a damaged one.",
    );
  }
  const header = 4 + 4 * rank;
  if (bytes.length < header) {
    throw failure(
      `the file has ${bytes.length} bytes, expected ${header} for the sizes of ${rank} dimensions alone`,
      "It is cut off: fetch it again.",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  // 255 sizes of 2³² − 1 multiply to ∞, which no file has; ∞ · 0 would be NaN
  const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  const expected = header + count * type.bytes;
  if (bytes.length !== expected) {
    const less = bytes.length < expected;
    throw failure(
      `the file has ${bytes.length} bytes, expected ${expected} for the shape [${shape.join(", ")}]`,
      less
        ? "It is cut off: fetch it again."
        : `The last ${bytes.length - expected} do not belong to it: fetch it again.`,
    );
  }
  return { shape, data: type.read(view, header, count) };
}

function copied<T extends Int16Array | Int32Array | Float32Array | Float64Array>(
  bytes: number,
  make: (count: number) => T,
  get: (view: DataView, at: number) => number,
): IdxType {
  return {
    bytes,
    read(view, from, count) {
      const data = make(count);
      for (let i = 0; i < count; i++) data[i] = get(view, from + i * bytes);
      return data;
    },
  };
}

async function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  const gzip = new DecompressionStream("gzip");
  try {
    // the copy is for the types' sake: a stream takes no view of shared memory
    const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(gzip);
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    const reason = error instanceof Error && error.message !== "" ? ` (${error.message})` : "";
    throw failure(
      `${bytes.length} bytes begin as gzip but do not unpack${reason}`,
      "They are damaged or cut off: fetch them again.",
    );
  }
}

function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function failure(problem: string, hint: string): XentError {
  return new XentError("IDX", `readIdx: ${problem}`, hint);
}
