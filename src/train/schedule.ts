// What a schedule comes to in a run: the learning rate of each step. All but reduceOnPlateau are functions of the step alone,
// so that a run can be taken up at any step. Loaded only where a run has a schedule.

import { XentError } from "../base/errors.ts";
import { cosPi, power } from "../base/math.ts";
import { show } from "../base/options.ts";
import type { ScheduleFunction, ScheduleSpec, ScheduleUnit } from "../base/spec.ts";
import { type Figures, figure, usualMonitor } from "./monitor.ts";

/** The run that a schedule is for, as a whole: also where it is taken up in the middle. */
export interface ScheduleRun {
  /** the optimiser's learning rate */
  readonly lr: number;
  readonly steps: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/** What `reduceOnPlateau` remembers; JSON can hold it. */
export interface PlateauState {
  readonly lr: number;
  /** null before there was one, or where it is infinite */
  readonly best: number | null;
  readonly bad: number;
  readonly cooldown: number;
}

/** A schedule at work. */
export interface Schedule {
  /**
   * The learning rate of a step, counted from 0 over the whole run; behind the run's end that of its end.
   * @throws {XentError} `OPTION` it is not finite (in f32, as the kernels have it) or below 0
   */
  lr(step: number): number;
  /** Tells what an epoch came to. @throws {XentError} `OPTION` the figure that is looked at is not there */
  epochEnd?(figures: Figures): void;
  /** What `load` takes to go on from here; undefined where the step says all. */
  state(): PlateauState | undefined;
  /** Goes on from there. @throws {XentError} `STATE` it is no state of this schedule */
  load(state: unknown): void;
}

type Described = Exclude<ScheduleSpec, ScheduleFunction>;
type Spec<K extends Described["kind"]> = Extract<Described, { kind: K }>;

/**
 * Puts a schedule to work.
 * @param spec  as its maker or `checkSchedule` made it
 * @throws {XentError} `OPTION` it does not fit the run
 */
export function makeSchedule(spec: ScheduleSpec, run: ScheduleRun): Schedule {
  if (typeof spec !== "function" && spec.kind === "reduceOnPlateau") return plateau(spec, run);
  const lr = typeof spec === "function" ? called(spec, run) : curve(spec, run);
  const name = typeof spec === "function" ? "the schedule's function" : spec.kind;
  return {
    lr: (step) => checked(name, lr(step), step),
    state: () => undefined,
    load(state) {
      if (state !== undefined) throw badState(name, state, "none");
    },
  };
}

/** The learning rate by step. */
type Curve = (step: number) => number;

const called =
  (spec: ScheduleFunction, { lr, steps, epochs, stepsPerEpoch }: ScheduleRun): Curve =>
  (step) =>
    spec({ step, epoch: Math.floor(step / stepsPerEpoch), steps, epochs, stepsPerEpoch, lr });

function curve(spec: Exclude<Described, { kind: "reduceOnPlateau" }>, run: ScheduleRun): Curve {
  const { lr } = run;
  switch (spec.kind) {
    case "stepDecay":
      return counted(spec, run, (t) => lr * power(spec.gamma, Math.floor(t / spec.every)));
    case "multiStep":
      return counted(spec, run, (t) => {
        let passed = 0;
        while (passed < spec.milestones.length && (spec.milestones[passed] as number) <= t) passed++;
        return lr * power(spec.gamma, passed);
      });
    case "exponential":
      return counted(spec, run, (t) => lr * power(spec.gamma, t));
    case "cosine":
      return cosine(spec, run);
    case "oneCycle":
      return oneCycle(spec, run);
    case "linear": {
      const { from, to, over = length(spec, run) } = spec;
      return counted(spec, run, (t) => lr * (from + ((to - from) * Math.min(t, over)) / over));
    }
  }
}

type Counted = { readonly per: ScheduleUnit };

/** Length of the run in the unit that is counted. */
const length = ({ per }: Counted, { steps, epochs }: ScheduleRun): number =>
  per === "step" ? steps : epochs;

/** A curve over what is counted. */
const counted =
  ({ per }: Counted, { stepsPerEpoch }: ScheduleRun, at: (t: number) => number): Curve =>
  (step) =>
    at(per === "step" ? step : Math.floor(step / stepsPerEpoch));

function cosine(spec: Spec<"cosine">, run: ScheduleRun): Curve {
  const { warmup, startFactor, min, per } = spec;
  const { lr } = run;
  const total = length(spec, run);
  if (warmup >= total) {
    throw new XentError(
      "OPTION",
      `cosine: a warmup of ${warmup} ${per}s in a run of ${total} leaves nothing for the cosine`,
      "Pass a shorter warmup, or train for longer.",
    );
  }
  checkLeast("cosine", min, lr);
  const after = total - warmup;
  return counted(spec, run, (t) => {
    if (t < warmup) return lr * (startFactor + ((1 - startFactor) * t) / warmup);
    return min + ((lr - min) * (1 + cosPi(Math.min(t - warmup, after) / after))) / 2;
  });
}

function oneCycle(spec: Spec<"oneCycle">, run: ScheduleRun): Curve {
  const { max = run.lr, pctStart, divFactor, finalDivFactor, anneal } = spec;
  const start = max / divFactor;
  const end = start / finalDivFactor;
  // PyTorch's count: both phases begin half open, so that the last step has the lowest rate
  const top = pctStart * run.steps - 1;
  const last = run.steps - 1;
  const between = (a: number, b: number, done: number, span: number): number => {
    const share = span > 0 ? done / span : 1;
    return anneal === "linear" ? (b - a) * share + a : b + ((a - b) / 2) * (cosPi(share) + 1);
  };
  return (step) => {
    const t = Math.min(step, last);
    return t <= top ? between(start, max, t, top) : between(max, end, t - top, last - top);
  };
}

function plateau(spec: Spec<"reduceOnPlateau">, run: ScheduleRun): Schedule {
  const { kind, factor, patience, threshold, cooldown, min, eps } = spec;
  checkLeast(kind, min, run.lr);
  const worst = spec.mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const sign = spec.mode === "min" ? -1 : 1;
  let now = { lr: run.lr, best: worst, bad: 0, cooldown: 0 };

  const isBetter = (value: number): boolean => {
    const { best } = now;
    const bar = spec.thresholdMode === "rel" ? best * (1 + sign * threshold) : best + sign * threshold;
    return spec.mode === "min" ? value < bar : value > bar;
  };
  return {
    lr: (step) => checked(kind, now.lr, step),
    epochEnd(figures) {
      const value = figureOf(spec, figures);
      let { lr, best, bad, cooldown: left } = now;
      if (isBetter(value)) [best, bad] = [value, 0];
      else bad++;
      if (left > 0) [left, bad] = [left - 1, 0];
      if (bad > patience) {
        const less = Math.max(lr * factor, min);
        if (lr - less > eps) lr = less;
        [left, bad] = [cooldown, 0];
      }
      now = { lr, best, bad, cooldown: left };
    },
    state: () => ({ ...now, best: Number.isFinite(now.best) ? now.best : null }),
    load(state) {
      const { lr, best, bad, cooldown: left } = Object(state) as PlateauState;
      const fine =
        Number.isFinite(lr) &&
        Number.isFinite(best ?? 0) &&
        Number.isInteger(bad) &&
        Number.isInteger(left) &&
        Math.min(lr, bad, left) >= 0;
      if (!fine) throw badState(kind, state, "{ lr, best, bad, cooldown }");
      now = { lr, best: best ?? worst, bad, cooldown: left };
    },
  };
}

/** The figure that is looked at. */
function figureOf({ kind, monitor }: Spec<"reduceOnPlateau">, figures: Figures): number {
  const name = monitor ?? usualMonitor(figures.validation !== undefined);
  const found = figure(name, figures);
  if (found !== undefined) return found;
  throw new XentError(
    "OPTION",
    `${kind}: monitors "${name}", which the epoch does not have`,
    `Pass validation data and metrics that have it, or monitor another figure.`,
  );
}

function checkLeast(kind: string, min: number, lr: number): void {
  if (min <= lr) return;
  throw new XentError(
    "OPTION",
    `${kind}: min is ${min}, above the learning rate ${lr}`,
    "Pass a smaller one.",
  );
}

function checked(name: string, lr: unknown, step: number): number {
  if (typeof lr === "number" && lr >= 0 && Number.isFinite(Math.fround(lr))) return lr;
  throw new XentError(
    "OPTION",
    `${name} gave ${show(lr)} as the learning rate of step ${step}, expected a finite number of at least 0`,
    "Use a schedule that stays in this range for the whole run.",
  );
}

function badState(name: string, state: unknown, expected: string): XentError {
  return new XentError(
    "STATE",
    `${name}: its state is ${show(state)}, expected ${expected}`,
    "Go on with the schedule that the run began with.",
  );
}
