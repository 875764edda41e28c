// Histograms, and a bound on how much of a long list a page shows. Knows nothing of models.

import type { Histogram } from "./report.ts";

const BINS = 40;

/** Counts the finite values in bins of equal width, and takes mean and standard deviation of them. */
export function histogram(values: ArrayLike<number>, bins = BINS): Histogram {
  let [low, high, sum, finite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    sum += value;
    finite++;
  }
  const notFinite = values.length - finite;
  if (finite === 0) return { low: 0, high: 0, counts: [], mean: 0, std: 0, notFinite };
  const mean = sum / finite;
  const counts = new Array<number>(low === high ? 1 : bins).fill(0);
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    squares += (value - mean) ** 2;
    const bin = low === high ? 0 : Math.floor(((value - low) / (high - low)) * bins);
    const last = Math.min(bin, counts.length - 1);
    counts[last] = (counts[last] as number) + 1;
  }
  return { low, high, counts, mean, std: Math.sqrt(squares / finite), notFinite };
}

/** At most so many points of a curve, or rows, go into a page. */
export const MOST_POINTS = 2000;

/** Places of at most `most` of `count` things, the first and the last among them, as evenly spread as can be. */
export function thinned(count: number, most = MOST_POINTS): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}
