// Rows as exported modules take them: what they refuse and in which words, and raw rows against a preprocessing that is worked out here
// from its description.

import { describe, expect, it } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import type { ColumnSpec, PreprocessingSpec } from "../../src/base/spec.ts";
import * as nn from "../../src/index.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { integers, source } from "../oracle/data.ts";
import { coreOf } from "../support/core.ts";
import { type Exported, exported, shaken } from "../support/exported.ts";
import { prepared } from "../support/prepared-model.ts";

const CALLS = ["predict", "logits", "predictClass"] as const;

describe("features", async () => {
  const made = new Sequential(coreOf("simd"), { input: 3, loss: nn.mse() }, [nn.dense(2)]);
  const net = await exported(made);

  it("are taken flat and as rows of any kind", () => {
    const wanted = net.logits(Float32Array.of(1, 2, 3, 4, 5, 6));
    for (const rows of [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [Float64Array.of(1, 2, 3), [4, 5, 6]],
      [Int16Array.of(1, 2, 3), Uint32Array.of(4, 5, 6)],
    ]) {
      expect(net.logits(rows)).toEqual(wanted);
      expect(made.logits(rows as number[][])).toEqual(wanted);
    }
  });

  it("are not changed", () => {
    const x = Float32Array.of(1, 2, 3);
    net.predict(x);
    expect(x).toEqual(Float32Array.of(1, 2, 3));
  });

  it.each([
    ["nothing", undefined, /expected a Float32Array, a Uint8Array or an array of rows$/],
    ["null", null, /expected a Float32Array/],
    ["text", "1,2,3", /expected a Float32Array/],
    ["a table", { rows: 1, columns: [] }, /expected a Float32Array/],
    ["f64, which the model does not take either", Float64Array.of(1, 2, 3), /expected a Float32Array/],
    ["no rows", [], /got 0 values, expected rows of 3$/],
    ["no values", new Float32Array(), /got 0 values/],
    ["a part of a row", new Float32Array(7), /got 7 values, expected rows of 3$/],
    ["a row without its brackets", [1, 2, 3], /row 0 is not an array of 3 numbers$/],
    [
      "a short row",
      [
        [1, 2, 3],
        [1, 2],
      ],
      /row 1 is not an array of 3 numbers$/,
    ],
    ["a row of text", ["abc"], /row 0 is not an array/],
    ["a hole", [[1, 2, 3], undefined], /row 1 is not an array/],
    ["a record", [{ a: 1 }], /row 0 is not an array/],
    [
      "NaN",
      [
        [1, 2, 3],
        [4, Number.NaN, 6],
      ],
      /row 1, column 1 is NaN, expected a finite number$/,
    ],
    ["NaN, flat", Float32Array.of(1, 2, 3, 4, 5, Number.NaN), /row 1, column 2 is NaN/],
    ["what f32 cannot hold", [[1, 2, 1e39]], /row 0, column 2 is 1e\+39/],
    ["a number as text", [[1, "2", 3]], /row 0, column 1 is of type string, expected/],
    ["a missing value", [[1, null, 3]], /row 0, column 1 is of type object/],
    ["a bigint", [BigInt64Array.of(1n, 2n, 3n)], /row 0, column 0 is of type bigint/],
  ])("refuses %s", (_, rows, message) => {
    for (const call of CALLS) {
      expect(() => net[call](rows as never)).toThrow(message);
      expect(() => net[call](rows as never)).toThrow(new RegExp(`^${call}: `));
      expect(() => made[call](rows as never)).toThrow();
    }
  });
});

