// The op table's lines for what stands between dense layers and activations: dropout, norms, prelu, sums of blocks.

import * as abi from "./abi.ts";
import {
  type Access,
  adds,
  block,
  column,
  d,
  flat,
  matrix,
  NOTHING,
  type OpSpec,
  type Range,
  type RecordView,
  ROW_NS,
  rows,
  s,
  shareRows,
} from "./touches.ts";

/** Columns lo … lo + n − 1 of a matrix of d0 rows. */
const columns = (r: RecordView, operand: number, lo: number, n: number): Range[] =>
  matrix(r, operand, lo, d(r, 0), n, s(r, operand));

/** Gradients of parameters by column; read too where they are added to. */
const gradients = (
  r: RecordView,
  operands: readonly number[],
  lo: number,
  n: number,
): { reads: Range[]; writes: Range[] } => {
  const writes = operands.flatMap((operand) => column(r, operand, lo, n));
  return { reads: adds(r) ? writes : [], writes };
};

/**
 * An op whose threads share columns, whole ones: every sum over rows is one thread's.
 *
 * @param ns  of an element
 */
function byColumn(
  name: string,
  operands: readonly string[],
  inPlace: OpSpec["inPlace"],
  flopsAnElement: number,
  ns: number,
  touches: (r: RecordView, lo: number, n: number) => Access,
): OpSpec {
  return {
    name,
    operands,
    inPlace,
    share: (r) => flat(d(r, 1)),
    touches,
    flops: (r) => flopsAnElement * d(r, 0) * d(r, 1),
    work: (r, n) => [0, 0, ns * d(r, 0) * n, 4 * d(r, 0) * n],
  };
}

/** The same for rows. */
function byRow(
  name: string,
  operands: readonly string[],
  inPlace: OpSpec["inPlace"],
  flopsAnElement: number,
  ns: number,
  touches: (r: RecordView, lo: number, n: number) => Access,
): OpSpec {
  return {
    name,
    operands,
    inPlace,
    share: shareRows,
    // no rows: nothing is read of what all rows share either
    touches: (r, lo, n) => (n > 0 ? touches(r, lo, n) : NOTHING),
    flops: (r) => flopsAnElement * d(r, 0) * d(r, 1),
    work: (r, n) => [0, 0, n * (ROW_NS + ns * d(r, 1)), 4 * n * d(r, 1)],
  };
}

/** One number a column, all of them; left out where the address is 0. */
const across = (r: RecordView, operand: number): Range[] => column(r, operand, 0, d(r, 1));
/** Mean and 1/σ of some rows */
const rowStatistics = (r: RecordView, operand: number, lo: number, n: number): Range[] =>
  matrix(r, operand, 2 * lo, n, 2, 2);
/** The slopes of prelu: one, or one a column */
const slopes = (r: RecordView, operand: number): Range[] => matrix(r, operand, 0, 1, d(r, 2), 1);
/** Numbers lo … lo + n − 1 of a vector that is there */
const part = (r: RecordView, operand: number, lo: number, n: number): Range[] =>
  matrix(r, operand, lo, 1, n, 1);
const vector = (r: RecordView, operand: number): Range[] => part(r, operand, 0, d(r, 1));

const batchNormForward = byColumn(
  "batchNormForward",
  ["x", "y", "mean", "variance", "gamma", "beta"],
  [],
  7,
  0.5,
  (r, lo, n) => ({
    reads: [...columns(r, 0, lo, n), ...column(r, 4, lo, n), ...column(r, 5, lo, n)],
    writes: [...columns(r, 1, lo, n), ...part(r, 2, lo, n), ...part(r, 3, lo, n)],
  }),
);

const batchNormBackward = byColumn(
  "batchNormBackward",
  ["dy", "x", "dx", "mean", "variance", "gamma", "dgamma", "dbeta"],
  [[2, 0]],
  9,
  0.5,
  (r, lo, n) => {
    const { reads, writes } = gradients(r, [6, 7], lo, n);
    return {
      reads: [
        ...columns(r, 0, lo, n),
        ...columns(r, 1, lo, n),
        ...part(r, 3, lo, n),
        ...part(r, 4, lo, n),
        ...column(r, 5, lo, n),
        ...reads,
      ],
      writes: [...(r.p[2] === 0 ? [] : columns(r, 2, lo, n)), ...writes],
    };
  },
);

