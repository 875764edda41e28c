// A run that nothing disturbs, to hold another one against: its weights after each step, its history.

import type { LayerSpec } from "../../src/base/spec.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import type { DataStream } from "../../src/data/stream.ts";
import type { FitOptions } from "../../src/model/options.ts";
import type { Xent } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import type { History } from "../../src/train/fit.ts";
import { hash } from "./state.ts";

export interface Undertaking {
  readonly known: { readonly input: number; readonly seed: number };
  readonly layers: readonly LayerSpec[];
  readonly data: Dataset | DataStream;
  /** of the data */
  readonly rows: number;
  /** made anew for every call; with epochs and batchSize */
  readonly how: (more?: FitOptions) => FitOptions;
}

export class Undisturbed {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly #xent: Pick<Xent, "sequential">;
  readonly #what: Undertaking;
  readonly #after = new Map<number, string>();
  #whole: Promise<History> | undefined;

  constructor(xent: Pick<Xent, "sequential">, what: Undertaking) {
    const { epochs = 1, batchSize = 1 } = what.how();
    this.stepsPerEpoch = Math.ceil(what.rows / batchSize);
    this.steps = epochs * this.stepsPerEpoch;
    this.#xent = xent;
    this.#what = what;
  }

  model(): Sequential {
    return this.#xent.sequential(this.#what.known, this.#what.layers);
  }

  /** Hash of the weights after so many steps. */
  async after(steps: number): Promise<string> {
    const known = this.#after.get(steps);
    if (known !== undefined) return known;
    const model = this.model();
    let left = steps;
    if (left > 0) {
      for await (const _ of model.steps(this.#what.data, this.#what.how())) if (--left === 0) break;
    }
    const bits = hash(model.stateDict());
    model.dispose();
    this.#after.set(steps, bits);
    return bits;
  }

  whole(): Promise<History> {
    this.#whole ??= this.model().fit(this.#what.data, this.#what.how());
    return this.#whole;
  }
}
