// `xent train`: from rows to a model in a file, with a checkpoint beside it until it is done.

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, extname } from "node:path";
import type { Command } from "commander";
import {
  dense,
  earlyStopping,
  type FitOptions,
  type History,
  type LayerSpec,
  type MetricName,
  type Sequential,
  type Xent,
  XentError,
} from "../index.ts";
import { checkpoint, loadModel, saveModel } from "../node.ts";
import { applyConfig } from "./config.ts";
import { defaultsFor } from "./defaults.ts";
import { engineText, openRuntime } from "./engine.ts";
import { watch } from "./epochs.ts";
import { EXIT, UsageError, withoutHint } from "./errors.ts";
import { bytes, count, digits, duration, thousands } from "./format.ts";
import { type Interrupt, interruptible } from "./interrupt.ts";
import { type Measured, measure, measuredLines } from "./measure.ts";
import { MNIST, mnistRows } from "./mnist.ts";
import { checkWritable, writeStdout } from "./outputs.ts";
import { resumeCommand } from "./resume-command.ts";
import { type Rows, readRows } from "./rows.ts";
import { checkSettings, hiddenLayers, loss, metrics, optimizer, type TrainOptions } from "./settings.ts";
import { openScreen, type Screen } from "./terminal.ts";
import { facts } from "./text.ts";

/** Seconds between two checkpoints. */
const CHECKPOINT = 10;

export async function train(given: string | undefined, command: Command): Promise<void> {
  const { config } = command.opts<TrainOptions>();
  const data = (config === undefined ? undefined : await applyConfig(command, config)) ?? undefined;
  await run(given ?? data, presetOptions(command));
}

/** What the preset says counts where nobody else has said anything. */
function presetOptions(command: Command): TrainOptions {
  if (command.opts<TrainOptions>().preset !== undefined) {
    for (const [name, value] of Object.entries(MNIST)) {
      const source = command.getOptionValueSource(name);
      if (source === undefined || source === "default")
        command.setOptionValueWithSource(name, value, "preset");
    }
  }
  return command.opts<TrainOptions>();
}

async function run(data: string | undefined, options: TrainOptions): Promise<void> {
  const start = performance.now();
  if ((data === undefined) === (options.preset === undefined))
    throw new UsageError("name a CSV file, or - for stdin, or --preset mnist: one of them");
  checkSettings(options);
  const screen = openScreen({ ...options, piped: options.out === "-" });
  const files = outputsOf(data, options);
  const interrupt = interruptible(screen.clear);
  try {
    const rows =
      data === undefined ? await mnistRows(options) : await readRows(data, options, screen, interrupt.signal);
    const xent = await openRuntime(options);
    const plan = planOf(rows, options);
    const model = await begin(xent, rows, plan, files, options);
    introduce(screen, xent, model, rows, plan);
    const seen = watch(screen, plan.metrics);
    const saving =
      files.checkpoint === undefined
        ? undefined
        : checkpoint({ path: files.checkpoint, model, every: { seconds: options.checkpoint ?? CHECKPOINT } });
    const history = await model
      .fit(rows.train.dataset, {
        ...plan.fit,
        callbacks: [seen, ...plan.early, ...(saving === undefined ? [] : [saving])],
        resume: files.resume,
        signal: interrupt.signal,
      })
      .catch((error: unknown) => {
        throw files.resume ? ofAnotherRun(error, files.checkpoint) : error;
      });
    screen.clear();
    await saving?.flush();
    if (history.stopped === "signal") {
      await leave(screen, model, files, history, interrupt);
      return;
    }
    if (history.problem !== undefined) screen.log(`warning: ${history.problem}`);
    const unseen = rows.test ?? rows.validation ?? rows.train;
    const title = rows.test ? "test" : rows.validation ? "validation" : "training rows";
    const found = await measure(model, unseen, plan.metrics);
    screen.say("", ...measuredLines(title, found, screen.paint, screen.columns), "");
    const size = await finish(model, files);
    conclude(screen, { title, found, history, files, size, seconds: (performance.now() - start) / 1000 });
  } catch (error) {
    screen.clear();
    if (!interrupt.signal.aborted) throw error;
    screen.log("stopped before training began");
    process.exitCode = interrupt.exitCode;
  } finally {
    interrupt.release();
  }
}