/** All that a column may be. */
const SPEC: PreprocessingSpec = {
  columns: [
    { kind: "number", name: "age", center: 31.4, scale: 0.07, offset: 0 },
    { kind: "oneHot", name: "town", categories: ["Bern", "Oslo", "true", "7"], unknown: "zeros" },
    { kind: "number", name: "height", center: 1.2, scale: 3, offset: -1, fill: 1.7 },
    { kind: "ids", name: "size", categories: ["S", "M", "L"], unknown: "error", fill: "M" },
    { kind: "oneHot", name: "colour", categories: ["blue", "red"], unknown: "error", fill: "red" },
  ],
  target: {
    kind: "numbers",
    columns: [
      { kind: "number", name: "price", center: 250.5, scale: 1 / 80, offset: 0 },
      { kind: "number", name: "days", center: -3, scale: 4, offset: 0.5 },
    ],
  },
};

/** The features of one value of a column. */
function encoded(column: ColumnSpec, given: unknown): number[] {
  const isMissing = [undefined, null, ""].includes(given as string) || Number.isNaN(given);
  const value = isMissing ? column.fill : given;
  if (column.kind === "number") return [(Number(value) - column.center) * column.scale + column.offset];
  const place = column.categories.indexOf(`${value}`);
  return column.kind === "ids" ? [place] : column.categories.map((_, i) => (i === place ? 1 : 0));
}

const encodedRow = (row: readonly unknown[]): number[] =>
  SPEC.columns.flatMap((column, i) => encoded(column, row[i]));

describe("raw rows", async () => {
  const model = shaken(prepared(SPEC, nn.mse(), [nn.dense(6), nn.tanh(), nn.dense(2)]));
  const net: Exported = await exported(model);
  const names = SPEC.columns.map(({ name }) => name);
  const record = (row: readonly unknown[]): Record<string, unknown> =>
    Object.fromEntries(names.map((name, i) => [name, row[i]]));

  const next = source(8);
  const picks = integers(8, 5 * 200, 0, 5);
  const rows = Array.from({ length: 200 }, (_, i): unknown[] => {
    const pick = (k: number): number => picks[5 * i + k] as number;
    const [age, height] = [80 * next(), 2 * next()];
    return [
      pick(0) === 0 ? String(age) : age,
      ["Bern", "Oslo", true, 7, "elsewhere", "__proto__"][pick(1)],
      [height, height, "", null, Number.NaN, `  ${height.toExponential()} `][pick(2)],
      ["S", "M", "L", undefined, "", null][pick(3)],
      ["blue", "red", null, "", "red", undefined][pick(4)],
    ];
  });
  const features = Float32Array.from(rows.flatMap(encodedRow));

  it("become the features that their preprocessing makes, as arrays and as objects", () => {
    expect(model.preprocessing?.transform(rows).x).toEqual(features);
    const wanted = model.logits(rows);
    const got = net.logits(rows);
    for (const [i, v] of got.entries()) expect(Math.abs(v - (wanted[i] as number))).toBeLessThanOrEqual(1e-6);
    // more than the columns is in them, a target among it
    const records = rows.map((row) => ({ price: "unknown", ...record(row), extra: {} }));
    expect(net.logits(records)).toEqual(got);
    expect([net.input, net.outputs, net.columns]).toEqual([9, 2, names]);
  });

  it("are predicted in the target's own units; logits are not", () => {
    const [y, z] = [net.predict(rows), net.logits(rows)];
    const wanted = z.map((v, i) => (i % 2 === 0 ? v / (1 / 80) + 250.5 : (v - 0.5) / 4 - 3));
    expect(y).toEqual(wanted);
  });

  const GOOD: readonly unknown[] = [30, "Bern", 1.8, "S", "red"];
  const without = (k: number, value: unknown): unknown[] => GOOD.with(k, value);
  it.each([
    [
      "a missing number that nothing stands for",
      [GOOD, without(0, null)],
      /row 1, column "age": the value is missing$/,
    ],
    ["the same, NaN", [without(0, Number.NaN)], /row 0, column "age": the value is missing$/],
    ["the same, blank", [without(0, "  ")], /row 0, column "age": the value is missing$/],
    [
      "a missing category that nothing stands for",
      [without(1, "")],
      /row 0, column "town": the value is missing$/,
    ],
    ["text", [without(0, "old")], /column "age": "old" is not a number$/],
    ["a number in words that Number knows", [without(0, "Infinity")], /"Infinity" is not a number$/],
    ["a hexadecimal number", [without(0, "0x10")], /"0x10" is not a number$/],
    ["true", [without(0, true)], /column "age": true is not a number$/],
    ["an infinite number", [without(0, Number.NEGATIVE_INFINITY)], /-Infinity is too large for f32$/],
    ["what f32 cannot hold", [without(2, "1e39")], /column "height": "1e39" is too large for f32$/],
    [
      "an unknown category",
      [GOOD, GOOD, without(3, "XL")],
      /row 2, column "size": "XL" is not among the categories$/,
    ],
    ["one for which there are no zeros", [without(4, "green")], /column "colour": "green" is not among/],
    ["a category that objects inherit", [without(4, "constructor")], /"constructor" is not among/],
    ["an object as a category", [without(1, {})], /column "town": an object is not a category$/],
    ["an object without a prototype", [without(1, Object.create(null))], /an object is not a category$/],
    ["a symbol", [without(0, Symbol("s"))], /Symbol\(s\) is not a number$/],
    ["a short row", [GOOD, GOOD.slice(1)], /row 1 is neither an object nor an array of 5 values$/],
    ["a row that is none", [GOOD, 3], /row 1 is neither/],
    ["null", [null], /have no column "age"|row 0 is neither/],
    ["a column that no row has", [{ town: "Bern", height: 1, size: "S" }], /the rows have no column "age"$/],
    ["one that only its prototype has", [Object.create(record(GOOD))], /the rows have no column "age"$/],
    ["flat numbers", new Float32Array(5), /flat numbers are for models whose columns are all numbers$/],
    ["bytes", new Uint8Array(5), /expected an array of rows/],
    ["nothing", undefined, /expected an array of rows/],
    ["no rows", [], /got 0 values/],
  ])("refuses %s", (_, given, message) => {
    for (const call of CALLS) {
      expect(() => net[call](given as never)).toThrow(message);
      expect(() => net[call](given as never)).toThrow(new RegExp(`^${call}: `));
      expect(() => model[call](given as never)).toThrow(XentError);
    }
  });

  it("a column that only some rows have is missing in the others", () => {
    const [full, gap] = [record(GOOD), record(without(2, undefined))];
    delete gap.height;
    expect(net.logits([full, gap])).toEqual(net.logits([GOOD, without(2, "")]));
  });
});

