// Draws the initial values of a parameter, by what the kind of their description brings along. The
// same seed gives the same bits on every engine.

import type { Random } from "../base/random.ts";
import type { InitSpec } from "../base/spec.ts";
import { type InitParts, partsOfInit } from "./parts.ts";

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

/** U(low, high), one value after another. */
export function uniformly(low: number, high: number, random: Random): () => number {
  // the first is rounded once. The second is never above high: the product lies below high − low by more than the roundings
  if (low === -high) return () => (2 * random.uniform() - 1) * high;
  return () => low + (high - low) * random.uniform();
}
