// Gradients that add up: with FLAG_ADD, sgemm and columnSums have the bits of β = 1 where HYPER_ADD is 1, and of β = 0 where it is 0,
// and then do not read what stands there.

import { describe, expect, it } from "vitest";
import { gamma } from "../oracle/bounds.ts";
import { floats, SEED } from "../oracle/data.ts";
import { expectBits, expectWithin } from "./compare.ts";
import { type Build, builds, gemmBuilds, Rig, relaxed } from "./harness.ts";

function product(build: Build, options: { beta?: number; add?: boolean }, add: number, c: Float32Array) {
  const [m, n, k] = [13, 21, 300];
  const rig = new Rig(build);
  const out = rig.inOut("c", m, n, c, { ld: 32 });
  const a = rig.input("a", k, m, floats(1, k * m), { ld: 16 });
  const b = rig.builder.inPlace(rig.input("b", k, n, floats(2, k * n), { ld: 48 }));
  rig.builder.sgemm(a, b, out, { transposeA: true, ...options });
  rig.run({ add: add === 1 });
  return rig.read(out);
}

describe.each(gemmBuilds)(`sgemm, $name build (seed ${SEED})`, (build) => {
  const c = floats(3, 13 * 21);
  it("adds where the run says so", () => {
    const sum = product(build, { add: true }, 1, c);
    expectBits(sum, product(build, { beta: 1 }, 0, c), "β = 1");
    expectBits(product(build, { beta: 1 }, 1, c), sum, "without the flag the run's word is nothing");
  });
  it("overwrites where it does not, NaN too", () => {
    const plain = product(build, {}, 1, c);
    expectBits(
      product(
        build,
        { add: true },
        0,
        c.map(() => Number.NaN),
      ),
      plain,
      "β = 0",
    );
    expect(plain).not.toEqual(product(build, { add: true }, 1, c));
  });
});

describe.each([...builds, relaxed])(`columnSums, $name build (seed ${SEED})`, (build) => {
  it.each([0, 1, 3, 4, 7, 16, 21, 100])("%i columns", (cols) => {
    const rows = 9;
    const [x, before] = [floats(1, rows * cols), floats(2, cols)];
    const sums = (add: number, y: Float32Array, flag = true): Float32Array<ArrayBuffer> => {
      const rig = new Rig(build);
      const out = rig.inOut("y", 1, cols, y, { shift: 1 });
      rig.builder.columnSums(rig.input("x", rows, cols, x), out, { add: flag });
      rig.run({ add: add === 1 });
      return rig.read(out);
    };
    const chain = (start: Float32Array): Float32Array =>
      start.map((first, j) => {
        let sum = first;
        for (let i = 0; i < rows; i++) sum = Math.fround(sum + (x[i * cols + j] as number));
        return sum;
      });
    const got = sums(1, before);
    expectBits(got, chain(before), "begun from what stands there");
    const [exact, size] = [Array.from(before), Array.from(before, Math.abs)];
    for (const [i, value] of x.entries()) {
      exact[i % cols] = (exact[i % cols] as number) + value;
      size[i % cols] = (size[i % cols] as number) + Math.abs(value);
    }
    expectWithin(
      got,
      exact,
      size.map((each) => gamma(rows) * each),
      "γ(rows)",
    );
    const plain = chain(new Float32Array(cols));
    expectBits(sums(0, new Float32Array(cols).fill(Number.NaN)), plain, "begun from +0");
    expectBits(sums(1, before, false), plain, "without the flag the run's word is nothing");
  });
});
