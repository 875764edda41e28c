// softmaxForward and softmaxCrossEntropy: within the bounds derived for each row from the f64 oracle; extreme
// logits, ties, −∞, one class to a thousand; the gradient's bits are those of (p − onehot)·scale.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { gradientBound, lossBound, softmaxBounds } from "../oracle/bounds.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import * as oracle from "../oracle/rows.ts";
import { expectBits, expectWithin } from "./compare.ts";
import { type Build, builds, Rig } from "./harness.ts";
import { LOGITS } from "./logits.ts";
import { type Result, runLoss } from "./rowloss.ts";

const CLASSES = [1, 2, 3, 4, 5, 7, 8, 10, 33, 1000];
const { NaN: NAN, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: NINF } = Number;

function crossEntropy(
  build: Build,
  z: Float32Array,
  target: Int32Array,
  scale: number,
  inPlace = false,
  used = target.length,
): Result {
  const rows = target.length;
  const sizes = { rows, cols: z.length / rows, used };
  return runLoss(build, {
    op: abi.OP_SOFTMAX_CROSS_ENTROPY,
    ...sizes,
    z,
    target,
    scale,
    inPlace,
    hits: true,
  });
}

function softmax(build: Build, z: Float32Array, rows: number, inPlace = false): Float32Array<ArrayBuffer> {
  const rig = new Rig(build);
  const cols = z.length / rows;
  const x = inPlace
    ? rig.inOut("z", rows, cols, z, { ld: cols + 1 })
    : rig.input("z", rows, cols, z, { ld: cols + 1 });
  const y = inPlace ? x : rig.output("p", rows, cols, { ld: cols + 2, shift: 3 });
  rig.builder.unary(abi.OP_SOFTMAX_FORWARD, x, y);
  rig.run();
  return rig.read(y);
}

describe.each(builds)(`softmax, $name build (seed ${SEED})`, (build) => {
  describe.each(Object.entries(LOGITS))("logits %s", (kind, make) => {
    it.each(CLASSES)("%i classes: probabilities within their bounds, in place too", (cols) => {
      const rows = 5;
      const z = make(rows * cols, cols, cols);
      const p = softmax(build, z, rows);
      expectBits(softmax(build, z, rows, true), p, "in place");
      for (let i = 0; i < rows; i++) {
        const row = oracle.softmax(z.subarray(i * cols, (i + 1) * cols));
        const actual = p.subarray(i * cols, (i + 1) * cols);
        expectWithin(actual, row.p, softmaxBounds(row.p, row.distance).p, `${kind}, row ${i}`);
        expect(actual.every((x) => x >= 0 && x <= 1)).toBe(true);
      }
    });

    it.each(CLASSES)("%i classes: loss, gradient and hit of the cross entropy", (cols) => {
      const rows = 7;
      const scale = Math.fround(1 / 3);
      const z = make(rows * cols, cols + 1, cols);
      const targets = integers(cols, rows, 0, cols - 1);
      const { dz, loss, hit } = crossEntropy(build, z, targets, scale);
      const again = crossEntropy(build, z, targets, scale, true);
      expectBits(again.dz, dz, "gradient in place");
      expect([again.loss, again.hit]).toEqual([loss, hit]);

      const p = softmax(build, z, rows);
      for (let i = 0; i < rows; i++) {
        const target = targets[i] as number;
        const row = oracle.softmaxCrossEntropy(z.subarray(i * cols, (i + 1) * cols), target, scale);
        const bounds = softmaxBounds(row.p, row.distance);
        const what = `${kind}, row ${i}, target ${target}`;

        const allowed = lossBound(bounds.sum, row.logSum, row.distance[target] as number);
        // an exact loss beyond f32 is infinite
        if (Number.isFinite(Math.fround(row.loss)))
          expectWithin([loss[i] as number], [row.loss], [allowed], `loss, ${what}`);
        else expect(loss[i], what).toBe(INF);
        expect(loss[i], what).toBeGreaterThanOrEqual(0);
        expect(hit[i], what).toBe(row.hit);

        const gradient = dz.slice(i * cols, (i + 1) * cols);
        const bound = row.p.map((x, j) => gradientBound(x, bounds.p[j] as number, j === target, scale));
        expectWithin(gradient, row.gradient, bound, what);
        const bits = p
          .slice(i * cols, (i + 1) * cols)
          .map((x, j) => (j === target ? Math.fround(x - 1) : x) * scale);
        expectBits(gradient, bits, `(p − t)·scale, ${what}`);
      }
    });
  });
});

