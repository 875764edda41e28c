// Layers to records: the forward pass, and the backward pass in reverse order, by what each layer's kind brings along; the loss
// between them is criterion.ts. Emits through the builder; allocates only by declaring tensors in the plan.

import type { Builder } from "../program/builder.ts";
import { type Holding, isTrained, type Placed } from "./params.ts";
import { partsOfLayer } from "./parts.ts";
import type { Context, Flow, Stage, Trace } from "./stage.ts";

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
