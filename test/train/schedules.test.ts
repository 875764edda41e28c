// Schedules: the learning rate of every step against PyTorch's schedulers, resuming, defaults, and what is refused.

import { describe, expect, it } from "vitest";
import type { ScheduleSpec } from "../../src/base/spec.ts";
import { makeSchedule, type ScheduleRun } from "../../src/train/schedule.ts";
import {
  checkSchedule,
  cosine,
  exponential,
  linear,
  multiStep,
  oneCycle,
  reduceOnPlateau,
  stepDecay,
} from "../../src/train/schedules.ts";
import { decode, type Encoded, read } from "../fixtures/read.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

type Described = Exclude<ScheduleSpec, (...at: never[]) => number>;

interface Case {
  readonly name: string;
  readonly spec: Described;
  readonly run: ScheduleRun;
  readonly rates: Encoded;
  readonly figures?: Encoded;
}

const CASES = read<Case>("schedules.json");
const u = 2 ** -53;
const gamma = (n: number): number => (n * u) / (1 - n * u);

/** How far the rate of a step may be from PyTorch's: docs/numerics.md, "Learning rates". */
function bound({ spec, run }: Case, rate: number, t: number): number {
  switch (spec.kind) {
    case "stepDecay":
    case "multiStep":
    case "exponential":
      return gamma(2 * t) * rate;
    case "cosine":
      return (8 * t + 16) * u * run.lr;
    case "linear":
      return (8 * t + 16) * u * run.lr * Math.max(spec.from, spec.to);
    case "oneCycle":
      return 16 * u * (spec.max ?? run.lr);
    case "reduceOnPlateau":
      return 0;
  }
}

describe("against PyTorch", () => {
  it("has every kind", () => {
    expect(new Set(CASES.map(({ spec }) => spec.kind)).size).toBe(7);
  });

  for (const each of CASES) {
    const { spec, run } = each;
    it(each.name, () => {
      const rates = decode(each.rates);
      const figures = each.figures === undefined ? undefined : decode(each.figures);
      expect(rates.length).toBe(run.steps);
      // the description of the fixture is one that its maker would make
      expect(checkSchedule("fit", spec)).toEqual(spec);
      const schedule = makeSchedule(spec, run);
      expect(schedule.epochEnd !== undefined).toBe(figures !== undefined);
      for (const [step, rate] of rates.entries()) {
        const got = schedule.lr(step);
        const t = "per" in spec && spec.per === "epoch" ? Math.floor(step / run.stepsPerEpoch) : step;
        const off = Math.abs(got - rate);
        if (!(off <= bound(each, rate, t))) throw new Error(`step ${step}: ${got}, PyTorch has ${rate}`);
        schedule.epochEnd?.({ loss: figures?.[step] as number });
      }
    });
  }
});

const RUN: ScheduleRun = { lr: 0.5, steps: 12, epochs: 4, stepsPerEpoch: 3 };
const rates = (spec: ScheduleSpec, run = RUN): number[] => {
  const schedule = makeSchedule(spec, run);
  return Array.from({ length: run.steps }, (_, step) => schedule.lr(step));
};

