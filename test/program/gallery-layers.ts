// A program of the ops of norms, prelu, dropout and residual blocks, forward and all the way back; laid by hand, as gallery.ts.

import * as abi from "../../src/base/abi.ts";
import { Arena } from "../../src/memory/arena.ts";
import { leadingDimension, Plan, type Tensor } from "../../src/memory/plan.ts";
import { Builder } from "../../src/program/builder.ts";
import * as records from "../../src/program/layer-records.ts";
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
  records.batchNorm(b, x, normal, ofBatch, affine, 1e-5);
  const dropped = matrix("dropped");
  records.dropout(b, normal, dropped, chance);
  const leaky = matrix("leaky");
  records.prelu(b, dropped, leaky, one);
  const layered = matrix("layer normal");
  records.layerNorm(b, leaky, layered, statistics, affine, 1e-5);
  const leakier = matrix("leakier");
  records.prelu(b, layered, leakier, each);
  const y = matrix("sum");
  records.add(b, dropped, leakier, y);
  records.normalize(b, y, y, running, affine, 1e-5);
  records.batchNormStatistics(b, x, ofBatch, running, 0.1);

  const grads = { gamma: row("dgamma", false), beta: row("dbeta", false) };
  const dy = matrix("dy");
  records.normalizeBackward(b, y, dy, running.variance, affine.gamma, 1e-5);
  records.preluSlope(b, dy, layered, row("dslopes"), true);
  const dx = matrix("dx");
  records.preluBackward(b, dy, layered, dx, each);
  records.layerNormParameters(b, dx, leaky, statistics, grads);
  records.layerNormBackward(b, dx, leaky, dx, statistics, affine.gamma);
  records.preluBackward(b, dx, dropped, dx, one);
  records.add(b, dx, dy, dx);
  records.dropout(b, dx, dx, chance);
  const others = { gamma: row("dgamma 2", false), beta: row("dbeta 2", false) };
  records.batchNormBackward(b, dx, x, dx, ofBatch, affine, others, 1e-5);

  const room = plan.tensor("program", "program", b.length, abi.RECORD_BYTES / 4, { given: true });
  return new Program(new Arena(core, plan.layout().total), b, room, hyper);
}
