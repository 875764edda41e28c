// The figures of a report on their own, against counts that share nothing with them.

import { expect, test } from "vitest";
import { cut, thinned } from "../../src/cli/report/bounds.ts";
import { confusionOf } from "../../src/cli/report/collect.ts";
import { errors, fitsOf, residuals } from "../../src/cli/report/fits.ts";
import { histogram } from "../../src/cli/report/histogram.ts";
import { largestErrors, wrongClasses } from "../../src/cli/report/mistakes.ts";
import { ticks } from "../../src/cli/report/page/format.ts";
import { rocCurve } from "../../src/cli/report/roc.ts";
import { shortest } from "../../src/cli/text/format.ts";
import { dataset } from "../../src/index.ts";
import fc from "../support/property.ts";

/** Σ wᵢ·wⱼ over pairs of a yes i above a no j, half where they are level, over that of all pairs: two loops, no order. */
function pairArea(scores: readonly number[], yes: readonly boolean[], weights: readonly number[]): number {
  let [inOrder, all] = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    for (let j = 0; j < scores.length; j++) {
      if (!yes[i] || yes[j]) continue;
      const pair = weights[i]! * weights[j]!;
      all += pair;
      inOrder += pair * (scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0);
    }
  }
  return inOrder / all;
}

/** Rows with few different scores, so that many are level. */
const rows = fc.array(
  fc.record({
    score: fc.integer({ min: -4, max: 4 }),
    yes: fc.boolean(),
    weight: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 60 },
);

test("ROC: the area is the share of pairs in order, and the curve climbs from corner to corner as counts say", () => {
  fc.assert(
    fc.property(rows, (rows) => {
      const scores = rows.map(({ score }) => score);
      const yes = rows.map((row) => row.yes);
      const weights = rows.map(({ weight }) => weight);
      const curve = rocCurve({ scores, thresholds: scores, yes, weights });
      const [all, others] = [true, false].map((kind) =>
        rows.reduce((sum, row) => sum + (row.yes === kind ? row.weight : 0), 0),
      ) as [number, number];
      if (all === 0 || others === 0) {
        expect(curve).toBeUndefined();
        return;
      }
      expect(curve!.area).toBeCloseTo(pairArea(scores, yes, weights), 12);
      let trapezoids = 0;
      for (const [i, threshold] of curve!.threshold.entries()) {
        const above = rows.filter(({ score }) => threshold !== null && score >= threshold);
        const share = (kind: boolean, of: number): number =>
          above.reduce((sum, row) => sum + (row.yes === kind ? row.weight : 0), 0) / of;
        expect(curve!.truePositive[i]).toBeCloseTo(share(true, all), 12);
        expect(curve!.falsePositive[i]).toBeCloseTo(share(false, others), 12);
        if (i === 0) continue;
        const across = curve!.falsePositive[i]! - curve!.falsePositive[i - 1]!;
        trapezoids += (across * (curve!.truePositive[i]! + curve!.truePositive[i - 1]!)) / 2;
      }
      expect(trapezoids).toBeCloseTo(curve!.area, 12);
      expect([curve!.truePositive[0], curve!.falsePositive[0], curve!.threshold[0]]).toEqual([0, 0, null]);
      expect([curve!.truePositive.at(-1), curve!.falsePositive.at(-1)]).toEqual([1, 1]);
    }),
    { numRuns: 500 },
  );
});

test("ROC: equal scores are one step, straight to the other corner", () => {
  const curve = rocCurve({
    scores: [7, 7, 7, 7],
    thresholds: [0.5, 0.5, 0.5, 0.5],
    yes: [true, false, true, false],
  });
  expect(curve).toEqual({
    area: 0.5,
    falsePositive: [0, 1],
    truePositive: [0, 1],
    threshold: [null, 0.5],
    of: 2,
  });
});

test("ROC: a score that is no number has no place in an order", () => {
  const scores = [1, Number.NaN, 0];
  expect(rocCurve({ scores, thresholds: scores, yes: [true, false, false] })).toBeUndefined();
});

test("ROC: of many corners some are shown, the area is that of all", () => {
  const scores = Array.from({ length: 12_000 }, (_, i) => i);
  const yes = scores.map((i) => (i * 7919) % 3 === 0);
  const curve = rocCurve({ scores, thresholds: scores, yes })!;
  expect(curve.of).toBeGreaterThan(5000);
  expect(curve.threshold).toHaveLength(2000);
  // a yes wins against the others below it: counted from the lowest score up
  let [below, pairs] = [0, 0];
  for (const answer of yes) {
    if (answer) pairs += below;
    else below++;
  }
  expect(curve.area).toBeCloseTo(pairs / (below * (yes.length - below)), 12);
});

test("thinning keeps the ends and the order, and spreads evenly", () => {
  expect(thinned(0)).toEqual([]);
  expect(thinned(3, 3)).toEqual([0, 1, 2]);
  expect(thinned(11, 3)).toEqual([0, 5, 10]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 2, max: 300 }), (count, most) => {
      const places = thinned(count, most);
      expect(places).toHaveLength(Math.min(count, most));
      expect([places[0], places.at(-1)]).toEqual([0, count - 1]);
      const gaps = places.slice(1).map((place, i) => place - places[i]!);
      expect(Math.min(...gaps, 1)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...gaps, 0) - Math.min(...gaps)).toBeLessThanOrEqual(1);
      expect(thinned(count, most)).toEqual(places);
    }),
  );
});

