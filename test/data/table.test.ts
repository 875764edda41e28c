// table, splitTable, takeRows, selectColumns, records and checkTable: what they give, and every refusal.

import { describe, expect, it } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import { split } from "../../src/data/split.ts";
import { checkTable } from "../../src/data/table.ts";
import { records, selectColumns, splitTable, type Table, table, takeRows } from "../../src/data.ts";
import { refuses } from "../support/errors.ts";
import fc from "../support/property.ts";
import type { Any } from "../support/refusals.ts";

const animals = table([
  { kind: "cat", legs: 4, tame: true },
  { kind: "dog", legs: 4 },
  { kind: "", legs: null, tame: false },
  { kind: "cat", legs: 3n, tame: true },
]);

describe("table", () => {
  it("takes objects by their keys: numbers, names and what is missing", () => {
    expect(animals).toEqual({
      rows: 4,
      columns: [
        { name: "kind", type: "category", values: Int32Array.of(0, 1, -1, 0), categories: ["cat", "dog"] },
        { name: "legs", type: "number", values: Float64Array.of(4, 4, Number.NaN, 3) },
        { name: "tame", type: "category", values: Int32Array.of(0, -1, 1, 0), categories: ["true", "false"] },
      ],
    });
  });

  it("takes arrays, and typed ones, by place", () => {
    expect(
      table(
        [
          [1, "a"],
          [2, "b"],
        ],
        { columns: ["n", "c"] },
      ),
    ).toEqual(
      table([
        { n: 1, c: "a" },
        { n: 2, c: "b" },
      ]),
    );
    expect(table([Float32Array.of(1, 2), Float32Array.of(3, Number.NaN)]).columns).toEqual([
      { name: "0", type: "number", values: Float64Array.of(1, 3) },
      { name: "1", type: "number", values: Float64Array.of(2, Number.NaN) },
    ]);
  });

  it("types say what strings and numbers are", () => {
    const rows = [
      { zip: 1234, size: "2.5" },
      { zip: 99, size: "" },
      { zip: null, size: 3 },
    ];
    expect(table(rows, { types: { zip: "category", size: "number" } }).columns).toEqual([
      { name: "zip", type: "category", values: Int32Array.of(0, 1, -1), categories: ["1234", "99"] },
      { name: "size", type: "number", values: Float64Array.of(2.5, Number.NaN, 3) },
    ]);
    // blanks alone are no number, as in the cells of a file and in raw rows
    expect(table([{ a: " 1 " }, { a: "  " }], { types: { a: "number" } }).columns[0]!.values).toEqual(
      Float64Array.of(1, Number.NaN),
    );
    // texts that look like numbers are texts
    expect(table([{ a: "1" }]).columns[0]!.type).toBe("category");
    // without values a column holds numbers
    expect(table([{ a: null }, {}, { a: Number.NaN }]).columns[0]).toEqual({
      name: "a",
      type: "number",
      values: Float64Array.of(Number.NaN, Number.NaN, Number.NaN),
    });
  });

  it("columns choose and order the keys of objects", () => {
    expect(table([{ a: 1, b: 2, c: 3 }], { columns: ["c", "a"] }).columns.map(({ name }) => name)).toEqual([
      "c",
      "a",
    ]);
  });

  it("own keys alone count, of any name", () => {
    const row = Object.assign(
      Object.create({ inherited: 1 }),
      JSON.parse('{ "__proto__": 5, "constructor": "x" }'),
    ) as object;
    const own = JSON.parse('{ "__proto__": 5, "constructor": "x" }');
    expect(table([own]).columns.map(({ name }) => name)).toEqual(["__proto__", "constructor"]);
    expect(records(table([own]))[0]).toEqual(own);
    expect(Object.keys(records(table([own]))[0]!)).toEqual(["__proto__", "constructor"]);
    expect(table([row as Any]).columns.map(({ name }) => name)).not.toContain("inherited");
  });

  it.each([
    [undefined, {}, "OPTION", "table: got undefined, expected an array of rows"],
    [[], {}, "EMPTY", "there are no rows"],
    [[1], {}, "OPTION", "row 0 (counted from 0) is 1, expected an object"],
    [
      [{ a: 1 }, [1]],
      {},
      "OPTION",
      "row 1 (counted from 0) is an array of 1, expected an object as row 0 is",
    ],
    [[[1], { a: 1 }], {}, "OPTION", "row 1 (counted from 0) is an object, expected an array"],
    [[[1], [1, 2]], {}, "SHAPE", "row 1 (counted from 0) has 2 values, expected 1 as in row 0"],
    [[[1]], { columns: ["a", "b"] }, "SHAPE", "has 1 value, expected 2, one for each of columns"],
    [[{ a: 1 }], { columns: ["a", "a"] }, "OPTION", 'columns: name 1 is "a", for the second time'],
    [
      [{ age: 1 }],
      { columns: ["ages"] },
      "COLUMN",
      'columns: no column is named "ages"',
      'Did you mean "age"?',
    ],
    [[{ age: 1 }], { types: { b: "number" } }, "COLUMN", 'types: no column is named "b"', 'Known: "age".'],
    [[{ "": 1, age: 1 }], {}, "COLUMN", 'a column has the name ""', "columns names those to keep"],
    [[{ a: 1 }], { types: { a: "text" } }, "OPTION", 'the type of column "a" is "text"'],
    [[{ a: 1 }], { header: true }, "OPTION", 'unknown option "header"'],
    [
      [{ a: 1 }, { a: "x" }],
      {},
      "COLUMN",
      'column "a" is "x" in row 1 (counted from 0), expected a finite number',
      'types: { "a": "category" }',
    ],
    [[{ a: "x" }, { a: 1 }], {}, "COLUMN", 'column "a" is 1 in row 1 (counted from 0), expected a category'],
    [[{ a: 1 / 0 }], {}, "COLUMN", "is Infinity in row 0"],
    [[{ a: new Date(0) }], {}, "COLUMN", "is an object in row 0", "null where one is missing"],
    [[{ a: "0x1f" }], { types: { a: "number" } }, "COLUMN", 'is "0x1f" in row 0'],
    [[{ a: true }], { types: { a: "number" } }, "COLUMN", "is true in row 0"],
    [[{ a: [1] }], { types: { a: "category" } }, "COLUMN", "is an array of 1 in row 0"],
  ] as [Any, Any, Any, ...string[]][])("refuses %j with %j", async (rows, options, code, ...pieces) => {
    await refuses(() => table(rows, options), code, "table: ", ...pieces);
  });
});

