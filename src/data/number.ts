// Decimal numbers in text: [+-]digits[.digits][e[+-]digits], exactly as Number() reads them and some times as fast. What Number()
// takes beside them ("", "0x1f", "Infinity") is no number here.

/** Powers of ten that a short decimal is divided by. */
const POWERS = [1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
/** More digits than these may not be an integer below 2⁵³. */
const SHORT = 15;
const [PLUS, MINUS, ZERO] = [43, 45, 48];

/** Reads decimals whose point is one given character. */
export class Decimals {
  /** where the number that `at` has read ends */
  stop = 0;
  readonly #point: string;
  readonly #code: number;

  /** @param point  what stands between the whole and its parts: "." or "," */
  constructor(point: string) {
    this.#point = point;
    this.#code = point.charCodeAt(0) - ZERO;
  }

  /**
   * The number that begins at `from`, if it is as most are: at most 15 digits and no exponent. `stop` is where it ends, at `end` at
   * the latest: whether the cell ends there too is for the caller to see. NaN for all others.
   *
   * Digits as an integer m, k of them behind the point: m < 10¹⁵ and 10ᵏ are both exact in f64, so m / 10ᵏ is rounded once and is
   * the double that is nearest.
   * Source: Clinger, "How to read floating point numbers accurately", PLDI 1990.
   */
  at(text: string, from: number, end: number): number {
    const separator = this.#code;
    let i = from;
    let code = i < end ? text.charCodeAt(i) : ZERO;
    const negative = code === MINUS;
    if (negative || code === PLUS) i++;
    const begin = i;
    let point = -1;
    let m = 0;
    for (; i < end; i++) {
      code = text.charCodeAt(i) - ZERO;
      if (code >= 0 && code <= 9) m = 10 * m + code;
      else if (code === separator && point < 0) point = i;
      else break;
    }
    this.stop = i;
    const digits = point < 0 ? i - begin : i - begin - 1;
    if (digits === 0 || digits > SHORT) return Number.NaN;
    if (point >= 0) m /= POWERS[i - point - 1] as number;
    return negative ? -m : m;
  }

  /** The number that a whole text is, blanks around it aside; NaN where it is none, or none that is finite in f64. */
  of(text: string): number {
    const short = this.at(text, 0, text.length);
    if (this.stop === text.length && !Number.isNaN(short)) return short;
    const bare = text.trim();
    const plain = this.#point === "." ? bare : bare.replace(".", "x").replace(this.#point, ".");
    if (!DECIMAL.test(plain)) return Number.NaN;
    const value = Number(plain);
    return Number.isFinite(value) ? value : Number.NaN;
  }
}

/** No part of it can match where another could, so that it takes time in proportion to the text. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
