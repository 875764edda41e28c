// The records of the layers of norms.ts: batchNorm1d, layerNorm, prelu, dropout, residual. lower.ts strings them together.

import { STREAM_DROPOUT } from "../base/random.ts";
import type { LayerSpec } from "../base/spec.ts";
import type { Tensor } from "../memory/plan.ts";
import type { Affine, Chance, Statistics } from "../program/layer-records.ts";
import * as records from "../program/layer-records.ts";
import { backward, forward } from "./lower.ts";
import { type Holding, isFrozen } from "./params.ts";
import type { Of } from "./parts.ts";
import { type Context, gradientOf, type Lowering, outputOf, type Stage, type Trace } from "./stage.ts";

type Spec<K extends LayerSpec["kind"]> = Of<LayerSpec, K>;

const affine = ({ weight, bias }: Holding["values"]): Affine => ({ gamma: weight, beta: bias });

const running = ({ holding: { values } }: Stage): Statistics => ({
  mean: values.running_mean as Tensor,
  variance: values.running_var as Tensor,
});

/** Of the batch, as the forward pass kept them. */
const ofBatch = ({ saved: [mean, variance] }: Trace): Statistics => ({
  mean: mean as Tensor,
  variance: variance as Tensor,
});

/** Normalises by the batch in training, unless it is frozen: by the running statistics then, as in evaluation. */
export const batchNorm1d: Lowering<Spec<"batchNorm1d">> = {
  forward(c, stage, x) {
    const { b, plan, region } = c;
    const { eps } = stage.spec;
    const own = affine(stage.holding.values);
    if (!c.training || isFrozen(stage.spec)) {
      const y = outputOf(c, stage, x, true);
      records.normalize(b, x.tensor, y, running(stage), own, eps);
      return { y: { tensor: y, free: true } };
    }
    const row = (name: string): Tensor => plan.tensor(region, `${stage.path}.${name}`, 1, stage.width);
    const [mean, variance] = [row("mean"), row("variance")];
    const y = outputOf(c, stage, x, false);
    records.batchNorm(b, x.tensor, y, { mean, variance }, own, eps);
    return { y: { tensor: y, free: true }, saved: [mean, variance] };
  },
  backward(c, trace, dy, wantsDx) {
    const { stage, input } = trace;
    const { eps } = stage.spec;
    const { values, gradients } = stage.holding;
    const dx = wantsDx ? gradientOf(c, trace, dy) : undefined;
    if (isFrozen(stage.spec)) {
      if (dx !== undefined)
        records.normalizeBackward(c.b, dy.tensor, dx, running(stage).variance, values.weight, eps);
    } else {
      const { b, adds } = c;
      records.batchNormBackward(
        b,
        dy.tensor,
        input,
        dx,
        ofBatch(trace),
        affine(values),
        affine(gradients),
        eps,
        adds,
      );
    }
    return dx && { tensor: dx, free: true };
  },
  moveStatistics(b, trace) {
    const { spec, path } = trace.stage;
    if (isFrozen(spec)) return;
    b.label = `${path} running statistics`;
    records.batchNormStatistics(b, trace.input, ofBatch(trace), running(trace.stage), spec.momentum);
  },
};

/** γ and β before dx, which may take the place of dy. */
export const layerNorm: Lowering<Spec<"layerNorm">> = {
  forward(c, stage, x) {
    const { rows } = x.tensor;
    const name = `${stage.path}.statistics`;
    const statistics = c.plan.tensor(c.region, name, rows, 2, { batch: true });
    const y = outputOf(c, stage, x, false);
    records.layerNorm(c.b, x.tensor, y, statistics, affine(stage.holding.values), stage.spec.eps);
    return { y: { tensor: y, free: true }, saved: [statistics] };
  },
  backward(c, trace, dy, wantsDx) {
    const { b, adds } = c;
    const { stage, input, saved } = trace;
    const { values, gradients } = stage.holding;
    const statistics = saved[0] as Tensor;
    if (gradients.weight !== undefined) {
      records.layerNormParameters(b, dy.tensor, input, statistics, affine(gradients), adds);
    }
    if (!wantsDx) return undefined;
    const dx = gradientOf(c, trace, dy);
    records.layerNormBackward(b, dy.tensor, input, dx, statistics, values.weight);
    return { tensor: dx, free: true };
  },
};

/** The gradient of a slope that all columns share is summed by column first. */
export const prelu: Lowering<Spec<"prelu">> = {
  forward(c, stage, x) {
    const y = outputOf(c, stage, x, false);
    records.prelu(c.b, x.tensor, y, stage.holding.values.weight as Tensor);
    return { y: { tensor: y, free: true } };
  },
  backward(c, trace, dy, wantsDx) {
    const { b, plan, adds } = c;
    const { stage, input } = trace;
    const slope = stage.holding.values.weight as Tensor;
    const dslope = stage.holding.gradients.weight;
    if (dslope !== undefined && slope.cols === stage.width)
      records.preluSlope(b, dy.tensor, input, dslope, adds);
    else if (dslope !== undefined) {
      const sums = plan.tensor("activations", `d${stage.path}.slopes`, stage.width, 1);
      records.preluSlope(b, dy.tensor, input, sums);
      b.columnSums(sums, dslope, { add: adds });
    }
    if (!wantsDx) return undefined;
    const dx = gradientOf(c, trace, dy);
    records.preluBackward(b, dy.tensor, input, dx, slope);
    return { tensor: dx, free: true };
  },
};

/** Drops in training alone, and nothing where p is 0: then its input is its output. */
export const dropout: Lowering<Spec<"dropout">> = {
  forward(c, stage, x) {
    if (!c.training || stage.spec.p === 0) return { y: x };
    const y = outputOf(c, stage, x, true);
    records.dropout(c.b, x.tensor, y, chance(c, stage));
    return { y: { tensor: y, free: true } };
  },
  backward(c, trace, dy) {
    if (trace.stage.spec.p === 0) return dy;
    const dx = gradientOf(c, trace, dy);
    records.dropout(c.b, dy.tensor, dx, chance(c, trace.stage));
    return { tensor: dx, free: true };
  },
};

const chance = ({ seed }: Context, { number, spec }: Stage<Spec<"dropout">>): Chance => ({
  seed,
  stream: STREAM_DROPOUT + 256 * number,
  p: spec.p,
});

/** y = x + f(x): x and dy stay whole until they are added. */
export const residual: Lowering<Spec<"residual">> = {
  forward(c, stage, x) {
    const inner = forward(c, stage.inner, { ...x, free: false });
    const { output: fx, free } = inner.at(-1) as Trace;
    c.b.label = `${stage.path} residual`;
    const y = outputOf(c, stage, { tensor: fx, free }, true);
    records.add(c.b, x.tensor, fx, y);
    return { y: { tensor: y, free: true }, inner };
  },
  backward(c, trace, dy, wantsDx) {
    const inner = backward(c, trace.inner, { ...dy, free: false }, wantsDx);
    if (!wantsDx || inner === undefined) return undefined;
    c.b.label = `${trace.stage.path} residual backward`;
    const dx = gradientOf(c, trace, inner);
    records.add(c.b, dy.tensor, inner.tensor, dx);
    return { tensor: dx, free: true };
  },
};
