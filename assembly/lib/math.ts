// exp, log and sigmoid of four lanes, from + − × ÷ alone: the same bits on every engine and CPU.
// Bounds are measured over all f32 arguments (docs/numerics.md).

/**
 * Constants stand in memory, four lanes each, and are loaded where they are used: V8 rebuilds a `v128.const`
 * by three instructions at every use.
 */
const C = memory.data<f32>(
  [
    1.44269504,
    1.44269504,
    1.44269504,
    1.44269504, // 0    log2(e)
    0.693359375,
    0.693359375,
    0.693359375,
    0.693359375, // 16   ln 2, upper 10 bits
    -2.1219444e-4,
    -2.1219444e-4,
    -2.1219444e-4,
    -2.1219444e-4, // 32   ln 2, the rest
    0.0001989103,
    0.0001989103,
    0.0001989103,
    0.0001989103, // 48   e^r = 1 + r + r²·q(r): q₅
    0.0013933686,
    0.0013933686,
    0.0013933686,
    0.0013933686, // 64   q₄
    0.0083333105,
    0.0083333105,
    0.0083333105,
    0.0083333105, // 80   q₃
    0.041666463,
    0.041666463,
    0.041666463,
    0.041666463, // 96   q₂
    0.16666667,
    0.16666667,
    0.16666667,
    0.16666667, // 112  q₁
    0.5,
    0.5,
    0.5,
    0.5, // 128  q₀
    1.0,
    1.0,
    1.0,
    1.0, // 144
    -87.33654,
    -87.33654,
    -87.33654,
    -87.33654, // 160  the last f32 whose exp is normal
    88.72284,
    88.72284,
    88.72284,
    88.72284, // 176  above it, exp is infinite
    0.23331615,
    0.23331615,
    0.23331615,
    0.23331615, // 192  log: R(z)/z, z = s²: r₃
    0.2855078,
    0.2855078,
    0.2855078,
    0.2855078, // 208  r₂
    0.40000123,
    0.40000123,
    0.40000123,
    0.40000123, // 224  r₁
    0.6666667,
    0.6666667,
    0.6666667,
    0.6666667, // 240  r₀
    8388608.0,
    8388608.0,
    8388608.0,
    8388608.0, // 256  2²³
    Infinity,
    Infinity,
    Infinity,
    Infinity, // 272
  ],
  16,
);

export class VMath {
  /**
   * e^x. Results below 2⁻¹²⁶ are +0 (subnormals are slow and mean nothing here); NaN stays NaN.
   *
   *     x = k·ln 2 + r, |r| ≤ ln 2 / 2      e^x = 2^k·(1 + r + r²·q(r)),  q of degree 5
   *
   * ln 2 is split so that k·hi is exact. 2^k is applied in two halves: 2¹²⁸ alone is not a number.
   */
  @inline static exp(x: v128): v128 {
    const k = f32x4.nearest(f32x4.mul(x, v128.load(C)));
    const r = f32x4.sub(f32x4.sub(x, f32x4.mul(k, v128.load(C, 16))), f32x4.mul(k, v128.load(C, 32)));
    let q = v128.load(C, 48);
    q = f32x4.add(f32x4.mul(q, r), v128.load(C, 64));
    q = f32x4.add(f32x4.mul(q, r), v128.load(C, 80));
    q = f32x4.add(f32x4.mul(q, r), v128.load(C, 96));
    q = f32x4.add(f32x4.mul(q, r), v128.load(C, 112));
    q = f32x4.add(f32x4.mul(q, r), v128.load(C, 128));
    const one = v128.load(C, 144);
    const p = f32x4.add(one, f32x4.add(r, f32x4.mul(f32x4.mul(r, r), q)));
    const n = i32x4.trunc_sat_f32x4_s(k);
    const half = i32x4.shr_s(n, 1);
    const low = v128.add<i32>(i32x4.shl(half, 23), one);
    const high = v128.add<i32>(i32x4.shl(v128.sub<i32>(n, half), 23), one);
    let y = f32x4.mul(f32x4.mul(p, low), high);
    y = v128.bitselect(v128.load(C, 272), y, f32x4.gt(x, v128.load(C, 176)));
    return v128.andnot(y, f32x4.lt(x, v128.load(C, 160)));
  }

