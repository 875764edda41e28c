// Handwritten digits: a net with one hidden layer learns MNIST in some seconds and reports what it learned.
// `npm start`, or `npm start -- --help`.

import { crossEntropy, type Dataset, dense, init, relu, sgd, XentError } from "xent";
import { painter } from "../../src/cli/style.ts";
import { facts } from "../../src/cli/text.ts";
import { UsageError } from "../shared/arguments.ts";
import { screen } from "./bar.ts";
import { drawDigit, sideBySide } from "./draw.ts";
import { loadDigits, MissingDigits } from "./load.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import {
  caption,
  confusionLines,
  count,
  duration,
  EPOCH_HEADER,
  epochLine,
  findMistakes,
  megabytes,
  progressText,
  ratio,
  thousands,
} from "./report.ts";

const out = process.stdout;
const paint = painter(out.isTTY === true, process.env);
const view = screen(out, out.isTTY === true && process.env.TERM !== "dumb", paint);

const say = (...lines: string[]): void => {
  for (const line of lines) view.line(line);
};

/** Trains and reports; resolves to the exit code. */
async function main(options: Options): Promise<number> {
  const start = performance.now();
  const interrupt = interruptible();
  const { train, test } = await loadDigits();
  const xent = await init({ threads: options.threads });
  const model = xent.sequential({ input: train.features, seed: options.seed }, [
    dense(options.hidden),
    relu(),
    dense(10),
  ]);
  const { bytes } = model.plan({ batchSize: options.batchSize, rows: train.rows, features: "u8" });
  const { build, tile, threads } = xent.info;
  say(
    ...facts(
      [
        ["model", `${train.features} → ${options.hidden} relu → 10, cross entropy, plain SGD`],
        ["digits", `${thousands(train.rows)} to train, ${thousands(test.rows)} to test`],
        [
          "run",
          `${count(options.epochs, "epoch")}, batch ${options.batchSize}, lr ${options.lr}, seed ${options.seed}`,
        ],
        ["engine", `WebAssembly ${build}, tile ${tile}, ${count(threads, "thread")}`],
      ],
      paint,
    ),
    "",
    paint("dim", EPOCH_HEADER),
  );

  let firstShown: number | undefined;
  const history = await model.fit(train, {
    loss: crossEntropy(),
    optimizer: sgd({ lr: options.lr }),
    epochs: options.epochs,
    batchSize: options.batchSize,
    validation: test,
    metrics: ["accuracy"],
    signal: interrupt.signal,
    callbacks: [
      {
        onProgress(p) {
          const epoch = `epoch ${Math.min(p.epoch + 1, p.epochs)}/${p.epochs}`;
          firstShown ??= performance.now();
          const settled = performance.now() - firstShown > 500;
          view.progress(p.step, p.steps, epoch, progressText(p, settled));
        },
        onEpochEnd(e) {
          say(epochLine({ ...e, train: e.accuracy, test: e.validation?.accuracy }));
        },
      },
    ],
  });
  view.clear();
  const stopped = history.stopped === "signal";
  if (stopped) say(`stopped by Ctrl-C after ${count(history.steps, "step")}`);

  const { accuracy } = await model.evaluate(test);
  const { labels, counts } = await model.confusionMatrix(test);
  say("", ...confusionLines(labels, counts, paint));
  say("", ...mistakeLines(test, model.predict(test.x)));
  const seconds = (performance.now() - start) / 1000;
  const rss = megabytes(process.memoryUsage().rss);
  say(
    "",
    `${duration(seconds)} in all, ${rss} of memory, ${megabytes(bytes.total ?? 0)} of it the model and its data`,
  );
  say(`test accuracy ${ratio(accuracy)}`);
  return stopped ? 130 : 0;
}

/** The mistakes the model was surest of, drawn side by side as far as the terminal is wide. */
function mistakeLines(test: Dataset, probabilities: Float32Array): string[] {
  const mistakes = findMistakes(test.y, probabilities);
  if (mistakes.length === 0) return ["no mistakes"];
  const shown = mistakes.slice(0, Math.max(1, Math.floor(((out.columns ?? 80) + 3) / 26)));
  const pictures = shown.map((mistake) => {
    const pixels = test.x.subarray(mistake.row * test.features, (mistake.row + 1) * test.features);
    return [...drawDigit(pixels as Uint8Array, Math.sqrt(test.features)), ...caption(mistake)];
  });
  return [paint("dim", `${count(mistakes.length, "mistake")}; the surest:`), ...sideBySide(pictures, 4)];
}

/** The first Ctrl-C aborts the signal, a later one ends the process. */
function interruptible(): { signal: AbortSignal } {
  const controller = new AbortController();
  let first = 0;
  process.on("SIGINT", () => {
    const now = performance.now();
    if (!controller.signal.aborted) {
      first = now;
      controller.abort();
    } else if (now - first > 500) {
      // a launcher such as npm may pass on the Ctrl-C that the terminal has sent us already
      view.clear();
      process.exit(130);
    }
  });
  return controller;
}

out.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(HELP);
  else process.exitCode = await main(options);
} catch (error) {
  view.clear();
  if (error instanceof UsageError) console.error(`${error.message}\nnpm start -- --help shows the options.`);
  else if (error instanceof MissingDigits || error instanceof XentError) console.error(error.message);
  else throw error;
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
