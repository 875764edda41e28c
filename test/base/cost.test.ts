// The cost model: what it counts, and how that is shared among threads. No wall time.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { cost, type Pace } from "../../src/base/cost.ts";
import { OPS, type RecordView, work } from "../../src/base/ops.ts";
import { TILES, tileColumns, tileName, tileRows, wholeRows } from "../../src/base/tile.ts";

const record = (op: number, d: readonly number[], flags = 0, s: readonly number[] = []): RecordView => ({
  op,
  flags,
  p: [],
  d,
  s,
  f: [],
});
/** C[m, n] ← A·B, A[m, k] as it stands, B in panels */
const product = (m: number, n: number, k: number, tile: number = abi.TILE_5X8, flags = 0): RecordView =>
  record(abi.OP_SGEMM, [m, n, k, tile], flags, [k, 1, n, 0]);

/** Dimensions that every op has a meaning for: d2 and d3 are a source's rows, a panel's width, a tile. */
const dims = (op: number, rows: number, cols: number): number[] =>
  op === abi.OP_SGEMM ? [rows, cols, 24, abi.TILE_5X8] : [rows, cols, op === abi.OP_PACK ? 8 : 64, 64];

/** Ops on a flat run, whose length is the first dimension */
const FLAT: readonly number[] = [
  ...[abi.OP_SGD_STEP, abi.OP_MOMENTUM_STEP, abi.OP_ADAM_STEP, abi.OP_RMSPROP_STEP, abi.OP_ADAGRAD_STEP],
  ...[abi.OP_PREPARE_GRADIENT, abi.OP_SQUARE_SUMS, abi.OP_CLIP_FACTOR, abi.OP_LOSS_SUM],
];

describe.each([...OPS].map(([op, { name }]) => [name, op] as const))("%s", (_, op) => {
  it("costs a finite number of nanoseconds above 0, more for more rows or columns", () => {
    const [small, tall, broad] = [dims(op, 48, 48), dims(op, 96, 48), dims(op, 48, 96)].map((d) =>
      cost(record(op, d)),
    ) as [number, number, number];
    expect(small).toBeGreaterThan(0);
    expect(Number.isFinite(small)).toBe(true);
    // running statistics are vectors, whatever the rows of the batch
    expect(tall)[op === abi.OP_BATCH_NORM_STATISTICS ? "toBe" : "toBeGreaterThan"](small);
    expect(broad)[FLAT.includes(op) ? "toBe" : "toBeGreaterThan"](small);
  });

  it("costs no more on more threads, and no less than its part of the work", () => {
    const whole = record(op, dims(op, 97, 101));
    for (const threads of [2, 3, 8, 64]) {
      for (const [kind, amount] of work(whole, threads).entries()) {
        const all = work(whole, 1)[kind] as number;
        expect(amount).toBeLessThanOrEqual(all);
        expect(amount).toBeGreaterThanOrEqual(all / threads);
      }
    }
  });

  it("costs the same on any number of threads where one does it alone", () => {
    const alone = record(op, dims(op, 97, 101), abi.FLAG_ALONE);
    expect(cost(alone, undefined, 8)).toBe(cost(alone));
  });
});

describe("a product", () => {
  it.each(TILES.map((tile) => [tileName(tile), tile] as const))("counts whole tiles, %s", (_, tile) => {
    const [m, n, k] = [4 * tileRows(tile), 3 * tileColumns(tile), 10];
    const [multiplyAdds] = work(product(m, n, k, tile), 1);
    expect(multiplyAdds).toBe(m * n * k);
    expect(work(product(m, n - tileColumns(tile) + 1, k, tile), 1)[0]).toBe(multiplyAdds);
    expect(work(product(m, n + 1, k, tile), 1)[0]).toBe(m * (n + tileColumns(tile)) * k);
  });

  it("counts the rows that are computed: tiles of 6 leave the rest to some of 5", () => {
    const rows = (tile: number, list: readonly number[]): number[] => list.map((m) => wholeRows(tile, m));
    // 7 = 6 + 1, 8 = 6 + 2, 9 = 6 + 3: too few for tiles of 5
    expect(rows(abi.TILE_6X8, [1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 16, 128])).toEqual([
      1, 6, 5, 6, 12, 12, 12, 10, 11, 12, 16, 128,
    ]);
    expect(rows(abi.TILE_5X16, [1, 2, 5, 6, 11, 128])).toEqual([1, 5, 5, 10, 15, 130]);
  });

  it("is shared in whole tiles: the largest share counts", () => {
    const n = 16;
    const k = 10;
    // 17 rows are 4 tiles of 5, and 3 threads get 1, 1 and 2 of them
    expect(work(product(17, n, k), 3)[0]).toBe(10 * n * k);
    // 7 panels, 4 of them for one of two threads
    expect(work(product(5, 50, k, abi.TILE_5X8, abi.FLAG_COLUMNS), 2)[0]).toBe(5 * 32 * k);
  });
});

it("what an optimiser keeps is read and written: 8 bytes more an element for each run of it", () => {
  const n = 1000;
  const bytes = (op: number, kept: readonly number[]): number =>
    work({ ...record(op, [n]), p: [16, 32, ...kept] }, 1)[3];
  // parameters read and written, gradients read
  expect(bytes(abi.OP_SGD_STEP, [])).toBe(12 * n);
  expect(bytes(abi.OP_MOMENTUM_STEP, [48])).toBe(20 * n);
  expect(bytes(abi.OP_ADAM_STEP, [48, 64])).toBe(28 * n);
  // without the mean of gradients, with the momentum
  expect(bytes(abi.OP_RMSPROP_STEP, [48, 0, 80])).toBe(28 * n);
});

it("rows from a source that leaves the caches cost more", () => {
  const gather = (rows: number): number => cost(record(abi.OP_GATHER, [128, 784, rows, rows]));
  expect(gather(128)).toBe(gather(300));
  const steps = [300, 1024, 8192, 60_000].map(gather);
  for (const [i, ns] of steps.entries()) if (i > 0) expect(ns).toBeGreaterThan(steps[i - 1] as number);
});

it("follows the pace of each kind of work", () => {
  const slower = (kind: number): Pace => [0, 1, 2, 3].map((i) => (i === kind ? 2 : 1)) as unknown as Pace;
  const rises = (r: RecordView): boolean[] =>
    [0, 1, 2, 3].map((kind) => cost(r, slower(kind)) > 1.5 * cost(r));
  expect(rises(product(120, 128, 256))).toEqual([true, false, false, false]);
  expect(rises(record(abi.OP_SIGMOID_FORWARD, [128, 128]))).toEqual([false, true, false, false]);
  expect(rises(record(abi.OP_SOFTMAX_FORWARD, [128, 128]))).toEqual([false, false, true, false]);
  expect(rises(record(abi.OP_SGD_STEP, [10_000]))).toEqual([false, false, false, true]);
});