describe("by hand", () => {
  it("stepDecay and multiStep count epochs", () => {
    const [a, b, c] = [0.5, 0.25, 0.125];
    expect(rates(stepDecay({ every: 2, gamma: 0.5 }))).toEqual([a, a, a, a, a, a, b, b, b, b, b, b]);
    expect(rates(multiStep({ milestones: [1, 3], gamma: 0.5 }))).toEqual([
      a,
      a,
      a,
      b,
      b,
      b,
      b,
      b,
      b,
      c,
      c,
      c,
    ]);
    expect(rates(multiStep({ milestones: [1, 3], gamma: 0.5, per: "step" })).slice(0, 5)).toEqual([
      a,
      b,
      b,
      c,
      c,
    ]);
  });

  it("cosine is halfway in the middle of the run, oneCycle ends with the least rate", () => {
    expect(makeSchedule(cosine(), RUN).lr(6)).toBe(0.25);
    expect(makeSchedule(cosine({ min: 0.1 }), RUN).lr(6)).toBeCloseTo(0.3, 15);
    const cycle = rates(oneCycle({ max: 1, pctStart: 0.25, finalDivFactor: 4 }));
    for (const [step, rate] of [
      [0, 1 / 25],
      [2, 1],
      [11, 1 / 100],
    ] as const) {
      expect(Math.abs((cycle[step] as number) - rate)).toBeLessThanOrEqual(16 * u);
    }
  });

  it("warm-up from 0 begins with 0", () => {
    const [first, second, third, fourth] = rates(cosine({ warmup: 4, startFactor: 0 }));
    expect([first, second, third, fourth]).toEqual([0, 0.125, 0.25, 0.375]);
  });

  it("behind the run's end the rate is that of its end", () => {
    for (const [spec, end] of [
      [cosine({ min: 0.125 }), 0.125],
      [linear({ to: 0.25 }), 0.125],
      [oneCycle({ max: 1, divFactor: 2, finalDivFactor: 2 }), 0.25],
    ] as const) {
      for (const step of [12, 13, 100]) expect(makeSchedule(spec, RUN).lr(step)).toBe(end);
    }
  });

  it("oneCycle in runs so short that a phase has no length", () => {
    for (const [steps, pctStart, expected] of [
      [1, 1, [1]],
      [1, 0, [1 / 4]],
      [2, 0.5, [1, 1 / 4]],
      [2, 1, [1 / 2, 1]],
    ] as const) {
      const run = { lr: 1, steps, epochs: 1, stepsPerEpoch: steps };
      for (const anneal of ["cosine", "linear"] as const) {
        expect(rates(oneCycle({ pctStart, divFactor: 2, finalDivFactor: 2, anneal }), run)).toEqual(expected);
      }
    }
  });

  it("a function is asked for every step, with where the run stands", () => {
    const asked: unknown[] = [];
    const got = rates((at) => {
      asked.push(at);
      return at.lr / (at.epoch + 1);
    });
    expect(asked[7]).toEqual({ step: 7, epoch: 2, steps: 12, epochs: 4, stepsPerEpoch: 3, lr: 0.5 });
    expect(got.slice(2, 7)).toEqual([0.5, 0.25, 0.25, 0.25, 0.5 / 3]);
  });
});

describe("a run that is taken up in the middle", () => {
  for (const { name, spec, run, figures } of CASES) {
    it(name, () => {
      const told = figures === undefined ? undefined : decode(figures);
      const whole = makeSchedule(spec, run);
      const expected: number[] = [];
      let state: string | undefined;
      const half = Math.floor(run.steps / 2);
      for (let step = 0; step < run.steps; step++) {
        if (step === half) state = JSON.stringify(whole.state());
        expected.push(whole.lr(step));
        whole.epochEnd?.({ loss: told?.[step] as number });
      }
      const again = makeSchedule(spec, run);
      again.load(state === undefined ? undefined : JSON.parse(state));
      for (let step = half; step < run.steps; step++) {
        expect(again.lr(step)).toBe(expected[step]);
        again.epochEnd?.({ loss: told?.[step] as number });
      }
      // any order of steps gives the same, but where epochs are told
      if (told === undefined) {
        expect(whole.state()).toBeUndefined();
        for (let step = run.steps - 1; step >= 0; step--) expect(again.lr(step)).toBe(expected[step]);
      }
    });
  }

  it("before any epoch has ended there is no best figure, in JSON either", () => {
    for (const mode of ["min", "max"] as const) {
      const spec = reduceOnPlateau({ mode, patience: 0 });
      const state = JSON.parse(JSON.stringify(makeSchedule(spec, RUN).state()));
      expect(state).toEqual({ lr: 0.5, best: null, bad: 0, cooldown: 0 });
      const again = makeSchedule(spec, RUN);
      again.load(state);
      again.epochEnd?.({ loss: mode === "min" ? 1e30 : -1e30 });
      expect(again.lr(0)).toBe(0.5);
    }
  });
});

