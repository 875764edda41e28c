// exp, expm1, log, log1p, tanh, erf and sigmoid of four lanes, from + − × ÷ and bits alone: the same bits on every
// engine and CPU. At most 2 ulp off, measured over all f32 arguments (docs/numerics.md). Each product and each sum is
// rounded by itself, here as in a build with fused multiply-add: nothing in this file goes through V.madd.

/**
 * Constants stand in memory and are spread over the lanes where they are used, by one instruction: V8 rebuilds a
 * `v128.const` by three at every use. The polynomials are minimax fits of our own; those of exp and log were then moved
 * by some ulps to where the largest error over all arguments is least.
 */
const C = memory.data<f32>(
  [
    1.44269504, // 0    log₂ e
    12583039.0, // 4    1.5·2²³ + 127: a float of that size has no fraction
    0.693359375, // 8    ln 2, upper 9 bits
    -2.1219444e-4, // 12   ln 2, the rest
    1.0, // 16
    0.5, // 20   e^r − 1 = r + r²·q(r), |r| ≤ ln 2 / 2: q₀
    0.166665167, // 24   q₁
    0.0416683108, // 28   q₂
    0.00837014709, // 32   q₃
    0.00138019701, // 36   q₄
    -87.33654, // 40   the last f32 whose exp is normal
    88.72283, // 44   above it, exp is infinite
    Infinity, // 48
    -0.0, // 52   the bit of the sign
    88.8, // 56   expm1: above it, infinite
    -18.0, // 60   below it, −1
    12583166.0, // 64   1.5·2²³ + 127 + 127
    24.0, // 68   sigmoid: above it, 1
    1.17549435e-38, // 72   2⁻¹²⁶
    8388608.0, // 76   2²³
    23.0, // 80
    0.70710677, // 84   √½
    -Infinity, // 88   the bits of sign and exponent
    0.666667402, // 92   2·artanh(s)/s − 2 = R(z), z = s², |s| ≤ 0.172: R(z)/z, r₀
    0.399786413, // 96   r₁
    0.298851013, // 100  r₂
    0.666664183, // 104  the same for |s| ≤ 1/3: r₀
    0.400214374, // 108  r₁
    0.280030221, // 112  r₂
    0.280068189, // 116  r₃
    0.54930615, // 120  tanh: from here on it is ½ or more
    -0.333329588, // 124  tanh x = x + x·z·t(z), z = x²: t₀
    0.133209735, // 128  t₁
    -0.0526862442, // 132  t₂
    0.0164628904, // 136  t₃
    10.0, // 140  above it, tanh is 1
    2.88539008, // 144  2·log₂ e
    0.6, // 148  erf: the polynomial below, the exponential from here on
    0.128379151, // 152  erf x = x + x·p(x²): p₀
    -0.376124412, // 156  p₁
    0.112798624, // 160  p₂
    -0.0265916195, // 164  p₃
    0.00442934921, // 168  p₄
    4.0, // 172  above it, erf is 1
    -1.12851048, // 176  ln(1 − erf a) = a·g(a), 0.6 ≤ a ≤ 4: g₀
    -0.635752201, // 180  g₁
    -0.105183959, // 184  g₂
    0.0228145719, // 188  g₃
    -0.00318211061, // 192  g₄
    0.000208687488, // 196  g₅
    2.0, // 200
  ],
  16,
);

export class VMath {
  /**
   * e^x. Results below 2⁻¹²⁶ are +0 (subnormals are slow and mean nothing here); NaN stays NaN.
   *
   *     x = k·ln 2 + r, |r| ≤ ln 2 / 2      e^x = 2^k·(1 + s),  s = e^r − 1
   *
   * 2¹²⁸ is not a number, so k is added to the exponent's bits; what NaN and overflow make of them is replaced.
   */
  @inline static exp(x: v128): v128 {
    const t = VMath.shifted(x, VMath.c(0));
    const s = VMath.expm1Near(VMath.remainder(x, VMath.unshifted(t)));
    const one = VMath.c(16);
    let y = v128.add<i32>(f32x4.add(one, s), v128.sub<i32>(VMath.pow2(t), one));
    y = v128.bitselect(y, f32x4.mul(x, VMath.c(48)), f32x4.le(x, VMath.c(44)));
    return v128.andnot(y, f32x4.lt(x, VMath.c(40)));
  }

