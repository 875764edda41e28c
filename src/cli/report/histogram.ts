// Histograms of any numbers. Knows nothing of models.

import type { Histogram } from "./report.ts";

const MOST_BINS = 40;

/** 2·∛n bins (the Rice rule), as far as a small drawing can show them. */
function binsFor(count: number): number {
  return Math.min(MOST_BINS, Math.ceil(2 * Math.cbrt(count)));
}

/**
 * Counts the finite values in bins of equal width, and takes mean and standard deviation of them.
 *
 * @param bounds  where the bins begin and end; without them, at the least and the largest value
 */
export function histogram(
  values: ArrayLike<number>,
  bounds?: { readonly low: number; readonly high: number; readonly bins: number },
): Histogram {
  const finite = Float64Array.from(values).filter(Number.isFinite);
  const notFinite = values.length - finite.length;
  if (finite.length === 0) return { low: 0, high: 0, counts: [], mean: 0, std: 0, notFinite };
  const low = bounds?.low ?? finite.reduce((least, value) => Math.min(least, value));
  const high = bounds?.high ?? finite.reduce((most, value) => Math.max(most, value));
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const bins = low === high ? 1 : (bounds?.bins ?? binsFor(finite.length));
  const counts = new Array<number>(bins).fill(0);
  for (const value of finite) {
    const bin = low === high ? 0 : Math.floor(((value - low) / (high - low)) * bins);
    // the upper edge belongs to the last bin
    const own = Math.min(Math.max(bin, 0), bins - 1);
    counts[own] = (counts[own] as number) + 1;
  }
  return { low, high, counts, mean, std: Math.sqrt(squares / finite.length), notFinite };
}
