// rowHits: which rows of outputs name the class of their row of targets; ties, NaN, rows without weight, every tail.

import { describe, expect, it } from "vitest";
import { builds, Rig } from "./harness.ts";

const f = Math.fround;
const { NaN: NAN, POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: NINF } = Number;

describe.each(builds)("rowHits, $name build", (build) => {
  /** Rows of outputs against rows of targets. */
  function hits(
    z: number[][],
    t: number[][],
    each: boolean,
    cut = 0,
    weight?: number[],
    used = z.length,
  ): number[] {
    const rig = new Rig(build);
    const [rows, cols] = [z.length, (z[0] as number[]).length];
    const hit = rig.output("hit", rows, 1, { shift: 5, batch: true });
    rig.builder.rowHits(
      rig.input("z", rows, cols, Float32Array.from(z.flat()), { ld: cols + 3, shift: 1, batch: true }),
      rig.input("target", rows, cols, Float32Array.from(t.flat()), { ld: cols + 2, shift: 3, batch: true }),
      hit,
      weight && rig.input("weight", rows, 1, Float32Array.from(weight), { shift: 2, batch: true }),
      each,
      cut,
    );
    rig.run({ rows: used });
    return Array.from(rig.readInts(hit).subarray(0, used));
  }

  it("the largest: the first largest output stands where the first largest target does", () => {
    for (const n of [1, 2, 3, 4, 5, 9, 17]) {
      const row = (largest: number[]): number[] =>
        Array.from({ length: n }, (_, j) => (largest.includes(j) ? 2 : -1));
      for (let a = 0; a < n; a++) {
        for (let b = 0; b < n; b++) {
          // ties of a and the last among the outputs, then among the targets
          const [z, t] = [row([a]), row([b])];
          const tied = Math.min(a, n - 1);
          expect(
            hits([z, row([a, n - 1]), z], [t, t, row([b, n - 1])], false),
            `${n} outputs, ${a}, ${b}`,
          ).toEqual([a === b, tied === b, a === b].map(Number));
        }
      }
    }
  });

  it.each([0, 0.5])("each: every output above %f where its target is above ½, and only there", (cut) => {
    const [above, below] = [f(cut + 2 ** -20), f(cut - 2 ** -20)];
    for (const n of [1, 2, 3, 4, 5, 9]) {
      const t = Array.from({ length: n }, (_, j) => (j % 3 === 0 ? 1 : j % 3 === 1 ? 0 : 0.5));
      const right = t.map((v) => (v > 0.5 ? above : below));
      // on the cut itself is not above it
      const edge = right.map((v) => (v === below ? cut : v));
      for (let j = 0; j < n; j++) {
        const wrong = right.with(j, right[j] === above ? cut : above);
        expect(hits([right, edge, wrong], [t, t, t], true, cut), `${n} outputs, ${j} wrong`).toEqual([
          1, 1, 0,
        ]);
      }
    }
  });

  it.each([false, true])("each %s: NaN among outputs or targets, or weight 0, is no hit", (each) => {
    for (const n of [1, 2, 3, 5]) {
      const row = new Array<number>(n).fill(1);
      for (let j = 0; j < n; j++) {
        const bad = row.with(j, NAN);
        expect(hits([row, bad, row, bad], [row, row, bad, bad], each), `${n} outputs, NaN at ${j}`).toEqual([
          1, 0, 0, 0,
        ]);
      }
      expect(hits([row, row, row], [row, row, row], each, 0, [1, 0, 0.25])).toEqual([1, 0, 1]);
    }
  });

  it("outputs that are all −∞ count as a tie, +0 and −0 do, and infinities are the largest", () => {
    const t = [1, 0, 0];
    expect(
      hits(
        [
          [NINF, NINF, NINF],
          [-0, 0, -0],
          [3, INF, 3],
        ],
        [t, t, t],
        false,
      ),
    ).toEqual([1, 1, 0]);
  });

  it.each([0, 1, 2, 7])("only the first %i rows of a batch of 7 are written", (used) => {
    const z = Array.from({ length: 7 }, (_, i) => [i % 2, 0.5, 0]);
    const t = Array.from({ length: 7 }, () => [1, 0, 0]);
    expect(hits(z, t, false, 0, undefined, used)).toEqual(Array.from({ length: used }, (_, i) => i % 2));
  });
});
