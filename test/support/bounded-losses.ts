// Losses in bounded numbers, each operation in the order in which assembly/softmax.ts and loss.ts round, and the
// reduction of a batch as src/train/scoring.ts makes it: weights of rows, divisor, scale. Imports nothing from src/.

import { EXP_ULPS, gamma, SMALLEST_NORMAL, U } from "../oracle/bounds.ts";
import { posWeightOf } from "../oracle/losses.ts";
import { sigmoid } from "../oracle/pointwise.ts";
import type { BceWithLogitsSpec, CrossEntropySpec, DistanceSpec, LossSpec, Targets } from "../oracle/spec.ts";
import {
  absolute,
  add,
  at,
  type Bounded,
  div,
  exact,
  laneSum,
  mul,
  type Num,
  negative,
  option,
  row,
  select,
  sub,
  tabulate,
} from "./bounded.ts";
import { exp, log1pUnit, sigmaSlope, softmax } from "./bounded-activations.ts";

const ZERO = exact(0);
const ONE = exact(1);

export interface BoundedLoss {
  /** of the batch; for `none` the sum of `rowLoss` */
  readonly loss: Num;
  /** r_i·ℓ_i */
  readonly rowLoss: Bounded;
  /** with respect to z */
  readonly gradient: Bounded;
}

/** A row before weights: its loss and the slope at each output. */
interface LossRow {
  readonly loss: Num;
  readonly slope: Bounded;
}

/** The loss of a batch z [rows, outputs], and its gradient. */
export function lossOf(
  loss: LossSpec,
  z: Bounded,
  rows: number,
  targets: Targets,
  rowWeight?: ArrayLike<number>,
): BoundedLoss {
  const n = z.value.length / rows;
  const { weight, divisor } = weigh(loss, rows, n, targets, rowWeight);
  const scale = div(ONE, divisor);
  const gradient = { value: new Float64Array(rows * n), bound: new Float64Array(rows * n) };
  const rowLoss = tabulate(rows, (i) => {
    const r = weight?.[i];
    // such a row is not looked at
    if (r?.value === 0) return ZERO;
    const each = lossRow(loss, row(z, i, n), targets, i);
    const s = r === undefined ? scale : mul(scale, r);
    const scaled = tabulate(n, (j) => mul(at(each.slope, j), s));
    gradient.value.set(scaled.value, i * n);
    gradient.bound.set(scaled.bound, i * n);
    return r === undefined ? each.loss : mul(each.loss, r);
  });
  return { loss: over(rowLoss, divisor), rowLoss, gradient };
}

/** Σ rowLoss / divisor, both in f64, whose own roundings are rows + 1 of 2⁻⁵³. */
function over(rowLoss: Bounded, divisor: Num): Num {
  const sum = rowLoss.value.reduce((a, b) => a + b, 0);
  const size = rowLoss.value.reduce((a, b) => a + Math.abs(b), 0);
  const value = sum / divisor.value;
  const bound = rowLoss.bound.reduce((a, b) => a + b, (rowLoss.value.length + 1) * 2 ** -53 * size);
  return { value, bound: (bound + Math.abs(value) * divisor.bound) / (divisor.value - divisor.bound) };
}

/**
 * What each row's loss is multiplied by (nothing: all 1) and what the sum is divided by. The weight of a class id's
 * class is in the row's weight, one rounding, unless smoothing spreads the row over all classes.
 */
function weigh(
  loss: LossSpec,
  rows: number,
  outputs: number,
  targets: Targets,
  rowWeight: ArrayLike<number> | undefined,
): { weight: readonly Num[] | undefined; divisor: Num } {
  const own = Array.from({ length: rows }, (_, i) => exact(rowWeight?.[i] ?? 1));
  let weight = rowWeight === undefined ? undefined : own;
  let share = own;
  if (loss.kind === "crossEntropy" && "ids" in targets) {
    const ids = Array.from(targets.ids);
    const withClass = own.map((r, i) => {
      const id = ids[i] as number;
      if (id === loss.ignoreIndex) return ZERO;
      return loss.weight === undefined ? r : mul(r, option(loss.weight[id] as number));
    });
    const counted = own.map((r, i) => (ids[i] === loss.ignoreIndex ? ZERO : r));
    if (rowWeight !== undefined || loss.weight !== undefined || ids.includes(loss.ignoreIndex))
      weight = loss.labelSmoothing === 0 ? withClass : counted;
    share = loss.reduction === "mean" ? withClass : counted;
  }
  const { reduction } = loss;
  if (reduction === "sum" || reduction === "none") return { weight, divisor: ONE };
  const each = reduction === "mean" && loss.kind !== "crossEntropy" ? outputs : 1;
  return {
    weight,
    divisor: {
      value: each * share.reduce((sum, r) => sum + r.value, 0),
      bound: each * share.reduce((sum, r) => sum + r.bound, 0),
    },
  };
}

