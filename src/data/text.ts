// Text that comes in pieces from wherever it may come: a string, bytes, streams, files of a page, answers of a server. Bytes are
// UTF-8. What stands in the text is not known here.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { BlobLike, ReadableStreamLike } from "../base/platform.ts";

/** A `Response` whose body is read as it comes. */
export interface StreamedResponseLike {
  readonly url: string;
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly body: ReadableStreamLike | null;
}

/**
 * Where text comes from: the text itself; its bytes, which are UTF-8; pieces of either, one after another, as Node's streams, a
 * `ReadableStream` or a generator give them; a `Blob` or `File`; a `Response`.
 */
export type TextSource =
  | string
  | Uint8Array
  | ArrayBuffer
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | ReadableStreamLike
  | BlobLike
  | StreamedResponseLike;

/** Characters or bytes of a piece: the parser is fastest with 64 Ki (1 Mi takes half as long again; Node 20). */
export const PIECE = 65536;
/** What is read of text in memory between two turns of the event loop: some 50 ms of work. */
const TURN = 2 ** 22;

/**
 * The text, in pieces of at most {@link PIECE} characters; a byte-order mark at its beginning is left out.
 *
 * @throws {XentError} `CSV` bytes that are no UTF-8; `OPTION` what no text comes from; `FILE` a response that is an error. What the
 *   source throws, it throws.
 */
export async function* textOf(where: string, source: TextSource): AsyncGenerator<string> {
  const decoder = new Utf8(where);
  let first = true;
  for await (const piece of piecesOf(where, source)) {
    const text = typeof piece === "string" ? piece : decoder.decode(piece);
    if (text === "") continue;
    yield first && text.startsWith("\ufeff") ? text.slice(1) : text;
    first = false;
  }
  decoder.end();
}

async function* piecesOf(where: string, source: unknown): AsyncGenerator<string | Uint8Array> {
  if (typeof source === "string" || source instanceof Uint8Array || source instanceof ArrayBuffer) {
    for (let at = 0; at < lengthOf(source); at += TURN) {
      if (at > 0) await new Promise((resolve) => setTimeout(resolve));
      yield* cut(where, source, at, at + TURN);
    }
    return;
  }
  for await (const part of partsOf(where, source)) yield* cut(where, part, 0, Number.POSITIVE_INFINITY);
}

/** Parts as the source gives them. */
function partsOf(where: string, source: unknown): AsyncIterable<unknown> | Iterable<unknown> {
  const given = Object(source) as Partial<
    StreamedResponseLike & BlobLike & ReadableStreamLike & AsyncIterable<unknown> & Iterable<unknown>
  >;
  if (given.body !== undefined && given.ok !== undefined) {
    if (given.ok) return given.body === null ? [] : partsOf(where, given.body);
    const { url, status, statusText } = given;
    throw new XentError(
      "FILE",
      `${where}: ${url || "the response"} was answered with ${status} ${statusText}`.trimEnd(),
      "See that the file is served there.",
    );
  }
  if (typeof given.stream === "function") return partsOf(where, given.stream());
  if (typeof given.getReader === "function") return read(given as ReadableStreamLike);
  if (typeof given[Symbol.asyncIterator] === "function") return given as AsyncIterable<unknown>;
  if (typeof given[Symbol.iterator] === "function") return given as Iterable<unknown>;
  throw notText(where, source);
}

/** Not every browser's streams can be iterated over. */
async function* read(stream: ReadableStreamLike): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  let done = false;
  try {
    for (;;) {
      const next = await reader.read();
      done = next.done;
      if (done) return;
      yield next.value;
    }
  } finally {
    // whoever reads no more wants no more
    if (!done) await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

function* cut(where: string, part: unknown, from: number, to: number): Generator<string | Uint8Array> {
  if (!(typeof part === "string" || part instanceof Uint8Array || part instanceof ArrayBuffer)) {
    throw notText(where, part);
  }
  const whole = part instanceof ArrayBuffer ? new Uint8Array(part) : part;
  const end = Math.min(to, whole.length);
  for (let at = from; at < end; at += PIECE) {
    const stop = Math.min(end, at + PIECE);
    yield typeof whole === "string" ? whole.slice(at, stop) : whole.subarray(at, stop);
  }
}

function lengthOf(source: string | Uint8Array | ArrayBuffer): number {
  return source instanceof ArrayBuffer ? source.byteLength : source.length;
}

/** Decodes bytes that come in pieces. A decoder that is told of more to come is several times slower in Node. */
class Utf8 {
  readonly #where: string;
  /** fatal: bytes that are no UTF-8 would become U+FFFD without a word */
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** the beginning of a character whose end is still to come */
  #rest = new Uint8Array(0);
  #read = 0;

  constructor(where: string) {
    this.#where = where;
  }

  decode(bytes: Uint8Array): string {
    let whole = bytes;
    if (this.#rest.length > 0) {
      whole = new Uint8Array(this.#rest.length + bytes.length);
      whole.set(this.#rest);
      whole.set(bytes, this.#rest.length);
    }
    const end = whole.length - unfinished(whole);
    this.#rest = whole.slice(end);
    return this.#text(whole.subarray(0, end));
  }

  end(): void {
    this.#text(this.#rest);
  }

  #text(bytes: Uint8Array): string {
    try {
      const text = this.#decoder.decode(bytes);
      this.#read += bytes.length;
      return text;
    } catch {
      const { begins, hint } = this.#read === 0 ? judge(bytes) : OTHER;
      throw new XentError(
        "CSV",
        `${this.#where}: after byte ${this.#read} there are bytes that are no UTF-8${begins}`,
        hint,
      );
    }
  }
}

const OTHER = {
  begins: "",
  hint: 'Save the file as UTF-8, or decode it: new TextDecoder("windows-1252").decode(bytes).',
};

/** What a file is that begins with bytes which are no UTF-8. */
function judge(bytes: Uint8Array): { begins: string; hint: string } {
  const [a, b] = bytes;
  if (a === 0x1f && b === 0x8b) {
    return {
      begins: ": it begins as gzip",
      hint: 'Unpack it: pass blob.stream().pipeThrough(new DecompressionStream("gzip")).',
    };
  }
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    const name = a === 0xff ? "utf-16le" : "utf-16be";
    return {
      begins: ": it begins as UTF-16",
      hint: `Save the file as UTF-8, or decode it: new TextDecoder("${name}").decode(bytes).`,
    };
  }
  return OTHER;
}

/** How many bytes at the end begin a character that is not whole: 110xxxxx has one byte behind it, 1110xxxx two, 11110xxx three. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? back : 0;
  }
  return 0;
}

function notText(where: string, value: unknown): XentError {
  return new XentError(
    "OPTION",
    `${where}: got ${show(value)}, expected text, bytes, or what gives pieces of them`,
    "Pass a string, a Uint8Array, a stream, a File or a Response: await fetch(url).",
  );
}
