// What `train` takes where nobody says otherwise, by the rows that it trains on.

import { cosine, type ScheduleSpec } from "../index.ts";

export interface Shape {
  readonly task: "classification" | "regression";
  /** to train with */
  readonly rows: number;
  readonly features: number;
  readonly outputs: number;
}

export interface Defaults {
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: { readonly kind: string; readonly lr?: number; readonly weightDecay?: number };
  readonly schedule: ScheduleSpec | undefined;
}

/** Of the rows, held out for the test at the end. */
export const TEST = 0.2;
/** Of the rest, looked at after each epoch where early stopping is asked for. */
export const VALIDATION = 0.15;

export function defaultsFor({ rows }: Shape): Defaults {
  return {
    hidden: [32],
    epochs: 100,
    batchSize: 16,
    optimizer: { kind: "adamw", lr: 0.01, weightDecay: 10 / rows },
    schedule: cosine(),
  };
}
