// The sums behind the metrics: each takes rows one by one, outputs as the model gives them, and allocates nothing while it
// does. In f64. Names, and which problem each metric suits, are in metrics.ts.

import { exp, logSumExp } from "../base/exp.ts";
import { ln } from "../base/math.ts";
import type { LayerSpec } from "../base/spec.ts";
import { cut } from "../nn/criterion.ts";
import type { Scoring } from "./scoring.ts";

/**
 * What a row's outputs say: `classes` one of several; `yesNo` a yes or no; `labels` a yes or no each; `regression` numbers.
 */
export type ProblemKind = "classes" | "yesNo" | "labels" | "regression";

/** What is measured. */
export interface Problem {
  readonly scoring: Scoring;
  readonly kind: ProblemKind;
  readonly outputs: number;
  /** of the data set, at most that are added between two resets */
  readonly rows: number;
  /** `[rows]` how often each counts; left out where each counts once. Class weights are the loss's affair */
  readonly weight: Float32Array | undefined;
  /** above it an output says yes */
  readonly above: number;
}

export function problemOf(
  scoring: Scoring,
  weight: Float32Array | undefined,
  outputs: number,
  last: LayerSpec | undefined,
  rows = scoring.targets.length / scoring.width,
): Problem {
  const { hits } = scoring;
  const yes = outputs === 1 ? "yesNo" : "labels";
  const kind = hits === "none" ? "regression" : hits === "each" ? yes : "classes";
  return { scoring, kind, outputs, rows, weight, above: cut(last) };
}

export interface Meter {
  /** all that rows have left, 0 before the first of them: what is put in their place goes on from there */
  readonly parts: readonly (Float64Array | Uint8Array)[];
  /** Adds row `row` of the data set, whose outputs begin at z[at]; it counts `weight` times. */
  row(z: Float32Array, at: number, row: number, weight: number): void;
  /** The metric of that name, of those that this meter serves. */
  read(name: string): number;
}

/** precision, recall and f1: by class, what was there, what was said, and how much of both was right. */
export class Counts implements Meter {
  readonly #problem: Problem;
  readonly #right: Float64Array;
  readonly #said: Float64Array;
  readonly #there: Float64Array;
  readonly parts: Meter["parts"];

  constructor(problem: Problem) {
    this.#problem = problem;
    // a yes or no is one of two classes
    const classes = problem.kind === "yesNo" ? 2 : problem.outputs;
    this.#right = new Float64Array(classes);
    this.#said = new Float64Array(classes);
    this.#there = new Float64Array(classes);
    this.parts = [this.#right, this.#said, this.#there];
  }

  row(z: Float32Array, at: number, row: number, weight: number): void {
    const { scoring, kind, outputs, above } = this.#problem;
    if (kind === "classes") {
      this.#count(largest(z, at, outputs), truth(scoring, row), weight);
    } else if (kind === "yesNo") {
      this.#count(Number((z[at] as number) > above), Number((scoring.targets[row] as number) > 0.5), weight);
    } else {
      for (let j = 0; j < outputs; j++) {
        const [said, there] = [(z[at + j] as number) > above, isYes(scoring, row, j)];
        if (said) this.#said[j] = (this.#said[j] as number) + weight;
        if (there) this.#there[j] = (this.#there[j] as number) + weight;
        if (said && there) this.#right[j] = (this.#right[j] as number) + weight;
      }
    }
  }

  #count(said: number, there: number, weight: number): void {
    this.#said[said] = (this.#said[said] as number) + weight;
    this.#there[there] = (this.#there[there] as number) + weight;
    if (said === there) this.#right[said] = (this.#right[said] as number) + weight;
  }

