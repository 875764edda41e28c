// How many numbers a model learns. Running statistics stand among its tensors, and are none.

import type { Sequential } from "../index.ts";

export function parameterCount(model: Sequential): number {
  const learnt = Object.entries(model.stateDict()).filter(([name]) => !/\.running_(mean|var)$/.test(name));
  return learnt.reduce((sum, [, { data }]) => sum + data.length, 0);
}
