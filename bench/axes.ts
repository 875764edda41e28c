// What `bench:scaling` measures: a net in the middle, and from there along five axes.

import { NETS, type Net } from "./shapes.ts";

export const AXES = ["batch", "width", "depth", "rows", "threads"] as const;
export type Axis = (typeof AXES)[number];

/** A net to be measured. */
export interface Point {
  readonly net: Net;
  /** of the data set */
  readonly rows: number;
  readonly threads: number;
}

/** Batches that a data set has, where it is not the rows that are varied. */
const BATCHES = 8;

/** 784-128-10 in batches of 128, with other numbers of them, of hidden units, or of hidden layers. */
function point(given: { readonly [A in Axis]?: number }): Point {
  const { batch = 128, width = 128, depth = 1, threads = 1 } = given;
  const widths = [784, ...new Array<number>(depth).fill(width), 10];
  return { net: { widths, batch, activation: "relu" }, rows: given.rows ?? BATCHES * batch, threads };
}

const SIZES: { readonly [A in Exclude<Axis, "threads">]: readonly number[] } = {
  batch: [8, 16, 32, 64, 128, 256, 512, 1024],
  width: [16, 32, 64, 128, 256, 512, 1024],
  depth: [1, 2, 3, 4, 6, 8],
  rows: [128, 512, 2048, 8192, 30_000, 60_000],
};

/** The points of an axis by size; of `threads` up to `cores`. */
export function pointsOf(axis: Axis, cores: number): Map<number, Point> {
  const sizes = axis === "threads" ? Array.from({ length: cores }, (_, i) => i + 1) : SIZES[axis];
  return new Map(sizes.map((size) => [size, point({ [axis]: size })]));
}

/** The nets of the suite `step`, as it has them. */
export const netPoints = (): Point[] => NETS.map((net) => ({ net, rows: BATCHES * net.batch, threads: 1 }));

/** Points that are the same have the same name: `784-128-10 b128 relu, 1024 rows`. */
export const pointName = ({ net: { widths, batch, activation }, rows, threads }: Point): string =>
  `${widths.join("-")} b${batch} ${activation}, ${rows} rows${threads === 1 ? "" : `, ${threads} threads`}`;