test("histograms count every finite value once, in the bin whose edges it lies between", () => {
  const value = fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.constant(Number.NaN),
    fc.constant(1 / 0),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 400 }), (values) => {
      const { low, high, counts, mean, std, notFinite } = histogram(values);
      const finite = values.filter((v) => Number.isFinite(v));
      expect(notFinite).toBe(values.length - finite.length);
      expect(counts.reduce((sum, n) => sum + n, 0)).toBe(finite.length);
      if (finite.length === 0) {
        expect(counts).toEqual([]);
        return;
      }
      expect([low, high]).toEqual([Math.min(...finite), Math.max(...finite)]);
      const average = finite.reduce((sum, v) => sum + v / finite.length, 0);
      const variance = finite.reduce((sum, v) => sum + (v - average) ** 2 / finite.length, 0);
      expect(Math.abs(mean - average)).toBeLessThanOrEqual(1e-9 * Math.max(1, high - low, Math.abs(high)));
      expect(Math.abs(std - Math.sqrt(variance))).toBeLessThanOrEqual(1e-9 * Math.max(1, high - low));
      // up to each inner edge there are as many values as bins say, but for those that round to the other side of it
      // (edges between subnormal numbers have no room at all)
      const slack = 1e-9 * (high - low) + 2 ** -1000;
      let below = 0;
      for (let bin = 0; bin < counts.length - 1; bin++) {
        below += counts[bin]!;
        const edge = low + ((high - low) * (bin + 1)) / counts.length;
        expect(below).toBeGreaterThanOrEqual(finite.filter((v) => v < edge - slack).length);
        expect(below).toBeLessThanOrEqual(finite.filter((v) => v < edge + slack).length);
      }
    }),
  );
});

test("histograms: the upper edge is in the last bin, one value is one bin, bounds are kept", () => {
  expect(histogram([0, 1, 2, 3, 4], { low: 0, high: 4, bins: 4 }).counts).toEqual([1, 1, 1, 2]);
  expect(histogram([2, 2, 2])).toMatchObject({ low: 2, high: 2, counts: [3], mean: 2, std: 0 });
  expect(histogram([0.5], { low: 0, high: 1, bins: 2 })).toMatchObject({ low: 0, high: 1, counts: [0, 1] });
  expect(histogram(new Float32Array(1000).map((_, i) => i)).counts).toHaveLength(20);
  expect(histogram(new Float32Array(100_000).map((_, i) => i)).counts).toHaveLength(40);
});

test("errors of a regression: by hand, with weights, and where the truth does not vary", () => {
  const truth = Float64Array.of(1, 2, 3, 6);
  const predicted = Float64Array.of(2, 2, 1, 6);
  expect([...residuals(truth, predicted)]).toEqual([1, 0, -2, 0]);
  // t̄ = 3, Σ(t − t̄)² = 4 + 1 + 0 + 9, Σe² = 5
  expect(errors(truth, predicted, undefined)).toEqual({ r2: 1 - 5 / 14, mae: 3 / 4, rmse: Math.sqrt(5 / 4) });
  // the last row counts twice: the same as writing it twice
  const twice = errors(Float64Array.of(1, 2, 3, 6, 6), Float64Array.of(2, 2, 1, 6, 6), undefined);
  expect(errors(truth, predicted, [1, 1, 1, 2])).toEqual(twice);
  // as the library's r2: a constant truth is met or not, and one row has no spread
  expect(errors(Float64Array.of(4, 4), Float64Array.of(3, 5), undefined)).toEqual({ r2: 0, mae: 1, rmse: 1 });
  expect(errors(Float64Array.of(4, 4), Float64Array.of(4, 4), undefined).r2).toBe(1);
  expect(errors(Float64Array.of(4), Float64Array.of(4), undefined).r2).toBe(null);
  expect(errors(Float64Array.of(4, 5), Float64Array.of(4, 5), [1, 0]).r2).toBe(null);
});

test("numbers that f32 holds are short, and themselves", () => {
  expect([0.1, 12_345_678, 1e-7, -3.4e38].map((value) => shortest(Math.fround(value)))).toEqual([
    0.1, 12_345_678, 1e-7, -3.4e38,
  ]);
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Math.fround(shortest(value)) === value).toBe(true);
    }),
  );
  expect(cut(`${"a".repeat(198)}😀bc`)).toBe(`${"a".repeat(198)}…`);
});

