// readCsv and streamCsv against a machine of RFC 4180, at every piece size; every option, every source, every refusal.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvTables } from "../../src/data/csv.ts";
import { checkCsv } from "../../src/data/csv-options.ts";
import { joinTables, valueAt } from "../../src/data/table.ts";
import { type CsvOptions, readCsv, streamCsv, type Table, table } from "../../src/data.ts";
import { parseCsv, writeCsv } from "../oracle/csv.ts";
import { refuses, thrown } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

const encoder = new TextEncoder();
/** Values of a table, row after row: numbers, texts, null. */
const valuesOf = ({ rows, columns }: Table): unknown[][] =>
  Array.from({ length: rows }, (_, row) => columns.map((column) => valueAt(column, row)));
const namesOf = ({ columns }: Table): string[] => columns.map(({ name }) => name);
const typesOf = ({ columns }: Table): string => columns.map(({ type }) => type[0]).join("");
/** The text in pieces of `size` characters, parsed as soon as one is there. */
async function inPieces(text: string, size: number, options: CsvOptions = {}): Promise<Table> {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size));
  const tables: Table[] = [];
  for await (const part of csvTables("readCsv", pieces, checkCsv("readCsv", options), 1)) tables.push(part);
  return joinTables(tables);
}

const MISSING = new Set(["", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "?"]);
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** What the oracle's cells are as a table: trimmed, typed by all their rows. */
function wanted(
  text: string,
  delimiter?: string,
  quote?: string,
): { names: string[]; values: unknown[][]; types: string } {
  const cells = parseCsv(text, delimiter, quote)
    .filter((row) => row.length > 1 || row[0]?.trim() !== "")
    .map((row) => row.map((cell) => cell.trim()));
  const [head = [], ...rows] = cells;
  const numbers = head.map((_, c) =>
    rows.every(({ [c]: cell = "" }) => MISSING.has(cell) || NUMBER.test(cell)),
  );
  const value = (cell: string, c: number): unknown =>
    MISSING.has(cell) ? null : numbers[c] ? Number(cell) : cell;
  return {
    names: head.map((name, i) => name || String(i)),
    values: rows.map((row) => row.map(value)),
    types: numbers.map((each) => (each ? "n" : "c")).join(""),
  };
}

