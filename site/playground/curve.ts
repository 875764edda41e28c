// The losses of a run, for its chart: at every look in the beginning, then at every second, fourth, … of them.

import type { Picture } from "./run.ts";

/** Points of a line, at most: more than a chart has pixels are of no use. */
const MOST = 600;

export interface Curve {
  readonly steps: readonly number[];
  readonly train: readonly number[];
  readonly test: readonly number[];
  /** steps between two points, at least */
  readonly apart: number;
}

export const NO_CURVE: Curve = { steps: [], train: [], test: [], apart: 1 };

/** With the losses of a picture behind them; once there are too many, with half of them. The newest is always there. */
export function longer(curve: Curve, { steps, train, test }: Picture): Curve {
  const [newest, before] = [curve.steps.at(-1), curve.steps.at(-2)];
  if (newest !== undefined && steps <= newest) return curve;
  // the newest stays only where it is far enough behind the one before it
  const keep =
    curve.steps.length -
    (newest !== undefined && before !== undefined && newest - before < curve.apart ? 1 : 0);
  const grown = {
    steps: [...curve.steps.slice(0, keep), steps],
    train: [...curve.train.slice(0, keep), train.loss],
    test: [...curve.test.slice(0, keep), test.loss],
    apart: curve.apart,
  };
  return grown.steps.length <= MOST ? grown : halved(grown);
}

function halved({ steps, train, test, apart }: Curve): Curve {
  const last = steps.length - 1;
  const some = (values: readonly number[]): number[] => values.filter((_, i) => i % 2 === 0 || i === last);
  const rest = some(steps);
  const gap = ((rest.at(-2) ?? 0) - (rest[0] ?? 0)) / Math.max(1, rest.length - 2);
  return { steps: rest, train: some(train), test: some(test), apart: Math.max(apart, gap) };
}
