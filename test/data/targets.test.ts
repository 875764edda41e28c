// toTargets and toWeights: class ids and numbers told apart, what is copied and what referred to, every refusal.

import { describe, expect, it } from "vitest";
import { toTargets, toWeights } from "../../src/data/targets.ts";
import { U } from "../oracle/bounds.ts";
import { floats } from "../oracle/data.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

const targets = (y: unknown, rows = 4) => toTargets("here", y, rows);
const weights = (w: unknown, rows = 3) => toWeights("here", w, rows);

describe("class ids", () => {
  it.each([
    ["number[]", [2, 0, 1, 2]],
    ["bigint[]", [2n, 0n, 1n, 2n]],
    ["Uint8Array", new Uint8Array([2, 0, 1, 2])],
    ["Uint8ClampedArray", new Uint8ClampedArray([2, 0, 1, 2])],
    ["Int8Array", new Int8Array([2, 0, 1, 2])],
    ["Uint16Array", new Uint16Array([2, 0, 1, 2])],
    ["Int16Array", new Int16Array([2, 0, 1, 2])],
    ["Uint32Array", new Uint32Array([2, 0, 1, 2])],
    ["Int32Array", new Int32Array([2, 0, 1, 2])],
    ["BigInt64Array", new BigInt64Array([2n, 0n, 1n, 2n])],
    ["BigUint64Array", new BigUint64Array([2n, 0n, 1n, 2n])],
    ["Buffer", Buffer.from([2, 0, 1, 2])],
  ])("of %s, as they are", (_, y) => {
    expect(targets(y)).toEqual({ y: new Int32Array([2, 0, 1, 2]), targets: 1, stats: undefined });
  });

  it("are copied: one that changed later would be an address", () => {
    const mine = Int32Array.of(0, 1, 2, 3);
    const { y } = targets(mine);
    mine.fill(1000);
    expect(y).toEqual(Int32Array.of(0, 1, 2, 3));
  });

  it("may be any integer of 32 bits: what they may be depends on model and loss", () => {
    expect(targets([-(2 ** 31), 2 ** 31 - 1, -0, -100]).y).toEqual(
      Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, -100),
    );
    expect(targets(BigInt64Array.of(-100n, 3n), 2).y).toEqual(Int32Array.of(-100, 3));
  });

  it.each<[string, Any, number, ...string[]]>([
    ["2³¹", [0, 2 ** 31, 0, 0], 1, "2147483648", "Float32Array"],
    ["2³² − 1, unsigned", new Uint32Array([0, 0, 0, 2 ** 32 - 1]), 3, "4294967295"],
    ["2⁶² in 64 bits", new BigInt64Array([0n, 2n ** 62n, 0n, 0n]), 1, "4611686018427387904"],
    ["−2³¹ − 1", [-(2 ** 31) - 1, 0, 0, 0], 0, "-2147483649"],
    ["a name", [0, 1, "cat", 0], 2, '"cat"', "Number the class names"],
    ["null", [0, null, 1, 0], 1, "null"],
    ["undefined", [0, 1, 1, undefined], 3, "undefined"],
    ["true", [true, 0, 1, 0], 0, "true"],
  ])("are not %s, the row named", async (_, y, row, ...pieces) => {
    await refuses(
      () => targets(y),
      "LABEL",
      `here: the label of row ${row} (counted from 0)`,
      "class id",
      ...pieces,
    );
  });

  it("are a list", async () => {
    for (const [y, shown] of [
      [undefined, "undefined"],
      [null, "null"],
      ["0110", '"0110"'],
      [3, "3"],
      [{ length: 4 }, "an object"],
      [new DataView(new ArrayBuffer(4)), "a DataView"],
      [() => 1, "a function"],
    ] as const) {
      await refuses(() => targets(y), "LABEL", `here: y is ${shown}`, "expected class ids", "Pass an array");
    }
  });

  it.each([[[]], [[0, 1, 1]], [[0, 1, 1, 0, 1]], [new Uint8Array(3)]])(
    "are as many as there are rows: %o",
    async (y) => {
      const noun = y.length === 1 ? "label" : "labels";
      await refuses(
        () => targets(y),
        "SHAPE",
        `here: y has ${y.length} ${noun}, expected 4`,
        "one for each row",
      );
    },
  );
});