describe("what a table holds", () => {
  it("is names, numbers and categories in the order in which they were met", async () => {
    const read = await readCsv("id,size,colour\n1,2.5,red\n2,,blue\n3,-1e3,red\n4,NA,?\n");
    expect(read).toEqual({
      rows: 4,
      columns: [
        { name: "id", type: "number", values: Float64Array.of(1, 2, 3, 4) },
        { name: "size", type: "number", values: Float64Array.of(2.5, Number.NaN, -1000, Number.NaN) },
        { name: "colour", type: "category", values: Int32Array.of(0, 1, 0, -1), categories: ["red", "blue"] },
      ],
    });
  });

  it.each([
    ["a quote in a field, doubled", 'a\n"say ""hi"""\n', [['say "hi"']]],
    ["a quote inside a bare field", 'a,b\n5" disk,x\n', [['5" disk', "x"]]],
    ["delimiters and line ends in quotes", 'a,b\n"x,y","1\r\n2"\n', [["x,y", "1\r\n2"]]],
    ["quoted numbers", 'a,b\n"1","-2.5"\n', [[1, -2.5]]],
    ["an empty field in quotes", 'a,b\n"",x\n', [[null, "x"]]],
    ["blanks between quotes and delimiter", 'a,b\n"x" ,"y"  \n', [["x", "y"]]],
    [
      "blanks around cells",
      "a,b\n 1 ,\tred \n2,red\n",
      [
        [1, "red"],
        [2, "red"],
      ],
    ],
    [
      "\\r\\n",
      "a,b\r\n1,x\r\n2,y\r\n",
      [
        [1, "x"],
        [2, "y"],
      ],
    ],
    [
      "\\r",
      "a,b\r1,x\r2,y",
      [
        [1, "x"],
        [2, "y"],
      ],
    ],
    [
      "both \\n and \\r\\n",
      "a,b\n1,x\r\n2,y\n",
      [
        [1, "x"],
        [2, "y"],
      ],
    ],
    ["no end of the last line", "a,b\n1,x", [[1, "x"]]],
    [
      "blank lines",
      "\n \na,b\n\n1,x\n\r\n  \n2,y\n\n",
      [
        [1, "x"],
        [2, "y"],
      ],
    ],
    [
      "a line of nothing but delimiters",
      "a,b\n,\n1,x\n",
      [
        [null, null],
        [1, "x"],
      ],
    ],
    ["a byte-order mark", "\ufeffa,b\n1,x\n", [[1, "x"]]],
    ["a byte-order mark that is none, at a later place", "a\nx\n\ufeffx\n", [["x"], ["x"]]],
    ["one column", "a\n1\n2\n", [[1], [2]]],
    ["no rows", "a,b\n", []],
    ["a name that is quoted over two lines", '"a\nb",c\n1,2\n', [[1, 2]]],
    [
      "tabs",
      "a\tb\n1\t\n\t2\n",
      [
        [1, null],
        [null, 2],
      ],
    ],
    ["semicolons, and commas in a text", "a;b\n1;x,y\n", [[1, "x,y"]]],
    ["bars", "a|b\n1|2\n", [[1, 2]]],
  ])("%s", async (_, text, values) => {
    const read = await readCsv(text);
    expect(valuesOf(read)).toEqual(values);
    for (let size = 1; size <= text.length; size++) expect(await inPieces(text, size)).toEqual(read);
  });

  it("has columns of any name, none of which is special", async () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const read = await readCsv(`${names.join(",")}\n1,2,__proto__,constructor\n`, {
      types: JSON.parse('{ "__proto__": "category" }'),
    });
    expect(namesOf(read)).toEqual(names);
    expect(valuesOf(read)).toEqual([["1", 2, "__proto__", "constructor"]]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("gives a column without a name its position", async () => {
    expect(namesOf(await readCsv(",a,\n0,1,2\n"))).toEqual(["0", "a", "2"]);
  });

  it("tells types from the first thousand rows alone", async () => {
    const rows = (n: number, then: string): string => `a,b\n${"1,x\n".repeat(n)}${then},x\n`;
    expect(typesOf(await readCsv(rows(999, "red")))).toBe("cc");
    await refuses(
      () => readCsv(rows(1000, "red")),
      "COLUMN",
      'line 1002: column "a" has "red"',
      'missing: ["NA",',
      '"red"]',
      '{ "a": "category" }',
    );
    expect(typesOf(await readCsv(rows(1000, "red"), { types: { a: "category" } }))).toBe("cc");
    const read = await readCsv(rows(1000, "red"), { missing: ["red"] });
    expect(read.columns[0]!.values[1000]).toBeNaN();
    // infinity and hexadecimals are no numbers, a column without values is one
    expect(typesOf(await readCsv("a,b,c,d\n1,Infinity,0x10,\n,1,1,NA\n"))).toBe("nccn");
  });
});

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

describe("options", () => {
  const read = async (text: string, options: CsvOptions): Promise<unknown[]> => {
    const got = await readCsv(text, options);
    for (let size = 1; size <= text.length; size++) expect(await inPieces(text, size, options)).toEqual(got);
    return [namesOf(got), ...valuesOf(got)];
  };
  it.each([
    [
      "delimiter",
      "a:b,c\n1:2\n",
      { delimiter: ":" },
      [
        ["a", "b,c"],
        [1, 2],
      ],
    ],
    [
      "delimiter, a blank",
      "a b\n1 2\n",
      { delimiter: " " },
      [
        ["a", "b"],
        [1, 2],
      ],
    ],
    [
      "delimiter in quotes does not count",
      '"a,b,c";d\n1;2\n',
      {},
      [
        ["a,b,c", "d"],
        [1, 2],
      ],
    ],
    [
      "quote",
      "a,b\n'x,''y',1\n",
      { quote: "'" },
      [
        ["a", "b"],
        ["x,'y", 1],
      ],
    ],
    [
      "quote: none",
      'a,b\n"x,1\ny",2\n',
      { quote: "" },
      [
        ["a", "b"],
        ['"x', 1],
        ['y"', 2],
      ],
    ],
    [
      "comment",
      "# by hand\n#,,\na,b\n#1,2\n3,4\n#",
      { comment: "#" },
      [
        ["a", "b"],
        [3, 4],
      ],
    ],
    [
      "comment with quotes in the text",
      '// "\na,b\n"x",4\n//"\n"y",5\n',
      { comment: "//" },
      [
        ["a", "b"],
        ["x", 4],
        ["y", 5],
      ],
    ],
    [
      "decimal",
      "a;b\n1,5;-2\n",
      { decimal: "," },
      [
        ["a", "b"],
        [1.5, -2],
      ],
    ],
    [
      "decimal, quoted",
      'a,b\n"1,5",x\n',
      { decimal: ",", delimiter: ";", quote: "" },
      [["a,b"], ['"1,5",x']],
    ],
    [
      "header: false",
      "1,x\n2,y\n",
      { header: false },
      [
        ["0", "1"],
        [1, "x"],
        [2, "y"],
      ],
    ],
    [
      "header: names",
      "1,x\n2,y\n",
      { header: ["n", "c"] },
      [
        ["n", "c"],
        [1, "x"],
        [2, "y"],
      ],
    ],
    [
      "types",
      "zip,n\n01234,1\n",
      { types: { zip: "category", n: "number" } },
      [
        ["zip", "n"],
        ["01234", 1],
      ],
    ],
    [
      "select",
      "a,b,c\n1,x,3\n4,y,6\n",
      { select: ["c", "a"] },
      [
        ["c", "a"],
        [3, 1],
        [6, 4],
      ],
    ],
    [
      "missing",
      "a,b\n-999,-\n-999.0,NA\n1,-999\n",
      { missing: ["-", "-999"] },
      [
        ["a", "b"],
        [null, null],
        [null, "NA"],
        [1, null],
      ],
    ],
    [
      "missing: none",
      "a,b\nNA,x\n,y\n",
      { missing: [] },
      [
        ["a", "b"],
        ["NA", "x"],
        [null, "y"],
      ],
    ],
  ] as [string, string, CsvOptions, unknown[]][])("%s", async (_, text, options, values) => {
    expect(await read(text, options)).toEqual(values);
  });

  it("select leaves columns out that are not what they seem", async () => {
    const text = `a,b\n${"1,2\n".repeat(1000)}3,x\n`;
    await refuses(() => readCsv(text), "COLUMN", 'column "b" has "x"');
    expect((await readCsv(text, { select: ["a"] })).rows).toBe(1001);
  });

  it.each([
    [{ delimeter: "," }, 'unknown option "delimeter"', "Did you mean delimiter?"],
    [{ delimiter: "ab" }, 'delimiter is "ab", expected one character'],
    [{ delimiter: "." }, 'delimiter is "."'],
    [{ delimiter: "1" }, 'delimiter is "1"'],
    [{ delimiter: "\n" }, "delimiter is"],
    [{ delimiter: ",", decimal: "," }, 'delimiter is ",", as decimal is'],
    [{ delimiter: '"' }, "as quote is"],
    [{ quote: "," }, 'quote is ","'],
    [{ quote: 1 }, "quote is 1"],
    [{ comment: '"#' }, "comment is"],
    [{ comment: 1 }, "comment is 1"],
    [{ comment: "\n" }, "comment is"],
    [{ decimal: ";" }, 'decimal is ";"'],
    [{ header: 1 }, "header is 1, expected an array of names"],
    [{ header: ["a", "a"] }, 'header: name 1 is "a", for the second time'],
    [{ header: [] }, "header is empty"],
    [{ types: { a: "int" } }, 'the type of column "a" is "int"', '"number", "category"'],
    [{ types: ["a"] }, "types is an array of 1"],
    [{ select: "a" }, 'select is "a", expected an array of names'],
    [{ select: ["a", ""] }, 'select: name 1 is ""'],
    [{ missing: "NA" }, 'missing is "NA", expected an array of strings'],
    [{ missing: [1] }, "missing is an array of 1"],
    [{ chunkRows: 8 }, 'unknown option "chunkRows"'],
    [{ maxColumns: 0 }, "maxColumns is 0"],
    [{ maxRecord: 1.5 }, "maxRecord is 1.5"],
    [{ signal: {} }, "signal is an object"],
  ] as [Any, ...string[]][])("refuses %j", async (options, ...pieces) => {
    await refuses(() => readCsv("a\n1\n", options), "OPTION", "readCsv: ", ...pieces);
  });

  it("streamCsv refuses at once", () => {
    expect(() => streamCsv("a\n1\n", { chunkRows: 0 })).toThrow(
      "streamCsv: chunkRows is 0, expected an integer of at least 1",
    );
  });

  it("signal ends the reading", async () => {
    const controller = new AbortController();
    let given = 0;
    function* pieces(): Generator<string> {
      yield "a,b\n";
      for (; ; given++) {
        if (given === 10) controller.abort(new Error("enough"));
        yield "1,2\n".repeat(20_000);
      }
    }
    const reading = readCsv(pieces(), { signal: controller.signal });
    expect(await thrown(() => reading)).toEqual(new Error("enough"));
    expect(given).toBe(10);
    expect(await thrown(() => readCsv("a\n1\n", { signal: AbortSignal.abort() }))).toMatchObject({
      name: "AbortError",
    });
  });
});

describe("sources", () => {
  const text = "name,n\nZoë,1\n😀,2\nčeský,3\n";
  const bytes = encoder.encode(text);
  const expected = table(
    [
      ["Zoë", 1],
      ["😀", 2],
      ["český", 3],
    ],
    { columns: ["name", "n"] },
  );
  const singly = (): Uint8Array[] => Array.from(bytes, (byte) => Uint8Array.of(byte));
  async function* later<T>(list: Iterable<T>): AsyncGenerator<T> {
    for (const each of list) yield each;
  }
  it.each([
    ["a string", () => text],
    ["a Uint8Array", () => bytes],
    ["a Buffer", () => Buffer.from(text)],
    ["an ArrayBuffer", () => bytes.slice().buffer],
    ["an array of strings", () => [...text]],
    ["an array of bytes, one at a time", singly],
    ["an async generator of bytes", () => later(singly())],
    ["an async generator of strings", () => later([text.slice(0, 9), text.slice(9)])],
    ["a ReadableStream of bytes", () => new Blob([bytes]).stream()],
    ["a ReadableStream of strings", () => new Blob([bytes]).stream().pipeThrough(new TextDecoderStream())],
    ["a Blob", () => new Blob([bytes])],
    ["a File", () => new File([bytes], "a.csv")],
    ["a Response", () => new Response(bytes)],
    ["bytes with a mark", () => encoder.encode(`\ufeff${text}`)],
    ["a stream without an iterator", () => ({ getReader: () => new Blob([bytes]).stream().getReader() })],
  ] as [string, () => Any][])("%s", async (_, source) => {
    expect(await readCsv(source())).toEqual(expected);
  });

  it("are told when no more is wanted", async () => {
    let cancelled = false;
    const stream = new ReadableStream<string>({
      // refused as soon as it is read: two columns of one name
      pull: (controller) => controller.enqueue("a,a\n".repeat(50_000)),
      cancel: () => {
        cancelled = true;
      },
    });
    await refuses(() => readCsv(stream), "CSV", "both named");
    expect(cancelled).toBe(true);
    let closed = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield "1,2\n".repeat(20_000);
      } finally {
        closed = true;
      }
    }
    for await (const part of streamCsv(endless())) {
      expect(part.rows).toBe(8192);
      break;
    }
    expect(closed).toBe(true);
  });

  it.each([
    [undefined, "got undefined"],
    [42, "got 42"],
    [{}, "got an object"],
    [Promise.resolve("a\n1"), "got an object", "await fetch(url)"],
    [[1, 2], "got 1"],
    [Float32Array.of(1), "got 1"],
  ] as [Any, ...string[]][])("%s is none", async (source, ...pieces) => {
    await refuses(() => readCsv(source), "OPTION", "readCsv: ", ...pieces);
  });

  it.each([
    [Uint8Array.of(0x61, 0x0a, 0xe9, 0x0a), "after byte 0 there are bytes that are no UTF-8", "windows-1252"],
    [Uint8Array.of(0x61, 0x0a, 0xc3), "after byte 2 there are bytes that are no UTF-8"],
    [[Uint8Array.of(0x61, 0x0a), Uint8Array.of(0x80)], "after byte 2"],
    [Uint8Array.of(0xff, 0xfe, 0x61, 0), "it begins as UTF-16", '"utf-16le"'],
    [Uint8Array.of(0xfe, 0xff, 0, 0x61), '"utf-16be"'],
    [Uint8Array.of(0x1f, 0x8b, 8, 0), "it begins as gzip", "DecompressionStream"],
  ] as [Any, ...string[]][])("bytes that are no UTF-8: %j", async (source, ...pieces) => {
    await refuses(() => readCsv(source), "CSV", "readCsv: ", ...pieces);
  });

  it("an answer that is an error is one, and errors of a source are its own", async () => {
    await refuses(
      () => readCsv(new Response("no", { status: 404, statusText: "Not Found" })),
      "FILE",
      "readCsv: the response was answered with 404 Not Found",
    );
    const failing = new ReadableStream({
      pull: (controller) => controller.error(new Error("the line is down")),
    });
    expect(await thrown(() => readCsv(failing))).toEqual(new Error("the line is down"));
  });
});

