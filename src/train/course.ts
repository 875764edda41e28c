// The course of a run's learning rate: what the schedule gives, and what the optimiser makes of it.

import type { Figures } from "./monitor.ts";
import type { Corrections } from "./optimizing.ts";
import type { Rates } from "./rates.ts";
import type { Schedule } from "./schedule.ts";

export class Course {
  readonly #rates: Rates;
  readonly #schedule: Schedule | undefined;
  /** that the schedule gave for the step at hand */
  lr: number;

  constructor(lr: number, rates: Rates, schedule?: Schedule) {
    this.lr = lr;
    this.#rates = rates;
    this.#schedule = schedule;
  }

  /** What the learning rate of update `step`, counted from 0, is to be set to; sets what else the optimiser wants. */
  rate(step: number, turn: Corrections): number {
    this.lr = this.at(step);
    return this.#rates.next(this.lr, turn);
  }

  /** What the schedule gives for a step of the running epoch. */
  at(step: number): number {
    return this.#schedule === undefined ? this.lr : this.#schedule.lr(step);
  }

  /** The update was done. */
  count(): void {
    this.#rates.count();
  }

  endEpoch(figures: Figures): void {
    this.#schedule?.epochEnd?.(figures);
  }

  /** What the schedule remembers. */
  get state(): unknown {
    return this.#schedule?.state();
  }
}
