// CSV files: read as their text is, with progress, and every refusal of the file system.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { readCsv, type Table } from "../../src/data.ts";
import { type FileProgress, readCsvFile, streamCsvFile } from "../../src/node.ts";
import { refuses, thrown } from "../support/errors.ts";
import { folders } from "../support/folders.ts";
import type { Any } from "../support/refusals.ts";

const { root: folder } = folders("csv");
const path = join(folder, "data.csv");
// blocks of a MiB end within characters of two and four bytes
const text = `name,n\n${Array.from({ length: 150_000 }, (_, i) => `Zoë ${i % 9} 😀,${i}`).join("\n")}\n`;
writeFileSync(path, text);

it("a file is its text", async () => {
  const whole = await readCsv(text);
  expect(whole.rows).toBe(150_000);
  expect(await readCsvFile(path)).toEqual(whole);
  expect(await readCsvFile(pathToFileURL(path), { select: ["n"] })).toEqual({
    rows: 150_000,
    columns: [whole.columns[1]],
  });
});

it("tables of a stream hold as many rows as are asked for, and progress is told", async () => {
  const told: FileProgress[] = [];
  const parts: Table[] = [];
  for await (const part of streamCsvFile(path, {
    chunkRows: 40_000,
    onProgress: (progress) => told.push(progress),
  }))
    parts.push(part);
  expect(parts.map(({ rows }) => rows)).toEqual([40_000, 40_000, 40_000, 30_000]);
  const total = Buffer.byteLength(text);
  expect(told.map(({ bytes }) => bytes)).toEqual([
    ...Array.from({ length: Math.floor(total / 2 ** 20) }, (_, i) => (i + 1) * 2 ** 20),
    total,
  ]);
  expect(told.every((each) => each.total === total)).toBe(true);
  const rows = told.map((each) => each.rows);
  expect(rows).toEqual([...rows].sort((a, b) => a - b));
  expect(rows.at(-1)).toBe(120_000);
});

it("an error names file and line", async () => {
  const bad = join(folder, "bad.csv");
  writeFileSync(bad, "a,b\n1,2\n3\n");
  await refuses(
    () => readCsvFile(bad),
    "CSV",
    `readCsvFile(${JSON.stringify(bad)}): line 3: the row has 1 field`,
  );
});

it("what cannot be read is a FILE, and bad options are told at once", async () => {
  const missing = join(folder, "missing.csv");
  await refuses(
    () => readCsvFile(missing),
    "FILE",
    `readCsvFile: cannot read ${JSON.stringify(missing)}: ENOENT`,
    "Check the path.",
  );
  await refuses(
    () => streamCsvFile(folder).next(),
    "FILE",
    "streamCsvFile: cannot read",
    "EISDIR",
    "Name a file in it.",
  );
  await refuses(() => readCsvFile(7 as Any), "OPTION", "readCsvFile: the path is 7");
  await refuses(
    () => readCsvFile(path, { chunkRows: 3 } as Any),
    "OPTION",
    'unknown option "chunkRows"',
    "onProgress",
  );
  for (const options of [null, []] as Any[])
    expect(() => streamCsvFile(path, options)).toThrow("expected an object of options");
  expect(() => streamCsvFile(path, { onProgress: 1 } as Any)).toThrow("streamCsvFile: onProgress is 1");
  const stopped = new Error("stop");
  expect(
    await thrown(() =>
      readCsvFile(path, {
        onProgress: () => {
          throw stopped;
        },
      }),
    ),
  ).toBe(stopped);
});
