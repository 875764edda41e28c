// What a fitted preprocessing makes of rows: the same features of every form of them, and refusals. Data sets and streams are
// prepare-sets.test.ts's.

import { describe, expect, it } from "vitest";
import { ids, minMax, oneHot, preprocess, preprocessingOf, type RawRows } from "../../src/data.ts";
import { refuses } from "../support/errors.ts";
import { filled, fitted, tall, train } from "../support/fitted.ts";
import fc from "../support/property.ts";
import type { Any } from "../support/refusals.ts";
import { number, table, text } from "../support/tables.ts";

/** Rows of the features alone, in every form that rows have. */
function forms(rows: readonly (readonly [age: number, city: string, height: number])[]): [string, RawRows][] {
  const [age, city, height] = [0, 1, 2].map((i) => rows.map((row) => row[i])) as [
    number[],
    string[],
    number[],
  ];
  const columns = [number("age", age), text("city", city), number("height", height)];
  return [
    ["a table", table(rows.length, ...columns)],
    ["a table in another order, with more", table(rows.length, ...columns.toReversed(), text("more", city))],
    ["a clone of a table", structuredClone(table(rows.length, ...columns))],
    ["a table of text", table(rows.length, text("age", age.map(String)), ...columns.slice(1))],
    ["objects", rows.map(([age, city, height]) => ({ age, city, height }))],
    [
      "objects of text",
      rows.map(([age, city, height]) => ({ height: `${height}`, more: {}, city, age: ` ${age}` })),
    ],
    ["arrays", rows],
    ["arrays of text", rows.map((row) => row.map(String))],
  ];
}

