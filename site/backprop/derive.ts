// The gradient of one weight, written out as the text does: a product along every path from it to an output, the sum over the paths,
// the mean over the rows. Products and sums in f64 of the model's f32 numbers; no forward pass of its own.

import { T } from "./batch.ts";
import { entry, type Snapshot } from "./lesson.ts";
import { keyOf, type Parameter, pathsFrom } from "./parameters.ts";

/** What stands in a product. Units are counted from 1. */
export type Factor =
  /** ∂ℓ/∂z_c = y_c − t_c */
  | { readonly kind: "error"; readonly unit: number; readonly value: number }
  /** ∂s/∂h = w */
  | { readonly kind: "weight"; readonly parameter: Parameter; readonly value: number }
  /** ∂h/∂s = h(1 − h) */
  | { readonly kind: "slope"; readonly layer: number; readonly unit: number; readonly value: number }
  /** ∂s/∂w: what the weight is multiplied by; of layer 0 an input */
  | { readonly kind: "input"; readonly layer: number; readonly unit: number; readonly value: number }
  /** ∂s/∂b */
  | { readonly kind: "one"; readonly value: 1 };

export interface Path {
  /** from the unit that the weight goes to up to an output */
  readonly units: readonly number[];
  readonly factors: readonly Factor[];
  readonly product: number;
}

export interface Derivation {
  /** of the row that is shown */
  readonly paths: readonly Path[];
  /** ∂ℓ_r/∂w of every row */
  readonly parts: readonly number[];
  /** ∂E/∂w */
  readonly mean: number;
}

export function derive(snapshot: Snapshot, parameter: Parameter, row: number): Derivation {
  const parts = snapshot.x.map((_, r) => sum(pathsOf(snapshot, parameter, r).map(({ product }) => product)));
  return { paths: pathsOf(snapshot, parameter, row), parts, mean: sum(parts) / parts.length };
}

function pathsOf(snapshot: Snapshot, parameter: Parameter, row: number): Path[] {
  return pathsFrom(parameter).map((units) => {
    const factors = factorsOf(snapshot, parameter, units, row);
    return { units, factors, product: factors.reduce((product, { value }) => product * value, 1) };
  });
}

/** From the output back to the weight. */
function factorsOf(
  snapshot: Snapshot,
  parameter: Parameter,
  units: readonly number[],
  row: number,
): Factor[] {
  const factors: Factor[] = [];
  for (let i = units.length - 1, layer = 3; i >= 0; i--, layer--) {
    const unit = units[i] ?? 0;
    if (layer === 3) {
      const value = hidden(snapshot, 3, row, unit) - (T[row]?.[unit - 1] ?? Number.NaN);
      factors.push({ kind: "error", unit, value });
    } else {
      const next = { layer: (layer + 1) as Parameter["layer"], from: unit, to: units[i + 1] ?? 0 };
      factors.push({ kind: "weight", parameter: next, value: entry(snapshot.state, next) });
      const h = hidden(snapshot, layer, row, unit);
      factors.push({ kind: "slope", layer, unit, value: h * (1 - h) });
    }
  }
  const { layer, from } = parameter;
  if (from === 0) factors.push({ kind: "one", value: 1 });
  else
    factors.push({
      kind: "input",
      layer: layer - 1,
      unit: from,
      value: hidden(snapshot, layer - 1, row, from),
    });
  return factors;
}

/** Tells the factors of a path apart. */
export function nameOf(factor: Factor): string {
  return [
    factor.kind,
    "layer" in factor ? factor.layer : "",
    factor.kind === "weight" ? keyOf(factor.parameter) : "",
  ].join(" ");
}

/** x, h1, h2 or y of a unit. */
export function hidden({ x, h1, h2, y }: Snapshot, layer: number, row: number, unit: number): number {
  return [x, h1, h2, y][layer]?.[row]?.[unit - 1] ?? Number.NaN;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
