// Losses in f64, a row at a time from the outputs z of the last layer, and how rows make up the loss of a batch.
// Imports nothing from src/.

import { sigmoid } from "./pointwise.ts";
import { softmax } from "./rows.ts";
import type { BceWithLogitsSpec, CrossEntropySpec, DistanceSpec, LossSpec, Targets } from "./spec.ts";

/** One row, not reduced. */
export interface LossRow {
  readonly loss: number;
  /** with respect to z */
  readonly gradient: Float64Array;
  /** what the row adds to the denominators; nothing where it is ignored */
  readonly mean: number;
  readonly batchmean: number;
}

/** A batch, reduced. */
export interface Reduced {
  /** of the batch; for `none` the sum of `rowLoss`, which the gradients are of */
  readonly loss: number;
  /** r_i·ℓ_i: what `none` gives */
  readonly rowLoss: Float64Array;
  /** what each row's gradient is multiplied by: r_i over the denominator */
  readonly scale: Float64Array;
}

/** Loss and gradient of one row under a class id or `[outputs]` values. */
export function lossRow(loss: LossSpec, z: ArrayLike<number>, target: number | ArrayLike<number>): LossRow {
  if (loss.kind === "crossEntropy") return crossEntropyRow(loss, z, target);
  if (typeof target === "number") throw new Error(`${loss.kind} takes values, not a class id`);
  return loss.kind === "bceWithLogits" ? bceRow(loss, z, target) : distanceRow(loss, z, target);
}

/**
 * Softmax cross entropy from logits, m = max z, lse(z) = m + lnS:
 *
 *     q_c  = w_c·((1 − ε)·t_c + ε/C)        Q = Σ q_c
 *     ℓ    = Σ q_c·(lse(z) − z_c) = Q·lnS + Σ q_c·(m − z_c)
 *     ∂ℓ/∂z_c = Q·p_c − q_c
 *
 * Without weights Q is 1, so that the gradient is p − q. Source: PyTorch, CrossEntropyLoss.
 */
export function crossEntropyRow(
  spec: CrossEntropySpec,
  z: ArrayLike<number>,
  target: number | ArrayLike<number>,
): LossRow {
  const { weight, ignoreIndex, labelSmoothing } = spec;
  const classes = z.length;
  if (target === ignoreIndex) return { loss: 0, gradient: new Float64Array(classes), mean: 0, batchmean: 0 };
  const q = new Float64Array(classes);
  for (let c = 0; c < classes; c++) {
    const t = typeof target === "number" ? Number(c === target) : (target[c] as number);
    q[c] = (weight?.[c] ?? 1) * ((1 - labelSmoothing) * t + labelSmoothing / classes);
  }
  const total = weight === undefined ? 1 : q.reduce((a, b) => a + b, 0);
  const { p, distance, logSum } = softmax(z);
  let loss = total * logSum;
  // a probability of 0 takes no part, not even where the distance is infinite
  for (const [c, share] of q.entries()) if (share !== 0) loss += share * (distance[c] as number);
  return {
    loss,
    gradient: p.map((x, c) => total * x - (q[c] as number)),
    mean: typeof target === "number" ? (weight?.[target] ?? 1) : 1,
    batchmean: 1,
  };
}

/**
 * Binary cross entropy from logits, w = posWeight:
 *
 *     ℓ = −Σ_j [w_j·y_j·ln σ(z_j) + (1 − y_j)·ln(1 − σ(z_j))]
 *       = Σ_j [w_j·y_j·s(−z_j) + (1 − y_j)·s(z_j)],     s(x) = max(x, 0) + ln(1 + e^−|x|)
 *     ∂ℓ/∂z_j = (1 − y_j)·σ(z_j) − w_j·y_j·σ(−z_j)      which is σ(z_j) − y_j where w_j = 1
 */
