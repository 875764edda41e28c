// The schedules of the learning rate as a user writes them. Descriptions only; schedule.ts works them out.

import { XentError } from "../base/errors.ts";
import { checkNames, integer, oneOf, positive, show, within } from "../base/options.ts";
import type { ScheduleFunction, ScheduleSpec, ScheduleUnit } from "../base/spec.ts";
import { lowerIsBetter } from "./monitor.ts";

/** A schedule that is no function. */
type Described = Exclude<ScheduleSpec, ScheduleFunction>;

/**
 * Multiplies the learning rate by `gamma` once in `every` epochs: lr·gamma^⌊t / every⌋. PyTorch's `StepLR`.
 *
 * @param options.every  at least 1; PyTorch's `step_size`
 * @param options.gamma  above 0, default 0.1
 * @param options.per    what t counts: `"epoch"` (default) or `"step"`
 * @throws {XentError} `OPTION`
 * @category Schedules
 * @example
 * ```ts
 * import { dataset, dense, init, mse, sgd, stepDecay } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * const optimizer = sgd({ lr: 0.5, schedule: stepDecay({ every: 2, gamma: 0.5 }) });
 * const rates: number[] = [];
 * const data = dataset({ x: [[1]], y: [0.5] });
 * for await (const { lr } of model.steps(data, { epochs: 5, optimizer })) rates.push(lr);
 * rates; // → [0.5, 0.5, 0.25, 0.25, 0.125]
 * ```
 */
export function stepDecay(options: { every: number; gamma?: number; per?: ScheduleUnit }): ScheduleSpec {
  checkNames("stepDecay", options, ["every", "gamma", "per"]);
  const { every, gamma = 0.1 } = options;
  return {
    kind: "stepDecay",
    every: integer("stepDecay: every", every, 1),
    gamma: positive("stepDecay: gamma", gamma),
    per: unit("stepDecay", options, "epoch"),
  };
}

/**
 * Multiplies the learning rate by `gamma` at each milestone. PyTorch's `MultiStepLR`.
 *
 * @param options.milestones  epochs counted from 0, ascending, each at least 1: from there on the next rate holds
 * @param options.gamma       above 0, default 0.1
 * @param options.per         what milestones count: `"epoch"` (default) or `"step"`
 * @throws {XentError} `OPTION`
 * @category Schedules
 * @example
 * ```ts
 * import { dataset, dense, init, mse, multiStep, sgd } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * const optimizer = sgd({ lr: 0.5, schedule: multiStep({ milestones: [1, 4], gamma: 0.5 }) });
 * const rates: number[] = [];
 * const data = dataset({ x: [[1]], y: [0.5] });
 * for await (const { lr } of model.steps(data, { epochs: 5, optimizer })) rates.push(lr);
 * rates; // → [0.5, 0.25, 0.25, 0.25, 0.125]
 * ```
 */
export function multiStep(options: {
  milestones: readonly number[];
  gamma?: number;
  per?: ScheduleUnit;
}): ScheduleSpec {
  checkNames("multiStep", options, ["milestones", "gamma", "per"]);
  const { milestones, gamma = 0.1 } = options;
  if (!Array.isArray(milestones) || milestones.length === 0) {
    throw new XentError(
      "OPTION",
      `multiStep: milestones are ${show(milestones)}, expected at least one`,
      "Pass ascending integers such as [30, 80].",
    );
  }
  let before = 0;
  for (const [i, milestone] of milestones.entries()) {
    before = integer(`multiStep: milestones[${i}]`, milestone, before + 1);
  }
  return {
    kind: "multiStep",
    milestones: [...milestones],
    gamma: positive("multiStep: gamma", gamma),
    per: unit("multiStep", options, "epoch"),
  };
}

/**
 * Multiplies the learning rate by `gamma` after every epoch: lr·gamma^t. PyTorch's `ExponentialLR`.
 *
 * @param options.gamma  above 0
 * @param options.per    what t counts: `"epoch"` (default) or `"step"`
 * @throws {XentError} `OPTION`
 * @category Schedules
 * @example
 * ```ts
 * import { dataset, dense, exponential, init, mse, sgd } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * const optimizer = sgd({ lr: 0.5, schedule: exponential({ gamma: 0.5 }) });
 * const rates: number[] = [];
 * const data = dataset({ x: [[1]], y: [0.5] });
 * for await (const { lr } of model.steps(data, { epochs: 4, optimizer })) rates.push(lr);
 * rates; // → [0.5, 0.25, 0.125, 0.0625]
 * ```
 */
