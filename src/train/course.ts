// The course of the learning rate over a run, with what else of an optimiser changes from step to step.

import type { OptimizerSpec } from "../base/spec.ts";
import type { Figures } from "./monitor.ts";

/** Words of a step that an optimiser sets beside the learning rate; see HYPER_*. */
export interface Turn {
  correction1: number;
  correction2: number;
}

export class Course {
  readonly #lr: number;

  constructor(optimizer: OptimizerSpec) {
    this.#lr = optimizer.lr;
  }

  /** Learning rate of update `step`, counted from 0; sets what else the optimiser wants of it. */
  rate(_step: number, _turn: Turn): number {
    return this.#lr;
  }

  endEpoch(_figures: Figures): void {}
}
