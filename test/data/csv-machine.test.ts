// readCsv and streamCsv against a machine of RFC 4180, at every piece size; and texts of many pieces, whose lines, time and memory are looked
// at.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { csvTables } from "../../src/data/csv.ts";
import { checkCsv } from "../../src/data/csv-options.ts";
import { joinTables, valueAt } from "../../src/data/table.ts";
import { readCsv, streamCsv, type Table } from "../../src/data.ts";
import { parseCsv, writeCsv } from "../oracle/csv.ts";
import { inPieces, MISSING, namesOf, typesOf, valuesOf, wanted } from "../support/csv.ts";
import { refuses } from "../support/errors.ts";
import fc from "../support/property.ts";

const encoder = new TextEncoder();

describe("against the machine", () => {
  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab ,;"\n\r\té😀'), maxLength: 6 }),
    fc.constantFrom("1", "-2.5", "1e9", "", "NA", "red", '"', '""', "0.1", "12345678901234567890"),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  );
  const tables = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.record({
      names: fc.uniqueArray(fc.string({ unit: fc.constantFrom(...'abc"_'), minLength: 1, maxLength: 5 }), {
        minLength: width,
        maxLength: width,
        selector: (name) => name.trim(),
      }),
      rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 12 }),
    }),
  );
  const how = fc.record({
    delimiter: fc.constantFrom(",", ";", "\t", "|"),
    newline: fc.constantFrom("\n", "\r\n", "\r"),
    last: fc.boolean(),
  });

  it("reads what a table was written as, in pieces of any size, in one piece and as bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        tables,
        how,
        fc.integer({ min: 1, max: 40 }),
        async ({ names, rows }, { delimiter, newline, last }, size) => {
          const text = writeCsv([names, ...rows], { delimiter, newline, last });
          const { names: n, values, types } = wanted(text, delimiter);
          const options = { delimiter };
          for (const read of [
            await readCsv(text, options),
            await readCsv(encoder.encode(text), options),
            await inPieces(text, size, options),
          ]) {
            expect([namesOf(read), typesOf(read), valuesOf(read)]).toEqual([n, types, values]);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("reads rows behind those that tell the types, in pieces of any size", async () => {
    const numbers = fc.constantFrom("", "NA", "1", "-2.5", " 7 ", "1e-3", "0.1234567890123456789", "\u00a04");
    const blank = fc.constantFrom("", " ", "\t", "\u00a0", "\ufeff", '""', "\u2003\u2003");
    const line = fc.oneof(
      { weight: 8, arbitrary: fc.tuple(cell, numbers) },
      { weight: 1, arbitrary: blank.map((each) => [each]) },
    );
    const sizes = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), how, sizes, async (rows, rules, size) => {
        const { delimiter, newline, last } = rules;
        // blank lines as they are: the writer would quote what is quoted
        const text = rows
          .map((row) => (row.length === 1 ? row[0] : writeCsv([row], { delimiter, last: false })))
          .join(newline);
        const tail = last ? text + newline : text;
        const head = `a${delimiter}b${newline}${`NA${delimiter}NA${newline}`.repeat(1000)}`;
        const pieces = [head, ...(tail.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [])];
        const options = checkCsv("readCsv", { delimiter, types: { a: "category", b: "number" } });
        const parts: Table[] = [];
        for await (const part of csvTables("readCsv", pieces, options, 1)) parts.push(part);
        const values = parseCsv(tail, delimiter)
          .filter((row) => row.length > 1)
          .map(([a = "", b = ""]) => [a.trim(), b.trim()] as const)
          .map(([a, b]) => [MISSING.has(a) ? null : a, MISSING.has(b) ? null : Number(b)]);
        expect(valuesOf(joinTables(parts)).slice(1000)).toEqual(values);
      }),
      { numRuns: 1500 },
    );
  });

  it("parts of a stream are the whole, whatever their size, and hold no more rows", async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.integer({ min: 1, max: 5 }), async ({ names, rows }, chunkRows) => {
        const text = writeCsv([names, ...rows]);
        const whole = await readCsv(text);
        const parts: Table[] = [];
        for await (const part of streamCsv(text, { chunkRows })) parts.push(part);
        for (const part of parts.slice(0, -1)) expect(part.rows).toBe(chunkRows);
        expect(parts.length).toBe(Math.max(1, Math.ceil(whole.rows / chunkRows)));
        expect(joinTables(parts)).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });
});