/** Where things are written. */
interface Files {
  readonly out: string;
  /** none where the model goes to stdout */
  readonly checkpoint?: string;
  readonly report?: string;
  /** there is a checkpoint to go on from */
  readonly resume: boolean;
}

function outputsOf(data: string | undefined, options: TrainOptions): Files {
  const { resume, report } = options;
  const name =
    data === undefined ? (options.preset ?? "model") : data === "-" ? "model" : basename(data, extname(data));
  const out = options.out ?? `${name}.safetensors`;
  if (data !== undefined && data !== "-" && [out, report].includes(data))
    throw new UsageError(`${data} is the data: name another file to write`);
  if (options.out === undefined && resume === undefined && existsSync(out))
    throw new XentError(
      "FILE",
      `${out} is there already`,
      `--out ${out} writes over it, --out FILE another one.`,
    );
  const end = /\.safetensors$/i.test(out) ? out.slice(0, -".safetensors".length) : out;
  const checkpoint = out === "-" ? undefined : `${end}.checkpoint.safetensors`;
  if (checkpoint === undefined && resume)
    throw new UsageError("--resume needs --out FILE: the checkpoint lies beside it");
  const interrupted = checkpoint !== undefined && existsSync(checkpoint);
  if (interrupted && resume === undefined)
    throw new XentError(
      "FILE",
      `${checkpoint} is of a run that was interrupted`,
      "--resume goes on from it, --no-resume begins anew.",
    );
  for (const path of [out, report]) if (path !== undefined) checkWritable(path);
  return {
    out,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(report === undefined ? {} : { report }),
    resume: resume === true && interrupted,
  };
}

/** What a run does: options, and for what they leave open the defaults for its rows. */
interface Plan {
  readonly layers: ReturnType<typeof hiddenLayers>;
  readonly seed: number;
  readonly metrics: readonly MetricName[];
  readonly early: readonly ReturnType<typeof earlyStopping>[];
  readonly fit: FitOptions;
}

