// A model that has a preprocessing, of a description made by hand.

import type { LayerSpec, LossSpec, PreprocessingSpec } from "../../src/base/spec.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { coreOf } from "./core.ts";

/** Features of a row. */
export const featuresOf = ({ columns }: PreprocessingSpec): number =>
  columns.reduce((sum, column) => sum + (column.kind === "oneHot" ? column.categories.length : 1), 0);

export function prepared(spec: PreprocessingSpec, loss: LossSpec, layers: readonly LayerSpec[]): Sequential {
  const model = new Sequential(coreOf("simd"), { input: featuresOf(spec), loss }, layers);
  const { target } = spec;
  const classes = target?.kind === "classes" ? target.classes : undefined;
  return Object.defineProperty(model, "preprocessing", { value: { spec, classes } });
}