  /**
   * ln x. Subnormal arguments count; ln 0 = −∞, ln of a negative is NaN, ln ∞ = ∞.
   *
   *     x = 2^k·m, √½ ≤ m < √2, f = m − 1, s = f / (2 + f), z = s²
   *     ln(1 + f) = f − (h − s·(h + R(z))),  h = f²/2,  R(z) = z·(r₀ + r₁z + r₂z² + r₃z³)
   *
   * The form of FDLIBM's logarithm; the coefficients are a Chebyshev fit of our own.
   */
  @inline static log(x: v128): v128 {
    const zero = f32x4.splat(0);
    const one = v128.load(C, 144);
    const tiny = f32x4.lt(x, f32x4.splat(reinterpret<f32>(0x00800000)));
    const v = v128.bitselect(f32x4.mul(x, v128.load(C, 256)), x, tiny);
    // the exponent, counted from √½: adding (1 − √½) in the bits moves the border of the mantissa there
    const bits = v128.add<i32>(v, i32x4.splat(0x3f800000 - 0x3f3504f3));
    const k = f32x4.convert_i32x4_s(
      v128.sub<i32>(
        v128.sub<i32>(v128.shr<u32>(bits, 23), i32x4.splat(127)),
        v128.and(tiny, i32x4.splat(23)),
      ),
    );
    const m = v128.add<i32>(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
    const f = f32x4.sub(m, one);
    const s = f32x4.div(f, f32x4.add(f32x4.add(one, one), f));
    const z = f32x4.mul(s, s);
    let r = v128.load(C, 192);
    r = f32x4.add(f32x4.mul(r, z), v128.load(C, 208));
    r = f32x4.add(f32x4.mul(r, z), v128.load(C, 224));
    r = f32x4.add(f32x4.mul(r, z), v128.load(C, 240));
    r = f32x4.mul(r, z);
    const h = f32x4.mul(v128.load(C, 128), f32x4.mul(f, f));
    const low = f32x4.add(f32x4.mul(s, f32x4.add(h, r)), f32x4.mul(k, v128.load(C, 32)));
    let y = f32x4.sub(f32x4.mul(k, v128.load(C, 16)), f32x4.sub(f32x4.sub(h, low), f));
    const inf = v128.load(C, 272);
    y = v128.bitselect(x, y, v128.or(f32x4.eq(x, inf), f32x4.ne(x, x)));
    y = v128.bitselect(f32x4.neg(inf), y, f32x4.eq(x, zero));
    return v128.or(y, f32x4.lt(x, zero));
  }

  /** σ(x) = 1 / (1 + e^−x), through e^−|x| ≤ 1 so that neither tail cancels or overflows. */
  @inline static sigmoid(x: v128): v128 {
    const one = v128.load(C, 144);
    const e = VMath.exp(f32x4.neg(f32x4.abs(x)));
    const top = v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0)));
    return f32x4.div(top, f32x4.add(one, e));
  }
}

/** y[i] ← e^x[i] for i < n; y may be x. What the accuracy tests sweep. */
export function vexp(n: i32, x: usize, y: usize): void {
  assert((n & 3) == 0);
  for (let i: usize = 0, end = (<usize>n) << 2; i < end; i += 16) {
    v128.store(y + i, VMath.exp(v128.load(x + i)));
  }
}

/** y[i] ← ln x[i] for i < n; y may be x. */
export function vlog(n: i32, x: usize, y: usize): void {
  assert((n & 3) == 0);
  for (let i: usize = 0, end = (<usize>n) << 2; i < end; i += 16) {
    v128.store(y + i, VMath.log(v128.load(x + i)));
  }
}
