// examples/data: these five files and no others, with the sizes, classes and gaps that the literature states, to the byte those whose
// SHA-256 their README gives. Read by papaparse itself, not by xent's reader.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import Papa from "papaparse";
import { expect, it } from "vitest";

const FOLDER = "examples/data";

/** What is known of a data set from elsewhere: its publishers' descriptions. */
interface Known {
  readonly rows: number;
  readonly columns: number;
  readonly target: string;
  /** rows a class; none where the target is a number */
  readonly classes?: Readonly<Record<string, number>>;
  /** empty cells a column */
  readonly missing?: Readonly<Record<string, number>>;
  /** columns that are no numbers, besides the target */
  readonly words?: readonly string[];
  /** least and largest of some columns, as published */
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
}

const KNOWN: Readonly<Record<string, Known>> = {
  iris: {
    rows: 150,
    columns: 5,
    target: "species",
    classes: { setosa: 50, versicolor: 50, virginica: 50 },
    ranges: {
      sepal_length_cm: [4.3, 7.9],
      sepal_width_cm: [2, 4.4],
      petal_length_cm: [1, 6.9],
      petal_width_cm: [0.1, 2.5],
    },
  },
  wine: {
    rows: 178,
    columns: 14,
    target: "class",
    classes: { class_0: 59, class_1: 71, class_2: 48 },
    ranges: {
      malic_acid: [0.74, 5.8],
      flavanoids: [0.34, 5.08],
      nonflavanoid_phenols: [0.13, 0.66],
      proline: [278, 1680],
    },
  },
  "breast-cancer": {
    rows: 569,
    columns: 31,
    target: "diagnosis",
    classes: { malignant: 212, benign: 357 },
    ranges: { mean_radius: [6.981, 28.11], area_error: [6.802, 542.2], worst_area: [185.2, 4254] },
  },
  penguins: {
    rows: 344,
    columns: 7,
    target: "species",
    classes: { Adelie: 152, Chinstrap: 68, Gentoo: 124 },
    missing: { beak_length_mm: 2, beak_depth_mm: 2, flipper_length_mm: 2, body_mass_g: 2, sex: 10 },
    words: ["island", "sex"],
    ranges: {
      beak_length_mm: [32.1, 59.6],
      beak_depth_mm: [13.1, 21.5],
      flipper_length_mm: [172, 231],
      body_mass_g: [2700, 6300],
    },
  },
  diabetes: {
    rows: 442,
    columns: 11,
    target: "progression",
    ranges: {
      age: [19, 79],
      sex: [1, 2],
      bmi: [18, 42.2],
      bp: [62, 133],
      s4: [2, 9.09],
      progression: [25, 346],
    },
  },
};

const readme = readFileSync(`${FOLDER}/README.md`, "utf8");
const names = Object.keys(KNOWN);

function read(name: string): { header: string[]; rows: string[][] } {
  const { data, errors } = Papa.parse<string[]>(readFileSync(`${FOLDER}/${name}.csv`, "utf8").trimEnd());
  expect(errors).toEqual([]);
  const [header = [], ...rows] = data;
  return { header, rows };
}

const column = (name: string, title: string): string[] => {
  const { header, rows } = read(name);
  const at = header.indexOf(title);
  expect(at, title).toBeGreaterThanOrEqual(0);
  return rows.map((row) => row[at] as string);
};

function counts(values: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const value of values) found[value] = (found[value] ?? 0) + 1;
  return found;
}

/** The lines of a file in the README, from its heading to the next. */
const section = (name: string): string =>
  readme.split(/^## /m).find((text) => text.startsWith(`${name}.csv\n`)) ?? "";

it("are five files and a README, together less than 250 kB", () => {
  expect(readdirSync(FOLDER).sort()).toEqual(["README.md", ...names.map((name) => `${name}.csv`)].sort());
  const bytes = names.map((name) => readFileSync(`${FOLDER}/${name}.csv`).length);
  expect(bytes.reduce((sum, size) => sum + size)).toBeLessThan(250_000);
});

it.each(names)(
  "%s: rows and columns, all of the same length, in ASCII with LF and without quotes",
  (name) => {
    const text = readFileSync(`${FOLDER}/${name}.csv`, "latin1");
    expect(text).toMatch(/^[\n\x20-\x7e]*\n$/);
    expect(text).not.toMatch(/"|\n\n/);
    const { header, rows } = read(name);
    const known = KNOWN[name] as Known;
    expect([rows.length, header.length]).toEqual([known.rows, known.columns]);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([known.columns]));
    expect(new Set(header).size).toBe(known.columns);
    for (const title of header) expect(title).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
  },
);

it.each(names)("%s: classes and empty cells as published, numbers everywhere else", (name) => {
  const { target, classes, missing = {}, words = [], ranges } = KNOWN[name] as Known;
  if (classes !== undefined) expect(counts(column(name, target))).toEqual(classes);
  for (const title of read(name).header) {
    const cells = column(name, title);
    const there = cells.filter((cell) => cell !== "");
    expect(cells.length - there.length, title).toBe(missing[title] ?? 0);
    const isWord = words.includes(title) || (title === target && classes !== undefined);
    if (!isWord) for (const cell of there) expect(cell, title).toMatch(/^\d+(\.\d+)?$/);
  }
  for (const [title, [least, largest]] of Object.entries(ranges)) {
    const values = column(name, title)
      .filter((cell) => cell !== "")
      .map(Number);
    expect([Math.min(...values), Math.max(...values)], title).toEqual([least, largest]);
  }
});

it("iris has Fisher's 35th and 38th flower, not UCI's", () => {
  const { rows } = read("iris");
  expect(rows[34]).toEqual(["4.9", "3.1", "1.5", "0.2", "setosa"]);
  expect(rows[37]).toEqual(["4.9", "3.6", "1.4", "0.1", "setosa"]);
});

it("penguins: 333 rows are complete, as in palmerpenguins; a sex is a point", () => {
  const { rows } = read("penguins");
  expect(rows.filter((row) => row.every((cell) => cell !== "" && cell !== "."))).toHaveLength(333);
  expect(counts(column("penguins", "sex"))).toEqual({ MALE: 168, FEMALE: 165, ".": 1, "": 10 });
  expect(counts(column("penguins", "island"))).toEqual({ Biscoe: 168, Dream: 124, Torgersen: 52 });
});

it("diabetes: no value of s5 has more than four decimals", () => {
  expect(column("diabetes", "s5").filter((cell) => !/^\d\.\d{1,4}$/.test(cell))).toEqual([]);
});

it.each(names)(
  "%s: the README says where it is from, its licence and its SHA-256, and its table its size",
  (name) => {
    const text = section(name);
    const { rows, columns, target } = KNOWN[name] as Known;
    for (const part of ["Taken from", "Original source", "Licence", "Quirks"]) {
      expect(text).toMatch(new RegExp(`^- \\*\\*${part}:\\*\\* \\S`, "m"));
    }
    const hash = createHash("sha256")
      .update(readFileSync(`${FOLDER}/${name}.csv`))
      .digest("hex");
    expect(text.match(/^- \*\*SHA-256:\*\* `([0-9a-f]{64})`$/m)?.[1]).toBe(hash);
    const anchor = `[${name}.csv](#${name}csv)`;
    const line = readme.split("\n").find((row) => row.startsWith(`| ${anchor} |`));
    expect(line).toContain(`| ${rows} × ${columns} | \`${target}\`, `);
  },
);
