// Dropout: the mask is that of the oracle's generator, element by element, for any width, part of a batch and turn; the
// generator is the published one; prelu and sums of blocks: bits, and slopes within their bound of the oracle.

import { describe, expect, it } from "vitest";
import * as records from "../../src/program/layer-records.ts";
import { chance } from "../../src/program/meaning-layers.ts";
import { gamma } from "../oracle/bounds.ts";
import { floats, SEED } from "../oracle/data.ts";
import * as oracle from "../oracle/layers.ts";
import { expectBits, expectPoison, expectWithin } from "./compare.ts";
import { builds, Rig, relaxed } from "./harness.ts";

const f = Math.fround;
const COLS = [1, 3, 4, 5, 7, 8, 9, 12, 13, 16, 31, 100];
type Numbers = Float32Array<ArrayBuffer>;

it("13 rounds of Threefry-2x32 give the words that its authors publish (Random123, kat_vectors)", () => {
  const ones = 0xffffffff;
  const cases = [
    [
      [0, 0],
      [0, 0],
      [0x9d1c5ec6, 0x8bd50731],
    ],
    [
      [ones, ones],
      [ones, ones],
      [0xfd36d048, 0x2d17272c],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xba3e4725, 0xf27d669e],
    ],
  ] as const;
  for (const [key, counter, words] of cases) {
    expect(oracle.threefry(key, counter, 13)).toEqual(words);
    expect(chance(key[0], key[1], counter[0], counter[1])).toEqual(words);
  }
});

describe.each([...builds, relaxed])(`dropout, $name build (seed ${SEED})`, (build) => {
  const run = (
    rows: number,
    cols: number,
    x: Numbers,
    turn: number,
    seed: number,
    stream: number,
    p: number,
  ) => {
    const rig = new Rig(build);
    const options = { ld: cols + 3, shift: 1, batch: true };
    const y = rig.output("y", rows + 2, cols, { ...options, shift: 3 });
    const all = new Float32Array((rows + 2) * cols);
    all.set(x);
    records.dropout(rig.builder, rig.input("x", rows + 2, cols, all, options), y, { seed, stream, p });
    rig.run({ rows, batch: turn });
    expectPoison(rig, y, rows);
    return rig.read(y).subarray(0, rows * cols) as Numbers;
  };

  it.each(COLS)("%i columns: x / (1 − p) where the mask keeps it, else +0", (cols) => {
    for (const rows of [0, 1, 2, 7, 25]) {
      for (const [p, turn, seed, stream] of [
        [0.1, 0, 0, 5],
        [0.5, 1, 2 ** 32 - 1, 5 + 256 * 3],
        [0.9, 2 ** 32 - 1, 12345, 261],
      ] as const) {
        const x = floats(rows, rows * cols) as Numbers;
        const mask = oracle.dropoutMask(rows, cols, [seed, stream], turn, p);
        const scale = f(1 / (1 - p));
        const wanted = x.map((v, i) => (mask.data[i] === 1 ? f(v * scale) : 0));
        expectBits(run(rows, cols, x, turn, seed, stream, p), wanted, `${rows}×${cols}, p ${p}`);
      }
    }
  });

  it("what is dropped is +0, be it negative, infinite or NaN; p near 0 and near 1", () => {
    const x = Float32Array.from(
      { length: 64 },
      (_, i) => [-1, Number.NaN, Number.NEGATIVE_INFINITY][i % 3] as number,
    );
    const y = run(4, 16, x, 7, 1, 5, 0.5);
    const mask = oracle.dropoutMask(4, 16, [1, 5], 7, 0.5);
    for (const [i, v] of y.entries()) if (mask.data[i] === 0) expect(Object.is(v, 0)).toBe(true);
    const ones = new Float32Array(64).fill(1);
    expect(run(4, 16, ones, 7, 1, 5, 1e-12).every((v) => v === 1)).toBe(true);
    expect(run(4, 16, ones, 7, 1, 5, 1 - 2 ** -24).every((v) => v === 0)).toBe(true);
  });

  it("keeps its share of elements, and rows, columns, turns, seeds and layers have masks of their own", () => {
    const [rows, cols, p] = [200, 50, 0.3];
    const ones = new Float32Array(rows * cols).fill(1);
    const masks = [
      [0, 1, 5],
      [1, 1, 5],
      [0, 2, 5],
      [0, 1, 261],
    ].map(([turn, seed, stream]) =>
      run(rows, cols, ones, turn as number, seed as number, stream as number, p),
    );
    // six standard deviations of a sum of independent ones
    const far = 6 * Math.sqrt(rows * cols * p * (1 - p));
    for (const mask of masks)
      expect(Math.abs(mask.filter((v) => v > 0).length - rows * cols * (1 - p))).toBeLessThan(far);
    const both = (a: Numbers, b: Numbers): number => a.filter((v, i) => v > 0 && (b[i] as number) > 0).length;
    const together = (1 - p) ** 2;
    const apart = (a: Numbers, b: Numbers, n: number): void =>
      expect(Math.abs(both(a, b) - n * together)).toBeLessThan(6 * Math.sqrt(n * together * (1 - together)));
    const first = masks[0] as Numbers;
    for (const other of masks.slice(1)) apart(first, other, rows * cols);
    // neighbours: a row and the next, a column and the next, one of another vector, the other word of a block
    for (const by of [cols, 1, 4, 8]) {
      const n = rows * cols - by;
      apart(first.subarray(0, n) as Numbers, first.subarray(by) as Numbers, n);
    }
  });
});

