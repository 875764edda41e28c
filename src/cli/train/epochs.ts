// What is seen of a run while it trains: the progress bar, a line or an event an epoch.

import type { Callback, EpochEnd, Progress } from "../../index.ts";
import { metricText } from "../measure.ts";
import { clock, digits, ratio, thousands } from "../text/format.ts";
import type { Screen } from "../text/terminal.ts";

/** Lines of epochs that a run of many has about. */
const LINES = 20;
/** Before so much time speed and time left are guesses. */
const SETTLED_MS = 500;

export interface Watch extends Callback {
  /** learning rate at the end of each epoch that was seen */
  readonly rates: readonly number[];
}

/** @param metrics  those asked for, in their order */
export function watch(screen: Screen, metrics: readonly string[]): Watch {
  const rates: number[] = [];
  let first: number | undefined;
  let headed = false;
  return {
    rates,
    onProgress(progress) {
      first ??= performance.now();
      const settled = performance.now() - first > SETTLED_MS;
      const { epoch, epochs, step, steps } = progress;
      const words = `epoch ${Math.min(epoch + 1, epochs)}/${epochs}`;
      screen.progress(step, steps, words, progressText(progress, settled));
    },
    onEpochEnd(end) {
      rates.push(end.lr);
      const { epoch, epochs, loss, lr, seconds, validation } = end;
      screen.emit("epoch", {
        epoch: epoch + 1,
        epochs,
        ...figuresOf(end, metrics),
        loss,
        validation,
        lr,
        seconds,
      });
      const every = Math.ceil(epochs / LINES);
      if (headed && (epoch + 1) % every !== 0 && epoch + 1 < epochs) return;
      if (!headed) screen.say(screen.paint("dim", header(end, metrics)));
      headed = true;
      screen.say(epochLine(end, metrics));
    },
  };
}

/** Text after the progress bar. */
export function progressText(
  p: Pick<Progress, "loss" | "accuracy" | "samplesPerSecond" | "secondsLeft">,
  settled: boolean,
): string {
  const right = Number.isNaN(p.accuracy) ? "" : `  acc ${ratio(p.accuracy)}`;
  const figures = `loss ${digits(p.loss)}${right}`;
  if (!settled) return figures;
  return `${figures}  ${thousands(p.samplesPerSecond)} rows/s  ${clock(p.secondsLeft)} left`;
}

function figuresOf(figures: object, metrics: readonly string[]): Record<string, number> {
  const all = figures as Readonly<Record<string, number | undefined>>;
  return Object.fromEntries(metrics.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}

const WIDTH = 9;

function header({ validation }: EpochEnd, metrics: readonly string[]): string {
  const names = ["loss", ...metrics];
  const columns = [...names, ...(validation === undefined ? [] : names.map((name) => `val ${name}`))];
  return [
    "epoch".padStart(9),
    ...[...columns, "lr", "seconds"].map((name) => name.padStart(widthOf(name))),
  ].join("  ");
}

const widthOf = (name: string): number => Math.max(name.length, name === "lr" ? WIDTH : 7);

export function epochLine(end: EpochEnd, metrics: readonly string[]): string {
  const { epoch, epochs, lr, seconds, validation } = end;
  const cells = (figures: object, before: string): string[] => {
    const all = figures as Readonly<Record<string, number>>;
    return ["loss", ...metrics].map((name) => {
      const value = all[name] ?? Number.NaN;
      return (name === "loss" ? digits(value) : metricText(name, value)).padStart(widthOf(before + name));
    });
  };
  return [
    `${epoch + 1}/${epochs}`.padStart(9),
    ...cells(end, ""),
    ...(validation === undefined ? [] : cells(validation, "val ")),
    digits(lr).padStart(widthOf("lr")),
    seconds.toFixed(1).padStart(7),
  ].join("  ");
}
