// The command line of the example.

import { numberWithin, positiveNumber, readValues, wholeNumber } from "../shared/arguments.ts";

export interface Options {
  readonly epochs: number;
  readonly lr: number;
  /** where the neuron starts */
  readonly weight: number;
  readonly bias: number;
}

export const DEFAULTS: Options = { epochs: 300, lr: 0.15, weight: 2, bias: 2 };

export const HELP = `One sigmoid neuron learns to give 0 for the input 1: by the quadratic cost,
which is slow where the neuron is badly wrong, and by cross entropy, which is
not.

npm run example -- 03 [options]
  --epochs N   steps of training               (default ${DEFAULTS.epochs})
  --lr X       learning rate, for both costs   (default ${DEFAULTS.lr})
  --weight X   weight at the start             (default ${DEFAULTS.weight})
  --bias X     bias at the start               (default ${DEFAULTS.bias})
  --help       this text

Colours go by NO_COLOR and FORCE_COLOR.`;

/** Options from arguments, or "help". */
export function readOptions(args: readonly string[]): Options | "help" {
  const values = readValues(args, ["epochs", "lr", "weight", "bias"]);
  if (values === "help") return "help";
  return {
    epochs: wholeNumber("epochs", values.epochs, DEFAULTS.epochs, 1, 10_000),
    lr: positiveNumber("lr", values.lr, DEFAULTS.lr, 1000),
    weight: numberWithin("weight", values.weight, DEFAULTS.weight, 1000),
    bias: numberWithin("bias", values.bias, DEFAULTS.bias, 1000),
  };
}
