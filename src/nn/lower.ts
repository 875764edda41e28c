// Layers to records: the forward pass, the backward pass in reverse order, and the loss. Emits through the
// builder; allocates only by declaring tensors in the plan.

import {
  OP_RELU_BACKWARD,
  OP_RELU_FORWARD,
  OP_SIGMOID_BACKWARD,
  OP_SIGMOID_FORWARD,
  OP_SOFTMAX_FORWARD,
  TILE_N,
} from "../base/abi.ts";
import type { LayerSpec, LossSpec } from "../base/spec.ts";
import { leadingDimension, type Plan, type Region, type Tensor } from "../memory/plan.ts";
import type { Builder, Packed } from "../program/builder.ts";

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
  readonly params: DenseParams | undefined;
  /** dense: the relu behind it is done by sgemm */
  readonly fusedRelu: boolean;
  /** width of the output */
  readonly width: number;
}

/** Joins each dense layer with a relu directly behind it; the last layer's output stays a matrix of its own. */
export function stages(
  layers: readonly LayerSpec[],
  input: number,
  params: ReadonlyMap<number, DenseParams>,
): Stage[] {
  const result: Stage[] = [];
  let width = input;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i] as LayerSpec;
    const index = i;
    if (layer.kind === "dense") width = layer.units;
    const fusedRelu = layer.kind === "dense" && layers[i + 1]?.kind === "relu";
    if (fusedRelu) i++;
    result.push({ kind: layer.kind, index, params: params.get(index), fusedRelu, width });
  }
  return result;
}

const ACTIVATION = {
  relu: { forward: OP_RELU_FORWARD, backward: OP_RELU_BACKWARD },
  sigmoid: { forward: OP_SIGMOID_FORWARD, backward: OP_SIGMOID_BACKWARD },
} as const;

/** A [batch, cols] matrix in the plan. */
export function batchMatrix(plan: Plan, region: Region, name: string, rows: number, cols: number): Tensor {
  return plan.tensor(region, name, rows, cols, { ld: leadingDimension(cols), batch: true });
}

/** Room for op(B) packed, [k, n]. */
export function panels(
  plan: Plan,
  region: Region,
  name: string,
  k: number,
  n: number,
  group?: string,
): Tensor {
  const options = group === undefined ? {} : { group };
  return plan.tensor(region, name, 1, Math.ceil(n / TILE_N) * TILE_N * k, options);
}

/**
 * Emits the forward pass from x and returns the output of every stage.
 *
 * @param packed  each dense stage's weights, packed: emitted here when a function is given, beforehand otherwise
 */
export function forward(
  b: Builder,
  plan: Plan,
  region: Region,
  list: readonly Stage[],
  x: Tensor,
  packed: (stage: Stage) => Packed,
): Tensor[] {
  const outputs: Tensor[] = [];
  let input = x;
  for (const [i, stage] of list.entries()) {
    b.label = `${stage.index} ${stage.kind}`;
    // an activation behind a dense layer overwrites it: backward needs the activation's output alone
    const before = list[i - 1];
    const inPlace = stage.params === undefined && before?.params !== undefined && !before.fusedRelu;
    const y = inPlace
      ? input
      : batchMatrix(plan, region, `${stage.index}.${stage.kind}`, x.rows, stage.width);
    if (stage.params !== undefined) {
      b.sgemm(input, packed(stage), y, { bias: stage.params.bias, relu: stage.fusedRelu });
    } else if (stage.kind !== "dense") {
      b.unary(ACTIVATION[stage.kind].forward, input, y);
    }
    outputs.push(y);
    input = y;
  }
  return outputs;
}

/**
 * Emits the backward pass from dz, the gradient of the last output, down to every parameter's gradient.
 * dX before dW; the first stage that has parameters needs no dX, nor does anything before it.
 */
export function backward(
  b: Builder,
  plan: Plan,
  list: readonly Stage[],
  x: Tensor,
  outputs: readonly Tensor[],
  dz: Tensor,
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
      if (stage.kind !== "dense") b.backward(ACTIVATION[stage.kind].backward, dy, y, dy);
      continue;
    }
    const { weight, dWeight, dBias } = stage.params;
    let dx: Tensor | undefined;
    if (i > firstDense) {
      dx = batchMatrix(plan, "activations", `d${stage.index}.input`, x.rows, input.cols);
      const turned = b.pack(
        weight,
        true,
        panels(plan, "scratch", `${stage.index}.weight turned`, weight.cols, weight.rows, "packed"),
      );
      b.sgemm(dy, turned, dx);
    }
    const packedDy = b.pack(
      dy,
      false,
      panels(plan, "scratch", `d${stage.index} packed`, dy.rows, dy.cols, "packed"),
    );
    b.sgemm(input, packedDy, dWeight, { transposeA: true });
    b.columnSums(dy, dBias);
    if (dx !== undefined) dy = dx;
  }
}

/** Where the loss of a batch is written. */
export interface LossTensors {
  readonly target: Tensor;
  readonly dz: Tensor;
  readonly rowLoss: Tensor;
  readonly hit: Tensor;
}

/** Declares what the loss of `logits` needs. Targets are given when the host writes them itself. */
export function lossTensors(plan: Plan, region: Region, logits: Tensor, givenTargets: boolean): LossTensors {
  const column = (name: string, given = false): Tensor =>
    plan.tensor(region, name, logits.rows, 1, { batch: true, given });
  return {
    target: column("target", givenTargets),
    dz: batchMatrix(plan, region, "dlogits", logits.rows, logits.cols),
    rowLoss: column("row loss"),
    hit: column("hit"),
  };
}

/** Emits loss, gradient of the logits, and the sums of both results. */
export function loss(b: Builder, spec: LossSpec, logits: Tensor, t: LossTensors, result: Tensor): void {
  b.label = spec.kind;
  b.softmaxCrossEntropy(logits, t.target, t.dz, t.rowLoss, t.hit);
  b.lossSum(t.rowLoss, t.hit, result);
}

/** Emits the link that `predict` applies: the probabilities that the loss implies. */
export function link(b: Builder, spec: LossSpec, logits: Tensor, out: Tensor): void {
  b.label = `${spec.kind} link`;
  b.unary(OP_SOFTMAX_FORWARD, logits, out);
}
