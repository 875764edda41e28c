// Activations and the SGD step, element by element in f64. A backward takes what the kernels take: dy, and the output
// y or the input x. Imports nothing from src/.

import { erfc } from "./erf.ts";
import type { PointwiseSpec } from "./spec.ts";

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

/** y of a layer */
export function activate(spec: PointwiseSpec, x: number): number {
  switch (spec.kind) {
    case "relu":
      return relu(x);
    case "sigmoid":
      return sigmoid(x);
    case "tanh":
      return tanh(x);
    case "silu":
      return silu(x);
    case "leakyRelu":
      return leakyRelu(x, spec.negativeSlope);
    case "elu":
      return elu(x, spec.alpha);
    case "gelu":
      return spec.approximate === "tanh" ? geluTanh(x) : gelu(x);
    case "softplus":
      return softplus(x, spec.beta);
  }
}

/** dx of a layer from dy, its input x and its output y */
export function activateBackward(spec: PointwiseSpec, dy: number, x: number, y: number): number {
  switch (spec.kind) {
    case "relu":
      return reluBackward(dy, y);
    case "sigmoid":
      return sigmoidBackward(dy, y);
    case "tanh":
      return tanhBackward(dy, y);
    case "silu":
      return siluBackward(dy, x);
    case "leakyRelu":
      return leakyReluBackward(dy, y, spec.negativeSlope);
    case "elu":
      return eluBackward(dy, y, spec.alpha);
    case "gelu":
      return spec.approximate === "tanh" ? geluTanhBackward(dy, x) : geluBackward(dy, x);
    case "softplus":
      return softplusBackward(dy, x, spec.beta);
  }
}

const normal = (x: number): number => erfc(-x / Math.SQRT2) / 2;
const cubic = (x: number): number => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
