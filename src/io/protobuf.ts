// Protobuf's wire format, as far as it is written here: fields of integers, f32, strings, bytes and messages. It knows no message's
// fields (onnx.ts does) and reads nothing. Source: https://protobuf.dev/programming-guides/encoding/.

import { XentError } from "../base/errors.ts";

/** A field as bytes that still lie apart: large ones are copied once, when all is joined. */
export type Encoded = readonly Uint8Array[];

/** The last two bits of a tag say how long the value is. */
const [VARINT, DELIMITED, FIXED32] = [0, 2, 5];

/** The largest file that protobuf's readers take. */
const MAX_BYTES = 2 ** 31 - 1;

/** An integer from 0 to 2⁵³ − 1, which is the same for all of protobuf's integer types of 64 bits but the zigzag ones. */
export function integer(field: number, value: number): Encoded {
  return [tag(field, VARINT), varint(value)];
}

export function float(field: number, value: number): Encoded {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [tag(field, FIXED32), bytes];
}

export function text(field: number, value: string): Encoded {
  return bytes(field, new TextEncoder().encode(value));
}

/** The bytes are read when all is joined. */
export function bytes(field: number, value: Uint8Array): Encoded {
  return [tag(field, DELIMITED), varint(value.length), value];
}

/** A message of fields in the order in which they are given. */
export function message(field: number, ...fields: readonly Encoded[]): Encoded {
  return [tag(field, DELIMITED), varint(sizeOf(fields)), ...fields.flat()];
}

/**
 * A file: the fields one after another.
 *
 * @param where  the call, for messages
 * @throws {XentError} `EXPORT` it would be larger than protobuf allows; `MEMORY` the host cannot hold it
 */
export function join(where: string, fields: readonly Encoded[]): Uint8Array<ArrayBuffer> {
  const size = sizeOf(fields);
  if (size > MAX_BYTES) {
    throw new XentError(
      "EXPORT",
      `${where}: the file would have ${size} bytes, and protobuf ends at ${MAX_BYTES}`,
      "Save the model with save(), whose format has no such end.",
    );
  }
  const file = allocate(where, size);
  let at = 0;
  for (const piece of fields.flat()) {
    file.set(piece, at);
    at += piece.length;
  }
  return file;
}

function sizeOf(fields: readonly Encoded[]): number {
  let size = 0;
  for (const field of fields) for (const piece of field) size += piece.length;
  return size;
}

function tag(field: number, type: number): Uint8Array {
  return varint(field * 8 + type);
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. Divided, since shifts end at 32 bits. */
function varint(value: number): Uint8Array {
  const digits: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) digits.push((rest % 128) + 128);
  return Uint8Array.of(...digits, rest);
}

function allocate(where: string, size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch {
    const problem = `${where}: the host has no room for the ${size} bytes of the file`;
    throw new XentError("MEMORY", problem, "Dispose of what is not needed any more.");
  }
}
