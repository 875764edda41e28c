// What changes from step to step of an optimiser beside the learning rate that a schedule gives: the number of steps done, and
// what follows from it. In f64, from + − × ÷ √ alone: the same on every engine.

import type { OptimizerSpec } from "../base/spec.ts";
import type { Network } from "../nn/network.ts";
import { optimizing } from "./optimizing.ts";

/** The words that go with the learning rate: HYPER_CORRECTION1 and 2. */
export interface Corrections {
  correction1: number;
  correction2: number;
}

/** What `Rates` is at some step, as plain numbers. */
export interface RatesState {
  /** steps done */
  readonly steps: number;
  /** β₁ and β₂ multiplied up so many times; of the optimisers that have them */
  readonly powers?: readonly [number, number];
}

export class Rates {
  /** that it was made for, as `Optimizing` has it */
  readonly kind: string;
  #spec: OptimizerSpec;
  #steps = 0;
  #power1 = 1;
  #power2 = 1;

  constructor(kind: string, spec: OptimizerSpec) {
    this.kind = kind;
    this.#spec = spec;
  }

  /** The optimiser as it was last described. */
  get spec(): OptimizerSpec {
    return this.#spec;
  }

  /** Steps done. */
  get steps(): number {
    return this.#steps;
  }

  /** Goes on with other options of the same kind. */
  follow(spec: OptimizerSpec): void {
    this.#spec = spec;
  }

  /**
   * What the step that comes next is to be set to; `count` says that it was done.
   *
   * @param lr    learning rate of this step
   * @param turn  takes the corrections
   * @returns the learning rate to set
   */
  next(lr: number, turn: Corrections): number {
    const spec = this.#spec;
    const first = this.#steps === 0;
    switch (spec.kind) {
      case "sgd":
        // the buffer begins as the bare gradient
        turn.correction1 = first ? 0 : 1;
        turn.correction2 = first ? 1 : 1 - (spec.dampening ?? 0);
        return lr;
      case "adam":
      case "adamw": {
        const root = Math.sqrt(1 - this.#power2 * spec.betas[1]);
        turn.correction1 = (lr * root) / (1 - this.#power1 * spec.betas[0]);
        turn.correction2 = root;
        return lr;
      }
      case "rmsprop":
        return lr;
      case "adagrad":
        return lr / (1 + this.#steps * spec.lrDecay);
    }
  }

  /** One more step of the optimiser was done. */
  count(): void {
    this.#steps++;
    const [beta1, beta2] = "betas" in this.#spec ? this.#spec.betas : [1, 1];
    this.#power1 *= beta1;
    this.#power2 *= beta2;
  }

  state(): RatesState {
    return {
      steps: this.#steps,
      ...("betas" in this.#spec && { powers: [this.#power1, this.#power2] as const }),
    };
  }

  /** Goes on from a state that `state` gave. */
  load({ steps, powers = [1, 1] }: RatesState): void {
    this.#steps = steps;
    [this.#power1, this.#power2] = powers;
  }
}

/**
 * The rates of a run with this optimiser, for which the network's memory is laid: those from before, if they are of its kind, or
 * new ones, and then what the optimiser keeps begins anew too.
 */
export function ratesFor(network: Network, spec: OptimizerSpec, before?: Rates): Rates {
  const { kind } = optimizing(spec);
  if (before?.kind === kind) {
    before.follow(spec);
    return before;
  }
  network.clearSlots();
  return new Rates(kind, spec);
}
