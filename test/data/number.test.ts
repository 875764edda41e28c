// Decimals against Number(), bit for bit, and against the syntax: random digits, points, signs, exponents and blanks.

import { describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.ts";
import { Decimals } from "../../src/data/number.ts";
import fc from "../support/property.ts";

const decimals = new Decimals(".");
const SYNTAX = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/;
/** What the syntax and Number() say. */
function wanted(text: string): number {
  const value = SYNTAX.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** Texts of `whole` and `parts` digits, drawn by lot. */
function* texts(seed: number, n: number): Generator<string> {
  const random = new Random(seed, 99, 0);
  const digits = (k: number): string => {
    let out = "";
    for (let i = 0; i < k; i++) out += String(random.below(10));
    return out;
  };
  for (let i = 0; i < n; i++) {
    const whole = random.below(12);
    const parts = random.below(14);
    const sign = ["", "", "-", "+"][random.below(4)];
    const point = random.below(5) > 0 || whole === 0 ? `.${digits(parts)}` : "";
    yield `${sign}${digits(whole)}${point}`;
  }
}

describe("numbers in text", () => {
  it("are those of Number(), to the last bit: three million short and long decimals", () => {
    let [short, none] = [0, 0];
    for (const text of texts(1, 3_000_000)) {
      const [got, exact] = [decimals.of(text), wanted(text)];
      if (!Object.is(got, exact)) expect(got, text).toBe(exact);
      if (Number.isNaN(exact)) none++;
      else if (Object.is(decimals.at(text, 0, text.length), exact)) short++;
    }
    // "." and "-." are none
    expect(none).toBeGreaterThan(1000);
    expect(short).toBeGreaterThan(1_000_000);
  });

  it.each([
    ["0", 0],
    ["-0", -0],
    ["-0.00", -0],
    ["+7", 7],
    [".5", 0.5],
    ["5.", 5],
    ["007", 7],
    ["0.000000000000001", 1e-15],
    ["999999999999999", 999999999999999],
    ["9007199254740993", 9007199254740992],
    ["0.1", 0.1],
    ["1e3", 1000],
    ["6.02E+23", 6.02e23],
    ["5e-324", 5e-324],
    ["1e-400", 0],
    ["1.7976931348623157e308", Number.MAX_VALUE],
    [" \t12.5\r", 12.5],
    ["\u00a03\u00a0", 3],
    ["0".repeat(500), 0],
  ])("%j is %d", (text, value) => {
    expect(decimals.of(text)).toBe(value);
  });

  it.each(
    [
      "",
      " ",
      ".",
      "-",
      "+",
      "-.",
      "--1",
      "+-1",
      "1-",
      "1.2.3",
      "1..",
      "1e",
      "1e+",
      "e5",
      "1e5.0",
      "1e999",
    ].concat([
      "0x1f",
      "0b1",
      "1_000",
      "1,5",
      "1 2",
      "Infinity",
      "-Infinity",
      "NaN",
      "nan",
      "١",
      "1n",
      "1f",
      "$1",
      "1%",
    ]),
  )("%j is none", (text) => {
    expect(decimals.of(text)).toBeNaN();
    expect(wanted(text)).toBeNaN();
  });

  it("agree with syntax and Number() on anything that is made of their letters", () => {
    const letters = fc.string({ unit: fc.constantFrom(..."0123456789..--++eE ,x"), maxLength: 24 });
    fc.assert(
      fc.property(letters, (text) => Object.is(decimals.of(text), wanted(text))),
      { numRuns: 100_000 },
    );
  });

  it("may have a comma for a point, and then no point", () => {
    const comma = new Decimals(",");
    expect(comma.of("1,5")).toBe(1.5);
    expect(comma.of("-12345678901234567,25e-3")).toBe(Number("-12345678901234567.25e-3"));
    for (const text of ["1.5", "1.000,5", "1,5,2", ","]) expect(comma.of(text)).toBeNaN();
    for (const text of texts(2, 100_000)) {
      expect(Object.is(comma.of(text.replace(".", ",")), wanted(text)), text).toBe(true);
    }
  });

  it("are read where they stand in a text, up to what is no part of them", () => {
    const text = "a,-12.50,3e5,,7";
    expect([decimals.at(text, 2, 15), decimals.stop]).toEqual([-12.5, 8]);
    // an exponent is left to the whole cell
    expect([decimals.at(text, 9, 15), decimals.stop]).toEqual([3, 10]);
    expect([decimals.at(text, 13, 15), decimals.stop]).toEqual([Number.NaN, 13]);
    expect([decimals.at(text, 14, 15), decimals.stop]).toEqual([7, 15]);
    expect([decimals.at(text, 15, 15), decimals.stop]).toEqual([Number.NaN, 15]);
    expect([decimals.at("123456", 0, 3), decimals.stop]).toEqual([123, 3]);
  });

  it("take time in proportion to the text, whatever stands in it", () => {
    const long = "1".repeat(2 ** 22);
    const time = (text: string): number => {
      const begin = performance.now();
      expect(decimals.of(text)).toBeNaN();
      return performance.now() - begin;
    };
    // a pattern that went back would take hours
    for (const end of ["x", ".x", `.${long}x`, "e", `e${long}x`, ` ${" ".repeat(2 ** 22)}x`]) {
      expect(time(long + end)).toBeLessThan(5000);
    }
  });
});
