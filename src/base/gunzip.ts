// Inflates a gzipped file whose own header says how long it is, with the platform's DecompressionStream: what comes beyond that is
// not waited for. It knows no format.

import { type Failure, reserve } from "./bytes.ts";

/** Whether bytes begin as gzip does (RFC 1952, 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Inflates a gzip file of one member.
 *
 * Deflate makes at most 1032 bytes of one, and engines may inflate a whole piece before any of it is read: so what is held beside the
 * output is 1032 pieces of 16 KiB at most, and the output never more than twice what has arrived.
 *
 * @param bytes    the whole gzip file; they are not changed
 * @param claim    of the inflated bytes so far: how many there are to be in all, as their header says, or undefined while more of the header
 *                 must be seen; it throws where they are no such file. It is called after each piece until it knows
 * @param failure  makes the error of whoever reads the file
 * @returns the inflated file: no longer than was claimed, and perhaps shorter
 * @throws what `failure` makes: the bytes do not inflate, to more than was claimed or to more than 2³² bytes, or something follows them
 */
export async function gunzip(
  bytes: Uint8Array,
  claim: (inflated: Uint8Array) => number | undefined,
  failure: Failure,
): Promise<Uint8Array> {
  const reader = pieces(bytes).pipeThrough(new DecompressionStream("gzip")).getReader();
  let out = new Uint8Array(0);
  let length = 0;
  let whole: number | undefined;
  try {
    for (;;) {
      const { done, value } = await next(reader, bytes.length, failure);
      if (done) break;
      const end = length + value.length;
      if (end > (whole ?? MOST)) throw tooLong(whole, failure);
      if (end > out.length) out = grown(out, length, end, whole);
      out.set(value, length);
      length = end;
      whole ??= claim(out.subarray(0, length));
      if (whole === undefined) continue;
      if (whole > MOST) {
        throw failure(
          `the gzipped file says of itself that it has ${whole} bytes, expected ${MOST} at most`,
          "It is damaged; or unpack it first.",
        );
      }
      if (length > whole) throw tooLong(whole, failure);
    }
  } catch (error) {
    // the stream may have failed already
    await reader.cancel().catch(() => {});
    throw error;
  }
  checkEnd(bytes, length, failure);
  return length === out.length ? out : out.slice(0, length);
}

/** More is refused, whatever a header says. */
const MOST = 2 ** 32;
/** Bytes that are given to the stream at a time. */
const PIECE = 16 * 1024;

function pieces(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      // copies: a stream takes no view of shared memory
      if (at < bytes.length) controller.enqueue(new Uint8Array(bytes.subarray(at, at + PIECE)));
      else controller.close();
      at += PIECE;
    },
  });
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  length: number,
  failure: Failure,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (error) {
    // of the engine's memory, not of the bytes
    if (error instanceof RangeError) throw error;
    const reason = error instanceof Error && error.message !== "" ? ` (${error.message})` : "";
    throw failure(
      `${length} bytes begin as gzip but do not unpack${reason}`,
      "They are damaged or cut off: fetch them again.",
    );
  }
}

/** The bytes so far in an array of twice their length, but no longer than is claimed: nothing is made by a claim alone. */
function grown(
  out: Uint8Array,
  length: number,
  end: number,
  whole: number | undefined,
): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(
    reserve(Math.min(Math.max(end, 2 * out.length), whole ?? Number.POSITIVE_INFINITY)),
  );
  longer.set(out.subarray(0, length));
  return longer;
}

/**
 * A member ends with its length mod 2³² (RFC 1952, 2.3.1). Streams differ in what they make of bytes behind it, and of another
 * member there: here neither is taken, on any engine.
 */
function checkEnd(bytes: Uint8Array, length: number, failure: Failure): void {
  const told = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
  if (told === length % 2 ** 32) return;
  throw failure(
    `the gzip file does not end where its content does: that has ${length} bytes, the last word of the file says ${told}`,
    "It is followed by other bytes, or made of several files: unpack it first, or fetch it again.",
  );
}

function tooLong(whole: number | undefined, failure: Failure): Error {
  return whole === undefined
    ? failure(`the gzipped file has more than ${MOST} bytes`, "It is damaged; or unpack it first.")
    : failure(
        `the gzipped file goes on behind the ${whole} bytes that its own header tells of`,
        "It is damaged, or something follows it: fetch it again.",
      );
}
