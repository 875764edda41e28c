// Early stopping: its description, and what it makes of the figures of the epochs. It holds no weights: fit.ts keeps those of
// the best epoch.

import { XentError } from "../base/errors.ts";
import { checkNames, flag, integer, oneOf, show } from "../base/options.ts";
import { type Described, PARTS, type Parts } from "../base/parts.ts";
import { checkMonitor, type Figures, figure, lowerIsBetter, usualMonitor } from "./monitor.ts";

/** Early stopping as `earlyStopping()` describes it; stands among the callbacks of `fit`. */
export interface EarlyStoppingSpec extends Described {
  readonly kind: "earlyStopping";
  readonly monitor?: string;
  readonly patience: number;
  readonly minDelta: number;
  readonly mode?: "min" | "max";
  readonly restoreBest: boolean;
}

/** Options of `earlyStopping`. */
export interface EarlyStoppingOptions {
  /** `"loss"`, a metric, or either of the validation data: `"validation.f1"`. Default: the validation loss, else the loss */
  monitor?: string;
  /** the run stops after so many epochs in a row without a better figure; 0, the default, means the first */
  patience?: number;
  /** a figure is better from so much on, at least 0; default 0 */
  minDelta?: number;
  /** whether the lowest or the highest is the best; by default the lowest for losses and errors */
  mode?: "min" | "max";
  /** brings the weights of the best epoch back, however the run ends; default true */
  restoreBest?: boolean;
}

/**
 * Ends `fit` when a figure has not become better for some epochs, as Keras' `EarlyStopping` does.
 *
 * @throws {XentError} `OPTION`
 * @category Training
 * @example
 * ```ts
 * import { dataset, dense, earlyStopping, init, mse, sgd, zeros } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1, { init: zeros() })]);
 * const data = dataset({ x: [[1]], y: [[0]] }); // at its best from the beginning
 * const callbacks = [earlyStopping({ patience: 3 })];
 * const run = await model.fit(data, { epochs: 100, optimizer: sgd({ lr: 0.1 }), validation: data, callbacks });
 * [run.stopped, run.epochs, run.best?.epoch]; // → ["early", 4, 0]
 * ```
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): EarlyStoppingSpec {
  checkNames("earlyStopping", options, ["monitor", "patience", "minDelta", "mode", "restoreBest"]);
  const { monitor, patience = 0, minDelta = 0, mode, restoreBest = true } = options;
  const refuse = (name: string, value: unknown, hint: string): never => {
    throw new XentError("OPTION", `earlyStopping: ${name} is ${show(value)}`, hint);
  };
  if (monitor !== undefined && typeof monitor !== "string") refuse("monitor", monitor, "Pass a name.");
  if (mode !== undefined) oneOf("earlyStopping: mode", mode, ["min", "max"]);
  if (typeof minDelta !== "number" || !(minDelta >= 0) || !Number.isFinite(minDelta)) {
    refuse("minDelta", minDelta, "Pass a finite number of at least 0.");
  }
  return {
    kind: "earlyStopping",
    ...(monitor === undefined ? {} : { monitor }),
    patience: integer("earlyStopping: patience", patience, 0),
    minDelta,
    ...(mode === undefined ? {} : { mode }),
    restoreBest: flag("earlyStopping: restoreBest", restoreBest),
    [PARTS]: EARLY_STOPPING,
  };
}

/** What early stopping is made of. */
export interface EarlyParts extends Parts {
  readonly of: "callback";
  readonly look: typeof look;
  /** the name of the figure that it looks at, which the run has to measure */
  monitor(where: string, spec: EarlyStoppingSpec, metrics: readonly string[], validated: boolean): string;
}

export const EARLY_STOPPING: EarlyParts = {
  of: "callback",
  make: earlyStopping,
  look,
  monitor(where, spec, metrics, validated) {
    const monitor = spec.monitor ?? usualMonitor(validated);
    checkMonitor(`${where}: earlyStopping`, monitor, metrics, validated);
    return monitor;
  },
};

/** What early stopping remembers from epoch to epoch. */
export interface EarlyState {
  readonly best: number | null;
  /** epoch of the best figure, counted from 0; −1 before the first */
  readonly epoch: number;
  /** epochs since */
  readonly waited: number;
}

/** The state after one more epoch; the epoch was the best so far where `state.epoch` is its own. */
function look(
  { mode, minDelta }: EarlyStoppingSpec,
  monitor: string,
  before: EarlyState,
  epoch: number,
  figures: Figures,
): EarlyState {
  const value = figure(monitor, figures) ?? Number.NaN;
  const sign = (mode ?? (lowerIsBetter(monitor) ? "min" : "max")) === "min" ? 1 : -1;
  const better = before.best === null ? !Number.isNaN(value) : sign * (before.best - value) > minDelta;
  return better ? { best: value, epoch, waited: 0 } : { ...before, waited: before.waited + 1 };
}
