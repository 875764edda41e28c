// Medians and deciles, and numbers as people read them.

/** The middle of a set of figures and where its middle eight tenths lie. */
export interface Summary {
  readonly p10: number;
  readonly median: number;
  readonly p90: number;
}

/** The q-quantile of sorted numbers, interpolated between neighbours; NaN of none. */
export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return { p10: quantile(sorted, 0.1), median: quantile(sorted, 0.5), p90: quantile(sorted, 0.9) };
}

/** Three significant digits, never in exponent form: 0.0123, 1.23, 12.3, 123, 1234. */
export function digits(x: number): string {
  if (x === 0 || !Number.isFinite(x)) return String(x);
  const whole = Math.floor(Math.log10(Math.abs(x))) + 1;
  return x.toFixed(Math.max(0, Math.min(6, 3 - whole)));
}

/** Six significant digits: what the JSON holds. */
export function rounded(x: number): number {
  return Number(x.toPrecision(6));
}