describe("parts of a table", () => {
  it("takeRows takes rows in any order, as often as they are named", () => {
    const part = takeRows(animals, [3, 0, 0, 2]);
    expect(records(part)).toEqual([3, 0, 0, 2].map((row) => records(animals)[row]));
    expect(part.columns[0]).toMatchObject({ categories: ["cat", "dog"] });
    expect(takeRows(animals, Uint32Array.of()).rows).toBe(0);
  });

  it("selectColumns takes columns in any order", () => {
    expect(selectColumns(animals, ["tame", "kind"])).toEqual({
      rows: 4,
      columns: [animals.columns[2], animals.columns[0]],
    });
  });

  it("records are what table makes the same table of", () => {
    expect(records(animals)[2]).toEqual({ kind: null, legs: null, tame: "false" });
    const value = fc.oneof(fc.constant(null), fc.constantFrom("a", "b", "__proto__"));
    const row = fc.record({ n: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), c: value });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        const made = table(rows, { types: { n: "number", c: "category" } });
        expect(records(made)).toEqual(rows);
        expect(table(records(made), { types: { n: "number", c: "category" } })).toEqual(made);
      }),
    );
  });

  it.each([
    [() => takeRows(animals, [4]), "OPTION", "rows[0] is 4, and the table has 4 rows"],
    [() => takeRows(animals, [0, -1]), "OPTION", "rows[1] is -1"],
    [() => takeRows(animals, 3 as Any), "OPTION", "rows is 3"],
    [() => selectColumns(animals, ["leg"]), "COLUMN", 'no column is named "leg"', 'Did you mean "legs"?'],
    [() => selectColumns(animals, []), "OPTION", "names is empty"],
    [() => records({} as Any), "OPTION", "records: got an object, expected a table"],
  ] as [() => unknown, Any, ...string[]][])("refuses: %s", async (call, code, ...pieces) => {
    await refuses(call, code, ...pieces);
  });
});