describe("texts that are no CSV", () => {
  it.each([
    ["", "CSV", "the text has no lines"],
    ["\n \r\n", "CSV", "the text has no lines"],
    ["a,b\n1\n", "CSV", "line 2: the row has 1 field, expected 2", 'The delimiter is ","'],
    ["a,b\n\n1,2\n1,2,3\n", "CSV", "line 4: the row has 3 fields, expected 2"],
    ["a;b\n1;2\n1\n", "CSV", "line 3: the row has 1 field, expected 2", 'The delimiter is ";"'],
    ["a,b,a\n1,2,3\n", "CSV", 'line 1: columns 0 and 2 (counted from 0) are both named "a"'],
    [",0\n1,2\n", "CSV", 'are both named "0"'],
    [
      'a,b\n"x"y,2\n',
      "CSV",
      "line 2: the record that begins here has a field in quotes that goes on behind them",
      'doubled: ""',
      'quote: ""',
    ],
    [
      'a,b\n1,2\n"x,2\n',
      "CSV",
      "line 3: the record that begins here has a quote that is not closed before the text ends",
    ],
    ['a,b\n"x\ny",1\n"x"y,2\n', "CSV", "line 4: the record that begins here"],
    ['"a,b\n1,2\n', "CSV", "line 1: the record that begins here has a quote that is not closed"],
  ] as [string, "CSV", ...string[]][])("%j", async (text, code, ...pieces) => {
    await refuses(() => readCsv(text), code, "readCsv: ", ...pieces);
    for (let size = 1; size <= text.length; size++) {
      await refuses(() => inPieces(text, size), code, "readCsv: ", ...pieces);
    }
  });

  it.each([
    [
      "a\nx\n",
      { types: { a: "number" } },
      "COLUMN",
      'line 2: column "a" has "x", expected a finite decimal number, as types says so',
    ],
    ["a\n1\n1e999\n", { types: { a: "number" } }, "COLUMN", 'line 3: column "a" has "1e999"'],
    [
      "age,b\n1,2\n",
      { types: { ages: "number" } },
      "COLUMN",
      'types: no column is named "ages"',
      'Did you mean "age"?',
    ],
    ["a,b\n1,2\n", { select: ["c"] }, "COLUMN", 'select: no column is named "c"', 'Known: "a", "b".'],
    ["a,b\n1,2\n", { maxColumns: 1 }, "CSV", "line 1: the row has 2 fields, and maxColumns is 1"],
    ["1,2\n", { header: ["a"] }, "CSV", "line 1: the row has 2 fields, and header has 1 name"],
    ["# c\n\na,b\n# d\n1\n", { comment: "#" }, "CSV", "line 5: the row has 1 field, expected 2"],
    ['# c\na,b\n"x",2\n# d\n1\n', { comment: "#" }, "CSV", "line 5: the row has 1 field, expected 2"],
  ] as [string, CsvOptions, "CSV" | "COLUMN", ...string[]][])(
    "%j with %j",
    async (text, options, code, ...pieces) => {
      await refuses(() => readCsv(text, options), code, "readCsv: ", ...pieces);
      for (let size = 1; size <= text.length; size++) {
        await refuses(() => inPieces(text, size, options), code, ...pieces);
      }
    },
  );
});
