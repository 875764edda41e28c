// What the example says, as lines of at most 80 columns: numbers come in, nothing is printed here.

import { plot } from "simple-ascii-chart";
import type { Paint } from "../shared/style.ts";
import { facts, table } from "../shared/text.ts";
import { NOISE, type Result, type Score } from "./run.ts";

export function reportLines(
  { rows, history, left, net, line, ceiling, truth, predicted }: Result,
  paint: Paint,
): string[] {
  const best = history.best?.epoch ?? history.epochs - 1;
  const { validation } = history;
  const shown = [...new Set([0, 1, 2, 5, 10, 20, best, history.epochs - 1])]
    .filter((epoch) => epoch < history.epochs)
    .sort((a, b) => a - b);
  const scored = (name: string, { mae, rmse, r2 }: Score): string[] => [name, ...[mae, rmse, r2].map(four)];
  return [
    ...facts(
      [
        ["target", `10·sin(π·x₁·x₂) + 20·(x₃ − ½)² + 10·x₄ + 5·x₅ + noise (σ = ${NOISE})`],
        ["rows", `${rows.train} to train, ${rows.validation} to validate, ${rows.test} to test; 10 features`],
        ["net", "10 → 32 relu → 32 relu → 1, mse, Adam"],
      ],
      paint,
    ),
    "",
    ...table(
      ["epoch", "loss", "mae", "r2", "validation loss", "mae", "r2"],
      shown.map((epoch) => [
        `${epoch + 1}`.padStart(5) + (epoch === best ? " ←" : ""),
        ...[history, validation].flatMap((part) =>
          [part?.loss, part?.mae, part?.r2].map((series) => four(series?.[epoch] ?? Number.NaN)),
        ),
      ]),
      paint,
    ),
    `stopped: ${history.stopped}; the weights are those of epoch ${best + 1} again, validation loss ${four(left)}`,
    "",
    paint("dim", "Test rows: predicted (up) against true values (right)"),
    ...scatter(truth, predicted),
    "",
    ...table(
      ["test rows", "mae", "rmse", "r2"],
      [scored("the net", net), scored("a straight line", line), ["without noise", "", "", four(ceiling)]],
      paint,
    ),
  ];
}

function scatter(truth: Float32Array, predicted: Float32Array): string[] {
  const points = Array.from(truth, (value, i): [number, number] => [value, predicted[i] ?? 0]);
  const chart = plot(points, {
    mode: "point",
    width: 66,
    height: 16,
    yRange: [0, 30],
    customXAxisTicks: [0, 5, 10, 15, 20, 25, 30],
    customYAxisTicks: [0, 10, 20, 30],
    symbols: { point: "•" },
  });
  return chart
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
}

const four = (value: number): string => value.toFixed(4);
