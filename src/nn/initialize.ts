// Draws the initial values of a parameter: which distribution a description comes to, and numbers from it. The same seed gives
// the same bits on every engine.

import { ln } from "../base/math.ts";
import type { Random } from "../base/random.ts";
import type { InitSpec } from "../base/spec.ts";

/** Where a parameter lies: `[rows, cols]`, row stride `ld`. */
export interface Extent {
  readonly rows: number;
  readonly cols: number;
  readonly ld: number;
}

/** What stands around the parameter's layer. */
export interface Surroundings {
  readonly fanIn: number;
  readonly fanOut: number;
  /** kind of the activation behind the layer, if there is one */
  readonly activation?: string | undefined;
  /** of a leakyRelu behind it */
  readonly slope?: number | undefined;
}

/** A description once all around it is known. Bounds of `uniform` are ± the same but where a user names them. */
export type Distribution =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "normal"; readonly mean: number; readonly std: number }
  | Extract<InitSpec, { kind: "truncatedNormal" }>;

/**
 * Fills `data`, row by row, with what the description says; what lies between rows is left alone.
 *
 * A value depends on the stream and on the values before it in the same parameter: a stream a parameter keeps all others as
 * they are when a layer is added.
 */
export function initialize(
  data: Float32Array,
  { rows, cols, ld }: Extent,
  spec: InitSpec,
  around: Surroundings,
  random: Random,
): void {
  const next = sampler(distribution(spec, around), random);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) data[i * ld + j] = next();
  }
}

/** The distribution of a description, in the order of operations in which PyTorch works its numbers out. */
export function distribution(spec: InitSpec, around: Surroundings): Distribution {
  const { fanIn, fanOut } = around;
  switch (spec.kind) {
    case "torchDefault":
      return symmetric(1 / Math.sqrt(fanIn));
    case "heNormal":
      return centred(gain(spec, around) / Math.sqrt(spec.mode === "fanIn" ? fanIn : fanOut));
    case "heUniform":
      return symmetric(
        Math.sqrt(3) * (gain(spec, around) / Math.sqrt(spec.mode === "fanIn" ? fanIn : fanOut)),
      );
    case "glorotNormal":
      return centred(spec.gain * Math.sqrt(2 / (fanIn + fanOut)));
    case "glorotUniform":
      return symmetric(Math.sqrt(3) * (spec.gain * Math.sqrt(2 / (fanIn + fanOut))));
    case "lecunNormal":
      return centred(1 / Math.sqrt(fanIn));
    case "lecunUniform":
      return symmetric(Math.sqrt(3) * (1 / Math.sqrt(fanIn)));
    case "byActivation":
      return distribution(chosen(around.activation), around);
    default:
      return spec;
  }
}

function symmetric(bound: number): Distribution {
  return { kind: "uniform", low: -bound, high: bound };
}

function centred(std: number): Distribution {
  return { kind: "normal", mean: 0, std };
}

/** Reasons are with `byActivation`. */
function chosen(activation: string | undefined): InitSpec {
  if (activation === undefined || GLOROT.includes(activation)) return { kind: "glorotUniform", gain: 1 };
  return activation === "selu" ? { kind: "lecunNormal" } : { kind: "heNormal", mode: "fanIn" };
}

const GLOROT: readonly string[] = ["tanh", "sigmoid", "softmax"];

/** PyTorch's calculate_gain; where that has none, the gain of relu. */
function gain(
  spec: Extract<InitSpec, { kind: "heNormal" | "heUniform" }>,
  { activation, slope }: Surroundings,
): number {
  const [name, a = 0] =
    spec.activation === undefined ? [activation, slope] : [spec.activation, spec.negativeSlope];
  if (name === "linear" || name === "sigmoid") return 1;
  if (name === "tanh") return 5 / 3;
  if (name === "selu") return 3 / 4;
  return Math.sqrt(2 / (1 + (name === "leakyRelu" ? a * a : 0)));
}

/** Gives one value after another. */
function sampler(from: Distribution, random: Random): () => number {
  switch (from.kind) {
    case "constant":
      return () => from.value;
    case "uniform": {
      const { low, high } = from;
      // the first is rounded once. The second is never above high: the product lies below high − low by more than the roundings
      if (low === -high) return () => (2 * random.uniform() - 1) * high;
      return () => low + (high - low) * random.uniform();
    }
    case "normal": {
      const next = standardNormal(random);
      return () => from.mean + from.std * next();
    }
    case "truncatedNormal":
      return truncated(from, random);
  }
}

/**
 * N(0, 1) by Marsaglia's polar method: a point (x, y) of the unit disc at the distance √s gives x·√(−2·ln s / s) and the same
 * of y. s is exact: x and y are multiples of 2⁻²³.
 */
function standardNormal(random: Random): () => number {
  let spare = Number.NaN;
  return () => {
    const kept = spare;
    spare = Number.NaN;
    if (!Number.isNaN(kept)) return kept;
    for (;;) {
      const x = 2 * random.uniform() - 1;
      const y = 2 * random.uniform() - 1;
      const s = x * x + y * y;
      if (s === 0 || s >= 1) continue;
      const factor = Math.sqrt((-2 * ln(s)) / s);
      spare = y * factor;
      return x * factor;
    }
  };
}

/**
 * N(mean, std²) between bounds, by rejection: z is uniform between them, in units of std, and is taken with the probability
 * e^(−(z² − p²)/2) against a number of 32 random bits, p being the place of the highest density. So nothing is ever taken where
 * the density is below 2⁻³² of the highest, and there the bounds are cut: at √(p² + 64·ln 2). Then one in 25 is taken at
 * least, whatever the bounds.
 */
function truncated(
  { mean, std, low, high }: Extract<Distribution, { kind: "truncatedNormal" }>,
  random: Random,
): () => number {
  const [a, b] = [(low - mean) / std, (high - mean) / std];
  const p = Math.max(a, Math.min(0, b));
  const cut = Math.sqrt(p * p + 64 * Math.LN2);
  const first = Math.max(a, -cut);
  const width = Math.min(b, cut) - first;
  return () => {
    for (;;) {
      const z = first + width * random.uniform();
      if (2 * ln((random.word() + 1) / 2 ** 32) > p * p - z * z) continue;
      return Math.max(low, Math.min(high, mean + std * z));
    }
  };
}
