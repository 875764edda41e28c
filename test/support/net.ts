// A net in f64 whose every number comes with a bound on what f32 may differ from it by: the rules of
// docs/numerics.md, chained through forward and backward pass. Layers are separate, in any order; the forward
// pass alone (`meanLoss`) is what gradients are differenced from. Imports nothing from src/.

import {
  gamma,
  gradientBound,
  HALF_SUBNORMAL,
  lossBound,
  SIGMOID_ULPS,
  softmaxBounds,
  U,
} from "../oracle/bounds.ts";
import { softmaxCrossEntropy } from "../oracle/rows.ts";

export type NetLayer =
  /** weight [out, in], as in a state dict */
  | { readonly kind: "dense"; readonly weight: Float64Array; readonly bias: Float64Array }
  | { readonly kind: "relu" }
  | { readonly kind: "sigmoid" };

/** Exact numbers, and how far f32 may be from each. */
export interface Bounded {
  readonly value: Float64Array;
  readonly bound: Float64Array;
}

export interface Gradients {
  /** mean over the rows */
  readonly loss: { readonly value: number; readonly bound: number };
  readonly logits: Bounded;
  /** by the names of a state dict, `[out, in]` */
  readonly params: Map<string, Bounded>;
}

const at = (values: ArrayLike<number>, i: number): number => values[i] as number;
const bounded = (n: number): { value: Float64Array; bound: Float64Array } => ({
  value: new Float64Array(n),
  bound: new Float64Array(n),
});

/** Outputs of the last layer for x [rows, inputs]: plain loops, no bounds. */
export function logits(layers: readonly NetLayer[], x: ArrayLike<number>, rows: number): Float64Array {
  let y = Float64Array.from(x);
  for (const layer of layers) {
    if (layer.kind === "relu") y = y.map((v) => Math.max(v, 0));
    else if (layer.kind === "sigmoid") y = y.map((v) => 1 / (1 + Math.exp(-v)));
    else {
      const [n, k] = [layer.bias.length, y.length / rows];
      const z = new Float64Array(rows * n);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < n; j++) {
          let sum = at(layer.bias, j);
          for (let p = 0; p < k; p++) sum += at(y, i * k + p) * at(layer.weight, j * k + p);
          z[i * n + j] = sum;
        }
      }
      y = z;
    }
  }
  return y;
}

/** −(1/n) Σ_i ln softmax(z_i)[t_i] */
export function meanLoss(layers: readonly NetLayer[], x: ArrayLike<number>, t: ArrayLike<number>): number {
  const z = logits(layers, x, t.length);
  const classes = z.length / t.length;
  let sum = 0;
  for (let i = 0; i < t.length; i++) {
    const row = z.subarray(i * classes, (i + 1) * classes);
    const top = row.reduce((a, b) => Math.max(a, b));
    sum += Math.log(row.reduce((s, v) => s + Math.exp(v - top), 0)) + top - at(row, at(t, i));
  }
  return sum / t.length;
}

/**
 * C = A·B (+ bias) of numbers that are off already. A chain of k terms:
 * |ĉ − c| ≤ γ(k + 2)·(|Â||B̂| + |bias|) + Σ (|a|·eb + ea·|b| + ea·eb), and half a subnormal a product.
 */
function product(
  [m, k, n]: readonly [number, number, number],
  a: Bounded,
  indexA: (i: number, p: number) => number,
  b: Bounded,
  indexB: (p: number, j: number) => number,
  bias?: Float64Array,
): Bounded {
  const c = bounded(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = bias === undefined ? 0 : at(bias, j);
      let magnitude = Math.abs(sum);
      let carried = 0;
      for (let p = 0; p < k; p++) {
        const [va, ea] = [at(a.value, indexA(i, p)), at(a.bound, indexA(i, p))];
        const [vb, eb] = [at(b.value, indexB(p, j)), at(b.bound, indexB(p, j))];
        sum += va * vb;
        magnitude += (Math.abs(va) + ea) * (Math.abs(vb) + eb);
        carried += Math.abs(va) * eb + ea * Math.abs(vb) + ea * eb;
      }
      c.value[i * n + j] = sum;
      c.bound[i * n + j] = gamma(k + 2) * magnitude + carried + k * HALF_SUBNORMAL;
    }
  }
  return c;
}

const exact = (value: Float64Array): Bounded => ({ value, bound: new Float64Array(value.length) });

/** y = max(x, 0): the error of x goes through. */
function reluForward(x: Bounded): Bounded {
  return { value: x.value.map((v) => Math.max(v, 0)), bound: x.bound };
}

/** dx = x ≤ 0 ? 0 : dy. Where x is nearer to 0 than its error, f32 may take the other branch. */
function reluBackward(dy: Bounded, x: Bounded): Bounded {
  const dx = bounded(dy.value.length);
  for (let i = 0; i < dx.value.length; i++) {
    const [v, e, d] = [at(x.value, i), at(x.bound, i), at(dy.value, i)];
    if (v > 0) dx.value[i] = d;
    if (Math.abs(v) > e) dx.bound[i] = v > 0 ? at(dy.bound, i) : 0;
    else if (e > 0) dx.bound[i] = Math.abs(d) + at(dy.bound, i);
  }
  return dx;
}

const sigma = (v: number): number => 1 / (1 + Math.exp(-v));

