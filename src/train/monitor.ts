// The figure of the epochs that is watched: which one, whether the run has it, whether lower is better. Early stopping and schedules
// that wait for a plateau ask here, and judge by themselves.

import { XentError } from "../base/errors.ts";

/** What an epoch came to, by the names that a user gives: `loss` and the metrics, of validation data too. */
export interface Figures {
  readonly loss: number;
  readonly validation?: object;
}

const OF_VALIDATION = "validation.";
/** Of these the lowest is the best, of all others the highest. */
const ERRORS = new Set(["loss", "logLoss", "mae", "mse"]);

/** `validation.loss` where there are validation data, else `loss`. */
export function usualMonitor(validated: boolean): string {
  return validated ? `${OF_VALIDATION}loss` : "loss";
}

/** Whether a falling figure is good news. */
export function lowerIsBetter(monitor: string): boolean {
  return ERRORS.has(monitor.replace(OF_VALIDATION, ""));
}

/**
 * Refuses a figure that the run will not have.
 *
 * @throws {XentError} `OPTION`
 */
export function checkMonitor(
  where: string,
  monitor: string,
  metrics: readonly string[],
  validated: boolean,
): void {
  const own = ["loss", ...metrics];
  const known = validated ? [...own, ...own.map((name) => OF_VALIDATION + name)] : own;
  if (known.includes(monitor)) return;
  const hint =
    monitor.startsWith(OF_VALIDATION) && !validated
      ? "Pass validation data too."
      : `Known in this run: ${known.join(", ")}.`;
  throw new XentError("OPTION", `${where}: monitor is "${monitor}", which the run does not measure`, hint);
}

/** The figure of an epoch, if it has it. */
export function figure(monitor: string, figures: Figures): number | undefined {
  const ofValidation = monitor.startsWith(OF_VALIDATION);
  const of = (ofValidation ? figures.validation : figures) as
    | { readonly [name: string]: unknown }
    | undefined;
  const value = of?.[monitor.replace(OF_VALIDATION, "")];
  return typeof value === "number" ? value : undefined;
}