describe("large texts", () => {
  // more than a piece of 64 Ki: quotes here and there, so that both ways of reading are gone
  const line = (i: number): string =>
    `${i},${i / 8},${i % 97 === 0 ? `"a, ${i % 5}\n"` : `name ${i % 7}`},${i % 11 ? i : ""}`;
  const text = (n: number, end = "\n"): string =>
    ["i,x,name,y", ...Array.from({ length: n }, (_, i) => line(i))].join(end);

  it.each(["\n", "\r\n"])("lines that end with %j", async (end) => {
    const whole = text(30_000, end);
    const read = await readCsv(whole);
    expect([read.rows, typesOf(read)]).toEqual([30_000, "nncn"]);
    const { values } = wanted(whole);
    for (let row = 0; row < 30_000; row += 1) {
      expect(read.columns.map((column) => valueAt(column, row))).toEqual(values[row]);
    }
  });

  it("names the line of an error, wherever it is", async () => {
    for (const [row, column] of [
      [3, "x"],
      [1500, "x"],
      [25_001, "i"],
      [29_999, "y"],
    ] as const) {
      const lines = text(30_000).split("\n");
      // fields in quotes hold a line end, and the header is a line
      const at = 1 + row + Math.ceil(row / 97);
      const cells = lines[at]!.split(",");
      cells[["i", "x", "name", "y"].indexOf(column)] = "bad";
      lines[at] = cells.join(",");
      await refuses(
        () => readCsv(lines.join("\n"), { types: { x: "number", i: "number", y: "number" } }),
        "COLUMN",
        `line ${at + 1}: column "${column}" has "bad"`,
        "types says so",
      );
      lines[at] += ",more";
      await refuses(
        () => readCsv(lines.join("\n")),
        "CSV",
        `line ${at + 1}: the row has 5 fields, expected 4`,
      );
    }
  });

  it("refuses a row whose last fields together are a cell that was met in quotes", async () => {
    // more rows than types are told from; what follows is read without the parser, for there is no quote in it
    const met = `x,name\n${'1,"a,b"\n'.repeat(2000)}`;
    await refuses(
      () => readCsv([met, "\n".repeat(70_000), "2,a,b\n"]),
      "CSV",
      "line 72002: the row has 3 fields, expected 2",
    );
  });

  it("reads a record of a MiB, and one that never ends is refused soon", async () => {
    const long = "x".repeat(2 ** 20 - 100);
    const read = await readCsv(`a,b\n"${long}",1\n`);
    expect(valuesOf(read)).toEqual([[long, 1]]);
    let given = 0;
    function* endless(): Generator<string> {
      yield 'a,b\n1,2\n"never closed,';
      for (; ; given++) yield `${"y".repeat(30_000)}\n`;
    }
    await refuses(
      () => readCsv(endless()),
      "CSV",
      "line 3: the record that begins here has not ended",
      "maxRecord is 1048576",
    );
    expect(given * 30_000).toBeLessThan(4 * 2 ** 20);
    await refuses(() => readCsv(endless(), { maxRecord: 1000 }), "CSV", "maxRecord is 1000");
    function* oneLine(): Generator<string> {
      yield "a,b\n";
      for (;;) yield "1,".repeat(10_000);
    }
    await refuses(() => readCsv(oneLine()), "CSV", "line 2: the record that begins here has not ended");
  });

  it("takes time in proportion to the length of a record", async () => {
    const doubled = `a\n"${'""'.repeat(2 ** 21)}"\n`;
    const begin = performance.now();
    const read = await readCsv(doubled, { maxRecord: 2 ** 23 });
    // read anew for each of its 64 pieces it would take minutes
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(valuesOf(read)).toEqual([['"'.repeat(2 ** 21)]]);
  });

  it("gives tables of 8192 rows, or fewer of many columns", async () => {
    const rows = async (text: string): Promise<number[]> => {
      const sizes: number[] = [];
      for await (const part of streamCsv(text)) sizes.push(part.rows);
      return sizes;
    };
    expect(await rows(`a,b\n${"1,2\n".repeat(20_000)}`)).toEqual([8192, 8192, 3616]);
    const wide = Array.from({ length: 4096 }, (_, i) => i).join(",");
    expect(await rows(`${wide}\n`.repeat(1500))).toEqual([1024, 475]);
  });

  it("keeps no more of a text than what it holds", async () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const used = (): number => {
      gc();
      return process.memoryUsage().heapUsed;
    };
    // a category that was a slice of its piece would keep all of that, 2000 times 20,000 characters in all
    function* pieces(): Generator<string> {
      yield "a,b\n";
      for (let i = 0; i < 2000; i++) yield `category number ${i},${"z".repeat(20_000)}\n`;
    }
    const before = used();
    const read = await readCsv(pieces(), { select: ["a"] });
    expect(used() - before).toBeLessThan(10e6);
    expect(read.rows).toBe(2000);
    expect(valueAt(read.columns[0]!, 1999)).toBe("category number 1999");
  });
});
