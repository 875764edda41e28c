// Numbers and names of figures as the page shows them.

import { duration as longer } from "../../text/format.ts";

export { count, partsText, thousands } from "../../text/format.ts";

/** What stands where there is no number. */
const NONE = "–";

/** Four significant digits: 0.01234, 12.34, 1,234, 1.234e-7. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9))
    return signed(value.toExponential(digits - 1).replace("e+", "e"));
  const places = size === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return signed(value.toLocaleString("en-US", { maximumFractionDigits: Math.min(places, 12) }));
}

/** Numbers along an axis, with as few digits as tell each from its neighbours; none where an axis has no number. */
export function ticks(splits: readonly (number | null)[]): string[] {
  const given = splits.filter((split) => split !== null);
  const gaps = given.slice(1).map((split, i) => Math.abs(split - (given[i] ?? split)));
  const near = Math.min(...gaps.filter((gap) => gap > 0)) / 100;
  let digits = 2;
  while (digits < 12 && given.some((split) => Math.abs(Number(split.toPrecision(digits)) - split) > near))
    digits++;
  return splits.map((split) => (split === null ? "" : number(split, digits)));
}

/** A number as it came: all its digits, with a real minus. */
export function plain(value: number): string {
  return signed(String(value));
}

/** 98.55 %, cut off and not rounded up: 0.99999 is not all. */
export function percent(share: number | null, places = 2): string {
  if (share === null) return NONE;
  const scale = 10 ** places;
  return `${(Math.floor(share * 100 * scale + 1e-6) / scale).toFixed(places)} %`;
}

/** 340 ms, 12.3 s, 2 min 5 s, 1 h 2 min */
export function duration(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : longer(seconds);
}

/** 12.3 ms, 123 µs */
export function milliseconds(ms: number): string {
  return ms >= 1 ? `${number(ms, 3)} ms` : `${number(ms * 1000, 3)} µs`;
}

/** A number where it is one, a text where it is one, and a mark where a value is missing. */
export function value(of: string | number | null): string {
  if (of === null) return NONE;
  return typeof of === "number" ? plain(of) : of;
}

const NAMES = new Map([
  ["r2", "R²"],
  ["mae", "MAE"],
  ["mse", "MSE"],
  ["rmse", "RMSE"],
  ["f1", "F1"],
  ["f1Micro", "F1 (micro)"],
  ["precisionMicro", "precision (micro)"],
  ["recallMicro", "recall (micro)"],
  ["rocAuc", "ROC AUC"],
  ["logLoss", "log loss"],
]);

/** What people call a metric. */
export function metric(key: string): string {
  return NAMES.get(key) ?? key.replace(/^top(\d+)$/, "top $1");
}

/** A metric's value: shares of rows in per cent. */
export function metricValue(key: string, figure: number | null): string {
  return /^(accuracy|top\d+)$/.test(key) ? percent(figure) : number(figure);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function signed(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}
