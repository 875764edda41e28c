// Named tensors and a map of strings as one run of bytes, in the safetensors format, written as its reference writes it; decode.ts
// reads it. It knows nothing of models, and nothing of files. Source: https://github.com/huggingface/safetensors.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { isDangerous, LIMITS } from "./limits.ts";

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

/** In the order of the reference's enumeration, the widest first: so they follow each other in a file, all of them aligned. */
export const TYPES = {
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
} as const satisfies Readonly<Record<SafeDtype, unknown>>;

/** The element types of the format that are known here. */
export type SafeDtype =
  | "U64"
  | "I64"
  | "F64"
  | "F32"
  | "U32"
  | "I32"
  | "BF16"
  | "F16"
  | "U16"
  | "I16"
  | "I8"
  | "U8"
  | "BOOL";

/** Known element types, the one that comes first in a file first. */
export const DTYPES = Object.keys(TYPES) as SafeDtype[];

/** A tensor as it is written and read. */
export interface SafeTensor {
  readonly dtype: SafeDtype;
  /** one size a dimension, outermost first; `[]` is a single value */
  readonly shape: readonly number[];
  /** row-major, of the array type that belongs to `dtype` */
  readonly data: SafeArray;
}

/** The name whose value in a header is no tensor but a map of strings. */
export const METADATA = "__metadata__";

/**
 * The bytes of a file: the length of the header in 8 bytes, the header in JSON, padded with blanks to a multiple of 8, the
 * data. The same tensors and metadata give the same bytes, in whatever order the tensors come.
 *
 * @param tensors   names and tensors: a `Map`, or `Object.entries` of an object
 * @param metadata  what else the file tells, in the order in which it is given
 * @throws {XentError} `CHECKPOINT` what cannot be written so: a name twice, an array that does not fit its dtype or shape, what is
 *         beyond a limit (limits.ts) or has a name that is refused;
 *         `MEMORY` the host cannot hold the bytes
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: SafeTensor]>,
  metadata: Iterable<readonly [key: string, value: string]> = [],
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors];
  limit("file", "tensors", sorted.length);
  for (const [name, tensor] of sorted) checkTensor(name, tensor);
  sorted.sort(([a, x], [b, y]) => DTYPES.indexOf(x.dtype) - DTYPES.indexOf(y.dtype) || (a < b ? -1 : 1));

  const entries = new Map<string, string>();
  const told = new Map<string, string>();
  for (const [key, value] of metadata) put(told, "metadata", key, quote(`metadata ${show(key)}`, value));
  limit("metadata", "entries", told.size);
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
  limit("file", "header", header);

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
  limit(what, "rank", shape.length);
  if (countable(shape) !== data.length) {
    throw failure(
      `${what}: the data has ${data.length} elements, expected ${countable(shape)} for the shape ${showShape(shape)}`,
      "Give the shape that the data has.",
    );
  }
}

/** How many elements a shape has; NaN where the number, or one on the way to it, is none that f64 counts with. */
export function countable(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return Number.NaN;
  }
  return count;
}

export function isDtype(dtype: unknown): dtype is SafeDtype {
  return typeof dtype === "string" && Object.hasOwn(TYPES, dtype);
}

/** Adds a member whose name is not there yet. */
function put(to: Map<string, string>, what: string, name: string, json: string): void {
  if (name === METADATA && what === "tensor") {
    throw failure(`a tensor is called "${METADATA}", which is the format's own`, "Give it another name.");
  }
  quote(what, name);
  const named = `${what} ${show(name)}`;
  limit(named, "name", name.length);
  if (isDangerous(name)) throw failure(`${named} is refused as a name`, "Give it another name.");
  if (to.has(name)) throw failure(`${named} comes twice`, "Names are unique.");
  to.set(name, json);
}

function limit(what: string, of: keyof typeof LIMITS, is: number): void {
  const most = LIMITS[of];
  if (is > most)
    throw failure(`${what}: its ${of} would be ${is}, at most ${most} can be read again`, "Save less.");
}

function members(of: ReadonlyMap<string, string>): string {
  return Array.from(of, ([name, json]) => `${JSON.stringify(name)}:${json}`).join(",");
}

/** A string in JSON. */
function quote(what: string, text: unknown): string {
  if (isWhole(text)) {
    limit(what, "value", text.length);
    return JSON.stringify(text);
  }
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

export function showShape(shape: unknown): string {
  if (!Array.isArray(shape)) return show(shape);
  return shape.length > 8 ? `[${shape.slice(0, 8).join(", ")}, …]` : `[${shape.map(show).join(", ")}]`;
}

export function failure(problem: string, hint = "The file is damaged: take another copy."): XentError {
  return new XentError("CHECKPOINT", `safetensors: ${problem}`, hint);
}

/** A string that UTF-8 can hold: with the flag u, a surrogate matches only where it is half a pair. */
export function isWhole(text: unknown): text is string {
  return typeof text === "string" && !/[\ud800-\udfff]/u.test(text);
}
