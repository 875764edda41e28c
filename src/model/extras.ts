// What a call may ask for and the smallest trainer does without. The code of each is loaded when it is asked for, before
// anything else of the call is checked, so that the checks stay in one piece.

import type { LossSpec } from "../base/spec.ts";
import type { CheckedRows, Dataset } from "../data/dataset.ts";
import { hurts } from "../data/figures.ts";
import type { Preprocessing } from "../data/prepared.ts";
import type { DataStream, OpenStream } from "../data/stream.ts";
import type { Network } from "../nn/network.ts";
import type { Part, Scored } from "../train/evaluate.ts";
import type { MetricName } from "../train/metrics.ts";
import { warn } from "../wasm/engine.ts";
import { classNames, preparedAs, requireClasses, rowsOf, scoreOf } from "./fitting.ts";
import { type FitOptions, isSplit, isStream } from "./options.ts";

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

/** Data that a call reads: a data set, or a stream by its first block. */
export interface Source {
  readonly head: Dataset;
  readonly streamed?: Pick<typeof import("../train/streamed.ts"), "streamed" | "streamedParts"> & {
    readonly stream: OpenStream;
  };
}

/**
 * The data to train on and to validate with: those of the call, or parts of its data.
 *
 * @throws {XentError} as `split`; `OPTION` a stream that is to be split
 */
export async function setsOf(
  network: Network,
  where: string,
  data: Dataset | DataStream,
  options: FitOptions,
): Promise<{ train: Source; validation?: Source | undefined }> {
  const { validation } = options;
  if (isStream(data) || isStream(validation) || isSplit(validation)) {
    return (await more()).sourcesOf(network, where, data, options);
  }
  return { train: { head: data }, validation: validation && { head: validation } };
}

/** Lets go of what streams read from. */
export async function close(...sources: readonly (Source | undefined)[]): Promise<void> {
  await Promise.all(sources.map((source) => source?.streamed?.stream.close()));
}

/** Has a look at the data, of a stream at its first block, once, and says what is likely to spoil a run. */
export async function lookAt(data: Dataset | DataStream, { head }: Source): Promise<void> {
  if (looked.has(data)) return;
  looked.add(data);
  const rows = (isStream(data) ? head : data) as CheckedRows;
  if (!hurts(rows)) return;
  const { warningOf } = await more();
  warn(warningOf(rows));
}

/** Those that were looked at. */
const looked = new WeakSet<Dataset | DataStream>();

/** What a model knows of the data that it was trained with. */
export interface Known {
  readonly classes: readonly string[] | undefined;
  readonly preprocessing: Preprocessing | undefined;
}

/** Data as a call takes them. */
export interface Taken extends Scored, Known, Part {
  /** The same of a block of a stream; `at` says which for messages. */
  score(data: CheckedRows, at?: string): Pick<Part, "scoring" | "meters">;
}

/**
 * What the loss makes of data, what measures its metrics, and what the model knows of the data then.
 *
 * @param known  so far
 * @throws {XentError} as `scoreOf` and `classNames`; `OPTION` a metric that says nothing of these rows; `TOO_LARGE`, `MEMORY`
 */
export function scored(
  network: Network,
  where: string,
  { head, streamed }: Source,
  loss: LossSpec,
  known: Known,
  measured?: Measuring,
): Taken {
  const { names = [], more: loaded } = measured ?? {};
  const first = rowsOf(network, where, head);
  const rows = streamed?.stream.rows ?? first.rows;
  const score: Taken["score"] = (data, at = "") => {
    const scoring = scoreOf(network, where + at, data, loss, streamed !== undefined);
    return { scoring, meters: loaded?.metersOf(where, names, scoring, data.weight, network, rows) };
  };
  const part = { x: first.x, ...score(first) };
  if (names.includes("accuracy")) requireClasses(network, where, part.scoring);
  return {
    ...part,
    rows,
    parts: streamed?.streamedParts(streamed.stream, score) ?? [part],
    score,
    classes: classNames(network, where, first, known.classes),
    preprocessing: preparedAs(where, first, known.preprocessing),
  };
}
