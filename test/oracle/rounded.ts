// Numbers with the most that their f32 counterpart may be off by: a kernel's chain of roundings, written in these, is
// its bound. The rules are those of docs/numerics.md, "Chains of roundings". Imports nothing from src/.

import {
  ERF_ULPS,
  EXP_ERROR,
  EXPM1_ULPS,
  gamma,
  HALF_SUBNORMAL,
  LOG1P_UNIT_ULPS,
  SIGMOID_ULPS,
  SMALLEST_NORMAL,
  TANH_ULPS,
  U,
  ulp,
} from "./bounds.ts";
import { erfc, erf as erfExact } from "./erf.ts";
import { sigmoid as sigma } from "./pointwise.ts";

/** An exact result, and the most that the computed one is off by. */
export interface Rounded {
  readonly value: number;
  readonly off: number;
}

/** What a kernel reads, or a constant that is an f32. */
export const exactly = (value: number): Rounded => ({ value, off: 0 });
/** A constant that the kernel has as the nearest f32. */
export const constant = (value: number): Rounded => ({ value, off: U * Math.abs(value) });
const ONE = exactly(1);

/** One rounding of a number that is off already. Sums that are subnormal are exact, products are not. */
const round = (value: number, off: number): Rounded => ({ value, off: off * (1 + U) + U * Math.abs(value) });
const roundProduct = (value: number, off: number): Rounded => {
  const { off: more } = round(value, off);
  return { value, off: more + HALF_SUBNORMAL };
};

/** |ab − âb̂| ≤ |a|·b.off + |b|·a.off + a.off·b.off, then one rounding; none where a factor is exactly 1. */
export function mul(a: Rounded, b: Rounded): Rounded {
  if (isExactly(a, 1)) return b;
  if (isExactly(b, 1)) return a;
  const off = Math.abs(a.value) * b.off + Math.abs(b.value) * a.off + a.off * b.off;
  return roundProduct(a.value * b.value, off);
}

/** Times ½: exact, unless the result is subnormal. */
export const half = (a: Rounded): Rounded => ({ value: a.value / 2, off: a.off / 2 + HALF_SUBNORMAL });

/** The sum's offs add, then one rounding; none where a term is exactly 0. */
export function add(a: Rounded, b: Rounded): Rounded {
  if (isExactly(a, 0)) return b;
  if (isExactly(b, 0)) return a;
  return round(a.value + b.value, a.off + b.off);
}

export const neg = (a: Rounded): Rounded => ({ value: -a.value, off: a.off });
export const sub = (a: Rounded, b: Rounded): Rounded => add(a, neg(b));
/** 1 + a and 1 − a */
export const onePlus = (a: Rounded): Rounded => add(ONE, a);
export const oneMinus = (a: Rounded): Rounded => sub(ONE, a);

/** |a/b − â/b̂| ≤ (a.off + |a/b|·b.off) / (|b| − b.off), then one rounding. */
export function div(a: Rounded, b: Rounded): Rounded {
  if (isExactly(b, 1)) return a;
  const value = a.value / b.value;
  return roundProduct(value, (a.off + Math.abs(value) * b.off) / (Math.abs(b.value) - b.off));
}

/** Rows of a block in sums over the rows of a batch. */
export const BLOCK = 64;

/** A sum over n rows: chains of at most 64, and one of their sums; the first addition of each is to +0. */
export function blockSum(terms: readonly Rounded[]): Rounded {
  const n = terms.length;
  const g = gamma(Math.max(0, Math.min(n, BLOCK) + Math.ceil(n / BLOCK) - 2));
  return summed(terms, g);
}
/** |√a − √â| ≤ a.off / (√a + √â), and ≤ √a.off, then one rounding. For a ≥ 0, and â ≥ 0 too. */
export function sqrt(a: Rounded): Rounded {
  const value = Math.sqrt(a.value);
  const least = Math.sqrt(Math.max(0, a.value - a.off));
  return round(value, a.off === 0 ? 0 : Math.min(Math.sqrt(a.off), a.off / (value + least)));
}