describe("transform", () => {
  const rows = [
    [10, "Oslo", 5],
    [25, "Paris", -1],
    [50, "Rome", 0.5],
  ] as const;
  // 10 … 40 becomes 0 … 1; Oslo, Paris, Rome
  const wanted = [0, 1, 0, 0, 5, 0.5, 0, 1, 0, -1, Math.fround(4 / 3), 0, 0, 1, 0.5];

  it.each(forms(rows))("of %s", (_, given) => {
    expect(fitted.transform(given)).toEqual({ x: Float32Array.from(wanted), rows: 3, features: 5 });
  });

  it("of a flat array, or typed arrays as rows, where all are numbers", () => {
    const two = preprocess(table(2, number("a", [0, 2]), number("b", [5, 9])), { numbers: minMax() });
    const x = Float32Array.of(0.5, 1, -1, 0.25);
    for (const rows of [
      Float64Array.of(1, 9, -2, 6),
      Float32Array.of(1, 9, -2, 6),
      [Float32Array.of(1, 9), Int8Array.of(-2, 6)],
      [
        [1, 9],
        [-2, 6],
      ],
    ])
      expect(two.transform(rows)).toEqual({ x, rows: 2, features: 2 });
  });

  it("is that of an oracle, of many rows", () => {
    const row = fc.tuple(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.constantFrom("Rome", "Oslo", "Paris"),
      fc.integer(),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (some) => {
        // more than one block of rows
        const rows = Array.from({ length: 2100 }, (_, i) => some[i % some.length] as (typeof some)[0]);
        const wanted = rows.flatMap(([age, city, height]) => [
          (age - 10) * (1 / 30),
          ...["Oslo", "Paris", "Rome"].map((each) => Number(each === city)),
          height,
        ]);
        const x = Float32Array.from(wanted, (v) => v + 0);
        for (const [, given] of forms(rows).slice(0, 1)) expect(fitted.transform(given).x).toEqual(x);
        expect(fitted.transform(rows).x).toEqual(x);
      }),
      { numRuns: 20, seed: 3 },
    );
  });

  it("fills in what is missing, however that is written", () => {
    const wanted = filled.transform([{ age: 25, city: "Rome", height: 2.5 }]).x;
    for (const none of [undefined, null, "", Number.NaN])
      expect(filled.transform([[none, none, none]]).x).toEqual(wanted);
    expect(filled.transform([["  ", "Rome", "2.5"]]).x).toEqual(wanted);
    expect(
      filled
        .transform([
          { age: 25, height: null, city: "" },
          { age: 1, city: "Rome", height: 1 },
        ])
        .x.subarray(0, 3),
    ).toEqual(wanted);
    // a value that some row has may be left out by another
    expect(
      filled.transform([{ city: "Rome" }, { age: 1, city: "Rome", height: 1 }]).x.subarray(0, 3),
    ).toEqual(wanted);
    expect(
      filled.transform(table(1, number("age", [null]), text("city", [null]), number("height", [null]))).x,
    ).toEqual(wanted);
  });

  it("lets unknown categories be zeros where it was told to", () => {
    const zeros = preprocess(train, { select: ["city"], categories: oneHot({ unknown: "zeros" }) });
    expect(Array.from(zeros.transform([["Bergen"], ["Rome"]]).x)).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it("reads categories from booleans and numbers", () => {
    const f = preprocess(table(3, text("yes", ["true", "false", "true"]), number("zip", [10, 9, 10])), {
      categories: ids(),
      columns: { zip: ids() },
    });
    const wanted = Float32Array.of(0, 1, 1, 0);
    for (const rows of [
      [
        [false, "9"],
        [true, 10],
      ],
      [
        { yes: "false", zip: 9n },
        { yes: "true", zip: 10 },
      ],
      table(2, text("yes", ["false", "true"]), number("zip", [9, 10])),
      table(2, text("yes", ["false", "true"]), text("zip", ["9", "10"])),
    ])
      expect(f.transform(rows).x).toEqual(wanted);
  });

  const good = { age: 1, city: "Rome", height: 1 };
  it.each<[string, Any, string, ...string[]]>([
    ["no rows", [], "EMPTY", "predict: there are no rows"],
    ["of a table", table(0, number("age", []), text("city", []), number("height", [])), "EMPTY", "no rows"],
    ["of a flat array", new Float64Array(0), "EMPTY", "no rows"],
    ["rows of no form", "rows", "OPTION", 'predict: the rows are "rows"', "flat Float32Array"],
    ["a Map", new Map(), "OPTION", "the rows are an object"],
    ["bytes", new Uint8Array(3), "OPTION", "the rows are a Uint8Array"],
    ["a row that is none", [good, null], "SHAPE", "row 1 (counted from 0) is null", "as row 0 is"],
    [
      "an object among arrays",
      [[1, "Rome", 1], good],
      "SHAPE",
      "row 1 (counted from 0) is an object, expected an array of 3",
    ],
    ["an array among objects", [good, [1, "Rome", 1]], "SHAPE", "row 1 (counted from 0) is an array of 3"],
    [
      "an array too short",
      [[1, "Rome"]],
      "SHAPE",
      "row 0 (counted from 0) is of 2 values, expected an array of 3",
      "age, city, height",
    ],
    ["an array too long", [[1, "Rome", 1, 1]], "SHAPE", "is of 4 values"],
    ["a flat array with categories", new Float32Array(3), "COLUMN", 'column "city" holds categories'],
    ["a flat array that does not divide", new Float32Array(4), "SHAPE", "4 values, expected a multiple of 3"],
    [
      "a column that is not there",
      [{ Age: 1, city: "Rome", height: 1 }],
      "COLUMN",
      'no column is named "age"',
      'mean "Age"?',
    ],
    [
      "in a table",
      table(1, number("age", [1]), text("city", ["Rome"])),
      "COLUMN",
      'no column is named "height"',
      'Known: "age", "city"',
    ],
    ["objects without anything", [{}], "COLUMN", 'no column is named "age"', "by column name"],
    ["a value that is inherited", [Object.create(good)], "COLUMN", 'no column is named "age"'],
    [
      "a missing number",
      [good, { ...good, age: null }],
      "COLUMN",
      'predict: column "age" in row 1 (counted from 0) has no value',
      "impute",
    ],
    [
      "a missing category",
      [{ ...good, city: undefined }],
      "COLUMN",
      'column "city" in row 0 (counted from 0) has no value',
    ],
    [
      "an unknown category",
      [good, { ...good, city: "rome" }],
      "COLUMN",
      'column "city" in row 1 (counted from 0) is "rome", which is none of the 3 categories',
      'mean "Rome"?',
      'unknown: "zeros"',
    ],
    [
      "text for a number",
      [{ ...good, age: "old" }],
      "COLUMN",
      'column "age" in row 0 (counted from 0) is "old"',
    ],
    ["two numbers for one", [{ ...good, age: "1,5" }], "COLUMN", 'is "1,5"'],
    ["true for a number", [{ ...good, age: true }], "COLUMN", "is true"],
    [
      "a list for a category",
      [{ ...good, city: ["Rome"] }],
      "COLUMN",
      "is an array of 1",
      "column of categories",
    ],
    [
      "Infinity",
      [{ ...good, age: Infinity }],
      "NOT_FINITE",
      'column "age" in row 0 (counted from 0) is Infinity',
    ],
    [
      "what f32 cannot hold",
      [good, { ...good, height: -1e39 }],
      "NOT_FINITE",
      'column "height" in row 1',
      "is -1e+39, which becomes -Infinity",
    ],
    [
      "text in a table",
      table(2, text("age", ["1", "one"]), text("city", ["Rome", "Rome"]), number("height", [1, 1])),
      "COLUMN",
      'column "age" in row 1',
      'is "one"',
    ],
    ["a table without columns", { rows: 1, columns: 3 }, "OPTION", "got an object, expected a table"],
    ["a table of rows that are none", { rows: -1, columns: [] }, "OPTION", "expected a table"],
    ["a column that is null", { rows: 1, columns: [null] }, "COLUMN", "has the name undefined"],
    [
      "two columns of a name",
      table(1, number("age", [1]), number("age", [1])),
      "COLUMN",
      'the second of the name "age"',
    ],
    [
      "another type of values",
      { rows: 1, columns: [{ name: "age", type: "number", values: [1] }] },
      "COLUMN",
      '"age", has an array of 1 for values',
    ],
    [
      "a type that is none",
      { rows: 1, columns: [{ name: "age", type: "text", values: ["a"] }] },
      "COLUMN",
      'has the type "text"',
    ],
    ["too few values", { rows: 2, columns: [number("age", [1])] }, "COLUMN", "has 1 value, expected 2"],
    [
      "no categories",
      { rows: 1, columns: [{ name: "city", type: "category", values: Int32Array.of(0) }] },
      "COLUMN",
      '"city", has undefined for categories',
    ],
    [
      "a code that no category has",
      table(1, number("age", [1]), number("height", [1]), {
        name: "city",
        type: "category",
        values: Int32Array.of(1),
        categories: ["Rome"],
      }),
      "COLUMN",
      '"city", has the place 1 in row 0',
    ],
    [
      "a code below −1",
      table(1, number("age", [1]), number("height", [1]), {
        name: "city",
        type: "category",
        values: Int32Array.of(-2),
        categories: ["Rome"],
      }),
      "COLUMN",
      "has the place -2",
    ],
  ])("refuses %s", async (_, rows, code, ...pieces) => {
    await refuses(() => fitted.transform(rows, "predict"), code as Any, ...pieces);
  });

  it("refuses more than a memory can have before it makes room", async () => {
    const categories = Array.from({ length: 2 ** 15 }, (_, i) => `${i}`);
    const wide = preprocessingOf({ columns: [{ kind: "oneHot", name: "c", categories, unknown: "error" }] });
    const values = new Int32Array(2 ** 15 + 1);
    const rows = table(values.length, { name: "c", type: "category", values, categories });
    await refuses(
      () => wide.transform(rows),
      "TOO_LARGE",
      "32769 rows of 32768 features are 4295098368 bytes",
    );
  });
});

it("nothing of a preprocessing can be changed", () => {
  for (const f of [fitted, filled, tall]) {
    const deep = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      for (const each of Object.values(value)) deep(each);
    };
    deep(f.spec);
    expect([Object.isFrozen(f), Object.isFrozen(f.names)]).toEqual([true, true]);
  }
});
