// What a fitted preprocessing does: all forms of rows give the same features; data sets, streams, outputs in their own units; refusals.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataset, isDataset } from "../../src/data/dataset.ts";
import { split } from "../../src/data/split.ts";
import {
  asIs,
  ids,
  minMax,
  oneHot,
  preprocess,
  preprocessingOf,
  type RawRows,
  standardize,
} from "../../src/data.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";
import { number, table, text } from "../support/tables.ts";

const train = table(
  4,
  number("age", [20, 40, 30, 10]),
  text("city", ["Rome", "Oslo", "Rome", "Paris"]),
  number("height", [1, 2, 3, 4]),
  text("species", ["b", "a", "b", "a"]),
);
const fitted = preprocess(train, { target: "species", numbers: minMax(), columns: { height: asIs() } });
const filled = preprocess(train, { target: "species", missing: "impute", columns: { city: ids() } });
const tall = preprocess(train, {
  target: ["age", "height"],
  scaleTarget: standardize(),
  ignore: ["species"],
});

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

describe("dataset", () => {
  it("has features and class ids, and what made them, as dataset() would", () => {
    const data = fitted.dataset(train);
    const { x, rows, features } = fitted.transform(train);
    const same = dataset({ x: x as Float32Array, y: ["b", "a", "b", "a"], features });
    expect(isDataset(data)).toBe(true);
    expect({ ...data, preprocessing: undefined }).toEqual({ ...same, preprocessing: undefined });
    expect(data.preprocessing).toBe(fitted);
    expect([data.rows, data.classes]).toEqual([rows, ["a", "b"]]);
    expect(split(data, { validation: 0.5 }).validation.preprocessing).toBe(fitted);
  });

  it("has classes by their ids though some are missing; from objects too", () => {
    const rows = [
      { species: "b", age: 10, city: "Rome", height: 0 },
      { species: "b", age: 10, city: "Rome", height: 0 },
    ];
    expect(Array.from(fitted.dataset(rows).y)).toEqual([1, 1]);
    const digits = preprocess(table(3, number("x", [1, 2, 3]), number("y", [7, 0, 7])), {
      target: "y",
      classes: true,
    });
    expect(
      Array.from(
        digits.dataset([
          { x: 1, y: 7 },
          { x: 1, y: "0" },
        ]).y,
      ),
    ).toEqual([1, 0]);
  });

  it("has numbers scaled as they were fitted, which restore undoes", () => {
    const data = tall.dataset(train);
    const [a, h] = [Math.sqrt(125), Math.sqrt(1.25)];
    const wanted = [20, 1, 40, 2, 30, 3, 10, 4].map((v, i) =>
      i % 2 === 0 ? (v - 25) * (1 / a) : (v - 2.5) * (1 / h),
    );
    expect(data.targets).toBe(2);
    expect(data.y).toEqual(Float32Array.from(wanted));
    const outputs = Float32Array.from(data.y);
    expect(tall.restore(outputs)).toBe(outputs);
    for (const [i, v] of [20, 1, 40, 2, 30, 3, 10, 4].entries()) {
      // one rounding to f32 of a number of at most 1.5 σ, and one of the result
      expect(Math.abs((outputs[i] as number) - v)).toBeLessThanOrEqual(2 ** -24 * (v + 1.5 * a));
    }
    const stats = (data as Any).stats;
    const least = Math.min(...data.y);
    expect([stats.least, stats.leastAt]).toEqual([least, data.y.indexOf(least)]);
  });

  it("numbers that are not scaled stay in every bit, there and back", () => {
    const plain = preprocess(train, { target: "height", ignore: ["species"] });
    const y = Float32Array.of(3.3, -1e-20, 7e37, 0);
    const rows = Array.from(y, (height) => ({ age: 1, city: "Rome", height }));
    expect(plain.dataset(rows).y).toEqual(y);
    expect(plain.restore(Float32Array.from(y))).toEqual(y);
    expect(fitted.restore(Float32Array.from(y))).toEqual(y);
  });

  it("numbers in their own units are scaled as those of a data set", () => {
    const heights = Float32Array.of(180, 176, 165, 150);
    const rows = Array.from(heights, (height) => ({ age: 1, city: "Rome", height, species: "a" }));
    const scaled = preprocess(rows, { target: "height", scaleTarget: standardize() });
    expect(scaled.targets(heights, 4).y).toEqual(scaled.dataset(rows).y);
    expect(
      scaled.targets(
        [...heights].map((height) => [height]),
        4,
      ).y,
    ).toEqual(scaled.dataset(rows).y);
    expect(scaled.targets([...heights], 4).y).toEqual(scaled.dataset(rows).y);
    expect(heights).toEqual(Float32Array.of(180, 176, 165, 150));
    // neighbours in f32 are 128 apart there
    const times = [1.7e9 + 1, 1.7e9 + 2.5, 1.7e9 + 7, 1.7e9 + 20];
    const later = times.map((time, age) => ({ age, time }));
    const timed = preprocess(later, { target: "time", scaleTarget: standardize() });
    const wanted = timed.dataset(later).y;
    expect(new Set(wanted).size).toBe(4);
    for (const y of [times, Float64Array.from(times), times.map((time) => [time])])
      expect(timed.targets(y, 4).y).toEqual(wanted);
    expect(fitted.targets(["a", "b"], 2).y).toEqual(Int32Array.of(0, 1));
    expect(fitted.targets([1, 0], 2).y).toEqual(Int32Array.of(1, 0));
  });

  const row = { species: "a", age: 10, city: "Rome", height: 0 };
  it.each<[string, () => unknown, string, ...string[]]>([
    [
      "no target",
      () => preprocess(train).dataset(train),
      "PREPROCESSING",
      "dataset: ",
      "without a target",
      "transform",
    ],
    [
      "rows without one",
      () => fitted.dataset([{ age: 1, city: "Rome", height: 1 }]),
      "COLUMN",
      'no column is named "species"',
    ],
    [
      "arrays, which have none",
      () => fitted.dataset([[1, "Rome", 1]]),
      "COLUMN",
      'no column is named "species"',
    ],
    [
      "an unknown class",
      () => fitted.dataset([row, { ...row, species: "bb" }]),
      "LABEL",
      'column "species" in row 1',
      '"bb"',
      'mean "b"?',
    ],
    [
      "a missing class",
      () => filled.dataset([row, { ...row, species: null }]),
      "COLUMN",
      'column "species" in row 1',
      "has no value",
    ],
    [
      "a missing number",
      () => tall.dataset([row, { ...row, height: null }]),
      "COLUMN",
      'column "height" in row 1',
      "its target",
    ],
    [
      "a number that f32 cannot hold",
      () => tall.dataset([{ ...row, age: 1e300 }]),
      "NOT_FINITE",
      'column "age" in row 0',
    ],
    ["no rows", () => fitted.dataset([]), "EMPTY", "dataset: there are no rows"],
    [
      "none that is complete",
      () => preprocess(train, { target: "species", missing: "drop" }).dataset([{ ...row, age: null }]),
      "EMPTY",
      "all are dropped",
    ],
    [
      "outputs of another width",
      () => tall.restore(new Float32Array(3)),
      "SHAPE",
      "3 values, expected a multiple of 2",
    ],
  ])("refuses %s", async (_, call, code, ...pieces) => {
    await refuses(call, code as Any, ...pieces);
  });

  it("drop leaves out, and transform does not", async () => {
    const drop = preprocess(train, { target: "species", missing: "drop" });
    const some = [row, { ...row, age: null }, { ...row, species: "" }, row];
    expect(drop.dataset(some).rows).toBe(2);
    await refuses(() => drop.transform(some), "COLUMN", 'column "age" in row 1');
    const loaded = preprocessingOf(JSON.parse(JSON.stringify(drop.spec)));
    expect(loaded.dataset(some).x).toEqual(drop.dataset(some).x);
    // an unknown category in a row that is dropped is of no matter
    expect(drop.dataset([row, { ...row, city: "Bergen", age: null }]).rows).toBe(1);
  });
});

