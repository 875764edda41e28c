// Predicted against true: how far the answers of a regression are off, output by output.

import { shortest } from "../text/format.ts";
import type { NumberAnswers } from "./answers.ts";
import { finite, thinned } from "./bounds.ts";
import { histogram } from "./histogram.ts";
import type { Fit } from "./report.ts";

/** Outputs that are shown: a page has an end. */
const MOST_OUTPUTS = 12;

/** @param weights  how often each row counts, as in the model's own metrics; once where they are left out */
export function fitsOf(answers: NumberAnswers, weights: ArrayLike<number> | undefined): Fit[] {
  return answers.names.slice(0, MOST_OUTPUTS).map((name, output) => {
    const truth = answers.truth[output] as Float64Array;
    const predicted = answers.predicted[output] as Float64Array;
    const counted = thinned(truth.length);
    return {
      name,
      ...errors(truth, predicted, weights),
      truth: counted.map((row) => shortest(truth[row] as number)),
      predicted: counted.map((row) => finite(shortest(predicted[row] as number))),
      of: truth.length,
      residuals: histogram(residuals(truth, predicted)),
    };
  });
}

/** predicted − true */
export function residuals(truth: Float64Array, predicted: Float64Array): Float64Array {
  return predicted.map((value, row) => value - (truth[row] as number));
}

/**
 * r² = 1 − Σw·e² / Σw·(t − t̄)², the mean of |e|, and the root of the mean of e². As in the library, r² of a constant truth is 1 where
 * it was met and else 0, and there is none of fewer than two rows.
 */
export function errors(
  truth: Float64Array,
  predicted: Float64Array,
  weights: ArrayLike<number> | undefined,
): Pick<Fit, "r2" | "mae" | "rmse"> {
  const weight = (row: number): number => weights?.[row] ?? 1;
  let [rows, count, sum] = [0, 0, 0];
  for (let row = 0; row < truth.length; row++) {
    rows += Number(weight(row) > 0);
    count += weight(row);
    sum += weight(row) * (truth[row] as number);
  }
  const mean = sum / count;
  let [absolute, squared, spread] = [0, 0, 0];
  for (let row = 0; row < truth.length; row++) {
    const error = (predicted[row] as number) - (truth[row] as number);
    absolute += weight(row) * Math.abs(error);
    squared += weight(row) * error ** 2;
    spread += weight(row) * ((truth[row] as number) - mean) ** 2;
  }
  return {
    r2: rows < 2 ? null : spread === 0 ? Number(squared === 0) : finite(1 - squared / spread),
    mae: finite(absolute / count),
    rmse: finite(Math.sqrt(squared / count)),
  };
}
