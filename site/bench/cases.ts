// What is measured, and for how long. Numbers alone: the worker makes products and nets of them, the page their names.

/** C[m, n] ← A[m, k] · B[k, n]. */
export interface Product {
  readonly kind: "product";
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** A step of gradient descent: forward, backward, and new weights. */
export interface Step {
  readonly kind: "step";
  /** features, hidden widths, classes */
  readonly widths: readonly number[];
  /** rows a step */
  readonly batch: number;
}

export type Case = Product | Step;

const square = (n: number): Product => ({ kind: "product", m: n, n, k: n });
const step = (batch: number, ...widths: readonly number[]): Step => ({ kind: "step", widths, batch });

/** The last product is what the first layer of a net for MNIST computes of 128 rows. */
export const CASES: readonly Case[] = [
  ...[64, 128, 256, 384, 512].map(square),
  { kind: "product", m: 128, n: 128, k: 784 },
  step(32, 64, 32, 10),
  step(32, 784, 128, 10),
  step(128, 784, 128, 10),
  step(128, 784, 512, 256, 10),
];

/** The product and the step that the page says most of. */
export const LARGEST = CASES.findIndex((item) => item.kind === "product" && item.k === 512);
export const DIGITS = CASES.findIndex(
  (item) => item.kind === "step" && item.widths.length === 3 && item.batch === 128,
);

/** `512 × 512 × 512`; `784-128-10, 32 rows` */
export function nameOf(item: Case): string {
  if (item.kind === "product") return `${item.m} × ${item.n} × ${item.k}`;
  return `${item.widths.join("-")}, ${item.batch} rows`;
}

export type Form = "quick" | "long";

export interface Budget {
  /** of all cases; a median needs some */
  readonly rounds: number;
  /** of a case on some threads in a round */
  readonly turnMs: number;
  /** of each before the first round: engines compile hot code anew in the background */
  readonly warmMs: number;
}

export const BUDGETS: { readonly [F in Form]: Budget } = {
  quick: { rounds: 5, turnMs: 20, warmMs: 60 },
  long: { rounds: 25, turnMs: 40, warmMs: 150 },
};

/** Seconds of a run, roughly, on so many different numbers of threads. */
export function secondsOf(form: Form, kinds: number): number {
  const { rounds, turnMs, warmMs } = BUDGETS[form];
  // between two turns a sample of the peak and a little warming
  return (CASES.length * kinds * (warmMs + rounds * (1.4 * turnMs + 10))) / 1000;
}
