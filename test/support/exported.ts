// Modules that exportModule makes, imported from their text; and models whose parameters are all at random, so that none is what
// it begins with.

import type { Sequential } from "../../src/model/sequential.ts";
import { exportModule } from "../../src/module.ts";
import { floats } from "../oracle/data.ts";

type Rows = Float32Array | Float64Array | Uint8Array | readonly object[];

/** What a module exports, as its types say. */
export interface Exported {
  readonly input: number;
  readonly outputs: number;
  readonly classes: readonly string[] | undefined;
  readonly columns: readonly string[] | undefined;
  predict(rows: Rows): Float32Array;
  predictClass(rows: Rows): Int32Array;
  logits(rows: Rows): Float32Array;
}

/** Imports the text of a module. */
export async function imported<T = Exported>(text: string): Promise<T> {
  const url = `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
  return (await import(/* @vite-ignore */ url)) as T;
}

export const exported = (model: Sequential): Promise<Exported> => imported(exportModule(model));

/** Gives every parameter and running statistic values in [−1, 1), variances in [½, 1½), matrices such as `dense` begins with. */
export function shaken(model: Sequential, seed = 1): Sequential {
  const state = Object.entries(model.stateDict()).map(([name, { shape, data }], i) => {
    const values = floats(seed + i, data.length);
    const [, fan = 1] = shape;
    const placed = values.map((v) => (name.endsWith("running_var") ? 1 + v / 2 : v / Math.sqrt(fan)));
    return [name, { shape, data: placed }] as const;
  });
  model.loadStateDict(Object.fromEntries(state));
  return model;
}
