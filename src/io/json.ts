// JSON read strictly, a value at a time or as a whole. Not JSON.parse, which takes the last of two equal names, numbers beyond f64 and
// any depth, and has no say of where it stands. What the values mean is known to those who ask for them.

import { show } from "../base/options.ts";
import { isDangerous, LIMITS } from "./limits.ts";

/** Makes the error for a text that is not as it should be. */
export type Failure = (problem: string) => Error;

/**
 * Reads a text of JSON as a whole.
 *
 * @returns what `JSON.parse` gives
 * @throws what `failure` makes: for what is no JSON, a name twice in an object, a name that is dangerous (limits.ts), a number
 *   beyond f64, arrays and objects that stand in each other deeper than 64
 */
export function parseJson(text: string, failure: Failure): unknown {
  const reader = new JsonReader(text, failure);
  const value = reader.value();
  reader.end();
  return value;
}

/** A place in a text, and what can be read there. */
export class JsonReader {
  readonly #text: string;
  readonly #failure: Failure;
  #at = 0;
  #depth = 0;

  constructor(text: string, failure: Failure) {
    this.#text = text;
    this.#failure = failure;
  }

  /** Any value. */
  value(): unknown {
    this.#blanks();
    const next = this.#text[this.#at];
    if (next === '"') return this.string();
    if (next === "[") {
      const list: unknown[] = [];
      this.list(() => {
        list.push(this.value());
      });
      return list;
    }
    if (next === "{") {
      const record: Record<string, unknown> = {};
      this.object((name) => {
        record[name] = this.value();
      });
      return record;
    }
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const number = Number(this.#digits() || Number.NaN);
    if (!Number.isFinite(number)) throw this.unexpected("a value");
    return number;
  }

  /** An object; `member` reads the value that belongs to a name. No name comes twice. */
  object(member: (name: string) => void): void {
    const names = new Set<string>();
    this.#items("{", "}", () => {
      const name = this.string();
      if (names.has(name)) throw this.odd(`${show(name)} comes twice`);
      if (isDangerous(name)) throw this.odd(`${show(name)} is refused as a name`);
      names.add(name);
      this.#expect(":");
      member(name);
    });
  }

  /** An array; `item` reads one of it. */
  list(item: () => void): void {
    this.#items("[", "]", item);
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
    this.#at = to + 1;
    return value as string;
  }

  /** An integer from 0, written as one: no 1.0 and no 1e0. */
  size(): number {
    this.#blanks();
    const from = this.#at;
    const digits = this.#digits();
    const size = Number(digits);
    if (/^\d+$/.test(digits) && Number.isSafeInteger(size)) return size;
    this.#at = from;
    throw this.unexpected("an integer from 0 to 2⁵³ − 1");
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

  odd(problem: string): Error {
    return this.#failure(`character ${this.#at}: ${problem}`);
  }

  #items(open: string, close: string, item: () => void): void {
    this.#expect(open);
    if (++this.#depth > LIMITS.depth) throw this.odd(`it is deeper than ${LIMITS.depth}`);
    this.#blanks();
    if (this.#text[this.#at] !== close) {
      for (;;) {
        item();
        this.#blanks();
        if (this.#text[this.#at] === close) break;
        this.#expect(",");
      }
    }
    this.#depth--;
    this.#at++;
  }

  /** The characters of a number, "" if there is none. */
  #digits(): string {
    NUMBER.lastIndex = this.#at;
    const [digits = ""] = NUMBER.exec(this.#text) ?? [];
    this.#at += digits.length;
    return digits;
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

const WORDS = [
  ["null", null],
  ["true", true],
  ["false", false],
] as const;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The blanks of JSON: space, tab, line feed, carriage return. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
