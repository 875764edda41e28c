// The 3-4-3-2 net of the texts, entry by entry, against the oracle's matrix form and against PyTorch: all 39
// gradients. test/nn/by-hand.test.ts holds the kernels against the same entries.

import { describe, expect, it } from "vitest";
import { netFixtures } from "../fixtures/read.ts";
import { run } from "./net.ts";
import { type Entries, seedText, singleEntries } from "./seed-text.ts";
import type { Targets } from "./spec.ts";

/** Entries are of the size of 0.01 to 1. */
const TOLERANCE = 1e-12;

const nets = netFixtures().filter(({ name }) => name.startsWith("3-4-3-2"));

it("there is one with class ids and one with probabilities", () => {
  expect(nets.map(({ targets }) => Object.keys(targets)[0])).toEqual(["ids", "values"]);
});

describe.each(nets)("$name", ({ layers, params, loss, x, rows, targets, first }) => {
  const entries: Entries = Object.fromEntries(
    Object.entries(params).flatMap(([layer, { weight, bias }]) => [
      [`${layer}.weight`, weight],
      [`${layer}.bias`, bias],
    ]),
  );
  const t = distributions(targets);
  const byHand = seedText(entries, x, t);

  it("has 12 + 4 + 12 + 3 + 6 + 2 entries, none of them so small that it says nothing", () => {
    expect(Object.values(byHand).map(({ length }) => length)).toEqual([12, 4, 12, 3, 6, 2]);
    for (const gradient of Object.values(byHand).flat()) expect(Math.abs(gradient)).toBeGreaterThan(1e-5);
  });

  it("gives what the matrix form gives", () => {
    expectEntries(byHand, run(layers, params, loss, x, rows, targets).gradients);
  });

  it("gives what PyTorch gives", () => {
    expectEntries(byHand, first.gradients);
  });

  it("gives the three entries that the text derives, row by row", () => {
    const mean = { w3_32: 0, w2_41: 0, w1_12: 0 };
    for (let r = 0; r < rows; r++) {
      const one = singleEntries(entries, x.subarray(3 * r, 3 * r + 3), t.slice(2 * r, 2 * r + 2));
      for (const name of ["w3_32", "w2_41", "w1_12"] as const) mean[name] += one[name] / rows;
    }
    // [out, in]: row of the unit it goes to, column of the unit it comes from
    const single = [mean.w3_32, mean.w2_41, mean.w1_12];
    const pytorch = [
      first.gradients["4.weight"]?.[1 * 3 + 2],
      first.gradients["2.weight"]?.[0 * 4 + 3],
      first.gradients["0.weight"]?.[1 * 3 + 0],
    ];
    expectEntries({ single }, { single: pytorch as number[] });
  });
});

/** One-hot rows of class ids. */
function distributions(targets: Targets): number[] {
  if ("values" in targets) return Array.from(targets.values);
  return Array.from(targets.ids).flatMap((id) => [0, 1].map((c) => Number(c === id)));
}

function expectEntries(
  got: Readonly<Record<string, readonly number[]>>,
  expected: Readonly<Record<string, ArrayLike<number>>>,
): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(got)) {
    expect(values.length, name).toBe(expected[name]?.length);
    for (const [i, v] of values.entries())
      expect(Math.abs(v - (expected[name]?.[i] as number)), `${name}[${i}]`).toBeLessThan(TOLERANCE);
  }
}
