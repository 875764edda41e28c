// Whether loss, data and model belong together: the checks of a call before anything of the model changes.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { LossSpec, OptimizerSpec, Scaling } from "../base/spec.ts";
import type { CheckedRows, Dataset } from "../data/dataset.ts";
import type { Preprocessing } from "../data/prepared.ts";
import type { TrainConfig } from "../nn/layout.ts";
import type { Network } from "../nn/network.ts";
import { isFrozen, isTrained, lastLayer, some } from "../nn/params.ts";
import { optimizing } from "../train/optimizing.ts";
import { checkFits, type Scoring, score } from "../train/scoring.ts";
import { checkData, checkLoss } from "./options.ts";

/**
 * The loss of a call, or the model's.
 *
 * @throws {XentError} `NO_LOSS`, `LOSS`, `OPTION`
 */
export function lossOf(network: Network, where: string, given: LossSpec | undefined): LossSpec {
  const loss = checkLoss(where, given) ?? network.loss;
  if (loss !== undefined) {
    checkFits(where, loss, network.outputs, lastLayer(network.layers));
    return loss;
  }
  const hint =
    where === "predict"
      ? "Pass one to sequential or fit, or use logits()."
      : "Pass loss: crossEntropy(), here or to sequential.";
  throw new XentError("NO_LOSS", `${where}: no loss is known, which says what the outputs mean`, hint);
}

/** The same for calls that minimise it, by something that is trained. */
export function lossToLearn(network: Network, where: string, given: LossSpec | undefined): LossSpec {
  if (!some(network.layers, isTrained)) {
    throw new XentError(
      "OPTION",
      `${where}: every layer is frozen, there is nothing to train`,
      "Leave at least one layer with parameters as it is.",
    );
  }
  const loss = lossOf(network, where, given);
  if (loss.reduction !== "none") return loss;
  throw new XentError(
    "LOSS",
    `${where}: the reduction of ${loss.kind} is none, which gives a loss a row and no single one to minimise`,
    'Use "mean", "batchmean" or "sum"; "none" is for evaluate.',
  );
}

/**
 * A data set whose rows the model can take.
 *
 * @throws {XentError} `OPTION`, `SHAPE`
 */
export function rowsOf(network: Network, where: string, data: Dataset): CheckedRows {
  const checked = checkData(where, data);
  if (checked.features !== network.input) {
    throw new XentError(
      "SHAPE",
      `${where}: rows have ${checked.features} features, the model takes ${network.input}`,
      "Change features or the model's input.",
    );
  }
  return checked;
}

/**
 * Refuses a training batch of one row where columns are normalised by the batch: it has no variance.
 *
 * @param rows       of the data, or of the batch
 * @param batchSize  at most `rows`
 * @param dropLast   a smaller last batch is left out
 */
export function checkBatches(
  network: Network,
  where: string,
  rows: number,
  batchSize: number,
  dropLast = false,
): void {
  const byBatch = some(network.layers, (layer) => layer.kind === "batchNorm1d" && !isFrozen(layer));
  if (!byBatch || (batchSize > 1 && (dropLast || rows % batchSize !== 1))) return;
  const which =
    batchSize > 1 ? `the last batch of ${rows} rows by ${batchSize} has one row` : "a batch has one row";
  throw new XentError(
    "OPTION",
    `${where}: ${which}, and batchNorm1d needs two to tell a variance`,
    batchSize > 1
      ? "Use another batchSize, or dropLast: true."
      : "Use a batchSize of at least 2, or freeze the batchNorm1d layer.",
  );
}

/** What the loss makes of a data set, or of a part of one, in which perhaps no row counts. */
export function scoreOf(
  network: Network,
  where: string,
  data: Dataset,
  loss: LossSpec,
  part?: boolean,
): Scoring {
  const { outputs, layers } = network;
  return score(where, rowsOf(network, where, data), loss, outputs, lastLayer(layers), part);
}

/**
 * The names of a model's classes, once it has seen these data: those that it has, or else those of the data.
 *
 * @throws {XentError} `SHAPE` not as many names as the model has classes; `LABEL` other names than the model's
 */
export function classNames(
  { outputs }: Network,
  where: string,
  { classes, y }: Dataset,
  known: readonly string[] | undefined,
): readonly string[] | undefined {
  if (classes === undefined) return known;
  // one output tells two classes apart
  if (classes.length !== (y instanceof Int32Array ? Math.max(outputs, 2) : outputs)) {
    throw new XentError(
      "SHAPE",
      `${where}: the data set names ${classes.length} classes, the model has ${outputs} outputs`,
      "Use an output for each class (or one for two), or name every class: dataset({ classes }).",
    );
  }
  const at = known === undefined ? -1 : classes.findIndex((name, id) => name !== known[id]);
  if (at < 0) return classes;
  throw new XentError(
    "LABEL",
    `${where}: class ${at} is ${show(classes[at])} in the data set, and ${show(known?.[at])} in the model`,
    "Make the data set with classes: model.classes, so that every name has the id that the model knows it by.",
  );
}

/**
 * What has prepared a model's rows, once it has seen these data: what it knows, or else that of the data.
 *
 * @throws {XentError} `PREPROCESSING` the data were prepared otherwise, or not at all
 */
export function preparedAs(
  where: string,
  { preprocessing }: Dataset,
  known: Preprocessing | undefined,
): Preprocessing | undefined {
  if (known === undefined || known === preprocessing) return preprocessing;
  if (JSON.stringify(known.spec) === JSON.stringify(preprocessing?.spec)) return known;
  throw new XentError(
    "PREPROCESSING",
    `${where}: the rows were not prepared as those that the model was trained with`,
    "Make the data set of raw rows: model.preprocessing.dataset(rows).",
  );
}

/** Refuses to measure accuracy where rows have no class. */
export function requireClasses(network: Network, where: string, { hits, loss }: Scoring): void {
  if (hits !== "none") return;
  const outputs = network.outputs === 1 ? "one number" : `${network.outputs} numbers`;
  throw new XentError(
    "OPTION",
    `${where}: accuracy is asked for, and rows have no class: ${loss.kind} of ${outputs} is a regression`,
    network.outputs === 1
      ? "Leave accuracy out, or use bceWithLogits() for a yes or no."
      : "Leave accuracy out, or pass class ids.",
  );
}

/** What a training program is laid for. */
export function configOf(
  { loss, kind, hits, weight }: Scoring,
  optimizer: OptimizerSpec,
  features: "f32" | "u8",
  batchSize: number,
  windowRows: number,
  accumulates = false,
): TrainConfig {
  const weighted = weight !== undefined;
  return {
    batchSize,
    windowRows,
    features,
    loss,
    targets: kind,
    weighted,
    hits,
    optimizer: optimizing(optimizer),
    accumulates,
  };
}

export function scalingOf(data: Dataset): Scaling | undefined {
  return data.x instanceof Uint8Array ? { scale: data.scale, shift: data.shift } : undefined;
}

/** The scaling of training and validation data; a model has one. */
export function commonScaling(
  where: string,
  data: Dataset,
  validation: Dataset | undefined,
): Scaling | undefined {
  const scaling = scalingOf(data);
  const other = validation && scalingOf(validation);
  if (scaling && other && (scaling.scale !== other.scale || scaling.shift !== other.shift)) {
    throw new XentError(
      "OPTION",
      `${where}: training data has scale ${scaling.scale} and shift ${scaling.shift}, validation data ${other.scale} and ${other.shift}`,
      "Make both data sets with the same scale and shift.",
    );
  }
  return scaling ?? other;
}
