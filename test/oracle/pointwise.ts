// Activations, erf and the SGD step, element by element in f64. Imports nothing from src/.

export const relu = (x: number): number => (x < 0 ? 0 : x);
/** dx from dy and the output y */
export const reluBackward = (dy: number, y: number): number => (y <= 0 ? 0 : dy);

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const sigmoidBackward = (dy: number, y: number): number => dy * y * (1 - y);

export const tanh = (x: number): number => Math.tanh(x);
export const tanhBackward = (dy: number, y: number): number => dy * (1 - y) * (1 + y);

export const leakyRelu = (x: number, slope: number): number => (x > 0 ? x : slope * x);
export const leakyReluBackward = (dy: number, y: number, slope: number): number => (y > 0 ? dy : slope * dy);

/** α(eˣ − 1) where x ≤ 0 */
export const elu = (x: number, alpha: number): number => (x > 0 ? x : alpha * Math.expm1(x));
/** αeˣ = y + α where x ≤ 0 */
export const eluBackward = (dy: number, y: number, alpha: number): number => (y > 0 ? dy : dy * (y + alpha));

/** x·Φ(x), Φ(x) = ½(1 + erf(x/√2)) = ½ erfc(−x/√2): Hendrycks & Gimpel 2016 */
export const gelu = (x: number): number => x * normal(x);
/** dy·(Φ(x) + x·φ(x)), φ(x) = e^(−x²/2) / √(2π) */
export const geluBackward = (dy: number, x: number): number =>
  dy * (normal(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI));

/** ½x(1 + tanh u) = x·σ(2u), u = √(2/π)·(x + 0.044715x³) */
export const geluTanh = (x: number): number => x * sigmoid(2 * cubic(x));
/** dy·(σ(2u) + 2x·σ(2u)σ(−2u)·u′), u′ = √(2/π)·(1 + 3·0.044715x²) */
export const geluTanhBackward = (dy: number, x: number): number => {
  const u = cubic(x);
  const slope = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
  return dy * sigmoid(2 * u) * (1 + 2 * x * sigmoid(-2 * u) * slope);
};

/** x·σ(x) */
export const silu = (x: number): number => x * sigmoid(x);
/** dy·σ(x)·(1 + x·(1 − σ(x))), 1 − σ(x) = σ(−x) */
export const siluBackward = (dy: number, x: number): number => dy * sigmoid(x) * (1 + x * sigmoid(-x));

/** ln(1 + e^(βx)) / β, for every x; PyTorch's returns x where βx > 20 */
export const softplus = (x: number, beta: number): number =>
  (Math.max(beta * x, 0) + Math.log1p(Math.exp(-Math.abs(beta * x)))) / beta;
export const softplusBackward = (dy: number, x: number, beta: number): number => dy * sigmoid(beta * x);

/** p − lr·g */
export const sgd = (p: number, g: number, lr: number): number => p - lr * g;

/** erfc(2) is 0.005: from here on its continued fraction settles fast, and 1 − erfc loses nothing. */
const ERF_SERIES = 2;

/**
 * 2/√π·∫₀ˣ e^−t² dt, to a few units of 2⁻⁵³, relative.
 *
 *     |x| < 2:  2/√π·e^−x²·Σ 2ⁿ·x^(2n+1) / (2n+1)!!     all terms of one sign
 *     else      ±(1 − e^−x²/√π · 1/(a + ½/(a + 1/(a + 3/2/(a + …))))), a = |x|
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a >= ERF_SERIES)) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 2 ** -60 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  if (a > 6) return Math.sign(x);
  let tail = a;
  for (let n = 60; n > 0; n--) tail = a + n / 2 / tail;
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / tail);
}
