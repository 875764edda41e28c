// From a trained model to what a report says of it: evaluates it on rows, and asks it for the rest. Draws nothing.

import type { Table } from "../../data.ts";
import { type Dataset, type History, type Sequential, type StateDict, XentError } from "../../index.ts";
import { parameterCount, targetNames } from "../parameters.ts";
import { type ClassAnswers, classAnswers, numberAnswers } from "./answers.ts";
import { cut, finite, thinned } from "./bounds.ts";
import { fitsOf } from "./fits.ts";
import { histogram } from "./histogram.ts";
import { largestErrors, wrongClasses } from "./mistakes.ts";
import type {
  Confusion,
  Curves,
  Histogram,
  Report,
  Roc,
  RowCounts,
  Seen,
  Setting,
  Weights,
} from "./report.ts";
import { rocCurve } from "./roc.ts";

/** What a report is made of. */
export interface ReportInput {
  /** what the model was trained on, such as the name of a file */
  readonly title: string;
  /** trained */
  readonly model: Sequential;
  /** of its `fit`; with the option `profile`, the page has the time by kernel */
  readonly history: History;
  /** learning rate at the end of each epoch; where they are fewer, of the last epochs */
  readonly rates: readonly number[];
  /** how long the training took */
  readonly seconds: number;
  readonly settings: readonly Setting[];
  readonly environment: readonly Setting[];
  /** rows of each part of the data */
  readonly rows: RowCounts;
  /** which part the rows below are: those that the net has not seen, where there are any */
  readonly seen: Seen;
  readonly dataset: Dataset;
  /** the same rows as they came, in the same order: needed where the model prepares them itself */
  readonly table?: Table | undefined;
  /** numbers of these rows as people know them, such as lines of the file; without them they are counted from 1 */
  readonly rowNumbers?: ArrayLike<number> | undefined;
  /** where the features are the pixels of an image, row by row, and 0 is paper */
  readonly image?: { readonly width: number; readonly height: number } | undefined;
}

/** Classes in a table, pairs of them in a list, tensors, and records of a step: a page has an end. */
const MOST_CLASSES = 40;
const MOST_PAIRS = 20;
const MOST_TENSORS = 48;
const MOST_RECORDS = 200;

/**
 * @throws {XentError} `OPTION` no table where the model prepares its rows; `SHAPE` a table, or an image, of another size than the data
 *   set; and what `evaluate` and `predict` throw
 */
export async function collectReport(input: ReportInput): Promise<Report> {
  const { model, history, dataset, table, image } = input;
  if (image !== undefined && image.width * image.height !== dataset.features) {
    throw new XentError(
      "SHAPE",
      `report: an image of ${image.width} × ${image.height} has ${image.width * image.height} pixels, the data set ${dataset.features} features`,
      "Pass the width and height of its images.",
    );
  }
  const { loss, accuracy } = await model.evaluate(dataset);
  const base = {
    title: cut(input.title),
    rows: input.rows,
    training: {
      epochs: history.epochs,
      steps: history.steps,
      seconds: input.seconds,
      stopped: history.stopped,
      best: history.best === undefined ? null : history.best.epoch + 1,
      problem: history.problem ?? null,
      parameters: parameterCount(model),
    },
    curves: curvesOf(history),
    rates: ratesOf(history.epochs, input.rates),
    weights: weightsOf(model.stateDict()),
    kernels: (history.profile ?? []).slice(0, MOST_RECORDS).map((line) => ({ ...line })),
    summary: model.summary(),
    settings: input.settings.map(([name, value]): Setting => [cut(name), cut(value, 2000)]),
    environment: input.environment.map(([name, value]): Setting => [cut(name), cut(value, 2000)]),
  };
  const evaluation = { on: input.seen, rows: dataset.rows, loss: finite(loss) };
  const inputs = { dataset, table, targets: targetNames(model), image, numbers: input.rowNumbers };
  const none = { confusion: null, roc: null, fits: [], mistakes: null };

  if (Number.isNaN(accuracy)) {
    const answers = numberAnswers(model, dataset, table);
    const { r2 } = await model.evaluate(dataset, { metrics: ["r2"] });
    const each = fitsOf(answers, dataset.weight);
    // of what was learnt: in the target's own units, a mean far from zero costs digits
    const fits = each.length === 1 ? each.map((fit) => ({ ...fit, r2: finite(r2) })) : each;
    // errors of several outputs have a unit each
    const [only] = fits.length === 1 ? fits : [];
    const own =
      only === undefined
        ? []
        : ([
            ["mae", only.mae],
            ["rmse", only.rmse],
          ] as const);
    return {
      ...base,
      problem: "numbers",
      evaluation: { ...evaluation, metrics: [["r2", finite(r2)], ...own] },
      ...none,
      fits,
      mistakes: largestErrors(answers, inputs),
    };
  }
  if (!(dataset.y instanceof Int32Array)) {
    const metrics = [["accuracy", finite(accuracy)] as const];
    return { ...base, problem: "labels", evaluation: { ...evaluation, metrics }, ...none };
  }
  const answers = classAnswers(model, dataset, table);
  const { counts } = await model.confusionMatrix(dataset);
  const { f1 } = await model.evaluate(dataset, { metrics: ["f1"] });
  const roc = rocOf(answers, dataset);
  const area = roc === null ? [] : ([["rocAuc", roc.area]] as const);
  return {
    ...base,
    problem: "classes",
    evaluation: { ...evaluation, metrics: [["accuracy", finite(accuracy)], ["f1", finite(f1)], ...area] },
    ...none,
    confusion: confusionOf(answers.names, counts),
    roc,
    mistakes: wrongClasses(answers, inputs),
  };
}

