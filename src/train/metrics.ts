// The metrics beside the loss, by the names that a user writes: which problem each suits, and what sums each needs. Loaded
// when one is asked for. The sums themselves are in meters.ts; accuracy is counted by the kernels.

import { XentError } from "../base/errors.ts";
import { nearest, show } from "../base/options.ts";
import { count } from "../data/targets.ts";
import type { Network } from "../nn/network.ts";
import { lastLayer } from "../nn/params.ts";
import type { Strided } from "../nn/session.ts";
import { Counts, Errors, LogLoss, type Meter, type Problem, problemOf, Ranks, Top } from "./meters.ts";
import type { Scoring } from "./scoring.ts";

/**
 * What to report beside the loss. Definitions are scikit-learn's.
 *
 * Of rows with a class (class ids, probabilities, each output a yes or no):
 * - `accuracy` share of rows whose class is right; a row counts once, whatever its weight
 * - `top2`, `top3`, … share of rows whose class is among the k largest outputs; of equal outputs the first counts as larger
 * - `precision`, `recall`, `f1` mean over the classes that occur among targets or answers ("macro"); of a model with one
 *   output, those of the yes alone; where outputs are each a yes or no, the mean over the outputs. 0 where nothing was said or
 *   nothing was to be found
 * - `precisionMicro`, `recallMicro`, `f1Micro` from the counts of all classes together: the share of right answers, unless
 *   outputs are each a yes or no
 * - `rocAuc` area under the curve of true against false positives: the share of pairs of a yes and a no that the output
 *   puts in order, ties count half. Of several classes the mean of each against the rest, by its probability, over those
 *   that occur; NaN where every row is of one class
 * - `logLoss` −ln of the probability that the target was given, mean over rows (and outputs, where each is a yes or no);
 *   for `crossEntropy` and `bceWithLogits`, and without their weights and smoothing
 *
 * Of a regression:
 * - `mae`, `mse` mean absolute and mean squared error, over rows and outputs
 * - `r2` 1 − (sum of squared errors) / (sum of squared distances from the target's mean), mean over outputs. Where a target
 *   is constant, 1 if it was met and else 0; NaN with fewer than two rows
 *
 * All but accuracy count a row of weight w as w rows. Rows of weight 0 and ignored ones are not looked at. Those of an epoch of
 * training see each row as it was before its step.
 */
export type MetricName =
  | "accuracy"
  | `top${number}`
  | "precision"
  | "recall"
  | "f1"
  | "precisionMicro"
  | "recallMicro"
  | "f1Micro"
  | "rocAuc"
  | "logLoss"
  | "mae"
  | "mse"
  | "r2";

/** What metrics came to. */
export type MetricValues = { readonly [K in Exclude<MetricName, "accuracy">]?: number };

/** The same, epoch by epoch. */
export type MetricSeries = { readonly [K in Exclude<MetricName, "accuracy">]?: number[] };

type Maker = (problem: Problem) => Meter;

const counts: Maker = (problem) => new Counts(problem);
const errors: Maker = (problem) => new Errors(problem);

/** Of rows with a class; by name, what is summed. Names that share a maker share its sums. */
const OF_CLASSES: { readonly [name: string]: Maker } = {
  precision: counts,
  recall: counts,
  f1: counts,
  precisionMicro: counts,
  recallMicro: counts,
  f1Micro: counts,
  rocAuc: (problem) => new Ranks(problem),
  logLoss: (problem) => new LogLoss(problem),
};
const OF_NUMBERS: { readonly [name: string]: Maker } = { mae: errors, mse: errors, r2: errors };
const KNOWN = ["accuracy", "top3", "top5", ...Object.keys(OF_CLASSES), ...Object.keys(OF_NUMBERS)];
/** Scores that rocAuc keeps at most: 1 GiB of them. */
const MOST_SCORES = 2 ** 27;

/**
 * The names of a call, each once.
 *
 * @throws {XentError} `OPTION`
 */
export function checkMetrics(where: string, metrics: unknown): readonly MetricName[] {
  const known = `Known: ${KNOWN.join(", ")} and other top….`;
  if (!Array.isArray(metrics)) {
    throw new XentError(
      "OPTION",
      `${where}: metrics are ${show(metrics)}, expected an array of names`,
      `Pass one such as ["accuracy"]. ${known}`,
    );
  }
  for (const name of metrics) {
    if (KNOWN.includes(name) || topOf(name) !== undefined) continue;
    const meant = typeof name === "string" ? nearest(name, KNOWN) : undefined;
    throw new XentError(
      "OPTION",
      `${where}: unknown metric ${show(name)}`,
      meant === undefined ? known : `Did you mean "${meant}"? ${known}`,
    );
  }
  return [...new Set(metrics as MetricName[])];
}

/**
 * What measures these metrics over a data set; undefined where the kernels count all of them.
 *
 * @param weight  of the data set's rows
 * @param rows    that are added between two resets, if they are not those of the data set
 * @throws {XentError} `OPTION` a metric that says nothing of the data; `TOO_LARGE` more scores than rocAuc can keep; `MEMORY`
 */
