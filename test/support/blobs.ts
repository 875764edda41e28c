// A small classification problem: points around one centre a class.

import { type Dataset, dataset } from "../../src/data/dataset.ts";
import { floats, integers } from "../oracle/data.ts";

export interface Blobs {
  readonly x: Float32Array;
  readonly y: Int32Array;
}

/** `rows` points of `features` numbers in about [−2, 2], each `spread` around the centre of its class. */
export function blobs(seed: number, rows: number, features: number, classes: number, spread = 0.5): Blobs {
  const centres = floats(100 + seed, classes * features, -1.5, 1.5);
  const y = integers(200 + seed, rows, 0, classes - 1);
  const x = floats(300 + seed, rows * features, -spread, spread);
  for (let i = 0; i < x.length; i++) {
    const centre = centres[(y[Math.floor(i / features)] as number) * features + (i % features)] as number;
    x[i] = (x[i] as number) + centre;
  }
  return { x, y };
}

/** The same as a data set. */
export function blobSet(
  seed: number,
  rows: number,
  features: number,
  classes: number,
  spread?: number,
): Dataset {
  return dataset({ ...blobs(seed, rows, features, classes, spread), features });
}

/** `rows` rows of bytes with class ids. */
export function byteSet(
  seed: number,
  rows: number,
  features: number,
  classes: number,
  scaling: { scale?: number; shift?: number } = {},
): Dataset {
  const x = Uint8Array.from(integers(400 + seed, rows * features, 0, 255));
  return dataset({ x, y: integers(500 + seed, rows, 0, classes - 1), features, ...scaling });
}
