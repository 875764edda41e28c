// Initial values of parameters, drawn from the model's seed.

import { Random, STREAM_INIT } from "../base/random.ts";

/**
 * Fills `data` [rows, cols], row stride ld, with U(−1/√fanIn, 1/√fanIn): PyTorch's default for Linear.
 * Values are drawn row by row from the parameter's own substream, so that adding a layer behind changes nothing
 * before it.
 */
export function initUniform(
  data: Float32Array,
  rows: number,
  cols: number,
  ld: number,
  fanIn: number,
  seed: number,
  parameter: number,
): void {
  const random = new Random(seed, STREAM_INIT, parameter);
  const bound = 1 / Math.sqrt(fanIn);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) data[i * ld + j] = (2 * random.uniform() - 1) * bound;
  }
}
