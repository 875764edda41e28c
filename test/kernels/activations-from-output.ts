// Activations whose backward works from their output, as the tests need them: what each is rounded as, in f32 and with
// the kernels' own expm1, tanh, …; its f64 oracle; its bound; and what the special numbers give.

import * as abi from "../../src/base/abi.ts";
import * as bounds from "../oracle/activation-bounds.ts";
import * as oracle from "../oracle/pointwise.ts";

const f = Math.fround;
const { NaN: NAN, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: NINF } = Number;
const TINY = 2 ** -149;
const HUGE = f(3e38);

/** A function of lib/math.ts, over an array. */
export type Vmath = (code: number, x: Float32Array) => Float32Array;
export type Elements = Float32Array<ArrayBuffer>;

export interface Case {
  readonly name: string;
  readonly parameters: readonly number[];
  readonly forward: number;
  readonly backward: number;
  readonly saves: "input" | "output";
  /** what the output lies in, where the backward pass has it */
  readonly range: readonly [number, number];
  /** f32 bits */
  y(x: Elements, math: Vmath): Elements;
  dx(dy: Elements, saved: Elements, math: Vmath): Elements;
  exact(x: number): number;
  exactBackward(dy: number, saved: number): number;
  bound(x: number): number;
  boundBackward(dy: number, saved: number): number;
  /** pairs [x, y], by bits */
  readonly special: readonly (readonly [number, number])[];
  /** pairs [saved, dx] for dy = 1, by bits */
  readonly slopes: readonly (readonly [number, number])[];
}

export const at = (values: Float32Array, i: number): number => values[i] as number;
const relu: Case = {
  name: "relu",
  parameters: [],
  forward: abi.OP_RELU_FORWARD,
  backward: abi.OP_RELU_BACKWARD,
  saves: "output",
  range: [-4, 4],
  y: (x) => x.map((v) => (v < 0 ? 0 : v)),
  dx: (dy, y) => dy.map((d, i) => (at(y, i) <= 0 ? 0 : d)),
  exact: oracle.relu,
  exactBackward: oracle.reluBackward,
  bound: () => 0,
  boundBackward: () => 0,
  special: [NAN, INF, 0, -0, TINY, HUGE]
    .map((x) => [x, x] as const)
    .concat([
      [NINF, 0],
      [-TINY, 0],
      [-HUGE, 0],
    ]),
  // of NaN the slope is 1
  slopes: [
    [0, 0],
    [-0, 0],
    [TINY, 1],
    [INF, 1],
    [NAN, 1],
  ],
};

const sigmoid: Case = {
  name: "sigmoid",
  parameters: [],
  forward: abi.OP_SIGMOID_FORWARD,
  backward: abi.OP_SIGMOID_BACKWARD,
  saves: "output",
  range: [0, 1],
  y: (x, math) => math(abi.MATH_SIGMOID, x) as Elements,
  dx: (dy, y) => dy.map((d, i) => f(d * at(y, i)) * f(1 - at(y, i))),
  exact: oracle.sigmoid,
  exactBackward: oracle.sigmoidBackward,
  bound: bounds.sigmoidBound,
  boundBackward: bounds.sigmoidBackwardBound,
  special: [
    [NAN, NAN],
    [INF, 1],
    [NINF, 0],
    [0, 0.5],
    [-0, 0.5],
    [TINY, 0.5],
    [200, 1],
    [-200, 0],
    [-87.4, 0],
    [1e4, 1],
    [-1e4, 0],
    [HUGE, 1],
    [-HUGE, 0],
  ],
  slopes: [
    [0, 0],
    [1, 0],
    [0.5, 0.25],
    [NAN, NAN],
  ],
};

const tanh: Case = {
  name: "tanh",
  parameters: [],
  forward: abi.OP_TANH_FORWARD,
  backward: abi.OP_TANH_BACKWARD,
  saves: "output",
  range: [-1, 1],
  y: (x, math) => math(abi.MATH_TANH, x) as Elements,
  dx: (dy, y) => dy.map((d, i) => d * f(f(1 - at(y, i)) * f(1 + at(y, i)))),
  exact: oracle.tanh,
  exactBackward: oracle.tanhBackward,
  bound: bounds.tanhBound,
  boundBackward: bounds.tanhBackwardBound,
  special: [0, -0, TINY, -TINY, NAN]
    .map((x) => [x, x] as const)
    .concat([10, 1e4, HUGE, INF].flatMap((x) => [[x, 1] as const, [-x, -1] as const])),
  slopes: [
    [0, 1],
    [-0, 1],
    [TINY, 1],
    [0.5, 0.75],
    [-0.5, 0.75],
    [1, 0],
    [-1, 0],
    [NAN, NAN],
  ],
};

function leakyRelu(slope: number): Case {
  return {
    name: `leakyRelu(${slope})`,
    parameters: [slope],
    forward: abi.OP_LEAKY_RELU_FORWARD,
    backward: abi.OP_LEAKY_RELU_BACKWARD,
    saves: "output",
    range: [-4, 4],
    y: (x) => x.map((v) => (v > 0 ? v : slope * v)),
    dx: (dy, y) => dy.map((d, i) => (at(y, i) > 0 ? d : slope * d)),
    exact: (x) => oracle.leakyRelu(x, slope),
    exactBackward: (dy, y) => oracle.leakyReluBackward(dy, y, slope),
    bound: (x) => bounds.leakyReluBound(x, slope),
    boundBackward: (dy, y) => bounds.leakyReluBackwardBound(dy, y, slope),
    special: [
      ...[NAN, INF, 0, -0, TINY, 1e4, HUGE].map((x) => [x, x] as const),
      [NINF, slope === 0 ? NAN : NINF],
      [-1e4, f(-1e4 * slope)],
      [-HUGE, f(-HUGE * slope)],
      [-TINY, f(-TINY * slope)],
    ],
    // of NaN the slope is that below 0
    slopes: [
      [0, slope],
      [-0, slope],
      [TINY, 1],
      [HUGE, 1],
      [-TINY, slope],
      [-HUGE, slope],
      [NAN, slope],
    ],
  };
}

function elu(alpha: number): Case {
  return {
    name: `elu(${alpha})`,
    parameters: [alpha],
    forward: abi.OP_ELU_FORWARD,
    backward: abi.OP_ELU_BACKWARD,
    saves: "output",
    range: [-alpha, 4],
    y: (x, math) => math(abi.MATH_EXPM1, x).map((e, i) => (at(x, i) > 0 ? at(x, i) : alpha * e)) as Elements,
    dx: (dy, y) => dy.map((d, i) => (at(y, i) > 0 ? d : d * f(at(y, i) + alpha))),
    exact: (x) => oracle.elu(x, alpha),
    exactBackward: (dy, y) => oracle.eluBackward(dy, y, alpha),
    bound: (x) => bounds.eluBound(x, alpha),
    boundBackward: (dy, y) => bounds.eluBackwardBound(dy, y, alpha),
    special: [
      ...[NAN, INF, 0, -0, TINY, 1e4, HUGE].map((x) => [x, x] as const),
      ...[-1e4, -HUGE, NINF].map((x) => [x, -alpha] as const),
      [-TINY, f(-TINY * alpha)],
    ],
    slopes: [
      [0, alpha],
      [-0, alpha],
      [TINY, 1],
      [HUGE, 1],
      [-alpha, 0],
      [NAN, NAN],
    ],
  };
}

export const FROM_OUTPUT: readonly Case[] = [
  relu,
  sigmoid,
  tanh,
  leakyRelu(f(0.01)),
  leakyRelu(0),
  elu(1),
  elu(1.5),
];
