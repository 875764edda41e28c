// What an activation is made of: its two ops, what its backward needs, its parameter; and what it shares with all others.

import type { ActivationSpec } from "../base/spec.ts";
import { type LayerParts, partsOfLayer } from "./parts.ts";

export interface Activation {
  readonly forward: number;
  readonly backward: number;
  /** what the backward pass works from; an activation that saves its output may overwrite its input */
  readonly saves: "output" | "input";
  /** the op's f32 parameters */
  readonly parameters?: readonly number[];
}

export function activation(spec: ActivationSpec): Activation {
  return (partsOfLayer(spec) as Required<LayerParts>).activation(spec);
}
