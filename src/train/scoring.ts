// A loss meets a data set: checks that the targets are such as the loss takes, and puts targets and weights into the
// form that the kernels take. What the sum of row losses is divided by is decided here too.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { LayerSpec, LossSpec } from "../base/spec.ts";
import type { CheckedRows } from "../data/dataset.ts";
import { COUNTED, count } from "../data/targets.ts";
import { type HitRule, hitRule, linkOf, type TargetKind, targetKind } from "../nn/criterion.ts";

/** How far the probabilities of a row may be from a sum of 1. The gradient p − t is the loss's slope as far as they sum to 1. */
export const SUM_TOLERANCE = 1e-4;

/** Targets and weights of a data set, as a loss wants them. */
export interface Scoring {
  readonly loss: LossSpec;
  readonly kind: TargetKind;
  readonly hits: HitRule;
  /** `[rows]` class ids, or `[rows · width]` numbers */
  readonly targets: Int32Array | Float32Array;
  readonly width: number;
  /** `[rows]` what the kernels multiply each row's loss by; left out where all are 1; a row of 0 is not looked at */
  readonly weight: Float32Array | undefined;
  /** `[rows]` what each row adds to the divisor of a mean; left out where all are 1 */
  readonly share: Float32Array | undefined;
}

/** Sums over some rows. */
export interface Tally {
  /** of `share` */
  share: number;
  /** rows that count: those that have a weight */
  counted: number;
}

/**
 * @param where    the call, for messages
 * @param outputs  of the model
 * @param part     of a stream, whose other rows count
 * @throws {XentError} `LABEL` a class id that the model has no output for; `SHAPE` not as many targets as outputs;
 *                     `TARGET` numbers that the loss does not take; `EMPTY` every row is ignored
 */
export function score(
  where: string,
  data: CheckedRows,
  loss: LossSpec,
  outputs: number,
  last: LayerSpec | undefined,
  part = false,
): Scoring {
  const ids = data.y instanceof Int32Array;
  if (data.y instanceof Int32Array) checkLabels(where, data.y, loss, outputs);
  else checkNumbers(where, data, loss, outputs);
  const kind = targetKind(loss, ids);
  const { weight, share } = weigh(where, data, loss, part);
  return {
    loss,
    kind,
    hits: hitRule(loss, ids, outputs, last),
    targets: data.y instanceof Int32Array && kind === "rows" ? spread(data.y, outputs) : data.y,
    width: kind === "ids" ? 1 : outputs,
    weight,
    share,
  };
}

/** Adds up `count` rows from position `first` of `order` on; of the rows themselves without an order. */
export function tally(scoring: Scoring, first: number, count: number, order?: Uint32Array): Tally {
  const { weight, share } = scoring;
  const sum: Tally = { share: count, counted: count };
  if (weight === undefined || share === undefined) return sum;
  sum.share = 0;
  sum.counted = 0;
  for (let i = first; i < first + count; i++) {
    const row = order === undefined ? i : (order[i] as number);
    sum.share += share[row] as number;
    if (weight[row] !== 0) sum.counted++;
  }
  return sum;
}

/**
 * What a sum of row losses is divided by.
 *
 * @param share    of the rows, as `tally` adds it up
 * @param outputs  of the model
 */
export function divisor({ loss }: Scoring, share: number, outputs: number): number {
  if (loss.reduction === "sum") return 1;
  return loss.reduction === "mean" && loss.kind !== "crossEntropy" ? share * outputs : share;
}

/** The loss of some rows from the sum of their losses. */
export function meanLoss(scoring: Scoring, sum: number, share: number, outputs: number): number {
  return over(sum, divisor(scoring, share, outputs));
}

/** Share of the rows that count whose class is right; NaN where rows have no class. */
export function hitRate({ hits: rule }: Scoring, hits: number, counted: number): number {
  return rule === "none" ? Number.NaN : over(hits, counted);
}

/** sum / divisor; 0 where no row counts, so that such a batch changes nothing. */
export function over(sum: number, divisor: number): number {
  return divisor === 0 ? 0 : sum / divisor;
}

/**
 * A loss must suit the net it is put behind: one that takes logits has its own softmax or sigmoid.
 *
 * @throws {XentError} `LOSS`, `OPTION`
 */
export function checkFits(where: string, loss: LossSpec, outputs: number, last: LayerSpec | undefined): void {
  const own = linkOf(loss);
  if (own !== "none" && (last?.kind === "softmax" || last?.kind === "sigmoid")) {
    const name = loss.kind === "custom" ? `customLoss ${show(loss.name)}` : loss.kind;
    const instead = loss.kind === "custom" ? 'pass link: "none"' : "use quadratic()";
    throw new XentError(
      "LOSS",
      `${where}: ${name} takes logits, and the last layer is ${last.kind}`,
      `Leave out the last ${last.kind}(): ${name} has a ${own} of its own, which predict() applies too. Or ${instead}.`,
    );
  }
  if (loss.kind === "crossEntropy" && outputs === 1) {
    throw new XentError(
      "LOSS",
      `${where}: crossEntropy tells classes apart, and the model has one output`,
      "Use an output for each class, or bceWithLogits() with one output for a yes or no.",
    );
  }
  const columns =
    loss.kind === "crossEntropy" ? loss.weight : loss.kind === "bceWithLogits" ? loss.posWeight : 1;
  if (typeof columns === "object" && columns.length !== outputs) {
    const name = loss.kind === "crossEntropy" ? "weight" : "posWeight";
    throw new XentError(
      "OPTION",
      `${where}: ${loss.kind}'s ${name} has ${count(columns.length, "value")}, the model ${count(outputs, "output")}`,
      "Pass one for each output.",
    );
  }
}

