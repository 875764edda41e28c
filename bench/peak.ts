// AssemblyScript, target `probe`: what one core can do at most. Not part of the library; benches and the site
// measure every share against it.

/**
 * n rounds of 12 independent f32x4 fused multiply-adds (2·4·12 FLOP each) on 15 registers: 12 accumulators,
 * two factors, one to spare. The factors come from memory, or V8 would rebuild them at every use.
 *
 * Shapes    p: 14 vectors of 16 bytes: x, y, then the accumulators (loaded and stored).
 */
export function fmaPeak(n: i32, p: usize): void {
  const x = v128.load(p);
  const y = v128.load(p, 16);
  let a0 = v128.load(p, 32);
  let a1 = v128.load(p, 48);
  let a2 = v128.load(p, 64);
  let a3 = v128.load(p, 80);
  let a4 = v128.load(p, 96);
  let a5 = v128.load(p, 112);
  let a6 = v128.load(p, 128);
  let a7 = v128.load(p, 144);
  let a8 = v128.load(p, 160);
  let a9 = v128.load(p, 176);
  let a10 = v128.load(p, 192);
  let a11 = v128.load(p, 208);
  for (; n > 0; n--) {
    a0 = f32x4.relaxed_madd(x, y, a0);
    a1 = f32x4.relaxed_madd(x, y, a1);
    a2 = f32x4.relaxed_madd(x, y, a2);
    a3 = f32x4.relaxed_madd(x, y, a3);
    a4 = f32x4.relaxed_madd(x, y, a4);
    a5 = f32x4.relaxed_madd(x, y, a5);
    a6 = f32x4.relaxed_madd(x, y, a6);
    a7 = f32x4.relaxed_madd(x, y, a7);
    a8 = f32x4.relaxed_madd(x, y, a8);
    a9 = f32x4.relaxed_madd(x, y, a9);
    a10 = f32x4.relaxed_madd(x, y, a10);
    a11 = f32x4.relaxed_madd(x, y, a11);
  }
  v128.store(p, a0, 32);
  v128.store(p, a1, 48);
  v128.store(p, a2, 64);
  v128.store(p, a3, 80);
  v128.store(p, a4, 96);
  v128.store(p, a5, 112);
  v128.store(p, a6, 128);
  v128.store(p, a7, 144);
  v128.store(p, a8, 160);
  v128.store(p, a9, 176);
  v128.store(p, a10, 192);
  v128.store(p, a11, 208);
}

/**
 * The same with the product and the sum apart, as the `simd` build works: a ← a + x·a. Each product needs its own
 * accumulator, or V8 would compute it once and time additions. Twice the instructions of `fmaPeak`, so a neighbour
 * that takes half of the core's instruction slots shows here and not there.
 *
 * Shapes    p as in `fmaPeak`; y is not used.
 */
export function mulAddPeak(n: i32, p: usize): void {
  const x = v128.load(p);
  let a0 = v128.load(p, 32);
  let a1 = v128.load(p, 48);
  let a2 = v128.load(p, 64);
  let a3 = v128.load(p, 80);
  let a4 = v128.load(p, 96);
  let a5 = v128.load(p, 112);
  let a6 = v128.load(p, 128);
  let a7 = v128.load(p, 144);
  let a8 = v128.load(p, 160);
  let a9 = v128.load(p, 176);
  let a10 = v128.load(p, 192);
  let a11 = v128.load(p, 208);
  for (; n > 0; n--) {
    a0 = f32x4.add(a0, f32x4.mul(x, a0));
    a1 = f32x4.add(a1, f32x4.mul(x, a1));
    a2 = f32x4.add(a2, f32x4.mul(x, a2));
    a3 = f32x4.add(a3, f32x4.mul(x, a3));
    a4 = f32x4.add(a4, f32x4.mul(x, a4));
    a5 = f32x4.add(a5, f32x4.mul(x, a5));
    a6 = f32x4.add(a6, f32x4.mul(x, a6));
    a7 = f32x4.add(a7, f32x4.mul(x, a7));
    a8 = f32x4.add(a8, f32x4.mul(x, a8));
    a9 = f32x4.add(a9, f32x4.mul(x, a9));
    a10 = f32x4.add(a10, f32x4.mul(x, a10));
    a11 = f32x4.add(a11, f32x4.mul(x, a11));
  }
  v128.store(p, a0, 32);
  v128.store(p, a1, 48);
  v128.store(p, a2, 64);
  v128.store(p, a3, 80);
  v128.store(p, a4, 96);
  v128.store(p, a5, 112);
  v128.store(p, a6, 128);
  v128.store(p, a7, 144);
  v128.store(p, a8, 160);
  v128.store(p, a9, 176);
  v128.store(p, a10, 192);
  v128.store(p, a11, 208);
}

/**
 * n rounds of 32 dependent 32-bit multiplications, 3 cycles each on every x86 since 2008: 96·n cycles, from
 * which the clock is read.
 */
export function clock(n: i32, x: i32): i32 {
  // biome-ignore format: 32 of them, eight a line
  for (; n > 0; n--) {
    x *= x; x *= x; x *= x; x *= x; x *= x; x *= x; x *= x; x *= x;
    x *= x; x *= x; x *= x; x *= x; x *= x; x *= x; x *= x; x *= x;
    x *= x; x *= x; x *= x; x *= x; x *= x; x *= x; x *= x; x *= x;
    x *= x; x *= x; x *= x; x *= x; x *= x; x *= x; x *= x; x *= x;
  }
  return x;
}
