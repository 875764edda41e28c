// The norms' kernels as chains of operations, written once for two kinds of numbers: f32, which are their bits, and numbers
// with bounds, which are what they may be off by. Laid out as docs/numerics.md says.

import type { Rounded } from "../oracle/rounded.ts";
import * as rounded from "../oracle/rounded.ts";
import { fourChains } from "./elementwise.ts";

/** Arithmetic of a kernel. */
export interface Arithmetic<T> {
  of(value: number): T;
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  sqrt(a: T): T;
  /** over the rows of a column */
  blockSum(terms: readonly T[]): T;
  /** over a row */
  rowSum(terms: readonly T[]): T;
}

const f = Math.fround;
export const F32: Arithmetic<number> = {
  of: f,
  add: (a, b) => f(a + b),
  sub: (a, b) => f(a - b),
  mul: (a, b) => f(a * b),
  div: (a, b) => f(a / b),
  sqrt: (a) => f(Math.sqrt(a)),
  blockSum(terms) {
    let total = 0;
    for (let i = 0; i < terms.length; i += 64) {
      let sum = 0;
      for (const term of terms.slice(i, i + 64)) sum = f(sum + term);
      total = f(total + sum);
    }
    return total;
  },
  rowSum: fourChains,
};
export const BOUNDED: Arithmetic<Rounded> = { of: rounded.exactly, ...rounded };

const deviation = <T>(A: Arithmetic<T>, variance: T, eps: number): T =>
  A.div(A.of(1), A.sqrt(A.add(variance, A.of(eps))));

/** Of a column: what is kept, and the rows of y. */
export function batchNorm<T>(A: Arithmetic<T>, x: readonly T[], gamma: T, beta: T, eps: number) {
  const count = A.of(x.length);
  const mean = A.div(A.blockSum(x), count);
  const away = x.map((v) => A.sub(v, mean));
  const variance = A.div(A.blockSum(away.map((d) => A.mul(d, d))), count);
  return { mean, variance, y: normalize(A, x, mean, variance, gamma, beta, eps) };
}

export function normalize<T>(
  A: Arithmetic<T>,
  x: readonly T[],
  mean: T,
  variance: T,
  gamma: T,
  beta: T,
  eps: number,
): T[] {
  const k = A.mul(gamma, deviation(A, variance, eps));
  return x.map((v) => A.add(A.mul(A.sub(v, mean), k), beta));
}

/** Of a column, from mean and variance as they were kept. */
export function batchNormBackward<T>(
  A: Arithmetic<T>,
  dy: readonly T[],
  x: readonly T[],
  mean: T,
  variance: T,
  gamma: T,
  eps: number,
) {
  const count = A.of(x.length);
  const s = deviation(A, variance, eps);
  const away = x.map((v) => A.sub(v, mean));
  const dbeta = A.blockSum(dy);
  const dgamma = A.mul(A.blockSum(dy.map((d, i) => A.mul(d, away[i] as T))), s);
  const k = A.mul(gamma, s);
  const middle = A.div(dbeta, count);
  const tilt = A.div(A.mul(dgamma, s), count);
  const dx = dy.map((d, i) => A.mul(A.sub(A.sub(d, middle), A.mul(away[i] as T, tilt)), k));
  return { dbeta, dgamma, dx };
}

/** Of a row: what is kept, and y. */
export function layerNorm<T>(
  A: Arithmetic<T>,
  x: readonly T[],
  gamma: readonly T[],
  beta: readonly T[],
  eps: number,
) {
  const count = A.of(x.length);
  const mean = A.div(A.rowSum(x), count);
  const away = x.map((v) => A.sub(v, mean));
  const s = deviation(A, A.div(A.rowSum(away.map((d) => A.mul(d, d))), count), eps);
  const y = away.map((d, j) => A.add(A.mul(A.mul(d, s), gamma[j] as T), beta[j] as T));
  return { mean, s, y };
}

export function layerNormBackward<T>(
  A: Arithmetic<T>,
  dy: readonly T[],
  x: readonly T[],
  mean: T,
  s: T,
  gamma: readonly T[],
): T[] {
  const count = A.of(x.length);
  const g = dy.map((d, j) => A.mul(d, gamma[j] as T));
  const normal = x.map((v) => A.mul(A.sub(v, mean), s));
  const middle = A.div(A.rowSum(g), count);
  const tilt = A.div(A.rowSum(g.map((d, j) => A.mul(d, normal[j] as T))), count);
  return g.map((d, j) => A.mul(A.sub(A.sub(d, middle), A.mul(normal[j] as T, tilt)), s));
}

/** Of a column: dγ and dβ, from mean and s of each row. */
export function layerNormParameters<T>(
  A: Arithmetic<T>,
  dy: readonly T[],
  x: readonly T[],
  mean: readonly T[],
  s: readonly T[],
) {
  const normal = x.map((v, i) => A.mul(A.sub(v, mean[i] as T), s[i] as T));
  return { dgamma: A.blockSum(dy.map((d, i) => A.mul(d, normal[i] as T))), dbeta: A.blockSum(dy) };
}
