// Helpers on one 128-bit vector of four f32 lanes. Static @inline methods: asc inlines them, Biome parses them.

const EXPONENT = memory.data<u32>([0x7f800000], 16);

export class V {
  /**
   * c + a·b: the only multiply-add of the kernels. In the `relaxed` build rounded once, where the engine fuses it; in
   * the others rounded twice, the product, then the sum.
   */
  @inline static madd(a: v128, b: v128, c: v128): v128 {
    return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
  }

  /** (l0 + l2) + (l1 + l3): the sum of the lanes, always in this order */
  @inline static sum(v: v128): f32 {
    const pair = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    return f32x4.extract_lane(pair, 0) + f32x4.extract_lane(pair, 1);
  }

  /** The larger of the lanes; a NaN lane may be passed over. */
  @inline static max(v: v128): f32 {
    const pair = f32x4.pmax(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    const a = f32x4.extract_lane(pair, 0);
    const b = f32x4.extract_lane(pair, 1);
    return a < b ? b : a;
  }

  /** x < 0 ? 0 : x. One instruction; keeps NaN and −0. */
  @inline static relu(x: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0));
  }

  /**
   * x, with lanes whose magnitude is below the smallest normal number (2⁻¹²⁶) made +0. Keeps NaN.
   *
   * @param exponents  `V.exponents()`, taken before the loop
   */
  @inline static flush(x: v128, exponents: v128): v128 {
    return v128.andnot(x, i32x4.eq(v128.and(x, exponents), i32x4.splat(0)));
  }

  /** The bits of the exponent in all lanes. From memory: V8 rebuilds a `v128.const` wherever it is used. */
  @inline static exponents(): v128 {
    return v128.load32_splat(EXPONENT);
  }

  /** The first n (1, 2 or 3) elements at p; the other lanes are `fill`'s. Reads nothing beyond them. */
  @inline static loadPart(p: usize, n: i32, fill: v128): v128 {
    if (n == 1) return v128.load32_lane(p, fill, 0);
    const two = v128.load64_lane(p, fill, 0);
    return n == 2 ? two : v128.load32_lane(p + 8, two, 2);
  }

  /** Stores the first n (1, 2 or 3) lanes at p and touches nothing beyond them. */
  @inline static storePart(p: usize, v: v128, n: i32): void {
    if (n == 1) {
      v128.store32_lane(p, v, 0);
    } else {
      v128.store64_lane(p, v, 0);
      if (n == 3) v128.store32_lane(p + 8, v, 2);
    }
  }

  /**
   * The first n (1 … 4) elements at p, and zeros. A call, to keep kernels short; behind a loop, never in it: V8 keeps
   * nothing in registers across a call, not even one that is not made.
   */
  @inline static loadTail(p: usize, n: i32): v128 {
    return loadPart(p, n);
  }

  /** Stores the first n (1 … 4) lanes at p; a call too. */
  @inline static storeTail(p: usize, v: v128, n: i32): void {
    storePart(p, v, n);
  }

  /** Four elements at p, or the first n and zeros where n < 4; n is 4 as a constant, or a tail. */
  @inline static loadUpTo(p: usize, n: i32): v128 {
    return n == 4 ? v128.load(p) : loadPart(p, n);
  }

  /** Stores four lanes at p, or the first n. */
  @inline static storeUpTo(p: usize, v: v128, n: i32): void {
    if (n == 4) v128.store(p, v);
    else storePart(p, v, n);
  }

  /** v with the lanes from n (1, 2 or 3) on made +0. */
  @inline static first(v: v128, n: i32): v128 {
    return v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n)));
  }

  /** x[0 … n − 1] ← +0 */
  @inline static zeros(x: usize, n: i32): void {
    memory.fill(x, 0, (<usize>n) << 2);
  }
}

function loadPart(p: usize, n: i32): v128 {
  return n == 4 ? v128.load(p) : V.loadPart(p, n, f32x4.splat(0));
}

function storePart(p: usize, v: v128, n: i32): void {
  if (n == 4) v128.store(p, v);
  else V.storePart(p, v, n);
}
