// The error function and its complement in f64, to a few units in the last place. Imports nothing from src/.

/** 2/√π ∫₀ˣ e^(−t²) dt */
export function erf(x: number): number {
  return Math.abs(x) < 1 ? series(x) : Math.sign(x) * (1 - fraction(Math.abs(x)));
}

/** 1 − erf(x), without the cancellation: small results keep their digits */
export function erfc(x: number): number {
  if (Math.abs(x) < 1) return 1 - series(x);
  return x > 0 ? fraction(x) : 2 - fraction(-x);
}

/**
 * erf(x) = 2/√π · e^(−x²) Σ_n 2ⁿ x^(2n+1) / (1·3·…·(2n+1)), Abramowitz & Stegun 7.1.6: all terms have the sign of x.
 */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n === 1 || sum + term !== sum; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * gauss(x) * sum;
}

/**
 * erfc(x) = e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))) for x ≥ 1, Abramowitz & Stegun 7.1.14, from the inside
 * out. The terms are enough for 2⁻⁵³ at x = 1, where it converges most slowly.
 */
function fraction(x: number): number {
  let tail = x;
  for (let n = Math.ceil(10 + 220 / (x * x)); n > 0; n--) tail = x + n / 2 / tail;
  return gauss(x) / (Math.sqrt(Math.PI) * tail);
}

/** e^(−x²). Rounding x² would cost x² units in the last place, so the square of x's leading half goes alone. */
function gauss(x: number): number {
  const head = Math.fround(x);
  // less than f64 has; of a huge x, the second exponential would be infinite
  if (head * head > 750) return 0;
  return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
}
