// `xent train`: from rows to a model in a file, with a checkpoint beside it until it is done.

import { rm } from "node:fs/promises";
import type { Command } from "commander";
import { type History, type Sequential, type Xent, XentError } from "../../index.ts";
import { checkpoint, loadModel, saveModel } from "../../node.ts";
import { openRuntime } from "../engine.ts";
import { EXIT, UsageError, withoutHint } from "../errors.ts";
import { type Interrupt, interruptible } from "../interrupt.ts";
import { measure, measuredLines } from "../measure.ts";
import { writeOutput } from "../outputs.ts";
import { count } from "../text/format.ts";
import { openScreen, type Screen } from "../text/terminal.ts";
import { applyConfig } from "./config.ts";
import { watch } from "./epochs.ts";
import { MNIST, mnistRows } from "./mnist.ts";
import { type Plan, planOf } from "./plan.ts";
import { resumeCommand } from "./resume-command.ts";
import { type Rows, readRows, unseen } from "./rows.ts";
import { type Files, filesOf, saveResult } from "./run-files.ts";
import { reportOf } from "./run-report.ts";
import { conclude, introduce, mistakeLines } from "./run-text.ts";
import { checkSettings, type TrainOptions } from "./settings.ts";

/** Seconds between two checkpoints. */
const CHECKPOINT = 10;

export async function train(given: string | undefined, command: Command): Promise<void> {
  const { config } = command.opts<TrainOptions>();
  const data = (config === undefined ? undefined : await applyConfig(command, config)) ?? undefined;
  await run(given ?? data, presetOptions(command));
}

/** What the preset says counts where nobody else has said anything: a learning rate is one of its optimiser. */
function presetOptions(command: Command): TrainOptions {
  const given = command.opts<TrainOptions>();
  if (given.preset === undefined) return given;
  const { hidden, optimizer, lr, schedule, ...others } = MNIST;
  return {
    ...others,
    ...(given.layers === undefined ? { hidden } : {}),
    ...(given.optimizer === undefined ? { optimizer, lr, schedule } : {}),
    ...given,
  };
}

async function run(data: string | undefined, options: TrainOptions): Promise<void> {
  const start = performance.now();
  if ((data === undefined) === (options.preset === undefined))
    throw new UsageError("name a CSV file, or - for stdin, or --preset mnist: one of them");
  checkSettings(options);
  const screen = openScreen({ ...options, piped: options.out === "-" || options.report === "-" });
  const files = filesOf(data, options);
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
    const begun = performance.now();
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
    const seconds = (performance.now() - begun) / 1000;
    screen.clear();
    await saving?.flush();
    if (history.stopped === "signal") {
      await leave(screen, model, files, history, interrupt);
      return;
    }
    if (history.problem !== undefined) screen.log(`warning: ${history.problem}`);
    // before anything else, so that nothing can lose it
    const size = await saveResult(model, files);
    const { seen: title, part } = unseen(rows);
    const found = await measure(model, part, plan.metrics);
    screen.say("", ...measuredLines(title, found, screen.paint, screen.columns), "");
    if (files.report !== undefined || rows.image !== undefined) {
      const { report, html } = await reportOf({
        xent,
        model,
        history,
        rows,
        plan,
        options,
        rates: seen.rates,
        seconds,
      });
      const mistakes = report.mistakes === null ? [] : mistakeLines(report.mistakes, screen);
      if (mistakes.length > 0) screen.say(...mistakes, "");
      if (files.report !== undefined) await writeOutput(files.report, html());
    }
    conclude(screen, { title, found, history, files, size, seconds: (performance.now() - start) / 1000 });
  } catch (error) {
    screen.clear();
    if (error !== interrupt.signal.reason) throw error;
    screen.log("stopped before training began");
    process.exitCode = interrupt.exitCode;
  } finally {
    interrupt.release();
  }
}

async function begin(
  xent: Xent,
  rows: Rows,
  plan: Plan,
  files: Files,
  { resume }: TrainOptions,
): Promise<Sequential> {
  const { checkpoint } = files;
  if (resume === false && checkpoint !== undefined) await rm(checkpoint, { force: true });
  const model = xent.sequential({ input: rows.features, seed: plan.seed }, plan.layers);
  if (!files.resume || checkpoint === undefined) return model;
  // another net is refused here, what else differs by fit
  await loadModel(model, checkpoint).catch((error: unknown) => {
    throw ofAnotherRun(error, checkpoint);
  });
  return model;
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
    !["CHECKPOINT", "OPTION", "PREPROCESSING", "STATE", "SHAPE", "TARGET"].includes(error.code)
  )
    return error;
  return new XentError(
    "CHECKPOINT",
    `${checkpoint} is damaged, or of a run with other data or options (${withoutHint(error)})`,
    "Give those that it had, or --no-resume to begin anew.",
  );
}
