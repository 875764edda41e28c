// What the f32 kernels may make of a loss, from the f64 oracle's numbers: no term of any loss is negative, so that every
// rounding counts relative to the loss itself. Imports nothing from src/.

import {
  EXP_ULPS,
  gamma,
  HALF_SUBNORMAL,
  LOG_ULPS,
  LOG1P_UNIT_ULPS,
  SMALLEST_NORMAL,
  softmaxBounds,
  U,
} from "../oracle/bounds.ts";
import { lossOf, lossRow } from "../oracle/losses.ts";
import { softmax } from "../oracle/rows.ts";
import type { LossSpec, Targets } from "../oracle/spec.ts";

/**
 * Bound of one row's loss, r·ℓ. Numbers of the spec and of the row are f32.
 *
 *     quadratic, mse  3 roundings a term: d = a − y (twice in d²), the last product
 *     mae             1
 *     huber           5: |d| − ½δ ≥ ½|d| magnifies that of d twice; the subtraction, the product; and which branch is
 *                     taken, since where d is rounded over δ both differ by (uδ)²/2
 *     bce             4 beside those of exp and log1p, whose condition number is at most 1; e^−|z| below 2⁻¹²⁶ is 0
 *     crossEntropy    q = w·(keep·t + spread) passes 6, d one, a product and a sum; lnS as in docs/numerics.md
 *
 * The sum of n terms adds ⌈n/4⌉ + 1 (four chains, joined), r one.
 */
function rowLossBound(
  loss: LossSpec,
  z: ArrayLike<number>,
  target: number | ArrayLike<number>,
  r: number,
): number {
  const n = z.length;
  const after = Math.ceil(n / 4) + 2;
  const value = r * lossRow(loss, z, target).loss;
  const tiny = 2 * n * r * HALF_SUBNORMAL + HALF_SUBNORMAL;
  switch (loss.kind) {
    case "quadratic":
    case "mse":
      return gamma(3 + after) * value + tiny;
    case "mae":
      return gamma(1 + after) * value + tiny;
    case "huber":
      return gamma(5 + after) * value + tiny;
    case "bceWithLogits": {
      const log = (1 + EXP_ULPS * 2 * U) * (1 + LOG1P_UNIT_ULPS * 2 * U);
      const most = Math.max(1, ...[loss.posWeight ?? []].flat());
      return (log * (1 + gamma(4 + after)) - 1) * value + n * r * most * SMALLEST_NORMAL + tiny;
    }
    case "crossEntropy": {
      if (target === loss.ignoreIndex) return 0;
      const { p, distance, logSum } = softmax(z);
      const inner = -Math.log1p(-softmaxBounds(p, distance).sum);
      const log = inner + LOG_ULPS * 2 * U * (logSum + inner);
      // Q = Σ q is at most the largest class weight, as the probabilities sum to 1 within 10⁻⁴
      const most = loss.weight === undefined ? 1 : 1.0001 * Math.max(...loss.weight);
      return r * most * log * (1 + gamma(7 + after)) + gamma(8 + after) * value + tiny;
    }
  }
}

/** A batch in f64: its loss by the reduction (of `none`, the mean), its row losses, and the bounds of both. */
export interface Scored {
  readonly loss: number;
  readonly bound: number;
  readonly rowLoss: Float64Array;
  readonly rowBound: Float64Array;
}

/** The same for a batch of logits. The divisor is a sum of f32 numbers in f64, as the sum of the row losses is. */
export function scoreInF64(
  loss: LossSpec,
  logits: Float32Array,
  rows: number,
  targets: Targets,
  weight?: ArrayLike<number>,
): Scored {
  const z = Float64Array.from(logits);
  const n = z.length / rows;
  const rowBound = Float64Array.from({ length: rows }, (_, i) => {
    const target = "ids" in targets ? (targets.ids[i] as number) : rowOf(targets.values, i, n);
    return rowLossBound(loss, z.subarray(i * n, (i + 1) * n), target, weight?.[i] ?? 1);
  });
  const reduction = loss.reduction === "none" ? "batchmean" : loss.reduction;
  const { loss: value, rowLoss } = lossOf({ ...loss, reduction }, z, rows, targets, weight);
  const total = rowLoss.reduce((a, b) => a + b, 0);
  const off = rowBound.reduce((a, b) => a + b, 0) + rows * 2 ** -52 * total;
  // the same divisor for the bound as for the loss
  return { loss: value, bound: total === 0 ? off : (off / total) * value, rowLoss, rowBound };
}

const rowOf = (values: ArrayLike<number>, i: number, n: number): number[] =>
  Array.from({ length: n }, (_, j) => values[i * n + j] as number);
