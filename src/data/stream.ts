// A data set that is larger than memory: chunks that come one after another, anew each epoch.

import type { Dataset } from "./dataset.ts";
import type { Preprocessing } from "./prepared.ts";

/** Data that `fit` reads chunk by chunk. Made by `datasetStream`, or by a preprocessing. */
export interface DataStream {
  /** values a row */
  readonly features: number;
  /** of an epoch */
  readonly rows: number;
  readonly preprocessing?: Preprocessing | undefined;
  /** Reads the data once, from their beginning. */
  chunks(): AsyncIterable<Dataset>;
}