test("numbers along an axis differ where their places do, and say no more digits than that", () => {
  expect(ticks([0, 0.25, 0.5])).toEqual(["0", "0.25", "0.5"]);
  expect(ticks([7.4995, 7.5, 7.5005])).toEqual(["7.4995", "7.5", "7.5005"]);
  expect(ticks([12_345_000, 12_345_500])).toEqual(["12,345,000", "12,345,500"]);
  expect(ticks([-3.2e-7, -3e-7])).toEqual(["−3.2e-7", "−3.0e-7"]);
  expect(ticks([0.1 + 0.2, 0.4])).toEqual(["0.3", "0.4"]);
  expect(ticks([1e-3, null, null, 1e-2])).toEqual(["0.001", "", "", "0.01"]);
  expect([ticks([]), ticks([5])]).toEqual([[], ["5"]]);
});

test("predicted against true: many rows are thinned, and their errors are not", () => {
  const truth = Float64Array.from({ length: 12_345 }, (_, i) => i);
  const predicted = truth.map((value) => value + 0.5);
  const [fit] = fitsOf({ names: ["price"], truth: [truth], predicted: [predicted] }, undefined);
  expect(fit).toMatchObject({ name: "price", of: 12_345, mae: 0.5, rmse: 0.5 });
  expect(fit!.truth).toHaveLength(2000);
  expect([fit!.truth[0], fit!.truth.at(-1)]).toEqual([0, 12_344]);
  expect(fit!.predicted.every((value, i) => value === fit!.truth[i]! + 0.5)).toBe(true);
  expect(fit!.residuals).toMatchObject({ counts: [12_345], mean: 0.5 });
});

const five = dataset({ x: [[10], [20], [30], [40], [50]], y: [0, 1, 2, 0, 1], weight: [1, 1, 1, 1, 0] });

test("worst mistakes of a classifier: wrong rows alone, the surest first, equally sure ones in their order", () => {
  const answers = {
    names: ["a", "b", "c"],
    truth: Int32Array.of(0, 1, 2, 0, 1),
    predicted: Int32Array.of(1, 1, 0, 2, 0),
    score: Float64Array.of(0.5, 0.99, 0.8, 0.8, 1),
    probabilities: true,
    second: undefined,
  };
  const given = { dataset: five, table: undefined, targets: [], image: undefined, numbers: undefined };
  const { of, score, columns, rows } = wrongClasses(answers, given);
  // the last row has no weight
  expect([of, score, columns]).toEqual([3, "probability", ["feature 1"]]);
  expect(
    rows.map(({ row, truth, predicted, score, inputs }) => [row, truth, predicted, score, inputs]),
  ).toEqual([
    [3, "c", "a", 0.8, [30]],
    [4, "a", "c", 0.8, [40]],
    [1, "a", "b", 0.5, [10]],
  ]);
  const numbers = [101, 102, 103, 104, 105];
  expect(wrongClasses(answers, { ...given, numbers }).rows.map(({ row }) => row)).toEqual([103, 104, 101]);
});

test("worst mistakes of a regression: the largest errors, of several outputs in proportion to their spread", () => {
  const given = { dataset: five, table: undefined, targets: [], image: undefined, numbers: undefined };
  const one = {
    names: ["y"],
    truth: [Float64Array.of(1, 2, 3, 4, 5)],
    predicted: [Float64Array.of(1, 5, 1, 4.5, 99)],
  };
  const { of, score, rows } = largestErrors(one, given);
  expect([of, score]).toEqual([5, "error"]);
  expect(rows.map(({ row, output, score }) => [row, output, score])).toEqual([
    [2, null, 3],
    [3, null, -2],
    [4, null, 0.5],
  ]);
  // the second output is a thousand times as large, and so are its errors; one of them is larger still
  const two = {
    names: ["small", "large"],
    truth: [Float64Array.of(0, 1, 0, 1, 0), Float64Array.of(0, 1000, 0, 1000, 0)],
    predicted: [Float64Array.of(0.3, 1, 0, 1, 0), Float64Array.of(0, 1000, 400, 1000, 0)],
  };
  const both = largestErrors(two, given).rows;
  expect(both.map(({ row, output }) => [row, output])).toEqual([
    [3, "large"],
    [1, "small"],
  ]);
});

test("confusion: pairs by how often, ids where that is equal; of many classes no table", () => {
  const counts = [
    [5, 2, 0],
    [1, 9, 2],
    [0, 0, 4],
  ];
  const small = confusionOf(["a", "b", "c"], counts);
  expect(small.counts).toEqual(counts);
  expect(small.pairs).toEqual([
    { truth: 0, predicted: 1, count: 2 },
    { truth: 1, predicted: 2, count: 2 },
    { truth: 1, predicted: 0, count: 1 },
  ]);
  const names = Array.from({ length: 41 }, (_, i) => `class ${i}`);
  const large = confusionOf(
    names,
    names.map((_, i) => names.map((_, j) => (i + 1) * 41 + j)),
  );
  expect(large.counts).toBeNull();
  expect([large.pairs.length, large.pairsOf]).toEqual([20, 41 * 40]);
  expect(large.pairs[0]).toEqual({ truth: 40, predicted: 39, count: 41 * 41 + 39 });
});
