// What changes from step to step of an optimiser beside the learning rate that a schedule gives: the number of steps done, and
// what follows from it. In f64, from + − × ÷ √ alone: the same on every engine.

import type { OptimizerSpec } from "../base/spec.ts";
import type { Network } from "../nn/network.ts";
import { type Corrections, optimizing, partsOfOptimizer } from "./optimizing.ts";

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
  readonly #done = { steps: 0, power1: 1, power2: 1 };

  constructor(kind: string, spec: OptimizerSpec) {
    this.kind = kind;
    this.#spec = spec;
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
    return partsOfOptimizer(spec).rate?.(spec, lr, this.#done, turn) ?? lr;
  }

  /** One more step of the optimiser was done. */
  count(): void {
    const done = this.#done;
    const [beta1, beta2] = "betas" in this.#spec ? this.#spec.betas : [1, 1];
    done.steps++;
    done.power1 *= beta1;
    done.power2 *= beta2;
  }

  state(): RatesState {
    const { steps, power1, power2 } = this.#done;
    return { steps, ...("betas" in this.#spec && { powers: [power1, power2] as const }) };
  }

  /** Goes on from a state that `state` gave. */
  load({ steps, powers = [1, 1] }: RatesState): void {
    const [power1, power2] = powers;
    Object.assign(this.#done, { steps, power1, power2 });
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