function checkLabels(where: string, ids: Int32Array, loss: LossSpec, outputs: number): void {
  // with one output the number is the target itself
  if (outputs === 1 && linkOf(loss) !== "sigmoid") return;
  checkIds(where, ids, loss.kind === "crossEntropy" ? loss.ignoreIndex : undefined, outputs);
}

/**
 * @param ignored  a class id that is let pass
 * @param outputs  of the model; one output tells the classes 0 and 1 apart
 * @throws {XentError} `LABEL`
 */
export function checkIds(where: string, ids: Int32Array, ignored: number | undefined, outputs: number): void {
  const classes = Math.max(outputs, 2);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    if ((id >= 0 && id < classes) || id === ignored) continue;
    const range = `Use class ids from 0 to ${classes - 1}`;
    throw new XentError(
      "LABEL",
      `${where}: the class id in row ${i} ${COUNTED} is ${id}, the model has ${count(outputs, "output")}`,
      id >= 0
        ? `${range}, or a last layer of at least ${id + 1} units.`
        : ignored === undefined
          ? `${range}.`
          : `${range}, or crossEntropy({ ignoreIndex: ${id} }) to leave such rows out.`,
    );
  }
}

function checkNumbers(where: string, data: CheckedRows, loss: LossSpec, outputs: number): void {
  const { targets, stats } = data;
  if (targets !== outputs) {
    const floats = targets === 1 && loss.kind === "crossEntropy";
    throw new XentError(
      "SHAPE",
      `${where}: rows have ${count(targets, "target")}, the model ${count(outputs, "output")}`,
      floats
        ? "If these are class ids, pass Int32Array.from(y); else a probability for every class."
        : "Change the targets or the width of the last layer.",
    );
  }
  if (stats === undefined || (loss.kind !== "crossEntropy" && loss.kind !== "bceWithLogits")) return;
  const refuse = (value: number, at: number): never => {
    const [row, column] = [Math.floor(at / targets), at % targets];
    throw new XentError(
      "TARGET",
      `${where}: the target at row ${row}, column ${column} ${COUNTED} is ${Number(value.toPrecision(6))}, ${loss.kind} takes numbers from 0 to 1`,
      "Scale the targets, or use mse() for a regression.",
    );
  };
  if (stats.least < 0) refuse(stats.least, stats.leastAt);
  if (stats.most > 1 + (loss.kind === "crossEntropy" ? SUM_TOLERANCE : 0)) refuse(stats.most, stats.mostAt);
  if (loss.kind === "crossEntropy" && stats.offSum > SUM_TOLERANCE) {
    const row = stats.offSumRow;
    const sum = (data.y as Float32Array)
      .subarray(row * targets, (row + 1) * targets)
      .reduce((a, value) => a + value, 0);
    throw new XentError(
      "TARGET",
      `${where}: the probabilities of row ${row} ${COUNTED} sum to ${Number(sum.toPrecision(6))}, expected 1 within ${SUM_TOLERANCE}`,
      "Divide each row by its sum, or use bceWithLogits() for outputs that are each a yes or no.",
    );
  }
}

/** One-hot rows of class ids; with one output, the ids as numbers. */
function spread(ids: Int32Array, outputs: number): Float32Array {
  if (outputs === 1) return Float32Array.from(ids);
  const rows = new Float32Array(ids.length * outputs);
  for (let i = 0; i < ids.length; i++) rows[i * outputs + (ids[i] as number)] = 1;
  return rows;
}

/**
 * Weights of rows, with what the class of a row and ignoreIndex make of them. A class weight goes into the row's weight
 * unless smoothing spreads a row over all classes: then the kernel has them.
 */
function weigh(
  where: string,
  data: CheckedRows,
  loss: LossSpec,
  part: boolean,
): { weight?: Float32Array; share?: Float32Array } {
  const own = data.weight;
  if (loss.kind !== "crossEntropy" || !(data.y instanceof Int32Array)) {
    return own === undefined ? {} : { weight: own, share: own };
  }
  const { y } = data;
  const { ignoreIndex, labelSmoothing, reduction } = loss;
  const classes = loss.weight && Float32Array.from(loss.weight);
  if (own === undefined && classes === undefined && !y.includes(ignoreIndex)) return {};
  const weight = new Float32Array(data.rows);
  const share = new Float32Array(data.rows);
  for (let i = 0; i < data.rows; i++) {
    const id = y[i] as number;
    if (id === ignoreIndex) continue;
    const row = own === undefined ? 1 : (own[i] as number);
    const withClass = row * (classes === undefined ? 1 : (classes[id] as number));
    weight[i] = labelSmoothing === 0 ? withClass : row;
    share[i] = reduction === "mean" ? withClass : row;
  }
  const positive = (value: number): boolean => value > 0;
  if (!part && !(weight.some(positive) && share.some(positive))) {
    throw new XentError(
      "EMPTY",
      `${where}: no row counts: each has class id ${ignoreIndex}, which is ignored, or weight 0 (its own or its class's)`,
      "Check ignoreIndex, the weights and the class ids.",
    );
  }
  return { weight, share };
}
