// Four rows that one can judge by eye: colours, and whether dark or light text is read better on them. Channels are quarters, which
// f32 has exactly.

import { dataset } from "xent";

export interface Sample {
  readonly name: string;
  /** red, green and blue from 0 to 1 */
  readonly channels: readonly [red: number, green: number, blue: number];
  /** 1 for dark text, 2 for light */
  readonly output: 1 | 2;
}

export const SAMPLES: readonly Sample[] = [
  { name: "Navy", channels: [0, 0.25, 0.5], output: 2 },
  { name: "Amber", channels: [1, 0.75, 0.25], output: 1 },
  { name: "Mint", channels: [0.5, 1, 0.75], output: 1 },
  { name: "Crimson", channels: [0.75, 0, 0.25], output: 2 },
];

export const INPUT_NAMES = ["red", "green", "blue"] as const;
export const OUTPUT_NAMES = ["dark", "light"] as const;

/** `[rows][3]` */
export const X: readonly (readonly number[])[] = SAMPLES.map(({ channels }) => channels);
/** `[rows][2]`, one-hot */
export const T: readonly (readonly number[])[] = SAMPLES.map(({ output }) =>
  output === 1 ? [1, 0] : [0, 1],
);

/** What the model takes of them. */
export const BATCH = {
  x: SAMPLES.map(({ channels }) => [...channels]),
  y: SAMPLES.map(({ output }) => output - 1),
};
export const DATA = dataset(BATCH);