describe("stream", () => {
  const parts = [
    table(0, ...train.columns.map((c) => (c.type === "number" ? number(c.name, []) : text(c.name, [])))),
    train,
    table(1, number("age", [null]), text("city", ["Rome"]), number("height", [1]), text("species", ["a"])),
    train,
  ];
  const drop = preprocess(train, { target: "species", missing: "drop" });

  it("maps tables to data sets as they come, anew each time; those without rows are passed over", async () => {
    const log: string[] = [];
    const stream = drop.stream(
      function* () {
        for (const [i, part] of parts.entries()) {
          log.push(`read ${i}`);
          yield part;
        }
      },
      { rows: 8, blockRows: 3 },
    );
    expect([stream.rows, stream.blockRows, drop.features, drop.rows]).toEqual([8, 3, 5, 4]);
    expect(Object.isFrozen(stream)).toBe(true);
    for (let epoch = 0; epoch < 2; epoch++) {
      for await (const data of stream.chunks()) {
        log.push(`take ${data.rows}`);
        expect(data.x).toEqual(drop.dataset(train).x);
        expect(data.preprocessing).toBe(drop);
      }
      expect(log.splice(0)).toEqual(["read 0", "read 1", "take 4", "read 2", "read 3", "take 4"]);
    }
  });

  it("closes what it reads when it is left", async () => {
    let closed = 0;
    const stream = drop.stream(async function* () {
      try {
        yield train;
        yield train;
      } finally {
        closed++;
      }
    });
    for await (const data of stream.chunks()) {
      expect(data.rows).toBe(4);
      break;
    }
    expect(closed).toBe(1);
  });

  it("says rows by their place in the whole", async () => {
    const all = async (open: () => Any) => {
      for await (const data of fitted.stream(open).chunks()) expect(data.rows).toBe(4);
    };
    await refuses(
      () => all(() => parts),
      "COLUMN",
      'stream: column "age" in row 4 (counted from 0) has no value',
    );
    await refuses(() => all(() => train), "OPTION", "stream: got an object", "tables one after another");
  });

  it.each<[string, () => unknown, string, ...string[]]>([
    [
      "tables that could be read once",
      () => fitted.stream([train] as Any),
      "OPTION",
      "got an array of 1, expected a function",
      "() =>",
    ],
    [
      "rows that are none",
      () => fitted.stream(() => [train], { rows: 0 }),
      "OPTION",
      "datasetStream: rows is 0",
    ],
    [
      "no target",
      () => preprocess(train).stream(() => [train]),
      "PREPROCESSING",
      "stream: ",
      "without a target",
    ],
  ])("refuses %s", async (_, call, code, ...pieces) => {
    await refuses(call, code as Any, ...pieces);
  });

  it("of a preprocessing that was loaded does not know how many rows it was fitted on", () => {
    const loaded = preprocessingOf(fitted.spec);
    expect(loaded.rows).toBeUndefined();
    expect(loaded.stream(() => [train], { rows: 4 }).rows).toBe(4);
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
