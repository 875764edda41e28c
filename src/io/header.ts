// The header of a safetensors file: JSON of one fixed form, read strictly. Not JSON.parse, which takes the last of two equal
// names, fractions for sizes, and any depth. Offsets and sizes are whole numbers here; whether they fit the file is not asked.

import { show } from "../base/options.ts";
import { isWhole } from "./safetensors.ts";

/** What the header says of a tensor. */
export interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offsets: readonly [begin: number, end: number];
}

export interface Header {
  readonly entries: Map<string, Entry>;
  readonly metadata: Map<string, string>;
}

type Failure = (problem: string, hint: string) => Error;

/**
 * Reads `{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}`. Fields come in any order.
 *
 * @param text      the header, and blanks behind it
 * @param metadata  the name whose value is no tensor but a map of strings
 * @param failure   makes the error for something that is not so
 */
export function parseHeader(text: string, metadata: string, failure: Failure): Header {
  const reader = new Reader(text, failure);
  const header: Header = { entries: new Map(), metadata: new Map() };
  // the reference takes blanks before it, its description of the format does not
  if (!text.startsWith("{")) throw reader.unexpected('"{"');
  let told = false;
  reader.object((name) => {
    if (name === metadata) {
      if (told) throw reader.twice(name);
      told = true;
      reader.object((key) => {
        if (header.metadata.has(key)) throw reader.twice(key);
        header.metadata.set(key, reader.string());
      });
    } else {
      if (header.entries.has(name)) throw reader.twice(name);
      header.entries.set(name, entry(reader, name));
    }
  });
  reader.end();
  return header;
}

function entry(reader: Reader, name: string): Entry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  reader.object((field) => {
    if (field === "dtype" && dtype === undefined) dtype = reader.string();
    else if (field === "shape" && shape === undefined) shape = reader.sizes();
    else if (field === "data_offsets" && offsets === undefined) offsets = reader.sizes();
    else
      throw reader.odd(
        `tensor ${show(name)} has ${show(field)}, expected dtype, shape and data_offsets once`,
      );
  });
  const [begin, end, ...more] = offsets ?? [];
  if (!dtype || !shape || begin === undefined || end === undefined || more.length > 0) {
    throw reader.odd(`tensor ${show(name)} must have a dtype, a shape and two data_offsets`);
  }
  return { dtype, shape, offsets: [begin, end] };
}

/** A place in the text, and what can be read there. */
class Reader {
  readonly #text: string;
  readonly #failure: Failure;
  #at = 0;

  constructor(text: string, failure: Failure) {
    this.#text = text;
    this.#failure = failure;
  }

  /** An object; `member` reads the value that belongs to a name. */
  object(member: (name: string) => void): void {
    this.#list("{", "}", () => {
      const name = this.string();
      this.#expect(":");
      member(name);
    });
  }

  /** An array of integers from 0. */
  sizes(): number[] {
    const sizes: number[] = [];
    this.#list("[", "]", () => {
      sizes.push(this.#size());
    });
    return sizes;
  }

  string(): string {
    this.#blanks();
    const from = this.#at;
    if (this.#text[from] !== '"') throw this.unexpected("a string");
    let to = from + 1;
    while (to < this.#text.length && this.#text[to] !== '"') to += this.#text[to] === "\\" ? 2 : 1;
    let value: unknown;
    try {
      value = JSON.parse(this.#text.slice(from, to + 1));
    } catch {
      throw this.unexpected("a whole string of JSON");
    }
    if (!isWhole(value)) throw this.unexpected("a string of whole characters");
    this.#at = to + 1;
    return value;
  }

  /** Nothing but blanks is left. */
  end(): void {
    this.#blanks();
    if (this.#at < this.#text.length) throw this.unexpected("the end");
  }

  unexpected(what: string): Error {
    const found = this.#at < this.#text.length ? show(this.#text.slice(this.#at, this.#at + 20)) : "its end";
    return this.odd(`expected ${what}, found ${found}`);
  }

  twice(name: string): Error {
    return this.odd(`${show(name)} comes twice`);
  }

  odd(problem: string): Error {
    return this.#failure(
      `header, character ${this.#at}: ${problem}`,
      "The file is damaged, or no safetensors file.",
    );
  }

  #list(open: string, close: string, item: () => void): void {
    this.#expect(open);
    this.#blanks();
    if (this.#text[this.#at] === close) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      this.#blanks();
      if (this.#text[this.#at] === close) break;
      this.#expect(",");
    }
    this.#at++;
  }

  #size(): number {
    this.#blanks();
    const from = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at++;
    const digits = this.#text.slice(from, this.#at);
    const size = Number(digits);
    // no 007; and a fraction or an exponent is found to be no comma by whoever reads on
    if (digits === "" || (digits[0] === "0" && digits !== "0") || !Number.isSafeInteger(size)) {
      this.#at = from;
      throw this.unexpected("an integer from 0 to 2⁵³ − 1");
    }
    return size;
  }

  #expect(character: string): void {
    this.#blanks();
    if (this.#text[this.#at] !== character) throw this.unexpected(`"${character}"`);
    this.#at++;
  }

  #blanks(): void {
    while (isBlank(this.#text.charCodeAt(this.#at))) this.#at++;
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** The blanks of JSON: space, tab, line feed, carriage return. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
