// All numbers of a step as JSON, for those who check them.

import type { StateDict } from "xent";
import { T } from "./batch.ts";
import { derive } from "./derive.ts";
import { entry, type Snapshot } from "./lesson.ts";
import { keyOf, type Parameter } from "./parameters.ts";

export function asJson(snapshot: Snapshot, parameter: Parameter, row: number): string {
  const { seed, rate, step, loss, state, gradients, x, s1, h1, s2, h2, z, y } = snapshot;
  const { paths, parts, mean } = derive(snapshot, parameter, row);
  const chosen = {
    name: keyOf(parameter),
    row: row + 1,
    paths: paths.map(({ units, factors, product }) => ({
      units,
      factors: factors.map(({ value }) => value),
      product,
    })),
    ...{ parts, mean, model: entry(gradients, parameter) },
  };
  return JSON.stringify(
    {
      ...{ seed, rate, step, loss, chosen },
      parameters: plain(state),
      gradients: plain(gradients),
      ...{ x, s1, h1, s2, h2, z, y, t: T },
    },
    undefined,
    2,
  );
}

function plain(of: StateDict): Record<string, number[]> {
  return Object.fromEntries(Object.entries(of).map(([name, { data }]) => [name, Array.from(data)]));
}
