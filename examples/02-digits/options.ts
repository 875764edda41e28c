// The command line of the example. It reads, checks and complains; it runs nothing.

import { parseArgs } from "node:util";

export interface Options {
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly seed: number;
  readonly hidden: number;
}

export const DEFAULTS: Options = { epochs: 5, batchSize: 32, lr: 0.2, seed: 1, hidden: 128 };

export const HELP = `Trains a net on 60,000 handwritten digits and tests it on 10,000 others (MNIST).

npm start -- [options]
  --epochs N   passes over the training digits   (default ${DEFAULTS.epochs})
  --batch N    digits a step                     (default ${DEFAULTS.batchSize})
  --lr X       learning rate                     (default ${DEFAULTS.lr})
  --hidden N   units of the hidden layer         (default ${DEFAULTS.hidden})
  --seed N     first weights and order of rows   (default ${DEFAULTS.seed})
  --help       this text

Ctrl-C ends training early; the report of what was reached is still shown.
Colours go by NO_COLOR and FORCE_COLOR. The progress bar needs a terminal.`;

/** A mistake on the command line; the message is for whoever typed it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Options from arguments, or "help". */
export function readOptions(args: readonly string[]): Options | "help" {
  const text = { type: "string" } as const;
  let values: Partial<Record<"epochs" | "batch" | "lr" | "seed" | "hidden", string>> & { help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        epochs: text,
        batch: text,
        lr: text,
        seed: text,
        hidden: text,
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return "help";
  return {
    epochs: wholeNumber("epochs", values.epochs, DEFAULTS.epochs, 1, 10_000),
    batchSize: wholeNumber("batch", values.batch, DEFAULTS.batchSize, 1, 60_000),
    lr: positiveNumber("lr", values.lr, DEFAULTS.lr),
    seed: wholeNumber("seed", values.seed, DEFAULTS.seed, 0, 0xffffffff),
    hidden: wholeNumber("hidden", values.hidden, DEFAULTS.hidden, 1, 8192),
  };
}

function wholeNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  least: number,
  most: number,
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} is "${text}", expected a whole number from ${least} to ${most}`);
}

function positiveNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`--${name} is "${text}", expected a number above 0`);
}