function bceRow(spec: BceWithLogitsSpec, z: ArrayLike<number>, y: ArrayLike<number>): LossRow {
  const s = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const gradient = new Float64Array(z.length);
  let loss = 0;
  for (let j = 0; j < z.length; j++) {
    const [x, label] = [z[j] as number, y[j] as number];
    const positive = (posWeightOf(spec, j) ?? 1) * label;
    loss += positive * s(-x) + (1 - label) * s(x);
    gradient[j] = (1 - label) * sigmoid(x) - positive * sigmoid(-x);
  }
  return { loss, gradient, mean: z.length, batchmean: 1 };
}

/** The factor of output j's positive term, if there is one. */
export function posWeightOf({ posWeight }: BceWithLogitsSpec, j: number): number | undefined {
  return typeof posWeight === "number" ? posWeight : posWeight?.[j];
}

/**
 * Losses of d = a − y, summed over the outputs; the slope is ∂ℓ/∂a:
 *
 *     quadratic  ½d²      d              mse  d²     2d
 *     mae        |d|      sign d, 0 at 0
 *     huber      ½d²      d              where |d| ≤ δ
 *                δ(|d| − ½δ)   δ·sign d  beyond
 */
function distanceRow(spec: DistanceSpec, a: ArrayLike<number>, y: ArrayLike<number>): LossRow {
  const gradient = new Float64Array(a.length);
  let loss = 0;
  for (let j = 0; j < a.length; j++) {
    const [value, slope] = distance(spec, (a[j] as number) - (y[j] as number));
    loss += value;
    gradient[j] = slope;
  }
  return { loss, gradient, mean: a.length, batchmean: 1 };
}

function distance(spec: DistanceSpec, d: number): [value: number, slope: number] {
  switch (spec.kind) {
    case "quadratic":
      return [(d * d) / 2, d];
    case "mse":
      return [d * d, 2 * d];
    case "mae":
      return [Math.abs(d), Math.sign(d)];
    case "huber": {
      const { delta } = spec;
      if (Math.abs(d) <= delta) return [(d * d) / 2, d];
      return [delta * (Math.abs(d) - delta / 2), delta * Math.sign(d)];
    }
  }
}

/**
 * Rows into a batch: Σ r_i·ℓ_i over a denominator, the Σ r_i of what each row adds to it, or 1 for `sum` and `none`.
 * A row of weight r counts as r copies. A denominator of 0 (no row is left) gives NaN, as PyTorch's mean does; the
 * gradients are 0.
 */
export function reduce(
  reduction: LossSpec["reduction"],
  rows: readonly LossRow[],
  rowWeight?: ArrayLike<number>,
): Reduced {
  const weight = Float64Array.from(rows, (_, i) => rowWeight?.[i] ?? 1);
  const rowLoss = weight.map((r, i) => (r === 0 ? 0 : r * (rows[i] as LossRow).loss));
  const total = rowLoss.reduce((a, b) => a + b, 0);
  const denominator =
    reduction === "sum" || reduction === "none"
      ? 1
      : weight.reduce((sum, r, i) => sum + r * (rows[i] as LossRow)[reduction], 0);
  const scale = weight.map((r) => (denominator === 0 ? 0 : r / denominator));
  return { loss: total / denominator, rowLoss, scale };
}

/** The loss of a batch z [rows, outputs], and its gradient with respect to z. */
export function lossOf(
  loss: LossSpec,
  z: Float64Array,
  rows: number,
  targets: Targets,
  rowWeight?: ArrayLike<number>,
): Reduced & { readonly gradient: Float64Array } {
  const n = z.length / rows;
  const each = Array.from({ length: rows }, (_, i) =>
    lossRow(loss, z.subarray(i * n, (i + 1) * n), targetOf(targets, i, n)),
  );
  const reduced = reduce(loss.reduction, each, rowWeight);
  const gradient = new Float64Array(z.length);
  for (const [i, row] of each.entries()) {
    const scale = reduced.scale[i] as number;
    if (scale !== 0)
      gradient.set(
        row.gradient.map((g) => g * scale),
        i * n,
      );
  }
  return { ...reduced, gradient };
}

function targetOf(targets: Targets, row: number, n: number): number | ArrayLike<number> {
  if ("ids" in targets) return targets.ids[row] as number;
  return Array.from({ length: n }, (_, j) => targets.values[row * n + j] as number);
}
