// Where a training run stands, beside the weights and what the optimiser keeps: counts, sums, figures of the epochs. All of it
// is plain numbers, so that it goes into a file and comes back; resuming exactly depends on every one of them.

import type { StateDict } from "../base/spec.ts";
import type { Course } from "./course.ts";
import type { EarlyState } from "./early.ts";
import type { Meters } from "./metrics.ts";

/** Sums over the rows of the running epoch. */
export interface Sums {
  readonly loss: number;
  readonly share: number;
  readonly hits: number;
  readonly counted: number;
}

/** Figures by name, one an epoch. */
export type Series = { [name: string]: number[] };

/** A run as it goes into a file. */
export interface RunState {
  /** the running epoch, counted from 0 */
  readonly epoch: number;
  /** rows of it that are done, in its order */
  readonly row: number;
  /** updates of the parameters since the run began */
  readonly step: number;
  /** epochs that the model was trained for before: the order of rows depends on both */
  readonly epochsBefore: number;
  readonly sums: Sums;
  readonly series: Series;
  readonly validation: Series;
  readonly early: EarlyState;
  /** what the schedule remembers */
  readonly schedule: unknown;
  /** what must be the same when the run is resumed: by name, as JSON shows it */
  readonly settings: Readonly<Record<string, unknown>>;
}

const UNSTARTED: EarlyState = { best: null, epoch: -1, waited: 0 };
const NOTHING: Sums = { loss: 0, share: 0, hits: 0, counted: 0 };

export class Run {
  /** step whose parameters the snapshot holds; below 0 there is none */
  kept = -1;
  /** weights of the best epoch, and those that they took the place of when the run ended */
  best: StateDict | undefined;
  last: StateDict | undefined;
  epoch: number;
  row: number;
  step: number;
  sums: { -readonly [K in keyof Sums]: Sums[K] };
  early: EarlyState;
  readonly epochsBefore: number;
  /** what the schedule remembered when the state was taken, until the run goes on */
  readonly schedule: unknown;
  /** of the learning rate, once the run is under way */
  course: Course | undefined;
  /** of the epoch's steps, likewise */
  meters: Meters | undefined;
  /** what they held when the state was taken */
  readonly #measured: Uint8Array | undefined;
  /** why the weights are not those that its counts belong to, if they are not */
  over: string | undefined;
  readonly series: Series;
  readonly validation: Series;
  readonly settings: RunState["settings"];

  constructor(settings: RunState["settings"], epochsBefore: number, from?: RunState, measured?: Uint8Array) {
    this.settings = settings;
    this.#measured = measured;
    this.epochsBefore = from?.epochsBefore ?? epochsBefore;
    this.epoch = from?.epoch ?? 0;
    this.row = from?.row ?? 0;
    this.step = from?.step ?? 0;
    this.schedule = from?.schedule;
    this.sums = { ...(from?.sums ?? NOTHING) };
    this.early = from?.early ?? UNSTARTED;
    this.series = copied(from?.series);
    this.validation = copied(from?.validation);
  }

  state(): RunState {
    const { epoch, row, step, epochsBefore, sums, series, validation, early, settings } = this;
    const schedule = this.course?.state ?? this.schedule;
    return { epoch, row, step, epochsBefore, sums, series, validation, early, schedule, settings };
  }

  /** What the metrics hold of the running epoch; undefined where it has not begun, or nothing is measured so. */
  get measured(): Uint8Array | undefined {
    if (this.row === 0) return undefined;
    return this.meters?.state() ?? this.#measured;
  }

  /** A step was done. */
  count(rows: number, loss: number, share: number, hits: number, counted: number): void {
    this.step++;
    this.row += rows;
    this.sums.loss += loss;
    this.sums.share += share;
    this.sums.hits += hits;
    this.sums.counted += counted;
  }

  /** The rows of the epoch are done: what comes next is the first row of the one after. */
  endEpoch(): void {
    this.epoch++;
    this.row = 0;
  }

  /** Begins new sums. */
  clear(): void {
    this.sums = { ...NOTHING };
  }
}

/** Arrays of their own, of plain doubles: in those that `structuredClone` makes, V8 keeps each number as an object (25 bytes an epoch, not 12). */
function copied(series: Series = { loss: [] }): Series {
  return Object.fromEntries(Object.entries(series).map(([name, list]) => [name, [...list]]));
}