export function exponential(options: { gamma: number; per?: ScheduleUnit }): ScheduleSpec {
  checkNames("exponential", options, ["gamma", "per"]);
  return {
    kind: "exponential",
    gamma: positive("exponential: gamma", options.gamma),
    per: unit("exponential", options, "epoch"),
  };
}

/** Options of {@link cosine}. */
export interface CosineOptions {
  /** Length of a linear warm-up before it, in units of `per`, shorter than the run; default 0. */
  warmup?: number;
  /** Share of the learning rate that the warm-up begins with, from 0 to 1; default ⅓, as PyTorch's `LinearLR`. */
  startFactor?: number;
  /** Where it ends, at most the optimiser's learning rate; default 0. PyTorch's `eta_min`. */
  min?: number;
  /** What is counted: `"step"` (default), or `"epoch"`, as most users of PyTorch do. */
  per?: ScheduleUnit;
}

/**
 * Half a cosine from the learning rate down to `min`, over all that the run has left after the warm-up:
 * min + (lr − min)·(1 + cos(π·t/T)) / 2. PyTorch's `CosineAnnealingLR` with T_max = T, behind a `LinearLR` for the warm-up.
 *
 * With t from 0 to T − 1 the last step still learns; `min` itself would be the rate of step T.
 * @throws {XentError} `OPTION`; so does the run where the warm-up is as long as it, or `min` above its learning rate
 * @category Schedules
 * @example
 * ```ts
 * import { cosine, dataset, dense, init, mse, sgd } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * const optimizer = sgd({ lr: 0.1, schedule: cosine({ warmup: 2 }) });
 * const rates: number[] = [];
 * const data = dataset({ x: [[1]], y: [0.5] });
 * for await (const { lr } of model.steps(data, { epochs: 6, optimizer })) rates.push(lr);
 * rates.map((lr) => lr.toFixed(3)); // → ["0.033", "0.067", "0.100", "0.085", "0.050", "0.015"]
 * ```
 */
export function cosine(options: CosineOptions = {}): ScheduleSpec {
  checkNames("cosine", options, ["warmup", "startFactor", "min", "per"]);
  const { warmup = 0, startFactor = 1 / 3, min = 0 } = options;
  return {
    kind: "cosine",
    warmup: integer("cosine: warmup", warmup, 0),
    startFactor: within("cosine: startFactor", startFactor, 0, 1),
    min: within("cosine: min", min, 0),
    per: unit("cosine", options, "step"),
  };
}

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** The highest learning rate, above 0; default the optimiser's. PyTorch's `max_lr`. */
  max?: number;
  /** Share of the run in which the rate rises, from 0 to 1; default 0.3. */
  pctStart?: number;
  /** The run begins with max / divFactor; at least 1, default 25. */
  divFactor?: number;
  /** The run ends with max / divFactor / finalDivFactor; above 0, default 10,000. */
  finalDivFactor?: number;
  /** How it goes from one to the next: along half a cosine (default) or a line. PyTorch's `anneal_strategy`. */
  anneal?: "cosine" | "linear";
}

/**
 * Up to `max` and down to almost nothing in one run, step by step. PyTorch's `OneCycleLR` of two phases, without its cycling
 * of momentum, which stays as the optimiser has it. The last step has the lowest rate.
 *
 * Source: Smith, Topin, "Super-convergence", 2018.
 * @throws {XentError} `OPTION`
 * @category Schedules
 * @example
 * ```ts
 * import { dataset, dense, init, mse, oneCycle, sgd } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * const optimizer = sgd({ lr: 0.1, schedule: oneCycle() });
 * const rates: number[] = [];
 * const data = dataset({ x: [[1]], y: [0.5] });
 * for await (const { lr } of model.steps(data, { epochs: 6, optimizer })) rates.push(lr);
 * rates.map((lr) => lr.toFixed(3)); // → ["0.004", "0.099", "0.081", "0.046", "0.013", "0.000"]
 * ```
 */
