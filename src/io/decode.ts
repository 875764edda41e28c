// Reads the safetensors format, without trust: tensors and texts by name. What they mean is not known here.

import { toBytes, typed } from "../base/bytes.ts";
import { show } from "../base/options.ts";
import { type Entry, type Header, parseHeader } from "./header.ts";
import { LIMITS } from "./limits.ts";
import {
  countable,
  DTYPES,
  failure,
  isDtype,
  type SafeArray,
  type SafeTensor,
  showShape,
  TYPES,
} from "./safetensors.ts";

/** What a file holds. */
export interface Safetensors {
  /** by name, in the order of the file */
  readonly tensors: Map<string, SafeTensor>;
  readonly metadata: Map<string, string>;
}

/**
 * Reads a safetensors file, of whatever writer. Whatever the bytes are, this ends, in a time and a memory in proportion to
 * their number.
 *
 * @param bytes  the whole file
 * @returns tensors and metadata. Data that is aligned in `bytes` is a view of them, other data a copy.
 * @throws {XentError} `CHECKPOINT` the bytes are no such file, or not exactly one, or beyond a limit: 100 MB of header, 100,000
 *         tensors, 64 dimensions, names of 1,024 characters, 10,000 entries of metadata of 33,554,432 characters each
 * @category Files
 * @example
 * ```ts
 * import { dense, init, zeros } from "xent";
 * import { readSafetensors } from "xent/data";
 * const xent = await init();
 * const { tensors } = readSafetensors(xent.sequential({ input: 2 }, [dense(1, { init: zeros() })]).save());
 * tensors.get("0.weight"); // → { dtype: "F32", shape: [1, 2], data: [0, 0] }
 * ```
 */
export function decodeSafetensors(bytes: Uint8Array | ArrayBuffer): Safetensors {
  const file = toBytes(bytes, failure);
  const { start, entries, metadata } = headerOf(file, file.length);
  return { tensors: readTensors(file, start, entries), metadata };
}

/**
 * The length of a file by its own header, of which more may have to be inflated: undefined then.
 *
 * @throws {XentError} `CHECKPOINT` so begins no safetensors file
 */
export function claimedLength(prefix: Uint8Array): number | undefined {
  if (prefix.length < 8) return undefined;
  const begin = startOf(prefix);
  if (begin - 8 > LIMITS.gzippedHeader) {
    throw failure(
      `the gzipped file has a header of ${begin - 8} bytes, at most ${LIMITS.gzippedHeader} are unpacked`,
      "Unpack it first.",
    );
  }
  if (prefix.length < begin) return undefined;
  const { start, entries } = headerOf(prefix, Number.POSITIVE_INFINITY);
  let end = 0;
  for (const { offsets } of entries.values()) end = Math.max(end, offsets[1]);
  return start + end;
}

interface Start extends Header {
  /** where the data begins */
  readonly start: number;
}

function headerOf(file: Uint8Array, length: number): Start {
  if (length < 8) {
    throw failure(
      `the file has ${length} bytes, expected at least 8`,
      "It is empty or cut off: take another copy.",
    );
  }
  const start = startOf(file);
  if (start > length) {
    throw failure(
      `the file has ${length} bytes, its header alone takes ${start}`,
      "It is cut off, or no safetensors file.",
    );
  }
  return { start, ...parseHeader(headerText(file.slice(8, start)), failure) };
}

/** By the first 8 bytes. */
function startOf(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length <= LIMITS.header) return 8 + length;
  throw failure(
    `the file begins with ${length} as the length of its header, the format allows ${LIMITS.header}`,
    "It is no safetensors file.",
  );
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
    // exact: a power of 2 times what f64 counts with
    const needed = countable(shape) * Type.BYTES_PER_ELEMENT;
    if (Number.isNaN(needed)) {
      throw failure(`${what}: the shape ${showShape(shape)} has more elements than can be counted`);
    }
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
    const data = typed<SafeArray>(Type, file.subarray(start + begin, start + end));
    tensors.set(name, { dtype, shape, data });
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

function headerText(header: Uint8Array): string {
  try {
    // a byte order mark is left in, for the parser to refuse
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    throw failure("the header is not valid UTF-8", "It is damaged, or no safetensors file.");
  }
}