function planOf(rows: Rows, options: TrainOptions): Plan {
  const { task, features, outputs, train, validation } = rows;
  const { batchSize } = options;
  const usual = defaultsFor({ task, rows: train.dataset.rows, features, outputs, batchSize });
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

async function begin(
  xent: Xent,
  rows: Rows,
  plan: Plan,
  files: Files,
  { resume }: TrainOptions,
): Promise<Sequential> {
  if (files.resume && files.checkpoint !== undefined) return loadModel(xent, files.checkpoint);
  if (resume === false && files.checkpoint !== undefined) await rm(files.checkpoint, { force: true });
  return xent.sequential({ input: rows.features, seed: plan.seed }, plan.layers);
}

function introduce(screen: Screen, xent: Xent, model: Sequential, rows: Rows, { fit, layers }: Plan): void {
  const { train, validation, test } = rows;
  const parts = [
    `${thousands(train.dataset.rows)} to train`,
    ...(validation === undefined ? [] : [`${thousands(validation.dataset.rows)} to validate`]),
    ...(test === undefined ? [] : [`${thousands(test.dataset.rows)} to test`]),
  ];
  const parameters = Object.values(model.stateDict()).reduce((sum, { data }) => sum + data.length, 0);
  const { loss, optimizer, epochs, batchSize, accumulate = 1 } = fit;
  const learnt =
    rows.classes === undefined && rows.task === "regression" ? "a number" : count(rows.outputs, "class");
  screen.say(
    ...facts(
      [
        ["data", `${rows.title}, rows: ${parts.join(", ")}`],
        [
          "target",
          `${rows.target.join(", ")}: ${rows.outputs > 1 && rows.task === "regression" ? count(rows.outputs, "number") : learnt}`,
        ],
        ["model", `${netText(rows.features, layers)}, ${count(parameters, "parameter")}`],
        [
          "run",
          `${count(epochs ?? 1, "epoch")} of batches of ${(batchSize ?? 0) * accumulate}, ${loss?.kind}, ${optimizer?.kind} at ${digits(optimizer?.lr)}`,
        ],
        ["engine", engineText(xent)],
      ],
      screen.paint,
    ),
    "",
  );
  screen.emit("start", {
    data: rows.title,
    task: rows.task,
    target: rows.target,
    rows: {
      train: train.dataset.rows,
      validation: validation?.dataset.rows ?? 0,
      test: test?.dataset.rows ?? 0,
    },
    features: rows.features,
    outputs: rows.outputs,
    parameters,
    epochs,
    batchSize,
    engine: xent.info,
  });
}

/** "4 → 32 relu → 3" */
function netText(features: number, layers: readonly LayerSpec[]): string {
  const words = layers.map((layer) => {
    if (layer.kind === "dense") return `→ ${layer.units}`;
    if (layer.kind === "residual") return `→ (${netText(0, layer.layers).replace(/^0 (→ )?/, "")}) +`;
    return layer.kind === "dropout" ? `dropout ${layer.p}` : layer.kind;
  });
  return [features, ...words].join(" ");
}

/** An interrupted run: what it is to go on from, and how. */
async function leave(
  screen: Screen,
  model: Sequential,
  files: Files,
  history: History,
  interrupt: Interrupt,
): Promise<void> {
  const { checkpoint } = files;
  process.exitCode = interrupt.signal.aborted ? interrupt.exitCode : EXIT.done;
  if (history.steps === 0) return screen.log("stopped before training began");
  if (checkpoint !== undefined) await saveModel(model, checkpoint);
  const place = `stopped after ${count(history.epochs, "epoch")} and ${count(history.steps, "step")}`;
  screen.emit("stopped", { epochs: history.epochs, steps: history.steps, checkpoint: checkpoint ?? null });
  screen.log(
    checkpoint === undefined
      ? `${place}; nothing is kept, as the model was to go to stdout`
      : `${place}, kept in ${checkpoint}`,
  );
  if (checkpoint !== undefined) screen.log(`to go on: ${resumeCommand(process.argv.slice(2), process.env)}`);
}

/** What the library finds to be different where a run is to go on. */
function ofAnotherRun(error: unknown, checkpoint = ""): unknown {
  if (
    !(error instanceof XentError) ||
    !["OPTION", "PREPROCESSING", "STATE", "SHAPE", "TARGET"].includes(error.code)
  )
    return error;
  return new XentError(
    "CHECKPOINT",
    `${checkpoint} is of a run with other data or options (${withoutHint(error)})`,
    "Give those that it had, or --no-resume to begin anew.",
  );
}

/** The model in its file, and no checkpoint. @returns bytes of the model */
async function finish(model: Sequential, { out, checkpoint }: Files): Promise<number> {
  const saved = model.save();
  await (out === "-" ? writeStdout(saved) : saveModel({ save: () => saved }, out));
  if (checkpoint !== undefined) await rm(checkpoint, { force: true });
  return saved.length;
}

function conclude(
  screen: Screen,
  {
    title,
    found,
    history,
    files,
    size,
    seconds,
  }: { title: string; found: Measured; history: History; files: Files; size: number; seconds: number },
): void {
  const { best, epochs, steps, stopped } = history;
  screen.say(
    ...facts(
      [
        ["trained", `${count(epochs, "epoch")}, ${count(steps, "step")}, ${duration(seconds)} in all`],
        ...(best === undefined ? [] : [["best", `epoch ${best.epoch + 1}, whose weights are kept`] as const]),
        ["model", `${files.out === "-" ? "stdout" : files.out}, ${bytes(size)}`],
        ...(files.report === undefined ? [] : [["report", files.report] as const]),
      ],
      screen.paint,
    ),
  );
  const { confusion, metrics, ...rest } = found;
  screen.emit("done", {
    stopped,
    epochs,
    steps,
    seconds,
    ...(best === undefined ? {} : { best: { epoch: best.epoch + 1, value: best.value } }),
    [title === "training rows" ? "training" : title]: {
      ...rest,
      ...metrics,
      ...(confusion === undefined ? {} : { confusion }),
    },
    out: files.out,
    bytes: size,
    report: files.report ?? null,
  });
}