/** The loss first, then each metric that was counted while the model trained. */
function curvesOf({ validation, profile, ...series }: History): Curves {
  const all = Object.entries(series).filter((entry): entry is [string, number[]] => Array.isArray(entry[1]));
  const of = series.loss.length;
  const shown = thinned(of);
  const pick = (values: readonly number[]) => shown.map((epoch) => finite(values[epoch]));
  const checked = validation as Readonly<Record<string, readonly number[]>> | undefined;
  return {
    epochs: shown.map((epoch) => epoch + 1),
    of,
    series: all.map(([name, values]) => ({
      name,
      train: pick(values),
      validation: checked?.[name] === undefined ? null : pick(checked[name]),
    })),
  };
}

function ratesOf(epochs: number, rates: readonly number[]): Report["rates"] {
  const shown = thinned(rates.length);
  return {
    epochs: shown.map((at) => epochs - rates.length + at + 1),
    values: shown.map((at) => finite(rates[at])),
  };
}

/** Counts, `[truth][predicted]`, as a page shows them. */
export function confusionOf(names: readonly string[], counts: readonly (readonly number[])[]): Confusion {
  const pairs = counts.flatMap((row, truth) =>
    row.flatMap((count, predicted) =>
      count > 0 && truth !== predicted ? [{ truth, predicted, count }] : [],
    ),
  );
  pairs.sort((a, b) => b.count - a.count || a.truth - b.truth || a.predicted - b.predicted);
  return {
    names: names.map((name) => cut(name)),
    counts: counts.length <= MOST_CLASSES ? counts : null,
    pairs: pairs.slice(0, MOST_PAIRS),
    pairsOf: pairs.length,
  };
}

function rocOf({ second, truth, names, probabilities }: ClassAnswers, { weight }: Dataset): Roc | null {
  if (second === undefined) return null;
  // a row that the loss ignores has no class, and does not count
  const weights = Float64Array.from(truth, (id, row) => (names[id] === undefined ? 0 : (weight?.[row] ?? 1)));
  const yes = Array.from(truth, (id) => id === 1);
  const curve = rocCurve({ scores: second.scores, thresholds: second.outputs, yes, weights });
  if (curve === undefined) return null;
  const bounds = probabilities ? { low: 0, high: 1, bins: 25 } : undefined;
  const given = (id: number): Histogram =>
    histogram(
      second.outputs.filter((_, row) => truth[row] === id && weights[row] !== 0),
      bounds,
    );
  return {
    positive: cut(names[1] ?? "1"),
    negative: cut(names[0] ?? "0"),
    given: { positive: given(1), negative: given(0) },
    ...curve,
  };
}

function weightsOf(tensors: StateDict): Weights {
  const all = Object.entries(tensors);
  return {
    tensors: all.slice(0, MOST_TENSORS).map(([name, { shape, data }]) => ({
      name,
      shape,
      values: histogram(data),
    })),
    of: all.length,
  };
}