describe("reduceOnPlateau", () => {
  const end = (spec: ScheduleSpec, ...figures: { loss: number; [name: string]: Any }[]): number => {
    const schedule = makeSchedule(spec, RUN);
    for (const each of figures) schedule.epochEnd?.(each);
    return schedule.lr(0);
  };

  it("looks at the validation's loss, or at the training's where there is none", () => {
    const spec = reduceOnPlateau({ patience: 0, factor: 0.5 });
    const [falling, rising] = [
      [3, 2],
      [2, 3],
    ] as const;
    const both = (a: readonly number[], b: readonly number[]): { loss: number; validation: object }[] =>
      a.map((loss, i) => ({ loss, validation: { loss: b[i] } }));
    expect(end(spec, { loss: 3 }, { loss: 2 })).toBe(0.5);
    expect(end(spec, { loss: 2 }, { loss: 3 })).toBe(0.25);
    expect(end(spec, ...both(rising, falling))).toBe(0.5);
    expect(end(spec, ...both(falling, rising))).toBe(0.25);
    const training = reduceOnPlateau({ patience: 0, factor: 0.5, monitor: "loss" });
    expect(end(training, ...both(falling, rising))).toBe(0.5);
  });

  it("takes higher metrics for better, and lower losses and errors", () => {
    const better = (monitor: string): string => (reduceOnPlateau({ monitor }) as { mode: string }).mode;
    for (const name of ["loss", "validation.loss", "logLoss", "validation.mae", "mse"])
      expect(better(name)).toBe("min");
    for (const name of ["accuracy", "validation.f1", "r2", "top5"]) expect(better(name)).toBe("max");
    const spec = reduceOnPlateau({ patience: 0, factor: 0.5, monitor: "validation.accuracy" });
    const figures = (accuracy: number): { loss: number; validation: object } => ({
      loss: 1,
      validation: { accuracy },
    });
    expect(end(spec, figures(0.5), figures(0.6))).toBe(0.5);
    expect(end(spec, figures(0.6), figures(0.5))).toBe(0.25);
  });

  it("takes NaN for no improvement", () => {
    const spec = reduceOnPlateau({ patience: 1, factor: 0.5 });
    expect(end(spec, { loss: 1 }, { loss: Number.NaN })).toBe(0.5);
    expect(end(spec, { loss: 1 }, { loss: Number.NaN }, { loss: Number.NaN })).toBe(0.25);
  });

  it("refuses an epoch without the figure", async () => {
    const spec = reduceOnPlateau({ monitor: "validation.f1" });
    await refuses(() => end(spec, { loss: 1 }), "OPTION", '"validation.f1"', "does not have");
    await refuses(() => end(spec, { loss: 1, validation: { loss: 1 } }), "OPTION", '"validation.f1"');
    await refuses(() => end(reduceOnPlateau({ monitor: "accuracy" }), { loss: 1 }), "OPTION", '"accuracy"');
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["text", "0.5"],
    ["a rate that is text", { lr: "0.5", best: 1, bad: 0, cooldown: 0 }],
    ["a rate below 0", { lr: -0.5, best: 1, bad: 0, cooldown: 0 }],
    ["a best that is text", { lr: 0.5, best: "1", bad: 0, cooldown: 0 }],
    ["half an epoch", { lr: 0.5, best: 1, bad: 0.5, cooldown: 0 }],
    ["no cooldown", { lr: 0.5, best: 1, bad: 0 }],
  ])("refuses to go on from %s", async (_, state) => {
    const schedule = makeSchedule(reduceOnPlateau(), RUN);
    await refuses(() => schedule.load(state), "STATE", "reduceOnPlateau", "{ lr, best, bad, cooldown }");
    expect(schedule.state()).toEqual({ lr: 0.5, best: null, bad: 0, cooldown: 0 });
  });

  it("state where there is none is refused", async () => {
    await refuses(
      () => makeSchedule(cosine(), RUN).load({ lr: 1 }),
      "STATE",
      "cosine",
      "an object",
      "expected none",
    );
  });
});

