// split: which rows go where, what stays of a data set, and every refusal.

import { describe, expect, it } from "vitest";
import { type Dataset, dataset } from "../../src/data/dataset.ts";
import { type SplitOptions, split } from "../../src/data/split.ts";
import { floats, integers, SEED, source } from "../oracle/data.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

/** Row i has the features i and −i, and class `ids[i]`: a row tells where it came from. */
function numbered(ids: ArrayLike<number>, more: object = {}): Dataset {
  const x = Float32Array.from({ length: 2 * ids.length }, (_, k) => (k % 2 ? -(k >> 1) : k >> 1));
  return dataset({ x, y: Int32Array.from(ids), features: 2, ...more });
}
const rowsOf = ({ x }: Dataset): number[] => Array.from(x).filter((_, k) => k % 2 === 0);
const countsOf = (y: ArrayLike<number>): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const id of Array.from(y)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
};

describe("any split", () => {
  const ids = integers(1, 101, 0, 4);
  it.each([
    [{ validation: 0.2 }, 20],
    [{ validation: 0.2, seed: 7 }, 20],
    [{ validation: 0.2, shuffle: false }, 20],
    [{ validation: 0.2, stratified: true }, 20],
    [{ validation: 0.2, stratified: true, shuffle: false }, 20],
    [{ validation: 1e-9 }, 1],
    [{ validation: 0.999999 }, 100],
  ] as [SplitOptions, number][])("%j has every row once, with its target", (options, wanted) => {
    const data = numbered(ids);
    const before = data.x.slice();
    const { train, validation } = split(data, options);
    expect(data.x).toEqual(before);
    expect([train.rows, validation.rows]).toEqual([101 - wanted, wanted]);
    for (const part of [train, validation]) {
      const rows = rowsOf(part);
      expect(part.features).toBe(2);
      expect(Array.from(part.x)).toEqual(rows.flatMap((i) => [i, -i]));
      expect(Array.from(part.y)).toEqual(rows.map((i) => ids[i]));
    }
    const all = [...rowsOf(train), ...rowsOf(validation)].sort((a, b) => a - b);
    expect(all).toEqual(Array.from(ids, (_, i) => i));
  });

  it("without shuffling takes the last rows", () => {
    const { train, validation } = split(numbered(ids), { validation: 0.1, shuffle: false });
    expect(rowsOf(train)).toEqual(Array.from({ length: 91 }, (_, i) => i));
    expect(rowsOf(validation)).toEqual(Array.from({ length: 10 }, (_, i) => 91 + i));
  });

  it("is the same for the same seed, whatever the features, and another for another", () => {
    const rows = (seed: number, more?: object): number[] =>
      rowsOf(split(numbered(ids, more), { validation: 0.3, seed }).validation);
    expect(rows(5)).toEqual(rows(5, { weight: integers(3, 101, 1, 2) }));
    expect(rows(5)).not.toEqual(rows(6));
    expect(rows(0)).toEqual(rowsOf(split(numbered(ids), { validation: 0.3 }).validation));
    expect(rows(0)).not.toEqual(rows(0).sort((a, b) => a - b));
  });

  it("draws every row about as often: over 400 seeds within 5 standard deviations", () => {
    const drawn = new Array<number>(101).fill(0);
    for (let seed = 0; seed < 400; seed++) {
      for (const i of rowsOf(split(numbered(ids), { validation: 0.2, seed }).validation)) {
        drawn[i] = (drawn[i] as number) + 1;
      }
    }
    const share = 20 / 101;
    const deviation = Math.sqrt(400 * share * (1 - share));
    for (const times of drawn) expect(Math.abs(times - 400 * share)).toBeLessThan(5 * deviation);
  });
});

describe("stratified", () => {
  it("gives each class its share: largest remainders, lower ids first", () => {
    // dues 3.3, 3.3, 3.4: one more to the last; 10 of 33 rows
    const y = [...Array(11).fill(0), ...Array(11).fill(1), ...Array(11).fill(2)];
    const { validation } = split(numbered([...y, 2]), { validation: 0.3, stratified: true });
    expect(countsOf(validation.y)).toEqual(
      new Map(
        [
          [0, 3],
          [1, 3],
          [2, 4],
        ].sort() as [number, number][],
      ),
    );
    const even = split(numbered(y), { validation: 0.3, stratified: true }).validation;
    expect(Object.fromEntries(countsOf(even.y))).toEqual({ 0: 4, 1: 3, 2: 3 });
  });

  it("has a class of two rows on both sides, a single row in train, and ignored ids as a class of their own", () => {
    const y = [...Array(50).fill(0), 1, 1, 2, -100, -100];
    for (const validation of [0.01, 0.1, 0.9, 0.99]) {
      const parts = split(numbered(y), { validation, stratified: true, seed: 3 });
      const [train, rest] = [countsOf(parts.train.y), countsOf(parts.validation.y)];
      for (const id of [0, 1, -100]) expect([train.has(id), rest.has(id)]).toEqual([true, true]);
      expect([train.get(2), rest.get(2)]).toEqual([1, undefined]);
    }
  });

  it(`of random classes keeps to within one row of each share, seed ${SEED}`, () => {
    const next = source(9);
    for (let round = 0; round < 200; round++) {
      const y = integers(round, 2 + Math.floor(300 * next()), 0, Math.floor(12 * next()));
      const share = 0.02 + 0.96 * next();
      const sizes = countsOf(y);
      if ([...sizes.values()].every((n) => n < 2)) continue;
      const { train, validation } = split(numbered(y), { validation: share, stratified: true, seed: round });
      expect(train.rows + validation.rows).toBe(y.length);
      for (const [id, n] of sizes) {
        const got = countsOf(validation.y).get(id) ?? 0;
        const [least, most] = n < 2 ? [0, 0] : [1, n - 1];
        expect(got).toBeGreaterThanOrEqual(least);
        expect(got).toBeLessThanOrEqual(most);
        // where no side would be empty, a class has its due rounded up or down
        const due = n * share;
        const free = [...sizes.values()].every((m) => m * share >= 1 && m * (1 - share) >= 1);
        if (free) expect(Math.abs(got - due)).toBeLessThan(1);
      }
    }
  });
});

