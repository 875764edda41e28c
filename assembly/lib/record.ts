// Reads records: their words, a thread's share of what they work on, addresses of parts.

import { RECORD_D, RECORD_F, RECORD_P, RECORD_S } from "../../src/base/abi";

/** First element of thread t's share of n elements handed out in grains; t = T gives n. */
export function share(n: i32, grain: i32, t: i32, T: i32): i32 {
  if (T == 1) return t == 0 ? 0 : n;
  const units = (n + grain - 1) / grain;
  return min(n, <i32>((<i64>units * t) / T) * grain);
}

/** Reads a record's words. */
export class R {
  @inline static p(r: usize, i: usize): usize {
    return load<u32>(r + (i << 2), RECORD_P);
  }
  @inline static d(r: usize, i: usize): i32 {
    return load<i32>(r + (i << 2), RECORD_D);
  }
  @inline static s(r: usize, i: usize): i32 {
    return load<i32>(r + (i << 2), RECORD_S);
  }
  @inline static f(r: usize, i: usize): f32 {
    return load<f32>(r + (i << 2), RECORD_F);
  }
}

/** Element i of a column that may be left out */
export function part(p: usize, i: i32): usize {
  return p != 0 ? p + ((<usize>i) << 2) : 0;
}

/** p + i·stride elements of 4 bytes */
export function at(p: usize, i: i32, stride: i32): usize {
  return p + ((<usize>i * stride) << 2);
}
