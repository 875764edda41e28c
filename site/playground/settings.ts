// What can be chosen on the page, and how each choice stands in its address. Not what is made of it: points.ts and net.ts.

import { type Fields, listOf, numberIn, oneOf } from "../shared/url.ts";

export const SHAPES = ["moons", "circles", "spirals", "xor"] as const;
export const ACTIVATIONS = ["tanh", "relu", "sigmoid", "gelu", "silu", "leakyRelu", "none"] as const;
export const OPTIMIZERS = ["sgd", "momentum", "adam"] as const;
export const PACES = ["slow", "steady", "full"] as const;

export type Shape = (typeof SHAPES)[number];
export type Activation = (typeof ACTIVATIONS)[number];
export type Optimizer = (typeof OPTIMIZERS)[number];
export type Pace = (typeof PACES)[number];

export const MOST_LAYERS = 5;
export const MOST_UNITS = 32;
/** Of a link's steps: some ten seconds on the way. */
const MOST_STEPS = 50_000;

/** What decides the points, the net, and each of its steps: the same settings give the same picture after the same steps. */
export interface Settings {
  readonly data: Shape;
  /** in per cent of the shapes' size */
  readonly noise: number;
  /** to train with; half as many more to test */
  readonly points: number;
  /** of the points */
  readonly seed: number;
  /** units of each hidden layer */
  readonly layers: readonly number[];
  readonly act: Activation;
  readonly opt: Optimizer;
  readonly lr: number;
  readonly batch: number;
  /** λ: the gradient of a weight w gets λ·w more */
  readonly l2: number;
  /** the seed of the first weights and of the order of the points */
  readonly weights: number;
}

export interface State extends Settings {
  readonly pace: Pace;
  /** done when the page was left, and to be done when it is opened */
  readonly steps: number;
}

export const FIELDS: Fields<State> = {
  data: oneOf(...SHAPES),
  noise: numberIn(0, 50),
  points: numberIn(10, 1000, { whole: true }),
  seed: numberIn(0, 99_999, { whole: true }),
  layers: listOf(numberIn(1, MOST_UNITS, { whole: true }), { most: MOST_LAYERS }),
  act: oneOf(...ACTIVATIONS),
  opt: oneOf(...OPTIMIZERS),
  lr: numberIn(0.0001, 100),
  batch: numberIn(1, 1000, { whole: true }),
  l2: numberIn(0, 10),
  weights: numberIn(0, 99_999, { whole: true }),
  pace: oneOf(...PACES),
  steps: numberIn(0, MOST_STEPS, { whole: true }),
};

export const DEFAULTS: State = {
  data: "spirals",
  noise: 5,
  points: 300,
  seed: 1,
  layers: [8, 8],
  act: "tanh",
  opt: "adam",
  lr: 0.03,
  batch: 16,
  l2: 0,
  weights: 1,
  pace: "full",
  steps: 0,
};

/** The state without what changes neither the points nor the net. */
export function settingsOf({ pace: _, steps: __, ...settings }: State): Settings {
  return settings;
}

/** What a link can bring back of steps that were done. */
export function linkable(steps: number): number {
  return Math.min(steps, MOST_STEPS);
}
