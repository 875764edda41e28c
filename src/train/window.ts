// Moves rows of a data set into a training program's memory: all of them at once when they fit, else a window
// of shuffled rows at a time. Both orders of rows, and so both results, are the same.

import { XentError } from "../base/errors.ts";
import type { Dataset } from "../data/dataset.ts";
import type { TrainSession } from "../nn/session.ts";
import type { Scoring } from "./scoring.ts";

/** Bytes of features up to which a data set is copied into the model's memory as a whole. */
const RESIDENT_BYTES = 512 * 2 ** 20;

/** What a window's size depends on. */
export interface Extent {
  readonly rows: number;
  readonly features: number;
  readonly x: { readonly BYTES_PER_ELEMENT: number };
}

/** Rows of the window for a data set: all, or as many whole batches as fit. */
export function windowRows(data: Extent, batchSize: number, most = RESIDENT_BYTES): number {
  const rowBytes = data.features * data.x.BYTES_PER_ELEMENT;
  if (data.rows * rowBytes <= most) return data.rows;
  return Math.min(data.rows, Math.max(1, Math.floor(most / rowBytes / batchSize)) * batchSize);
}

/**
 * Lays memory for the window, and for half of it as long as the host refuses (a page on a phone has less to give, and less
 * still of a shared memory) or the model leaves no room for it.
 *
 * @returns how many rows it was, and what `lay` gave
 * @throws what `lay` throws; {XentError} `MEMORY`, `TOO_LARGE` not even one batch of data can be had
 */
export function roomiest<T>(rows: number, batchSize: number, lay: (rows: number) => T): [rows: number, T] {
  for (let some = rows; ; some = Math.max(1, Math.floor(some / 2 / batchSize)) * batchSize) {
    try {
      return [some, lay(some)];
    } catch (error) {
      const small = error instanceof XentError && (error.code === "MEMORY" || error.code === "TOO_LARGE");
      if (!small || some <= batchSize) throw error;
    }
  }
}

export class Window {
  readonly #session: TrainSession;
  readonly #data: Dataset;
  readonly #scoring: Scoring;
  readonly #capacity: number;
  readonly #resident: boolean;
  /** the epoch's order of rows, when they do not all fit */
  readonly #order: Uint32Array;
  #start = 0;

  constructor(session: TrainSession, data: Dataset, scoring: Scoring, capacity: number) {
    this.#session = session;
    this.#data = data;
    this.#scoring = scoring;
    this.#capacity = capacity;
    this.#resident = capacity >= data.rows;
    this.#order = this.#resident ? session.order.subarray(0, data.rows) : new Uint32Array(data.rows);
    if (this.#resident) {
      session.x.set(data.x);
      session.targets.set(scoring.targets);
      if (scoring.weight !== undefined) session.weights?.set(scoring.weight);
    }
  }

  /** The order in which the epoch takes the rows; write it before the epoch's first step. */
  get order(): Uint32Array {
    return this.#order;
  }

  /** Call when the order was written. */
  begin(): void {
    if (!this.#resident) this.#fill(0);
  }

  /** Where the batch that starts at `row` of the epoch's order stands in the order in memory. */
  at(row: number): number {
    if (this.#resident) return row;
    if (row >= this.#start + this.#capacity) this.#fill(row);
    return row - this.#start;
  }

  /** Copies the next rows in the epoch's order; in memory they then stand one after another. */
  #fill(start: number): void {
    const { features, rows, x } = this.#data;
    const { targets, width, weight } = this.#scoring;
    const { x: to, targets: targetsTo, weights, order } = this.#session;
    this.#start = start;
    for (let i = 0; i < this.#capacity && start + i < rows; i++) {
      const row = this.#order[start + i] as number;
      to.set(x.subarray(row * features, (row + 1) * features), i * features);
      targetsTo.set(targets.subarray(row * width, (row + 1) * width), i * width);
      if (weights !== undefined) weights[i] = weight?.[row] as number;
      order[i] = i;
    }
  }
}
