// Activations, forward and backward: bits where the result is exact, derived bounds where it is not; in place;
// every width of a row's tail; the special numbers.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { gamma, SIGMOID_ULPS, SMALLEST_NORMAL, ulp } from "../oracle/bounds.ts";
import { floats, SEED } from "../oracle/data.ts";
import * as oracle from "../oracle/pointwise.ts";
import { expectBits, expectPoison, expectWithin } from "./compare.ts";
import { builds, Rig } from "./harness.ts";

const ROWS = [0, 1, 2, 3, 4, 7, 25];
const COLS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 31];
const { NaN: NAN, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: NINF } = Number;
/** the special numbers, at every place of a vector and of a tail */
const SPECIAL = [
  NAN,
  INF,
  NINF,
  0,
  -0,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  -(2 ** -126),
  3.4e38,
  -3.4e38,
  1,
  -1,
];

const chain = {
  relu: (x: number): number => (x < 0 ? 0 : x),
  reluBackward: (dy: number, y: number): number => (y <= 0 ? 0 : dy),
  sigmoidBackward: (dy: number, y: number): number => Math.fround(Math.fround(dy * y) * Math.fround(1 - y)),
};

/** Random numbers, with the special ones strewn in so that each meets each place. */
function numbers(seed: number, n: number, special: readonly number[]): Float32Array {
  return floats(seed, n, -4, 4).map((x, i) =>
    i % 3 === 0 ? (special[(i / 3) % special.length] as number) : x,
  );
}

