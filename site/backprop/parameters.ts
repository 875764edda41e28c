// The 39 weights and biases of the net 3-4-3-2: their names, places in a state dict, words and addresses, and the paths that lead on.

import type { Field } from "../shared/url.ts";
import { INPUT_NAMES, OUTPUT_NAMES } from "./batch.ts";

/** Units of the inputs, both hidden layers and the outputs. */
export const SIZES = [3, 4, 3, 2] as const;
export const LAYERS = [1, 2, 3] as const;

export interface Parameter {
  /** of the weight matrix, from 1: W1 leads from the inputs to the first hidden layer */
  readonly layer: (typeof LAYERS)[number];
  /** the unit it comes from, counted from 1; 0 for a bias */
  readonly from: number;
  /** the unit it goes to, counted from 1 */
  readonly to: number;
}

/** Layer by layer, unit by unit that they go to, its bias last. */
export const PARAMETERS: readonly Parameter[] = LAYERS.flatMap((layer) =>
  upTo(SIZES[layer]).flatMap((to) => [...upTo(sizeOf(layer - 1)), 0].map((from) => ({ layer, from, to }))),
);

/** `w3-3-2` from the third unit to the second output, `b1-4` */
export const parameterField: Field<Parameter> = {
  read: (text) => PARAMETERS.find((parameter) => keyOf(parameter) === text),
  write: keyOf,
  expects: "a weight such as w3-3-2 or a bias such as b1-4",
};

export function keyOf({ layer, from, to }: Parameter): string {
  return from === 0 ? `b${layer}-${to}` : `w${layer}-${from}-${to}`;
}

export function isSame(a: Parameter, b: Parameter): boolean {
  return keyOf(a) === keyOf(b);
}

/** The one of that layer nearest to it. */
export function inLayer({ from, to }: Parameter, layer: Parameter["layer"]): Parameter {
  return { layer, from: Math.min(from, sizeOf(layer - 1)), to: Math.min(to, SIZES[layer]) };
}

/** Where it stands in a state dict, whose weights are `[out, in]`. */
export function placeOf({ layer, from, to }: Parameter): { tensor: string; index: number } {
  const dense = 2 * (layer - 1);
  return from === 0
    ? { tensor: `${dense}.bias`, index: to - 1 }
    : { tensor: `${dense}.weight`, index: (to - 1) * sizeOf(layer - 1) + from - 1 };
}

/** The units it reaches, from the one it goes to up to an output: one list a path. */
export function pathsFrom({ layer, to }: Parameter): number[][] {
  let paths = [[to]];
  for (const next of LAYERS.filter((later) => later > layer))
    paths = paths.flatMap((path) => upTo(SIZES[next]).map((unit) => [...path, unit]));
  return paths;
}

/** From unit 3 of the second hidden layer to output 2, light. */
export function inWords({ layer, from, to }: Parameter): string {
  const goal = unitInWords(layer, to);
  return from === 0 ? `Bias of ${goal}` : `From ${unitInWords(layer - 1, from)} to ${goal}`;
}

/** @param layer  0 for the inputs, 3 for the outputs */
export function unitInWords(layer: number, unit: number): string {
  if (layer === 0) return `input ${unit}, ${INPUT_NAMES[unit - 1]},`;
  if (layer === 3) return `output ${unit}, ${OUTPUT_NAMES[unit - 1]}`;
  return `unit ${unit} of the ${layer === 1 ? "first" : "second"} hidden layer`;
}

export function sizeOf(layer: number): number {
  return SIZES[layer] ?? 0;
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
