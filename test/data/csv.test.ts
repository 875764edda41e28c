// What readCsv makes of small texts, with every option, in pieces of any size. Texts against an oracle and large ones are
// csv-machine.test.ts's; sources, and texts that are refused, csv-sources.test.ts's.

import { describe, expect, it } from "vitest";
import { type CsvOptions, readCsv, streamCsv } from "../../src/data.ts";
import { inPieces, namesOf, typesOf, valuesOf } from "../support/csv.ts";
import { refuses, thrown } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

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
