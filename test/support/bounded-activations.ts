// Activations in bounded numbers, forward and backward, each operation in the order in which assembly/activation.ts
// rounds. Which saved tensor a backward works from is the kernel's choice too. Imports nothing from src/.

import {
  ERF_ULPS,
  EXP_ULPS,
  EXPM1_ULPS,
  LOG_ULPS,
  LOG1P_UNIT_ULPS,
  SIGMOID_ULPS,
  softmaxBounds,
  TANH_ULPS,
  U,
} from "../oracle/bounds.ts";
import { erf } from "../oracle/erf.ts";
import { sigmoid } from "../oracle/pointwise.ts";
import * as rows from "../oracle/rows.ts";
import type { PointwiseSpec } from "../oracle/spec.ts";
import {
  absolute,
  add,
  at,
  type Bounded,
  call,
  div,
  exact,
  laneSum,
  mul,
  type Num,
  nearest,
  negative,
  option,
  select,
  sub,
  tabulate,
} from "./bounded.ts";

/** An ulp of y is at most 2u·|y|. */
const LOG_ERROR = LOG_ULPS * 2 * U;
const ZERO = exact(0);
const HALF = exact(0.5);
const ONE = exact(1);

/** The steepest that σ is within the error of x: σ′ = σ(x)·σ(−x), the greater the nearer x is to 0. */
export function sigmaSlope(x: Num): number {
  return sigmoid(nearest(x)) * sigmoid(-nearest(x));
}

export const sigma = (x: Num): Num => call(x, sigmoid, sigmaSlope(x), SIGMOID_ULPS);

/** e^x for x ≤ 0 */
export const exp = (x: Num): Num => call(x, Math.exp, Math.exp(Math.min(x.value + x.bound, 0)), EXP_ULPS);

/** ln(1 + u) for 0 ≤ u ≤ 1 */
export const log1pUnit = (u: Num): Num => call(u, Math.log1p, 1, LOG1P_UNIT_ULPS);

/** tanh′ = 1/cosh² */
const tanh = (x: Num): Num => call(x, Math.tanh, Math.cosh(nearest(x)) ** -2, TANH_ULPS);

/** y of a layer from its input x */
export function activate(spec: PointwiseSpec, x: Num): Num {
  switch (spec.kind) {
    case "relu":
      return select(
        x,
        () => x,
        () => ZERO,
      );
    case "sigmoid":
      return sigma(x);
    case "tanh":
      return tanh(x);
    case "silu":
      return mul(x, sigma(x));
    case "leakyRelu":
      return select(
        x,
        () => x,
        () => mul(option(spec.negativeSlope), x),
      );
    case "elu": {
      const steepest = Math.exp(x.value + x.bound);
      return select(
        x,
        () => x,
        () => mul(option(spec.alpha), call(x, Math.expm1, steepest, EXPM1_ULPS)),
      );
    }
    case "gelu":
      if (spec.approximate === "tanh") return mul(mul(HALF, x), add(ONE, tanh(inner(hold(x)))));
      return mul(mul(HALF, x), normalTwice(x));
    case "softplus": {
      const beta = option(spec.beta);
      const b = mul(beta, x);
      const rest = log1pUnit(exp(negative(absolute(b))));
      return div(add(activate({ kind: "relu" }, b), rest), beta);
    }
  }
}

/** dx of a layer from dy, its input x and its output y, of which the kernel sees one */
export function activateBackward(spec: PointwiseSpec, dy: Num, x: Num, y: Num): Num {
  switch (spec.kind) {
    case "relu":
      return select(
        y,
        () => dy,
        () => ZERO,
      );
    case "sigmoid":
      return mul(mul(dy, y), sub(ONE, y));
    case "tanh":
      return mul(dy, mul(sub(ONE, y), add(ONE, y)));
    case "silu": {
      const s = sigma(x);
      return mul(dy, mul(s, add(ONE, mul(x, sub(ONE, s)))));
    }
    case "leakyRelu":
      return select(
        y,
        () => dy,
        () => mul(option(spec.negativeSlope), dy),
      );
    case "elu":
      return select(
        y,
        () => dy,
        () => mul(dy, add(y, option(spec.alpha))),
      );
    case "gelu":
      return spec.approximate === "tanh" ? geluTanhBackward(dy, x) : geluBackward(dy, x);
    case "softplus":
      return mul(dy, sigma(mul(option(spec.beta), x)));
  }
}

