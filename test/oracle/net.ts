// Nets of dense layers and activations in f64 (layers.ts has the others), forward and backward by hand: differences.test.ts holds its gradients against
// central differences, pytorch.test.ts against PyTorch. No optimiser, no batches. Imports nothing from src/.

import { gemm } from "./gemm.ts";
import { lossOf } from "./losses.ts";
import { activate, activateBackward } from "./pointwise.ts";
import { columnSums, softmax, softmaxBackward } from "./rows.ts";
import { type LayerSpec, type LossSpec, pointwise, type Targets } from "./spec.ts";

/** Parameters of a dense layer. */
export interface Params {
  /** `[out, in]`, as in a state dict */
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
}

/** Parameters by the index of their layer: `{ 0: …, 2: … }`. */
export type NetParams = Readonly<Record<number, Params>>;

export interface Run {
  /** of every layer, `[rows, width]` */
  readonly outputs: Float64Array[];
  readonly loss: number;
  /** r_i·ℓ_i */
  readonly rowLoss: Float64Array;
  /** ∂loss/∂ the last layer's output */
  readonly dlogits: Float64Array;
  /** by the names of a state dict, `"0.weight"` `[out, in]` and `"0.bias"` */
  readonly gradients: Record<string, Float64Array>;
}

/** Loss and every gradient of one batch x `[rows, inputs]`. */
export function run(
  layers: readonly LayerSpec[],
  params: NetParams,
  loss: LossSpec,
  x: ArrayLike<number>,
  rows: number,
  targets: Targets,
  rowWeight?: ArrayLike<number>,
): Run {
  const outputs = forward(layers, params, x, rows);
  const last = outputs.at(-1) as Float64Array;
  const { loss: value, rowLoss, gradient } = lossOf(loss, last, rows, targets, rowWeight);

  const gradients: Run["gradients"] = {};
  let dy = gradient;
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i] as LayerSpec;
    const input = i === 0 ? Float64Array.from(x) : (outputs[i - 1] as Float64Array);
    const output = outputs[i] as Float64Array;
    if (layer.kind === "dense") {
      const [n, k] = [layer.units, input.length / rows];
      const right = { data: input, rs: k, cs: 1 };
      const weight = { data: (params[i] as Params).weight, rs: k, cs: 1 };
      // dW = dyᵀ·x, db = dyᵀ·1, dx = dy·W
      gradients[`${i}.weight`] = gemm({
        m: n,
        n: k,
        k: rows,
        a: { data: dy, rs: 1, cs: n },
        b: right,
      }).value;
      gradients[`${i}.bias`] = columnSums(dy, rows, n).value;
      dy = gemm({ m: rows, n: k, k: n, a: { data: dy, rs: n, cs: 1 }, b: weight }).value;
    } else if (layer.kind === "softmax") {
      const n = output.length / rows;
      const d = dy;
      dy = byRows(output, rows, (y, r) => softmaxBackward(d.subarray(r * n, (r + 1) * n), y));
    } else {
      const spec = pointwise(layer);
      dy = dy.map((d, j) => activateBackward(spec, d, input[j] as number, output[j] as number));
    }
  }
  return { outputs, loss: value, rowLoss, dlogits: gradient, gradients };
}

/** The output of every layer for x `[rows, inputs]`. */
export function forward(
  layers: readonly LayerSpec[],
  params: NetParams,
  x: ArrayLike<number>,
  rows: number,
): Float64Array[] {
  const outputs: Float64Array[] = [];
  let y = Float64Array.from(x);
  for (const [i, layer] of layers.entries()) {
    if (layer.kind === "dense") {
      const { weight, bias } = params[i] as Params;
      const [n, k] = [layer.units, y.length / rows];
      y = Float64Array.from(
        gemm({
          m: rows,
          n,
          k,
          a: { data: y, rs: k, cs: 1 },
          b: { data: weight, rs: 1, cs: k },
          bias,
        }).value,
      );
    } else if (layer.kind === "softmax") y = byRows(y, rows, (row) => softmax(row).p);
    else {
      const spec = pointwise(layer);
      y = y.map((v) => activate(spec, v));
    }
    outputs.push(y);
  }
  return outputs;
}

function byRows(
  x: Float64Array,
  rows: number,
  f: (row: Float64Array, index: number) => Float64Array,
): Float64Array<ArrayBuffer> {
  const n = x.length / rows;
  const y = new Float64Array(x.length);
  for (let r = 0; r < rows; r++) y.set(f(x.subarray(r * n, (r + 1) * n), r), r * n);
  return y;
}
