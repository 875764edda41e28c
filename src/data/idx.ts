// IDX, the format of MNIST and its relatives: two zero bytes, a type, the number of dimensions, their sizes
// as 32-bit numbers, the values row-major; everything big-endian. Plain or gzipped. Reading only.
// Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", file formats.

import { elements, hex, reserve, toBytes } from "../base/bytes.ts";
import { XentError } from "../base/errors.ts";
import { gunzip, isGzip } from "../base/gunzip.ts";

/** What an IDX file holds. */
export interface IdxArray {
  /** one size a dimension, outermost first */
  shape: number[];
  /** the values, row-major; as many as the product of the shape */
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

/** Bytes that every file begins with. */
const MAGIC = 4;

/** How the values of a type code are read: a view of the bytes, or a copy in the machine's byte order. */
interface IdxType {
  bytes: number;
  read(view: DataView, from: number, count: number): IdxArray["data"];
}

const TYPES: ReadonlyMap<number, IdxType> = new Map([
  [0x08, { bytes: 1, read: (v, from, n) => new Uint8Array(v.buffer, v.byteOffset + from, n) }],
  [0x09, { bytes: 1, read: (v, from, n) => new Int8Array(v.buffer, v.byteOffset + from, n) }],
  [0x0b, copied(2, Int16Array, (v, at) => v.getInt16(at))],
  [0x0c, copied(4, Int32Array, (v, at) => v.getInt32(at))],
  [0x0d, copied(4, Float32Array, (v, at) => v.getFloat32(at))],
  [0x0e, copied(8, Float64Array, (v, at) => v.getFloat64(at))],
]);

/**
 * Reads an IDX file, plain or gzipped.
 *
 * @param bytes  the whole file
 * @returns shape and values. 8-bit values of a plain file are a view of `bytes`, all others a copy.
 * @throws {XentError} `IDX` if the bytes are no IDX file, or not exactly one
 * @category Files
 * @example
 * ```ts
 * import { readIdx } from "xent/data";
 * // two rows of three bytes, as MNIST's files have them
 * const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 11, 12, 20, 21, 22);
 * await readIdx(bytes); // → { shape: [2, 3], data: [10, 11, 12, 20, 21, 22] }
 * ```
 */
export async function readIdx(bytes: Uint8Array | ArrayBuffer): Promise<IdxArray> {
  const given = toBytes(bytes, failure);
  return parse(isGzip(given) ? await gunzip(given, claimed, failure) : given);
}

/** What the first bytes say of a file. */
interface Layout {
  type: IdxType;
  shape: number[];
  /** where the values begin */
  start: number;
  /** values */
  count: number;
  /** bytes of the whole file */
  total: number;
}

function claimed(bytes: Uint8Array): number | undefined {
  const layout = layoutOf(bytes);
  return typeof layout === "number" ? undefined : layout.total;
}

function parse(bytes: Uint8Array): IdxArray {
  const layout = layoutOf(bytes);
  if (typeof layout === "number") {
    throw failure(
      layout === MAGIC
        ? `the file has ${bytes.length} bytes, expected at least ${MAGIC}`
        : `the file has ${bytes.length} bytes, expected ${layout} for the sizes of ${bytes[3]} dimensions alone`,
      "It is empty or cut off: fetch it again.",
    );
  }
  const { type, shape, start, count, total } = layout;
  if (bytes.length !== total) {
    const less = bytes.length < total;
    throw failure(
      `the file has ${bytes.length} bytes, expected ${total} for the shape [${shape.join(", ")}]`,
      less
        ? "It is cut off: fetch it again."
        : `The last ${bytes.length - total} do not belong to it: fetch it again.`,
    );
  }
  return { shape, data: type.read(new DataView(bytes.buffer, bytes.byteOffset, total), start, count) };
}

/** What the bytes begin with, or how many of them it takes to say so. */
function layoutOf(bytes: Uint8Array): Layout | number {
  if (bytes.length < MAGIC) return MAGIC;
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
  const start = MAGIC + 4 * rank;
  if (bytes.length < start) return start;
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(MAGIC + 4 * i));
  const count = elements(shape);
  return { type, shape, start, count, total: start + count * type.bytes };
}

function copied<T extends Int16Array | Int32Array | Float32Array | Float64Array>(
  bytes: number,
  Type: new (buffer: ArrayBuffer) => T,
  get: (view: DataView, at: number) => number,
): IdxType {
  return {
    bytes,
    read(view, from, count) {
      const data = new Type(reserve(count * bytes));
      for (let i = 0; i < count; i++) data[i] = get(view, from + i * bytes);
      return data;
    },
  };
}

function failure(problem: string, hint: string): XentError {
  return new XentError("IDX", `readIdx: ${problem}`, hint);
}
