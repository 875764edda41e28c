// The strict reader of JSON against JSON.parse, over any values and any text; and what it refuses that JSON.parse takes.

import { describe, expect, it } from "vitest";
import { JsonReader, parseJson } from "../../src/io/json.ts";
import fc from "../support/property.ts";

class Refused extends Error {}
const read = (text: string): unknown => parseJson(text, (problem) => new Refused(problem));

/** What JSON.parse gives, or `Refused` in its place. */
function platform(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return Refused;
  }
}
function strict(text: string): unknown {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof Refused) return Refused;
    throw error;
  }
}

const infinite = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? "infinite" : value;

/** Every name of every object in a value. */
function names(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(names)];
}
const innocent = (value: unknown): boolean =>
  names(value).every((name) => name !== "prototype" && !(name in Object.prototype));

describe("what JSON.parse makes of it", () => {
  it("any value, however it is written", () => {
    const value = fc.jsonValue({ noUnicodeString: false, maxDepth: 5 }).filter(innocent);
    fc.assert(
      fc.property(value, fc.constantFrom("", " ", "\n\t"), (any, blanks) => {
        const text = JSON.stringify(any, undefined, blanks);
        expect(read(text)).toEqual(JSON.parse(text));
        expect(read(` \r\n\t${text}\n`)).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it("any text of JSON's own characters: the same value, or both refuse", () => {
    const pieces = fc.array(
      fc.constantFrom(
        ...["{", "}", "[", "]", ",", ":", '"', '"a"', '"b":', "0", "1", "-", ".", "e", "E", "+", "12", "0.5"],
        ...[
          "1e5",
          "-0",
          "true",
          "false",
          "null",
          "nul",
          " ",
          "\n",
          "\\",
          "\\u00e9",
          "\\ud800",
          "é",
          "\u0001",
        ],
        ...["[[]]", '{"a":1}', "007", "\ufeff", "\u2028", "NaN", "Infinity"],
      ),
      { maxLength: 9 },
    );
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(pieces, fc.constantFrom("", "["), (parts, open) => {
        const text = open === "" ? parts.join("") : `[${parts.join("")}]`;
        const mine = strict(text);
        const theirs = platform(text);
        if (mine === Refused) {
          refused++;
          // of such pieces, JSON.parse takes names that come twice and numbers beyond f64
          if (theirs !== Refused && !String(JSON.stringify(theirs, infinite)).includes("infinite"))
            expect(() => read(text)).toThrow("comes twice");
        } else {
          taken++;
          expect(mine).toEqual(theirs);
        }
      }),
      { numRuns: 20_000 },
    );
    expect(taken).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(5000);
  });

  it("−0, the largest and the smallest number, and a long one", () => {
    for (const text of ["-0", "1.7976931348623157e308", "5e-324", `0.${"1".repeat(500)}`, "1E+2", "1e-400"]) {
      expect(Object.is(read(text), JSON.parse(text))).toBe(true);
    }
  });
});

describe("refused, though JSON.parse takes it", () => {
  it.each([
    ["a name twice", '{"a":1,"b":2,"a":1}', 'character 16: "a" comes twice'],
    ["a name twice, once escaped", '{"a":1,"\\u0061":2}', '"a" comes twice'],
    ["a name twice, deep", '[{"x":{"a":1,"a":1}}]', '"a" comes twice'],
    ["__proto__", '{"__proto__":{"polluted":1}}', '"__proto__" is refused as a name'],
    ["__proto__, escaped", '{"\\u005f_proto__":1}', '"__proto__" is refused as a name'],
    ["constructor, deep", '{"a":[{"constructor":1}]}', '"constructor" is refused as a name'],
    ["prototype", '{"prototype":1}', '"prototype" is refused as a name'],
    ["a number beyond f64", "[1e309]", "expected a value"],
    ["depth", `${"[".repeat(65)}${"]".repeat(65)}`, "deeper than 64"],
    ["depth of objects", `${'{"a":'.repeat(65)}0${"}".repeat(65)}`, "deeper than 64"],
    ["a million brackets", "[".repeat(1e6), "deeper than 64"],
  ])("%s", (_, text, problem) => {
    expect(() => read(text)).toThrow(problem);
    expect(() => read(text)).toThrow(Refused);
  });

  it("64 deep is read, and again and again", () => {
    const deep = `${"[".repeat(63)}${"]".repeat(63)}`;
    expect(JSON.stringify(read(`[${deep},${deep},${deep}]`))).toBe(`[${deep},${deep},${deep}]`);
  });
});

it("tells the place, what was expected and what was found", () => {
  expect(() => read('{"a": tru}')).toThrow('character 6: expected a value, found "tru}"');
  expect(() => read("[1 2]")).toThrow('character 3: expected ",", found "2]"');
  expect(() => read("[1] x")).toThrow('character 4: expected the end, found "x"');
  expect(() => read("")).toThrow("character 0: expected a value, found its end");
});

it("sizes are integers that are written as such", () => {
  const size = (text: string) => new JsonReader(text, (problem) => new Refused(problem)).size();
  expect(size(" 9007199254740991")).toBe(Number.MAX_SAFE_INTEGER);
  expect(size("0")).toBe(0);
  for (const text of ["-1", "-0", "1.0", "1e0", "9007199254740992", "", "x", '"1"']) {
    expect(() => size(text), text).toThrow("expected an integer from 0 to 2⁵³ − 1");
  }
});

it("reads megabytes of every kind, for which a time in the square of the length would be minutes", () => {
  const n = 300_000;
  const texts = [
    `[${Array(n).fill('{"a":1.5}').join()}]`,
    `{${Array.from({ length: n }, (_, i) => `"name ${i}":[]`).join()}}`,
    JSON.stringify('\\"é'.repeat(4 * n)),
    `[${" ".repeat(16 * n)}1]`,
    `[0.${"3".repeat(8 * n)}]`,
  ];
  for (const text of texts) expect(JSON.stringify(read(text))).toBe(JSON.stringify(JSON.parse(text)));
});
