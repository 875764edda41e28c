// The records of what stands between dense layers and activations: dropout, norms, prelu, sums of blocks.

import * as abi from "../base/abi.ts";
import type { Tensor } from "../memory/plan.ts";
import { type Builder, rowsOf } from "./builder.ts";

/** What chance decides in a record: the generator's key, and the share that is dropped. */
export interface Chance {
  readonly seed: number;
  readonly stream: number;
  readonly p: number;
}

/** What a norm multiplies by and adds, [1, cols] each; all 1 and 0 when left out. */
export interface Affine {
  readonly gamma?: Tensor | undefined;
  readonly beta?: Tensor | undefined;
}

/** Statistics of columns, [1, cols] each. */
export interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** y ← x / (1 − p) where chance keeps it, else 0; y may be x. The same record on dy is the backward pass. */
export function dropout(b: Builder, x: Tensor, y: Tensor, { seed, stream, p }: Chance): void {
  const d = [x.rows, x.cols, seed | 0, stream | 0, Math.min(Math.round(p * 2 ** 32), 2 ** 32 - 1) | 0];
  b.emit(abi.OP_DROPOUT, rowsOf(x, abi.FLAG_ROWS_D0), [x, y], d, [x.ld, y.ld], [1 / (1 - p)]);
}

/** y ← x by the statistics of its own columns, which are kept. */
export function batchNorm(
  b: Builder,
  x: Tensor,
  y: Tensor,
  { mean, variance }: Statistics,
  { gamma, beta }: Affine,
  eps: number,
): void {
  b.block(abi.OP_BATCH_NORM_FORWARD, x, [x, y, mean, variance, gamma, beta], 2, [eps]);
}

/**
 * dx, dγ and dβ of `batchNorm`; each may be left out, and dx may be dy.
 *
 * @param adds  dγ and dβ are added to where the hyper region says so
 */
export function batchNormBackward(
  b: Builder,
  dy: Tensor,
  x: Tensor,
  dx: Tensor | undefined,
  { mean, variance }: Statistics,
  { gamma }: Affine,
  { gamma: dgamma, beta: dbeta }: Affine,
  eps: number,
  adds = false,
): void {
  const operands = [dy, x, dx, mean, variance, gamma, dgamma, dbeta];
  b.block(abi.OP_BATCH_NORM_BACKWARD, dy, operands, 3, [eps], adds);
}

/** Moves running statistics towards those that `batchNorm` left of x. */
export function batchNormStatistics(
  b: Builder,
  x: Tensor,
  of: Statistics,
  running: Statistics,
  momentum: number,
): void {
  const operands = [of.mean, of.variance, running.mean, running.variance];
  b.block(abi.OP_BATCH_NORM_STATISTICS, x, operands, 0, [momentum]);
}

/** y ← x by given statistics; y may be x. */
export function normalize(
  b: Builder,
  x: Tensor,
  y: Tensor,
  { mean, variance }: Statistics,
  { gamma, beta }: Affine,
  eps: number,
): void {
  b.block(abi.OP_NORMALIZE, x, [x, y, mean, variance, gamma, beta], 2, [eps]);
}

/** dx of `normalize`; dx may be dy. */
export function normalizeBackward(
  b: Builder,
  dy: Tensor,
  dx: Tensor,
  variance: Tensor,
  gamma: Tensor | undefined,
  eps: number,
): void {
  b.block(abi.OP_NORMALIZE_BACKWARD, dy, [dy, dx, variance, gamma], 2, [eps]);
}

/** y ← x by the statistics of its own rows: mean and 1/σ, which are kept in [rows, 2]. */
export function layerNorm(
  b: Builder,
  x: Tensor,
  y: Tensor,
  statistics: Tensor,
  { gamma, beta }: Affine,
  eps: number,
): void {
  b.block(abi.OP_LAYER_NORM_FORWARD, x, [x, y, statistics, gamma, beta], 2, [eps]);
}

/** dx of `layerNorm`; dx may be dy. */
export function layerNormBackward(
  b: Builder,
  dy: Tensor,
  x: Tensor,
  dx: Tensor,
  statistics: Tensor,
  gamma: Tensor | undefined,
): void {
  b.block(abi.OP_LAYER_NORM_BACKWARD, dy, [dy, x, dx, statistics, gamma], 3);
}

/** dγ and dβ of `layerNorm`. */
export function layerNormParameters(
  b: Builder,
  dy: Tensor,
  x: Tensor,
  statistics: Tensor,
  { gamma, beta }: Affine,
  adds = false,
): void {
  b.block(abi.OP_LAYER_NORM_PARAMETERS, dy, [dy, x, statistics, gamma, beta], 2, [], adds);
}

/** y ← x above 0, slope·x below: the slope of all columns, or one a column; y may be x. */
export function prelu(b: Builder, x: Tensor, y: Tensor, slope: Tensor): void {
  b.block(abi.OP_PRELU_FORWARD, x, [x, y, slope], 2, [], false, [slope.cols]);
}

/** dx of `prelu`; dx may be dy or x. */
export function preluBackward(b: Builder, dy: Tensor, x: Tensor, dx: Tensor, slope: Tensor): void {
  b.block(abi.OP_PRELU_BACKWARD, dy, [dy, x, dx, slope], 3, [], false, [slope.cols]);
}

/** The gradient of one slope a column. */
export function preluSlope(b: Builder, dy: Tensor, x: Tensor, dslope: Tensor, adds = false): void {
  b.block(abi.OP_PRELU_SLOPE, dy, [dy, x, dslope], 2, [], adds);
}

/** y ← x + z; y may be either. */
export function add(b: Builder, x: Tensor, z: Tensor, y: Tensor): void {
  b.block(abi.OP_ADD, x, [x, z, y], 3);
}