export function oneCycle(options: OneCycleOptions = {}): ScheduleSpec {
  checkNames("oneCycle", options, ["max", "pctStart", "divFactor", "finalDivFactor", "anneal"]);
  const { max, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4, anneal = "cosine" } = options;
  return {
    kind: "oneCycle",
    ...(max === undefined ? {} : { max: positive("oneCycle: max", max) }),
    pctStart: within("oneCycle: pctStart", pctStart, 0, 1),
    divFactor: within("oneCycle: divFactor", divFactor, 1),
    finalDivFactor: positive("oneCycle: finalDivFactor", finalDivFactor),
    anneal: oneOf("oneCycle: anneal", anneal, ["cosine", "linear"]),
  };
}

/**
 * In a line from lr·from to lr·to, where it stays: lr·(from + (to − from)·min(t, over) / over). PyTorch's `LinearLR`, whose
 * defaults are others.
 *
 * @param options.from  factor of the optimiser's learning rate, at least 0, default 1; PyTorch's `start_factor`
 * @param options.to    the same, default 0; PyTorch's `end_factor`
 * @param options.over  steps until it is there, at least 1; default those of the whole run. PyTorch's `total_iters`
 * @param options.per   what t and `over` count: `"step"` (default) or `"epoch"`
 * @throws {XentError} `OPTION`
 * @category Schedules
 * @example
 * ```ts
 * import { dataset, dense, init, linear, mse, sgd } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * const optimizer = sgd({ lr: 0.5, schedule: linear({ to: 0.5, over: 2 }) });
 * const rates: number[] = [];
 * const data = dataset({ x: [[1]], y: [0.5] });
 * for await (const { lr } of model.steps(data, { epochs: 4, optimizer })) rates.push(lr);
 * rates; // → [0.5, 0.375, 0.25, 0.25]
 * ```
 */
export function linear(
  options: { from?: number; to?: number; over?: number; per?: ScheduleUnit } = {},
): ScheduleSpec {
  checkNames("linear", options, ["from", "to", "over", "per"]);
  const { from = 1, to = 0, over } = options;
  return {
    kind: "linear",
    from: within("linear: from", from, 0),
    to: within("linear: to", to, 0),
    ...(over === undefined ? {} : { over: integer("linear: over", over, 1) }),
    per: unit("linear", options, "step"),
  };
}

/** Options of {@link reduceOnPlateau}; each as in PyTorch's `ReduceLROnPlateau`. */
export interface PlateauOptions {
  /** What the learning rate is multiplied by, above 0 and below 1; default 0.1. */
  factor?: number;
  /** Epochs without improvement that are put up with, at least 0; default 10. */
  patience?: number;
  /** How much better the figure must be to count as better, at least 0, and below 1 as a share; default 1e-4. */
  threshold?: number;
  /** Whether the threshold is a share of the best figure (`"rel"`, default) or a difference from it. */
  thresholdMode?: "rel" | "abs";
  /** Whether lower is better; default `"min"` for losses and errors (loss, logLoss, mae, mse), `"max"` for all else. */
  mode?: "min" | "max";
  /** Epochs after a reduction that do not count, at least 0; default 0. */
  cooldown?: number;
  /** The learning rate does not go below; default 0. PyTorch's `min_lr`. */
  min?: number;
  /** A reduction by no more than this is left out; default 1e-8. */
  eps?: number;
  /**
   * The figure of an epoch's end that is looked at: `"loss"`, `"accuracy"` or another metric of the training rows;
   * `"validation.loss"` and so on of the validation. Default `"validation.loss"`, or `"loss"` where nothing is validated.
   */
  monitor?: string;
}

