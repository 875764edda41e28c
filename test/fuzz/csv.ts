// Fuzz target: CSV texts put together from their parts, read by readCsv; what is accepted is read once more in small pieces, and must
// be the same.

import fc from "fast-check";
import { csvTables } from "../../src/data/csv.ts";
import { checkCsv } from "../../src/data/csv-options.ts";
import { joinTables } from "../../src/data/table.ts";
import { readCsv, type Table } from "../../src/data.ts";
import { most, stagesPassed, type Target } from "./harness.ts";
import { damaged, rarely } from "./inputs.ts";

const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom("1.50", "-.5", "+3.", "0.1", "1e400", "", "NA"),
);
const word = fc.constantFrom(
  "red",
  "blue",
  " green ",
  '"a,b"',
  '"say ""hi"""',
  '"two\nlines"',
  "é😀",
  "__proto__",
  "?",
);
const odd = fc.constantFrom(
  '"',
  '"x"y',
  '"never closed',
  "a,b",
  "\r",
  "0x1f",
  "Infinity",
  '""""',
  "\0",
  "\ufeff",
);

const texts = fc
  .record({
    types: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
    names: rarely(fc.constant(0), fc.integer({ min: 1, max: 3 })),
    delimiter: rarely(fc.constantFrom(",", ";", "\t"), fc.constantFrom(" ", ":")),
    newline: rarely(fc.constantFrom("\n", "\r\n", "\r"), fc.constantFrom("", "\n\n", "\n\r")),
    last: fc.boolean(),
    rows: fc.nat(30),
    seed: fc.array(fc.tuple(number, word), { minLength: 7, maxLength: 40 }),
    fault: rarely(fc.constant(undefined), odd),
    // a sample of a thousand rows is over, and a later cell of another type
    repeat: rarely(fc.constant(1), fc.constantFrom(60, 400)),
    late: rarely(fc.constant(""), odd),
  })
  .map(({ types, names, delimiter, newline, last, rows, seed, fault, repeat, late }) => {
    let next = 0;
    const cell = (isNumber: boolean): string => {
      const [digits, letters] = seed[next++ % seed.length] as [string, string];
      // a number that has the delimiter in it is none here
      return isNumber ? digits : letters.replace(",", delimiter);
    };
    const head = types.map((_, i) => (names === 1 ? "a" : names === 2 ? "" : `c${i}`));
    if (names === 3) head.push("more");
    const lines = Array.from({ length: rows }, () => types.map(cell).join(delimiter));
    if (fault !== undefined) lines.splice(rows >> 1, 1, [fault, ...types.slice(1).map(cell)].join(delimiter));
    const body = Array.from({ length: repeat }, () => lines).flat();
    if (late !== "") body.push(types.map(() => late).join(delimiter));
    return [head.join(delimiter), ...body].join(newline) + (last ? newline : "");
  });
const files = texts.map((text) => new TextEncoder().encode(text));

const REFUSALS = [
  [/: after byte \d+ there are bytes that are no UTF-8/],
  [
    /: the text has no lines/,
    / has a quote that is not closed /,
    / a field in quotes that goes on /,
    / has not ended after /,
  ],
  [/ are both named /, / fields, and maxColumns is /],
  [/: the row has \d+ fields?, expected /, / expected a finite decimal number, /],
];

async function inPieces(input: Uint8Array, size: number): Promise<Table> {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < input.length; at += size) pieces.push(input.subarray(at, at + size));
  const tables: Table[] = [];
  for await (const part of csvTables("readCsv", pieces, checkCsv("readCsv", {}), 1)) tables.push(part);
  return joinTables(tables);
}

/** A table as text: NaN is NaN there, and −0 is not 0. */
const plain = (table: Table): string =>
  JSON.stringify(table.columns, (_, value: unknown) => {
    if (ArrayBuffer.isView(value))
      return Array.from(value as Float64Array, (x) => (Object.is(x, -0) ? "-0" : String(x)));
    return value;
  });

export const target: Target = {
  name: "csv",
  stages: ["UTF-8", "quotes", "names", "rows"],
  inputs: damaged(files),
  // it is read twice
  most: (input) => 2 * most(input),
  async read(input) {
    let table: Table;
    try {
      table = await readCsv(input);
    } catch (error) {
      return stagesPassed(error, REFUSALS);
    }
    for (const { values } of table.columns)
      if (values.length !== table.rows) throw new Error("a column of another length");
    // some thousand pieces at most: each is a call of the parser
    const again = await inPieces(input, Math.max(1 + (input.length % 13), input.length >> 12));
    if (plain(again) !== plain(table)) throw new Error("other values in small pieces");
    return REFUSALS.length;
  },
};
