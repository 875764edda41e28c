// Where units and edges of the drawing are, for a width.

import { type Parameter, SIZES } from "./parameters.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly height: number;
  readonly radius: number;
  /** of the targets, at the right of the outputs */
  readonly targetX: number;
  /** @param layer  0 for the inputs, 3 for the outputs */
  unit(layer: number, unit: number): Point;
  /** a bias hangs above its unit */
  edge(parameter: Parameter): { readonly start: Point; readonly end: Point };
}

/** From unit to unit, below the headings, and left of the inputs for their names. */
const [GAP, TOP, LEFT] = [82, 80, 40] as const;

export function layout(width: number): Layout {
  const radius = width < 400 ? 18 : 22;
  const targetX = width - 14;
  const [first, last] = [LEFT + radius + 6, targetX - radius - 34];
  const middle = TOP + (GAP * (Math.max(...SIZES) - 1)) / 2;
  const unit = (layer: number, unit: number): Point => ({
    x: first + ((last - first) * layer) / (SIZES.length - 1),
    y: middle + GAP * (unit - 1 - ((SIZES[layer] ?? 1) - 1) / 2),
  });
  return {
    height: 2 * middle - TOP + radius + 14,
    radius,
    targetX,
    unit,
    edge({ layer, from, to }) {
      const end = unit(layer, to);
      return from === 0
        ? { start: { x: end.x - 9, y: end.y - radius - 15 }, end: { x: end.x, y: end.y } }
        : { start: unit(layer - 1, from), end };
    },
  };
}