/**
 * Reduces the learning rate when a figure has not improved for `patience` epochs. PyTorch's `ReduceLROnPlateau`, stepped at
 * the end of each epoch. A figure that is NaN is no improvement.
 *
 * @throws {XentError} `OPTION`; so does the run where an epoch does not have the figure
 * @category Schedules
 * @example
 * ```ts
 * import { dataset, dense, init, mse, reduceOnPlateau, sgd, zeros } from "xent";
 * const xent = await init();
 * const optimizer = sgd({ lr: 0.5, schedule: reduceOnPlateau({ patience: 1, factor: 0.5 }) });
 * const model = xent.sequential({ input: 1, loss: mse(), optimizer }, [dense(1, { init: zeros() })]);
 * const rates: number[] = [];
 * // at its best from the beginning: nothing improves
 * const data = dataset({ x: [[1]], y: [[0]] });
 * await model.fit(data, { epochs: 5, callbacks: [{ onEpochEnd: ({ lr }) => rates.push(lr) }] });
 * rates; // → [0.5, 0.5, 0.5, 0.25, 0.25]
 * ```
 */
export function reduceOnPlateau(options: PlateauOptions = {}): ScheduleSpec {
  const where = "reduceOnPlateau";
  checkNames(where, options, [
    ...["factor", "patience", "threshold", "thresholdMode", "mode"],
    ...["cooldown", "min", "eps", "monitor"],
  ]);
  const { factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = "rel", monitor } = options;
  if (monitor !== undefined && !(typeof monitor === "string" && /^(validation\.)?\w+$/.test(monitor))) {
    throw new XentError(
      "OPTION",
      `${where}: monitor is ${show(monitor)}, expected the name of a figure`,
      'Pass one such as "loss" or "validation.accuracy".',
    );
  }
  const {
    mode = lowerIsBetter(monitor ?? "loss") ? "min" : "max",
    cooldown = 0,
    min = 0,
    eps = 1e-8,
  } = options;
  if (within(`${where}: factor`, factor, 0, 1) === 0 || factor === 1) {
    throw new XentError(
      "OPTION",
      `${where}: factor is ${factor}, expected one between 0 and 1`,
      "0.1 is usual.",
    );
  }
  return {
    kind: where,
    factor,
    patience: integer(`${where}: patience`, patience, 0),
    // of a share of 1 nothing is left to be better than
    threshold: within(
      `${where}: threshold`,
      threshold,
      0,
      thresholdMode === "rel" ? 1 - 2 ** -53 : undefined,
    ),
    thresholdMode: oneOf(`${where}: thresholdMode`, thresholdMode, ["rel", "abs"]),
    mode: oneOf(`${where}: mode`, mode, ["min", "max"]),
    cooldown: integer(`${where}: cooldown`, cooldown, 0),
    min: within(`${where}: min`, min, 0),
    eps: within(`${where}: eps`, eps, 0),
    ...(monitor === undefined ? {} : { monitor }),
  };
}

/** By kind, the function that describes it. */
const SCHEDULES: { readonly [K in Described["kind"]]: (options: never) => ScheduleSpec } = {
  stepDecay,
  multiStep,
  exponential,
  cosine,
  oneCycle,
  linear,
  reduceOnPlateau,
};

/** A description, perhaps written by hand, made anew by the function that a user would call; a function as it is. */
export function checkSchedule(where: string, schedule: ScheduleSpec | undefined): ScheduleSpec | undefined {
  if (schedule === undefined) return schedule;
  if (typeof schedule === "function") {
    const maker = Object.entries(SCHEDULES).find(([, make]) => make === (schedule as unknown));
    if (maker === undefined) return schedule;
    const [name] = maker;
    throw new XentError(
      "OPTION",
      `${where}: schedule is the function ${name} itself`,
      `Call it: ${name}(…).`,
    );
  }
  const { kind, ...options } = Object(schedule) as Described;
  if (!Object.hasOwn(SCHEDULES, kind)) {
    const known = Object.keys(SCHEDULES).map((name) => `${name}()`);
    throw new XentError(
      "OPTION",
      `${where}: schedule is ${kind === undefined ? show(schedule) : `${show(schedule)} of kind ${show(kind)}`}`,
      `Known: ${known.join(", ")}, or a function ({ step, epoch, steps, epochs, stepsPerEpoch, lr }) => number.`,
    );
  }
  return SCHEDULES[kind](options as never);
}

function unit(where: string, options: { per?: ScheduleUnit }, otherwise: ScheduleUnit): ScheduleUnit {
  return oneOf(`${where}: per`, options.per ?? otherwise, ["step", "epoch"]);
}