  /** e^x for x ≤ 0 (−∞ too) or NaN, with the bits of `exp`; of other x, anything. Four instructions less. */
  @inline static expNonPositive(x: v128): v128 {
    return v128.andnot(VMath.expBounded(x), f32x4.lt(x, VMath.c(40)));
  }

  /**
   * e^x − 1 = 2^k·s + (2^k − 1), k and s as in exp; −0 stays −0, subnormals stay what they are.
   *
   * Beyond −18 and 88.8 nothing changes. For k = 128 half of the result is doubled.
   */
  @inline static expm1(x: v128): v128 {
    const inside = f32x4.pmax(f32x4.pmin(x, VMath.c(56)), VMath.c(60));
    const t = VMath.shifted(inside, VMath.c(0));
    const s = VMath.expm1Near(VMath.remainder(inside, VMath.unshifted(t)));
    const least = f32x4.pmin(t, VMath.c(64));
    const one = VMath.c(16);
    const w = VMath.pow2(least);
    const half = f32x4.add(f32x4.mul(w, s), f32x4.sub(w, one));
    return VMath.signed(f32x4.mul(half, f32x4.add(f32x4.sub(t, least), one)), x);
  }

  /**
   * ln x. Subnormal arguments count; ln 0 = −∞, ln of a negative is NaN, ln ∞ = ∞.
   *
   *     x = 2^k·(1 + f),  √½ ≤ 1 + f < √2
   */
  @inline static log(x: v128): v128 {
    const tiny = f32x4.lt(x, VMath.c(72));
    const v = v128.bitselect(f32x4.mul(x, VMath.c(76)), x, tiny);
    const n = VMath.exponent(v);
    const k = f32x4.sub(f32x4.convert_i32x4_s(i32x4.shr_s(n, 23)), v128.and(tiny, VMath.c(80)));
    let y = VMath.logSum(k, f32x4.sub(v128.sub<i32>(v, n), VMath.c(16)));
    y = v128.bitselect(y, x, f32x4.lt(x, VMath.c(48)));
    y = v128.bitselect(VMath.c(88), y, f32x4.eq(x, f32x4.splat(0)));
    return v128.or(y, f32x4.lt(x, f32x4.splat(0)));
  }

  /**
   * ln(1 + x). −0 stays −0, subnormals stay what they are; −1 gives −∞, less gives NaN.
   *
   *     w = fl(1 + x) = 2^k·m,  √½ ≤ m < √2      f = (m − 1) + 2^−k·(x − (w − 1))
   *
   * The last term is what rounding took from w; where k = 0 it makes f = x exactly.
   */
  @inline static log1p(x: v128): v128 {
    const one = VMath.c(16);
    const w = f32x4.add(one, x);
    const lost = f32x4.sub(x, f32x4.sub(w, one));
    const n = VMath.exponent(w);
    // 2^−128 as bits would be −∞; nothing is lost of a w that large
    const scale = i32x4.max_s(v128.sub<i32>(one, n), f32x4.splat(0));
    const f = f32x4.add(f32x4.sub(v128.sub<i32>(w, n), one), f32x4.mul(lost, scale));
    let y = VMath.logSum(f32x4.convert_i32x4_s(i32x4.shr_s(n, 23)), f);
    y = v128.bitselect(y, x, f32x4.lt(x, VMath.c(48)));
    const least = f32x4.neg(one);
    y = v128.bitselect(VMath.c(88), y, f32x4.eq(x, least));
    return v128.or(VMath.signed(y, x), f32x4.lt(x, least));
  }

