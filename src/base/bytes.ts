// Bytes as users hand them in, as messages show them, and room for more of them.

import type { XentError } from "./errors.ts";
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

/** Memory for `bytes` bytes, all 0, or the failure: the host may refuse it. */
export function reserve(bytes: number, failure: Failure): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    throw failure(
      `the host has no room for ${bytes} bytes`,
      "Take a smaller file, or give the process more memory.",
    );
  }
}

/** "93 4e 55", for messages. */
export function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
