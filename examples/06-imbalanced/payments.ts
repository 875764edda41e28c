// Payments, made up: some thirty genuine ones for each that is fraud. Amounts are raw, in cents, as they would come.

import { type Dataset, dataset } from "xent";
import { lot } from "../shared/random.ts";

/** Ids 0 and 1. */
export const CLASSES = ["genuine", "fraud"];
export const COLUMNS = ["cents", "hour", "distance", "tries", "age of account", "new device"];
/** Share of fraud. */
const RARE = 1 / 31;

export function payments(rows: number, seed: number): Dataset {
  const { uniform, normal } = lot(seed);
  const x: number[][] = [];
  const y: string[] = [];
  for (let i = 0; i < rows; i++) {
    const fraud = uniform() < RARE;
    // two ways to cheat: much at once and far away, or little and often on a new device
    const [much, often] = fraud ? (uniform() < 0.5 ? [1, 0] : [0, 1]) : [0, 0];
    x.push([
      Math.round(2000 * Math.exp(0.8 * normal() + 1.8 * much - 0.7 * often)),
      uniform() * 24,
      normal() + 1.5 * much,
      normal() + 1.8 * often,
      normal() - 0.5 * (much + often),
      Number(uniform() < (often === 1 ? 0.8 : 0.15)),
    ]);
    y.push(CLASSES[Number(fraud)] ?? "");
  }
  return dataset({ x, y, classes: CLASSES });
}
