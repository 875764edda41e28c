// What a run of `train` does: its options, and for what they leave open the defaults for its rows.

import { dense, earlyStopping, type FitOptions, type MetricName } from "../../index.ts";
import { UsageError } from "../errors.ts";
import { defaultsFor } from "./defaults.ts";
import type { Rows } from "./rows.ts";
import { hiddenLayers, loss, metrics, optimizer, type TrainOptions } from "./settings.ts";

export interface Plan {
  readonly layers: ReturnType<typeof hiddenLayers>;
  readonly seed: number;
  readonly metrics: readonly MetricName[];
  readonly early: readonly ReturnType<typeof earlyStopping>[];
  readonly fit: FitOptions;
}

export function planOf(rows: Rows, options: TrainOptions): Plan {
  const { task, features, outputs, train, validation } = rows;
  const { batchSize } = options;
  const usual = defaultsFor({ rows: train.dataset.rows, features, batchSize });
  const asked = metrics(options, task === "classification" ? ["accuracy"] : ["r2"]);
  const { patience, monitor, minDelta, accumulate, dropLast, onNan, stopAfterEpoch, inspect, shuffle } =
    options;
  const weight = options.balanced ? balance(rows) : undefined;
  return {
    layers: [...hiddenLayers(options, usual.hidden), dense(outputs)],
    seed: options.seed ?? 0,
    metrics: asked,
    early:
      patience === undefined
        ? []
        : [
            earlyStopping({
              patience,
              ...(monitor === undefined ? {} : { monitor }),
              ...(minDelta === undefined ? {} : { minDelta }),
            }),
          ],
    fit: {
      loss: loss(options, task === "classification" ? "crossEntropy" : "mse", weight),
      optimizer: optimizer(options, usual.optimizer, usual.schedule),
      epochs: options.epochs ?? usual.epochs,
      batchSize: usual.batchSize,
      metrics: asked,
      profile: options.report !== undefined,
      ...(validation === undefined ? {} : { validation: validation.dataset }),
      ...(accumulate === undefined ? {} : { accumulate }),
      ...(dropLast === undefined ? {} : { dropLast }),
      ...(shuffle === undefined ? {} : { shuffle }),
      ...(onNan === undefined ? {} : { onNaN: onNan }),
      ...(stopAfterEpoch === undefined ? {} : { stopAfterEpoch }),
      ...(inspect === undefined ? {} : { inspect }),
    },
  };
}

/** Weights of classes with which each counts as much as another: rows / (classes · rows of the class), scikit-learn's "balanced". */
function balance({ outputs, train, task }: Rows): number[] {
  if (task === "regression") throw new UsageError("--balanced weighs classes, and the target is a number");
  const { y, rows } = train.dataset;
  const counts = new Array<number>(outputs).fill(0);
  for (const id of y) counts[id] = (counts[id] ?? 0) + 1;
  return counts.map((n) => (n === 0 ? 0 : rows / (outputs * n)));
}
