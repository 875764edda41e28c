// One net and its run of steps: from the first weights on, each step when it is asked for. A picture of it is everything that
// the page shows, of one moment. Draws nothing.

import { crossEntropy, type HostedSequential, type HostedXent, type Step } from "xent";
import { hiddenOutputs, layersOf, optimizerOf } from "./net.ts";
import { asDataset, type Points, points, REACH, type Sets } from "./points.ts";
import type { Settings } from "./settings.ts";

/** The plane is looked at in so many points along each side. */
export const GRID = 81;

/** A place in the plane. */
export type Place = readonly [x1: number, x2: number];

export interface Score {
  /** mean cross entropy */
  readonly loss: number;
  /** share of points whose class is right */
  readonly accuracy: number;
}

/** What the units of a layer give, or the inputs, or the net itself. */
export interface Units {
  readonly width: number;
  /** `[GRID² · width]` over the grid, rows from the top */
  readonly data: Float32Array;
  /** `[width]` at the place of the probe */
  readonly probe: Float32Array;
  /** what is neither blue nor orange */
  readonly centre: number;
  /** the farthest from it that there can be, where that is known */
  readonly most?: number;
}

export interface Picture {
  readonly settings: Settings;
  readonly sets: Sets;
  /** steps done */
  readonly steps: number;
  /** passes over the points that were finished */
  readonly epochs: number;
  /** the two inputs, each hidden layer, and what the net makes of it: the probability of class 1 */
  readonly layers: readonly Units[];
  readonly train: Score;
  readonly test: Score;
  readonly place: Place;
}

/** No number of passes ends a run. */
const ENDLESS = 1e9;

export class Run {
  readonly settings: Settings;
  readonly #sets: Sets;
  readonly #model: HostedSequential;
  readonly #steps: AsyncGenerator<Step, void>;
  /** `[rows · 2]` of all that is looked at: the grid, the points to train and to test with, and the probe at its end */
  readonly #x: Float32Array;
  steps = 0;
  epochs = 0;

  private constructor(settings: Settings, model: HostedSequential) {
    this.settings = settings;
    this.#model = model;
    this.#sets = points(settings);
    const { train, test } = this.#sets;
    this.#x = Float32Array.of(...grid(), ...train.x, ...test.x, 0, 0);
    this.#steps = model.steps(asDataset(train), { batchSize: settings.batch, epochs: ENDLESS });
  }

  static async start(xent: HostedXent, settings: Settings): Promise<Run> {
    const options = {
      input: 2,
      seed: settings.weights,
      loss: crossEntropy(),
      optimizer: optimizerOf(settings),
    };
    return new Run(settings, await xent.sequential(options, layersOf(settings)));
  }

  /** @returns whether it was the last of its pass over the points */
  async step(): Promise<boolean> {
    const { value } = await this.#steps.next();
    if (!value) throw new Error("The run of steps has ended. Start over.");
    this.steps = value.step + 1;
    if (value.last) this.epochs = value.epoch + 1;
    return value.last;
  }

  /** All of it by one call, so that every number is of the same weights. */
  async look(place: Place): Promise<Picture> {
    const { settings, steps, epochs } = this;
    this.#x.set(place, this.#x.length - 2);
    const outputs = await this.#model.activations(this.#x);
    const logits = outputs.at(-1)?.data ?? new Float32Array();
    const { train, test } = this.#sets;
    const first = GRID ** 2;
    const last = this.#x.length / 2 - 1;
    const units = (data: Float32Array, width: number, probe: number, centre = 0): Units => {
      const row = data.subarray(probe * width, (probe + 1) * width);
      return { width, data: data.subarray(0, first * width), probe: row, centre };
    };
    const hidden = hiddenOutputs(settings).flatMap((at) => {
      const { width, data } = outputs[at] ?? {};
      if (width === undefined || data === undefined) return [];
      return [units(data, width, last, settings.act === "sigmoid" ? 0.5 : 0)];
    });
    const answer = Float32Array.from({ length: first + 1 }, (_, i) => second(logits, i < first ? i : last));
    return {
      settings,
      sets: this.#sets,
      steps,
      epochs,
      layers: [units(this.#x.slice(), 2, last), ...hidden, { ...units(answer, 1, first, 0.5), most: 0.5 }],
      train: score(logits, first, train),
      test: score(logits, first + train.rows, test),
      place,
    };
  }

  async dispose(): Promise<void> {
    await this.#model.dispose();
  }
}

/** `[GRID² · 2]`, rows from the top, borders included. */
function* grid(): Generator<number> {
  const at = (i: number): number => REACH * ((2 * i) / (GRID - 1) - 1);
  for (let row = 0; row < GRID; row++)
    for (let column = 0; column < GRID; column++) yield* [at(column), -at(row)];
}

/** The softmax of two logits gives the second σ(z₁ − z₀). */
function second(logits: Float32Array, row: number): number {
  return 1 / (1 + Math.exp(margin(logits, row)));
}

/** z₀ − z₁ */
function margin(logits: Float32Array, row: number): number {
  return (logits[2 * row] ?? Number.NaN) - (logits[2 * row + 1] ?? Number.NaN);
}

/** The cross entropy of a point is −ln p = ln(1 + exp(z of the other class − z of its own)). */
function score(logits: Float32Array, first: number, { rows, y }: Points): Score {
  let [loss, right] = [0, 0];
  for (const [i, of] of y.entries()) {
    const against = margin(logits, first + i) * (of === 0 ? -1 : 1);
    loss += Math.max(against, 0) + Math.log1p(Math.exp(-Math.abs(against)));
    // of equal logits the first counts, as everywhere
    if (against < 0 || (against === 0 && of === 0)) right++;
  }
  return { loss: loss / rows, accuracy: right / rows };
}
