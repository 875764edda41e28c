// Activations whose backward works from their input: gelu in both forms, silu, softplus. As activations-from-output.ts.

import * as abi from "../../src/base/abi.ts";
import * as bounds from "../oracle/activation-bounds.ts";
import * as oracle from "../oracle/pointwise.ts";
import { at, type Case, type Elements, type Vmath } from "./activations-from-output.ts";

const f = Math.fround;
const { NaN: NAN, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: NINF } = Number;
const TINY = 2 ** -149;
const HUGE = f(3e38);

/** Φ's and the cubic's constants, as f32 */
const [SQRT1_2, DENSITY, GELU, CUBIC, CUBIC3] = [
  Math.SQRT1_2,
  1 / Math.sqrt(2 * Math.PI),
  Math.sqrt(2 / Math.PI),
  0.044715,
  3 * 0.044715,
].map(f) as [number, number, number, number, number];

const twiceNormal = (x: Elements, math: Vmath): Float32Array =>
  math(
    abi.MATH_ERF,
    x.map((v) => v * SQRT1_2),
  ).map((e) => 1 + e);

/** What is x far above 0 and 0 far below: gelu and silu. */
const GATED: Pick<Case, "special" | "slopes"> = {
  special: [
    [NAN, NAN],
    [INF, INF],
    // −∞·0
    [NINF, NAN],
    [0, 0],
    [-0, -0],
    // half of it is 0: ties go to the even
    [TINY, 0],
    [-TINY, -0],
    [1e4, 1e4],
    [-1e4, -0],
    [HUGE, HUGE],
    [-HUGE, -0],
  ],
  slopes: [
    [0, 0.5],
    [-0, 0.5],
    [TINY, 0.5],
    [-TINY, 0.5],
    [1e4, 1],
    [HUGE, 1],
    [NAN, NAN],
  ],
};

const gelu: Case = {
  name: "gelu",
  parameters: [],
  forward: abi.OP_GELU_FORWARD,
  backward: abi.OP_GELU_BACKWARD,
  saves: "input",
  range: [-4, 4],
  y: (x, math) => twiceNormal(x, math).map((w, i) => f(0.5 * at(x, i)) * w) as Elements,
  dx: (dy, x, math) => {
    const w = twiceNormal(x, math);
    const e = math(
      abi.MATH_EXP_NONPOSITIVE,
      x.map((v) => -v * f(0.5 * v)),
    );
    return dy.map((d, i) => d * f(f(0.5 * at(w, i)) + f(at(x, i) * f(DENSITY * at(e, i)))));
  },
  exact: oracle.gelu,
  exactBackward: oracle.geluBackward,
  bound: bounds.geluBound,
  boundBackward: bounds.geluBackwardBound,
  special: GATED.special,
  slopes: [...GATED.slopes, [-1e4, 0], [-HUGE, 0], [INF, NAN], [NINF, NAN]],
};

const hold = (x: number): number => (x < -16 ? -16 : x > 16 ? 16 : x);
/** (x·√(2/π))·(1 + (x·x)·c) */
const cubic = (x: number, c: number): number => f(f(x * GELU) * f(1 + f(f(x * x) * c)));
const tanhCubic = (x: Elements, math: Vmath): Float32Array =>
  math(
    abi.MATH_TANH,
    x.map((v) => cubic(hold(v), CUBIC)),
  );

const geluTanh: Case = {
  name: "geluTanh",
  parameters: [],
  forward: abi.OP_GELU_TANH_FORWARD,
  backward: abi.OP_GELU_TANH_BACKWARD,
  saves: "input",
  range: [-4, 4],
  y: (x, math) => {
    const t = tanhCubic(x, math);
    return x.map((v, i) => f(0.5 * v) * f(1 + at(t, i)));
  },
  dx: (dy, x, math) => {
    const t = tanhCubic(x, math);
    return dy.map((d, i) => {
      const [plus, minus] = [f(1 + at(t, i)), f(1 - at(t, i))];
      return d * f(0.5 * f(plus + f(f(minus * plus) * cubic(hold(at(x, i)), CUBIC3))));
    });
  },
  exact: oracle.geluTanh,
  exactBackward: oracle.geluTanhBackward,
  bound: bounds.geluTanhBound,
  boundBackward: bounds.geluTanhBackwardBound,
  special: GATED.special,
  slopes: [...GATED.slopes, [-1e4, 0], [-HUGE, 0], [INF, 1], [NINF, 0]],
};

const silu: Case = {
  name: "silu",
  parameters: [],
  forward: abi.OP_SILU_FORWARD,
  backward: abi.OP_SILU_BACKWARD,
  saves: "input",
  range: [-4, 4],
  y: (x, math) => math(abi.MATH_SIGMOID, x).map((s, i) => at(x, i) * s) as Elements,
  dx: (dy, x, math) => {
    const s = math(abi.MATH_SIGMOID, x);
    return dy.map((d, i) => d * f(at(s, i) * f(1 + f(at(x, i) * f(1 - at(s, i))))));
  },
  exact: oracle.silu,
  exactBackward: oracle.siluBackward,
  bound: bounds.siluBound,
  boundBackward: bounds.siluBackwardBound,
  special: GATED.special,
  slopes: [...GATED.slopes, [-1e4, -0], [-HUGE, -0], [INF, NAN], [NINF, NAN]],
};

function softplus(beta: number): Case {
  return {
    name: `softplus(${beta})`,
    parameters: [beta],
    forward: abi.OP_SOFTPLUS_FORWARD,
    backward: abi.OP_SOFTPLUS_BACKWARD,
    saves: "input",
    range: [-4, 4],
    y: (x, math) => {
      const e = math(
        abi.MATH_EXP_NONPOSITIVE,
        x.map((v) => -Math.abs(beta * v)),
      );
      const rest = math(abi.MATH_LOG1P_UNIT, e);
      return x.map((v, i) => (v < 0 ? 0 : v) + f(at(rest, i) / beta));
    },
    dx: (dy, x, math) => {
      const s = math(
        abi.MATH_SIGMOID,
        x.map((v) => beta * v),
      );
      return dy.map((d, i) => d * at(s, i));
    },
    exact: (x) => oracle.softplus(x, beta),
    exactBackward: (dy, x) => oracle.softplusBackward(dy, x, beta),
    bound: (x) => bounds.softplusBound(x, beta),
    boundBackward: (dy, x) => bounds.softplusBackwardBound(dy, x, beta),
    special: [
      ...[NAN, INF, 1e4, HUGE].map((x) => [x, x] as const),
      ...[NINF, -1e4, -HUGE].map((x) => [x, 0] as const),
    ],
    slopes: [
      ...[0, -0, TINY, -TINY].map((x) => [x, 0.5] as const),
      ...[1e4, HUGE, INF].flatMap((x) => [[x, 1] as const, [-x, 0] as const]),
      [NAN, NAN],
    ],
  };
}

export const FROM_INPUT: readonly Case[] = [gelu, geluTanh, silu, softplus(1), softplus(2.5)];
