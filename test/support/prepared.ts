// A model with a preprocessing that is its description alone.

import type { PreprocessingSpec } from "../../src/base/spec.ts";
import type { Sequential } from "../../src/model/sequential.ts";

/** The model, which from now on says that it was trained with this preprocessing. */
export function prepared(model: Sequential, spec: PreprocessingSpec | undefined): Sequential {
  return Object.defineProperty(model, "preprocessing", { value: spec && { spec } });
}
