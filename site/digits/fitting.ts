// How a net learns by the visitor's settings. Loaded when it is to.

import { adam, cosine, type FitOptions, sgd } from "xent";
import type { Settings } from "./settings.ts";

/** The learning rate falls along half a cosine, so that the last steps are small ones. */
export function fitting({ optimizer, rate, batch, epochs }: Settings): FitOptions {
  const how = { lr: Number(rate), schedule: cosine() };
  return {
    optimizer: optimizer === "sgd" ? sgd(how) : adam(how),
    batchSize: Number(batch),
    epochs: Number(epochs),
  };
}
