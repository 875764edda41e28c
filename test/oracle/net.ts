// A dense net with softmax cross entropy in f64, forward and backward by hand; oracle.test.ts holds its gradients
// against central differences. Imports nothing from src/.

import { gemm } from "./gemm.ts";
import { relu, reluBackward, sigmoid, sigmoidBackward } from "./pointwise.ts";
import { columnSums, softmaxCrossEntropy } from "./rows.ts";

export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs, outputs], row-major */
  readonly w: Float64Array;
  readonly b: Float64Array;
  readonly activation: "relu" | "sigmoid" | "none";
}

export interface Step {
  /** mean loss of the rows */
  loss: number;
  /** output of each layer, and before its activation */
  y: Float64Array[];
  z: Float64Array[];
  dw: Float64Array[];
  db: Float64Array[];
}

const FORWARD = { relu, sigmoid, none: (x: number): number => x };
const BACKWARD = { relu: reluBackward, sigmoid: sigmoidBackward, none: (dy: number): number => dy };

/** Mean softmax cross entropy of x [rows, inputs] under class ids t, and its gradients. */
export function step(layers: readonly Layer[], x: Float64Array, t: ArrayLike<number>): Step {
  const rows = t.length;
  const z: Float64Array[] = [];
  const y: Float64Array[] = [];
  for (const [i, layer] of layers.entries()) {
    const { inputs: k, outputs: n, w, b } = layer;
    const a = { data: i === 0 ? x : (y[i - 1] as Float64Array), rs: k, cs: 1 };
    const out = gemm({ m: rows, n, k, a, b: { data: w, rs: n, cs: 1 }, bias: b }).value;
    z.push(out);
    y.push(out.map(FORWARD[layer.activation]));
  }

  const classes = layers.at(-1)?.outputs as number;
  const logits = y.at(-1) as Float64Array;
  let loss = 0;
  let dy = new Float64Array(rows * classes);
  for (let i = 0; i < rows; i++) {
    const row = softmaxCrossEntropy(
      logits.subarray(i * classes, (i + 1) * classes),
      t[i] as number,
      1 / rows,
    );
    loss += row.loss / rows;
    dy.set(row.gradient, i * classes);
  }

  const dw: Float64Array[] = [];
  const db: Float64Array[] = [];
  for (let i = layers.length - 1; i >= 0; i--) {
    const { inputs: k, outputs: n, w, activation } = layers[i] as Layer;
    const out = y[i] as Float64Array;
    const dz = dy.map((d, j) => BACKWARD[activation](d, out[j] as number));
    const input = i === 0 ? x : (y[i - 1] as Float64Array);
    const right = { data: dz, rs: n, cs: 1 };
    dw.unshift(gemm({ m: k, n, k: rows, a: { data: input, rs: 1, cs: k }, b: right }).value);
    db.unshift(columnSums(dz, rows, n).value);
    dy = gemm({ m: rows, n: k, k: n, a: right, b: { data: w, rs: 1, cs: n } })
      .value as Float64Array<ArrayBuffer>;
  }
  return { loss, y, z, dw, db };
}
