// `evaluate` and `confusionMatrix` of a model: what is checked, and what the model remembers. The measuring is evaluate.ts. Loaded
// by the calls.

import { XentError } from "../base/errors.ts";
import { checkNames } from "../base/options.ts";
import type { AbortSignalLike } from "../base/platform.ts";
import type { Dataset } from "../data/dataset.ts";
import type { DataStream } from "../data/stream.ts";
import type { Network } from "../nn/network.ts";
import { confusion, type Evaluation, evaluate } from "../train/evaluate.ts";
import { checkIds } from "../train/scoring.ts";
import { close, type Known, measuring, scored } from "./extras.ts";
import { classNames, lossOf, preparedAs, rowsOf, scalingOf } from "./fitting.ts";
import { type ConfusionMatrix, checkSignal, type EvaluateOptions } from "./options.ts";
import { sourceOf } from "./sources.ts";

/** See `Sequential.evaluate`. */
export async function evaluateModel(
  network: Network,
  known: Known,
  data: Dataset | DataStream,
  options: EvaluateOptions,
): Promise<Evaluation> {
  checkNames("evaluate", options, ["loss", "metrics", "signal"]);
  checkSignal("evaluate", options.signal);
  const measured = await measuring("evaluate", options.metrics);
  network.check("evaluate");
  const loss = lossOf(network, "evaluate", options.loss);
  const source = await sourceOf("evaluate", data);
  try {
    network.check("evaluate");
    const taken = scored(network, "evaluate", source, loss, known, measured);
    network.remember(loss, scalingOf(source.head));
    return await evaluate(network, taken, options.signal);
  } finally {
    await close(source);
  }
}

const WHERE = "confusionMatrix";

/** See `Sequential.confusionMatrix`. */
export async function confusionMatrix(
  network: Network,
  known: Known,
  data: Dataset,
  options: { signal?: AbortSignalLike | undefined },
): Promise<ConfusionMatrix> {
  checkNames(WHERE, options, ["signal"]);
  checkSignal(WHERE, options.signal);
  const { ids, ignored } = classIds(network, data);
  const names = classNames(network, WHERE, data, known.classes);
  preparedAs(WHERE, data, known.preprocessing);
  network.remember(undefined, scalingOf(data));
  const counts = await confusion(network, data.x, ids, ignored, options.signal);
  return { labels: counts.map((_, i) => i), ...(names ? { names } : {}), counts };
}

/** The class ids of a data set, each of a class that the model has or the one that its loss ignores. */
function classIds(network: Network, data: Dataset): { ids: Int32Array; ignored: number | undefined } {
  const { y } = rowsOf(network, WHERE, data);
  if (!(y instanceof Int32Array)) {
    throw new XentError(
      "LABEL",
      `${WHERE}: y holds ${data.targets} numbers a row, expected class ids`,
      "Make the data set with integers from 0, one a row.",
    );
  }
  const { loss, outputs } = network;
  const ignored = loss?.kind === "crossEntropy" ? loss.ignoreIndex : undefined;
  checkIds(WHERE, y, ignored, outputs);
  return { ids: y, ignored };
}
