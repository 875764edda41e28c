// What the losses' kernels may be off by, row by row: each is its rounding order in docs/numerics.md, written in
// rounded numbers. Imports nothing from src/.

import { LOG_ERROR, softmaxBounds, U } from "./bounds.ts";
import { sigmoid } from "./pointwise.ts";
import {
  add,
  constant,
  exactly,
  exp,
  half,
  log1pUnit,
  mul,
  oneMinus,
  type Rounded,
  rowSum,
  sub,
} from "./rounded.ts";
import { softmax } from "./rows.ts";

/** One output's part of the loss, and its slope. */
export interface Output {
  readonly value: Rounded;
  readonly slope: Rounded;
}

export interface RowBounds {
  readonly loss: number;
  readonly gradient: Float64Array;
}

/** The row's loss and gradient from those of its outputs: r·Σ value and slope·(scale·r). */
export function rowBounds(outputs: readonly Output[], scale: number, r?: number): RowBounds {
  return weighted(
    rowSum(outputs.map(({ value }) => value)),
    outputs.map(({ slope }) => slope),
    scale,
    r,
  );
}

function weighted(loss: Rounded, slopes: readonly Rounded[], scale: number, r?: number): RowBounds {
  const s = r === undefined ? exactly(scale) : mul(exactly(scale), exactly(r));
  return {
    loss: r === undefined ? loss.off : mul(loss, exactly(r)).off,
    gradient: Float64Array.from(slopes, (slope) => mul(slope, s).off),
  };
}

/**
 * σ(z) from e = e^−|z|, as (z < 0 ? e : 1) / (1 + e). The slope of both in e is ±1/(1 + e)²; then the denominator and
 * the quotient are rounded.
 */
function sigmoidOf(e: Rounded, z: number): Rounded {
  const off = e.off / (1 + e.value - e.off) ** 2;
  return mul({ value: sigmoid(z), off }, { value: 1, off: U / (1 - U) });
}

/** |z|·(z > 0 ? 1 − y : w·y) + (w·y + (1 − y))·ln(1 + e^−|z|), the factor of the logarithm only with w */
export function bceOutput(z: number, y: number, w?: number): Output {
  const e = exp(exactly(-Math.abs(z)));
  const positive = w === undefined ? exactly(y) : mul(exactly(w), exactly(y));
  const negative = oneMinus(exactly(y));
  const both = w === undefined ? exactly(1) : add(positive, negative);
  const wrong = mul(exactly(Math.abs(z)), z > 0 ? negative : positive);
  return {
    value: add(wrong, mul(both, log1pUnit(e))),
    slope: sub(mul(sigmoidOf(e, z), both), positive),
  };
}

const difference = (z: number, t: number): Rounded => sub(exactly(z), exactly(t));

/** (a·d)·d and (2a)·d */
export function squaredOutput(z: number, t: number, a: number): Output {
  const d = difference(z, t);
  return { value: mul(mul(exactly(a), d), d), slope: mul(exactly(2 * a), d) };
}

/** A difference of two f32 is 0 only where they are equal, so the sign is exact. */
export function absoluteOutput(z: number, t: number): Output {
  const d = difference(z, t);
  return { value: { value: Math.abs(d.value), off: d.off }, slope: exactly(Math.sign(d.value)) };
}

/**
 * (½d)·d or δ·(|d| − ½δ), and d held to ±δ. Where rounding takes d across δ, the two forms differ by ½(|d| − δ)².
 */
export function huberOutput(z: number, t: number, delta: number): Output {
  const d = difference(z, t);
  const size: Rounded = { value: Math.abs(d.value), off: d.off };
  const value = size.value <= delta ? mul(half(d), d) : mul(exactly(delta), sub(size, half(exactly(delta))));
  const held = Math.min(Math.max(d.value, -delta), delta);
  return {
    value: { value: value.value, off: value.off + d.off ** 2 / 2 },
    slope: { value: held, off: size.value - d.off > delta ? 0 : d.off },
  };
}

/** What makes q of a target row: q_j = w_j·(keep·t_j + spread), keep = 1 − ε, spread = ε / classes. */
export interface Smoothing {
  readonly labelSmoothing: number;
  readonly weight?: ArrayLike<number> | undefined;
}

/**
 * Softmax cross entropy against a whole distribution: Q·ln S + Σ q_j·(m − z_j), Q = Σ q_j but exactly 1 without class
 * weights; gradient (Q·p_j − q_j)·(scale·r). A term with q_j = 0 is left out.
 */
export function softCrossEntropyBounds(
  z: ArrayLike<number>,
  t: ArrayLike<number>,
  { labelSmoothing, weight }: Smoothing,
  scale: number,
  r?: number,
): RowBounds {
  const keep = labelSmoothing === 0 ? exactly(1) : constant(1 - labelSmoothing);
  const spread = labelSmoothing === 0 ? exactly(0) : constant(labelSmoothing / z.length);
  const q = Array.from(t, (x, j) => mul(exactly(weight?.[j] ?? 1), add(mul(keep, exactly(x)), spread)));
  const whole = weight === undefined ? exactly(1) : rowSum(q);
  const { p, distance, logSum } = softmax(z);
  const bounds = softmaxBounds(p, distance);
  // the distance is a difference of two logits, rounded once
  const apart = q.map((share, j) =>
    share.value === 0 ? exactly(0) : mul(share, constant(distance[j] as number)),
  );
  return weighted(
    add(mul(whole, logarithm(bounds.sum, logSum)), rowSum(apart)),
    q.map((share, j) => sub(mul(whole, { value: p[j] as number, off: bounds.p[j] as number }), share)),
    scale,
    r,
  );
}

/** ln Ŝ, Ŝ off by the fraction σ of S: that through ln, and ln's own error. */
function logarithm(sigma: number, logSum: number): Rounded {
  const inner = -Math.log1p(-sigma);
  return { value: logSum, off: inner + LOG_ERROR * (logSum + inner) };
}
