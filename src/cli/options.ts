// The options that commands share, and those of `train`: what a command line and a configuration file may say. What they come to is settings.ts.

import { type Command, Option } from "commander";
import { below, cells, character, list, positive, shareOrFile, threads, whole } from "./parse.ts";

/** What every command takes that computes. */
export interface EngineOptions {
  readonly threads?: number | "auto";
  readonly precision?: "fast" | "strict";
  readonly wide?: boolean;
}

/** How a CSV file is read. */
export interface ReadOptions {
  readonly delimiter?: string;
  readonly decimal?: "." | ",";
  readonly missing?: readonly string[];
  readonly comment?: string;
  /** false: the first line is a row */
  readonly header?: boolean;
}

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export const ENGINE = (): Option[] => [
  new Option("--threads <n>", "threads that share the work, or auto: one a core, up to 8").argParser(threads),
  new Option("--precision <kind>", "fast, or strict: the same bits on every engine").choices([
    "fast",
    "strict",
  ]),
  new Option("--wide", "let V8 make 256-bit code of the kernels; off where it gains nothing"),
];

export const READ = (): Option[] => [
  new Option("--delimiter <char>", "between fields, or tab; found out by default").argParser(character),
  new Option("--decimal <char>", "decimal point of numbers").choices([".", ","]),
  new Option("--missing <cells>", 'what stands for nothing, such as "NA,-999,."').argParser(cells),
  new Option("--comment <text>", "beginning of lines that are skipped, such as #"),
  new Option("--no-header", 'the first line is a row; columns are "0", "1", …'),
];

export const OUTPUT = (): Option[] => [
  new Option("--json", "one JSON object a line on stdout, text on stderr"),
  new Option("-q, --quiet", "no text but errors"),
];

export const TASK = (): Option =>
  new Option("--task <kind>", "classification, or regression; default: by the target's values").choices([
    "classification",
    "regression",
  ]);

/** Options of `train` by their groups in `--help`. */
export const TRAIN: Readonly<Record<string, () => Option[]>> = {
  "What to learn": () => [
    new Option("-t, --target <columns>", "column to predict, or several with commas").argParser(list),
    TASK(),
    new Option("--select <columns>", "columns that become features; default: all others").argParser(list),
    new Option("--ignore <columns>", "columns that do not").argParser(list),
    new Option("--encode <columns>", "columns that are categories, whatever they look like").argParser(list),
    new Option("--scale <kind>", "of numbers: standardize (default), minMax or asIs").choices([
      "standardize",
      "minMax",
      "asIs",
    ]),
    new Option("--unknown <what>", "of categories not seen in training: zeros (default), error").choices([
      "error",
      "zeros",
    ]),
    new Option("--on-missing <what>", "impute (default), drop the row, or error").choices([
      "impute",
      "drop",
      "error",
    ]),
    new Option("--test <share|file>", "rows for the test at the end; default 0.2").argParser(shareOrFile),
    new Option("--validation <share|file>", "rows to look at after each epoch").argParser(shareOrFile),
    new Option("--preset <name>", "data and settings that are known: mnist").choices(["mnist"]),
  ],
  "The net": () => [
    new Option("--hidden <units>", 'of hidden layers; default "64,64"; "none" for a linear model'),
    new Option("--activation <kind>", "behind each of them; default relu"),
    new Option("--dropout <p>", "behind each of them").argParser(below(1)),
    new Option("--norm <kind>", "before each activation").choices(["batchNorm1d", "layerNorm", "none"]),
    new Option("--init <kind>", "first values of their weights, such as heNormal"),
    new Option("--layers <list>", 'in place of these, "dense:64 relu dropout:0.1"; the last layer is added'),
    new Option("--seed <n>", "first weights, order of rows, split; default 0").argParser(
      whole(0, 2 ** 32 - 1),
    ),
  ],
  Training: () => [
    new Option("-e, --epochs <n>", "passes over the training rows; default 20 to 100, by the rows").argParser(
      whole(1),
    ),
    new Option("-b, --batch-size <n>", "rows a step; default 8 to 128, by the rows").argParser(whole(1)),
    new Option("--accumulate <n>", "batches a step; default 1").argParser(whole(1)),
    new Option("--drop-last", "leave out rows at an epoch's end that fill no step"),
    new Option("--no-shuffle", "keep the order of rows"),
    new Option("--loss <kind>", "crossEntropy, mse, mae, huber, quadratic, with options: huber:delta=2"),
    new Option("--balanced", "rows of rare classes count more: each class as much as another"),
    new Option("--optimizer <kind>", "sgd, adam, adamw, rmsprop, adagrad: adamw:weightDecay=0.1,clipNorm=1"),
    new Option("--lr <x>", "learning rate; default 0.01, or that of --optimizer").argParser(positive),
    new Option("--weight-decay <x>", "how much weights are drawn to 0").argParser(
      below(Number.POSITIVE_INFINITY),
    ),
    new Option(
      "--schedule <kind>",
      "of the learning rate: cosine:warmup=100, oneCycle, linear, exponential:0.9, stepDecay:every=5, multiStep:milestones=3/6, reduceOnPlateau, none",
    ),
    new Option("--patience <n>", "stop after so many epochs that were no better, keep the best").argParser(
      whole(0),
    ),
    new Option("--monitor <figure>", "what must become better; default validation.loss"),
    new Option("--min-delta <x>", "how much better").argParser(below(Number.POSITIVE_INFINITY)),
    new Option("--metrics <names>", "accuracy, f1, rocAuc, top3, mae, r2, …").argParser(list),
    new Option("--on-nan <what>", "error (default), rollback or ignore").choices([
      "error",
      "rollback",
      "ignore",
    ]),
    new Option("--no-inspect", "do not look for what is odd about the data"),
  ],
  "What is kept": () => [
    new Option("-o, --out <file>", "the model; - is stdout. Default: the data's name.safetensors"),
    new Option("--report <file>", "a page with curves, mistakes, weights and times"),
    new Option("--resume", "go on from the checkpoint that an interrupted run has left"),
    new Option("--no-resume", "begin anew, whatever it has left"),
    new Option("--checkpoint <seconds>", "between two checkpoints; default 10").argParser(positive),
    new Option("--stop-after-epoch <n>", "stop there, to be resumed").argParser(whole(1)),
    new Option("--config <file>", "options by name, as JSON; those of the command line win"),
  ],
};

/** Adds options to a command, under a heading of its help. */
export function addOptions(command: Command, heading: string, options: readonly Option[]): Command {
  command.optionsGroup(`${heading}:`);
  for (const option of options) command.addOption(option);
  return command;
}