describe.each([...builds, relaxed])(`prelu and add, $name build (seed ${SEED})`, (build) => {
  it.each(COLS)("%i columns", (cols) => {
    for (const rows of [1, 2, 7, 65, 131]) {
      for (const shared of [true, false]) {
        const [x, dy] = [floats(rows, rows * cols) as Numbers, floats(rows + 1, rows * cols) as Numbers];
        x[0] = 0;
        const slope = floats(2, shared ? 1 : cols, -0.5, 0.5);
        const a = (i: number): number => slope[shared ? 0 : i % cols] as number;
        const rig = new Rig(build);
        const input = (name: string, data: Numbers) =>
          rig.input(name, rows, cols, data, { ld: cols + 3, shift: 1 });
        const output = (name: string) => rig.output(name, rows, cols, { ld: cols + 2, shift: 3 });
        const [from, given] = [input("x", x), input("dy", dy)];
        const slopes = rig.input("slope", 1, slope.length, slope, { shift: 1 });
        const [y, dx, sum] = [output("y"), output("dx"), output("sum")];
        const dslope = rig.output("dslope", 1, cols, { shift: 1 });
        records.prelu(rig.builder, from, y, slopes);
        records.preluBackward(rig.builder, given, from, dx, slopes);
        records.preluSlope(rig.builder, given, from, dslope);
        records.add(rig.builder, from, given, sum);
        rig.run();
        const what = `${rows}×${cols}`;
        expectBits(
          rig.read(y),
          x.map((v, i) => (v > 0 ? v : f(a(i) * v))),
          `${what} y`,
        );
        expectBits(
          rig.read(dx),
          dy.map((d, i) => ((x[i] as number) > 0 ? d : f(a(i) * d))),
          `${what} dx`,
        );
        expectBits(
          rig.read(sum),
          x.map((v, i) => f(v + (dy[i] as number))),
          `${what} sum`,
        );
        // one rounding of each product, and those of sums in blocks of 64
        const of = (data: Numbers): oracle.Matrix => ({ rows, cols, data: Float64Array.from(data) });
        const exact = oracle.preluBackward(of(dy), of(x), new Float64Array(Math.max(cols, 2)));
        const roundings = Math.min(rows, 64) + Math.ceil(rows / 64) - 1;
        const bound = Array.from({ length: cols }, (_, j) => {
          let terms = 0;
          for (let i = j; i < x.length; i += cols)
            terms += Math.abs(Math.min(x[i] as number, 0) * (dy[i] as number));
          return gamma(roundings) * terms;
        });
        expectWithin(rig.read(dslope), exact.dslope.subarray(0, cols), bound, `${what} slopes`);
      }
    }
  });
});
