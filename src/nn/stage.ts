// What the lowering of every kind of layer works with: a layer made ready, what flows between layers, and what a forward pass
// leaves for the backward pass. Emits nothing.

import type { LayerSpec } from "../base/spec.ts";
import { leadingDimension, type Plan, type Region, type Tensor } from "../memory/plan.ts";
import type { Builder } from "../program/builder.ts";
import type { Holding } from "./params.ts";

/** One lowered step of the forward pass: a layer, or a dense layer with the relu behind it. */
export interface Stage<S extends LayerSpec = LayerSpec> {
  readonly spec: S;
  /** of the (first) layer, which names it */
  readonly path: string;
  /** counts all layers, those in blocks too; what chance goes by */
  readonly number: number;
  readonly holding: Holding;
  /** of a residual block */
  readonly inner: readonly Stage[];
  /** it has a parameter that is trained, or one of its inner stages does */
  readonly trained: boolean;
  /** dense: the relu behind it is done by sgemm */
  readonly fusedRelu: boolean;
  /** width of the output */
  readonly width: number;
}

/** What comes out of a stage, in either direction. */
export interface Flow {
  readonly tensor: Tensor;
  /** nobody needs it any more: what takes it may overwrite it */
  readonly free: boolean;
}

/** What a stage did: what its backward pass has to go on. */
export interface Trace<S extends LayerSpec = LayerSpec> {
  readonly stage: Stage<S>;
  readonly input: Tensor;
  readonly output: Tensor;
  /** whether nobody needs the output but the next stage */
  readonly free: boolean;
  /** statistics of the batch, or of its rows */
  readonly saved: readonly Tensor[];
  /** of a residual block */
  readonly inner: readonly Trace[];
}

/** Where records go, and what they are for. */
export interface Context {
  readonly b: Builder;
  readonly plan: Plan;
  readonly region: Region;
  /** drops, and normalises by the batch; else as in evaluation */
  readonly training: boolean;
  /** a stage may take the place of its input where that is free */
  readonly overwrite: boolean;
  /** gradients of parameters are added to where the hyper region says so */
  readonly adds: boolean;
  /** of the model, for chance */
  readonly seed: number;
}

/** The records of one kind of layer. */
export interface Lowering<S extends LayerSpec> {
  /** Emits y from x; returns y, and what else the backward pass needs. */
  forward(
    c: Context,
    stage: Stage<S>,
    x: Flow,
  ): { y: Flow; saved?: readonly Tensor[]; inner?: readonly Trace[] };
  /** Emits the gradients of the stage's parameters, and, where it is wanted, dx, which it returns. */
  backward(c: Context, trace: Trace<S>, dy: Flow, wantsDx: boolean): Flow | undefined;
  /** Emits what moves running statistics, of a layer that keeps some. */
  moveStatistics?(b: Builder, trace: Trace<S>): void;
}

/** A [batch, cols] matrix in the plan. */
export function batchMatrix(plan: Plan, region: Region, name: string, rows: number, cols: number): Tensor {
  return plan.tensor(region, name, rows, cols, { ld: leadingDimension(cols), batch: true });
}

/** A place for the output of a stage that works element by element: its input's, where that is free. */
export function outputOf(
  { plan, region, overwrite }: Context,
  stage: Stage,
  x: Flow,
  inPlace: boolean,
): Tensor {
  if (inPlace && x.free && overwrite) return x.tensor;
  return batchMatrix(plan, region, `${stage.path}.${stage.spec.kind}`, x.tensor.rows, stage.width);
}

/** The same for its gradient: that of the output's, where nobody else needs it. */
export function gradientOf({ plan }: Context, { stage }: Trace, dy: Flow): Tensor {
  if (dy.free) return dy.tensor;
  return batchMatrix(
    plan,
    "activations",
    `d${stage.path}.${stage.spec.kind}`,
    dy.tensor.rows,
    dy.tensor.cols,
  );
}
