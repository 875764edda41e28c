// Where readCsv takes a text from, and what it refuses there: sources that are none, bytes that are no text, texts that are no CSV.

import { describe, expect, it } from "vitest";
import { type CsvOptions, readCsv, streamCsv, table } from "../../src/data.ts";
import { inPieces } from "../support/csv.ts";
import { refuses, thrown } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

const encoder = new TextEncoder();

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
