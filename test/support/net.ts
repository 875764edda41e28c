// Any net in f64 whose every number comes with a bound on what the kernels' f32 may differ from it by: the rules of
// docs/numerics.md, "A whole net", chained through forward and backward pass. Imports nothing from src/.

import type { NetParams, Params } from "../oracle/net.ts";
import { type LayerSpec, type LossSpec, pointwise, type Targets } from "../oracle/spec.ts";
import { at, type Bounded, exactArray, type Num, product, row, tabulate } from "./bounded.ts";
import { activate, activateBackward, softmax, softmaxBackward } from "./bounded-activations.ts";
import { lossOf } from "./bounded-losses.ts";

export interface BoundedRun {
  /** of every layer, `[rows, width]` */
  readonly outputs: readonly Bounded[];
  readonly loss: Num;
  /** r_i·ℓ_i */
  readonly rowLoss: Bounded;
  /** by the names of a state dict, `"0.weight"` `[out, in]` and `"0.bias"` */
  readonly gradients: Readonly<Record<string, Bounded>>;
}

/** Loss and every gradient of one batch; all numbers that go in are f32 numbers. */
export function boundedRun(
  layers: readonly LayerSpec[],
  params: NetParams,
  loss: LossSpec,
  x: ArrayLike<number>,
  rows: number,
  targets: Targets,
  rowWeight?: ArrayLike<number>,
): BoundedRun {
  const input = exactArray(x);
  const outputs = boundedForward(layers, params, input, rows);
  const result = lossOf(loss, outputs.at(-1) as Bounded, rows, targets, rowWeight);
  const gradients: Record<string, Bounded> = {};
  const first = layers.findIndex((layer) => layer.kind === "dense");
  let dy = result.gradient;
  for (let i = layers.length - 1; i >= first; i--) {
    const layer = layers[i] as LayerSpec;
    const before = i === 0 ? input : (outputs[i - 1] as Bounded);
    const after = outputs[i] as Bounded;
    if (layer.kind === "dense") {
      const [n, k] = [layer.units, before.value.length / rows];
      // dW = dyᵀ·x, db = dyᵀ·1, dx = dy·W
      const turned = { ...dy, rs: 1, cs: n };
      const ones = { ...exactArray(new Float64Array(rows).fill(1)), rs: 1, cs: 1 };
      gradients[`${i}.weight`] = product([n, rows, k], turned, { ...before, rs: k, cs: 1 });
      gradients[`${i}.bias`] = product([n, rows, 1], turned, ones);
      if (i === first) break;
      const weight = { ...exactArray((params[i] as Params).weight), rs: k, cs: 1 };
      dy = product([rows, n, k], { ...dy, rs: n, cs: 1 }, weight);
    } else if (layer.kind === "softmax") {
      const d = dy;
      dy = byRows(after, rows, (y, r, n) => softmaxBackward(row(d, r, n), y));
    } else {
      const d = dy;
      const spec = pointwise(layer);
      dy = tabulate(d.value.length, (j) => activateBackward(spec, at(d, j), at(before, j), at(after, j)));
    }
  }
  return { outputs, loss: result.loss, rowLoss: result.rowLoss, gradients };
}

/** The output of every layer for x `[rows, inputs]`. */
export function boundedForward(
  layers: readonly LayerSpec[],
  params: NetParams,
  x: Bounded,
  rows: number,
): Bounded[] {
  const outputs: Bounded[] = [];
  let y = x;
  for (const [i, layer] of layers.entries()) {
    if (layer.kind === "dense") {
      const { weight, bias } = params[i] as Params;
      const [n, k] = [layer.units, y.value.length / rows];
      y = product([rows, k, n], { ...y, rs: k, cs: 1 }, { ...exactArray(weight), rs: 1, cs: k }, bias);
    } else if (layer.kind === "softmax") y = byRows(y, rows, (z) => softmax(z).p);
    else {
      const input = y;
      const spec = pointwise(layer);
      y = tabulate(input.value.length, (j) => activate(spec, at(input, j)));
    }
    outputs.push(y);
  }
  return outputs;
}

function byRows(x: Bounded, rows: number, f: (x: Bounded, row: number, n: number) => Bounded): Bounded {
  const n = x.value.length / rows;
  const y = { value: new Float64Array(x.value.length), bound: new Float64Array(x.value.length) };
  for (let r = 0; r < rows; r++) {
    const { value, bound } = f(row(x, r, n), r, n);
    y.value.set(value, r * n);
    y.bound.set(bound, r * n);
  }
  return y;
}
