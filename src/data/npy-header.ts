// The header of a .npy file: a dict as Python writes it, `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, read
// strictly, which is to say nothing else that Python would take. Source: numpy.lib.format of NumPy.

import type { Failure } from "../base/bytes.ts";
import { show } from "../base/options.ts";

/** Element types, by NumPy's names. */
export type NpyDtype =
  | "bool"
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64"
  | "float16"
  | "float32"
  | "float64";

/** What follows the byte order in `descr`: kind, and bytes of an element. */
export const DTYPES: ReadonlyMap<string, NpyDtype> = new Map([
  ["b1", "bool"],
  ["u1", "uint8"],
  ["i1", "int8"],
  ["u2", "uint16"],
  ["i2", "int16"],
  ["u4", "uint32"],
  ["i4", "int32"],
  ["u8", "uint64"],
  ["i8", "int64"],
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
]);

/** As many as NumPy 2 has; NumPy 1 had 32. */
export const MOST_DIMENSIONS = 64;

/** What a header says. */
export interface NpyHeader {
  readonly dtype: NpyDtype;
  /** bytes of an element */
  readonly size: number;
  /** the first byte of an element is its most significant */
  readonly bigEndian: boolean;
  /** the first index runs fastest */
  readonly fortran: boolean;
  readonly shape: number[];
}

/**
 * @param text     the dict, with blanks around it
 * @param failure  makes the error for something that is not so
 */
export function parseHeader(text: string, failure: Failure): NpyHeader {
  const reader = new Reader(text, failure);
  let descr: string | undefined;
  let fortran: boolean | undefined;
  let shape: number[] | undefined;
  reader.list("{", "}", () => {
    const key = reader.string("a key in quotes");
    reader.expect(":");
    if (key === "descr" && descr === undefined) descr = reader.descr();
    else if (key === "fortran_order" && fortran === undefined) fortran = reader.flag();
    else if (key === "shape" && shape === undefined) shape = reader.shape();
    else throw reader.odd(`the key ${show(key)}, expected descr, fortran_order and shape once each`);
  });
  reader.end();
  if (descr === undefined || fortran === undefined || shape === undefined) {
    const missing = descr === undefined ? "descr" : fortran === undefined ? "fortran_order" : "shape";
    throw reader.odd(`no ${missing}, expected descr, fortran_order and shape`);
  }
  return { ...typeOf(descr, failure), fortran, shape };
}

/** The header that NumPy writes, with its blanks for a first size that may grow to 21 digits, so that bytes are the same. */
export function formatHeader(dtype: NpyDtype, shape: readonly number[]): string {
  const [code = ""] = [...DTYPES].find(([, name]) => name === dtype) ?? [];
  const descr = `${code.endsWith("1") ? "|" : "<"}${code}`;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const growth = shape.length === 0 ? 0 : 21 - String(shape[0]).length;
  return `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }${" ".repeat(growth)}`;
}

function typeOf(descr: string, failure: Failure): Pick<NpyHeader, "dtype" | "size" | "bigEndian"> {
  const [order, code] = [descr.slice(0, 1), descr.slice(1)];
  const dtype = DTYPES.get(code);
  const size = Number(code.slice(1));
  // a byte has no order, and all else has one; `=` is that of the machine that reads
  const orders = size === 1 ? "|" : "<>=";
  if (dtype === undefined || order === "" || !orders.includes(order)) {
    const known = [...DTYPES.keys()].map((each) => (each.endsWith("1") ? `|${each}` : `<${each}`));
    throw failure(
      `the dtype is ${show(descr)}, expected one of ${known.join(", ")}, or > for <`,
      HINTS[code.slice(0, 1)] ?? "Convert it before it is saved: array.astype(numpy.float32).",
    );
  }
  return { dtype, size, bigEndian: order === ">" };
}

const STRUCTURED = "Save each field as an array of its own.";

