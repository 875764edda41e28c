// dataset and toFeatures: what they accept, refer to or copy, and every refusal's code and words. What y and weight may
// be is targets.test.ts.

import { describe, expect, it } from "vitest";
import { XentError, type XentErrorCode } from "../../src/base/errors.ts";
import { dataset, isDataset, toFeatures } from "../../src/data/dataset.ts";

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
      targets: 1,
      stats: undefined,
      weight: undefined,
      scale: 1,
      shift: 0,
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

  it("takes targets and weights along", () => {
    const rows = [
      [0.5, 0.25],
      [1, 0],
    ];
    const data = dataset({ x: [[1], [2]], y: rows, weight: [1, 2] });
    expect(data.y).toEqual(new Float32Array([0.5, 0.25, 1, 0]));
    expect(data.targets).toBe(2);
    expect(data.weight).toEqual(new Float32Array([1, 2]));
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

  it("targets and weights that are none, in its own name", () => {
    refuses(
      () => dataset({ x, y: [0, 1, 1], features: 2 }),
      "SHAPE",
      "dataset: y has 3 labels",
      "expected 4",
    );
    refuses(() => dataset({ x, y: undefined as never, features: 2 }), "LABEL", "dataset: y is undefined");
    refuses(() => dataset({ x, y, features: 2, weight: [1] }), "SHAPE", "dataset: weight has 1 value,");
  });

  it("nothing that is good, and writes to none of it", () => {
    const values = x.slice();
    const labels = y.slice();
    dataset({ x: values, y: labels, features: 2 });
    expect(values).toEqual(x);
    expect(labels).toEqual(y);
  });
});

describe("toFeatures", () => {
  it("takes one row or many", () => {
    const one = { rows: 1, features: 3 };
    expect(toFeatures("predict", new Float32Array(3), 3)).toEqual({ x: new Float32Array(3), ...one });
    expect(toFeatures("predict", new Uint8Array(6), 3).rows).toBe(2);
    expect(toFeatures("predict", [[1, 2, 3]], 3)).toEqual({ x: new Float32Array([1, 2, 3]), ...one });
  });

  it("names the call", () => {
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
  });
});
