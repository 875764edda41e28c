// Activations, forward and backward: the bits of the stated rounding order, and within the bound that docs/numerics.md
// derives from it, over all of f32; in place; every width of a row's tail; the special numbers.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { softmaxBackwardBound } from "../oracle/activation-bounds.ts";
import { floats, SEED } from "../oracle/data.ts";
import * as rows from "../oracle/rows.ts";
import { vmath } from "../support/vmath.ts";
import { FROM_INPUT } from "./activations-from-input.ts";
import { FROM_OUTPUT, type Vmath } from "./activations-from-output.ts";
import { expectBits, expectPoison, expectWithin } from "./compare.ts";
import { backward, COLS, EVERYWHERE, forward, fourChains, numbers, ROWS, SPECIAL } from "./elementwise.ts";
import { builds, Rig } from "./harness.ts";

const ACTIVATIONS = [...FROM_OUTPUT, ...FROM_INPUT];
const INTO = ["dx", "dy", "saved"] as const;
type Numbers = Float32Array<ArrayBuffer>;

describe.each(builds)(`activations, $name build (seed ${SEED})`, (build) => {
  const math: Vmath = (code, x) => vmath(code, x);

  describe.each(ACTIVATIONS)("$name", (activation) => {
    const { parameters, saves, range } = activation;
    const run = (n: number, x: Numbers, inPlace: boolean): Numbers =>
      forward(build, activation.forward, n, x, inPlace, parameters);
    const runBackward = (n: number, dy: Numbers, saved: Numbers, into: (typeof INTO)[number]): Numbers =>
      backward(build, activation.backward, n, dy, saved, into, parameters);

    /** Holds results against bits, and against the bound where what went in is finite. */
    function check(x: Numbers, y: Numbers, what: string): void {
      expectBits(y, activation.y(x, math), what);
      const finite = Array.from(x).filter(Number.isFinite);
      const results = y.filter((_, i) => Number.isFinite(x[i]));
      expectWithin(results, finite.map(activation.exact), finite.map(activation.bound), what);
    }
    function checkBackward(dy: Numbers, saved: Numbers, dx: Numbers, what: string): void {
      expectBits(dx, activation.dx(dy, saved, math), what);
      const finite = (i: number): boolean => Number.isFinite(dy[i]) && Number.isFinite(saved[i]);
      const results = dx.filter((_, i) => finite(i));
      const of = (f: (dy: number, saved: number) => number): number[] =>
        Array.from(dy.keys())
          .filter(finite)
          .map((i) => f(dy[i] as number, saved[i] as number));
      expectWithin(results, of(activation.exactBackward), of(activation.boundBackward), what);
    }

    it.each([false, true])("forward: bits and bound, every tail, in place %s", (inPlace) => {
      for (const n of ROWS) {
        for (const cols of COLS) {
          const x = numbers(n * 40 + cols, n * cols, SPECIAL);
          check(x, run(n, x, inPlace), `${n}×${cols}`);
        }
      }
    });

    it.each(INTO)("backward: bits and bound, every tail, into %s", (into) => {
      // outputs have a range; inputs may be anything. 13 special values against 11 or 5: over a block every pair occurs
      const special = saves === "input" ? SPECIAL.slice(0, 11) : [0, -0, 2 ** -149, Number.NaN, range[0]];
      for (const n of ROWS) {
        for (const cols of COLS) {
          const dy = numbers(
            n * 40 + cols,
            n * cols,
            SPECIAL.filter((x) => Math.abs(x) !== SPECIAL[9]),
          );
          const saved = numbers(n * 41 + cols, n * cols, special, ...range);
          checkBackward(dy, saved, runBackward(n, dy, saved, into), `${n}×${cols}`);
        }
      }
    });

    it("forward, numbers of every exponent: within the bound, none NaN", () => {
      for (const x of [
        EVERYWHERE,
        floats(3, 20011, -30, 30) as Numbers,
        floats(4, 9973, -100, 100) as Numbers,
      ]) {
        const y = run(1, x, false);
        check(x, y, "everywhere");
        expect(y.findIndex((v) => !Number.isFinite(v))).toBe(-1);
      }
    });

    it("backward, numbers of every exponent: within the bound, none NaN", () => {
      const within = (v: number): boolean => saves === "input" || (v >= range[0] && v <= range[1]);
      const [lo, hi] = saves === "input" ? [-30, 30] : range;
      for (const saved of [EVERYWHERE.filter(within), floats(5, 20011, lo, hi) as Numbers]) {
        for (const dy of [floats(6, saved.length) as Numbers, saved.map(() => 1), saved.map(() => -1e30)]) {
          const dx = runBackward(1, dy, saved, "dx");
          checkBackward(dy, saved, dx, "everywhere");
          expect(dx.findIndex((v) => !Number.isFinite(v))).toBe(-1);
        }
      }
    });

    it("the special numbers, at every place of a vector and a tail", () => {
      for (const cols of [1, 2, 3, 4, 5, 7]) {
        for (const [x, y] of activation.special) {
          const all = run(2, new Float32Array(2 * cols).fill(x), false);
          expectBits(all, new Float32Array(2 * cols).fill(y), `f(${x})`);
        }
        for (const [saved, slope] of activation.slopes) {
          const n = 2 * cols;
          const all = runBackward(2, new Float32Array(n).fill(1), new Float32Array(n).fill(saved), "dx");
          expectBits(all, new Float32Array(n).fill(slope), `slope at ${Object.is(saved, -0) ? "−0" : saved}`);
        }
      }
    });
  });

  it.each(INTO)("softmaxBackward: bits of y·(dy − Σ dy·y), the sum in four chains, into %s", (into) => {
    for (const n of ROWS) {
      for (const cols of [...COLS, 16, 17, 1000]) {
        const dy = floats(n * 40 + cols, n * cols, -4, 4) as Numbers;
        const y = new Float32Array(n * cols);
        for (let i = 0; i < n; i++) y.set(rows.softmax(floats(n * 41 + i, cols, -3, 3)).p, i * cols);
        const dx = backward(build, abi.OP_SOFTMAX_BACKWARD, n, dy, y, into);
        for (let i = 0; i < n; i++) {
          const row = (x: Numbers): Numbers => x.slice(i * cols, (i + 1) * cols);
          const mean = fourChains(row(dy).map((d, j) => d * (row(y)[j] as number)));
          const what = `${n}×${cols}, row ${i}`;
          expectBits(
            row(dx),
            row(y).map((v, j) => v * Math.fround((row(dy)[j] as number) - mean)),
            what,
          );
          const exact = rows.softmaxBackward(row(dy), row(y));
          expectWithin(row(dx), exact, softmaxBackwardBound(row(dy), row(y)), what);
        }
      }
    }
  });

  it("softmaxBackward: certain outputs give exactly 0, one NaN its row and no other, dy may be 2¹²⁶", () => {
    const run = (n: number, dy: number[], y: number[]): Numbers =>
      backward(build, abi.OP_SOFTMAX_BACKWARD, n, Float32Array.from(dy), Float32Array.from(y), "dx");
    const zeros = (count: number): number[] => new Array(count).fill(0);
    expect(Array.from(run(1, [3, -5, 7, 2, 9], [0, 0, 1, 0, 0]), Math.abs)).toEqual(zeros(5));
    expectBits(run(1, [1234.5], [1]), [0], "one class");
    const spoilt = run(3, [1, 2, 1, Number.NaN, 1, 2], zeros(6).fill(0.5));
    expectBits(
      spoilt,
      [-0.25, 0.25, Number.NaN, Number.NaN, -0.25, 0.25],
      "a NaN in the second of three rows",
    );
    const far = run(1, [2 ** 126, -(2 ** 126), 2 ** 126, 0, 1], [0.5, 0.25, 0, 0.25, 0]);
    expect(far.every(Number.isFinite)).toBe(true);
  });

  it.each([0, 1, 4, 9])("only the first %i rows of a batch of 9 are written", (used) => {
    const x = floats(5, 9 * 6, 0, 1);
    const softmax = {
      forward: abi.OP_SOFTMAX_FORWARD,
      backward: abi.OP_SOFTMAX_BACKWARD,
      parameters: [],
      name: "softmax",
    };
    for (const { name, forward, backward, parameters } of [...ACTIVATIONS, softmax]) {
      for (const op of [forward, backward]) {
        const rig = new Rig(build);
        const xs = rig.input("x", 9, 6, x, { batch: true });
        const out = rig.output("out", 9, 6, { ld: 8, batch: true });
        if (op === forward) rig.builder.unary(op, xs, out, parameters);
        else rig.builder.backward(op, rig.input("dy", 9, 6, x, { batch: true }), xs, out, parameters);
        rig.run({ rows: used });
        expectPoison(rig, out, used);
        expect(
          rig
            .read(out)
            .subarray(0, used * 6)
            .every(Number.isFinite),
          name,
        ).toBe(true);
      }
    }
  });
});
