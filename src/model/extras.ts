// What a call may ask for and the smallest trainer does without. The code of each is loaded when it is asked for, before
// anything else of the call is checked, so that the checks stay in one piece.

import { checkNames } from "../base/options.ts";
import type { LossSpec } from "../base/spec.ts";
import type { Dataset } from "../data/dataset.ts";
import { hurts } from "../data/figures.ts";
import type { Network } from "../nn/network.ts";
import type { MetricName } from "../train/metrics.ts";
import { warn } from "../wasm/engine.ts";
import { classNames, requireClasses, rowsOf, scoreOf } from "./fitting.ts";
import { checkData, type FitOptions, isSplit } from "./options.ts";

/** What only some calls ask for. */
export type More = typeof import("./more.ts");
export const more = (): Promise<More> => import("./more.ts");

/** The metrics of a call, and the code that measures those which the kernels do not count. */
export interface Measuring {
  readonly names: readonly MetricName[];
  readonly more: More | undefined;
}

/** @throws {XentError} `OPTION` an unknown metric */
export async function measuring(where: string, metrics: unknown = []): Promise<Measuring> {
  const counted = Array.isArray(metrics) && metrics.every((name) => name === "accuracy");
  if (counted) return { names: [...(metrics as "accuracy"[])], more: undefined };
  const loaded = await more();
  return { names: loaded.checkMetrics(where, metrics), more: loaded };
}

/**
 * The data sets to train on and to validate with: those of the call, or parts of its data.
 *
 * @throws {XentError} as `split`
 */
export async function setsOf(
  network: Network,
  where: string,
  data: Dataset,
  validation: FitOptions["validation"],
): Promise<{ train: Dataset; validation?: Dataset | undefined }> {
  if (!isSplit(validation)) return { train: data, validation };
  const part = `${where}: validation`;
  checkNames(part, validation, ["split", "stratified", "shuffle"]);
  const { splitRows } = await more();
  network.check(where);
  const { split, ...how } = validation;
  const rows = rowsOf(network, where, data);
  return splitRows(part, rows, { ...how, validation: split, seed: network.seed }, "split");
}

/** Has a look at the data, once, and says what is likely to spoil a run. */
export async function lookAt(data: Dataset): Promise<void> {
  if (looked.has(data)) return;
  looked.add(data);
  const rows = checkData("fit", data);
  if (!hurts(rows)) return;
  const { warningOf } = await more();
  warn(warningOf(rows));
}

/** Those that were looked at. */
const looked = new WeakSet<Dataset>();

/**
 * What the loss makes of a data set, what measures its metrics, and the names of the model's classes.
 *
 * @param known  those names so far
 * @throws {XentError} as `scoreOf` and `classNames`; `OPTION` a metric that says nothing of these rows; `TOO_LARGE`, `MEMORY`
 */
export function scored(
  network: Network,
  where: string,
  data: Dataset,
  loss: LossSpec,
  known: readonly string[] | undefined,
  measured?: Measuring,
) {
  const rows = rowsOf(network, where, data);
  const scoring = scoreOf(network, where, rows, loss);
  const { names = [], more: loaded } = measured ?? {};
  if (names.includes("accuracy")) requireClasses(network, where, scoring);
  return {
    data: rows,
    scoring,
    meters: loaded?.metersOf(where, names, scoring, rows.weight, network),
    classes: classNames(network, where, rows, known),
  };
}
