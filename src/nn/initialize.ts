// Draws the initial values of a parameter, by what the kind of their description brings along: the samplers stand here too. The
// same seed gives the same bits on every engine.

import { ln } from "../base/math.ts";
import type { Random } from "../base/random.ts";
import type { InitSpec } from "../base/spec.ts";
import { type InitParts, type Of, partsOfInit } from "./parts.ts";

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
  const own = distribution(spec, around);
  const next = (partsOfInit(own) as Required<InitParts>).sampler(own, random);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) data[i * ld + j] = next();
  }
}

/** What a description comes to: one that says all by itself. */
export function distribution(spec: InitSpec, around: Surroundings): InitSpec {
  return partsOfInit(spec).resolve?.(spec, around) ?? spec;
}

/** PyTorch's calculate_gain; where that has none, the gain of relu. */
export function gain(
  spec: Of<InitSpec, "heNormal" | "heUniform">,
  { activation, slope }: Surroundings,
): number {
  const [name, a = 0] =
    spec.activation === undefined ? [activation, slope] : [spec.activation, spec.negativeSlope];
  if (name === "linear" || name === "sigmoid") return 1;
  if (name === "tanh") return 5 / 3;
  if (name === "selu") return 3 / 4;
  return Math.sqrt(2 / (1 + (name === "leakyRelu" ? a * a : 0)));
}

/** U(low, high), one value after another. */
export function uniformly(low: number, high: number, random: Random): () => number {
  // the first is rounded once. The second is never above high: the product lies below high − low by more than the roundings
  if (low === -high) return () => (2 * random.uniform() - 1) * high;
  return () => low + (high - low) * random.uniform();
}

/**
 * N(0, 1) by Marsaglia's polar method: a point (x, y) of the unit disc at the distance √s gives x·√(−2·ln s / s) and the same
 * of y. s is exact: x and y are multiples of 2⁻²³.
 */
export function standardNormal(random: Random): () => number {
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
export function truncated(
  { mean, std, low, high }: Of<InitSpec, "truncatedNormal">,
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
