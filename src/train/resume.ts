// Whether a run can be gone on with: in this process, or from a file that somebody may have changed. Loaded by calls that resume.

import { XentError } from "../base/errors.ts";
import type { Meters } from "./metrics.ts";
import type { Run, RunState } from "./run.ts";

/** What a call asks of the run. */
export interface Resumed {
  readonly settings: RunState["settings"];
  /** rows of an epoch that are trained on */
  readonly used: number;
  /** rows a step */
  readonly step: number;
  /** take what they held */
  readonly meters: Meters | undefined;
}

/**
 * @param over  why it cannot be gone on with, if it cannot
 * @throws {XentError} `STATE`
 */
export function checkResumable(
  where: string,
  run: Run | undefined,
  over: string | undefined,
  { settings, used, step, meters }: Resumed,
): void {
  if (run === undefined || over !== undefined) {
    throw new XentError(
      "STATE",
      `${where}: resume is true, and there is no run to go on with: ${over}`,
      "Leave resume out: a new run begins from the weights as they are.",
    );
  }
  for (const [name, now] of Object.entries(settings)) {
    const [before, after] = [run.settings[name], now].map((value) => JSON.stringify(value));
    if (before === after) continue;
    throw new XentError(
      "STATE",
      name === "data" || (name === "validation" && now !== null && run.settings[name] !== null)
        ? `${where}: resume is true, and the ${name === "data" ? "data" : "validation data"} are not those that the run was begun with`
        : `${where}: resume is true, and ${name} is ${after}, where the run was begun with ${before}`,
      "Pass the same, or leave resume out: a new run begins from the weights as they are.",
    );
  }
  // of a file that somebody has changed
  const { row, measured } = run;
  const between = row <= used && (row % step === 0 || row === used);
  if (between && (row === 0 || meters === undefined || meters.load(measured ?? new Uint8Array(0)))) return;
  throw new XentError(
    "STATE",
    between
      ? `${where}: resume is true, and the metrics of half an epoch are not among what the run has left`
      : `${where}: resume is true, and the run stands at row ${row} of an epoch, where no step of ${step} of ${used} rows ends`,
    "The file was changed since it was saved: take another, or leave resume out.",
  );
}