/** y = σ(x): the error of x by the steepest slope near x, then SIGMOID_ULPS of the kernel's own. */
function sigmoidForward(x: Bounded): Bounded {
  const y = bounded(x.value.length);
  for (let i = 0; i < y.value.length; i++) {
    const [v, e] = [at(x.value, i), at(x.bound, i)];
    const value = sigma(v);
    const nearest = sigma(Math.max(Math.abs(v) - e, 0));
    const carried = e * nearest * (1 - nearest);
    y.value[i] = value;
    y.bound[i] = carried + SIGMOID_ULPS * 2 * U * (value + carried) + HALF_SUBNORMAL;
  }
  return y;
}

/** dx = (dy·y)·(1 − y): three roundings; s = y(1 − y) is off by at most ey·(|1 − 2y| + ey). */
function sigmoidBackward(dy: Bounded, y: Bounded): Bounded {
  const dx = bounded(dy.value.length);
  for (let i = 0; i < dx.value.length; i++) {
    const [d, ed] = [at(dy.value, i), at(dy.bound, i)];
    const [v, ey] = [at(y.value, i), at(y.bound, i)];
    const s = v * (1 - v);
    const es = ey * (Math.abs(1 - 2 * v) + ey);
    dx.value[i] = d * s;
    dx.bound[i] =
      gamma(3) * (Math.abs(d) + ed) * (s + es) + ed * (s + es) + Math.abs(d) * es + 2 * HALF_SUBNORMAL;
  }
  return dx;
}

/**
 * Mean cross entropy and its gradient. Logits off by at most δ move a probability by a factor within e^±2δ and
 * a row loss by 2δ; the kernel's own error comes on top, and 1/n is rounded.
 */
function crossEntropy(z: Bounded, t: ArrayLike<number>): { loss: Gradients["loss"]; dz: Bounded } {
  const rows = t.length;
  const n = z.value.length / rows;
  const dz = bounded(z.value.length);
  const loss = { value: 0, bound: 0 };
  for (let i = 0; i < rows; i++) {
    const target = at(t, i);
    const row = softmaxCrossEntropy(z.value.subarray(i * n, (i + 1) * n), target, 1 / rows);
    const delta = z.bound.subarray(i * n, (i + 1) * n).reduce((a, b) => Math.max(a, b));
    const factor = Math.exp(2 * delta);
    const kernel = softmaxBounds(
      row.p.map((p) => p * factor),
      row.distance.map((d) => d + 2 * delta),
    );
    const distance = at(row.distance, target) + 2 * delta;
    loss.value += row.loss / rows;
    loss.bound += (2 * delta + lossBound(kernel.sum, row.logSum + 2 * delta, distance)) / rows;
    for (let j = 0; j < n; j++) {
      const p = at(row.p, j);
      const off = p * (factor - 1) + at(kernel.p, j);
      const value = at(row.gradient, j);
      dz.value[i * n + j] = value;
      dz.bound[i * n + j] =
        gradientBound(p, off, j === target, 1 / rows) + U * (Math.abs(value) + off / rows);
    }
  }
  return { loss, dz };
}

/** Loss, logits and every gradient of mean cross entropy, with bounds. x and the parameters are f32 numbers. */
export function gradients(
  layers: readonly NetLayer[],
  x: ArrayLike<number>,
  t: ArrayLike<number>,
): Gradients {
  const rows = t.length;
  const outputs: Bounded[] = [exact(Float64Array.from(x))];
  for (const layer of layers) {
    const input = outputs.at(-1) as Bounded;
    if (layer.kind === "relu") outputs.push(reluForward(input));
    else if (layer.kind === "sigmoid") outputs.push(sigmoidForward(input));
    else {
      const [n, k] = [layer.bias.length, input.value.length / rows];
      outputs.push(
        product(
          [rows, k, n],
          input,
          (i, p) => i * k + p,
          exact(layer.weight),
          (p, j) => j * k + p,
          layer.bias,
        ),
      );
    }
  }
  const z = outputs.at(-1) as Bounded;
  const { loss, dz } = crossEntropy(z, t);
  const params = new Map<string, Bounded>();
  let dy = dz;
  for (let l = layers.length - 1; l >= 0; l--) {
    const layer = layers[l] as NetLayer;
    const [input, output] = [outputs[l] as Bounded, outputs[l + 1] as Bounded];
    if (layer.kind === "relu") dy = reluBackward(dy, input);
    else if (layer.kind === "sigmoid") dy = sigmoidBackward(dy, output);
    else {
      const [n, k] = [layer.bias.length, input.value.length / rows];
      const d = dy;
      // dW[out, in] = dyᵀ·x, db = dyᵀ·1, dx = dy·W
      params.set(
        `${l}.weight`,
        product(
          [n, rows, k],
          d,
          (j, i) => i * n + j,
          input,
          (i, p) => i * k + p,
        ),
      );
      const ones = exact(new Float64Array(rows).fill(1));
      params.set(
        `${l}.bias`,
        product(
          [n, rows, 1],
          d,
          (j, i) => i * n + j,
          ones,
          (i) => i,
        ),
      );
      dy = product(
        [rows, n, k],
        d,
        (i, j) => i * n + j,
        exact(layer.weight),
        (j, p) => j * k + p,
      );
    }
  }
  return { loss, logits: z, params };
}
