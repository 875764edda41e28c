// exp in f64, from + − × ÷ alone: the same bits on every engine. For figures that are reported, a few a row; ln is in math.ts,
// and kernels have their own of both in assembly/lib/math.ts.

import { ln } from "./math.ts";

/** ln 2 in two parts; the first has 33 bits, so that its product with an exponent is exact. */
const [LN2_HIGH, LN2_LOW] = [0.6931471803691238, 1.9082149292705877e-10] as const;
const DEGREE = 13;
const word = new DataView(new ArrayBuffer(8));

/**
 * e^x for −700 ≤ x ≤ 700, to 4 units of the last place; below it is 0.
 *
 * x = k·ln 2 + r with |r| ≤ ½·ln 2, then Taylor's polynomial of degree 13, whose rest is below 2^-57, times 2^k.
 */
export function exp(x: number): number {
  if (!(x >= -700)) return Number.isNaN(x) ? x : 0;
  const k = Math.round(x * Math.LOG2E);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let n = DEGREE; n > 0; n--) sum = 1 + (r / n) * sum;
  word.setUint32(0, (k + 1023) << 20);
  word.setUint32(4, 0);
  return sum * word.getFloat64(0);
}

/** ln Σ_j e^z_j over `count` numbers from `at` on; the largest is taken out first. */
export function logSumExp(z: ArrayLike<number>, at: number, count: number): number {
  let most = z[at] as number;
  for (let j = 1; j < count; j++) most = Math.max(most, z[at + j] as number);
  let sum = 0;
  for (let j = 0; j < count; j++) sum += exp((z[at + j] as number) - most);
  return most + ln(sum);
}
