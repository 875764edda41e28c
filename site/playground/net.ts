// The net and the optimiser that the settings name.

import {
  adam,
  dense,
  gelu,
  type LayerSpec,
  leakyRelu,
  type OptimizerSpec,
  relu,
  sgd,
  sigmoid,
  silu,
  tanh,
} from "xent";
import type { Activation, Settings } from "./settings.ts";

const ACTIVATION: { readonly [K in Exclude<Activation, "none">]: () => LayerSpec } = {
  tanh,
  relu,
  sigmoid,
  gelu,
  silu,
  leakyRelu,
};

/** Hidden layers, each with its activation, and a logit for each of the two classes. */
export function layersOf({ layers, act }: Settings): LayerSpec[] {
  const behind = act === "none" ? [] : [ACTIVATION[act]()];
  return [...layers.flatMap((units) => [dense(units), ...behind]), dense(2)];
}

/** Which of `activations()` are what the hidden layers give: behind their activation, where there is one. */
export function hiddenOutputs({ layers, act }: Settings): number[] {
  const each = act === "none" ? 1 : 2;
  return layers.map((_, i) => each * (i + 1) - 1);
}

export function optimizerOf({ opt, lr, l2 }: Settings): OptimizerSpec {
  const weightDecay = l2;
  if (opt === "adam") return adam({ lr, weightDecay });
  return sgd({ lr, weightDecay, momentum: opt === "momentum" ? 0.9 : 0 });
}
