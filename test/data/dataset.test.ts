// dataset, toFeatures, toLabels: what they accept, refer to or copy, and every refusal's code and words.

import { describe, expect, it } from "vitest";
import { XentError, type XentErrorCode } from "../../src/base/errors.ts";
import { dataset, isDataset, largestLabel, toFeatures, toLabels } from "../../src/data/dataset.ts";

/** Expects an XentError with this code whose message holds all the given pieces. */
function refuses(run: () => unknown, code: XentErrorCode, ...pieces: string[]): void {
  let error: unknown;
  try {
    run();
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(XentError);
  expect((error as XentError).code).toBe(code);
  for (const piece of pieces) expect((error as XentError).message).toContain(piece);
}

const x = new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]);
const y = new Int32Array([0, 1, 1, 0]);

describe("what dataset accepts", () => {
  it("refers to a Float32Array and copies class ids, which would be addresses if they changed", () => {
    const mine = Int32Array.from(y);
    const data = dataset({ x, y: mine, features: 2 });
    mine.fill(1000);
    expect(data.x).toBe(x);
    expect(data.y).toEqual(y);
    expect({ ...data }).toEqual({
      rows: 4,
      features: 2,
      x,
      y,
      scale: 1,
      shift: 0,
      largestLabel: 1,
      largestLabelRow: 1,
    });
  });

  it("is frozen, and known again", () => {
    const data = dataset({ x, y, features: 2 });
    expect(Object.isFrozen(data)).toBe(true);
    expect(isDataset(data)).toBe(true);
    for (const other of [{ ...data }, null, undefined, x]) expect(isDataset(other)).toBe(false);
  });

  it("refers to bytes and scales them by 1/255", () => {
    const bytes = new Uint8Array([0, 255, 3, 4]);
    const data = dataset({ x: bytes, y: [0, 1], features: 2 });
    expect(data.x).toBe(bytes);
    expect([data.scale, data.shift]).toEqual([1 / 255, 0]);
    const shifted = dataset({ x: bytes, y: [0, 1], features: 2, scale: 1 / 127.5, shift: -1 });
    expect([shifted.scale, shifted.shift]).toEqual([1 / 127.5, -1]);
  });

  it("takes a Buffer, which is a Uint8Array", () => {
    expect(dataset({ x: Buffer.from([1, 2]), y: Buffer.from([7]), features: 2 }).y).toEqual(
      new Int32Array([7]),
    );
  });

  it("copies rows of numbers and of typed arrays to f32, with or without features", () => {
    for (const features of [undefined, 2]) {
      const rows = [[1, 2], new Float32Array([3, 4]), new Float64Array([5, 6]), new Int16Array([7, 8])];
      const data = dataset({ x: rows, y: [0, 0, 1, 1], features });
      expect(data.x).toEqual(new Float32Array([1, 2, 3, 4, 5, 6, 7, 8]));
      expect(data.features).toBe(2);
      expect(data.scale).toBe(1);
    }
  });

  it("keeps rows of bytes as bytes, so that they are scaled", () => {
    const data = dataset({ x: [new Uint8Array([1, 2]), new Uint8Array([3, 4])], y: [0, 1] });
    expect(data.x).toEqual(new Uint8Array([1, 2, 3, 4]));
    expect(data.scale).toBe(1 / 255);
  });

  it.each([
    ["number[]", [2, 0, 1, 2]],
    ["Uint8Array", new Uint8Array([2, 0, 1, 2])],
    ["Uint8ClampedArray", new Uint8ClampedArray([2, 0, 1, 2])],
    ["Int8Array", new Int8Array([2, 0, 1, 2])],
    ["Uint16Array", new Uint16Array([2, 0, 1, 2])],
    ["Int16Array", new Int16Array([2, 0, 1, 2])],
    ["Uint32Array", new Uint32Array([2, 0, 1, 2])],
    ["BigInt64Array", new BigInt64Array([2n, 0n, 1n, 2n])],
    ["BigUint64Array", new BigUint64Array([2n, 0n, 1n, 2n])],
  ])("copies labels from %s", (_, labels) => {
    const data = dataset({ x, y: labels, features: 2 });
    expect(data.y).toEqual(new Int32Array([2, 0, 1, 2]));
    expect([data.largestLabel, data.largestLabelRow]).toEqual([2, 0]);
  });

  it("takes the largest label there can be, and minus zero", () => {
    const data = dataset({ x: [[1], [1]], y: [-0, 2147483647] });
    expect(data.y).toEqual(new Int32Array([0, 2147483647]));
  });

  it("takes the largest and smallest f32 as finite", () => {
    const ends = new Float32Array([3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -0]);
    expect(dataset({ x: ends, y: [0], features: 4 }).x).toBe(ends);
  });
});

