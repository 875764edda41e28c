// What preprocess makes of numbers and categories, against exact arithmetic and scikit-learn. Its options are preprocess.test.ts's.

import { describe, expect, it } from "vitest";
import { ids, minMax, oneHot, preprocess, standardize, type Table } from "../../src/data.ts";
import { read } from "../fixtures/read.ts";
import fc from "../support/property.ts";
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
