// preprocess and preprocessStream: what is fitted, against exact arithmetic and scikit-learn; every option; streams; refusals.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asIs,
  ids,
  minMax,
  oneHot,
  type PreprocessOptions,
  preprocess,
  preprocessingOf,
  preprocessStream,
  standardize,
  type Table,
} from "../../src/data.ts";
import { read } from "../fixtures/read.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";
import { number, table, text } from "../support/tables.ts";

/** Half the distance of 1 to the next number: what rounding to f64, and to f32, changes at most, relatively. */
const [U64, U32] = [2 ** -53, 2 ** -24];

const numbersOf = (spec: { columns: readonly unknown[] }) =>
  spec.columns as readonly { center: number; scale: number; offset: number; fill?: number }[];

describe("numbers, against exact arithmetic", () => {
  /** mean, σ and κ = √(1 + mean² / σ²), from sums of integers without rounding */
  function exact(values: readonly number[]): { mean: number; sigma: number; kappa: number } {
    const whole = values.map((v) => BigInt(v * 1024));
    const n = BigInt(values.length);
    const sum = whole.reduce((a, b) => a + b, 0n);
    const squares = whole.reduce((a, b) => a + b * b, 0n);
    const spread = n * squares - sum * sum;
    const mean = Number(sum) / Number(n) / 1024;
    const sigma = Math.sqrt(Number(spread)) / Number(n) / 1024;
    return { mean, sigma, kappa: Math.sqrt(Number(n * squares) / Number(spread)) };
  }

  it("mean and 1 / σ within the bounds of Welford's sums, least and largest exactly", () => {
    const column = fc
      .record({ middle: fc.integer({ min: -1e6, max: 1e6 }), width: fc.constantFrom(1, 1000, 1e6) })
      .chain(({ middle, width }) =>
        fc.array(
          fc.integer({ min: -width, max: width }).map((v) => middle + v / 1024),
          { minLength: 2, maxLength: 300 },
        ),
      );
    fc.assert(
      fc.property(column, (values) => {
        const rows = table(values.length, number("v", values));
        const [standard] = numbersOf(preprocess(rows).spec);
        const [scaled] = numbersOf(preprocess(rows, { numbers: minMax({ low: -1, high: 3 }) }).spec);
        const [low, high] = [Math.min(...values), Math.max(...values)];
        const n = values.length;
        const most = Math.max(Math.abs(low), Math.abs(high));
        expect(scaled).toMatchObject({ center: low, offset: -1, scale: low === high ? 4 : 4 / (high - low) });
        if (low === high) {
          expect(standard).toMatchObject({ center: low, scale: 1, offset: 0 });
          return;
        }
        const { mean, sigma, kappa } = exact(values);
        // each step rounds a number of at most `most` once, and a difference of at most twice that / n thrice
        expect(Math.abs((standard?.center ?? Number.NaN) - mean)).toBeLessThanOrEqual(
          (n + 6 * (1 + n / 2)) * U64 * most,
        );
        // Chan, Golub & LeVeque (1983): relative error of the sum of squares about n·κ·u
        expect(Math.abs((standard?.scale ?? Number.NaN) * sigma - 1)).toBeLessThanOrEqual(
          2 * n * kappa * U64,
        );
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("features are (value − center) · scale + offset in f64, rounded once", () => {
    const values = Array.from({ length: 100 }, (_, i) => ((i * 7919) % 101) / 3);
    const fitted = preprocess(table(100, number("v", values)), { numbers: minMax({ low: -2, high: 5 }) });
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const wanted = values.map((v) => Math.fround((v - low) * (7 / (high - low)) + -2));
    expect(Array.from(fitted.transform(table(100, number("v", values))).x)).toEqual(wanted);
  });
});

describe("as scikit-learn has it", () => {
  interface Numbers {
    readonly name: string;
    readonly train: readonly (number | null)[];
    readonly test: readonly (number | null)[];
    readonly fill: number;
    readonly scalers: readonly {
      readonly minMax: { low?: number; high?: number } | null;
      readonly features: readonly number[];
    }[];
  }
  interface Categories {
    readonly name: string;
    readonly train: readonly (string | null)[];
    readonly test: readonly (string | null)[];
    readonly fill: string;
    readonly categories: readonly string[];
    readonly oneHot: readonly number[];
    readonly ids: readonly number[];
  }
  const fixtures = read<never>("preprocess.json") as unknown as {
    numbers: readonly Numbers[];
    categories: readonly Categories[];
  };

  it.each(fixtures.numbers.map((each) => [each.name, each] as const))("numbers: %s", (_, column) => {
    const [train, test] = [column.train, column.test].map((v) => table(v.length, number("v", v)));
    for (const scaler of column.scalers) {
      const numbers = scaler.minMax === null ? standardize() : minMax(scaler.minMax);
      const fitted = preprocess(train as Table, { numbers, missing: "impute" });
      const { x } = fitted.transform(test as Table);
      const [{ scale, offset, fill }] = numbersOf(fitted.spec) as [Any];
      const known = column.train.filter((v) => v !== null);
      const n = known.length;
      const most = Math.max(...[...known, ...column.test].map((v) => Math.abs(v ?? 0)));
      expect(Math.abs(fill - column.fill)).toBeLessThanOrEqual(2 * n * U64 * most);
      for (const [i, wanted] of scaler.features.entries()) {
        // both sides round numbers of size most · scale in f64, n times at most; the feature once in f32
        const slack = U32 * Math.abs(wanted) + 8 * n * U64 * (most * scale + Math.abs(offset));
        expect(Math.abs((x[i] as number) - wanted), `row ${i}`).toBeLessThanOrEqual(slack);
      }
    }
  });

  it.each(fixtures.categories.map((each) => [each.name, each] as const))("categories: %s", (_, column) => {
    const [train, test] = [column.train, column.test].map((v) => table(v.length, text("v", v)));
    const zeros = oneHot({ unknown: "zeros" });
    const fitted = preprocess(train as Table, { categories: zeros, missing: "impute" });
    expect(fitted.spec.columns).toEqual([
      { kind: "oneHot", name: "v", categories: column.categories, fill: column.fill, unknown: "zeros" },
    ]);
    expect(Array.from(fitted.transform(test as Table).x)).toEqual(column.oneHot);
    const placed = preprocess(train as Table, { categories: ids(), missing: "impute" });
    const known = column.test.map((v) => (v === null || column.categories.includes(v) ? v : null));
    const wanted = column.ids.map((id) => (id === -1 ? column.categories.indexOf(column.fill) : id));
    expect(Array.from(placed.transform(table(known.length, text("v", known))).x)).toEqual(wanted);
  });
});

const people = table(
  6,
  number("age", [20, 40, null, 30, 50, 10]),
  text("city", ["Rome", "Oslo", "Rome", null, "Oslo", "Paris"]),
  number("height", [1, 2, 3, 4, 5, 9]),
  text("species", ["b", "a", "b", "a", "c", "b"]),
);

describe("options", () => {
  const whole = { ...people, columns: people.columns.slice(2) };

  it("target: a column of categories is learnt as classes, sorted; the others become features", () => {
    const fitted = preprocess(whole, { target: "species", numbers: asIs() });
    expect(fitted.spec).toEqual({
      columns: [{ kind: "number", name: "height", center: 0, scale: 1, offset: 0 }],
      target: { kind: "classes", name: "species", classes: ["a", "b", "c"] },
    });
    expect([fitted.features, fitted.outputs, fitted.classes, fitted.names]).toEqual([
      1,
      3,
      ["a", "b", "c"],
      ["height"],
    ]);
  });

  it("target: a number, or some, as they are or scaled", () => {
    const raw = preprocess(whole, { target: "height" });
    const asItIs = { kind: "number", name: "height", center: 0, scale: 1, offset: 0 };
    expect(raw.spec.target).toEqual({ kind: "numbers", columns: [asItIs] });
    expect([raw.outputs, raw.classes, raw.names]).toEqual([
      1,
      undefined,
      ["species=a", "species=b", "species=c"],
    ]);
    const scaled = preprocess(whole, { target: ["height"], scaleTarget: minMax({ high: 4 }) });
    expect(scaled.spec.target).toEqual({
      kind: "numbers",
      columns: [{ kind: "number", name: "height", center: 1, scale: 0.5, offset: 0 }],
    });
    const two = preprocess(table(2, number("a", [1, 3]), number("b", [5, 5]), number("c", [0, 1])), {
      target: ["c", "a"],
      scaleTarget: standardize(),
    });
    expect(two.spec.target).toEqual({
      kind: "numbers",
      columns: [
        { kind: "number", name: "c", center: 0.5, scale: 2, offset: 0 },
        { kind: "number", name: "a", center: 2, scale: 1, offset: 0 },
      ],
    });
    expect([two.names, two.outputs]).toEqual([["b"], 2]);
  });

  it("target: without one there are features alone", () => {
    const fitted = preprocess(whole);
    expect([fitted.outputs, fitted.classes, fitted.spec.target]).toEqual([0, undefined, undefined]);
    expect(fitted.names).toEqual(["height", "species=a", "species=b", "species=c"]);
  });

  it("classes: of whole numbers; in an order of one's own, where one may not occur", () => {
    const digits = table(3, number("x", [1, 2, 3]), number("y", [2, 10, 2]));
    expect(preprocess(digits, { target: "y", classes: true }).classes).toEqual(["10", "2"]);
    expect(preprocess(digits, { target: "y", classes: ["2", "7", "10"] }).classes).toEqual(["2", "7", "10"]);
    const names = ["c", "b", "a", "z"];
    const fitted = preprocess(whole, { target: "species", classes: names });
    names[0] = "other";
    expect(fitted.classes).toEqual(["c", "b", "a", "z"]);
    expect(Array.from(fitted.dataset(whole).y)).toEqual([1, 2, 1, 2, 0, 1]);
  });

  it("select gives columns and their order, ignore those that are left out", () => {
    const names = (options: PreprocessOptions) =>
      preprocess(people, { missing: "impute", categories: ids(), ...options }).names;
    expect(names({ select: ["species", "age"] })).toEqual(["species", "age"]);
    expect(names({ ignore: ["species", "age"] })).toEqual(["city", "height"]);
    expect(names({ ignore: ["age"], target: "species" })).toEqual(["city", "height"]);
  });

  it("columns overrides numbers and categories, and says how a column is read", () => {
    const rows = table(
      3,
      number("zip", [10, 9, 10]),
      text("size", ["1.5", "2", "-.5e1"]),
      number("n", [0, 2, 4]),
      text("t", ["x", "y", "x"]),
    );
    const fitted = preprocess(rows, {
      numbers: minMax(),
      categories: ids(),
      columns: { zip: oneHot({ unknown: "zeros" }), size: asIs() },
    });
    expect(fitted.spec.columns).toEqual([
      { kind: "oneHot", name: "zip", categories: ["10", "9"], unknown: "zeros" },
      { kind: "number", name: "size", center: 0, scale: 1, offset: 0 },
      { kind: "number", name: "n", center: 0, scale: 0.25, offset: 0 },
      { kind: "ids", name: "t", categories: ["x", "y"], unknown: "error" },
    ]);
    expect(Array.from(fitted.transform(rows).x)).toEqual([1, 0, 1.5, 0, 0, 0, 1, 2, 0.5, 1, 1, 0, -5, 1, 0]);
  });

  it("missing: drop leaves rows out, of what is fitted and of data sets", () => {
    const fitted = preprocess(people, { target: "species", missing: "drop", numbers: minMax() });
    // rows 2 and 3 are left out
    expect(fitted.spec).toEqual({
      columns: [
        { kind: "number", name: "age", center: 10, scale: 1 / 40, offset: 0 },
        { kind: "oneHot", name: "city", categories: ["Oslo", "Paris", "Rome"], unknown: "error" },
        { kind: "number", name: "height", center: 1, scale: 1 / 8, offset: 0 },
      ],
      target: { kind: "classes", name: "species", classes: ["a", "b", "c"] },
      drop: true,
    });
    const data = fitted.dataset(people);
    expect([data.rows, Array.from(data.y)]).toEqual([4, [1, 0, 2, 1]]);
    expect(Array.from(data.x)).toEqual([
      0.25, 0, 0, 1, 0, 0.75, 1, 0, 0, 0.125, 1, 1, 0, 0, 0.5, 0, 0, 1, 0, 1,
    ]);
    const holes = {
      ...people,
      columns: people.columns.map((c) =>
        c.name === "species" ? text("species", ["b", null, "b", "a", "c", "b"]) : c,
      ),
    };
    expect(preprocess(holes, { target: "species", missing: "drop" }).classes).toEqual(["b", "c"]);
    expect(Array.from(fitted.dataset(holes).y)).toEqual([1, 2, 1]);
  });

  it("missing: impute keeps the mean, and the first of the most frequent categories", () => {
    const fitted = preprocess(people, { target: "species", missing: "impute", numbers: asIs() });
    expect(fitted.spec.columns).toMatchObject([
      { name: "age", fill: 30 },
      { name: "city", fill: "Oslo" },
      { name: "height", fill: 4 },
    ]);
    expect(fitted.dataset(people).rows).toBe(6);
    expect(Array.from(fitted.transform(people).x.subarray(2 * 5, 4 * 5))).toEqual([
      30, 0, 0, 1, 3, 30, 1, 0, 0, 4,
    ]);
  });

  it("σ is that of the values that are there", () => {
    const [column] = numbersOf(preprocess(table(3, number("a", [1, null, 5])), { missing: "impute" }).spec);
    expect(column).toEqual({ kind: "number", name: "a", center: 3, scale: 0.5, offset: 0, fill: 3 });
  });

  it("descriptions are plain and frozen, and take no others' place", () => {
    const all = [standardize(), minMax(), minMax({ low: -1 }), asIs(), oneHot(), ids()];
    expect(all).toEqual([
      { kind: "standardize" },
      { kind: "minMax", low: 0, high: 1 },
      { kind: "minMax", low: -1, high: 1 },
      { kind: "asIs" },
      { kind: "oneHot", unknown: "error" },
      { kind: "ids" },
    ]);
    expect(all.every((each) => Object.isFrozen(each))).toBe(true);
    expect(preprocess(whole, { target: "species", numbers: { ...minMax() } }).spec.columns).toEqual(
      preprocess(whole, { target: "species", numbers: minMax() }).spec.columns,
    );
  });
});

describe("what is looked at", () => {
  it("the given rows alone: others change nothing, and categories that no row has are not known", () => {
    const cities = ["Rome", "Oslo", "Atlantis"];
    const part = (codes: number[], values: number[]): Table => ({
      rows: codes.length,
      columns: [
        { name: "city", type: "category", values: Int32Array.from(codes), categories: cities },
        { name: "n", type: "number", values: Float64Array.from(values) },
      ],
    });
    const train = part([0, 1, 1, 0], [1, 2, 3, 4]);
    const fitted = preprocess(train);
    const before = JSON.stringify(fitted.spec);
    expect(fitted.names).toEqual(["city=Oslo", "city=Rome", "n"]);
    const [a, b] = [part([0, 1], [1e6, -5]), part([1, 1], [0, 12])];
    const alone = fitted.transform(a).x;
    fitted.transform(b);
    expect(fitted.transform(a).x).toEqual(alone);
    expect(JSON.stringify(fitted.spec)).toBe(before);
    expect(JSON.stringify(preprocess(train).spec)).toBe(before);
    // scaled by the training rows: mean 2.5, σ √1.25
    expect(alone[2]).toBe(Math.fround((1e6 - 2.5) / Math.sqrt(1.25)));
  });

  it("later changes of the rows change nothing", () => {
    const values = Float64Array.of(1, 2, 3);
    const fitted = preprocess({ rows: 3, columns: [{ name: "v", type: "number", values }] });
    values.fill(9);
    expect(numbersOf(fitted.spec)[0]?.center).toBe(2);
  });
});

describe("objects", () => {
  it("are fitted as the table with the same values is", () => {
    const records = [
      { age: 20, city: "Rome", fresh: true },
      { age: 40n, city: "Oslo", fresh: false },
      { city: "", fresh: null, age: Number.NaN },
      { age: 30, fresh: true },
    ];
    const same = table(
      4,
      number("age", [20, 40, null, 30]),
      text("city", ["Rome", "Oslo", null, null]),
      text("fresh", ["true", "false", null, "true"]),
    );
    for (const missing of ["drop", "impute"] as const)
      expect(preprocess(records, { missing }).spec).toEqual(preprocess(same, { missing }).spec);
  });

  it("numbers in text are categories, unless the column says otherwise", () => {
    const records = [{ n: "1" }, { n: " 20 " }, { n: "3e1" }];
    expect(preprocess(records).names).toEqual(["n= 20 ", "n=1", "n=3e1"]);
    const fitted = preprocess(records, { columns: { n: minMax() } });
    expect(Array.from(fitted.transform(records).x)).toEqual([0, Math.fround(19 / 29), 1]);
    expect(preprocess(records, { ignore: [], target: undefined, columns: { n: asIs() } }).names).toEqual([
      "n",
    ]);
  });

  it("have own values alone, and names like those of Object's", () => {
    class Row {
      readonly n: number;
      constructor(n: number) {
        this.n = n;
      }
      get twice(): number {
        return 2 * this.n;
      }
    }
    expect(preprocess([new Row(1), new Row(2)]).names).toEqual(["n"]);
    const odd = (n: number, t: string) => ({ ["__proto__"]: n, constructor: t, toString: n });
    const rows = [odd(1, "__proto__"), odd(2, "constructor"), odd(3, "hasOwnProperty")];
    const fitted = preprocess(rows, { columns: { ["__proto__"]: asIs(), toString: minMax() } as Any });
    expect(fitted.names).toEqual([
      "__proto__",
      "constructor=__proto__",
      "constructor=constructor",
      "constructor=hasOwnProperty",
      "toString",
    ]);
    expect(Array.from(fitted.transform(rows).x)).toEqual([1, 1, 0, 0, 0, 2, 0, 1, 0, 0.5, 3, 0, 0, 1, 1]);
    const again = preprocessingOf(JSON.parse(JSON.stringify(fitted.spec)));
    expect(again.transform(rows).x).toEqual(fitted.transform(rows).x);
    expect(({} as Any).n).toBeUndefined();
  });
});

describe("streams", () => {
  const rows = 37;
  const values = Array.from({ length: rows }, (_, i) => (i % 7 === 3 ? null : ((i * 7919) % 1000) / 7));
  const cities = Array.from({ length: rows }, (_, i) => (i % 11 === 5 ? null : `c${(i * i) % 9}`));
  const classes = Array.from({ length: rows }, (_, i) => `k${(i * 5) % 4}`);
  const part = (from: number, end: number): Table =>
    table(
      end - from,
      number("v", values.slice(from, end)),
      text("city", cities.slice(from, end)),
      text("class", classes.slice(from, end)),
    );
  async function* cut(size: number): AsyncGenerator<Table> {
    for (let from = 0; from < rows; from += size) yield part(from, Math.min(rows, from + size));
  }

  it.each(["drop", "impute"] as const)(
    "are fitted as the whole is, however they are cut; %s",
    async (missing) => {
      const options = { target: "class", missing, columns: { v: standardize() } };
      const whole = preprocess(part(0, rows), options);
      for (let size = 1; size <= rows; size++) {
        const fitted = await preprocessStream(cut(size), options);
        expect(JSON.stringify(fitted.spec)).toBe(JSON.stringify(whole.spec));
        const kept = missing === "drop" ? whole.dataset(part(0, rows)).rows : rows;
        expect([fitted.rows, fitted.features]).toEqual([kept, whole.features]);
      }
      const sync = await preprocessStream([part(0, 5), part(5, 5), part(5, rows)], options);
      expect(sync.spec).toEqual(whole.spec);
    },
  );

  it("say rows by their place in the whole", async () => {
    await refuses(
      () => preprocessStream(cut(2), { target: "class" }),
      "COLUMN",
      'column "v" in row 3 (counted',
    );
    await refuses(
      () => preprocessStream(cut(4), { ignore: ["v"] }),
      "COLUMN",
      'column "city" in row 5 (counted',
    );
  });

  it("need tables of the same columns, and some rows", async () => {
    const other = [part(0, 3), table(1, number("w", [1]))];
    await refuses(
      () => preprocessStream(other, { missing: "impute" }),
      "COLUMN",
      'no column is named "v"',
      'mean "w"',
    );
    await refuses(() => preprocessStream([]), "EMPTY", "preprocessStream: there are no rows");
    await refuses(() => preprocessStream(part(0, 3) as Any), "OPTION", "got an object", "streamCsv");
    await refuses(() => preprocessStream([null] as Any), "OPTION", "the rows are null");
  });
});

describe("refusals", () => {
  const x = number("x", [1, 2, 3]);
  const t = text("t", ["a", "b", "a"]);
  const rows = table(3, x, t, number("y", [0, 1, 2]));
  it.each<[string, Any, Any, ...Any[]]>([
    ["rows of no form", 3, {}, "OPTION", "preprocess: the rows are 3", "array of objects"],
    ["null", null, {}, "OPTION", "the rows are null"],
    ["a flat array", new Float32Array(3), {}, "OPTION", "a Float32Array", "no names"],
    ["arrays", [[1, 2]], {}, "OPTION", "the rows are arrays", "no names"],
    [
      "a row that is none",
      [{ a: 1 }, 7],
      {},
      "SHAPE",
      "row 1 (counted from 0) is 7",
      "an object as row 0 is",
    ],
    ["no rows", [], {}, "EMPTY", "there are no rows"],
    ["a table without", table(0, number("x", [])), {}, "EMPTY", "there are no rows"],
    ["options that are none", rows, [], "OPTION", "an array of 0"],
    ["an unknown option", rows, { targets: "t" }, "OPTION", 'unknown option "targets"', "mean target?"],
    [
      "a target that is not there",
      rows,
      { target: "T" },
      "COLUMN",
      'target: no column is named "T"',
      'mean "t"?',
    ],
    ["an ignored one", rows, { ignore: ["xx"] }, "COLUMN", 'ignore: no column is named "xx"', 'mean "x"?'],
    [
      "a selected one",
      rows,
      { select: ["zebra"] },
      "COLUMN",
      'select: no column is named "zebra"',
      'Known: "x", "t", "y"',
    ],
    ["an encoded one", rows, { columns: { z: ids() } }, "COLUMN", 'columns: no column is named "z"'],
    [
      "one ignored twice",
      rows,
      { ignore: ["x", "x"] },
      "OPTION",
      'ignore: name 1 is "x", for the second time',
    ],
    ["a name that is none", rows, { select: ["x", 3] }, "OPTION", "select: name 1 is 3"],
    ["an empty list", rows, { select: [] }, "OPTION", "select is empty"],
    ["a text for a list", rows, { ignore: "x" }, "OPTION", 'ignore is "x"'],
    ["an empty target", rows, { target: [] }, "OPTION", "target is empty"],
    ["target null", rows, { target: null }, "OPTION", "target is null"],
    ["a name that is empty", [{ "": 1, x: 2 }], {}, "COLUMN", 'has the name ""', "select names"],
    ["select and ignore", rows, { select: ["x"], ignore: ["t"] }, "OPTION", "both select and ignore"],
    [
      "the target as feature",
      rows,
      { target: "t", select: ["t"] },
      "OPTION",
      'select names the column "t"',
      "the target",
    ],
    ["an encoded target", rows, { target: "t", columns: { t: ids() } }, "OPTION", "which is the target"],
    [
      "an encoded one that is ignored",
      rows,
      { ignore: ["t"], columns: { t: ids() } },
      "OPTION",
      'columns names "t", which is ignored',
    ],
    ["or not selected", rows, { select: ["x"], columns: { t: ids() } }, "OPTION", "which is not selected"],
    ["no features", rows, { target: "t", ignore: ["x", "y"] }, "OPTION", "no column is left"],
    ["classes without a target", rows, { classes: true }, "OPTION", "classes goes with a target"],
    ["classes of a list", rows, { target: ["y"], classes: true }, "OPTION", "an array of 1"],
    ["classes false", rows, { target: "t", classes: false }, "OPTION", "classes is false"],
    ["classes twice", rows, { target: "t", classes: ["a", "a"] }, "OPTION", "classes[1]"],
    [
      "a class that is not named",
      rows,
      { target: "t", classes: ["a", "bb"] },
      "LABEL",
      'column "t" in row 1',
      '"b"',
      'Known: "a", "bb"',
    ],
    [
      "a class that is no whole number",
      table(2, x2([1, 2]), number("y", [1, 0.5])),
      { target: "y", classes: true },
      "COLUMN",
      "in row 1",
      "is 0.5",
      "whole",
    ],
    [
      "scaled classes",
      rows,
      { target: "t", scaleTarget: minMax() },
      "OPTION",
      'column "t" holds categories',
      'target: ["t"]',
    ],
    [
      "scaled classes, named",
      rows,
      { target: "t", classes: true, scaleTarget: minMax() },
      "OPTION",
      "classes are asked for",
    ],
    ["scaleTarget without", rows, { scaleTarget: minMax() }, "OPTION", "there is no target"],
    [
      "scaleTarget asIs",
      rows,
      { target: "y", scaleTarget: asIs() },
      "OPTION",
      "scaleTarget is an object",
      "standardize(), minMax()",
    ],
    [
      "a target of text",
      rows,
      { target: ["t"] },
      "COLUMN",
      'column "t" in row 0',
      'is "a"',
      "column of numbers",
    ],
    ["numbers by oneHot", rows, { numbers: oneHot() }, "OPTION", "numbers is an object", "asIs()"],
    ["categories by minMax", rows, { categories: minMax() }, "OPTION", "categories is", "oneHot(), ids()"],
    [
      "a maker that is not called",
      rows,
      { numbers: minMax },
      "OPTION",
      "numbers is a function",
      "Call the function",
    ],
    [
      "an encoding of no kind",
      rows,
      { columns: { x: { kind: "log" } } },
      "OPTION",
      'columns: "x" is an object',
    ],
    ["null for one", rows, { columns: { x: null } }, "OPTION", "is null"],
    ["columns in a list", rows, { columns: ["x"] }, "OPTION", "columns is an array of 1"],
    [
      "minMax by hand",
      rows,
      { numbers: { kind: "minMax", low: 2, high: 1 } },
      "OPTION",
      "low is 2 and high is 1",
    ],
    ["more than its options", rows, { numbers: { kind: "asIs", low: 2 } }, "OPTION", 'unknown option "low"'],
    [
      "an unknown way with missing values",
      rows,
      { missing: "mean" },
      "OPTION",
      'missing is "mean"',
      '"impute"',
    ],
    ["no categories allowed", rows, { maxCategories: 0 }, "OPTION", "maxCategories is 0"],
    [
      "too many categories",
      rows,
      { maxCategories: 1 },
      "COLUMN",
      'column "t" has more than 1 categories',
      "id",
      "maxCategories",
    ],
    ["too many classes", rows, { target: "t", maxCategories: 1 }, "COLUMN", "more than 1"],
    [
      "text read as numbers",
      rows,
      { columns: { t: asIs() } },
      "COLUMN",
      'column "t" in row 0 (counted from 0) is "a"',
      "oneHot()",
    ],
    [
      "0x10",
      [{ a: "1" }, { a: "0x10" }],
      { columns: { a: asIs() } },
      "COLUMN",
      'in row 1 (counted from 0) is "0x10"',
    ],
    ["Infinity in text", [{ a: "Infinity" }], { columns: { a: asIs() } }, "COLUMN", '"Infinity"'],
    ["1e999", [{ a: "1e999" }], { columns: { a: asIs() } }, "COLUMN", '"1e999"'],
    ["true as a number", [{ a: true }], { columns: { a: asIs() } }, "COLUMN", "is true", "pass a number"],
    ["an object in a column", [{ a: "x" }, { a: {} }], {}, "COLUMN", 'column "a" in row 1', "is an object"],
    [
      "numbers and text",
      [{ a: 1 }, { a: "x" }],
      {},
      "COLUMN",
      'column "a" in row 1',
      'is "x"',
      "standardize()",
    ],
    [
      "Infinity",
      table(2, number("x", [1, Infinity])),
      {},
      "COLUMN",
      '"x", is Infinity in row 1',
      "a finite number",
    ],
    [
      "−Infinity in a target",
      table(2, x2([1, 2]), number("y", [1, -Infinity])),
      { target: "y" },
      "COLUMN",
      '"y", is -Infinity in row 1',
      "a finite number",
    ],
    [
      "a missing number",
      table(2, number("x", [1, null])),
      {},
      "COLUMN",
      'column "x" in row 1 (counted from 0) has no value',
      '"drop"',
      '"impute"',
    ],
    [
      "a missing category",
      table(2, text("t", [null, "a"])),
      {},
      "COLUMN",
      'column "t" in row 0 (counted from 0) has no value',
    ],
    [
      "a missing class",
      table(2, x2([1, 2]), text("t", [null, "a"])),
      { target: "t", missing: "impute" },
      "COLUMN",
      'column "t" in row 0',
      "Nothing is put in for a target",
    ],
    [
      "a missing target",
      table(2, x2([1, 2]), number("y", [1, null])),
      { target: "y", missing: "impute" },
      "COLUMN",
      'column "y" in row 1',
      "has no value",
    ],
    [
      "an empty column",
      table(2, number("x", [null, null])),
      { missing: "impute" },
      "COLUMN",
      'column "x" has no value in any row',
    ],
    [
      "of categories",
      table(2, text("x", [null, null])),
      { missing: "impute" },
      "COLUMN",
      "no value in any row",
    ],
    [
      "no complete row",
      table(2, number("x", [1, null]), text("t", [null, "a"])),
      { missing: "drop" },
      "EMPTY",
      "in every row a value is missing",
    ],
    [
      "numbers too wide to be scaled",
      table(2, number("x", [-1.7e308, 1.7e308])),
      {},
      "COLUMN",
      "goes from -1.7e+308 to 1.7e+308",
    ],
    [
      "for minMax too",
      table(2, number("x", [-1.7e308, 1.7e308])),
      { numbers: minMax() },
      "COLUMN",
      "too wide",
    ],
  ])("%s", async (_, given, options, code, ...pieces) => {
    await refuses(() => preprocess(given, options), code, ...pieces);
    if (typeof given === "object" && given !== null && "columns" in given)
      await refuses(
        () => preprocessStream([given], options),
        code,
        ...pieces.map((p: string) => p.replace(/^preprocess: /, "")),
      );
  });

  it.each<[string, () => unknown, ...string[]]>([
    ["minMax by numbers", () => minMax(0 as Any), "got 0"],
    ["minMax: an unknown option", () => minMax({ min: 0 } as Any), 'unknown option "min"'],
    ["minMax: NaN", () => minMax({ low: Number.NaN }), "low is NaN"],
    ["minMax: text", () => minMax({ high: "1" } as Any), 'high is "1"'],
    ["minMax: low at high", () => minMax({ low: 1 }), "low is 1 and high is 1"],
    ["oneHot: drop", () => oneHot({ unknown: "drop" } as Any), 'unknown is "drop"', '"zeros"'],
    ["oneHot: an unknown option", () => oneHot({ unknowns: "zeros" } as Any), "mean unknown?"],
  ])("%s", async (_, call, ...pieces) => {
    await refuses(call, "OPTION", ...pieces);
  });

  it("so many categories as maxCategories are taken, in a stream too", async () => {
    const named = (from: number, n: number) =>
      table(
        n,
        text(
          "t",
          Array.from({ length: n }, (_, i) => `n${from + i}`),
        ),
      );
    expect(preprocess(named(0, 1000)).features).toBe(1000);
    await refuses(() => preprocess(named(0, 1001)), "COLUMN", "more than 1000");
    await refuses(() => preprocessStream([named(0, 600), named(600, 401)]), "COLUMN", "more than 1000");
    expect(preprocess(named(0, 1001), { maxCategories: 1001 }).features).toBe(1001);
  });
});

function x2(values: readonly number[]) {
  return number("x", values);
}
