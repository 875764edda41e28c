// Layers to records: the forward pass, and the backward pass in reverse order; the loss between them is criterion.ts.
// Emits through the builder; allocates only by declaring tensors in the plan.

import { OP_RELU_BACKWARD } from "../base/abi.ts";
import type { LayerSpec } from "../base/spec.ts";
import { PACKED_ROWS, wholeTiles } from "../base/tile.ts";
import { leadingDimension, type Plan, type Region, type Tensor } from "../memory/plan.ts";
import type { Builder, Right } from "../program/builder.ts";
import { type Activation, activation } from "./activations.ts";

/** A dense layer's parameters and their gradients. */
export interface DenseParams {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly dWeight: Tensor;
  readonly dBias: Tensor;
}

/** One lowered step of the forward pass: a layer, or a dense layer with the relu behind it. */
export interface Stage {
  readonly kind: LayerSpec["kind"];
  /** index of the (first) layer, which names it */
  readonly index: number;
  /** of a dense layer */
  readonly params: DenseParams | undefined;
  /** of any other */
  readonly activation: Activation | undefined;
  /** dense: the relu behind it is done by sgemm */
  readonly fusedRelu: boolean;
  /** width of the output */
  readonly width: number;
}

/** @param fuse  joins each dense layer with a relu directly behind it */
export function stages(
  layers: readonly LayerSpec[],
  input: number,
  params: ReadonlyMap<number, DenseParams>,
  fuse = true,
): Stage[] {
  const result: Stage[] = [];
  let width = input;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i] as LayerSpec;
    const index = i;
    const { kind } = layer;
    if (kind === "dense") width = layer.units;
    const fusedRelu = fuse && kind === "dense" && layers[i + 1]?.kind === "relu";
    if (fusedRelu) i++;
    result.push({
      kind,
      index,
      params: params.get(index),
      activation: kind === "dense" ? undefined : activation(layer),
      fusedRelu,
      width,
    });
  }
  return result;
}

/** A [batch, cols] matrix in the plan. */
export function batchMatrix(plan: Plan, region: Region, name: string, rows: number, cols: number): Tensor {
  return plan.tensor(region, name, rows, cols, { ld: leadingDimension(cols), batch: true });
}

/** B, or its transpose, as a product with m rows takes it: in place, or packed. */
export function right(b: Builder, plan: Plan, m: number, matrix: Tensor, transpose: boolean): Right {
  if (!transpose && m < PACKED_ROWS) return b.inPlace(matrix);
  const [k, n] = transpose ? [matrix.cols, matrix.rows] : [matrix.rows, matrix.cols];
  const name = `${matrix.name} ${transpose ? "turned" : "packed"}`;
  const room = plan.tensor("scratch", name, 1, wholeTiles(b.tile, n) * k, { group: "packed" });
  return b.pack(matrix, transpose, room);
}

/**
 * Emits the forward pass from x and returns the output of every stage.
 *
 * @param overwrite  lets an activation take the place of the dense output before it, where its backward allows
 */
export function forward(
  b: Builder,
  plan: Plan,
  region: Region,
  list: readonly Stage[],
  x: Tensor,
  overwrite = true,
): Tensor[] {
  const outputs: Tensor[] = [];
  let input = x;
  for (const [i, stage] of list.entries()) {
    b.label = `${stage.index} ${stage.kind}`;
    const before = list[i - 1];
    const inPlace =
      overwrite && stage.activation?.saves === "output" && before?.params !== undefined && !before.fusedRelu;
    const y = inPlace
      ? input
      : batchMatrix(plan, region, `${stage.index}.${stage.kind}`, x.rows, stage.width);
    if (stage.params !== undefined) {
      const { weight, bias } = stage.params;
      b.sgemm(input, right(b, plan, x.rows, weight, false), y, { bias, relu: stage.fusedRelu });
    } else {
      const { forward, parameters } = stage.activation as Activation;
      b.unary(forward, input, y, parameters);
    }
    outputs.push(y);
    input = y;
  }
  return outputs;
}

/**
 * Emits the backward pass from dz, the gradient of the last output, down to every parameter's gradient.
 * dX before dW; the first stage that has parameters needs no dX, nor does anything before it.
 *
 * @param add  gradients of parameters are added to those that stand there, in runs that say so
 */
export function backward(
  b: Builder,
  plan: Plan,
  list: readonly Stage[],
  x: Tensor,
  outputs: readonly Tensor[],
  dz: Tensor,
  add = false,
): void {
  const firstDense = list.findIndex((stage) => stage.params !== undefined);
  let dy = dz;
  for (let i = list.length - 1; i >= firstDense; i--) {
    const stage = list[i] as Stage;
    const y = outputs[i] as Tensor;
    const input = i === 0 ? x : (outputs[i - 1] as Tensor);
    b.label = `${stage.index} ${stage.kind} backward`;
    if (stage.fusedRelu) b.backward(OP_RELU_BACKWARD, dy, y, dy);
    if (stage.params === undefined) {
      const { backward, saves, parameters } = stage.activation as Activation;
      b.backward(backward, dy, saves === "input" ? input : y, dy, parameters);
      continue;
    }
    const { weight, dWeight, dBias } = stage.params;
    let dx: Tensor | undefined;
    if (i > firstDense) {
      dx = batchMatrix(plan, "activations", `d${stage.index}.input`, x.rows, input.cols);
      b.sgemm(dy, right(b, plan, dy.rows, weight, true), dx);
    }
    b.sgemm(input, right(b, plan, input.cols, dy, false), dWeight, { transposeA: true, add });
    b.columnSums(dy, dBias, { add });
    if (dx !== undefined) dy = dx;
  }
}
