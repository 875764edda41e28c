// Named tensors and a map of strings as one run of bytes, in the safetensors format: written as its reference writes it, read
// without trust. It knows nothing of models, and nothing of files. Source: https://github.com/huggingface/safetensors.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { type Entry, isWhole, parseHeader } from "./header.ts";

/** The values of a tensor. `F16` and `BF16` are kept as their 16 bits, `BOOL` as bytes. */
export type SafeArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

interface ArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): SafeArray;
}

/** In the order of the reference's enumeration, the widest first: so they follow each other in a file, all of them aligned. */
const TYPES = {
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  U32: Uint32Array,
  I32: Int32Array,
  BF16: Uint16Array,
  F16: Uint16Array,
  U16: Uint16Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** The element types of the format that are known here. */
export type SafeDtype = keyof typeof TYPES;

/** Known element types, the one that comes first in a file first. */
const DTYPES = Object.keys(TYPES) as SafeDtype[];

/** A tensor as it is written and read. */
export interface SafeTensor {
  readonly dtype: SafeDtype;
  /** one size a dimension, outermost first; `[]` is a single value */
  readonly shape: readonly number[];
  /** row-major, of the array type that belongs to `dtype` */
  readonly data: SafeArray;
}

/** What a file holds. */
export interface Safetensors {
  /** by name, in the order of the file */
  readonly tensors: Map<string, SafeTensor>;
  readonly metadata: Map<string, string>;
}

/** The reference's limit: what is larger is refused before it is looked at. */
const MAX_HEADER = 100_000_000;
const METADATA = "__metadata__";

/**
 * The bytes of a file: the length of the header in 8 bytes, the header in JSON, padded with blanks to a multiple of 8, the
 * data. The same tensors and metadata give the same bytes, in whatever order the tensors come.
 *
 * @param tensors   names and tensors: a `Map`, or `Object.entries` of an object
 * @param metadata  what else the file tells, in the order in which it is given
 * @throws {XentError} `CHECKPOINT` what cannot be written so: a name twice, an array that does not fit its dtype or shape;
 *         `MEMORY` the host cannot hold the bytes
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: SafeTensor]>,
  metadata: Iterable<readonly [key: string, value: string]> = [],
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors];
  for (const [name, tensor] of sorted) checkTensor(name, tensor);
  sorted.sort(([a, x], [b, y]) => DTYPES.indexOf(x.dtype) - DTYPES.indexOf(y.dtype) || (a < b ? -1 : 1));

  const entries = new Map<string, string>();
  const told = new Map<string, string>();
  for (const [key, value] of metadata) put(told, "metadata", key, quote(`metadata ${show(key)}`, value));
  if (told.size > 0) entries.set(METADATA, `{${members(told)}}`);
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    const begin = end;
    end += data.byteLength;
    const entry = `{"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[${begin},${end}]}`;
    put(entries, "tensor", name, entry);
  }
  const json = new TextEncoder().encode(`{${members(entries)}}`);
  const header = Math.ceil(json.length / 8) * 8;
  if (header > MAX_HEADER) {
    throw failure(
      `the header would have ${header} bytes, the format allows ${MAX_HEADER}`,
      "Save fewer tensors, or less metadata.",
    );
  }

  const bytes = allocate(8 + header + end);
  new DataView(bytes.buffer).setUint32(0, header, true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + header);
  let at = 8 + header;
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads what {@link encodeSafetensors}, or any other writer of the format, has made. Whatever the bytes are, this ends, in a
 * time and a memory in proportion to their number.
 *
 * @param bytes  the whole file
 * @returns tensors and metadata. Data that is aligned in `bytes` is a view of them, other data a copy.
 * @throws {XentError} `CHECKPOINT` the bytes are no such file, or not exactly one
 */
export function decodeSafetensors(bytes: Uint8Array | ArrayBuffer): Safetensors {
  const file = toBytes(bytes);
  if (file.length < 8) {
    throw failure(
      `the file has ${file.length} bytes, expected at least 8`,
      "It is empty or cut off: take another copy.",
    );
  }
  const view = new DataView(file.buffer, file.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAX_HEADER) {
    throw failure(
      `the file begins with ${length} as the length of its header, the format allows ${MAX_HEADER}`,
      "It is no safetensors file.",
    );
  }
  const start = 8 + length;
  if (start > file.length) {
    throw failure(
      `the file has ${file.length} bytes, its header alone takes ${start}`,
      "It is cut off, or no safetensors file.",
    );
  }
  const { entries, metadata } = parseHeader(headerText(file.slice(8, start)), METADATA, failure);
  return { tensors: readTensors(file, start, entries), metadata };
}

/** Tensors in the order of their data, which must lie end to end from `start` to the last byte. */
function readTensors(
  file: Uint8Array,
  start: number,
  entries: ReadonlyMap<string, Entry>,
): Map<string, SafeTensor> {
  const tensors = new Map<string, SafeTensor>();
  const sorted = [...entries].sort(([, { offsets: a }], [, { offsets: b }]) => a[0] - b[0] || a[1] - b[1]);
  let expected = 0;
  for (const [name, { dtype, shape, offsets }] of sorted) {
    const what = `tensor ${show(name)}`;
    if (!isDtype(dtype)) {
      throw failure(
        `${what}: the dtype is ${show(dtype)}, known are ${DTYPES.join(", ")}`,
        "Convert it to one of these before it is saved.",
      );
    }
    const [begin, end] = offsets;
    if (begin !== expected || end < begin) {
      throw failure(
        `${what}: its data is from ${begin} to ${end}, expected to begin at ${expected}, where the data before it ends`,
      );
    }
    const Type = TYPES[dtype];
    const needed = elements(shape) * Type.BYTES_PER_ELEMENT;
    if (needed !== end - begin) {
      throw failure(
        `${what}: its data has ${end - begin} bytes, expected ${needed} for ${dtype} of shape ${showShape(shape)}`,
      );
    }
    if (end > file.length - start) {
      throw failure(
        `${what}: its data ends at byte ${start + end} of ${file.length}`,
        "The file is cut off: take another copy.",
      );
    }
    tensors.set(name, { dtype, shape, data: arrayAt(Type, file, start + begin, end - begin) });
    expected = end;
  }
  const rest = file.length - start - expected;
  if (rest > 0) {
    throw failure(
      `the data of its tensors ends ${rest} bytes before the file`,
      "These bytes belong to nothing: the file is damaged, or followed by another.",
    );
  }
  return tensors;
}

/** A typed array over some bytes of the file, or over a copy of them if they are not aligned. */
function arrayAt(Type: ArrayType, file: Uint8Array, from: number, bytes: number): SafeArray {
  const size = Type.BYTES_PER_ELEMENT;
  const at = file.byteOffset + from;
  // the buffer may be shared memory, which typed arrays take just so
  if (at % size === 0) return new Type(file.buffer as ArrayBuffer, at, bytes / size);
  return new Type(file.slice(from, from + bytes).buffer as ArrayBuffer, 0, bytes / size);
}

function headerText(header: Uint8Array): string {
  try {
    // a byte order mark is left in, for the parser to refuse
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    throw failure("the header is not valid UTF-8", "It is damaged, or no safetensors file.");
  }
}

/** A Uint8Array over the given bytes; of a Buffer, whose `slice` is another, a plain one. */
function toBytes(bytes: unknown): Uint8Array {
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  throw failure(
    `got ${show(bytes)}, expected a Uint8Array or an ArrayBuffer`,
    "Read the file first: await readFile(path), or await (await fetch(url)).arrayBuffer().",
  );
}

function checkTensor(name: string, { dtype, shape, data }: SafeTensor): void {
  const what = `tensor ${show(name)}`;
  if (!isDtype(dtype)) {
    throw failure(`${what}: the dtype is ${show(dtype)}`, `Known: ${DTYPES.join(", ")}.`);
  }
  const Type = TYPES[dtype];
  if (!(data instanceof Type)) {
    throw failure(`${what}: the data is ${show(data)}`, `${dtype} is written from a ${Type.name}.`);
  }
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw failure(`${what}: the shape is ${showShape(shape)}`, "Its sizes are integers from 0.");
  }
  if (elements(shape) !== data.length) {
    throw failure(
      `${what}: the data has ${data.length} elements, expected ${elements(shape)} for the shape ${showShape(shape)}`,
      "Give the shape that the data has.",
    );
  }
}

