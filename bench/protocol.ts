// What the bench and its measuring processes say to each other: JSON, a line each. A child is told its task, asks for
// samples of P as it goes, and ends with its outcome.

import type { Work } from "./case.ts";
import type { SuiteName } from "./cli.ts";
import type { PeakSample } from "./probe.ts";
import type { BuildChoice, Variant } from "./variants.ts";

/** The first line that a child reads; those behind it are samples of P, or null. */
export interface Task {
  readonly suites: readonly SuiteName[];
  readonly filter: string | undefined;
  /** only "wide", or any of the others */
  readonly builds: readonly BuildChoice[];
  readonly tiles: boolean;
  readonly threads: number;
  readonly smoke: boolean;
}

/** A line that a child writes. */
export type Message =
  | { readonly progress: string }
  /** asks for a sample of P */
  | { readonly sample: true }
  | { readonly outcome: Outcome };

export interface Outcome {
  readonly engine: string;
  /** null where the engine is none of V8's */
  readonly v8: string | null;
  readonly variants: readonly Variant[];
  /** why builds that were asked for are not there */
  readonly leftOut: readonly string[];
  /** what is wrong with results; then nothing was timed */
  readonly wrong: readonly string[];
  readonly checked: number;
  readonly rounds: number;
  readonly measurements: readonly Measurement[];
  readonly peak: readonly PeakSample[];
}

export interface Measurement {
  readonly name: string;
  /** what ran it; null for a copy of memory, which needs none */
  readonly variant: Variant | null;
  readonly work: Work;
  /** milliseconds of a run: the median of each round */
  readonly turns: readonly number[];
}