describe("what stays", () => {
  it("bytes, their scale and shift, and weights", () => {
    const x = Uint8Array.from(integers(2, 60, 0, 255));
    const weight = floats(3, 20, 0.5, 2);
    const data = dataset({ x, y: integers(4, 20, 0, 1), features: 3, weight, scale: 0.5, shift: -1 });
    const { train, validation } = split(data, { validation: 0.25 });
    for (const part of [train, validation]) {
      expect(part.x.constructor).toBe(Uint8Array);
      expect([part.scale, part.shift, part.features]).toEqual([0.5, -1, 3]);
      for (let i = 0; i < part.rows; i++) {
        const at = weight.indexOf(part.weight?.[i] as number);
        expect(part.x.subarray(3 * i, 3 * i + 3)).toEqual(x.subarray(3 * at, 3 * at + 3));
      }
    }
  });

  it("a Buffer's bytes, as a plain array", () => {
    const data = dataset({ x: Buffer.from([1, 2, 3, 4]), y: [0, 1, 0, 1], features: 1 });
    expect(split(data, { validation: 0.5 }).train.x.constructor).toBe(Uint8Array);
  });

  it("rows of targets, with the extremes of each part", () => {
    const y = floats(5, 40);
    const data = dataset({ x: floats(6, 20), y, features: 1 });
    const { train, validation } = split(data, { validation: 0.5, seed: 1 });
    for (const part of [train, validation] as Any[]) {
      expect(part.targets).toBe(2);
      expect(part.stats.most).toBe(Math.max(...part.y));
      expect(part.stats.least).toBe(Math.min(...part.y));
      for (let i = 0; i < part.rows; i++) {
        const at = y.indexOf(part.y[2 * i]);
        expect(part.x[i]).toBe(data.x[at / 2]);
        expect(part.y[2 * i + 1]).toBe(y[at + 1]);
      }
    }
  });
});

describe("refusals", () => {
  const data = numbered([0, 1, 0, 1]);
  it.each([
    ["no data set", [[1, 2]], { validation: 0.5 }, "OPTION", "the data is an array", "dataset("],
    ["no options", data, undefined, "OPTION", "split: got undefined"],
    ["no share", data, {}, "OPTION", "split: validation is undefined", "0.2"],
    ["a share of 0", data, { validation: 0 }, "OPTION", "validation is 0", "above 0"],
    ["a share of 1", data, { validation: 1 }, "OPTION", "validation is 1", "below 1"],
    ["a share of NaN", data, { validation: Number.NaN }, "OPTION", "validation is NaN"],
    ["a share that is text", data, { validation: "0.2" }, "OPTION", 'validation is "0.2"'],
    ["a number of rows", data, { validation: 20 }, "OPTION", "validation is 20"],
    ["a seed below 0", data, { validation: 0.5, seed: -1 }, "OPTION", "seed is -1"],
    ["stratified 1", data, { validation: 0.5, stratified: 1 }, "OPTION", "stratified is 1"],
    ["shuffle null", data, { validation: 0.5, shuffle: null }, "OPTION", "shuffle is null"],
    [
      "another name",
      data,
      { validation: 0.5, stratify: true },
      "OPTION",
      '"stratify"',
      "Did you mean stratified?",
    ],
    ["one row", numbered([0]), { validation: 0.5 }, "EMPTY", "1 row", "at least 2"],
    [
      "no class of two",
      numbered([0, 1, 2]),
      { validation: 0.5, stratified: true },
      "EMPTY",
      "no class has two rows",
    ],
    [
      "stratified numbers",
      dataset({ x: [[1], [2]], y: [0.5, 1] }),
      { validation: 0.5, stratified: true },
      "LABEL",
      "1 number a row",
    ],
    [
      "a side without weight",
      numbered([0, 1, 0, 1], { weight: [1, 1, 1, 0] }),
      { validation: 0.25, shuffle: false },
      "WEIGHT",
      "split: validation: every weight is 0",
    ],
  ] as [string, Any, Any, Any, ...string[]][])("%s", async (_, given, options, code, ...pieces) => {
    await refuses(() => split(given, options), code, ...pieces);
  });
});
