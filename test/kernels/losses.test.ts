// Losses that are sums over single outputs: the bits of the stated rounding order, and within the bounds that
// docs/numerics.md derives from it; weights of rows; extreme outputs; every width of a row's tail.

import { describe, expect, it } from "vitest";
import { OPS } from "../../src/base/ops.ts";
import { gamma, HALF_SUBNORMAL } from "../oracle/bounds.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import * as bounds from "../oracle/loss-bounds.ts";
import { lossRow } from "../oracle/losses.ts";
import { expectBits, expectWithin } from "./compare.ts";
import { fourChains } from "./elementwise.ts";
import { builds } from "./harness.ts";
import { absolute, at, bce, bceWeighted, huber, LOSSES, type Loss, type Numbers } from "./output-losses.ts";
import { type Result, runLoss } from "./rowloss.ts";

const f = Math.fround;
const COLS = [...Array.from({ length: 33 }, (_, i) => i + 1), 1000];
const { NaN: NAN, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: NINF } = Number;

/** Outputs, and how far from them targets may lie where they are no labels. */
const OUTPUTS: Record<string, { z: (n: number, seed: number) => Numbers; apart: number }> = {
  small: { z: (n, seed) => floats(seed, n, -4, 4) as Numbers, apart: 2 },
  "about to underflow": { z: (n, seed) => floats(seed, n, -92, 92) as Numbers, apart: 1e-19 },
  "±1e4": { z: (n, seed) => floats(seed, n).map((x) => (x > 0 ? 1e4 : -1e4)) as Numbers, apart: 2e4 },
  "0, −0 and subnormal": {
    z: (n, seed) => Float32Array.from(integers(seed, n, -3, 3), (i) => (i === 0 ? -0 : i * 2 ** -149)),
    apart: 2 ** -148,
  },
};

/** Labels 0, 1, ½ and anything between, or numbers near the outputs, some of them equal. */
function targets(loss: Loss, z: Numbers, apart: number, seed: number): Numbers {
  const labels = [0, 1, 0.5];
  return floats(seed, z.length, -1, 1).map((x, i) =>
    loss.binary ? (labels[i % 5] ?? Math.abs(x)) : at(z, i) + (i % 5 === 0 ? 0 : apart * x),
  ) as Numbers;
}

/** Weights of rows: 0 for every third, from the second on. */
const rowWeights = (rows: number): Numbers =>
  floats(5, rows, 0.2, 3).map((x, i) => (i % 3 === 1 ? 0 : x)) as Numbers;

/** A copy with NaN in every row of weight 0. */
const spoilt = (x: Numbers, weight: Float32Array, cols: number): Numbers =>
  x.map((v, i) => (weight[Math.floor(i / cols)] === 0 ? NAN : v));

const SCALE = f(1 / 3);

