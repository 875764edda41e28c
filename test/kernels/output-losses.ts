// Losses that are sums over single outputs, as their tests need them: what each is rounded as, in f32 and with the
// kernels' own exp and log1p; its f64 oracle; its bound.

import * as abi from "../../src/base/abi.ts";
import { floats } from "../oracle/data.ts";
import * as bounds from "../oracle/loss-bounds.ts";
import type { LossSpec } from "../oracle/spec.ts";
import { vmath } from "../support/vmath.ts";

const f = Math.fround;
export type Numbers = Float32Array<ArrayBuffer>;

export interface Loss {
  readonly name: string;
  readonly op: number;
  readonly parameters: readonly number[];
  /** k of the closed bound γ(⌈n/4⌉ + k) of the loss, where there is one */
  readonly roundings?: number;
  /** whether targets lie in [0, 1] */
  readonly binary: boolean;
  /** posWeight, for so many columns */
  columns?(n: number): Float32Array;
  spec(columns: Float32Array | undefined): LossSpec;
  /** f32 bits of each output's part of the loss and of its slope; `w` is the columns' number of each output */
  bits(z: Numbers, t: Numbers, w: Float32Array): { value: Float32Array; slope: Float32Array };
  bound(z: number, t: number, w: number): bounds.Output;
}

export const at = (values: Float32Array, i: number): number => values[i] as number;

/** σ̂ and ln(1 + e) from e = e^−|z|, as the kernel has them. */
function logistic(z: Numbers): { sigma: Float32Array; rest: Float32Array } {
  const e = vmath(
    abi.MATH_EXP_NONPOSITIVE,
    z.map((x) => -Math.abs(x)),
  );
  const rest = vmath(abi.MATH_LOG1P_UNIT, e);
  return { sigma: e.map((v, i) => (at(z, i) < 0 ? v : 1) / f(1 + v)), rest };
}

export const bce: Loss = {
  name: "bceWithLogits",
  op: abi.OP_BCE_WITH_LOGITS,
  parameters: [],
  binary: true,
  spec: () => ({ kind: "bceWithLogits", reduction: "sum" }),
  bits(z, y) {
    const { sigma, rest } = logistic(z);
    return {
      value: z.map((x, i) => f(Math.abs(x) * (x > 0 ? f(1 - at(y, i)) : at(y, i))) + at(rest, i)),
      slope: sigma.map((s, i) => s - at(y, i)),
    };
  },
  bound: (z, y) => bounds.bceOutput(z, y),
};

export const bceWeighted: Loss = {
  ...bce,
  name: "bceWithLogits with posWeight",
  columns: (n) => floats(77, n, 0.1, 5),
  spec: (columns) => ({ kind: "bceWithLogits", reduction: "sum", posWeight: Array.from(columns ?? []) }),
  bits(z, y, w) {
    const { sigma, rest } = logistic(z);
    const pos = y.map((v, i) => at(w, i) * v);
    const neg = y.map((v) => 1 - v);
    const both = pos.map((v, i) => v + at(neg, i));
    const wrong = z.map((x, i) => Math.abs(x) * (x > 0 ? at(neg, i) : at(pos, i)));
    return {
      value: wrong.map((v, i) => v + f(at(both, i) * at(rest, i))),
      slope: sigma.map((s, i) => f(s * at(both, i)) - at(pos, i)),
    };
  },
  bound: (z, y, w) => bounds.bceOutput(z, y, w),
};

function squared(name: string, a: number, kind: "quadratic" | "mse"): Loss {
  return {
    name,
    op: abi.OP_SQUARED_ERROR,
    parameters: [a],
    roundings: 6,
    binary: false,
    spec: () => ({ kind, reduction: "sum" }),
    bits(z, t) {
      const d = z.map((x, i) => x - at(t, i));
      return { value: d.map((v) => f(a * v) * v), slope: d.map((v) => 2 * a * v) };
    },
    bound: (z, t) => bounds.squaredOutput(z, t, a),
  };
}

export const absolute: Loss = {
  name: "absoluteError",
  op: abi.OP_ABSOLUTE_ERROR,
  parameters: [],
  roundings: 3,
  binary: false,
  spec: () => ({ kind: "mae", reduction: "sum" }),
  bits(z, t) {
    const d = z.map((x, i) => x - at(t, i));
    return { value: d.map(Math.abs), slope: d.map(Math.sign) };
  },
  bound: bounds.absoluteOutput,
};

export function huber(delta: number): Loss {
  return {
    name: `huberLoss(${delta})`,
    op: abi.OP_HUBER_LOSS,
    parameters: [delta],
    roundings: 6,
    binary: false,
    spec: () => ({ kind: "huber", delta, reduction: "sum" }),
    bits(z, t) {
      const d = z.map((x, i) => x - at(t, i));
      const far = (size: number): number => delta * f(size - f(0.5 * delta));
      return {
        value: d.map((v) => (Math.abs(v) > delta ? far(Math.abs(v)) : f(0.5 * v) * v)),
        slope: d.map((v) => (v < -delta ? -delta : v > delta ? delta : v)),
      };
    },
    bound: (z, t) => bounds.huberOutput(z, t, delta),
  };
}

export const LOSSES = [
  bce,
  bceWeighted,
  squared("squaredError, ½d²", 0.5, "quadratic"),
  squared("squaredError, d²", 1, "mse"),
  absolute,
  huber(1),
  huber(f(0.3)),
];
