// The records of every optimiser that keeps something, and of what prepares gradients: a part of the gallery.

import * as abi from "../../src/base/abi.ts";
import type { Plan, Region, Tensor } from "../../src/memory/plan.ts";
import type { Builder } from "../../src/program/builder.ts";

/** All have the same parameters and gradients, in turn, and what each keeps for itself. */
export function emitOptimizers(plan: Plan, builder: Builder, hyper: Tensor): void {
  const n = abi.SQUARES_BLOCK + 48;
  const run = (region: Region, name: string): Tensor => plan.tensor(region, name, 1, n, { given: true });
  const [p, g] = [run("params", "p"), run("grads", "g")];
  const kept = (name: string): Tensor => run("slots", name);
  const sums = plan.tensor("scratch", "sums of squares", 1, 6);
  const clip = plan.view(hyper, "clip", abi.HYPER_CLIP, 1, abi.CLIP_BYTES / 4, abi.CLIP_BYTES / 4);
  // as the second of two runs; the first sum is as memory begins
  builder.squareSums(run("grads", "h"), sums, 1);
  builder.clipFactor(sums, clip, 1);
  // as the record reads it: the factor alone
  const factor = plan.view(hyper, "factor", abi.HYPER_CLIP, 1, 1, 1);
  builder.prepareGradient(p, g, { clip: factor, decay: 0.01 });
  builder.update(abi.OP_MOMENTUM_STEP, [p, g, kept("b")], [1, 0.9, 0]);
  builder.update(abi.OP_ADAM_STEP, [p, g, kept("m"), kept("v")], [1, 0.1, 0.001, 1e-8, 0]);
  builder.update(abi.OP_RMSPROP_STEP, [p, g, kept("s"), kept("a"), kept("q")], [1, 0.01, 1e-8, 0.9]);
  builder.update(abi.OP_ADAGRAD_STEP, [p, g, kept("t")], [1, 1e-10]);
}
