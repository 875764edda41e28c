// pack: panels as wide as a tile of α·B, bit for bit, columns beyond the last exactly +0.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { tileColumns, wholeTiles } from "../../src/base/tile.ts";
import { floats, SEED } from "../oracle/data.ts";
import { expectBits } from "./compare.ts";
import { gemmBuilds, POISON, Rig } from "./harness.ts";

/** Of a tile only the width matters: 8 or 16. */
const packBuilds = gemmBuilds.filter(({ tile }) => [abi.TILE_5X8, abi.TILE_6X16].includes(tile));
const SIZES_K = [0, 1, 2, 3, 4, 5, 13, 257];
const SIZES_N = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 23, 24, 25, 31, 32, 33, 61];

/** Element (p, j) of a k × n matrix stands at p·rs + j·cs. */
const STRIDES = {
  "rows contiguous": (_k: number, n: number) => [n + 3, 1],
  "columns contiguous": (k: number, _n: number) => [1, k + 2],
  "any stride": (k: number, n: number) => [2, 2 * k + n + 1],
  "rows and columns contiguous": (_k: number, _n: number) => [1, 1],
} as const;

/** Panel ⌊j/N⌋, row p, column j mod N, in panels of N columns. */
function panels(
  N: number,
  k: number,
  n: number,
  alpha: number,
  element: (p: number, j: number) => number,
): Float32Array {
  const out = new Float32Array(Math.ceil(n / N) * N * k);
  for (let j = 0; j < n; j++) {
    for (let p = 0; p < k; p++) {
      out[Math.floor(j / N) * N * k + p * N + (j % N)] = Math.fround(alpha) * element(p, j);
    }
  }
  return out;
}

describe.each(packBuilds)(`pack, $name build (seed ${SEED})`, (build) => {
  const { tile } = build;
  const N = tileColumns(tile);
  describe.each(Object.entries(STRIDES))("%s", (_, strides) => {
    it.each([1, -0.3, 0])("α = %f", (alpha) => {
      for (const k of SIZES_K) {
        for (const n of SIZES_N) {
          const [rs, cs] = strides(k, n) as [number, number];
          // only what belongs to B is finite: an element read beside it shows
          const values = new Float32Array(k * n === 0 ? 0 : (k - 1) * rs + (n - 1) * cs + 1).fill(Number.NaN);
          const numbers = floats(k * 100 + n, k * n);
          for (let p = 0; p < k; p++)
            for (let j = 0; j < n; j++) values[p * rs + j * cs] = numbers[p * n + j] as number;

          const rig = new Rig(build);
          const b = rig.input("b", 1, values.length, values, { shift: 1 });
          const out = rig.output("panels", 1, wholeTiles(tile, n) * k, { shift: 3 });
          rig.builder.drafts.push({
            op: abi.OP_PACK,
            flags: 0,
            operands: [b, out],
            d: [k, n, N],
            s: [rs, cs],
            f: [alpha],
            label: "",
          });
          rig.run();
          const expected = panels(N, k, n, alpha, (p, j) => values[p * rs + j * cs] as number);
          expectBits(rig.read(out), expected, `${k}×${n}, α ${alpha}`);
        }
      }
    });
  });

  it.each(["infinite", "NaN"])("an α that is %s does not reach the padding", (kind) => {
    const alpha = kind === "NaN" ? Number.NaN : Number.POSITIVE_INFINITY;
    for (const transpose of [false, true]) {
      for (const n of [5, 6, 7, 13, 15, 18]) {
        const rig = new Rig(build);
        const b = transpose ? rig.input("b", n, 6, floats(1, 6 * n)) : rig.input("b", 6, n, floats(1, 6 * n));
        const out = rig.output("panels", 1, wholeTiles(tile, n) * 6);
        rig.builder.pack(b, transpose, out, alpha);
        rig.run();
        const actual = rig.readInts(out);
        for (const [at, word] of actual.entries()) {
          const j = Math.floor(at / (N * 6)) * N + (at % N);
          if (j >= n) expect(word, `column ${j} of ${n}, element ${at}`).toBe(0);
        }
      }
    }
  });

  it.each([0, 1, 5, 13])("the first %i rows of a batch of 13, as rows and as columns of B", (rows) => {
    const cols = 17;
    const x = floats(3, 13 * cols);
    for (const transpose of [false, true]) {
      const rig = new Rig(build);
      const [k, n] = transpose ? [cols, rows] : [rows, cols];
      const b = rig.input("x", 13, cols, x, { ld: 19, batch: true });
      const size = transpose ? wholeTiles(tile, 13) * cols : wholeTiles(tile, cols) * 13;
      const out = rig.output("panels", 1, size);
      rig.builder.pack(b, transpose, out);
      rig.run({ rows });
      const expected = panels(N, k, n, 1, (p, j) => x[transpose ? j * cols + p : p * cols + j] as number);
      expectBits(rig.read(out).slice(0, expected.length), expected, `transpose ${transpose}`);
      const rest = rig.readInts(out).subarray(expected.length);
      expect(
        rest.findIndex((word) => word !== POISON),
        "written beyond the batch",
      ).toBe(-1);
    }
  });
});
