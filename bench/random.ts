// Data for the benches: standard normal numbers and class ids from the package's own generator.

import { Random } from "../src/base/random.ts";

/** A stream that the package does not use. */
const STREAM_BENCH = 1000;

export function bits(seed: number): Random {
  return new Random(seed, STREAM_BENCH, 0);
}

/** Fills rows of `cols` numbers, `ld` apart, with N(0, 1) by Box and Muller; what lies between rows stays. */
export function fillNormal(data: Float32Array, rows: number, cols: number, ld: number, random: Random): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
      const angle = 2 * Math.PI * random.uniform();
      data[i * ld + j] = radius * Math.cos(angle);
      if (j + 1 < cols) data[i * ld + j + 1] = radius * Math.sin(angle);
    }
  }
}
