// The net and how it learns, as the visitor chooses them and the address holds them. What the latter becomes is fitting.ts.

import { dense, type LayerSpec, relu } from "xent";
import { type Fields, oneOf } from "../shared/url.ts";
import { CLASSES } from "./score.ts";

export const OPTIONS = {
  mode: ["digits", "csv"],
  units: ["0", "16", "64", "128", "256"],
  optimizer: ["sgd", "adam"],
  rate: ["0.0005", "0.001", "0.002", "0.005", "0.01", "0.05", "0.1", "0.2", "0.4", "0.8", "2"],
  batch: ["8", "32", "128", "512"],
  dropout: ["0", "0.2", "0.5"],
  epochs: ["1", "5", "10", "20", "40"],
} as const;

export type Settings = { readonly [K in keyof typeof OPTIONS]: (typeof OPTIONS)[K][number] };

export const FIELDS: Fields<Settings> = {
  mode: oneOf(...OPTIONS.mode),
  units: oneOf(...OPTIONS.units),
  optimizer: oneOf(...OPTIONS.optimizer),
  rate: oneOf(...OPTIONS.rate),
  batch: oneOf(...OPTIONS.batch),
  dropout: oneOf(...OPTIONS.dropout),
  epochs: oneOf(...OPTIONS.epochs),
};

/** 96 % after three epochs and 97.4 % after ten, on the page's digits (Node 22, one thread: 0.3 s an epoch). */
export const DEFAULTS: Settings = {
  mode: "digits",
  units: "128",
  optimizer: "sgd",
  rate: "0.4",
  batch: "32",
  dropout: "0",
  epochs: "10",
};

/** What suits each optimiser: taken where another is chosen. */
export const RATES = { sgd: "0.4", adam: "0.002" } as const satisfies Record<string, Settings["rate"]>;

export async function layersOf({ units, dropout: share }: Settings): Promise<LayerSpec[]> {
  if (units === "0") return [dense(CLASSES)];
  const drop = share === "0" ? [] : [(await import("./dropout.ts")).dropout(Number(share))];
  return [dense(Number(units)), relu(), ...drop, dense(CLASSES)];
}

/** Of a whole run over so many digits. */
export function stepsOf({ batch, epochs }: Settings, rows: number): number {
  return Number(epochs) * Math.ceil(rows / Number(batch));
}