describe("defaults", () => {
  it.each([
    [stepDecay({ every: 30 }), { kind: "stepDecay", every: 30, gamma: 0.1, per: "epoch" }],
    [multiStep({ milestones: [9] }), { kind: "multiStep", milestones: [9], gamma: 0.1, per: "epoch" }],
    [exponential({ gamma: 0.5 }), { kind: "exponential", gamma: 0.5, per: "epoch" }],
    [cosine(), { kind: "cosine", warmup: 0, startFactor: 1 / 3, min: 0, per: "step" }],
    [oneCycle(), { kind: "oneCycle", pctStart: 0.3, divFactor: 25, finalDivFactor: 10000, anneal: "cosine" }],
    [linear(), { kind: "linear", from: 1, to: 0, per: "step" }],
    [
      reduceOnPlateau(),
      {
        ...{ kind: "reduceOnPlateau", factor: 0.1, patience: 10, threshold: 1e-4, thresholdMode: "rel" },
        ...{ mode: "min", cooldown: 0, min: 0, eps: 1e-8 },
      },
    ],
  ])("%j", (made, expected) => {
    expect(made).toEqual(expected);
    expect(checkSchedule("fit", made)).toEqual(made);
  });

  it("a list of milestones is copied", () => {
    const milestones = [1, 2];
    const made = multiStep({ milestones }) as { milestones: readonly number[] };
    milestones[0] = 7;
    expect(made.milestones).toEqual([1, 2]);
  });

  it("nothing and a function pass the check as they are", () => {
    const own = (): number => 1;
    expect(checkSchedule("fit", undefined)).toBeUndefined();
    expect(checkSchedule("fit", own)).toBe(own);
  });
});

