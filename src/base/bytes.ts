// Bytes of files: as users hand them in, as messages show them, as the arrays that they hold, and room for more of them. What a file is
// is not known here.

import { XentError } from "./errors.ts";
import { show } from "./options.ts";

/** Makes the error of whoever reads or writes bytes. */
export type Failure = (problem: string, hint: string) => XentError;

/**
 * A Uint8Array over the given bytes; of a Buffer, whose `slice` is another, a plain one.
 *
 * @param failure  the error of whoever reads them
 */
export function toBytes(bytes: unknown, failure: Failure): Uint8Array {
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  throw failure(
    `got ${show(bytes)}, expected a Uint8Array or an ArrayBuffer`,
    "Read the file first: await readFile(path), or await (await fetch(url)).arrayBuffer().",
  );
}

/**
 * Memory for `bytes` bytes, all 0.
 *
 * @throws {XentError} `MEMORY` the host refused it: nothing is wrong with what it was for
 */
export function reserve(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    throw new XentError(
      "MEMORY",
      `the host has no room for ${bytes} bytes`,
      "Take a smaller file, or give the process more memory.",
    );
  }
}

/** A class of typed arrays. */
export interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
}

/** A typed array over bytes, or over a copy of them if they are not aligned. */
export function typed<T>(Type: ArrayType<T>, bytes: Uint8Array): T {
  const size = Type.BYTES_PER_ELEMENT;
  const length = bytes.length / size;
  // the buffer may be shared memory, which typed arrays take just so
  if (bytes.byteOffset % size === 0) return new Type(bytes.buffer as ArrayBuffer, bytes.byteOffset, length);
  const copy = reserve(bytes.length);
  new Uint8Array(copy).set(bytes);
  return new Type(copy, 0, length);
}

/** How many elements a shape has. Beyond 2⁵³ it is rounded, or ∞: no file is so long; and ∞ · 0 would be NaN. */
export function elements(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}

/** "93 4e 55", for messages. */
export function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
