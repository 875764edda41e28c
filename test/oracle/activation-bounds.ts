// What the activations' kernels may be off by, element by element: each is its rounding order in docs/numerics.md,
// written in rounded numbers. Imports nothing from src/.

import { gamma, HALF_SUBNORMAL, SIGMOID_ULPS, SMALLEST_NORMAL, TANH_ULPS, ulp } from "./bounds.ts";
import { sigmoid as sigma } from "./pointwise.ts";
import {
  add,
  constant,
  div,
  erf,
  exactly,
  exp,
  expm1,
  half,
  log1pUnit,
  mul,
  neg,
  oneMinus,
  onePlus,
  type Rounded,
  rowSum,
  sigmoid,
  sub,
  tanh,
} from "./rounded.ts";

/** k roundings of one product of x's own */
const relative = (k: number, value: number): number => gamma(k) * Math.abs(value) + HALF_SUBNORMAL;

/** a result that is +0 below the normal numbers */
export function sigmoidBound(x: number): number {
  const value = sigma(x);
  return value < SMALLEST_NORMAL ? value : SIGMOID_ULPS * ulp(value);
}
export const sigmoidBackwardBound = (dy: number, y: number): number =>
  gamma(3) * Math.abs(dy * y * (1 - y)) + SMALLEST_NORMAL;

export const tanhBound = (x: number): number => TANH_ULPS * ulp(Math.tanh(x));
/** dy·((1 − y)(1 + y)) */
export const tanhBackwardBound = (dy: number, y: number): number => relative(4, dy * (1 - y) * (1 + y));

export const leakyReluBound = (x: number, slope: number): number => (x > 0 ? 0 : relative(1, slope * x));
export const leakyReluBackwardBound = (dy: number, y: number, slope: number): number =>
  y > 0 ? 0 : relative(1, slope * dy);

/** α·expm1 x */
export const eluBound = (x: number, alpha: number): number => (x > 0 ? 0 : mul(exactly(alpha), expm1(x)).off);
/** dy·(y + α) */
export const eluBackwardBound = (dy: number, y: number, alpha: number): number =>
  y > 0 ? 0 : relative(2, dy * (y + alpha));

/** 1 + erf(x·(1/√2)) */
const twiceNormal = (x: number): Rounded => onePlus(erf(mul(exactly(x), constant(Math.SQRT1_2))));
/** (½x)·(1 + erf(…)) */
export const geluBound = (x: number): number => mul(half(exactly(x)), twiceNormal(x)).off;
/** dy·(½(1 + erf(…)) + x·(φ₀·e^(−x·½x))), φ₀ = 1/√(2π) */
export function geluBackwardBound(dy: number, x: number): number {
  const square = mul(exactly(x), half(exactly(x)));
  const density = mul(constant(1 / Math.sqrt(2 * Math.PI)), exp(neg(square)));
  const slope = add(half(twiceNormal(x)), mul(exactly(x), density));
  return mul(exactly(dy), slope).off;
}

/** (x·√(2/π))·(1 + (x·x)·c) */
function cubic(x: number, c: number): Rounded {
  const square = mul(mul(exactly(x), exactly(x)), constant(c));
  return mul(mul(exactly(x), constant(Math.sqrt(2 / Math.PI))), onePlus(square));
}
/** (½x)·(1 + tanh u). The kernel holds x to ±16, where tanh u is ±1 already. */
export const geluTanhBound = (x: number): number =>
  mul(half(exactly(x)), onePlus(tanh(cubic(x, 0.044715)))).off;
/** dy·(½((1 + t) + ((1 − t)(1 + t))·(x·u′))). Where t is ±1 the last term is 0: from ±16 on it is so in f64 too. */
export function geluTanhBackwardBound(dy: number, x: number): number {
  const held = Math.min(Math.max(x, -16), 16);
  const t = tanh(cubic(held, 0.044715));
  const sides = mul(oneMinus(t), onePlus(t));
  const slope = half(add(onePlus(t), mul(sides, cubic(held, 3 * 0.044715))));
  return mul(exactly(dy), slope).off;
}

/** x·σ(x) */
export const siluBound = (x: number): number => mul(exactly(x), sigmoid(exactly(x))).off;
/** dy·(σ·(1 + x·(1 − σ))) */
export function siluBackwardBound(dy: number, x: number): number {
  const s = sigmoid(exactly(x));
  return mul(exactly(dy), mul(s, onePlus(mul(exactly(x), oneMinus(s))))).off;
}

/** max(x, 0) + ln(1 + e^−|βx|)/β */
export function softplusBound(x: number, beta: number): number {
  const rest = log1pUnit(exp(neg(mul(exactly(beta), exactly(Math.abs(x))))));
  return add(exactly(Math.max(x, 0)), div(rest, exactly(beta))).off;
}
/** dy·σ(βx) */
export const softplusBackwardBound = (dy: number, x: number, beta: number): number =>
  mul(exactly(dy), sigmoid(mul(exactly(beta), exactly(x)))).off;

/** y·(dy − Σ dy·y), a row */
export function softmaxBackwardBound(dy: ArrayLike<number>, y: ArrayLike<number>): Float64Array {
  const mean = rowSum(Array.from(dy, (d, j) => mul(exactly(d), exactly(y[j] as number))));
  return Float64Array.from(dy, (d, j) => mul(exactly(y[j] as number), sub(exactly(d), mean)).off);
}
