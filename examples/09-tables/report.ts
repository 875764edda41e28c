// What the example says, as lines of at most 80 columns: numbers come in, nothing is printed here.

import type { Paint } from "../shared/style.ts";
import { facts, table, wrap } from "../shared/text.ts";
import { type Options, TARGETS } from "./options.ts";
import type { Prediction, Result } from "./run.ts";

/** What each file is for, by its ending. */
const USES: Readonly<Record<string, string>> = {
  safetensors: "all of the model: xent, PyTorch",
  onnx: "ONNX Runtime, Netron",
  mjs: "predict() without xent",
  npy: "the test rows, predicted: NumPy",
};

export function reportLines(result: Result, { data, out }: Options, paint: Paint): string[] {
  const { columns, features, rows, history, score, predictions, differences } = result;
  const epoch = (history.best?.epoch ?? history.epochs - 1) + 1;
  return [
    ...facts(
      [
        ["file", `examples/data/${data}.csv, ${columns.length} columns`],
        ["to predict", TARGETS[data]],
        ["features", `${features.length}, from ${columns.length - 1} columns`],
        ["rows", `${rows.train} to train, ${rows.validation} to validate, ${rows.test} to test`],
        ["net", `${features.length} → 16 relu → ${result.confusion?.counts.length ?? 1}, Adam`],
        ["trained", `${history.epochs} epochs, stopped: ${history.stopped}; weights of epoch ${epoch}`],
      ],
      paint,
    ),
    "",
    ...wrap(features.join(", ")).map((line) => paint("dim", line)),
    "",
    `${result.confusion === undefined ? "r² " : "accuracy "}of the test rows: ${paint("bold", score.toFixed(4))}`,
    "",
    ...confusionLines(result, paint),
    "Raw rows, as they come, and what the model says of them:",
    ...predictions.flatMap((prediction) => predictionLines(prediction, paint)),
    "",
    `written to ${out}:`,
    ...fileLines(result, paint),
    "",
    "Read again, they say what the model says of the test rows; largest difference:",
    `safetensors ${differences.loaded}, module ${Number(differences.module.toPrecision(2))}, npy ${differences.npy}`,
  ];
}

function confusionLines({ confusion }: Result, paint: Paint): string[] {
  if (confusion === undefined) return [];
  const names = confusion.names ?? confusion.labels.map(String);
  return [
    ...table(
      ["truth ↓  predicted →", ...names],
      confusion.counts.map((row, i) => [names[i] ?? "", ...row.map(String)]),
      paint,
    ),
    "",
  ];
}

function predictionLines({ row, predicted, probability, truth }: Prediction, paint: Paint): string[] {
  const sure = probability === undefined ? "" : ` (${(100 * probability).toFixed(1)} %)`;
  const right = predicted === truth || probability === undefined;
  const values = Object.entries(row).map(([name, value]) => `${name} ${value ?? "?"}`);
  const shown = values.length > 6 ? [...values.slice(0, 6), "…"] : values;
  return [
    ...wrap(shown.join(", ")).map((line) => paint("dim", line)),
    `  → ${predicted}${sure}, it is ${paint(right ? "green" : "red", truth)}`,
  ];
}

function fileLines({ files }: Result, paint: Paint): string[] {
  const width = Math.max(...files.map(({ name }) => name.length));
  return files.map(({ name, bytes }) => {
    const size = `${(bytes / 1000).toFixed(1)} kB`.padStart(8);
    return `${name.padEnd(width)} ${size}  ${paint("dim", USES[name.split(".").at(-1) ?? ""] ?? "")}`;
  });
}
