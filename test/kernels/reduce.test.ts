// columnSums: bits of the f32 chain in ascending rows, within γ(rows − 1)·Σ|x|. lossSum: an f64 sum and a count.

import { describe, expect, it } from "vitest";
import { HYPER_HITS, HYPER_LOSS, RESULT_BYTES } from "../../src/base/abi.ts";
import { gamma } from "../oracle/bounds.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import * as oracle from "../oracle/rows.ts";
import { expectBits, expectWithin } from "./compare.ts";
import { builds, Rig } from "./harness.ts";

const ROWS = [0, 1, 2, 3, 31, 257];
const COLS = [1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 19, 20, 33, 64, 100];

describe.each(builds)(`columnSums, $name build (seed ${SEED})`, (build) => {
  it.each(COLS)("%i columns: bits of the chain, and within the bound", (cols) => {
    for (const rows of ROWS) {
      const x = floats(rows * 200 + cols, rows * cols);
      const rig = new Rig(build);
      const y = rig.output("y", 1, cols, { shift: 3 });
      rig.builder.columnSums(rig.input("x", rows, cols, x, { ld: cols + 3, shift: 1 }), y);
      rig.run();
      const chain = new Float32Array(cols);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++) chain[j] = (chain[j] as number) + (x[i * cols + j] as number);
      }
      expectBits(rig.read(y), chain, `${rows}×${cols}`);
      const { value, magnitude } = oracle.columnSums(x, rows, cols);
      expectWithin(
        rig.read(y),
        value,
        magnitude.map((m) => gamma(Math.max(rows - 1, 0)) * m),
        `${rows}×${cols}`,
      );
    }
  });

  it.each([0, 1, 5, 8])("the first %i rows of a batch of 8", (rows) => {
    const x = floats(3, 8 * 21);
    const rig = new Rig(build);
    const y = rig.output("y", 1, 21);
    rig.builder.columnSums(rig.input("x", 8, 21, x, { ld: 32, batch: true }), y);
    rig.run({ rows });
    const { value, magnitude } = oracle.columnSums(x, rows, 21);
    expectWithin(
      rig.read(y),
      value,
      magnitude.map((m) => gamma(7) * m),
      "part of a batch",
    );
  });
});

describe.each(builds)(`lossSum, $name build (seed ${SEED})`, (build) => {
  const run = (loss: ArrayLike<number>, hits: Int32Array, rows: number): { sum: number; hits: number } => {
    const rig = new Rig(build);
    const column = { batch: true };
    // an f64 and an i32 are written; the last word of the result is not
    const result = rig.output("result", 1, (HYPER_HITS - HYPER_LOSS) / 4 + 1);
    const losses = rig.input("loss", loss.length, 1, loss, column);
    rig.builder.lossSum(losses, rig.input("hit", loss.length, 1, hits, column), result);
    rig.run({ rows });
    const view = rig.arena.view(result.address, RESULT_BYTES);
    return { sum: view.getFloat64(0, true), hits: view.getInt32(HYPER_HITS - HYPER_LOSS, true) };
  };

  it.each([0, 1, 2, 3, 64, 1009])("%i rows of 1009: bits of the f64 chain in ascending rows", (rows) => {
    const loss = floats(rows, 1009, 0, 20);
    const hits = integers(rows + 1, 1009, 0, 1);
    const actual = run(loss, hits, rows);
    expect(actual.sum).toBe(loss.subarray(0, rows).reduce((a, b) => a + b, 0));
    expect(actual.hits).toBe(hits.subarray(0, rows).reduce((a, b) => a + b, 0));
  });

  it("holds what f32 could not: 2²⁴ + 1, and keeps NaN and infinity", () => {
    expect(run([2 ** 24, 1], new Int32Array(2), 2).sum).toBe(2 ** 24 + 1);
    expect(run([1, Number.NaN], new Int32Array(2), 2).sum).toBeNaN();
    expect(run([1, Number.POSITIVE_INFINITY], new Int32Array(2), 2).sum).toBe(Number.POSITIVE_INFINITY);
  });
});
