// How far two computations of one metric in f64 may lie apart: "Metrics" in docs/numerics.md.

const U = 2 ** -53;

/**
 * @param value    about which it is
 * @param terms    rows times outputs
 * @param largest  magnitude of any output
 */
export function metricBound(name: string, value: number, terms: number, largest: number): number {
  const sums = 2 * (terms + 8) * U;
  if (name === "logLoss") return sums * Math.abs(value) + 32 * U * (1 + largest);
  if (name === "r2") return 2 * sums * (1 + Math.abs(1 - value)) * 8;
  return sums * Math.abs(value);
}
