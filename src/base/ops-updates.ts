// The op table's lines of optimisers: passes over flat runs of parameters, and what prepares gradients for them.

import * as abi from "./abi.ts";
import { ALONE, bytes, column, d, flat, matrix, type OpSpec } from "./touches.ts";

/**
 * An optimiser's pass over flat runs: parameters, gradients, what it keeps, and what it keeps only where it is asked to.
 *
 * @param ns  of the arithmetic of an element
 */
function update(
  name: string,
  kept: readonly string[],
  flopsAnElement: number,
  ns = 0,
  perhaps: readonly string[] = [],
): OpSpec {
  const operands = ["p", "g", ...kept];
  return {
    name,
    operands: [...operands, ...perhaps],
    inPlace: [],
    share: (r) => flat(d(r, 0)),
    touches(r, lo, n) {
      const reads = [
        ...operands.flatMap((_, i) => matrix(r, i, lo, 1, n, 1)),
        ...perhaps.flatMap((_, i) => column(r, operands.length + i, lo, n)),
      ];
      return { reads, writes: reads.filter(({ operand }) => operand !== 1) };
    },
    flops: (r) => flopsAnElement * d(r, 0),
    work(r, n) {
      const slots = r.p.slice(2).filter((address) => address !== 0).length;
      return [0, n * ns, 0, (12 + 8 * slots) * n];
    },
  };
}

const prepareGradient: OpSpec = {
  ...update("prepareGradient", [], 6),
  operands: ["p", "g", "clip"],
  touches: (r, lo, n) => ({
    reads: [...matrix(r, 0, lo, 1, n, 1), ...matrix(r, 1, lo, 1, n, 1), ...(n > 0 ? column(r, 2, 0, 1) : [])],
    writes: matrix(r, 1, lo, 1, n, 1),
  }),
  work: (_, n) => [0, 0.15 * n, 0, 12 * n],
};

const squareSums: OpSpec = {
  name: "squareSums",
  operands: ["x", "sums"],
  inPlace: [],
  share: (r) => ({ units: d(r, 0), grain: abi.SQUARES_BLOCK, batch: false }),
  touches: (r, lo, n) => ({
    reads: matrix(r, 0, lo, 1, n, 1),
    writes: bytes(r, 1, 8 * (d(r, 1) + lo / abi.SQUARES_BLOCK), 8 * Math.ceil(n / abi.SQUARES_BLOCK)),
  }),
  flops: (r) => 2 * d(r, 0),
  work: (_, n) => [0, 0, 0.12 * n, 4 * n],
};

const clipFactor: OpSpec = {
  name: "clipFactor",
  operands: ["sums", "factor"],
  inPlace: [],
  share: () => ALONE,
  touches: (r) => ({ reads: bytes(r, 0, 0, 8 * d(r, 0)), writes: bytes(r, 1, 0, abi.CLIP_BYTES) }),
  flops: (r) => d(r, 0),
  work: (r) => [0, 0, 0.8 * d(r, 0), 0],
};

export const sgdStep = update("sgdStep", [], 2);

/** By op code, as OPS. */
export const UPDATE_OPS: readonly (readonly [number, OpSpec])[] = [
  [abi.OP_MOMENTUM_STEP, update("momentumStep", ["b"], 7, 0.2)],
  [abi.OP_ADAM_STEP, update("adamStep", ["m", "v"], 13, 0.5)],
  [abi.OP_RMSPROP_STEP, update("rmspropStep", ["v"], 13, 0.6, ["mean", "buffer"])],
  [abi.OP_ADAGRAD_STEP, update("adagradStep", ["s"], 7, 0.4)],
  [abi.OP_PREPARE_GRADIENT, prepareGradient],
  [abi.OP_SQUARE_SUMS, squareSums],
  [abi.OP_CLIP_FACTOR, clipFactor],
];
