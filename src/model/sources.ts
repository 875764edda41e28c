// What a call reads where that is not just a data set: streams are opened, and training data split. Loaded with the first.

import { XentError } from "../base/errors.ts";
import { checkNames, integer } from "../base/options.ts";
import type { Dataset } from "../data/dataset.ts";
import { splitRows } from "../data/split.ts";
import { type DataStream, OpenStream } from "../data/stream.ts";
import type { Network } from "../nn/network.ts";
import { streamed, streamedParts } from "../train/streamed.ts";
import { close, type Source } from "./extras.ts";
import { rowsOf } from "./fitting.ts";
import { type FitOptions, isSplit, isStream } from "./options.ts";

/**
 * @param step  rows of a training step
 * @throws {XentError} as `OpenStream.open`
 */
export async function sourceOf(where: string, data: Dataset | DataStream, step = 1): Promise<Source> {
  if (!isStream(data)) return { head: data };
  const stream = await OpenStream.open(where, data, step);
  return { head: stream.head, streamed: { stream, streamed, streamedParts } };
}

/** See `setsOf`. */
export async function sourcesOf(
  network: Network,
  where: string,
  data: Dataset | DataStream,
  { validation, batchSize = 32, accumulate = 1 }: FitOptions,
): Promise<{ train: Source; validation?: Source | undefined }> {
  const step = integer(`${where}: batchSize`, batchSize, 1) * integer(`${where}: accumulate`, accumulate, 1);
  const part = `${where}: validation`;
  if (!isSplit(validation)) {
    const train = await sourceOf(where, data, step);
    return { train, validation: validation && (await orClose(train, sourceOf(part, validation))) };
  }
  checkNames(part, validation, ["split", "stratified", "shuffle"]);
  if (isStream(data)) {
    throw new XentError(
      "OPTION",
      `${part}: a stream cannot be split`,
      "Pass a data set, or another stream, to validate with.",
    );
  }
  network.check(where);
  const { split, ...how } = validation;
  const rows = rowsOf(network, where, data);
  const sets = splitRows(part, rows, { ...how, validation: split, seed: network.seed }, "split");
  return { train: { head: sets.train }, validation: { head: sets.validation } };
}

async function orClose(opened: Source, next: Promise<Source>): Promise<Source> {
  try {
    return await next;
  } catch (error) {
    await close(opened);
    throw error;
  }
}
