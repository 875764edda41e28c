// What activations have in common: two ops, what the backward one needs, a parameter; and the records of it.

import type { ActivationSpec } from "../base/spec.ts";
import { type LayerParts, partsOfLayer } from "./parts.ts";
import { gradientOf, type Lowering, outputOf } from "./stage.ts";

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

export const pointwise: Lowering<ActivationSpec> = {
  forward(c, stage, x) {
    const { forward, saves, parameters } = activation(stage.spec);
    const y = outputOf(c, stage, x, saves === "output");
    c.b.unary(forward, x.tensor, y, parameters);
    return { y: { tensor: y, free: saves === "input" } };
  },
  backward(c, trace, dy) {
    const { backward, saves, parameters } = activation(trace.stage.spec);
    const dx = gradientOf(c, trace, dy);
    c.b.backward(backward, dy.tensor, saves === "input" ? trace.input : trace.output, dx, parameters);
    return { tensor: dx, free: true };
  },
};