/** 1 + erf(x/√2) */
function normalTwice(x: Num): Num {
  const t = mul(x, option(Math.SQRT1_2));
  const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-(nearest(t) ** 2));
  return add(ONE, call(t, erf, slope, ERF_ULPS));
}

/** dy·(½·(1 + erf(x/√2)) + x·φ(x)) */
function geluBackward(dy: Num, x: Num): Num {
  const density = mul(option(1 / Math.sqrt(2 * Math.PI)), exp(mul(negative(x), mul(HALF, x))));
  return mul(dy, add(mul(HALF, normalTwice(x)), mul(x, density)));
}

const hold = ({ value, bound }: Num): Num => ({ value: Math.max(-16, Math.min(16, value)), bound });

/** u(x) = √(2/π)·x·(1 + 0.044715·x²) */
function inner(x: Num): Num {
  return mul(mul(x, option(Math.sqrt(2 / Math.PI))), add(ONE, mul(mul(x, x), option(0.044715))));
}

/** dy·½·((1 + t) + (1 − t²)·x·u′(x)), t = tanh u */
function geluTanhBackward(dy: Num, x: Num): Num {
  const h = hold(x);
  const t = tanh(inner(h));
  const cubic = add(ONE, mul(mul(h, h), option(3 * 0.044715)));
  const rise = mul(mul(h, option(Math.sqrt(2 / Math.PI))), cubic);
  const sides = mul(sub(ONE, t), add(ONE, t));
  return mul(dy, mul(HALF, add(add(ONE, t), mul(sides, rise))));
}

/** A row of the softmax kernels. */
export interface SoftmaxRow {
  readonly p: Bounded;
  /** max_k z_k − z_j */
  readonly distance: Bounded;
  /** ln Σ_j e^(z_j − max) */
  readonly logSum: Num;
}

/**
 * Logits off by at most δ move a distance by 2δ, so an exponential and the sum of them by a factor within e^±2δ each;
 * but e^(z_j − lse) only by e^±2δ in all, because lse moves by no more than δ. The kernel's own errors, as
 * docs/numerics.md has them for exact logits, are taken at the worst logits within δ.
 */
export function softmax(z: Bounded): SoftmaxRow {
  const { p, distance, logSum } = rows.softmax(z.value);
  const twice = 2 * z.bound.reduce((a, b) => Math.max(a, b));
  const factor = Math.exp(twice);
  const kernel = softmaxBounds(
    p.map((v) => v * factor),
    distance.map((d) => d + twice),
  );
  const own = -Math.log1p(-kernel.sum);
  return {
    p: tabulate(p.length, (j) => {
      const value = p[j] as number;
      return { value, bound: value * (factor - 1) + (kernel.p[j] as number) };
    }),
    distance: tabulate(p.length, (j) => sub({ value: distance[j] as number, bound: twice }, ZERO)),
    logSum: { value: logSum, bound: twice + own + LOG_ERROR * (logSum + twice + own) },
  };
}

/** dx of a row of a softmax layer: y∘(dy − Σ dy·y) */
export function softmaxBackward(dy: Bounded, y: Bounded): Bounded {
  const n = y.value.length;
  const mean = laneSum(Array.from({ length: n }, (_, j) => mul(at(dy, j), at(y, j))));
  return tabulate(n, (j) => mul(at(y, j), sub(at(dy, j), mean)));
}