describe.each(builds)(`losses of single outputs, $name build (seed ${SEED})`, (build) => {
  describe.each(LOSSES)("$name", (loss) => {
    const { op, parameters } = loss;

    /** Holds rows of a result against bits and bounds. */
    function check(
      { dz, loss: sums }: Result,
      z: Numbers,
      t: Numbers,
      cols: number,
      weight: Float32Array | undefined,
      what: string,
    ): void {
      const columns = loss.columns?.(cols);
      const spec = loss.spec(columns);
      const w = Float32Array.from(z, (_, i) => columns?.[i % cols] ?? 1);
      const { value, slope } = loss.bits(z, t, w);
      for (let i = 0; i < sums.length; i++) {
        const row = <T extends Float32Array>(x: T): T => x.slice(i * cols, (i + 1) * cols) as T;
        const where = `${what}, row ${i}`;
        const r = weight?.[i];
        if (r === 0) {
          expectBits(row(dz), new Float32Array(cols), `${where}: no weight, gradient +0`);
          expectBits(sums.slice(i, i + 1), [0], `${where}: no weight, loss +0`);
          continue;
        }
        const s = f(SCALE * (r ?? 1));
        expectBits(
          row(dz),
          row(slope).map((x) => x * s),
          `${where}: slope·(scale·r)`,
        );
        expectBits(sums.slice(i, i + 1), [f(fourChains(row(value)) * (r ?? 1))], `${where}: loss`);

        const exact = lossRow(spec, row(z), row(t));
        const outputs = Array.from(row(z), (x, j) => loss.bound(x, at(row(t), j), at(w, j)));
        const allowed = bounds.rowBounds(outputs, SCALE, r);
        const factor = r ?? 1;
        expectWithin(sums.slice(i, i + 1), [exact.loss * factor], [allowed.loss], `${where}: loss`);
        if (loss.roundings !== undefined) {
          const relative = gamma(Math.ceil(cols / 4) + loss.roundings) * exact.loss * factor;
          expect(allowed.loss, `${where}: γ(⌈n/4⌉ + k) of the loss`).toBeLessThanOrEqual(
            relative + (cols * factor + 1) * 4 * HALF_SUBNORMAL,
          );
        }
        const gradient = exact.gradient.map((g) => g * SCALE * factor);
        expectWithin(row(dz), gradient, allowed.gradient, `${where}: gradient`);
        expect(sums[i], where).toBeGreaterThanOrEqual(0);
      }
    }

    it.each(Object.entries(OUTPUTS))(
      "outputs %s: bits and bounds, weighted or not, in place where that is allowed",
      (kind, of) => {
        const rows = 7;
        for (const cols of COLS) {
          const z = of.z(rows * cols, cols);
          const t = targets(loss, z, of.apart, cols + 50);
          for (const weight of [undefined, rowWeights(rows)]) {
            const [zs, ts] = weight ? [spoilt(z, weight, cols), spoilt(t, weight, cols)] : [z, t];
            const batch = {
              ...{ op, parameters, rows, cols, z: zs, target: ts, weight, scale: SCALE },
              columns: loss.columns?.(cols),
            };
            const result = runLoss(build, batch);
            check(result, z, t, cols, weight, `${kind}, ${cols} outputs`);
            if (OPS.get(op)?.inPlace.length !== 0)
              expect(runLoss(build, { ...batch, inPlace: true }), "in place").toEqual(result);
          }
        }
      },
    );

    it.each([0, 1, 2, 7])("a batch of %i rows, and so many of one of 9: the rest is left alone", (rows) => {
      for (const cols of [1, 3, 4, 6]) {
        const z = floats(8, 9 * cols, -4, 4) as Numbers;
        const t = targets(loss, z, 1, 9);
        const weight = rowWeights(9);
        const batch = { op, parameters, cols, weight, scale: SCALE, columns: loss.columns?.(cols) };
        const whole = runLoss(build, { ...batch, rows: 9, z, target: t });
        const part = runLoss(build, { ...batch, rows: 9, used: rows, z, target: t });
        const alone = runLoss(build, {
          ...{ ...batch, rows, z: z.slice(0, rows * cols), target: t.slice(0, rows * cols) },
          weight: weight.slice(0, rows),
        });
        for (const { dz, loss } of [part, alone]) {
          expectBits(dz.slice(0, rows * cols), whole.dz.slice(0, rows * cols), `gradient, ${cols} outputs`);
          expectBits(loss.slice(0, rows), whole.loss.slice(0, rows), `loss, ${cols} outputs`);
        }
      }
    });

    it("a NaN spoils its row's loss and its own gradient, and nothing else", () => {
      for (const cols of [1, 3, 4, 6, 9]) {
        const z = floats(8, 3 * cols) as Numbers;
        const t = targets(loss, z, 1, 9);
        const batch = { op, parameters, rows: 3, cols, scale: 1, columns: loss.columns?.(cols) };
        const good = runLoss(build, { ...batch, z, target: t });
        for (let j = cols; j < 2 * cols; j++) {
          for (const at of ["z", "target"] as const) {
            const numbers = { z: z.slice(), target: t.slice() };
            numbers[at][j] = NAN;
            const { dz, loss } = runLoss(build, { ...batch, ...numbers });
            expectBits(dz, good.dz.with(j, NAN), `NaN in ${at} at ${j - cols} of ${cols}`);
            expectBits(loss, good.loss.with(1, NAN), `NaN in ${at} at ${j - cols} of ${cols}`);
          }
        }
      }
    });
  });

  const one = (loss: Loss, z: number[], t: number[], columns?: number[]): { dz: number[]; loss: number } => {
    const { op, parameters } = loss;
    const numbers = { z: Float32Array.from(z), target: Float32Array.from(t) };
    const given = columns && { columns: Float32Array.from(columns) };
    const batch = { op, parameters, rows: 1, cols: z.length, scale: 1, ...numbers, ...given };
    const { dz, loss: sum } = runLoss(build, batch);
    return { dz: Array.from(dz), loss: sum[0] as number };
  };

  it("bceWithLogits, logits ±1e4: the gradient is exactly 1 − y or −y, the loss finite", () => {
    for (const [y, right, wrong] of [
      [0, 1, 0],
      [0.5, 0.5, -0.5],
      [1, 0, -1],
    ] as const) {
      expect(one(bce, [1e4], [y])).toEqual({ dz: [right], loss: 1e4 * (1 - y) });
      expect(one(bce, [-1e4], [y])).toEqual({ dz: [wrong === 0 ? 0 : wrong], loss: 1e4 * y });
    }
    expect(one(bceWeighted, [1e4, -1e4, -1e4], [0, 1, 0], [7, 3, 5])).toEqual({ dz: [1, -3, 0], loss: 4e4 });
  });

  it("bceWithLogits, logits ±3e38 and ±∞: the gradient stays what it is; what gives an infinite loss, or none", () => {
    const huge = f(3e38);
    expect(one(bce, [huge, -huge], [1, 0])).toEqual({ dz: [0, 0], loss: 0 });
    expect(one(bce, [huge, -1], [0, 0]).loss).toBe(huge);
    expect(one(bce, [huge, -huge], [0, 1])).toEqual({ dz: [1, -1], loss: INF });
    expect(one(bce, [INF, NINF], [0, 1])).toEqual({ dz: [1, -1], loss: INF });
    // ∞·0
    expect(one(bce, [INF], [1])).toEqual({ dz: [0], loss: NAN });
  });

  it("bceWithLogits: posWeights that are all 1 give the bits of none, for labels 0, ½ and 1", () => {
    const z = floats(21, 900, -20, 20) as Numbers;
    const target = Float32Array.from(integers(22, 900, 0, 2), (i) => i / 2);
    const batch = { op: bce.op, rows: 30, cols: 30, z, target, scale: SCALE };
    expect(runLoss(build, { ...batch, columns: new Float32Array(30).fill(1) })).toEqual(
      runLoss(build, batch),
    );
  });

  it("distances beyond f32: an infinite loss, a huber gradient of ±δ", () => {
    const huge = f(3e38);
    const [quadratic, mse] = [LOSSES[2], LOSSES[3]] as [Loss, Loss];
    expect(one(absolute, [huge, 1], [-huge, 1])).toEqual({ dz: [1, 0], loss: INF });
    expect(one(huber(1), [huge, -huge], [-huge, huge])).toEqual({ dz: [1, -1], loss: INF });
    for (const loss of [quadratic, mse]) expect(one(loss, [1e30], [0]).loss).toBe(INF);
    expect(one(mse, [1e18, 3], [0, 3])).toEqual({ dz: [2 * f(1e18), 0], loss: f(f(1e18) * f(1e18)) });
  });

  it("the kinks: absoluteError is 0 and has slope 0 at 0; huber's forms meet at δ", () => {
    expect(one(absolute, [2, -0, 0], [2, 0, -0])).toEqual({ dz: [0, -0, 0], loss: 0 });
    expect(one(absolute, [2 ** -149], [0])).toEqual({ dz: [1], loss: 2 ** -149 });
    expect(one(huber(1), [1, -1], [0, 0])).toEqual({ dz: [1, -1], loss: 1 });
    expect(one(huber(1), [1 + 2 ** -23], [0])).toEqual({ dz: [1], loss: 0.5 + 2 ** -23 });
  });
});
