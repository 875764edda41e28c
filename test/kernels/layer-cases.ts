// Records of the ops of norms, prelu, dropout and residual blocks, in every way they address memory; op-cases.ts has the rest.

import * as abi from "../../src/base/abi.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import * as records from "../../src/program/layer-records.ts";
import { floats } from "../oracle/data.ts";
import type { Rig, RigOptions } from "./harness.ts";

const CAPACITY = 17;
const COLS = 21;

type Case = (rig: Rig) => void;

/** A batch of which a part is in use, off the cache line; or a whole small block. */
interface Place {
  readonly rows: number;
  readonly cols: number;
  readonly options: RigOptions;
}
const PLACES: readonly Place[] = [
  { rows: CAPACITY, cols: COLS, options: { ld: 32, shift: 1, batch: true } },
  { rows: 7, cols: 5, options: { ld: 16 } },
  { rows: 70, cols: 40, options: { shift: 3 } },
];

const block = (rig: Rig, name: string, seed: number, { rows, cols, options }: Place): Tensor =>
  rig.input(name, rows, cols, floats(seed, rows * cols), options);
const blockInOut = (rig: Rig, name: string, seed: number, { rows, cols, options }: Place): Tensor =>
  rig.inOut(name, rows, cols, floats(seed, rows * cols), options);
const blockOut = (rig: Rig, name: string, { rows, cols, options }: Place): Tensor =>
  rig.output(name, rows, cols, { ...options, ld: (options.ld ?? cols) + 3, shift: 2 });
const row = (rig: Rig, name: string, seed: number, cols: number): Tensor =>
  rig.input(name, 1, cols, floats(seed, cols, 0.5, 2), { shift: 1 });
const rowOut = (rig: Rig, name: string, cols: number): Tensor => rig.output(name, 1, cols, { shift: 1 });

const chance = { seed: 5, stream: 300, p: 0.4 };

const affine = (rig: Rig, cols: number) => ({
  gamma: row(rig, "gamma", 7, cols),
  beta: row(rig, "beta", 8, cols),
});
const statistics = (rig: Rig, cols: number) => ({
  mean: row(rig, "mean", 9, cols),
  variance: row(rig, "variance", 10, cols),
});
const rowStatistics = (rig: Rig, { rows, options: { batch = false } }: Place): Tensor =>
  rig.input("statistics", rows, 2, floats(11, 2 * rows, 0.5, 2), { batch });
/** Gradients of parameters: added to, and so read, or not. */
const gradient = (rig: Rig, name: string, cols: number, adds: boolean): Tensor =>
  adds ? rig.inOut(name, 1, cols, floats(12, cols), { shift: 1 }) : rowOut(rig, name, cols);

const everywhere = (emit: (rig: Rig, place: Place) => void): Case[] =>
  PLACES.map((place) => (rig) => emit(rig, place));