describe("refused", () => {
  const wrong: Any = "1";
  const CALLS: readonly (readonly [what: string, call: () => unknown, ...pieces: string[]])[] = [
    ["no options", () => (stepDecay as Any)(), "stepDecay", "undefined", "every, gamma, per"],
    ["every 0", () => stepDecay({ every: 0 }), "stepDecay: every is 0", "at least 1"],
    ["every 1.5", () => stepDecay({ every: 1.5 }), "every is 1.5"],
    ["PyTorch's name", () => stepDecay({ stepSize: 3 } as Any), '"stepSize"', "every, gamma, per"],
    ["gamma as text", () => stepDecay({ every: 1, gamma: wrong }), 'gamma is "1"'],
    ["per batch", () => stepDecay({ every: 1, per: "batch" as Any }), 'per is "batch"', '"step", "epoch"'],
    ["no milestones", () => multiStep({ milestones: [] }), "an array of 0", "at least one"],
    ["one milestone", () => multiStep({ milestones: 3 as Any }), "milestones are 3"],
    ["milestones that fall", () => multiStep({ milestones: [3, 3] }), "milestones[1] is 3", "at least 4"],
    ["a milestone at the start", () => multiStep({ milestones: [0, 3] }), "milestones[0] is 0"],
    ["gamma 0", () => exponential({ gamma: 0 }), "gamma is 0", "above 0"],
    ["gamma ∞", () => exponential({ gamma: Number.POSITIVE_INFINITY }), "gamma is Infinity"],
    ["no gamma", () => exponential({} as Any), "gamma is undefined"],
    ["half a warmup", () => cosine({ warmup: 0.5 }), "warmup is 0.5", "integer"],
    ["startFactor 2", () => cosine({ startFactor: 2 }), "startFactor is 2", "from 0 to 1"],
    ["min below 0", () => cosine({ min: -1 }), "min is -1", "at least 0"],
    ["min as text", () => cosine({ min: wrong }), 'min is "1"'],
    ["min ∞", () => cosine({ min: Number.POSITIVE_INFINITY }), "min is Infinity"],
    ["an option of another", () => cosine({ gamma: 1 } as Any), '"gamma"', "warmup, startFactor, min, per"],
    ["max 0", () => oneCycle({ max: 0 }), "max is 0"],
    ["pctStart 30", () => oneCycle({ pctStart: 30 }), "pctStart is 30", "from 0 to 1"],
    ["divFactor ½", () => oneCycle({ divFactor: 0.5 }), "divFactor is 0.5", "at least 1"],
    ["finalDivFactor 0", () => oneCycle({ finalDivFactor: 0 }), "finalDivFactor is 0"],
    ["PyTorch's cos", () => oneCycle({ anneal: "cos" as Any }), 'anneal is "cos"', '"cosine", "linear"'],
    ["from −1", () => linear({ from: -1 }), "from is -1"],
    ["to NaN", () => linear({ to: Number.NaN }), "to is NaN"],
    ["over 0", () => linear({ over: 0 }), "over is 0"],
    ["a number for options", () => linear(3 as Any), "linear: got 3"],
    ["factor 1", () => reduceOnPlateau({ factor: 1 }), "factor is 1", "between 0 and 1"],
    ["factor 0", () => reduceOnPlateau({ factor: 0 }), "factor is 0", "between 0 and 1"],
    ["factor as text", () => reduceOnPlateau({ factor: wrong }), 'factor is "1"'],
    ["patience −1", () => reduceOnPlateau({ patience: -1 }), "patience is -1"],
    ["a whole as threshold", () => reduceOnPlateau({ threshold: 1 }), "threshold is 1"],
    ["another mode", () => reduceOnPlateau({ mode: "auto" as Any }), 'mode is "auto"', '"min", "max"'],
    ["another thresholdMode", () => reduceOnPlateau({ thresholdMode: "%" as Any }), 'thresholdMode is "%"'],
    ["cooldown as text", () => reduceOnPlateau({ cooldown: wrong }), 'cooldown is "1"'],
    ["eps below 0", () => reduceOnPlateau({ eps: -1e-9 }), "eps is"],
    [
      "a number to monitor",
      () => reduceOnPlateau({ monitor: 1 as Any }),
      "monitor is 1",
      "validation.accuracy",
    ],
    ["no name to monitor", () => reduceOnPlateau({ monitor: "val loss" }), 'monitor is "val loss"'],
    [
      "another kind",
      () => checkSchedule("fit", { kind: "cosin" } as Any),
      'of kind "cosin"',
      "cosine()",
      "fit:",
    ],
    [
      "a maker that was not called",
      () => checkSchedule("fit", cosine as Any),
      "the function cosine",
      "cosine(…)",
    ],
    ["text", () => checkSchedule("fit", "cosine" as Any), 'schedule is "cosine"', "or a function"],
    ["null", () => checkSchedule("fit", null as Any), "schedule is null"],
    ["a name of Object's", () => checkSchedule("fit", { kind: "toString" } as Any), '"toString"'],
    ["a field too many", () => checkSchedule("fit", { ...cosine(), gamma: 1 } as Any), '"gamma"'],
    ["a field too few", () => checkSchedule("fit", { kind: "exponential" } as Any), "gamma is undefined"],
    [
      "a warm-up as long as the run",
      () => makeSchedule(cosine({ warmup: 12 }), RUN),
      "12 steps",
      "run of 12",
    ],
    ["and in epochs", () => makeSchedule(cosine({ warmup: 4, per: "epoch" }), RUN), "4 epochs", "run of 4"],
    [
      "a cosine that rises",
      () => makeSchedule(cosine({ min: 0.6 }), RUN),
      "min is 0.6",
      "above the learning rate 0.5",
    ],
    ["a plateau that rises", () => makeSchedule(reduceOnPlateau({ min: 0.6 }), RUN), "min is 0.6"],
    ["a function's NaN", () => makeSchedule(() => Number.NaN, RUN).lr(3), "gave NaN", "of step 3"],
    ["a function's −1", () => makeSchedule(() => -1, RUN).lr(0), "gave -1"],
    ["a function's text", () => makeSchedule(() => wrong, RUN).lr(0), 'gave "1"'],
    ["a function's nothing", () => makeSchedule((() => undefined) as Any, RUN).lr(0), "gave undefined"],
    ["more than f32 holds", () => makeSchedule(() => 1e39, RUN).lr(0), "gave 1e+39"],
    [
      "growth without end",
      () => makeSchedule(exponential({ gamma: 10, per: "step" }), RUN).lr(50),
      "exponential gave",
    ],
  ];
  for (const [what, call, ...pieces] of CALLS) {
    it(what, () => refuses(call, "OPTION", ...pieces));
  }
});
