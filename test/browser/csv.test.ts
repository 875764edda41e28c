// readCsv in a page: of a file that was chosen, of an answer of a server, and line by line in a stream, with the parser's browser build.

import { expect, it } from "vitest";
import { readCsv, streamCsv, type Table } from "../../src/data.ts";

// quotes only in later pieces, so that text with and without them is read
const lines = Array.from({ length: 20_000 }, (_, i) =>
  i % 999 ? `${i / 4},plain ${i % 3}` : `${i / 4},"Zoë, ""${i % 3}"""`,
);
const text = `x,name\r\n${lines.join("\r\n")}\r\n`;

it("reads a File and a Response", async () => {
  const file = new File([text], "a.csv");
  const read = await readCsv(file);
  expect(read.rows).toBe(20_000);
  expect(read.columns[0]).toEqual({
    name: "x",
    type: "number",
    values: Float64Array.from(lines, (_, i) => i / 4),
  });
  const names = lines.map((_, i) => (i % 999 ? `plain ${i % 3}` : `Zoë, "${i % 3}"`));
  const { values, categories } = read.columns[1] as Extract<Table["columns"][1], { type: "category" }>;
  expect(Array.from(values, (place) => categories[place])).toEqual(names);
  expect(await readCsv(new Response(file))).toEqual(read);
  expect(await readCsv(await fetch(URL.createObjectURL(file)))).toEqual(read);
});

it("streams tables", async () => {
  const rows: number[] = [];
  for await (const part of streamCsv(new Blob([text]), { chunkRows: 7000 })) rows.push(part.rows);
  expect(rows).toEqual([7000, 7000, 6000]);
});
