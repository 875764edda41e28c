// Loops that do not run straight through: one tests at its top, one passes over the zeros of A.

import { V } from "../lib/simd";

export function top(depth: i32, a: usize, csa: usize, b: usize, rsb: usize, c: usize): void {
  let sum = v128.load(c);
  for (let p = 0; p < depth; p++) {
    sum = V.madd(v128.load32_splat(a), v128.load(b), sum);
    a += csa;
    b += rsb;
  }
  v128.store(c, sum);
}

export function zeros(depth: i32, a: usize, csa: usize, b: usize, rsb: usize, c: usize): void {
  let sum = v128.load(c);
  do {
    if (load<f32>(a) != 0) sum = V.madd(v128.load32_splat(a), v128.load(b), sum);
    a += csa;
    b += rsb;
  } while (--depth);
  v128.store(c, sum);
}