export function metersOf(
  where: string,
  names: readonly MetricName[],
  scoring: Scoring,
  weight: Float32Array | undefined,
  { outputs, layers }: Pick<Network, "outputs" | "layers">,
  rows?: number,
): Meters | undefined {
  const problem = problemOf(scoring, weight, outputs, lastLayer(layers), rows);
  checkSuits(where, names, problem);
  if (names.every((name) => name === "accuracy")) return undefined;
  try {
    return new Meters(names, problem);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new XentError(
      "MEMORY",
      `${where}: the host refused the memory in which metrics keep their sums (${cause.message})`,
      "Measure rocAuc on fewer rows, or leave it out.",
    );
  }
}

function checkSuits(
  where: string,
  names: readonly MetricName[],
  { scoring, kind, outputs, rows }: Problem,
): void {
  const loss = scoring.loss.kind;
  const refuse = (name: string, why: string, hint: string): never => {
    throw new XentError("OPTION", `${where}: the metric ${name} is asked for, and ${why}`, hint);
  };
  for (const name of names) {
    const k = topOf(name);
    // said in other words where loss, data and model are put together
    if (name === "accuracy") continue;
    if (kind === "regression" && !(name in OF_NUMBERS)) {
      const what = outputs === 1 ? "one number" : `${outputs} numbers`;
      refuse(
        name,
        `rows have no class: ${loss} of ${what} is a regression`,
        `Of a regression there are ${Object.keys(OF_NUMBERS).join(", ")}.`,
      );
    }
    if (kind !== "regression" && name in OF_NUMBERS) {
      refuse(
        name,
        `rows have classes, no numbers to come near to (${loss} with ${count(outputs, "output")})`,
        `Of classes there are accuracy, top3, ${Object.keys(OF_CLASSES).join(", ")}.`,
      );
    }
    if (k !== undefined && kind !== "classes") {
      refuse(name, "outputs are each a yes or no, which have no order", "Use accuracy, f1 or rocAuc.");
    }
    if (k !== undefined && k >= outputs) {
      refuse(name, `of ${outputs} classes every one is among the ${k} largest`, "Use a smaller k.");
    }
    if (name === "logLoss" && loss !== "crossEntropy" && loss !== "bceWithLogits") {
      refuse(
        name,
        `${loss} makes no probabilities of the outputs`,
        "Use crossEntropy() or bceWithLogits(), or leave it out.",
      );
    }
    if (name === "rocAuc" && rows * outputs > MOST_SCORES) {
      throw new XentError(
        "TOO_LARGE",
        `${where}: the metric rocAuc has to keep ${rows * outputs} scores, at most ${MOST_SCORES} can be kept`,
        "Measure it on fewer rows, or leave it out.",
      );
    }
  }
}

/** Sums over rows, from which every metric of a list is read. Nothing is allocated while rows are added. */
export class Meters {
  readonly #problem: Problem;
  readonly #named: readonly (readonly [name: MetricName, meter: Meter])[];
  readonly #meters: readonly Meter[];

  constructor(names: readonly MetricName[], problem: Problem) {
    this.#problem = problem;
    const made = new Map<Maker, Meter>();
    this.#named = names.flatMap((name) => {
      const k = topOf(name);
      const maker = OF_CLASSES[name] ?? OF_NUMBERS[name];
      if (k !== undefined) return [[name, new Top(problem, k)] as const];
      if (maker === undefined) return [];
      const meter = made.get(maker) ?? maker(problem);
      made.set(maker, meter);
      return [[name, meter] as const];
    });
    this.#meters = [...new Set(this.#named.map(([, meter]) => meter))];
  }

  /** Forgets all rows. */
  reset(): void {
    // all of it: what stands behind the rows of rocAuc says nothing, and a file is to have the same bytes each time
    for (const { parts } of this.#meters) for (const part of parts) part.fill(0);
  }

  /**
   * Adds the outputs of `count` rows.
   *
   * @param first  position of the first of them in `order`; without an order, its number in the data set
   */
  add({ data, stride }: Strided, first: number, count: number, order?: Uint32Array): void {
    const { scoring, weight } = this.#problem;
    const meters = this.#meters;
    for (let i = 0; i < count; i++) {
      const row = order === undefined ? first + i : (order[first + i] as number);
      if (scoring.weight?.[row] === 0) continue;
      const w = weight === undefined ? 1 : (weight[row] as number);
      for (let m = 0; m < meters.length; m++) (meters[m] as Meter).row(data, i * stride, row, w);
    }
  }

  /** What the rows since the last reset have left, for `load`: with it the metrics of half an epoch go into a file. */
  state(): Uint8Array {
    const parts = this.#meters.flatMap(({ parts }) => parts);
    const state = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of parts) {
      state.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    return state;
  }

  /** Goes on from there. False where it is the state of others. */
  load(state: Uint8Array): boolean {
    const parts = this.#meters.flatMap(({ parts }) => parts);
    if (state.length !== parts.reduce((sum, { byteLength }) => sum + byteLength, 0)) return false;
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of parts) {
      new Uint8Array(buffer, byteOffset, byteLength).set(state.subarray(at, at + byteLength));
      at += byteLength;
    }
    return true;
  }

  /** What the rows since the last reset came to. */
  values(): MetricValues {
    return Object.fromEntries(this.#named.map(([name, meter]) => [name, meter.read(name)]));
  }
}

/** The k of "top5". */
function topOf(name: unknown): number | undefined {
  const digits = typeof name === "string" ? /^top([1-9]\d{0,8})$/.exec(name)?.[1] : undefined;
  return digits === undefined ? undefined : Number(digits);
}
