// Points of two classes in the plane, made up by lot. Every shape fills about the square from −1 to 1.

import { type Dataset, dataset } from "xent";
import { type Lot, lot } from "../../examples/shared/random.ts";
import type { Settings, Shape } from "./settings.ts";

/** The names of the classes 0 and 1: the colours they are drawn in. */
export const CLASSES = ["blue", "orange"] as const;

/** What is drawn of the plane: both coordinates from −1.25 to 1.25. */
export const REACH = 1.25;

export interface Points {
  readonly rows: number;
  /** `[rows · 2]` */
  readonly x: Float32Array;
  /** `[rows]` 0 or 1 */
  readonly y: Int32Array;
}

export interface Sets {
  readonly train: Points;
  /** drawn after those to train with: more of these are other points of the same shape */
  readonly test: Points;
}

type Place = readonly [x1: number, x2: number];

/** A point of a class on the bare shape, before the noise. */
const PLACES: { readonly [K in Shape]: (of: number, lot: Lot) => Place } = {
  moons(of, { uniform }) {
    const angle = Math.PI * uniform();
    const [x1, x2] = [Math.cos(angle), Math.sin(angle)];
    const moon: Place = of === 0 ? [x1, x2] : [1 - x1, 0.5 - x2];
    // both moons reach from −1 to 2 and from −½ to 1
    return [(moon[0] - 0.5) / 1.5, (moon[1] - 0.25) / 1.5];
  },
  circles(of, { uniform }) {
    const [angle, radius] = [2 * Math.PI * uniform(), of === 0 ? 0.4 : 1];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  spirals(of, { uniform }) {
    // evenly along the arm, a turn and a half: the arc of r = φ grows as its square
    const share = Math.sqrt(0.01 + 0.99 * uniform());
    const angle = 3 * Math.PI * share + of * Math.PI;
    return [share * Math.cos(angle), share * Math.sin(angle)];
  },
  xor(of, { uniform }) {
    // a gap along the axes, so that the classes can be told apart without noise
    const side = (): number => 0.08 + 0.92 * uniform();
    const [x1, x2] = [side(), side()];
    const sign = uniform() < 0.5 ? -1 : 1;
    return [sign * x1, (of === 0 ? sign : -sign) * x2];
  },
};

/** The same settings give the same points. */
export function points({ data, noise, points: rows, seed }: Settings): Sets {
  const { uniform, normal } = lot(seed);
  const draw = (rows: number): Points => {
    const x = new Float32Array(2 * rows);
    const y = Int32Array.from({ length: rows }, (_, i) => i % 2);
    for (const [i, of] of y.entries()) {
      const place = PLACES[data](of, { uniform, normal });
      x.set(
        place.map((at) => at + (noise / 100) * normal()),
        2 * i,
      );
    }
    return { rows, x, y };
  };
  return { train: draw(rows), test: draw(Math.ceil(rows / 2)) };
}

/** As a model takes them. */
export function asDataset({ x, y }: Points): Dataset {
  return dataset({ x, y, features: 2 });
}
