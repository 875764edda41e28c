// What the page and the worker that measures say to each other.

import type { Info } from "xent";
import type { Form } from "./cases.ts";

/** Asks for a run; the worker takes one. */
export interface Order {
  readonly form: Form;
}

export type Message =
  | { readonly kind: "ready"; readonly engine: Engine }
  | { readonly kind: "at"; readonly at: At }
  | { readonly kind: "turn"; readonly turn: Turn }
  | { readonly kind: "done" }
  /** in words, and the end of the worker's work */
  | { readonly kind: "failed"; readonly problem: string };

/** What is going to be measured, and with what clock. */
export interface Engine {
  readonly info: Info;
  /** the least step of the worker's clock, in milliseconds */
  readonly clockMs: number;
  /** why there is no peak to hold anything against; undefined where there is one */
  readonly noPeak: string | undefined;
}

/** Where a run stands. */
export interface At {
  /** counted from 1; 0 while everything warms up */
  readonly round: number;
  readonly rounds: number;
  /** of CASES */
  readonly item: number;
  /** from 0 to 1, of the whole run */
  readonly share: number;
}

/** One case on some threads in one round. */
export interface Turn {
  /** of CASES */
  readonly item: number;
  readonly round: number;
  readonly threads: number;
  /** of a product or a step */
  readonly microseconds: number;
  /** floating-point operations of it */
  readonly flops: number;
  /** GFLOP/s that one core could do just before */
  readonly peak: number | undefined;
}
