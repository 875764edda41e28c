// batchNorm1d and layerNorm: the bits of the stated rounding order, and within the bounds that follow from it of the f64
// oracle; every tail, batches in use in part, more than one block of rows, gradients that are added to, and large offsets.

import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/memory/plan.ts";
import * as records from "../../src/program/layer-records.ts";
import { floats, SEED } from "../oracle/data.ts";
import * as oracle from "../oracle/layers.ts";
import type { Rounded } from "../oracle/rounded.ts";
import { expectBits, expectPoison, expectWithin } from "./compare.ts";
import { type Build, builds, Rig, relaxed } from "./harness.ts";
import * as chains from "./norm-chains.ts";

const EPS = 1e-5;
const eps = Math.fround(EPS);
const COLS = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33];
const ROWS = [1, 2, 3, 13, 64, 65, 131];
const { F32, BOUNDED } = chains;
type Numbers = Float32Array<ArrayBuffer>;

/** Columns, each with an offset and a spread of its own: a mean of up to 20 times the deviation. */
function spread(seed: number, rows: number, cols: number): Numbers {
  return floats(seed, rows * cols, -1, 1).map(
    (v, i) => (v + 20 * Math.sin(i % cols)) * 2 ** ((i % cols) % 5),
  ) as Numbers;
}
const f64 = (rows: number, cols: number, data: Numbers): oracle.Matrix => ({
  rows,
  cols,
  data: Float64Array.from(data),
});
const column = (m: Numbers, cols: number, j: number): number[] =>
  Array.from(m).filter((_, i) => i % cols === j);
const row = (m: Numbers, cols: number, i: number): number[] =>
  Array.from(m.subarray(i * cols, (i + 1) * cols));
/** An f32 number that stands for an exact one. */
const kept = (exact: number, stored: number): Rounded => ({ value: exact, off: Math.abs(exact - stored) });
/** the chain's exact values come about otherwise than the oracle's, in f64 */
const SLACK = 1e-12;
const bound = (numbers: readonly Rounded[]): number[] =>
  numbers.map(({ off, value }) => off * (1 + SLACK) + SLACK * (1 + Math.abs(value)));
/** From columns to a matrix row by row. */
function transposed<T>(columns: readonly (readonly T[])[]): T[] {
  const rows = columns[0]?.length ?? 0;
  return Array.from({ length: rows }, (_, i) => columns.map((c) => c[i] as T)).flat();
}

interface Shape {
  readonly rows: number;
  readonly cols: number;
}
/** Padded rows off the cache line, of a batch with two rows to spare. */
function blocks(build: Build, { rows, cols }: Shape) {
  const rig = new Rig(build);
  const options = { ld: cols + 3, shift: 1, batch: true };
  const filled = (data: Numbers): Float32Array => {
    const all = new Float32Array((rows + 2) * cols).fill(Number.NaN);
    all.set(data);
    return all;
  };
  return {
    rig,
    input: (name: string, data: Numbers): Tensor => rig.input(name, rows + 2, cols, filled(data), options),
    inOut: (name: string, data: Numbers): Tensor => rig.inOut(name, rows + 2, cols, filled(data), options),
    output: (name: string): Tensor => rig.output(name, rows + 2, cols, { ...options, shift: 3 }),
    vector: (name: string, data: ArrayLike<number>): Tensor => rig.input(name, 1, cols, data, { shift: 1 }),
    vectorOut: (name: string): Tensor => rig.output(name, 1, cols, { shift: 3 }),
    read: (tensor: Tensor): Numbers => rig.read(tensor).subarray(0, rows * cols) as Numbers,
  };
}

const shapes = COLS.flatMap((cols) => ROWS.map((rows) => ({ rows, cols })));

