// Runs activations over blocks that are off the cache line and have gaps between their rows, and the functions of
// lib/math.ts over arrays. What the tests of activations and losses share.

import { floats } from "../oracle/data.ts";
import { type Build, Rig } from "./harness.ts";

const { NaN: NAN, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: NINF } = Number;

/** Tails of every width, whole vectors, and blocks of several. */
export const ROWS = [0, 1, 2, 3, 4, 7, 25];
export const COLS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 31];

export const SPECIAL = [
  NAN,
  INF,
  NINF,
  0,
  -0,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  -(2 ** -126),
  3.4e38,
  -3.4e38,
  1,
  -1,
].map(Math.fround);

/** Random numbers, with the special ones strewn in so that each meets each place of a vector and of a tail. */
export function numbers(
  seed: number,
  n: number,
  special: readonly number[],
  lo = -4,
  hi = 4,
): Float32Array<ArrayBuffer> {
  return floats(seed, n, lo, hi).map((x, i) =>
    i % 3 === 0 ? (special[(i / 3) % special.length] as number) : x,
  ) as Float32Array<ArrayBuffer>;
}

/** Finite numbers of every exponent and either sign: every 65551st bit pattern (a prime), and around zero. */
export const EVERYWHERE: Float32Array<ArrayBuffer> = ((): Float32Array<ArrayBuffer> => {
  const patterns = Uint32Array.from({ length: Math.floor(2 ** 32 / 65551) }, (_, i) => i * 65551);
  const all = [...new Float32Array(patterns.buffer), 0, -0, 2 ** -149, -(2 ** -149), 1e4, -1e4, 3e38, -3e38];
  return Float32Array.from(all.filter(Number.isFinite));
})();

/** y ← op(x), over x itself or into y. */
export function forward(
  build: Build,
  op: number,
  rows: number,
  x: Float32Array,
  inPlace: boolean,
  parameters: readonly number[] = [],
): Float32Array<ArrayBuffer> {
  const rig = new Rig(build);
  const cols = widthOf(x, rows);
  const options = { ld: cols + 2, shift: 1 };
  const from = inPlace ? rig.inOut("xy", rows, cols, x, options) : rig.input("x", rows, cols, x, options);
  const to = inPlace ? from : rig.output("y", rows, cols, { ld: cols + 7, shift: 3 });
  rig.builder.unary(op, from, to, parameters);
  rig.run();
  return rig.read(to);
}

/** dx ← op(dy, saved), into dx, dy or what was saved. */
export function backward(
  build: Build,
  op: number,
  rows: number,
  dy: Float32Array,
  saved: Float32Array,
  into: "dx" | "dy" | "saved",
  parameters: readonly number[] = [],
): Float32Array<ArrayBuffer> {
  const rig = new Rig(build);
  const cols = widthOf(dy, rows);
  const declare = (name: "dy" | "saved", values: Float32Array, shift: number) =>
    (into === name ? rig.inOut : rig.input).call(rig, name, rows, cols, values, {
      ld: cols + 1 + shift,
      shift,
    });
  const given = declare("dy", dy, 1);
  const kept = declare("saved", saved, 2);
  const dx = { dx: undefined, dy: given, saved: kept }[into];
  const to = dx ?? rig.output("dx", rows, cols, { ld: cols + 1, shift: 3 });
  rig.builder.backward(op, given, kept, to, parameters);
  rig.run();
  return rig.read(to);
}

/** The f32 sum of a row as the kernels take it: four chains, lane by lane, then (l0 + l2) + (l1 + l3). */
export function fourChains(row: ArrayLike<number>): number {
  const lanes = [0, 0, 0, 0];
  for (let j = 0; j < row.length; j++)
    lanes[j % 4] = Math.fround((lanes[j % 4] as number) + (row[j] as number));
  const [a, b, c, d] = lanes as [number, number, number, number];
  return Math.fround(Math.fround(a + c) + Math.fround(b + d));
}

function widthOf(x: ArrayLike<number>, rows: number): number {
  // a block without rows has a width all the same
  return rows === 0 ? 5 : x.length / rows;
}
