// `xent eval`: how well a model does on rows whose target is known.

import { XentError } from "../index.ts";
import { engineText, openModel, openRuntime } from "./engine.ts";
import { inFile, UsageError } from "./errors.ts";
import { untilInterrupted } from "./interrupt.ts";
import { measure, measuredLines } from "./measure.ts";
import type { EngineOptions, OutputOptions, ReadOptions } from "./options.ts";
import { targetNames } from "./parameters.ts";
import { readTable, typesOf } from "./read.ts";
import { openScreen, type Screen } from "./text/terminal.ts";
import { facts } from "./text/text.ts";
import { withoutGaps, withTargets } from "./train/check-rows.ts";
import { metrics } from "./train/settings.ts";

export interface EvaluateOptions extends EngineOptions, ReadOptions, OutputOptions {
  readonly metrics?: readonly string[];
}

export async function evaluate(path: string, data: string, options: EvaluateOptions): Promise<void> {
  if (path === "-") throw new UsageError("the model is a file: - stands for rows alone");
  const screen = openScreen(options);
  await untilInterrupted(screen.clear, (signal) => run(path, data, options, screen, signal));
}

async function run(
  path: string,
  data: string,
  options: EvaluateOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const xent = await openRuntime(options);
  const model = await openModel(xent, path);
  const { preprocessing } = model;
  const target = preprocessing?.spec.target;
  if (preprocessing === undefined || target === undefined)
    throw new XentError(
      "PREPROCESSING",
      `${path}: the model knows no target column`,
      "Predict with it instead.",
    );
  const read = await readTable(data, options, screen, { types: typesOf(preprocessing, true), signal });
  const known = withTargets(data, read, targetNames(model), screen);
  const features = preprocessing.spec.columns.map(({ name }) => name);
  const table = preprocessing.spec.drop ? withoutGaps(data, known, features, screen) : known;
  const asked = metrics(options, target.kind === "classes" ? ["accuracy"] : ["r2"]);
  const part = { dataset: inFile(data, () => preprocessing.dataset(table)), table };
  const found = await measure(model, part, asked);
  const { confusion, metrics: values, ...rest } = found;
  screen.say(
    ...facts(
      [
        ["model", path],
        ["engine", engineText(xent)],
      ],
      screen.paint,
    ),
    "",
    ...measuredLines("data", found, screen.paint, screen.columns),
  );
  screen.emit("eval", {
    model: path,
    data,
    ...rest,
    ...values,
    ...(confusion === undefined ? {} : { confusion }),
  });
}
