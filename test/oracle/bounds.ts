// What an f32 result may be off by: the quantities of docs/numerics.md. Imports nothing from src/.

/** Unit roundoff of f32: one operation gives the exact result times 1 + δ, |δ| ≤ U. */
export const U = 2 ** -24;
/** The smallest normal f32. Exponentials and updated parameters below it become +0. */
export const SMALLEST_NORMAL = 2 ** -126;
/** The most that rounding to f32 changes a number below SMALLEST_NORMAL. */
export const HALF_SUBNORMAL = 2 ** -150;

/**
 * Largest errors over all 2³² arguments, in ulps of the exact result, the third decimal rounded up. Measured by
 * test/kernels/math.test.ts.
 */
export const EXP_ULPS = 0.956;
export const EXPM1_ULPS = 1.496;
export const LOG_ULPS = 0.835;
export const LOG1P_ULPS = 1.405;
/** for 0 ≤ u ≤ 1 */
export const LOG1P_UNIT_ULPS = 1.312;
export const TANH_ULPS = 1.369;
export const ERF_ULPS = 1.535;
export const SIGMOID_ULPS = 1.695;
/** An ulp of y is at most 2·U·|y|. */
export const EXP_ERROR = EXP_ULPS * 2 * U;
export const LOG_ERROR = LOG_ULPS * 2 * U;

/** γ(k) = k·u / (1 − k·u): the most that k roundings in a row can do to a number, relative to it. */
export function gamma(k: number): number {
  return (k * U) / (1 - k * U);
}

const f64 = new Float64Array(1);
const words = new Uint32Array(f64.buffer);

/** The distance between neighbouring f32 numbers around a finite x (of the subnormals where x is one). */
export function ulp(x: number): number {
  f64[0] = x;
  // the exponent field, at least that of 2⁻¹²⁶, less 23: built as bits, because 2 ** n costs more than all the rest
  const field = Math.max(((words[1] as number) >>> 20) & 0x7ff, 1023 - 126) - 23;
  words[0] = 0;
  words[1] = field << 20;
  return f64[0] as number;
}

/** What the rows of the softmax kernels may be off by, from the f64 oracle's numbers for that row. */
export interface SoftmaxBounds {
  /** of the sum Σ e^(z_j − max), relative */
  sum: number;
  /** of each probability, absolute */
  p: Float64Array;
}

/**
 * Bounds of a softmax row.
 *
 *     θ_j = (1 + ε)·e^(|d_j|·u) − 1            the rounded difference d_j = z_j − max, then exp
 *     σ   = γ + (1 + γ)·(Σ p_j·θ_j + n·2⁻¹²⁶)  γ = γ(⌈n/4⌉ + 1): four chains, joined by two sums
 *     |p̂_j − p_j| ≤ p_j·((1 + θ_j)(1 + u)/(1 − σ) − 1) + 2⁻¹²⁶
 *
 * @param p         exact probabilities
 * @param distance  max_k z_k − z_j
 */
export function softmaxBounds(p: Float64Array, distance: Float64Array): SoftmaxBounds {
  const chains = gamma(Math.ceil(p.length / 4) + 1);
  const theta = distance.map((d) =>
    d === Number.POSITIVE_INFINITY ? 0 : (1 + EXP_ERROR) * Math.exp(Math.min(d, 90) * U) - 1,
  );
  const weighted = p.reduce((sum, x, j) => sum + x * (theta[j] as number), 0);
  const sum = (weighted + p.length * SMALLEST_NORMAL) * (1 + chains) + chains;
  return {
    sum,
    p: p.map((x, j) => x * (((1 + (theta[j] as number)) * (1 + U)) / (1 - sum) - 1) + SMALLEST_NORMAL),
  };
}

/**
 * Bound of a cross-entropy row loss, ln S + (max − z_t): the sum's error through ln, ln's own, the difference's
 * rounding, and that of the last addition.
 */
export function lossBound(sum: number, logSum: number, distance: number): number {
  const inner = -Math.log1p(-sum);
  const parts = inner + LOG_ERROR * (logSum + inner) + U * distance;
  return parts + U * (logSum + distance + parts);
}

/** Bound of (p − 1)·scale or p·scale, from the bound of p. */
export function gradientBound(p: number, bound: number, isTarget: boolean, scale: number): number {
  const value = Math.abs(isTarget ? p - 1 : p);
  return (bound * (1 + gamma(2)) + gamma(2) * value) * Math.abs(scale) + HALF_SUBNORMAL;
}
