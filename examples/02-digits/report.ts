// What the example says, as text: lines go out, numbers come in, nothing is printed here.

import type { Paint } from "../../src/cli/style.ts";
import type { Block } from "./draw.ts";

/** A test digit that the model got wrong. */
export interface Mistake {
  readonly row: number;
  readonly truth: number;
  readonly predicted: number;
  /** what the model gave its answer */
  readonly probability: number;
}

export const EPOCH_HEADER = "epoch    loss   train    test  seconds";

export function epochLine(e: {
  epoch: number;
  epochs: number;
  loss: number;
  train: number | undefined;
  test: number | undefined;
  seconds: number;
}): string {
  return [
    `${e.epoch + 1}/${e.epochs}`.padStart(5),
    e.loss.toFixed(4).padStart(6),
    ratio(e.train).padStart(6),
    ratio(e.test).padStart(6),
    e.seconds.toFixed(1).padStart(7),
  ].join("  ");
}

/**
 * Text after the progress bar.
 *
 * @param settled  false in the first moments, when speed and time left are guesses
 */
export function progressText(
  p: { loss: number; samplesPerSecond: number; secondsLeft: number },
  settled: boolean,
): string {
  const loss = `loss ${p.loss.toFixed(4)}`;
  if (!settled) return loss;
  return `${loss}  ${thousands(p.samplesPerSecond)} digits/s  ${clock(p.secondsLeft)} left`;
}

/**
 * The confusion matrix: a line a true digit, a column a predicted one, and the share that was right.
 *
 * @param counts  `[classes][classes]`, rows are truth
 */
export function confusionLines(
  labels: readonly number[],
  counts: readonly (readonly number[])[],
  paint: Paint,
): string[] {
  const cell = Math.max(5, ...counts.flat().map((n) => String(n).length + 1));
  const head = labels.map((label) => String(label).padStart(cell)).join("");
  const lines = counts.map((row, truth) => {
    const cells = row.map((n, predicted) => {
      const text = (n === 0 ? "·" : String(n)).padStart(cell);
      if (predicted === truth) return paint("green", text);
      return n === 0 ? paint("dim", text) : text;
    });
    const total = row.reduce((sum, n) => sum + n, 0);
    const right = ratio(total === 0 ? undefined : (row[truth] ?? 0) / total);
    return `${String(labels[truth] ?? truth).padStart(4)}${cells.join("")}${right.padStart(9)}`;
  });
  return [paint("dim", `true${head}    right`), ...lines];
}

/** All mistakes, the surest first. */
export function findMistakes(labels: ArrayLike<number>, probabilities: Float32Array): Mistake[] {
  const classes = probabilities.length / labels.length;
  const mistakes: Mistake[] = [];
  for (let row = 0; row < labels.length; row++) {
    const truth = labels[row] ?? 0;
    let predicted = 0;
    for (let c = 1; c < classes; c++) {
      if ((probabilities[row * classes + c] ?? 0) > (probabilities[row * classes + predicted] ?? 0))
        predicted = c;
    }
    if (predicted === truth) continue;
    mistakes.push({ row, truth, predicted, probability: probabilities[row * classes + predicted] ?? 0 });
  }
  return mistakes.sort((a, b) => b.probability - a.probability);
}

/** Two lines under a drawn digit. */
export function caption({ row, truth, predicted, probability }: Mistake): Block {
  return [`a ${truth}, read as ${predicted}`, `p = ${probability.toFixed(4)}, row ${row}`];
}

/** 0.9xxx, cut off and not rounded up: 0.99996 is not all. */
export function ratio(value: number | undefined): string {
  return value === undefined ? "–" : (Math.floor(value * 10_000 + 1e-6) / 10_000).toFixed(4);
}

/** 1 step, 2,000 steps */
export function count(n: number, noun: string): string {
  return `${thousands(n)} ${noun}${n === 1 ? "" : "s"}`;
}

export function thousands(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

/** 0:07, 2:05, 1:02:05 */
export function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (n: number): string => String(n % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return `${minutes < 60 ? minutes : `${Math.floor(minutes / 60)}:${two(minutes)}`}:${two(whole)}`;
}

/** 12.3 s, 2 min 5 s, 1 h 2 min */
export function duration(seconds: number): string {
  if (Number(seconds.toFixed(1)) < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Megabytes of a million bytes. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