const batchNormStatistics: OpSpec = {
  name: "batchNormStatistics",
  operands: ["mean", "variance", "running mean", "running variance"],
  inPlace: [],
  share: (r) => flat(d(r, 1)),
  touches: (r, lo, n) => ({
    reads: [0, 1, 2, 3].flatMap((operand) => part(r, operand, lo, n)),
    writes: [2, 3].flatMap((operand) => part(r, operand, lo, n)),
  }),
  flops: (r) => 6 * d(r, 1),
  work: (_, n) => [0, 0, 0, 24 * n],
};

const normalize = byRow(
  "normalize",
  ["x", "y", "mean", "variance", "gamma", "beta"],
  [[1, 0]],
  3,
  0.2,
  (r, lo, n) => ({
    reads: [...rows(r, 0, lo, n), ...vector(r, 2), ...vector(r, 3), ...across(r, 4), ...across(r, 5)],
    writes: rows(r, 1, lo, n),
  }),
);

const normalizeBackward = byRow(
  "normalizeBackward",
  ["dy", "dx", "variance", "gamma"],
  [[1, 0]],
  1,
  0.2,
  (r, lo, n) => ({
    reads: [...rows(r, 0, lo, n), ...vector(r, 2), ...across(r, 3)],
    writes: rows(r, 1, lo, n),
  }),
);

const layerNormForward = byRow(
  "layerNormForward",
  ["x", "y", "statistics", "gamma", "beta"],
  [],
  8,
  0.7,
  (r, lo, n) => ({
    reads: [...rows(r, 0, lo, n), ...across(r, 3), ...across(r, 4)],
    writes: [...rows(r, 1, lo, n), ...rowStatistics(r, 2, lo, n)],
  }),
);

const layerNormBackward = byRow(
  "layerNormBackward",
  ["dy", "x", "dx", "statistics", "gamma"],
  [[2, 0]],
  12,
  0.4,
  (r, lo, n) => ({
    reads: [...rows(r, 0, lo, n), ...rows(r, 1, lo, n), ...rowStatistics(r, 3, lo, n), ...across(r, 4)],
    writes: rows(r, 2, lo, n),
  }),
);

const layerNormParameters = byColumn(
  "layerNormParameters",
  ["dy", "x", "statistics", "dgamma", "dbeta"],
  [],
  5,
  0.2,
  (r, lo, n) => {
    const { reads, writes } = gradients(r, [3, 4], lo, n);
    const statistics = n > 0 ? rowStatistics(r, 2, 0, d(r, 0)) : [];
    return { reads: [...columns(r, 0, lo, n), ...columns(r, 1, lo, n), ...statistics, ...reads], writes };
  },
);

const preluForward = byRow("preluForward", ["x", "y", "slope"], [[1, 0]], 2, 0.2, (r, lo, n) => ({
  reads: [...rows(r, 0, lo, n), ...slopes(r, 2)],
  writes: rows(r, 1, lo, n),
}));

const preluBackward = byRow(
  "preluBackward",
  ["dy", "x", "dx", "slope"],
  [
    [2, 0],
    [2, 1],
  ],
  2,
  0.2,
  (r, lo, n) => ({
    reads: [...rows(r, 0, lo, n), ...rows(r, 1, lo, n), ...slopes(r, 3)],
    writes: rows(r, 2, lo, n),
  }),
);

const preluSlope = byColumn("preluSlope", ["dy", "x", "dslope"], [], 3, 0.15, (r, lo, n) => {
  const writes = part(r, 2, lo, n);
  const reads = adds(r) ? writes : [];
  return { reads: [...columns(r, 0, lo, n), ...columns(r, 1, lo, n), ...reads], writes };
});

export const LAYER_OPS: readonly (readonly [op: number, spec: OpSpec])[] = [
  // its arithmetic is on bits, a dozen rounds of it an element
  [abi.OP_DROPOUT, block("dropout", ["x", "y"], 1, 1.1, true)],
  [abi.OP_BATCH_NORM_FORWARD, batchNormForward],
  [abi.OP_BATCH_NORM_BACKWARD, batchNormBackward],
  [abi.OP_BATCH_NORM_STATISTICS, batchNormStatistics],
  [abi.OP_NORMALIZE, normalize],
  [abi.OP_NORMALIZE_BACKWARD, normalizeBackward],
  [abi.OP_LAYER_NORM_FORWARD, layerNormForward],
  [abi.OP_LAYER_NORM_BACKWARD, layerNormBackward],
  [abi.OP_LAYER_NORM_PARAMETERS, layerNormParameters],
  [abi.OP_PRELU_FORWARD, preluForward],
  [abi.OP_PRELU_BACKWARD, preluBackward],
  [abi.OP_PRELU_SLOPE, preluSlope],
  [abi.OP_ADD, block("add", ["a", "b", "y"], 1, 0)],
];