it("flat numbers are raw where all columns are numbers; class names are the preprocessing's", async () => {
  const spec: PreprocessingSpec = {
    columns: [
      { kind: "number", name: "a", center: 10, scale: 0.5, offset: 0 },
      { kind: "number", name: "b", center: -1, scale: 2, offset: 1, fill: 4 },
    ],
    target: { kind: "classes", name: "kind", classes: ["cat", "dog", "eel"] },
  };
  const model = shaken(prepared(spec, nn.crossEntropy(), [nn.dense(3)]));
  const net = await exported(model);
  const wanted = net.predict([
    { a: 11, b: 2 },
    { a: "9.5", b: "" },
  ]);
  for (const List of [Float32Array, Float64Array])
    expect(net.predict(List.of(11, 2, 9.5, Number.NaN))).toEqual(wanted);
  const flat = Float32Array.of(11, 2, 9.5, Number.NaN);
  expect(model.preprocessing?.transform(flat).x).toEqual(Float32Array.of(0.5, 7, -0.25, 11));
  for (const [i, v] of model.predict(flat).entries())
    expect(Math.abs(v - (wanted[i] as number))).toBeLessThanOrEqual(1e-6);
  expect(net.predictClass([[11, 2]])).toEqual(model.predictClass([[11, 2]]));
  expect(net.classes).toEqual(["cat", "dog", "eel"]);
  expect(() => net.predict(new Float32Array(3))).toThrow(/got 3 values, expected rows of 2/);
});
