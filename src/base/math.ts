// Functions of f64 from + − × ÷ √ alone, so that they have the same bits on every engine, where Math.log, cos and pow have
// not. For what is worked out once: learning rates, initial values. The kernels have their own in assembly/lib/math.ts.
// Polynomials and constants: FreeBSD's msun (e_log.c, k_sin.c, k_cos.c), from Sun's fdlibm, "freely granted to use".

const BITS = new DataView(new ArrayBuffer(8));

/**
 * ln x: NaN below 0, −∞ at 0. At most 1 unit in the last place off.
 *
 * x = 2^k·(1 + f) with 1 + f in [√½, √2); ln(1 + f) = f − f²/2 + s·(f²/2 + R(s²)), s = f / (2 + f).
 */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  // a subnormal number has no exponent of its own
  const small = x < 2 ** -1022;
  BITS.setFloat64(0, small ? x * 2 ** 54 : x);
  // the upper word of √½, so that what is over is the exponent
  const high = BITS.getInt32(0) - 0x3fe6a09e;
  const k = (high >> 20) - (small ? 54 : 0);
  BITS.setInt32(0, (high & 0xfffff) + 0x3fe6a09e);
  const f = BITS.getFloat64(0) - 1;
  const half = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd =
    z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  // ln 2 in two parts: k times the first is exact
  return s * (half + even + odd) + k * 1.9082149292705877e-10 - half + f + k * 0.6931471803691238;
}

/**
 * cos(πx): exactly 0 at n + ½, exactly ±1 at n; NaN where x is not finite. At most 2 units in the last place off.
 *
 * x is brought into [0, ¼] without rounding, by cos(π(x + 2)) = cos πx, cos(π(1 − x)) = −cos πx and cos(π(½ − x)) = sin πx.
 */
export function cosPi(x: number): number {
  const turn = Math.abs(x) % 2;
  const a = turn > 1 ? 2 - turn : turn;
  if (a <= 0.25) return cosine(Math.PI * a);
  return a < 0.75 ? sine(Math.PI * (0.5 - a)) : -cosine(Math.PI * (1 - a));
}

/**
 * baseⁿ for an integer n ≥ 0, by squaring: the rounding errors of n − 1 products, γ(n − 1), and never more.
 */
export function power(base: number, n: number): number {
  let result = 1;
  let square = base;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** cos x for |x| ≤ π/4 */
function cosine(x: number): number {
  const z = x * x;
  const r =
    z *
    (0.0416666666666666 +
      z *
        (-0.001388888888887411 +
          z *
            (2.480158728947673e-5 +
              z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 - z * 1.1359647557788195e-11)))));
  const w = 1 - 0.5 * z;
  return w + (1 - w - 0.5 * z + z * r);
}

/** sin x for |x| ≤ π/4 */
function sine(x: number): number {
  const z = x * x;
  const r =
    -0.16666666666666632 +
    z *
      (0.00833333333332249 +
        z *
          (-0.0001984126982985795 +
            z * (2.7557313707070068e-6 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10))));
  return x + z * x * r;
}
