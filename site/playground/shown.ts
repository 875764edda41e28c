// Which of the small pictures the plane shows in large.

import type { Picture } from "./run.ts";

/** In the order of a picture's layers: the inputs are layer 0, and the last is the net's answer. */
export interface Shown {
  readonly layer: number;
  readonly unit: number;
}

/** What was chosen where there is such a unit; else the answer. */
export function within({ layers }: Picture, wanted: Shown | undefined): Shown {
  const there = wanted !== undefined && wanted.layer < layers.length - 1;
  const fits = there && wanted.unit < (layers[wanted.layer]?.width ?? 0);
  return fits ? wanted : { layer: layers.length - 1, unit: 0 };
}

export function unitName({ layers }: Picture, { layer, unit }: Shown): string {
  if (layer === layers.length - 1) return "The net’s answer";
  return layer === 0 ? `Input x${"₁₂"[unit]}` : `Layer ${layer}, unit ${unit + 1}`;
}