  /**
   * ln(1 + u) for 0 ≤ u ≤ 1 or NaN; of other u, anything.
   *
   *     s = u / (2 + u)      ln(1 + u) = 2·artanh(s) = u − s·(u − R(s²))
   */
  @inline static log1pUnit(u: v128): v128 {
    const s = f32x4.div(u, f32x4.add(VMath.c(200), u));
    const z = f32x4.mul(s, s);
    let r = VMath.c(116);
    r = f32x4.add(f32x4.mul(r, z), VMath.c(112));
    r = f32x4.add(f32x4.mul(r, z), VMath.c(108));
    r = f32x4.add(f32x4.mul(r, z), VMath.c(104));
    return f32x4.sub(u, f32x4.mul(s, f32x4.sub(u, f32x4.mul(r, z))));
  }

  /**
   * tanh x, odd to the bit.
   *
   *     |x| < artanh ½:  x + x·z·t(z), z = x²      else  ±(1 − 2 / (e^2|x| + 1))
   */
  @inline static tanh(x: v128): v128 {
    const z = f32x4.mul(x, x);
    let p = VMath.c(136);
    p = f32x4.add(f32x4.mul(p, z), VMath.c(132));
    p = f32x4.add(f32x4.mul(p, z), VMath.c(128));
    p = f32x4.add(f32x4.mul(p, z), VMath.c(124));
    const near = f32x4.add(x, f32x4.mul(x, f32x4.mul(z, p)));

    const a = f32x4.abs(x);
    const inside = f32x4.pmin(a, VMath.c(140));
    const t = VMath.shifted(inside, VMath.c(144));
    const s = VMath.expm1Near(VMath.remainder(f32x4.add(inside, inside), VMath.unshifted(t)));
    const one = VMath.c(16);
    const w = VMath.pow2(t);
    const d = f32x4.add(f32x4.add(one, w), f32x4.mul(w, s));
    const far = f32x4.sub(one, f32x4.div(VMath.c(200), d));
    return VMath.signed(v128.bitselect(near, far, f32x4.lt(a, VMath.c(120))), x);
  }

  /**
   * erf x = 2/√π·∫₀ˣ e^−t² dt, odd to the bit.
   *
   *     |x| < 0.6:  x + x·p(x²)      else  ±(1 − e^(|x|·g(|x|)))
   */
  @inline static erf(x: v128): v128 {
    const z = f32x4.mul(x, x);
    let p = VMath.c(168);
    p = f32x4.add(f32x4.mul(p, z), VMath.c(164));
    p = f32x4.add(f32x4.mul(p, z), VMath.c(160));
    p = f32x4.add(f32x4.mul(p, z), VMath.c(156));
    p = f32x4.add(f32x4.mul(p, z), VMath.c(152));
    const near = f32x4.add(x, f32x4.mul(x, p));

    const a = f32x4.abs(x);
    const inside = f32x4.pmin(a, VMath.c(172));
    let g = VMath.c(196);
    g = f32x4.add(f32x4.mul(g, inside), VMath.c(192));
    g = f32x4.add(f32x4.mul(g, inside), VMath.c(188));
    g = f32x4.add(f32x4.mul(g, inside), VMath.c(184));
    g = f32x4.add(f32x4.mul(g, inside), VMath.c(180));
    g = f32x4.add(f32x4.mul(g, inside), VMath.c(176));
    const far = f32x4.sub(VMath.c(16), VMath.expBounded(f32x4.mul(g, inside)));
    return VMath.signed(v128.bitselect(near, far, f32x4.lt(a, VMath.c(148))), x);
  }

  /**
   * σ(x) = 1 / (1 + e^−x). Results below 2⁻¹²⁶ are +0.
   *
   *     −x = k·ln 2 + r,  w = 2^k,  c = fl(1 + w)      σ = 1 / (c + (w·s + (1 − (c − w))))
   *
   * The denominator is rounded once: a rounded exponential plus a rounded sum, the obvious way, is 2.4 ulp off. The
   * last term is what rounding took from c; it is 0 but for |k| = 24, and from 25 on.
   */
  @inline static sigmoid(x: v128): v128 {
    const inside = f32x4.pmin(x, VMath.c(68));
    const t = f32x4.sub(VMath.c(4), f32x4.mul(inside, VMath.c(0)));
    const minus = f32x4.sub(VMath.c(4), t);
    const upper = f32x4.sub(f32x4.mul(minus, VMath.c(8)), inside);
    const s = VMath.expm1Near(f32x4.add(upper, f32x4.mul(minus, VMath.c(12))));
    const one = VMath.c(16);
    const w = VMath.pow2(t);
    const c = f32x4.add(one, w);
    const lost = f32x4.sub(one, f32x4.sub(c, w));
    const d = f32x4.add(c, f32x4.add(f32x4.mul(w, s), lost));
    return v128.andnot(f32x4.div(one, d), f32x4.lt(x, VMath.c(40)));
  }

