// What several commands ask of a model: how many numbers it has learnt, and which columns it tells.

import type { Sequential } from "../index.ts";

/** Running statistics stand among its tensors, and are no parameters. */
export function parameterCount(model: Sequential): number {
  const learnt = Object.entries(model.stateDict()).filter(([name]) => !/\.running_(mean|var)$/.test(name));
  return learnt.reduce((sum, [, { data }]) => sum + data.length, 0);
}

/** Names of the columns that it tells; none where it was trained on bare numbers, or without a target. */
export function targetNames({ preprocessing }: Sequential): string[] {
  const target = preprocessing?.spec.target;
  if (target === undefined) return [];
  return target.kind === "classes" ? [target.name] : target.columns.map(({ name }) => name);
}
