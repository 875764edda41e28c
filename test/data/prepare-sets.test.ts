// Data sets and streams of a fitted preprocessing, and outputs in their own units. What becomes of a row is prepare.test.ts's.

import { describe, expect, it } from "vitest";
import { dataset, isDataset } from "../../src/data/dataset.ts";
import { split } from "../../src/data/split.ts";
import { preprocess, preprocessingOf, standardize } from "../../src/data.ts";
import { refuses } from "../support/errors.ts";
import { filled, fitted, tall, train } from "../support/fitted.ts";
import type { Any } from "../support/refusals.ts";
import { number, table, text } from "../support/tables.ts";

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