/** What is below 2⁻¹²⁶ becomes +0. */
export const flushed = ({ value, off }: Rounded): Rounded => ({
  value,
  off: Math.abs(value) - off < SMALLEST_NORMAL ? off + SMALLEST_NORMAL : off,
});

/** A sum over a row of n: four chains, joined by two additions, so that no term passes more than ⌈n/4⌉ + 1 roundings. */
export function rowSum(terms: readonly Rounded[]): Rounded {
  return summed(terms, gamma(Math.ceil(terms.length / 4) + 1));
}

function summed(terms: readonly Rounded[], g: number): Rounded {
  let [value, off, magnitude] = [0, 0, 0];
  for (const term of terms) {
    value += term.value;
    off += term.off;
    magnitude += Math.abs(term.value);
  }
  return { value, off: off * (1 + g) + g * magnitude };
}

/** Where a function has reached ±1 in f32, it is off by what is left, and by what f64 rounds of that 1. */
const saturated = (value: number, rest: number): Rounded => ({ value, off: rest + Number.EPSILON });

/** The last f32 whose exponential is normal: below it, exp and sigmoid are +0. */
const LEAST = -87.33654;

/** e^a: the argument's off magnifies, exp has its own error, and below 2⁻¹²⁶ the result is +0. */
export function exp(a: Rounded): Rounded {
  const value = Math.exp(a.value);
  if (a.value + a.off < LEAST) return { value, off: value };
  const off = value * ((1 + EXP_ERROR) * Math.exp(a.off) - 1);
  return { value, off: value < SMALLEST_NORMAL * Math.exp(a.off) ? Math.max(value, off) : off };
}

/** σ(a). (ln σ)′ = 1 − σ, which is largest at the lower end of where â may lie. From 24 on, σ̂ is 1. */
export function sigmoid(a: Rounded): Rounded {
  const value = sigma(a.value);
  if (a.value + a.off < LEAST) return { value, off: value };
  if (a.value - a.off > 24) return saturated(value, sigma(-a.value));
  const rise = value * Math.expm1(a.off * sigma(a.off - a.value));
  const off = rise + SIGMOID_ULPS * ulp(value + rise);
  return { value, off: value - rise < SMALLEST_NORMAL ? Math.max(value, off) : off };
}

/** tanh a, tanh′ = 1/cosh². From 10 on, it is ±1. */
export function tanh(a: Rounded): Rounded {
  const value = Math.tanh(a.value);
  const near = Math.max(0, Math.abs(a.value) - a.off);
  if (near > 10) return saturated(value, 2 * sigma(-2 * Math.abs(a.value)));
  const rise = a.off / Math.cosh(near) ** 2;
  return { value, off: rise + TANH_ULPS * ulp(Math.abs(value) + rise) };
}

/** erf a, erf′(x) = 2/√π·e^(−x²). From 4 on, it is ±1. */
export function erf(a: Rounded): Rounded {
  const value = erfExact(a.value);
  const near = Math.max(0, Math.abs(a.value) - a.off);
  if (near > 4) return saturated(value, erfc(Math.abs(a.value)));
  const rise = ((a.off * 2) / Math.sqrt(Math.PI)) * Math.exp(-near * near);
  return { value, off: rise + ERF_ULPS * ulp(Math.abs(value) + rise) };
}

/** e^x − 1 of an x that is no rounded result. */
export function expm1(x: number): Rounded {
  const value = Math.expm1(x);
  return { value, off: EXPM1_ULPS * ulp(value) };
}

/** ln(1 + a) for 0 ≤ a ≤ 1; its slope is at most 1/(1 + a − off). */
export function log1pUnit(a: Rounded): Rounded {
  const value = Math.log1p(a.value);
  const rise = a.off / (1 + a.value - a.off);
  return { value, off: rise + LOG1P_UNIT_ULPS * ulp(value + rise) };
}

function isExactly(a: Rounded, value: number): boolean {
  return a.off === 0 && a.value === value;
}