/** What to do about kinds of dtypes that are not read. */
const HINTS: Readonly<Record<string, string>> = {
  O: "Objects are pickled, which only Python reads: save an array of numbers.",
  U: "Number the texts before they are saved: numpy.unique(array, return_inverse=True).",
  S: "Number the texts before they are saved: numpy.unique(array, return_inverse=True).",
  V: STRUCTURED,
  c: "Save real and imaginary parts as two arrays.",
  M: "Convert times before they are saved: array.astype('datetime64[s]').astype(numpy.int64).",
  m: "Convert times before they are saved: array.astype('timedelta64[s]').astype(numpy.int64).",
};

/** A place in the text, and what can be read there. */
class Reader {
  readonly #text: string;
  readonly #failure: Failure;
  #at = 0;

  constructor(text: string, failure: Failure) {
    this.#text = text;
    this.#failure = failure;
  }

  /** Items between brackets, commas between them and perhaps behind the last; gives how many, and whether the last has a comma. */
  list(open: string, close: string, item: () => void): { items: number; comma: boolean } {
    this.expect(open);
    let [items, comma] = [0, true];
    for (;;) {
      this.#blanks();
      if (this.#text[this.#at] === close) break;
      if (!comma) throw this.#unexpected(`"," or "${close}"`);
      item();
      items++;
      this.#blanks();
      comma = this.#text[this.#at] === ",";
      if (comma) this.#at++;
    }
    this.#at++;
    return { items, comma };
  }

  /** Without escapes: no key or type that is known here needs one. */
  string(what: string): string {
    this.#blanks();
    const quote = this.#text[this.#at];
    const end = quote === "'" || quote === '"' ? this.#text.indexOf(quote, this.#at + 1) : -1;
    const value = this.#text.slice(this.#at + 1, end);
    if (end < 0 || /[\\\n\r]/.test(value)) throw this.#unexpected(what);
    this.#at = end + 1;
    return value;
  }

  descr(): string {
    this.#blanks();
    if (this.#text[this.#at] !== "[") return this.string("a dtype in quotes");
    throw this.#failure("the dtype is a list of fields, expected one for all values", STRUCTURED);
  }

  flag(): boolean {
    this.#blanks();
    for (const [word, value] of [
      ["True", true],
      ["False", false],
    ] as const) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    throw this.#unexpected("True or False");
  }

  /** A tuple of integers from 0. */
  shape(): number[] {
    const sizes: number[] = [];
    const { items, comma } = this.list("(", ")", () => {
      if (sizes.length === MOST_DIMENSIONS)
        throw this.odd(`more than ${MOST_DIMENSIONS} dimensions, expected at most as many as NumPy has`);
      sizes.push(this.#size());
    });
    // (3) is a number to Python, and (,) nothing at all
    if (items === 1 && !comma) throw this.odd("a shape of one number without a comma, expected (n,)");
    return sizes;
  }

  #size(): number {
    this.#blanks();
    const digits = /^(?:0|[1-9]\d{0,15})/.exec(this.#text.slice(this.#at, this.#at + 16))?.[0] ?? "";
    const size = Number(digits);
    if (digits === "" || !Number.isSafeInteger(size)) throw this.#unexpected("an integer from 0 to 2⁵³ − 1");
    this.#at += digits.length;
    // Python 2 wrote some of them as 3L
    if (this.#text[this.#at] === "L") this.#at++;
    return size;
  }

  expect(character: string): void {
    this.#blanks();
    if (this.#text[this.#at] !== character) throw this.#unexpected(`"${character}"`);
    this.#at++;
  }

  /** Nothing but blanks is left. */
  end(): void {
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#unexpected("the end");
  }

  odd(problem: string): Error {
    return this.#failure(
      `header, character ${this.#at}: ${problem}`,
      "The file is damaged, or was not written by NumPy.",
    );
  }

  #unexpected(what: string): Error {
    const found = this.#at < this.#text.length ? show(this.#text.slice(this.#at, this.#at + 20)) : "its end";
    return this.odd(`expected ${what}, found ${found}`);
  }

  #blanks(): void {
    while (" \t\n".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }
}
