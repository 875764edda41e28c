// The model that the page looks into: the net after so many steps of SGD from a seed, at a rate. The same three give the same numbers
// on every machine.

import { crossEntropy, dense, type HostedSequential, normal, type StateDict, sgd, sigmoid } from "xent";
import { runtime } from "../shared/runtime.ts";
import { BATCH, DATA, SAMPLES, X } from "./batch.ts";
import { type Parameter, placeOf, SIZES } from "./parameters.ts";

/** Long after nothing changes any more that one could see. */
export const MOST_STEPS = 1000;

/** Where in the training. */
export interface Place {
  readonly seed: number;
  readonly rate: number;
  readonly step: number;
}

/** Every number of the page is one of these, or a product and sum of them. */
export interface Snapshot extends Place {
  /** E */
  readonly loss: number;
  /** E before every step of the whole run, past and to come */
  readonly curve: readonly number[];
  /** rows whose class is the likelier one */
  readonly right: number;
  readonly state: StateDict;
  readonly gradients: StateDict;
  /** `[rows][width]` by the letters of the text */
  readonly x: Rows;
  readonly s1: Rows;
  readonly h1: Rows;
  readonly s2: Rows;
  readonly h2: Rows;
  readonly z: Rows;
  readonly y: Rows;
}

export type Rows = readonly (readonly number[])[];

export class Lesson {
  #model: HostedSequential | undefined;
  #first: StateDict = {};
  #seed = -1;
  #rate = 0;
  #step = 0;
  #curve: readonly number[] = [];

  /** Goes there, from the start where that is behind or at another rate, and reads everything. One call at a time. */
  async at(place: Place): Promise<Snapshot> {
    try {
      const model = await this.#go(place);
      return { ...place, ...(await this.#read(model)) };
    } catch (error) {
      // what it has done is not known
      this.#model = undefined;
      throw error;
    }
  }

  async #go({ seed, rate, step }: Place): Promise<HostedSequential> {
    let model = this.#model;
    if (model === undefined || seed !== this.#seed) {
      await model?.dispose();
      model = await made(seed);
      this.#first = await model.stateDict();
      this.#model = model;
      this.#seed = seed;
      this.#curve = [];
    }
    if (this.#curve.length === 0 || rate !== this.#rate) {
      await model.loadStateDict(this.#first);
      this.#curve = await steps(model, rate, MOST_STEPS + 1);
      this.#rate = rate;
      this.#step = Number.POSITIVE_INFINITY;
    }
    if (step < this.#step) {
      await model.loadStateDict(this.#first);
      this.#step = 0;
    }
    if (step > this.#step) await steps(model, rate, step - this.#step);
    this.#step = step;
    return model;
  }

  async #read(model: HostedSequential): Promise<Omit<Snapshot, keyof Place>> {
    const state = await model.stateDict();
    const gradients = await model.gradients(BATCH);
    const [s1, h1, s2, h2, z] = (await model.activations(BATCH.x)).map(({ data, width }) =>
      rows(data, width),
    );
    const y = rows(await model.predict(BATCH.x), SIZES[3]);
    const { loss, accuracy = 0 } = await model.evaluate(DATA);
    if (s1 === undefined || h1 === undefined || s2 === undefined || h2 === undefined || z === undefined)
      throw new Error("The model has fewer layers than this page draws.");
    return {
      loss,
      curve: this.#curve,
      right: Math.round(accuracy * SAMPLES.length),
      ...{ state, gradients, x: X, s1, h1, s2, h2, z, y },
    };
  }
}

/** Steps on all rows, each an epoch. @returns E before each */
async function steps(model: HostedSequential, rate: number, epochs: number): Promise<readonly number[]> {
  const options = { epochs, batchSize: SAMPLES.length, shuffle: false, inspect: false };
  return (await model.fit(DATA, { ...options, optimizer: sgd({ lr: rate }) })).loss;
}

/** The value of a weight or bias, or its gradient. */
export function entry(of: StateDict, parameter: Parameter): number {
  const { tensor, index } = placeOf(parameter);
  return of[tensor]?.data[index] ?? Number.NaN;
}

async function made(seed: number): Promise<HostedSequential> {
  const xent = await runtime({ precision: "strict" });
  // wide enough that no step looks like the next; biases are 0 at first
  const init = normal({ std: 1 });
  return xent.sequential({ input: SIZES[0], seed, loss: crossEntropy() }, [
    dense(SIZES[1], { init }),
    sigmoid(),
    dense(SIZES[2], { init }),
    sigmoid(),
    dense(SIZES[3], { init }),
  ]);
}

function rows(data: ArrayLike<number>, width: number): number[][] {
  const all = Array.from(data);
  return Array.from({ length: all.length / width }, (_, r) => all.slice(r * width, (r + 1) * width));
}
