// A model that has a preprocessing, of a description made by hand.

import type { LayerSpec, LossSpec, PreprocessingSpec } from "../../src/base/spec.ts";
import { preprocessingOf } from "../../src/data/prepare.ts";
import { Sequential, trainingOf } from "../../src/model/sequential.ts";
import { coreOf } from "./core.ts";

export function prepared(spec: PreprocessingSpec, loss: LossSpec, layers: readonly LayerSpec[]): Sequential {
  const { features } = preprocessingOf(spec);
  return withPreprocessing(new Sequential(coreOf("simd"), { input: features, loss }, layers), spec);
}

/** The model, as if it had been trained with this preprocessing. */
export function withPreprocessing(model: Sequential, spec: PreprocessingSpec | undefined): Sequential {
  const training = trainingOf(model);
  training.preprocessing = spec && preprocessingOf(spec);
  training.classes = training.preprocessing?.classes;
  return model;
}
