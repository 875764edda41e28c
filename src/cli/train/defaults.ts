// What `train` takes where nobody says otherwise, by the rows that it trains on. How it was found, and what it reaches, is
// bench/baselines/tables/README.md.

import { cosine, noDecay, type ParamGroup, type ScheduleSpec } from "../../index.ts";

export interface Shape {
  /** to train with */
  readonly rows: number;
  readonly features: number;
  /** of a step, where it is given: the epochs go by it */
  readonly batchSize?: number | undefined;
}

export interface Defaults {
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: {
    readonly kind: string;
    readonly lr?: number;
    readonly weightDecay?: number;
    readonly groups?: readonly ParamGroup[];
  };
  readonly schedule: ScheduleSpec | undefined;
}

/** Of the rows, held out for the test at the end. */
export const TEST = 0.2;
/** Of the rest, looked at after each epoch where early stopping is asked for. */
export const VALIDATION = 0.15;

/** Steps that a run should have, and within which epochs it looks for them. */
const STEPS = 3000;
const [LEAST_EPOCHS, MOST_EPOCHS] = [20, 100];
/** Of the weight decay, times √features / rows; and the most that small sets bear. */
const DECAY = 200;
const MOST_DECAY = 2;

/**
 * Two hidden layers bend enough for a spiral. What keeps them from learning a small set by heart is the weight decay, which fades
 * as rows outnumber features: Adam divides a gradient by its noise, so a decoupled decay holds a weight back where rows disagree
 * about it, and hardly where they agree. Early stopping would cost rows that small sets do not have.
 */
export function defaultsFor({ rows, features, batchSize = batchFor(rows) }: Shape): Defaults {
  const epochs = Math.ceil(STEPS / Math.ceil(rows / batchSize));
  return {
    hidden: [64, 64],
    epochs: Math.min(MOST_EPOCHS, Math.max(LEAST_EPOCHS, epochs)),
    batchSize,
    optimizer: {
      kind: "adamw",
      lr: 0.01,
      weightDecay: Math.min(MOST_DECAY, (DECAY * Math.sqrt(features)) / rows),
      groups: [noDecay],
    },
    schedule: cosine(),
  };
}

/** Half of √rows as a power of two, from 8 to 128: 8 below 1024 rows, 64 for 60,000. */
function batchFor(rows: number): number {
  return Math.min(128, Math.max(8, 2 ** (Math.floor(Math.log2(rows) / 2) - 1)));
}