function lossRow(loss: LossSpec, z: Bounded, targets: Targets, i: number): LossRow {
  const n = z.value.length;
  if ("ids" in targets) {
    if (loss.kind !== "crossEntropy") throw new Error(`${loss.kind} takes values, not class ids`);
    const id = targets.ids[i] as number;
    if (loss.labelSmoothing === 0) return hardCrossEntropy(z, id);
    return softCrossEntropy(loss, z, (j) => Number(j === id));
  }
  const y = (j: number): number => targets.values[i * n + j] as number;
  if (loss.kind === "crossEntropy") return softCrossEntropy(loss, z, y);
  return loss.kind === "bceWithLogits" ? bce(loss, z, y) : distance(loss, z, y);
}

/** lnS + (m − z_t), p − onehot */
function hardCrossEntropy(z: Bounded, id: number): LossRow {
  const { p, distance, logSum } = softmax(z);
  return {
    loss: add(logSum, at(distance, id)),
    slope: tabulate(p.value.length, (j) => (j === id ? sub(at(p, j), ONE) : at(p, j))),
  };
}

/** q = w·(keep·t + spread), Q = Σq or 1, ℓ = Q·lnS + Σ q·(m − z), slope Q·p − q */
function softCrossEntropy(spec: CrossEntropySpec, z: Bounded, t: (j: number) => number): LossRow {
  const n = z.value.length;
  const { weight, labelSmoothing } = spec;
  const { p, distance, logSum } = softmax(z);
  const [keep, spread] = [option(1 - labelSmoothing), option(labelSmoothing / n)];
  const q = Array.from({ length: n }, (_, j) => {
    const share = add(mul(keep, exact(t(j))), spread);
    return weight === undefined ? share : mul(option(weight[j] as number), share);
  });
  const total = weight === undefined ? ONE : laneSum(q);
  const apart = laneSum(q.map((share, j) => mul(share, at(distance, j))));
  return {
    loss: add(mul(total, logSum), apart),
    slope: tabulate(n, (j) => sub(mul(total, at(p, j)), q[j] as Num)),
  };
}

/**
 * |z|·(z > 0 ? 1 − y : w·y) + (w·y + 1 − y)·ln(1 + e^−|z|), slope σ(z)·(w·y + 1 − y) − w·y; without w the factor
 * w·y + 1 − y is 1 and takes no part.
 */
function bce(spec: BceWithLogitsSpec, z: Bounded, y: (j: number) => number): LossRow {
  const terms: Num[] = [];
  const slope = tabulate(z.value.length, (j) => {
    const x = at(z, j);
    const label = exact(y(j));
    const w = posWeightOf(spec, j);
    const pos = w === undefined ? label : mul(option(w), label);
    const neg = sub(ONE, label);
    const times = (a: Num): Num => (w === undefined ? a : mul(a, add(pos, neg)));
    const wrong = select(
      x,
      () => mul(absolute(x), neg),
      () => mul(absolute(x), pos),
    );
    terms.push(add(wrong, times(log1pUnit(exp(negative(absolute(x)))))));
    return sub(times(sigmaOfExp(x)), pos);
  });
  return { loss: laneSum(terms), slope };
}

/**
 * σ(z) = (z < 0 ? e : 1) / (1 + e) of a rounded e = e^−|z|: an error ε of e is at most one of ε here, and a sum and a
 * quotient are rounded.
 */
function sigmaOfExp(z: Num): Num {
  const value = sigmoid(z.value);
  const carried = z.bound * sigmaSlope(z);
  const own = (1 + EXP_ULPS * 2 * U) * (1 + gamma(2)) - 1;
  return { value, bound: carried + own * (value + carried) + SMALLEST_NORMAL };
}

/** Losses of d = a − y. */
function distance(spec: DistanceSpec, a: Bounded, y: (j: number) => number): LossRow {
  const n = a.value.length;
  const d = Array.from({ length: n }, (_, j) => sub(at(a, j), exact(y(j))));
  const each = d.map((x) => distanceOf(spec, x));
  return {
    loss: laneSum(each.map(([value]) => value)),
    slope: tabulate(n, (j) => (each[j] as [Num, Num])[1]),
  };
}

function distanceOf(spec: DistanceSpec, d: Num): [value: Num, slope: Num] {
  switch (spec.kind) {
    case "quadratic":
      return [mul(mul(exact(0.5), d), d), d];
    case "mse":
      return [mul(d, d), mul(exact(2), d)];
    case "mae": {
      const below = (): Num =>
        select(
          negative(d),
          () => exact(-1),
          () => ZERO,
        );
      return [absolute(d), select(d, () => ONE, below)];
    }
    case "huber": {
      const delta = option(spec.delta);
      const size = absolute(d);
      const near = (): Num => mul(mul(exact(0.5), d), d);
      const far = (): Num => mul(delta, sub(size, mul(exact(0.5), delta)));
      const beyond = (x: Num): Num => ({ value: x.value - spec.delta, bound: x.bound + delta.bound });
      const held = (): Num =>
        select(
          beyond(negative(d)),
          () => negative(delta),
          () => d,
        );
      return [select(beyond(size), far, near), select(beyond(d), () => delta, held)];
    }
  }
}