describe("numbers", () => {
  it("of a Float32Array are referred to, integers too", () => {
    for (const y of [Float32Array.of(0, 1, 2, 3), Float32Array.of(0.5, 1, -2, 1e30)]) {
      const got = targets(y);
      expect(got.y).toBe(y);
      expect(got.targets).toBe(1);
    }
    const wide = floats(1, 12);
    expect(targets(wide)).toMatchObject({ y: wide, targets: 3 });
  });

  it("of a Float64Array, of fractions and of rows are copied", () => {
    const double = Float64Array.of(1, 2, 3, 4);
    const got = targets(double);
    double.fill(9);
    expect(got).toMatchObject({ y: Float32Array.of(1, 2, 3, 4), targets: 1 });
    expect(targets([0, 1, 0.5, 2])).toMatchObject({ y: Float32Array.of(0, 1, 0.5, 2), targets: 1 });
    const rows = [[1, 2], Float32Array.of(3, 4), Int8Array.of(5, 6), Float64Array.of(0.1, -0)];
    expect(targets(rows)).toMatchObject({ y: Float32Array.of(1, 2, 3, 4, 5, 6, 0.1, -0), targets: 2 });
  });

  it("in rows of one integer are numbers, not class ids", () => {
    expect(targets([[1], [0], [2], [7]])).toMatchObject({ y: Float32Array.of(1, 0, 2, 7), targets: 1 });
  });

  it("come with where they are least and most, and the row whose sum is furthest from 1", () => {
    const y = Float32Array.of(0.5, 0.5, 0.25, 1, -0.5, 1.5, 0, 1);
    expect(targets(y).stats).toEqual({
      least: -0.5,
      leastAt: 4,
      most: 1.5,
      mostAt: 5,
      offSum: 0.25,
      offSumRow: 1,
    });
    expect(targets([[1], [1], [1], [1]]).stats).toMatchObject({
      least: 1,
      leastAt: 0,
      most: 1,
      mostAt: 0,
      offSum: 0,
    });
    // sums are in f64: 1000 terms are off by no more than the rounding of 0.001 to f32, and 1000 roundings of f64
    const even = targets(new Float32Array(1000).fill(0.001), 1).stats;
    expect(even?.offSum).toBeLessThanOrEqual(U + 1000 * 2 ** -53);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "are finite, not %s, anywhere",
    async (bad) => {
      for (let at = 0; at < 12; at++) {
        const y = floats(2, 12);
        y[at] = bad;
        const where = `here: y is ${bad} at row ${Math.floor(at / 3)}, column ${at % 3} (counted from 0)`;
        await refuses(() => targets(y), "NOT_FINITE", where);
        await refuses(() => targets(Float64Array.from(y)), "NOT_FINITE", where);
        const rows = Array.from({ length: 4 }, (_, i) => [...y.subarray(3 * i, 3 * i + 3)]);
        await refuses(() => targets(rows), "NOT_FINITE", where, "finite number");
      }
      await refuses(() => targets([0, 1, bad, 0.5]), "NOT_FINITE", `y is ${bad} at row 2, column 0`);
      await refuses(() => targets([0, 1, bad, 0]), "NOT_FINITE", `y is ${bad} at row 2, column 0`);
    },
  );

  it("∞ and −∞ together, whose sum is NaN", async () => {
    const y = Float32Array.of(1, 1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    await refuses(() => targets(y, 2), "NOT_FINITE", "y is Infinity at row 1, column 0");
  });

  it("beyond f32, and what is no number", async () => {
    await refuses(() => targets([[1], [1], [1e39], [1]]), "NOT_FINITE", "y is Infinity at row 2, column 0");
    await refuses(() => targets(Float64Array.of(1, -1e39), 2), "NOT_FINITE", "y is -Infinity at row 1");
    for (const [bad, shown] of [
      [null, "null"],
      [undefined, "undefined"],
      ["1", '"1"'],
      [true, "true"],
      [1n, "1n"],
      [[1], "an array of 1"],
    ] as const) {
      const rows = [
        [1, 2],
        [3, bad],
      ];
      await refuses(
        () => targets(rows, 2),
        "NOT_FINITE",
        `y is ${shown} at row 1, column 1 (counted from 0)`,
      );
    }
    await refuses(() => targets([0.5, "1", 0, 0]), "NOT_FINITE", 'y is "1" at row 1, column 0');
  });

  it("are whole rows", async () => {
    for (const length of [0, 1, 3, 5, 7]) {
      const noun = length === 1 ? "value" : "values";
      await refuses(
        () => targets(new Float32Array(length)),
        "SHAPE",
        `here: y has ${length} ${noun}, expected 4`,
        "multiple",
      );
    }
    await refuses(() => targets([0.5, 1, 1]), "SHAPE", "y has 3 values, expected 4");
    await refuses(() => targets([[1], [2]]), "SHAPE", "y has 2 rows, expected 4");
  });

  it("are rows of one length, the odd one named", async () => {
    await refuses(
      () => targets([[1, 2], [3]], 2),
      "SHAPE",
      "row 1 (counted from 0) of y has 1 value, expected 2 as in row 0",
    );
    await refuses(() => targets([[1], [3, 4]], 2), "SHAPE", "row 1", "2 values, expected 1 as in row 0");
    await refuses(
      () => targets([[], []], 2),
      "SHAPE",
      "row 0 (counted from 0) of y has 0 values, expected at least 1",
    );
    await refuses(
      () => targets([[1], 2], 2),
      "SHAPE",
      "row 1 (counted from 0) of y is 2",
      "array of numbers",
    );
    await refuses(() => targets([2, [1]], 2), "SHAPE", "row 0 (counted from 0) of y is 2");
    await refuses(() => targets([[1], {}], 2), "SHAPE", "row 1 (counted from 0) of y is an object");
    await refuses(() => targets([[1], new BigInt64Array(1)], 2), "SHAPE", "row 1", "BigInt64Array");
  });
});

describe("weights", () => {
  it("are left out, or copied to f32 from any array of numbers", () => {
    expect(weights(undefined)).toBeUndefined();
    const list = [[1, 0, 2.5], Float32Array.of(1, 0, 2.5), Float64Array.of(1, 0, 2.5)];
    for (const mine of list) {
      const got = weights(mine);
      mine[0] = 7;
      expect(got).toEqual(Float32Array.of(1, 0, 2.5));
    }
    expect(weights(Uint8Array.of(1, 2, 3))).toEqual(Float32Array.of(1, 2, 3));
    expect(weights([0, 0, 0.1])).toEqual(Float32Array.of(0, 0, 0.1));
  });

  it.each<[unknown, string]>([
    [-1, "-1"],
    [-1e-30, "-1e-30"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [1e39, "1e+39"],
    ["1", '"1"'],
    [null, "null"],
    [undefined, "undefined"],
    [true, "true"],
  ])("are not %s, the row named", async (bad, shown) => {
    for (let row = 0; row < 3; row++) {
      const list: unknown[] = [1, 1, 1];
      list[row] = bad;
      await refuses(
        () => weights(list),
        "WEIGHT",
        `here: the weight of row ${row} (counted from 0) is ${shown}`,
        "from 1e-15 to 1e15",
      );
    }
  });

  it("are one a row, and not all 0", async () => {
    for (const length of [0, 1, 2, 4]) {
      await refuses(
        () => weights(new Float32Array(length).fill(1)),
        "SHAPE",
        `weight has ${length} value`,
        "expected 3",
      );
    }
    await refuses(() => weights([0, 0, 0]), "WEIGHT", "every weight is 0", "Leave weight out");
    await refuses(() => weights([0, 0, -0]), "WEIGHT", "every weight is 0");
    await refuses(() => weights([0, 1e-50, -0]), "WEIGHT", "row 1", "is 1e-50", "from 1e-15 to 1e15");
  });

  it.each<[unknown, string]>([
    [null, "null"],
    [5, "5"],
    ["111", '"111"'],
    [{ length: 3 }, "an object"],
    [new BigInt64Array(3), "a BigInt64Array"],
    [new DataView(new ArrayBuffer(3)), "a DataView"],
  ])("are an array of numbers, not %s", async (bad, shown) => {
    await refuses(() => weights(bad), "WEIGHT", `here: weight is ${shown}`, "array of numbers");
  });

  it("cannot be bigints: there are no halves of them", async () => {
    await refuses(() => weights([1n, 2n, 3n]), "WEIGHT", "row 0", "is 1n");
  });
});
