// A program of the ops of norms, prelu, dropout and residual blocks, forward and all the way back; laid by hand, as gallery.ts.

import * as abi from "../../src/base/abi.ts";
import { Arena } from "../../src/memory/arena.ts";
import { leadingDimension, Plan, type Tensor } from "../../src/memory/plan.ts";
import { Builder } from "../../src/program/builder.ts";
import { Program } from "../../src/program/program.ts";
import type { Core } from "../../src/wasm/runtime.ts";

const COLS = 21;
const CAPACITY = 14;

export function layerGallery(core: Core): Program {
  const plan = new Plan();
  const matrix = (name: string): Tensor =>
    plan.tensor("activations", name, CAPACITY, COLS, { ld: leadingDimension(COLS), batch: true });
  const row = (name: string, given = true, cols = COLS): Tensor =>
    plan.tensor(given ? "params" : "activations", name, 1, cols, { given });
  const hyper = plan.tensor("hyper", "hyper", 1, abi.HYPER_BYTES / 4, { given: true });
  const b = new Builder(plan.tensor("scratch", "edge tiles", 1, abi.SGEMM_SCRATCH_BYTES / 4), core.tile);
  const x = plan.tensor("batch", "x", CAPACITY, COLS, { batch: true, given: true });

  const chance = { seed: 1, stream: 5, p: 0.5 };
  const affine = { gamma: row("gamma"), beta: row("beta") };
  const running = { mean: row("running mean"), variance: row("running variance") };
  const ofBatch = { mean: row("mean", false), variance: row("variance", false) };
  const statistics = plan.tensor("activations", "statistics", CAPACITY, 2, { batch: true });
  const [one, each] = [row("slope", true, 1), row("slopes")];

  const normal = matrix("batch normal");
  b.batchNorm(x, normal, ofBatch, affine, 1e-5);
  const dropped = matrix("dropped");
  b.dropout(normal, dropped, chance);
  const leaky = matrix("leaky");
  b.prelu(dropped, leaky, one);
  const layered = matrix("layer normal");
  b.layerNorm(leaky, layered, statistics, affine, 1e-5);
  const leakier = matrix("leakier");
  b.prelu(layered, leakier, each);
  const y = matrix("sum");
  b.add(dropped, leakier, y);
  b.normalize(y, y, running, affine, 1e-5);
  b.batchNormStatistics(x, ofBatch, running, 0.1);

  const grads = { gamma: row("dgamma", false), beta: row("dbeta", false) };
  const dy = matrix("dy");
  b.normalizeBackward(y, dy, running.variance, affine.gamma, 1e-5);
  b.preluSlope(dy, layered, row("dslopes"), true);
  const dx = matrix("dx");
  b.preluBackward(dy, layered, dx, each);
  b.layerNormParameters(dx, leaky, statistics, grads);
  b.layerNormBackward(dx, leaky, dx, statistics, affine.gamma);
  b.preluBackward(dx, dropped, dx, one);
  b.add(dx, dy, dx);
  b.dropout(dx, dx, chance);
  const others = { gamma: row("dgamma 2", false), beta: row("dbeta 2", false) };
  b.batchNormBackward(dx, x, dx, ofBatch, affine, others, 1e-5);

  const room = plan.tensor("program", "program", b.length, abi.RECORD_BYTES / 4, { given: true });
  return new Program(new Arena(core, plan.layout().total), b, room, hyper);
}