describe.each(builds)("softmax cross entropy at its edges, $name build", (build) => {
  const one = (z: number[], target: number): Result =>
    crossEntropy(build, Float32Array.from(z), Int32Array.of(target), 1);

  it("one class: no loss, no gradient, a hit", () => {
    const { dz, loss, hit } = one([1234.5], 0);
    expectBits(dz, [0], "gradient");
    expect([loss[0], hit[0]]).toEqual([0, 1]);
  });

  it("a certain answer: loss exactly 0 when right, the distance when wrong", () => {
    expect(one([1e4, -1e4], 0).loss[0]).toBe(0);
    expect(one([1e4, -1e4], 1).loss[0]).toBe(2e4);
    expectBits(one([1e4, -1e4], 1).dz, [1, -1], "gradient");
    expectBits(one([1e4, -1e4], 0).dz, [0, 0], "gradient");
  });

  it("a target of probability 0: infinite loss, a finite gradient", () => {
    const { dz, loss, hit } = one([0, NINF, NINF, 0], 2);
    expectBits(dz, [0.5, 0, -1, 0.5], "gradient");
    expect([loss[0], hit[0]]).toEqual([INF, 0]);
  });

  it("ties: the first of the largest is the hit, wherever it stands", () => {
    for (const n of [2, 3, 5, 9, 17]) {
      for (let a = 0; a < n; a++) {
        for (let b = a; b < n; b++) {
          const z = Array.from({ length: n }, (_, j) => (j === a || j === b ? 2 : 1));
          expect(one(z, a).hit[0], `${n} classes, ties ${a} and ${b}`).toBe(1);
          if (b > a) expect(one(z, b).hit[0], `${n} classes, ties ${a} and ${b}`).toBe(0);
        }
      }
    }
  });

  it("+0 and −0 tie", () => {
    expect([one([-0, 0], 0).hit[0], one([-0, 0], 1).hit[0]]).toEqual([1, 0]);
  });

  it.each([
    [NAN, 0],
    [INF, 1],
    [NINF, 2],
  ])("a row with %f (all −∞ in the third case) gives NaN and no hit, others do not mind", (bad, target) => {
    for (const cols of [3, 4, 6, 11]) {
      const z = floats(cols, 3 * cols);
      for (let at = 0; at < cols; at++) {
        const spoilt = z.slice();
        if (bad === NINF) spoilt.fill(NINF, cols, 2 * cols);
        else spoilt[cols + at] = bad;
        const targets = Int32Array.of(target, target, target);
        const { dz, loss, hit } = crossEntropy(build, spoilt, targets, 1);
        const good = crossEntropy(build, z, targets, 1);
        expect([loss[1], hit[1]], `${cols} classes, at ${at}`).toEqual([NAN, 0]);
        // all of the row, but for +∞: its neighbours' exponentials are 0, and 0 / NaN is NaN as well
        expect(dz.slice(cols, 2 * cols).every(Number.isNaN)).toBe(true);
        for (const i of [0, 2]) {
          expectBits(dz.slice(i * cols, (i + 1) * cols), good.dz.slice(i * cols, (i + 1) * cols), `row ${i}`);
          expect([loss[i], hit[i]]).toEqual([good.loss[i], good.hit[i]]);
        }
      }
    }
  });

  it.each([0, 1, 3, 4])("only the first %i rows of a batch of 4 are written", (rows) => {
    const z = floats(1, 4 * 6);
    const targets = integers(2, 4, 0, 5);
    const part = crossEntropy(build, z, targets, 0.25, false, rows);
    const whole = crossEntropy(build, z, targets, 0.25);
    expectBits(part.dz.slice(0, 6 * rows), whole.dz.subarray(0, 6 * rows), "gradient");
    expectBits(part.loss.slice(0, rows), whole.loss.subarray(0, rows), "loss");
    expect(part.hit.subarray(0, rows)).toEqual(whole.hit.subarray(0, rows));
  });
});