describe.each([...builds, relaxed])(`norms, $name build (seed ${SEED})`, (build) => {
  it.each(COLS)("batchNormForward and normalize, %i columns", (cols) => {
    for (const rows of ROWS) {
      for (const has of [true, false]) {
        const x = spread(rows, rows, cols);
        const [g, b] = [floats(2, cols, 0.5, 2), floats(3, cols)];
        const { rig, input, output, vector, vectorOut, read } = blocks(build, { rows, cols });
        const own = has ? { gamma: vector("gamma", g), beta: vector("beta", b) } : {};
        const [mean, variance, y] = [vectorOut("mean"), vectorOut("variance"), output("y")];
        records.batchNorm(rig.builder, input("x", x), y, { mean, variance }, own, EPS);
        rig.run({ rows });
        const what = `${rows}×${cols}`;
        const of = <T>(A: chains.Arithmetic<T>) =>
          Array.from({ length: cols }, (_, j) => {
            const [gamma, beta] = has ? [g[j] as number, b[j] as number] : [1, 0];
            return chains.batchNorm(A, column(x, cols, j).map(A.of), A.of(gamma), A.of(beta), eps);
          });
        const bits = of(F32);
        expectBits(
          rig.read(mean),
          bits.map((c) => c.mean),
          `${what} mean`,
        );
        expectBits(
          rig.read(variance),
          bits.map((c) => c.variance),
          `${what} variance`,
        );
        expectBits(read(y), transposed(bits.map((c) => c.y)), `${what} y`);
        expectPoison(rig, y, rows);
        const exact = oracle.columnStatistics(f64(rows, cols, x));
        const bounded = of(BOUNDED);
        expectWithin(rig.read(mean), exact.mean, bound(bounded.map((c) => c.mean)), `${what} mean`);
        expectWithin(
          rig.read(variance),
          exact.variance,
          bound(bounded.map((c) => c.variance)),
          `${what} variance`,
        );
        const wanted = oracle.normalize(
          f64(rows, cols, x),
          exact,
          has ? g : undefined,
          has ? b : undefined,
          eps,
        );
        // of one row nothing is left but rounding
        if (rows > 1)
          expectWithin(read(y), wanted.data, bound(transposed(bounded.map((c) => c.y))), `${what} y`);

        // the next program takes the same memory
        const normalized = read(y);
        const again = blocks(build, { rows, cols });
        const given = {
          mean: again.vector("mean", rig.read(mean)),
          variance: again.vector("variance", rig.read(variance)),
        };
        const z = again.inOut("x", x);
        const same = has ? { gamma: again.vector("gamma", g), beta: again.vector("beta", b) } : {};
        records.normalize(again.rig.builder, z, z, given, same, EPS);
        again.rig.run({ rows });
        expectBits(again.read(z), normalized, `${what} by given statistics`);
      }
    }
  });

  it.each(COLS)("batchNormBackward, %i columns", (cols) => {
    for (const rows of ROWS.filter((n) => n > 1)) {
      const [x, dy] = [spread(rows, rows, cols), floats(rows + 1, rows * cols) as Numbers];
      const g = floats(2, cols, 0.5, 2);
      const exact = oracle.columnStatistics(f64(rows, cols, x));
      const [mean, variance] = [Float32Array.from(exact.mean), Float32Array.from(exact.variance)];
      const { rig, input, inOut, vector, vectorOut, read } = blocks(build, { rows, cols });
      const [dx, dgamma, dbeta] = [inOut("dy", dy), vectorOut("dgamma"), vectorOut("dbeta")];
      const of = { mean: vector("mean", mean), variance: vector("variance", variance) };
      const gamma = vector("gamma", g);
      records.batchNormBackward(
        rig.builder,
        dx,
        input("x", x),
        dx,
        of,
        { gamma },
        { gamma: dgamma, beta: dbeta },
        EPS,
      );
      rig.run({ rows });
      const what = `${rows}×${cols}`;
      const run = <T>(A: chains.Arithmetic<T>, statistic: (exact: number, stored: number) => T) =>
        Array.from({ length: cols }, (_, j) =>
          chains.batchNormBackward(
            A,
            column(dy, cols, j).map(A.of),
            column(x, cols, j).map(A.of),
            statistic(exact.mean[j] as number, mean[j] as number),
            statistic(exact.variance[j] as number, variance[j] as number),
            A.of(g[j] as number),
            eps,
          ),
        );
      const bits = run(F32, (_, stored) => stored);
      expectBits(
        rig.read(dgamma),
        bits.map((c) => c.dgamma),
        `${what} dγ`,
      );
      expectBits(
        rig.read(dbeta),
        bits.map((c) => c.dbeta),
        `${what} dβ`,
      );
      expectBits(read(dx), transposed(bits.map((c) => c.dx)), `${what} dx`);
      const wanted = oracle.batchNormBackward(f64(rows, cols, dy), f64(rows, cols, x), g, eps);
      const bounded = run(BOUNDED, kept);
      expectWithin(rig.read(dgamma), wanted.dgamma, bound(bounded.map((c) => c.dgamma)), `${what} dγ`);
      expectWithin(rig.read(dbeta), wanted.dbeta, bound(bounded.map((c) => c.dbeta)), `${what} dβ`);
      expectWithin(read(dx), wanted.dx.data, bound(transposed(bounded.map((c) => c.dx))), `${what} dx`);
    }
  });

  it.each(shapes)("layerNorm, $rows × $cols", ({ rows, cols }) => {
    const [x, dy] = [spread(rows, rows, cols), floats(rows + 1, rows * cols) as Numbers];
    const [g, b] = [floats(2, cols, 0.5, 2), floats(3, cols)];
    const forward = blocks(build, { rows, cols });
    const y = forward.output("y");
    const statistics = forward.rig.output("statistics", rows + 2, 2, { batch: true });
    const own = { gamma: forward.vector("gamma", g), beta: forward.vector("beta", b) };
    records.layerNorm(forward.rig.builder, forward.input("x", x), y, statistics, own, EPS);
    forward.rig.run({ rows });
    const run = <T>(A: chains.Arithmetic<T>) =>
      Array.from({ length: rows }, (_, i) =>
        chains.layerNorm(A, row(x, cols, i).map(A.of), Array.from(g, A.of), Array.from(b, A.of), eps),
      );
    const [bits, bounded] = [run(F32), run(BOUNDED)];
    const stored = forward.rig.read(statistics).subarray(0, 2 * rows);
    expectBits(
      stored,
      bits.flatMap(({ mean, s }) => [mean, s]),
      "statistics",
    );
    expectBits(
      forward.read(y),
      bits.flatMap((r) => r.y),
      "y",
    );
    const wanted = oracle.layerNorm(f64(rows, cols, x), g, b, eps);
    if (cols > 1) expectWithin(forward.read(y), wanted.data, bound(bounded.flatMap((r) => r.y)), "y");

    const back = blocks(build, { rows, cols });
    const [dx, from] = [back.inOut("dy", dy), back.input("x", x)];
    const all = new Float32Array(2 * rows + 4).fill(Number.NaN);
    all.set(stored);
    const of = back.rig.input("statistics", rows + 2, 2, all, { batch: true });
    records.layerNormBackward(back.rig.builder, dx, from, dx, of, back.vector("gamma", g));
    back.rig.run({ rows });
    // what is kept is exact for these: its own rounding is the forward pass's affair
    const rows_ = <T>(A: chains.Arithmetic<T>) =>
      Array.from({ length: rows }, (_, i) => {
        const [mean, s] = [A.of(stored[2 * i] as number), A.of(stored[2 * i + 1] as number)];
        return chains.layerNormBackward(
          A,
          row(dy, cols, i).map(A.of),
          row(x, cols, i).map(A.of),
          mean,
          s,
          Array.from(g, A.of),
        );
      });
    expectBits(back.read(dx), rows_(F32).flat(), "dx");
    const exact = Array.from({ length: rows }, (_, i) => {
      const { mean, variance } = oracle.columnStatistics(f64(cols, 1, row(x, cols, i) as unknown as Numbers));
      const given = [mean[0] as number, 1 / Math.sqrt((variance[0] as number) + eps)] as const;
      const numbers = [
        kept(given[0], stored[2 * i] as number),
        kept(given[1], stored[2 * i + 1] as number),
      ] as const;
      const dyRow = row(dy, cols, i).map(BOUNDED.of);
      return chains.layerNormBackward(
        BOUNDED,
        dyRow,
        row(x, cols, i).map(BOUNDED.of),
        ...numbers,
        Array.from(g, BOUNDED.of),
      );
    });
    const gradient = oracle.layerNormBackward(f64(rows, cols, dy), f64(rows, cols, x), g, eps);
    expectWithin(back.read(dx), gradient.dx.data, bound(exact.flat()), "dx");

    for (const add of [false, true]) {
      const parameters = blocks(build, { rows, cols });
      const before = [floats(4, cols), floats(5, cols)] as const;
      const { rig } = parameters;
      const dgamma = rig.inOut("dgamma", 1, cols, before[0], { shift: 1 });
      const dbeta = rig.inOut("dbeta", 1, cols, before[1], { shift: 1 });
      const kept = rig.input("statistics", rows + 2, 2, all, { batch: true });
      const [g1, x1] = [parameters.input("dy", dy), parameters.input("x", x)];
      records.layerNormParameters(rig.builder, g1, x1, kept, { gamma: dgamma, beta: dbeta }, true);
      rig.prepare({ rows, add });
      rig.program.run();
      const sums = Array.from({ length: cols }, (_, j) => {
        const means = Array.from({ length: rows }, (_, i) => stored[2 * i] as number);
        const s = Array.from({ length: rows }, (_, i) => stored[2 * i + 1] as number);
        return chains.layerNormParameters(F32, column(dy, cols, j), column(x, cols, j), means, s);
      });
      const plus = (old: Float32Array, sum: number, j: number): number =>
        add ? Math.fround((old[j] as number) + sum) : sum;
      expectBits(
        rig.read(dgamma),
        sums.map((c, j) => plus(before[0], c.dgamma, j)),
        `dγ, add ${add}`,
      );
      expectBits(
        rig.read(dbeta),
        sums.map((c, j) => plus(before[1], c.dbeta, j)),
        `dβ, add ${add}`,
      );
    }
  });

  it("running statistics: rounded as they are written, and PyTorch's", () => {
    for (const rows of [2, 3, 128]) {
      const cols = 21;
      const [mean, variance] = [floats(1, cols), floats(2, cols, 0, 2)];
      const [oldMean, oldVariance] = [floats(3, cols), floats(4, cols, 0, 2)];
      const { rig, input, vector } = blocks(build, { rows, cols });
      const running = {
        mean: rig.inOut("running mean", 1, cols, oldMean, { shift: 1 }),
        variance: rig.inOut("running variance", 1, cols, oldVariance, { shift: 3 }),
      };
      const x = input("x", new Float32Array(rows * cols));
      const of = { mean: vector("mean", mean), variance: vector("variance", variance) };
      records.batchNormStatistics(rig.builder, x, of, running, 0.1);
      rig.run({ rows });
      const f = Math.fround;
      const [m, keep] = [f(0.1), f(1 - f(0.1))];
      const sample = f((m * rows) / (rows - 1));
      expectBits(
        rig.read(running.mean),
        oldMean.map((r, j) => f(keep * r) + f(m * (mean[j] as number))),
        "mean",
      );
      const wanted = oldVariance.map((r, j) => f(keep * r) + f(sample * (variance[j] as number)));
      expectBits(rig.read(running.variance), wanted, "variance");
    }
  });

  it("a NaN stays in its column, or its row", () => {
    const [rows, cols] = [9, 10];
    const x = floats(1, rows * cols) as Numbers;
    x[4 * cols + 7] = Number.NaN;
    const a = blocks(build, { rows, cols });
    const y = a.output("y");
    const kept = { mean: a.vectorOut("mean"), variance: a.vectorOut("variance") };
    records.batchNorm(a.rig.builder, a.input("x", x), y, kept, {}, EPS);
    a.rig.run({ rows });
    for (const [i, v] of a.read(y).entries()) expect(Number.isNaN(v), `element ${i}`).toBe(i % cols === 7);
    const b = blocks(build, { rows, cols });
    const z = b.output("y");
    const statistics = b.rig.output("statistics", rows + 2, 2, { batch: true });
    records.layerNorm(b.rig.builder, b.input("x", x), z, statistics, {}, EPS);
    b.rig.run({ rows });
    for (const [i, v] of b.read(z).entries())
      expect(Number.isNaN(v), `element ${i}`).toBe(Math.floor(i / cols) === 4);
  });
});