  read(name: string): number {
    const [right, said, there] = [this.#right, this.#said, this.#there];
    if (name.endsWith("Micro"))
      return ratio(name.slice(0, -"Micro".length), total(right), total(said), total(there));
    const { kind } = this.#problem;
    let [sum, classes] = [0, 0];
    for (let c = kind === "yesNo" ? 1 : 0; c < right.length; c++) {
      const counted = [right[c], said[c], there[c]] as [number, number, number];
      if (kind === "classes" && counted[1] + counted[2] === 0) continue;
      sum += ratio(name, ...counted);
      classes++;
    }
    return sum / classes;
  }
}

/** 0 where nothing was said, or nothing was there */
function ratio(name: string, right: number, said: number, there: number): number {
  const of = name === "precision" ? said : name === "recall" ? there : (said + there) / 2;
  return of === 0 ? 0 : right / of;
}

const total = (sums: Float64Array): number => sums.reduce((sum, value) => sum + value, 0);

/** top…: whether fewer than k outputs are larger than the target's. */
export class Top implements Meter {
  readonly #problem: Problem;
  readonly #k: number;
  /** weights of the rows that were right, and of all */
  readonly #sums = new Float64Array(2);
  readonly parts = [this.#sums];

  constructor(problem: Problem, k: number) {
    this.#problem = problem;
    this.#k = k;
  }

  row(z: Float32Array, at: number, row: number, weight: number): void {
    const there = truth(this.#problem.scoring, row);
    const own = z[at + there] as number;
    let larger = 0;
    for (let j = 0; j < this.#problem.outputs; j++) {
      const value = z[at + j] as number;
      if (value > own || (value === own && j < there)) larger++;
    }
    if (larger < this.#k) add(this.#sums, 0, weight);
    add(this.#sums, 1, weight);
  }

  read(): number {
    return mean(this.#sums);
  }
}

/** rocAuc: keeps the scores of all rows, column after column, and ranks them when it is read. */
export class Ranks implements Meter {
  readonly #problem: Problem;
  /** several classes: each against the rest; two: their difference */
  readonly #columns: number;
  readonly #rows: number;
  readonly #scores: Float64Array;
  readonly #yes: Uint8Array;
  readonly #weights: Float64Array;
  readonly #order: Uint32Array;
  /** rows so far */
  readonly #count = new Float64Array(1);
  readonly parts: Meter["parts"];

  constructor(problem: Problem) {
    const { kind, outputs, rows, scoring } = problem;
    this.#problem = problem;
    this.#columns = kind === "classes" && outputs === 2 && scoring.hits === "fused" ? 1 : outputs;
    this.#rows = rows;
    this.#scores = new Float64Array(rows * this.#columns);
    this.#yes = new Uint8Array(rows * this.#columns);
    this.#weights = new Float64Array(rows);
    this.#order = new Uint32Array(rows);
    this.parts = [this.#scores, this.#yes, this.#weights, this.#count];
  }

  row(z: Float32Array, at: number, row: number, weight: number): void {
    const { scoring, kind, outputs } = this.#problem;
    const place = this.#count[0] as number;
    this.#count[0] = place + 1;
    this.#weights[place] = weight;
    const there = kind === "classes" ? truth(scoring, row) : -1;
    if (this.#columns < outputs) {
      this.#scores[place] = (z[at + 1] as number) - (z[at] as number);
      this.#yes[place] = there;
      return;
    }
    // rows are ranked by the probability of a class, which softmax makes of all outputs; others are ranked as they are
    const shift = scoring.hits === "fused" ? logSumExp(z, at, outputs) : 0;
    for (let j = 0; j < outputs; j++) {
      this.#scores[j * this.#rows + place] = (z[at + j] as number) - shift;
      this.#yes[j * this.#rows + place] = Number(kind === "classes" ? j === there : isYes(scoring, row, j));
    }
  }

  read(): number {
    let [sum, columns] = [0, 0];
    for (let j = 0; j < this.#columns; j++) {
      const area = this.#area(j * this.#rows);
      if (Number.isNaN(area)) continue;
      sum += area;
      columns++;
    }
    return sum / columns;
  }

  /** Σ of wᵢ·wⱼ over pairs of a yes i above a no j, half where they are level, over that of all such pairs. */
  #area(start: number): number {
    const [scores, yes, weights] = [this.#scores, this.#yes, this.#weights];
    const order = this.#order.subarray(0, this.#count[0]);
    for (let i = 0; i < order.length; i++) order[i] = i;
    order.sort((a, b) => (scores[start + a] as number) - (scores[start + b] as number));
    let [pairs, yesBelow, noBelow] = [0, 0, 0];
    for (let i = 0; i < order.length; ) {
      const score = scores[start + (order[i] as number)] as number;
      let [yesLevel, noLevel] = [0, 0];
      do {
        const row = order[i] as number;
        if (yes[start + row] === 1) yesLevel += weights[row] as number;
        else noLevel += weights[row] as number;
        i++;
      } while (i < order.length && scores[start + (order[i] as number)] === score);
      pairs += yesLevel * (noBelow + noLevel / 2);
      yesBelow += yesLevel;
      noBelow += noLevel;
    }
    return pairs / (yesBelow * noBelow);
  }
}

/** logLoss: −Σ t·ln p of a row. */
export class LogLoss implements Meter {
  readonly #problem: Problem;
  /** of losses, and of weights */
  readonly #sums = new Float64Array(2);
  readonly parts = [this.#sums];

  constructor(problem: Problem) {
    this.#problem = problem;
  }

  row(z: Float32Array, at: number, row: number, weight: number): void {
    const { scoring, outputs } = this.#problem;
    let loss = 0;
    if (scoring.loss.kind === "bceWithLogits") {
      for (let j = 0; j < outputs; j++) {
        const [value, t] = [z[at + j] as number, scoring.targets[row * outputs + j] as number];
        loss += Math.max(value, 0) - value * t + ln(1 + exp(-Math.abs(value)));
      }
      loss /= outputs;
    } else {
      const all = logSumExp(z, at, outputs);
      if (scoring.kind === "ids") loss = all - (z[at + (scoring.targets[row] as number)] as number);
      else {
        for (let j = 0; j < outputs; j++) {
          loss += (scoring.targets[row * outputs + j] as number) * (all - (z[at + j] as number));
        }
      }
    }
    add(this.#sums, 0, weight * loss);
    add(this.#sums, 1, weight);
  }

  read(): number {
    return mean(this.#sums);
  }
}

/** mae, mse, r2: by output, sums of errors, and the target's mean and squared distances from it (Welford's update). */
export class Errors implements Meter {
  readonly #problem: Problem;
  readonly #absolute: Float64Array;
  readonly #squared: Float64Array;
  readonly #mean: Float64Array;
  readonly #spread: Float64Array;
  /** weights of the rows, and their number */
  readonly #sums = new Float64Array(2);
  readonly parts: Meter["parts"];

  constructor(problem: Problem) {
    this.#problem = problem;
    const sums = (): Float64Array => new Float64Array(problem.outputs);
    [this.#absolute, this.#squared, this.#mean, this.#spread] = [sums(), sums(), sums(), sums()];
    this.parts = [this.#absolute, this.#squared, this.#mean, this.#spread, this.#sums];
  }

  row(z: Float32Array, at: number, row: number, weight: number): void {
    const { scoring, outputs } = this.#problem;
    add(this.#sums, 0, weight);
    add(this.#sums, 1, 1);
    const all = this.#sums[0] as number;
    for (let j = 0; j < outputs; j++) {
      const target = scoring.targets[row * outputs + j] as number;
      const error = (z[at + j] as number) - target;
      const off = target - (this.#mean[j] as number);
      this.#mean[j] = (this.#mean[j] as number) + (weight / all) * off;
      this.#spread[j] = (this.#spread[j] as number) + weight * off * (target - (this.#mean[j] as number));
      this.#absolute[j] = (this.#absolute[j] as number) + weight * Math.abs(error);
      this.#squared[j] = (this.#squared[j] as number) + weight * error * error;
    }
  }

  read(name: string): number {
    const { outputs } = this.#problem;
    const [weight, rows] = this.#sums as unknown as [number, number];
    if (name === "mae") return total(this.#absolute) / (weight * outputs);
    if (name === "mse") return total(this.#squared) / (weight * outputs);
    if (rows < 2) return Number.NaN;
    let sum = 0;
    for (let j = 0; j < outputs; j++) {
      const [squared, spread] = [this.#squared[j] as number, this.#spread[j] as number];
      sum += spread === 0 ? Number(squared === 0) : 1 - squared / spread;
    }
    return sum / outputs;
  }
}

function add(sums: Float64Array, at: number, value: number): void {
  sums[at] = (sums[at] as number) + value;
}

/** The first of two sums over the second. */
function mean(sums: Float64Array): number {
  return (sums[0] as number) / (sums[1] as number);
}

/** Where the first largest of `count` numbers stands. */
function largest(z: ArrayLike<number>, at: number, count: number): number {
  let best = 0;
  for (let j = 1; j < count; j++) if ((z[at + j] as number) > (z[at + best] as number)) best = j;
  return best;
}

/** The class of a row: its id, or where its first largest target stands. */
function truth({ kind, targets, width }: Scoring, row: number): number {
  return kind === "ids" ? (targets[row] as number) : largest(targets, row * width, width);
}

function isYes({ targets, width }: Scoring, row: number, output: number): boolean {
  return (targets[row * width + output] as number) > 0.5;
}
