// The command line of the example. It reads, checks and complains; it runs nothing.

import { positiveNumber, readValues, wholeNumber } from "../shared/arguments.ts";

export interface Options {
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly seed: number;
  readonly hidden: number;
  readonly threads: number | "auto";
}

export const DEFAULTS: Options = { epochs: 5, batchSize: 32, lr: 0.2, seed: 1, hidden: 128, threads: "auto" };

export const HELP = `Trains a net on 60,000 handwritten digits and tests it on 10,000 others (MNIST).

npm start -- [options]
  --epochs N   passes over the training digits   (default ${DEFAULTS.epochs})
  --batch N    digits a step                     (default ${DEFAULTS.batchSize})
  --lr X       learning rate                     (default ${DEFAULTS.lr})
  --hidden N   units of the hidden layer         (default ${DEFAULTS.hidden})
  --seed N     first weights and order of rows   (default ${DEFAULTS.seed})
  --threads N  threads that share the work       (default: one for each core)
  --help       this text

Ctrl-C ends training early; the report of what was reached is still shown.
Colours go by NO_COLOR and FORCE_COLOR. The progress bar needs a terminal.`;

/** Options from arguments, or "help". */
export function readOptions(args: readonly string[]): Options | "help" {
  const values = readValues(args, ["epochs", "batch", "lr", "seed", "hidden", "threads"]);
  if (values === "help") return "help";
  return {
    epochs: wholeNumber("epochs", values.epochs, DEFAULTS.epochs, 1, 10_000),
    batchSize: wholeNumber("batch", values.batch, DEFAULTS.batchSize, 1, 60_000),
    lr: positiveNumber("lr", values.lr, DEFAULTS.lr),
    seed: wholeNumber("seed", values.seed, DEFAULTS.seed, 0, 0xffffffff),
    hidden: wholeNumber("hidden", values.hidden, DEFAULTS.hidden, 1, 8192),
    threads:
      values.threads === undefined ? DEFAULTS.threads : wholeNumber("threads", values.threads, 1, 1, 64),
  };
}