  /** The constant at a byte offset of the table, in all lanes. */
  @inline private static c(offset: usize): v128 {
    return v128.load32_splat(C + offset);
  }

  /** k = x·scale rounded to an integer, as the float 1.5·2²³ + 127 + k: its lowest bits are those of 127 + k. */
  @inline private static shifted(x: v128, scale: v128): v128 {
    return f32x4.add(f32x4.mul(x, scale), VMath.c(4));
  }

  /** k from what `shifted` gave. */
  @inline private static unshifted(t: v128): v128 {
    return f32x4.sub(t, VMath.c(4));
  }

  /** 2^k from what `shifted` gave, −126 ≤ k ≤ 127 */
  @inline private static pow2(t: v128): v128 {
    return i32x4.shl(t, 23);
  }

  /** x − k·ln 2. The product with the upper part of ln 2 is exact. */
  @inline private static remainder(x: v128, k: v128): v128 {
    return f32x4.sub(f32x4.sub(x, f32x4.mul(k, VMath.c(8))), f32x4.mul(k, VMath.c(12)));
  }

  /** e^r − 1 for |r| ≤ ln 2 / 2 */
  @inline private static expm1Near(r: v128): v128 {
    let q = VMath.c(36);
    q = f32x4.add(f32x4.mul(q, r), VMath.c(32));
    q = f32x4.add(f32x4.mul(q, r), VMath.c(28));
    q = f32x4.add(f32x4.mul(q, r), VMath.c(24));
    q = f32x4.add(f32x4.mul(q, r), VMath.c(20));
    return f32x4.add(r, f32x4.mul(f32x4.mul(r, r), q));
  }

  /** e^x for −87.33654 ≤ x ≤ 88, or NaN. 2^k is a factor of its own, so that NaN stays NaN. */
  @inline private static expBounded(x: v128): v128 {
    const t = VMath.shifted(x, VMath.c(0));
    const s = VMath.expm1Near(VMath.remainder(x, VMath.unshifted(t)));
    return f32x4.mul(f32x4.add(VMath.c(16), s), VMath.pow2(t));
  }

  /** 2²³·k for a normal v > 0, as an integer, with k such that √½ ≤ 2^−k·v < √2. */
  @inline private static exponent(v: v128): v128 {
    return v128.and(v128.sub<i32>(v, VMath.c(84)), VMath.c(88));
  }

  /**
   * k·ln 2 + ln(1 + f), √½ ≤ 1 + f < √2, the small terms first:
   *
   *     s = f / (2 + f), z = s²      ln(1 + f) = f − (h − s·(h + R(z))),  h = f²/2
   *
   * The form of FDLIBM's logarithm.
   */
  @inline private static logSum(k: v128, f: v128): v128 {
    const s = f32x4.div(f, f32x4.add(VMath.c(200), f));
    const z = f32x4.mul(s, s);
    let r = VMath.c(100);
    r = f32x4.add(f32x4.mul(r, z), VMath.c(96));
    r = f32x4.add(f32x4.mul(r, z), VMath.c(92));
    r = f32x4.mul(r, z);
    const h = f32x4.mul(VMath.c(20), f32x4.mul(f, f));
    const low = f32x4.add(f32x4.mul(s, f32x4.add(h, r)), f32x4.mul(k, VMath.c(12)));
    return f32x4.sub(f32x4.mul(k, VMath.c(8)), f32x4.sub(f32x4.sub(h, low), f));
  }

  /** y with the sign of x put in: for a y whose sign is that of x already, or a zero that lost it. */
  @inline private static signed(y: v128, x: v128): v128 {
    return v128.or(y, v128.and(x, VMath.c(52)));
  }
}
