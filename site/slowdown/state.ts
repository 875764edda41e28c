// What stands in the page's address: where the neurons start, how they are trained, and what is looked at.

import { type Fields, numberIn, oneOf } from "../shared/url.ts";
import { MOST_EPOCHS, type Setup, type Target } from "./experiment.ts";

export interface PageState {
  /** weight and bias at the start */
  readonly w: number;
  readonly b: number;
  /** the target */
  readonly y: Target;
  readonly lr: number;
  readonly epochs: number;
  /** the one that is shown */
  readonly epoch: number;
  readonly cost: Scale;
}

/** Costs as they are, or as shares of their first values. */
export type Scale = "share" | "value";

/** Of weight and bias, to both sides of 0. */
export const MOST_START = 4;
export const LEAST_EPOCHS = 10;
export const RATES = { min: 0.01, max: 2 } as const;

export const FIELDS: Fields<PageState> = {
  w: numberIn(-MOST_START, MOST_START),
  b: numberIn(-MOST_START, MOST_START),
  y: oneOf("0", "1"),
  lr: numberIn(RATES.min, RATES.max),
  epochs: numberIn(LEAST_EPOCHS, MOST_EPOCHS, { whole: true }),
  epoch: numberIn(0, MOST_EPOCHS, { whole: true }),
  cost: oneOf("share", "value"),
};

/** The epoch is one at which one neuron is on its way and the other has hardly moved. */
export const DEFAULTS: PageState = { w: 2, b: 2, y: "0", lr: 0.15, epochs: 300, epoch: 12, cost: "share" };

/** The first two are those of the text that the page is about. */
export const STARTS = [
  { name: "Somewhat", w: 0.6, b: 0.9 },
  { name: "Badly", w: 2, b: 2 },
  { name: "Hopelessly", w: 3.5, b: 3.5 },
] as const;

export function setupOf({ w, b, y, lr, epochs }: PageState): Setup {
  return { weight: w, bias: b, target: y, lr, epochs };
}
