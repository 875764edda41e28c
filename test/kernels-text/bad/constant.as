// relu of B as it is read, against a constant that asc writes out where it is used: inside the loop.

import { V } from "../lib/simd";

export function ukernel1x8(depth: i32, a: usize, csa: usize, b: usize, rsb: usize, c: usize): void {
  let c0 = v128.load(c);
  let c1 = v128.load(c, 16);
  do {
    const x = v128.load32_splat(a);
    c0 = V.madd(x, V.relu(v128.load(b)), c0);
    c1 = V.madd(x, V.relu(v128.load(b, 16)), c1);
    a += csa;
    b += rsb;
  } while (--depth);
  v128.store(c, c0);
  v128.store(c, c1, 16);
}
