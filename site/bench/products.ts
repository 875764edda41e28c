// A matrix product as `sgemm` computes it from JavaScript: operands in the runtime's memory, so that nothing is copied.

import type { Xent } from "xent";
import { lot } from "../../examples/shared/random.ts";
import type { Product } from "./cases.ts";
import { timeOf } from "./clock.ts";
import type { Runnable } from "./rounds.ts";

/** Elements of C that are held against sums in f64. */
const CHECKED = 40;
/** The clock is looked at no more often than this, in milliseconds. */
const LOOK_MS = 0.2;

export function productOf(xent: Xent, { m, n, k }: Product): Runnable {
  const random = lot(m + n + k);
  const [a, b, c] = xent.alloc([m * k, k * n, m * n]) as [Float32Array, Float32Array, Float32Array];
  for (const matrix of [a, b]) for (let i = 0; i < matrix.length; i++) matrix[i] = random.uniform() - 0.5;
  const run = (): void => {
    xent.sgemm({ m, n, k, a, b, c });
  };
  let callsALook = 1;
  return {
    flops: 2 * m * n * k,
    async warm(ms) {
      const each = timeOf(run, ms, 1);
      callsALook = Math.max(1, Math.ceil(LOOK_MS / each));
    },
    time: async (ms) => timeOf(run, ms, callsALook),
    check() {
      for (let sample = 0; sample < CHECKED; sample++) {
        const [i, j] = [Math.floor(random.uniform() * m), Math.floor(random.uniform() * n)];
        let [exact, size] = [0, 0];
        for (let p = 0; p < k; p++) {
          const term = (a[i * k + p] ?? Number.NaN) * (b[p * n + j] ?? Number.NaN);
          exact += term;
          size += Math.abs(term);
        }
        const got = c[i * n + j] ?? Number.NaN;
        // γ(k + 2), the most that so many roundings of f32 do (docs/numerics.md)
        const u = (k + 2) * 2 ** -24;
        if (!(Math.abs(got - exact) <= (u / (1 - u)) * size))
          return `C[${i}, ${j}] is ${got}, expected ${exact}`;
      }
      return undefined;
    },
  };
}
