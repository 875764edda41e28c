// What `train` is to do: its options, read and checked as far as they can be without data. What they leave open is defaults.ts.

import { show } from "../../base/options.ts";
import type { LayerSpec, LossSpec, MetricName, ScheduleSpec } from "../../index.ts";
import { UsageError } from "../errors.ts";
import type { EngineOptions, OutputOptions, ReadOptions } from "../options.ts";
import { activationOf, initOf, layersOf, lossOf, optimizerOf, scheduleOf } from "./specs.ts";

/** The options of `train` as commander gives them. */
export interface TrainOptions extends EngineOptions, ReadOptions, OutputOptions {
  readonly target?: readonly string[];
  readonly task?: "classification" | "regression";
  readonly select?: readonly string[];
  readonly ignore?: readonly string[];
  readonly encode?: readonly string[];
  readonly scale?: "standardize" | "minMax" | "asIs";
  readonly unknown?: "error" | "zeros";
  readonly onMissing?: "impute" | "drop" | "error";
  readonly test?: number | string;
  readonly validation?: number | string;
  readonly preset?: "mnist";
  readonly hidden?: string;
  readonly activation?: unknown;
  readonly dropout?: number;
  readonly norm?: "batchNorm1d" | "layerNorm" | "none";
  readonly init?: unknown;
  readonly layers?: unknown;
  readonly seed?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly accumulate?: number;
  readonly dropLast?: boolean;
  readonly shuffle?: boolean;
  readonly loss?: unknown;
  readonly balanced?: boolean;
  readonly optimizer?: unknown;
  readonly lr?: number;
  readonly weightDecay?: number;
  readonly schedule?: unknown;
  readonly patience?: number;
  readonly monitor?: string;
  readonly minDelta?: number;
  readonly metrics?: readonly string[];
  readonly onNan?: "error" | "rollback" | "ignore";
  readonly inspect?: boolean;
  readonly out?: string;
  readonly report?: string;
  readonly resume?: boolean;
  readonly checkpoint?: number;
  readonly stopAfterEpoch?: number;
  readonly config?: string;
}

/**
 * Layers up to the last, which the target decides.
 *
 * @param units  of hidden layers where the options name none
 */
export function hiddenLayers(options: TrainOptions, units: readonly number[]): LayerSpec[] {
  const { activation = "relu", dropout = 0, norm = "none", init } = options;
  if (options.layers !== undefined) return layersOf(options.layers);
  return (hiddenUnits(options.hidden) ?? units).flatMap((width) => [
    ...layersOf([{ kind: "dense", units: width, ...(init === undefined ? {} : { init }) }]),
    ...(norm === "none" ? [] : layersOf([norm])),
    activationOf(activation),
    ...(dropout === 0 ? [] : layersOf([{ kind: "dropout", p: dropout }])),
  ]);
}

/** "64,32"; "none" is a list of none. */
function hiddenUnits(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  if (text === "none") return [];
  const units = text.split(",").map(Number);
  if (units.every((each) => Number.isInteger(each) && each > 0)) return units;
  throw new UsageError(`--hidden is ${show(text)}, expected units such as 64 or 64,32, or none`);
}

/** Refuses what is wrong with any data, before these are read. */
export function checkSettings(options: TrainOptions): void {
  hiddenLayers(options, [1]);
  if (options.init !== undefined) initOf(options.init);
  optimizer(options, { kind: "adam" }, undefined);
  loss(options, "crossEntropy", undefined);
  const { layers, hidden, activation, dropout, norm, init } = options;
  const instead = Object.entries({ hidden, activation, dropout, norm, init }).find(
    ([, value]) => value !== undefined,
  );
  if (layers !== undefined && instead !== undefined)
    throw new UsageError(`got both --layers and --${instead[0]}: --layers names every layer but the last`);
  if (options.select !== undefined && options.ignore !== undefined)
    throw new UsageError(
      "got both --select and --ignore: name the columns that become features, or those that do not",
    );
  for (const [name, value] of Object.entries({ monitor: options.monitor, "min-delta": options.minDelta }))
    if (value !== undefined && options.patience === undefined)
      throw new UsageError(`--${name} is for early stopping, and there is none: give --patience`);
  if (options.task === "classification" && new Set(options.target).size > 1)
    throw new UsageError("a classification has one target: several are learnt as numbers");
  if (options.balanced && options.task === "regression")
    throw new UsageError("--balanced weighs classes, and a regression has none");
  const { json, out, report } = options;
  const piped = Object.entries({
    "--json": json === true,
    "--out -": out === "-",
    "--report -": report === "-",
  })
    .filter(([, writes]) => writes)
    .map(([name]) => name);
  if (piped.length > 1) throw new UsageError(`${piped.join(" and ")} both write to stdout: name a file`);
}

/** @param weight  of each class, for --balanced */
export function loss(options: TrainOptions, usual: string, weight: readonly number[] | undefined): LossSpec {
  return lossOf(options.loss ?? usual, weight === undefined ? {} : { weight });
}

export function optimizer(
  options: TrainOptions,
  usual: { readonly kind: string },
  usualSchedule: ScheduleSpec | undefined,
) {
  const { lr, weightDecay } = options;
  const given = options.optimizer;
  // of a schedule in the optimiser's own description nothing is said here
  const described = typeof given === "object" && given !== null && "schedule" in given;
  const scheduled = schedule(options, described ? undefined : usualSchedule);
  return optimizerOf(given ?? usual, {
    ...(lr === undefined ? {} : { lr }),
    ...(weightDecay === undefined ? {} : { weightDecay }),
    ...(scheduled === undefined ? {} : { schedule: scheduled }),
  });
}

function schedule(options: TrainOptions, usual: ScheduleSpec | undefined): ScheduleSpec | undefined {
  if (options.schedule === "none") return undefined;
  return options.schedule === undefined ? usual : scheduleOf(options.schedule);
}

export function metrics(
  options: Pick<TrainOptions, "metrics">,
  usual: readonly MetricName[],
): readonly MetricName[] {
  return (options.metrics as readonly MetricName[] | undefined) ?? usual;
}
