// Bytes as users hand them in.

import type { XentError } from "./errors.ts";
import { show } from "./options.ts";

/**
 * A Uint8Array over the given bytes; of a Buffer, whose `slice` is another, a plain one.
 *
 * @param failure  the error of whoever reads them
 */
export function toBytes(bytes: unknown, failure: (problem: string, hint: string) => XentError): Uint8Array {
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  throw failure(
    `got ${show(bytes)}, expected a Uint8Array or an ArrayBuffer`,
    "Read the file first: await readFile(path), or await (await fetch(url)).arrayBuffer().",
  );
}
