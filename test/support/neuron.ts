// One sigmoid neuron with x = 1 and target 0 in f64, trained step by step, every number with a bound on what f32 may
// differ from it by: the rules of docs/numerics.md, chained from step to step. Imports nothing from src/.

import {
  EXP_ULPS,
  gamma,
  HALF_SUBNORMAL,
  LOG1P_UNIT_ULPS,
  SIGMOID_ULPS,
  SMALLEST_NORMAL,
  U,
} from "../oracle/bounds.ts";

export interface Neuron {
  /** quadratic: ½a², behind a sigmoid layer; crossEntropy: −ln(1 − a), from the logit */
  readonly cost: "quadratic" | "crossEntropy";
  /** f32 numbers, as is lr */
  readonly weight: number;
  readonly bias: number;
  readonly lr: number;
}

/** A number in f64, and how far f32 may be from it. */
export interface Near {
  readonly value: number;
  readonly bound: number;
}

export interface Simulation {
  /** before each step, and after the last */
  readonly costs: readonly Near[];
  /** a, likewise */
  readonly outputs: readonly Near[];
  /** ∂C/∂w = ∂C/∂b at the start */
  readonly firstGradient: Near;
}

/** What f32 makes of one logit that is itself off by at most `off`. */
interface Pass {
  readonly cost: Near;
  readonly output: Near;
  /** `own`: what the kernels add at the logit they have */
  readonly gradient: Near & { readonly own: number };
  /** ∂²C/∂z² */
  readonly curvature: number;
}

/**
 * Both parameters have the gradient g(z), z = w + b. With D a bound of the error of ŵ + b̂, ρ of the sum's rounding,
 * and G of what the kernels add to g(ẑ), a step of ŵ ← fl(ŵ + fl(−lr·ĝ)), and of b̂ likewise, leaves
 *
 *     D′ = |1 − 2·lr·g′(ξ)|·D + 2·lr·(|g′(ξ)|·ρ + G) + 2·roundings
 *
 * for some ξ within D + ρ of z. |g″| < 1 for both costs, so g′(ξ) is within D + ρ of g′(z):
 * g″ = σ″·(2a − 3a²) + σ′²·(2 − 6a) is below 0.1 + 4/16, and σ″ below 0.1.
 */
export function simulate({ cost, weight, bias, lr }: Neuron, epochs: number): Simulation {
  let [w, b] = [weight, bias];
  // of the sum, and of each parameter by itself
  let [sumOff, off] = [0, 0];
  const costs: Near[] = [];
  const outputs: Near[] = [];
  let firstGradient: Near | undefined;
  for (let epoch = 0; ; epoch++) {
    const z = w + b;
    const rounding = U * (Math.abs(z) + sumOff);
    const pass = { quadratic, crossEntropy }[cost](z, sumOff + rounding);
    costs.push(pass.cost);
    outputs.push(pass.output);
    firstGradient ??= pass.gradient;
    if (epoch === epochs) return { costs, outputs, firstGradient };

    const { value, bound, own } = pass.gradient;
    const moved = sumOff + rounding;
    const step = lr * (Math.abs(value) + bound);
    const updates = gamma(2) * (Math.max(Math.abs(w), Math.abs(b)) + off + step) + SMALLEST_NORMAL;
    sumOff =
      (Math.abs(1 - 2 * lr * pass.curvature) + 2 * lr * moved) * sumOff +
      2 * lr * ((Math.abs(pass.curvature) + moved) * rounding + own) +
      2 * updates;
    off += lr * bound + updates;
    w -= lr * value;
    b -= lr * value;
  }
}

/** a = σ(z) of ẑ within `off` of z: the error carried by the steepest slope near z, then the kernel's own. */
function sigmoid(z: number, off: number): { a: number; carried: number; own: number } {
  const a = sigma(z);
  const nearest = sigma(Math.max(Math.abs(z) - off, 0));
  const carried = off * nearest * (1 - nearest);
  return { a, carried, own: SIGMOID_ULPS * 2 * U * (a + carried) + HALF_SUBNORMAL };
}

/** C = ½a², rounded once: ½a is exact. g = (a·a)·(1 − a), rounded as `sigmoidBackward` with dy = a. */
function quadratic(z: number, off: number): Pass {
  const { a, carried, own } = sigmoid(z, off);
  const e = carried + own;
  const most = a + e;
  // at ẑ: y = dy off by the kernel's own alone; s = y(1 − y)
  const [y, s] = [a + carried, a * (1 - a) + carried];
  const offS = own * (Math.abs(1 - 2 * a) + 2 * carried + own);
  const error = gamma(3) * (y + own) * (s + offS) + own * (s + offS) + y * offS + 2 * HALF_SUBNORMAL;
  const curvature = a * a * (1 - a) * (2 - 3 * a);
  return {
    cost: { value: (a * a) / 2, bound: a * e + (e * e) / 2 + (U * most * most) / 2 + HALF_SUBNORMAL },
    output: { value: a, bound: e },
    gradient: { value: a * a * (1 - a), bound: (Math.abs(curvature) + off) * off + error, own: error },
    curvature,
  };
}

/**
 * C = max(z, 0) + ln(1 + e), e = e^−|z| off by ε relatively, which is at most e·ε in the logarithm.
 * g = σ(z), worked out as (1 or e)/(1 + e): ε above, ε and a rounding below, and the division's.
 */
function crossEntropy(z: number, off: number): Pass {
  const exp = EXP_ULPS * 2 * U;
  const e = Math.exp(-Math.abs(z)) * Math.exp(off);
  const rest = Math.log1p(Math.exp(-Math.abs(z)));
  const { a, carried, own } = sigmoid(z, off);
  const log = e * exp + LOG1P_UNIT_ULPS * 2 * U * (Math.log1p(e) + e * exp) + SMALLEST_NORMAL;
  const value = Math.max(z, 0) + rest;
  const shifted = (a + carried) * off;
  const error = (a + carried) * (((1 + exp) * (1 + U)) / ((1 - exp) * (1 - U)) - 1) + SMALLEST_NORMAL;
  const curvature = a * (1 - a);
  return {
    cost: { value, bound: shifted + log + U * (value + shifted + log) },
    output: { value: a, bound: carried + own },
    gradient: { value: a, bound: (curvature + off) * off + error, own: error },
    curvature,
  };
}

function sigma(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
