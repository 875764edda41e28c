// Layers to records: the forward pass, and the backward pass in reverse order, by what each layer's kind brings along; the loss
// between them is criterion.ts, what norms and the like emit is lower-norms.ts. Emits through the builder; allocates only by declaring tensors in the plan.

import { OP_RELU_BACKWARD } from "../base/abi.ts";
import { STREAM_DROPOUT } from "../base/random.ts";
import type { ActivationSpec, LayerSpec } from "../base/spec.ts";
import { PACKED_ROWS, wholeTiles } from "../base/tile.ts";
import type { Plan, Tensor } from "../memory/plan.ts";
import type { Builder, Chance, Right } from "../program/builder.ts";
import { activation } from "./activations.ts";
import { type Holding, isTrained, type Placed } from "./params.ts";
import { type Of, partsOfLayer } from "./parts.ts";
import {
  batchMatrix,
  type Context,
  type Flow,
  gradientOf,
  type Lowering,
  outputOf,
  type Stage,
  type Trace,
} from "./stage.ts";

type Spec<K extends LayerSpec["kind"]> = Of<LayerSpec, K>;

/** @param fuse  joins each dense layer with a relu directly behind it */
export function stages(
  placed: readonly Placed[],
  holdings: ReadonlyMap<string, Holding>,
  fuse = true,
  counter = { number: 0 },
): Stage[] {
  const result: Stage[] = [];
  for (let i = 0; i < placed.length; i++) {
    const { spec, path, width, inner } = placed[i] as Placed;
    const number = counter.number++;
    const blocks = stages(inner, holdings, fuse, counter);
    const fusedRelu = fuse && spec.kind === "dense" && placed[i + 1]?.spec.kind === "relu";
    if (fusedRelu) {
      i++;
      counter.number++;
    }
    const holding = holdings.get(path) ?? { values: {}, gradients: {} };
    const trained = isTrained(spec) || blocks.some((stage) => stage.trained);
    result.push({ spec, path, number, holding, inner: blocks, trained, fusedRelu, width });
  }
  return result;
}

/** Emits the forward pass from x and returns what each stage did. */
export function forward(c: Context, list: readonly Stage[], x: Flow): Trace[] {
  let flow = x;
  return list.map((stage) => {
    c.b.label = `${stage.path} ${stage.spec.kind}`;
    const { y, saved = [], inner = [] } = partsOfLayer(stage.spec).lowering.forward(c, stage, flow);
    const trace = { stage, input: flow.tensor, output: y.tensor, free: y.free, saved, inner };
    flow = y;
    return trace;
  });
}

/**
 * Emits the backward pass from dy, the gradient of the last output, down to every parameter's gradient: no further than
 * to the first stage that has any, unless dx is wanted, which then is returned.
 */
export function backward(c: Context, traces: readonly Trace[], dy: Flow, wantsDx = false): Flow | undefined {
  const first = traces.findIndex(({ stage }) => stage.trained);
  const end = wantsDx ? 0 : first < 0 ? traces.length : first;
  let flow: Flow | undefined = dy;
  for (let i = traces.length - 1; i >= end && flow !== undefined; i--) {
    const trace = traces[i] as Trace;
    c.b.label = `${trace.stage.path} ${trace.stage.spec.kind} backward`;
    flow = partsOfLayer(trace.stage.spec).lowering.backward(c, trace, flow, wantsDx || i > end);
  }
  return flow;
}

/** Emits what moves running statistics, in blocks too. */
export function moveStatistics(b: Builder, traces: readonly Trace[]): void {
  for (const trace of traces) {
    moveStatistics(b, trace.inner);
    partsOfLayer(trace.stage.spec).lowering.moveStatistics?.(b, trace);
  }
}

/** B, or its transpose, as a product with m rows takes it: in place, or packed. */
export function right(b: Builder, plan: Plan, m: number, matrix: Tensor, transpose: boolean): Right {
  if (!transpose && m < PACKED_ROWS) return b.inPlace(matrix);
  const [k, n] = transpose ? [matrix.cols, matrix.rows] : [matrix.rows, matrix.cols];
  const name = `${matrix.name} ${transpose ? "turned" : "packed"}`;
  const room = plan.tensor("scratch", name, 1, wholeTiles(b.tile, n) * k, { group: "packed" });
  return b.pack(matrix, transpose, room);
}

/** dX before dW: what is transposed is packed first. */
export const dense: Lowering<Spec<"dense">> = {
  forward(c, stage, { tensor: x }) {
    const { b, plan, region } = c;
    const { weight, bias } = stage.holding.values;
    const y = batchMatrix(plan, region, `${stage.path}.dense`, x.rows, stage.width);
    const options = { relu: stage.fusedRelu, ...(bias && { bias }) };
    b.sgemm(x, right(b, plan, x.rows, weight as Tensor, false), y, options);
    // relu's backward pass needs its output
    return { y: { tensor: y, free: !stage.fusedRelu } };
  },
  backward(c, trace, flow, wantsDx) {
    const { b, plan } = c;
    const { stage, input, output } = trace;
    let dy = flow.tensor;
    if (stage.fusedRelu) {
      dy = gradientOf(c, trace, flow);
      b.backward(OP_RELU_BACKWARD, flow.tensor, output, dy);
    }
    const weight = stage.holding.values.weight as Tensor;
    const { weight: dWeight, bias: dBias } = stage.holding.gradients;
    let dx: Tensor | undefined;
    if (wantsDx) {
      dx = batchMatrix(plan, "activations", `d${stage.path}.input`, input.rows, input.cols);
      b.sgemm(dy, right(b, plan, dy.rows, weight, true), dx);
    }
    if (dWeight !== undefined) {
      b.sgemm(input, right(b, plan, input.cols, dy, false), dWeight, { transposeA: true, add: c.adds });
    }
    if (dBias !== undefined) b.columnSums(dy, dBias, { add: c.adds });
    return dx && { tensor: dx, free: true };
  },
};

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

/** Drops in training alone, and nothing where p is 0: then its input is its output. */
export const dropout: Lowering<Spec<"dropout">> = {
  forward(c, stage, x) {
    if (!c.training || stage.spec.p === 0) return { y: x };
    const y = outputOf(c, stage, x, true);
    c.b.dropout(x.tensor, y, chance(c, stage));
    return { y: { tensor: y, free: true } };
  },
  backward(c, trace, dy) {
    if (trace.stage.spec.p === 0) return dy;
    const dx = gradientOf(c, trace, dy);
    c.b.dropout(dy.tensor, dx, chance(c, trace.stage));
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
    c.b.add(x.tensor, fx, y);
    return { y: { tensor: y, free: true }, inner };
  },
  backward(c, trace, dy, wantsDx) {
    const inner = backward(c, trace.inner, { ...dy, free: false }, wantsDx);
    if (!wantsDx || inner === undefined) return undefined;
    c.b.label = `${trace.stage.path} residual backward`;
    const dx = gradientOf(c, trace, inner);
    c.b.add(dy.tensor, inner.tensor, dx);
    return { tensor: dx, free: true };
  },
};