describe.each(builds)(`activations, $name build (seed ${SEED})`, (build) => {
  /** Runs y ← op(x), in place or not, and returns x and y. */
  function forward(
    op: number,
    rows: number,
    cols: number,
    x: Float32Array,
    inPlace: boolean,
  ): Float32Array<ArrayBuffer> {
    const rig = new Rig(build);
    const options = { ld: cols + 2, shift: 1 };
    const from = inPlace ? rig.inOut("xy", rows, cols, x, options) : rig.input("x", rows, cols, x, options);
    const to = inPlace ? from : rig.output("y", rows, cols, { ld: cols + 7, shift: 3 });
    rig.builder.unary(op, from, to);
    rig.run();
    return rig.read(to);
  }

  /** Runs dx ← op(dy, y); dx may be dy or y. */
  function backward(
    op: number,
    rows: number,
    cols: number,
    dy: Float32Array,
    y: Float32Array,
    into: "dy" | "y" | "dx",
  ): Float32Array<ArrayBuffer> {
    const rig = new Rig(build);
    const dys = (into === "dy" ? rig.inOut : rig.input).call(rig, "dy", rows, cols, dy, {
      ld: cols + 2,
      shift: 1,
    });
    const ys = (into === "y" ? rig.inOut : rig.input).call(rig, "y", rows, cols, y, {
      ld: cols + 3,
      shift: 2,
    });
    const dx =
      into === "dy" ? dys : into === "y" ? ys : rig.output("dx", rows, cols, { ld: cols + 1, shift: 3 });
    rig.builder.backward(op, dys, ys, dx);
    rig.run();
    return rig.read(dx);
  }

  it.each([false, true])("reluForward: bits of x < 0 ? 0 : x, in place %s", (inPlace) => {
    for (const rows of ROWS) {
      for (const cols of COLS) {
        const x = numbers(rows * 40 + cols, rows * cols, SPECIAL);
        const y = forward(abi.OP_RELU_FORWARD, rows, cols, x, inPlace);
        expectBits(y, x.map(chain.relu), `${rows}×${cols}`);
      }
    }
  });

  it.each(["dx", "dy", "y"] as const)("reluBackward: bits of y ≤ 0 ? 0 : dy, into %s", (into) => {
    for (const rows of ROWS) {
      for (const cols of COLS) {
        const n = rows * cols;
        const dy = numbers(rows * 40 + cols, n, SPECIAL);
        // 13 special values against 11: over a block every pair occurs
        const y = numbers(rows * 41 + cols, n, SPECIAL.slice(0, 11));
        const dx = backward(abi.OP_RELU_BACKWARD, rows, cols, dy, y, into);
        expectBits(
          dx,
          dy.map((d, i) => chain.reluBackward(d, y[i] as number)),
          `${rows}×${cols}`,
        );
      }
    }
  });

  it.each([false, true])(`sigmoidForward: within ${SIGMOID_ULPS} ulp, in place %s`, (inPlace) => {
    for (const rows of ROWS) {
      for (const cols of COLS) {
        const x = floats(rows * 40 + cols, rows * cols, -30, 30);
        const y = forward(abi.OP_SIGMOID_FORWARD, rows, cols, x, inPlace);
        const exact = Float64Array.from(x, oracle.sigmoid);
        expectWithin(
          y,
          exact,
          exact.map((s) => SIGMOID_ULPS * ulp(s)),
          `${rows}×${cols}`,
        );
      }
    }
  });

  it("sigmoidForward of the special numbers, at every place of a vector and a tail", () => {
    const pairs = [
      [NAN, NAN],
      [INF, 1],
      [NINF, 0],
      [0, 0.5],
      [-0, 0.5],
      [200, 1],
      [-200, 0],
      [-87.4, 0],
    ] as const;
    for (const [x, y] of pairs) {
      for (const cols of COLS) {
        const actual = forward(abi.OP_SIGMOID_FORWARD, 2, cols, new Float32Array(2 * cols).fill(x), false);
        expectBits(actual, new Float32Array(2 * cols).fill(y), `σ(${x})`);
      }
    }
  });

  it.each(["dx", "dy", "y"] as const)(
    "sigmoidBackward: bits of (dy·y)·(1 − y), within γ(3), into %s",
    (into) => {
      for (const rows of ROWS) {
        for (const cols of COLS) {
          const n = rows * cols;
          const dy = floats(rows * 40 + cols, n, -4, 4);
          const y = floats(rows * 41 + cols, n, 0, 1);
          const dx = backward(abi.OP_SIGMOID_BACKWARD, rows, cols, dy, y, into);
          expectBits(
            dx,
            dy.map((d, i) => chain.sigmoidBackward(d, y[i] as number)),
            `${rows}×${cols}`,
          );
          const exact = Float64Array.from(dy, (d, i) => oracle.sigmoidBackward(d, y[i] as number));
          expectWithin(
            dx,
            exact,
            exact.map((e) => gamma(3) * Math.abs(e) + SMALLEST_NORMAL),
            `${rows}×${cols}`,
          );
        }
      }
    },
  );

  it("sigmoidBackward is exactly zero where the output is 0 or 1, and NaN where either is NaN", () => {
    const dy = Float32Array.from([3, 3, NAN, 3, 0]);
    const y = Float32Array.from([0, 1, 0.5, NAN, 0.5]);
    expectBits(backward(abi.OP_SIGMOID_BACKWARD, 1, 5, dy, y, "dx"), [0, 0, NAN, NAN, 0], "saturated");
  });

  it.each([0, 1, 4, 9])("only the first %i rows of a batch of 9 are written", (rows) => {
    const x = floats(5, 9 * 6);
    const unary = [abi.OP_RELU_FORWARD, abi.OP_SIGMOID_FORWARD, abi.OP_SOFTMAX_FORWARD];
    for (const op of [...unary, abi.OP_RELU_BACKWARD, abi.OP_SIGMOID_BACKWARD]) {
      const rig = new Rig(build);
      const xs = rig.input("x", 9, 6, x, { batch: true });
      const out = rig.output("out", 9, 6, { ld: 8, batch: true });
      if (unary.includes(op)) rig.builder.unary(op, xs, out);
      else rig.builder.backward(op, rig.input("dy", 9, 6, x, { batch: true }), xs, out);
      rig.run({ rows });
      expectPoison(rig, out, rows);
      expect(
        rig
          .read(out)
          .slice(0, rows * 6)
          .every(Number.isFinite),
        `op ${op}`,
      ).toBe(true);
    }
  });
});