export const LAYER_CASES: Record<number, Case[]> = {
  [abi.OP_DROPOUT]: [
    ...everywhere((rig, place) =>
      records.dropout(rig.builder, block(rig, "x", 1, place), blockOut(rig, "y", place), chance),
    ),
    ...everywhere((rig, place) => {
      const x = blockInOut(rig, "x", 1, place);
      records.dropout(rig.builder, x, x, chance);
    }),
  ],
  [abi.OP_BATCH_NORM_FORWARD]: [true, false].flatMap((has) =>
    everywhere((rig, place) => {
      const { cols } = place;
      const kept = { mean: rowOut(rig, "mean", cols), variance: rowOut(rig, "variance", cols) };
      const own = has ? affine(rig, cols) : {};
      records.batchNorm(rig.builder, block(rig, "x", 1, place), blockOut(rig, "y", place), kept, own, 1e-5);
    }),
  ),
  [abi.OP_BATCH_NORM_BACKWARD]: [
    ...[false, true].flatMap((adds) =>
      everywhere((rig, place) => {
        const { cols } = place;
        const dy = blockInOut(rig, "dy", 1, place);
        const gradients = {
          gamma: gradient(rig, "dgamma", cols, adds),
          beta: gradient(rig, "dbeta", cols, adds),
        };
        const x = block(rig, "x", 2, place);
        records.batchNormBackward(
          rig.builder,
          dy,
          x,
          dy,
          statistics(rig, cols),
          affine(rig, cols),
          gradients,
          1e-5,
          adds,
        );
      }),
    ),
    ...everywhere((rig, place) => {
      const [dy, x] = [block(rig, "dy", 1, place), block(rig, "x", 2, place)];
      records.batchNormBackward(
        rig.builder,
        dy,
        x,
        blockOut(rig, "dx", place),
        statistics(rig, place.cols),
        {},
        {},
        1e-5,
      );
    }),
    ...everywhere((rig, place) => {
      const { cols } = place;
      const [dy, x] = [block(rig, "dy", 1, place), block(rig, "x", 2, place)];
      const gradients = { gamma: rowOut(rig, "dgamma", cols), beta: rowOut(rig, "dbeta", cols) };
      records.batchNormBackward(rig.builder, dy, x, undefined, statistics(rig, cols), {}, gradients, 1e-5);
    }),
  ],
  [abi.OP_BATCH_NORM_STATISTICS]: everywhere((rig, place) => {
    const running = (name: string): Tensor =>
      rig.inOut(name, 1, place.cols, floats(3, place.cols), { shift: 1 });
    const moved = { mean: running("running mean"), variance: running("running variance") };
    const x = rig.plan.tensor("batch", "x", place.rows, place.cols, { batch: place.options.batch ?? false });
    records.batchNormStatistics(rig.builder, x, statistics(rig, place.cols), moved, 0.1);
  }),
  [abi.OP_NORMALIZE]: [
    ...everywhere((rig, place) => {
      const y = blockOut(rig, "y", place);
      records.normalize(
        rig.builder,
        block(rig, "x", 1, place),
        y,
        statistics(rig, place.cols),
        affine(rig, place.cols),
        1e-5,
      );
    }),
    ...everywhere((rig, place) => {
      const x = blockInOut(rig, "x", 1, place);
      records.normalize(rig.builder, x, x, statistics(rig, place.cols), {}, 1e-5);
    }),
  ],
  [abi.OP_NORMALIZE_BACKWARD]: [
    ...everywhere((rig, place) => {
      const { variance } = statistics(rig, place.cols);
      const gamma = row(rig, "gamma", 7, place.cols);
      records.normalizeBackward(
        rig.builder,
        block(rig, "dy", 1, place),
        blockOut(rig, "dx", place),
        variance,
        gamma,
        1e-5,
      );
    }),
    ...everywhere((rig, place) => {
      const dy = blockInOut(rig, "dy", 1, place);
      records.normalizeBackward(rig.builder, dy, dy, row(rig, "variance", 10, place.cols), undefined, 1e-5);
    }),
  ],
  [abi.OP_LAYER_NORM_FORWARD]: [true, false].flatMap((has) =>
    everywhere((rig, place) => {
      const kept = rig.output("statistics", place.rows, 2, { batch: place.options.batch ?? false });
      const own = has ? affine(rig, place.cols) : {};
      records.layerNorm(rig.builder, block(rig, "x", 1, place), blockOut(rig, "y", place), kept, own, 1e-5);
    }),
  ),
  [abi.OP_LAYER_NORM_BACKWARD]: [
    ...everywhere((rig, place) => {
      const dy = blockInOut(rig, "dy", 1, place);
      const gamma = row(rig, "gamma", 7, place.cols);
      records.layerNormBackward(
        rig.builder,
        dy,
        block(rig, "x", 2, place),
        dy,
        rowStatistics(rig, place),
        gamma,
      );
    }),
    ...everywhere((rig, place) => {
      const [dy, x] = [block(rig, "dy", 1, place), block(rig, "x", 2, place)];
      records.layerNormBackward(
        rig.builder,
        dy,
        x,
        blockOut(rig, "dx", place),
        rowStatistics(rig, place),
        undefined,
      );
    }),
  ],
  [abi.OP_LAYER_NORM_PARAMETERS]: [false, true].flatMap((adds) =>
    everywhere((rig, place) => {
      const [dy, x] = [block(rig, "dy", 1, place), block(rig, "x", 2, place)];
      const { cols } = place;
      const gradients = {
        gamma: gradient(rig, "dgamma", cols, adds),
        beta: gradient(rig, "dbeta", cols, adds),
      };
      records.layerNormParameters(rig.builder, dy, x, rowStatistics(rig, place), gradients, adds);
    }),
  ),
  [abi.OP_PRELU_FORWARD]: [true, false].flatMap((shared) => [
    ...everywhere((rig, place) => {
      const slope = row(rig, "slope", 7, shared ? 1 : place.cols);
      records.prelu(rig.builder, block(rig, "x", 1, place), blockOut(rig, "y", place), slope);
    }),
    ...everywhere((rig, place) => {
      const x = blockInOut(rig, "x", 1, place);
      records.prelu(rig.builder, x, x, row(rig, "slope", 7, shared ? 1 : place.cols));
    }),
  ]),
  [abi.OP_PRELU_BACKWARD]: [true, false].flatMap((shared) => [
    ...everywhere((rig, place) => {
      const [dy, x] = [block(rig, "dy", 1, place), block(rig, "x", 2, place)];
      records.preluBackward(
        rig.builder,
        dy,
        x,
        blockOut(rig, "dx", place),
        row(rig, "slope", 7, shared ? 1 : place.cols),
      );
    }),
    ...everywhere((rig, place) => {
      const dy = blockInOut(rig, "dy", 1, place);
      const slope = row(rig, "slope", 7, shared ? 1 : place.cols);
      records.preluBackward(rig.builder, dy, block(rig, "x", 2, place), dy, slope);
    }),
  ]),
  [abi.OP_PRELU_SLOPE]: [false, true].flatMap((adds) =>
    everywhere((rig, place) => {
      const [dy, x] = [block(rig, "dy", 1, place), block(rig, "x", 2, place)];
      records.preluSlope(rig.builder, dy, x, gradient(rig, "dslope", place.cols, adds), adds);
    }),
  ),
  [abi.OP_ADD]: [
    ...everywhere((rig, place) =>
      records.add(
        rig.builder,
        block(rig, "a", 1, place),
        block(rig, "b", 2, place),
        blockOut(rig, "y", place),
      ),
    ),
    ...everywhere((rig, place) => {
      const a = blockInOut(rig, "a", 1, place);
      records.add(rig.builder, a, block(rig, "b", 2, place), a);
    }),
  ],
};
