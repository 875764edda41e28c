// The records of a dense layer, with those of a relu behind it.

import { OP_RELU_BACKWARD } from "../base/abi.ts";
import type { LayerSpec } from "../base/spec.ts";
import { PACKED_ROWS, wholeTiles } from "../base/tile.ts";
import type { Plan, Tensor } from "../memory/plan.ts";
import type { Builder, Right } from "../program/builder.ts";
import type { Of } from "./parts.ts";
import { batchMatrix, gradientOf, type Lowering } from "./stage.ts";

/** B, or its transpose, as a product with m rows takes it: in place, or packed. */
export function right(b: Builder, plan: Plan, m: number, matrix: Tensor, transpose: boolean): Right {
  if (!transpose && m < PACKED_ROWS) return b.inPlace(matrix);
  const [k, n] = transpose ? [matrix.cols, matrix.rows] : [matrix.rows, matrix.cols];
  const name = `${matrix.name} ${transpose ? "turned" : "packed"}`;
  const room = plan.tensor("scratch", name, 1, wholeTiles(b.tile, n) * k, { group: "packed" });
  return b.pack(matrix, transpose, room);
}

/** dX before dW: what is transposed is packed first. */
export const dense: Lowering<Of<LayerSpec, "dense">> = {
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
