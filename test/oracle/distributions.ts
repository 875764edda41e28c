// Distribution functions in f64, and how far a sample is from one. Imports nothing from src/.

import { erfc } from "./erf.ts";

/** P(X ≤ x) */
export type Cdf = (x: number) => number;

/** Φ(z) = ½·erfc(−z/√2) */
const standardNormalCdf: Cdf = (z) => 0.5 * erfc(-z * Math.SQRT1_2);

export const uniformCdf =
  (low: number, high: number): Cdf =>
  (x) =>
    Math.min(1, Math.max(0, (x - low) / (high - low)));

export const normalCdf =
  (mean: number, std: number): Cdf =>
  (x) =>
    standardNormalCdf((x - mean) / std);

/** N(mean, std²) under the condition low ≤ X ≤ high. */
export function truncatedCdf(mean: number, std: number, low: number, high: number): Cdf {
  const [a, b] = [(low - mean) / std, (high - mean) / std];
  // P(a < Z ≤ z); in the upper tail Φ has no digits left, and 1 − Φ(z) = Φ(−z) has
  const mass = (z: number): number =>
    a > 0 ? standardNormalCdf(-a) - standardNormalCdf(-z) : standardNormalCdf(z) - standardNormalCdf(a);
  return (x) => Math.min(1, Math.max(0, mass((x - mean) / std) / mass(b)));
}

/** Kolmogorov's distance: the most by which the share of values ≤ x differs from P(X ≤ x), at any x. */
export function distance(sample: Float32Array | Float64Array, cdf: Cdf): number {
  const sorted = sample.slice().sort();
  let most = 0;
  for (const [i, x] of sorted.entries()) {
    const p = cdf(x);
    most = Math.max(most, Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length));
  }
  return most;
}

/**
 * Smirnov's critical distance of two samples of n and m values, or of one against a distribution (m = ∞): two of one
 * distribution are farther apart with a probability of at most alpha. √(−ln(α/2)/2)·√(1/n + 1/m).
 */
export function criticalDistance(alpha: number, n: number, m = Number.POSITIVE_INFINITY): number {
  return Math.sqrt(-Math.log(alpha / 2) / 2) * Math.sqrt(1 / n + 1 / m);
}