describe("checkTable", () => {
  const good = (): Any => ({
    rows: 2,
    columns: [
      { name: "n", type: "number", values: Float64Array.of(1, Number.NaN) },
      { name: "c", type: "category", values: Int32Array.of(-1, 1), categories: ["a", "b"] },
    ],
  });
  it("takes clones", () => {
    const clone = structuredClone(good()) as Table;
    expect(checkTable("x", clone)).toBe(clone);
  });

  it.each([
    [
      "rows",
      (t: Any) => {
        t.rows = -1;
      },
      "got an object, expected a table",
    ],
    [
      "columns",
      (t: Any) => {
        t.columns = {};
      },
      "got an object, expected a table",
    ],
    [
      "a hole",
      (t: Any) => {
        t.columns[0] = null;
      },
      "column 0 (counted from 0) of the table has the name undefined",
    ],
    [
      "name",
      (t: Any) => {
        t.columns[1].name = 1;
      },
      "column 1 (counted from 0) of the table has the name 1",
    ],
    [
      "names",
      (t: Any) => {
        t.columns[1].name = "n";
      },
      'is the second of the name "n"',
    ],
    [
      "type",
      (t: Any) => {
        t.columns[0].type = "int";
      },
      ', "n", has the type "int"',
    ],
    [
      "values",
      (t: Any) => {
        t.columns[0].values = [1, 2];
      },
      "has an array of 2 for values, expected a Float64Array",
    ],
    [
      "places",
      (t: Any) => {
        t.columns[1].values = Float64Array.of(0, 1);
      },
      "expected an Int32Array",
    ],
    [
      "length",
      (t: Any) => {
        t.columns[0].values = Float64Array.of(1);
      },
      "has 1 value, expected 2",
    ],
    [
      "infinite",
      (t: Any) => {
        t.columns[0].values[1] = -1 / 0;
      },
      "is -Infinity in row 1",
    ],
    [
      "a place too high",
      (t: Any) => {
        t.columns[1].values[0] = 2;
      },
      "has the place 2 in row 0 (counted from 0), and there are 2 categories",
    ],
    [
      "a place too low",
      (t: Any) => {
        t.columns[1].values[1] = -2;
      },
      "has the place -2 in row 1",
    ],
    [
      "categories",
      (t: Any) => {
        t.columns[1].categories = ["a", "a"];
      },
      "expected different texts",
    ],
    [
      "no categories",
      (t: Any) => {
        t.columns[1].categories = undefined;
      },
      "has undefined for categories",
    ],
  ] as [string, (t: Any) => void, string][])("refuses another %s", async (_, change, piece) => {
    const odd = good();
    change(odd);
    await refuses(
      () => checkTable("preprocess", odd),
      piece.startsWith("got") ? "OPTION" : "COLUMN",
      "preprocess: ",
      piece,
    );
  });
});

describe("splitTable", () => {
  const ids = Int32Array.from({ length: 101 }, (_, i) => (i * i) % 7);
  const rows = table(Array.from(ids, (id, i) => ({ i, id: `class ${id}`, odd: i % 10 ? "x" : null })));
  const numbers = ({ columns }: Table): number[] => Array.from(columns[0]!.values);

  it.each([{}, { seed: 7 }, { shuffle: false }])("chooses the rows of split: %j", (options) => {
    const x = Float32Array.from(ids, (_, i) => i);
    for (const stratified of [false, true]) {
      // ids in the order in which they are met, as a table has them
      const y = (rows.columns[1]!.values as Int32Array).slice();
      const wanted = split(dataset({ x, y, features: 1 }), { validation: 0.3, stratified, ...options });
      const got = splitTable(rows, {
        validation: 0.3,
        ...(stratified ? { stratified: "id" } : {}),
        ...options,
      });
      for (const side of ["train", "validation"] as const) {
        expect(numbers(got[side])).toEqual(Array.from(wanted[side].x));
        expect(got[side].columns[1]).toMatchObject({ categories: (rows.columns[1] as Any).categories });
      }
    }
  });

  it("rows without a value are a group", () => {
    const { validation } = splitTable(rows, { validation: 0.2, stratified: "odd" });
    expect(Array.from(validation.columns[2]!.values).filter((place) => place === -1).length).toBe(2);
  });

  it.each([
    [{ validation: 1 }, "OPTION", "splitTable: validation is 1"],
    [{ validation: 0.2, seed: -1 }, "OPTION", "seed is -1"],
    [{ validation: 0.2, shuffle: 1 }, "OPTION", "shuffle is 1"],
    [{ validation: 0.2, stratified: true }, "OPTION", "stratified is true, expected the name of a column"],
    [
      { validation: 0.2, stratified: "ids" },
      "COLUMN",
      'stratified: no column is named "ids"',
      'Did you mean "id"?',
    ],
    [
      { validation: 0.2, stratified: "i" },
      "COLUMN",
      'stratified is "i", a column of numbers',
      'types: { "i": "category" }',
    ],
    [{ share: 0.2 }, "OPTION", 'unknown option "share"'],
  ] as [Any, Any, ...string[]][])("refuses %j", async (options, code, ...pieces) => {
    await refuses(() => splitTable(rows, options), code, ...pieces);
  });

  it("refuses what is no table, or cannot be split", async () => {
    await refuses(
      () => splitTable([] as Any, { validation: 0.2 }),
      "OPTION",
      "got an array of 0, expected a table",
    );
    await refuses(() => splitTable(takeRows(rows, [0]), { validation: 0.2 }), "EMPTY", "has 1 row");
    await refuses(
      () => splitTable(takeRows(rows, [0, 1]), { validation: 0.5, stratified: "id" }),
      "EMPTY",
      "no class has two rows",
    );
  });
});