/** How many elements a shape has; NaN where the number, or one on the way to it, is none that f64 counts with. */
function elements(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return Number.NaN;
  }
  return count;
}

function isDtype(dtype: unknown): dtype is SafeDtype {
  return typeof dtype === "string" && Object.hasOwn(TYPES, dtype);
}

/** Adds a member whose name is not there yet. */
function put(to: Map<string, string>, what: string, name: string, json: string): void {
  if (name === METADATA && what === "tensor") {
    throw failure(`a tensor is called "${METADATA}", which is the format's own`, "Give it another name.");
  }
  quote(what, name);
  if (to.has(name)) throw failure(`${what} ${show(name)} comes twice`, "Names are unique.");
  to.set(name, json);
}

function members(of: ReadonlyMap<string, string>): string {
  return Array.from(of, ([name, json]) => `${JSON.stringify(name)}:${json}`).join(",");
}

/** A string in JSON. */
function quote(what: string, text: unknown): string {
  if (isWhole(text)) return JSON.stringify(text);
  throw failure(`${what} is ${show(text)}, expected a string of whole characters`, "Convert it before.");
}

function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch {
    throw new XentError(
      "MEMORY",
      `safetensors: the host has no room for the ${bytes} bytes of the file`,
      "Save fewer or smaller tensors.",
    );
  }
}

function showShape(shape: unknown): string {
  if (!Array.isArray(shape)) return show(shape);
  return shape.length > 8 ? `[${shape.slice(0, 8).join(", ")}, …]` : `[${shape.map(show).join(", ")}]`;
}

function failure(problem: string, hint = "The file is damaged: take another copy."): XentError {
  return new XentError("CHECKPOINT", `safetensors: ${problem}`, hint);
}
