// Arithmetic of numbers that come with a bound on what f32 may differ from them by: docs/numerics.md, "A whole net".
// Every function stands for one rounded operation of a kernel. Knows no layers. Imports nothing from src/.

import { gamma, HALF_SUBNORMAL, SMALLEST_NORMAL, U } from "../oracle/bounds.ts";

/** An exact number, and how far f32 may be from it. */
export interface Num {
  readonly value: number;
  readonly bound: number;
}

/** Many of them. */
export interface Bounded {
  readonly value: Float64Array;
  readonly bound: Float64Array;
}

/** A number that f32 has as it is. */
export const exact = (value: number): Num => ({ value, bound: 0 });

/** An option of the user's, which the kernel takes as the nearest f32. */
export const option = (value: number): Num => ({ value, bound: Math.abs(Math.fround(value) - value) });

/** x after k more roundings: γ(k) of the largest that it may be, and half a subnormal for each. 0 stays 0. */
export function round({ value, bound }: Num, k = 1): Num {
  const size = Math.abs(value) + bound;
  return size === 0 ? exact(0) : { value, bound: bound + gamma(k) * size + k * HALF_SUBNORMAL };
}

/** The errors add up. */
export const add = (a: Num, b: Num): Num => round({ value: a.value + b.value, bound: a.bound + b.bound });

export const sub = (a: Num, b: Num): Num => add(a, negative(b));

export const negative = ({ value, bound }: Num): Num => ({ value: -value, bound });

export const absolute = ({ value, bound }: Num): Num => ({ value: Math.abs(value), bound });

/** |âb̂ − ab| ≤ |a|·eb + ea·|b| + ea·eb */
export const mul = (a: Num, b: Num): Num => round({ value: a.value * b.value, bound: productBound(a, b) });

function productBound(a: Num, b: Num): number {
  return Math.abs(a.value) * b.bound + a.bound * (Math.abs(b.value) + b.bound);
}

/** |â/b̂ − a/b| ≤ (ea + |a/b|·eb) / (|b| − eb); no bound where b̂ may be 0 */
export function div(a: Num, b: Num): Num {
  const value = a.value / b.value;
  const least = Math.abs(b.value) - b.bound;
  return round({
    value,
    bound: least > 0 ? (a.bound + Math.abs(value) * b.bound) / least : Number.POSITIVE_INFINITY,
  });
}

/**
 * f(x) of a kernel that is within `ulps` of f at its argument: |f(x̂) − f(x)| ≤ slope·ex, then the kernel's own error,
 * an ulp of y being at most 2u·|y|. What is below 2⁻¹²⁶ may have become 0.
 *
 * @param slope  at least |f′| everywhere within ex of x
 */
export function call(x: Num, f: (x: number) => number, slope: number, ulps: number): Num {
  const value = f(x.value);
  const carried = x.bound * slope;
  return { value, bound: carried + ulps * 2 * U * (Math.abs(value) + carried) + SMALLEST_NORMAL };
}

/** The least that |x̂| can be. */
export const nearest = ({ value, bound }: Num): number => Math.max(Math.abs(value) - bound, 0);

/**
 * x > 0 ? above : below. Where x is nearer to 0 than its error, f32 may take either: the bound then reaches to the
 * farther end of both.
 */
export function select(x: Num, above: () => Num, below: () => Num): Num {
  if (x.value - x.bound > 0) return above();
  if (x.value + x.bound <= 0) return below();
  const [a, b] = [above(), below()];
  const { value } = x.value > 0 ? a : b;
  const reach = (y: Num): number => Math.abs(y.value - value) + y.bound;
  return { value, bound: Math.max(reach(a), reach(b)) };
}

/** A sum in four chains, joined by two additions: γ(⌈n/4⌉ + 1) of the sum of magnitudes. */
export function laneSum(terms: readonly Num[]): Num {
  let [value, bound, size] = [0, 0, 0];
  for (const term of terms) {
    value += term.value;
    bound += term.bound;
    size += Math.abs(term.value) + term.bound;
  }
  return { value, bound: bound + gamma(Math.ceil(terms.length / 4) + 1) * size };
}

export const exactArray = (values: ArrayLike<number>): Bounded => ({
  value: Float64Array.from(values),
  bound: new Float64Array(values.length),
});

export const at = ({ value, bound }: Bounded, i: number): Num => ({
  value: value[i] as number,
  bound: bound[i] as number,
});

/** n numbers, the i-th being f(i). */
export function tabulate(n: number, f: (i: number) => Num): Bounded {
  const result = { value: new Float64Array(n), bound: new Float64Array(n) };
  for (let i = 0; i < n; i++) {
    const { value, bound } = f(i);
    result.value[i] = value;
    result.bound[i] = bound;
  }
  return result;
}

/** Row i of n numbers. */
export const row = ({ value, bound }: Bounded, i: number, n: number): Bounded => ({
  value: value.subarray(i * n, (i + 1) * n),
  bound: bound.subarray(i * n, (i + 1) * n),
});

/** Element (i, j) stands at i·rs + j·cs. */
export interface Strides {
  readonly rs: number;
  readonly cs: number;
}

/**
 * C[m, n] = A·B (+ bias), every element a chain of k multiply-adds. From bias, a term is rounded at most k + 1 times
 * (its product, then a sum each); from +0, the first sum is exact, and it is k times.
 *
 *     |ĉ − c| ≤ Σ (|a|·eb + ea·|b| + ea·eb) + γ·(Σ (|a| + ea)(|b| + eb) + |bias|) + k·2⁻¹⁵⁰
 */
export function product(
  [m, k, n]: readonly [number, number, number],
  a: Bounded & Strides,
  b: Bounded & Strides,
  bias?: ArrayLike<number>,
): Bounded {
  const c = { value: new Float64Array(m * n), bound: new Float64Array(m * n) };
  const roundings = gamma(bias === undefined ? k : k + 1);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = bias === undefined ? 0 : (bias[j] as number);
      let size = Math.abs(sum);
      let carried = 0;
      for (let p = 0; p < k; p++) {
        const [s, t] = [i * a.rs + p * a.cs, p * b.rs + j * b.cs];
        const [va, ea, vb, eb] = [a.value[s], a.bound[s], b.value[t], b.bound[t]] as [
          number,
          number,
          number,
          number,
        ];
        sum += va * vb;
        const off = Math.abs(va) * eb + ea * (Math.abs(vb) + eb);
        carried += off;
        size += Math.abs(va * vb) + off;
      }
      c.value[i * n + j] = sum;
      c.bound[i * n + j] = size === 0 ? 0 : carried + roundings * size + k * HALF_SUBNORMAL;
    }
  }
  return c;
}
