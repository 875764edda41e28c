// preprocess and preprocessStream: every option, what is looked at, rows as objects, streams. Numbers against exact arithmetic are
// preprocess-numbers.test.ts's, what is refused preprocess-refusals.test.ts's.

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
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";
import { number, table, text } from "../support/tables.ts";

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
    const { spec } = preprocess(table(3, number("a", [1, null, 5])), { missing: "impute" });
    expect(spec.columns).toEqual([{ kind: "number", name: "a", center: 3, scale: 0.5, offset: 0, fill: 3 }]);
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
    expect(fitted.spec.columns[0]).toMatchObject({ center: 2 });
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