describe("what dataset refuses", () => {
  it("options it does not know, or none", () => {
    refuses(() => dataset({ x, y, feature: 2 } as never), "OPTION", 'unknown option "feature"', "features");
    refuses(() => dataset(undefined as never), "OPTION", "expected an object");
    refuses(() => dataset([x, y] as never), "OPTION", "expected an object");
  });

  it.each([0, -1, 2.5, Number.NaN, "2", null])("features = %s", (features) => {
    refuses(
      () => dataset({ x, y, features: features as never }),
      "OPTION",
      "features",
      "integer of at least 1",
    );
  });

  it("a flat x without features", () => {
    refuses(() => dataset({ x, y }), "OPTION", "features is undefined", "pass features");
  });

  it.each([
    [undefined, "undefined"],
    [null, "null"],
    ["0101", '"0101"'],
    [{ length: 4 }, "an object"],
    [new Float64Array(8), "a Float64Array"],
    [new Uint8ClampedArray(8), "a Uint8ClampedArray"],
    [new BigInt64Array(8), "BigInt64Array"],
    [new DataView(new ArrayBuffer(8)), "a DataView"],
  ])("x of another type: %s", (bad, shown) => {
    refuses(
      () => dataset({ x: bad as never, y, features: 2 }),
      "OPTION",
      `x is`,
      shown,
      "expected a Float32Array",
    );
  });

  it("no data", () => {
    refuses(() => dataset({ x: new Float32Array(0), y: [], features: 2 }), "EMPTY", "no values");
    refuses(() => dataset({ x: new Uint8Array(0), y: [], features: 2 }), "EMPTY", "no values");
    refuses(() => dataset({ x: [], y: [] }), "EMPTY", "no rows");
    refuses(() => dataset({ x: [[], []], y: [0, 0] }), "EMPTY", "no values");
  });

  it("an x that is no whole number of rows", () => {
    refuses(
      () => dataset({ x, y, features: 3 }),
      "SHAPE",
      "x has 8 values",
      "multiple of 3",
      "2 rows would leave 2 values",
    );
    refuses(
      () => dataset({ x: new Uint8Array(1), y: [0], features: 2 }),
      "SHAPE",
      "x has 1 value,",
      "0 rows",
      "1 value over",
    );
  });

  it("ragged rows, the row named", () => {
    refuses(
      () => dataset({ x: [[1, 2], [3, 4], [5]], y: [0, 1, 1] }),
      "SHAPE",
      "row 2 (counted from 0)",
      "1 value",
      "expected 2 as in row 0",
    );
    refuses(
      () =>
        dataset({
          x: [
            [1, 2],
            [3, 4],
          ],
          y: [0, 1],
          features: 3,
        }),
      "SHAPE",
      "row 0 (counted from 0)",
      "2 values",
      "expected 3",
    );
    refuses(() => dataset({ x: [[1, 2], []], y: [0, 1] }), "SHAPE", "row 1", "0 values", "expected 2");
  });

  it("rows that are none", () => {
    refuses(
      () => dataset({ x: [0, 1, 1] as never, y }),
      "SHAPE",
      "row 0 (counted from 0) of x is 0",
      "[[…]]",
    );
    refuses(() => dataset({ x: [[1], "2"] as never, y }), "SHAPE", 'row 1 (counted from 0) of x is "2"');
    refuses(() => dataset({ x: [[1], undefined] as never, y }), "SHAPE", "row 1", "undefined");
    refuses(() => dataset({ x: [new BigInt64Array(1)] as never, y: [0] }), "SHAPE", "row 0", "BigInt64Array");
  });

  it("bytes and numbers mixed", () => {
    refuses(
      () => dataset({ x: [new Uint8Array(2), [1, 2]], y: [0, 1] }),
      "SHAPE",
      "row 1",
      "all rows Uint8Arrays, or none",
    );
    refuses(() => dataset({ x: [[1, 2], new Uint8Array(2)], y: [0, 1] }), "SHAPE", "row 1");
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "%s anywhere in f32 features",
    (bad) => {
      for (const length of [1, 2, 3, 4, 5, 7, 8, 9]) {
        for (let at = 0; at < length; at++) {
          const values = new Float32Array(length).fill(-2);
          values[at] = bad;
          const labels = new Int32Array(length);
          refuses(
            () => dataset({ x: values, y: labels, features: 1 }),
            "NOT_FINITE",
            `x is ${bad} at row ${at}, column 0 (counted from 0)`,
          );
        }
      }
    },
  );

  it("the row and the column of a NaN", () => {
    const values = new Float32Array(50);
    values[37] = Number.NaN;
    refuses(
      () => dataset({ x: values, y: new Int32Array(5), features: 10 }),
      "NOT_FINITE",
      "row 3, column 7 (counted from 0)",
    );
  });

  it("∞ and −∞ together, whose sum would be NaN or 0", () => {
    const values = new Float32Array([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    refuses(
      () => dataset({ x: values, y: [0], features: 2 }),
      "NOT_FINITE",
      "x is Infinity at row 0, column 0",
    );
  });

  it("numbers beyond f32, and what is no number, in nested rows", () => {
    refuses(() => dataset({ x: [[1, 1e39]], y: [0] }), "NOT_FINITE", "row 0, column 1", "3.4e38");
    for (const bad of [null, undefined, "1", true, 1n, [1]]) {
      refuses(
        () =>
          dataset({
            x: [
              [1, 2],
              [3, bad],
            ] as never,
            y: [0, 0],
          }),
        "NOT_FINITE",
        "row 1, column 1 (counted from 0)",
      );
    }
  });

  it("scale and shift that are not finite, or with f32 features", () => {
    const bytes = new Uint8Array(2);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 1e39, "1", null]) {
      const options = { x: bytes, y: [0], features: 2 };
      if (bad !== null) refuses(() => dataset({ ...options, scale: bad as never }), "OPTION", "scale is");
      if (bad !== null) refuses(() => dataset({ ...options, shift: bad as never }), "OPTION", "shift is");
    }
    refuses(() => dataset({ x, y, features: 2, scale: 2 }), "OPTION", "scale is 2", "byte features");
    refuses(() => dataset({ x: [[1]], y: [0], shift: 0 }), "OPTION", "shift is 0", "byte features");
  });

  it("another number of labels than rows", () => {
    refuses(() => dataset({ x, y: [0, 1, 1], features: 2 }), "SHAPE", "y has 3 labels", "expected 4");
    refuses(() => dataset({ x, y: [0, 1, 1, 0, 1], features: 2 }), "SHAPE", "y has 5 labels", "expected 4");
  });

  it.each([-1, 1.5, Number.NaN, 2147483648, Number.POSITIVE_INFINITY, "cat", null, undefined, [0, 1]])(
    "the label %s",
    (bad) => {
      refuses(
        () => dataset({ x, y: [0, 1, bad, 0] as never, features: 2 }),
        "LABEL",
        "row 2 (counted from 0)",
        "expected an integer",
      );
    },
  );

  it("negative labels in an Int32Array and labels too large in unsigned and big ones", () => {
    refuses(() => dataset({ x, y: new Int32Array([0, 1, 1, -1]), features: 2 }), "LABEL", "row 3", "-1");
    refuses(
      () => dataset({ x, y: new Uint32Array([4294967295, 1, 1, 1]), features: 2 }),
      "LABEL",
      "row 0",
      "4294967295",
    );
    refuses(
      () => dataset({ x, y: new BigInt64Array([0n, 2n ** 62n, 1n, 1n]), features: 2 }),
      "LABEL",
      "row 1",
    );
  });

  it("labels in floats, and no list of labels", () => {
    refuses(
      () => dataset({ x, y: new Float32Array(4) as never, features: 2 }),
      "LABEL",
      "a Float32Array",
      "class ids",
    );
    refuses(
      () => dataset({ x, y: new Float64Array(4) as never, features: 2 }),
      "LABEL",
      "a Float64Array",
      "Int32Array.from",
    );
    for (const bad of [undefined, null, "0110", 3, { length: 4 }]) {
      refuses(() => dataset({ x, y: bad as never, features: 2 }), "LABEL", "expected class ids");
    }
  });

  it("nothing that is good, and writes to none of it", () => {
    const values = x.slice();
    const labels = y.slice();
    dataset({ x: values, y: labels, features: 2 });
    expect(values).toEqual(x);
    expect(labels).toEqual(y);
  });
});

describe("toFeatures and toLabels", () => {
  it("take one row or many", () => {
    expect(toFeatures("predict", new Float32Array(3), 3)).toEqual({ x: new Float32Array(3), rows: 1 });
    expect(toFeatures("predict", new Uint8Array(6), 3).rows).toBe(2);
    expect(toFeatures("predict", [[1, 2, 3]], 3)).toEqual({ x: new Float32Array([1, 2, 3]), rows: 1 });
  });

  it("name the call", () => {
    refuses(
      () => toFeatures("predict", new Float32Array(4), 3),
      "SHAPE",
      "predict: x has 4 values",
      "multiple of 3",
    );
    refuses(() => toFeatures("predict", [[1, 2]], 3), "SHAPE", "predict: row 0");
    refuses(() => toFeatures("predict", [1, 2, 3], 3), "SHAPE", "predict: row 0", "[[…]]");
    refuses(
      () => toFeatures("predict", new Float32Array([Number.NaN]), 1),
      "NOT_FINITE",
      "predict: x is NaN",
    );
    refuses(() => toFeatures("predict", new Float32Array(0), 3), "EMPTY", "predict:");
    refuses(() => toLabels("trainOnBatch", [0], 2), "SHAPE", "trainOnBatch: y has 1 label,");
    refuses(() => toLabels("trainOnBatch", [-1], 1), "LABEL", "trainOnBatch: the label of row 0");
  });

  it("give back an Int32Array itself", () => {
    expect(toLabels("trainOnBatch", y, 4)).toBe(y);
  });

  it("find the largest label and its first row", () => {
    expect(largestLabel(new Int32Array([1, 7, 3, 7]))).toEqual({ label: 7, row: 1 });
    expect(largestLabel(new Int32Array([0]))).toEqual({ label: 0, row: 0 });
  });
});
