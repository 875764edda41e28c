// sgemm, with B packed and in place: bit for bit the f32 chain in ascending k, fused or not as the build has it, whatever
// the tile, the layout, the edges, the blocks and the number of threads; and within the derived bound of the f64 oracle.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { TILES, tileColumns, tileName, tileRows, wholeTiles } from "../../src/base/tile.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import type { Right } from "../../src/program/builder.ts";
import { gamma, HALF_SUBNORMAL } from "../oracle/bounds.ts";
import { floats, SEED } from "../oracle/data.ts";
import { gemm, gemmChain } from "../oracle/gemm.ts";
import { expectBits, expectPoison, expectWithin } from "./compare.ts";
import { type Build, builds, gemmBuilds, Rig, relaxed } from "./harness.ts";
import { ENDS, FORMS, type ProductOptions, product } from "./products.ts";

const { GEMM_KC, GEMM_MC } = abi;
const sorted = (sizes: number[]): number[] => [...new Set(sizes)].sort((a, b) => a - b);

/**
 * Rows: 0, 1, around a tile; what tiles of 6 cover with some of 5 (5, 10, 11, 16, 25) and what they do not (7, 9, 13, 19);
 * around the block of rows, from where on there are two, of the same size.
 */
const rowsOf = (tile: number): number[] => {
  const M = tileRows(tile);
  const few = [0, 1, M - 1, M, M + 1, 7, 9, 10, 11, 13, 16, 19, 25, 31];
  return sorted([...few, ...[-1, 0, 1, 2, 3, 4, 5].map((more) => GEMM_MC + more)]);
};
/** 0, 1, around a tile, and an odd number over two tiles. */
const columnsOf = (tile: number): number[] => {
  const N = tileColumns(tile);
  return [0, 1, N - 1, N, N + 1, 2 * N + 7];
};
/** Around the block of k: two blocks of 128 or 129 then, and three of 172 or 171. */
const SIZES_K = [0, 1, 2, 5, GEMM_KC - 1, GEMM_KC, GEMM_KC + 1, 2 * GEMM_KC + 3];
/** A single row goes through a kernel of its own, 32 columns at a time, where B is in place. */
const columnsOfRow = (tile: number): number[] => {
  const N = tileColumns(tile);
  return sorted([31, 32, 33, 63, 64, 65, 64 + N - 1, 64 + N, 64 + N + 1, 101]);
};
/** one dimension near a thousand, the others odd; and blocks of rows: two of 132 or 130, and three */
const longOf = (tile: number): [number, number, number][] => {
  const N = tileColumns(tile);
  return [
    [1009, 13, 5],
    [4, 1009, 3],
    [5, 25, 1009],
    [2 * GEMM_MC - 1, 41, GEMM_KC + 44],
    [2 * GEMM_MC, N - 1, 3],
    [2 * GEMM_MC + 1, N + 1, 3],
  ];
};

/**
 * Of so many products one is taken: every one in the first build; in the others every m, n and k in one of the forms, and
 * every form, n and k with some m.
 */
const thinned = (build: Build): number => (build === gemmBuilds[0] ? 1 : FORMS.length);

describe.each(gemmBuilds)("sgemm, $name build", (build) => {
  const { tile, fused } = build;
  const check = (m: number, n: number, k: number, options: ProductOptions): void => {
    const rig = new Rig(build);
    const { c, gemm, what } = product(rig, m, n, k, options);
    rig.run();
    expectBits(rig.read(c), gemmChain(gemm, fused), what);
  };

  describe.each(FORMS)(
    `$form: bits of the chain, 1, 2, 3 and 8 threads (seed ${SEED})`,
    ({ layout, inPlace }) => {
      const form = FORMS.findIndex((f) => f.layout === layout && f.inPlace === inPlace);
      /** Ends, ways to share and factors take turns. */
      const way = (turn: number): ProductOptions => ({
        layout,
        inPlace,
        end: ENDS[turn % ENDS.length]!,
        columns: turn % 2 === 0,
        alpha: turn % 3 === 0 && !inPlace ? -1.7 : 1,
      });

      it.each(rowsOf(tile))("m = %i against n and k", (m) => {
        const every = thinned(build);
        let turn = m + form;
        for (const n of columnsOf(tile)) {
          for (const k of SIZES_K) {
            if (turn % every === 0) check(m, n, k, way(turn / every));
            turn++;
          }
        }
      });

      it("every m up to 43, and every n up to two tiles and one", () => {
        let turn = form;
        for (let m = 0; m <= 43; m++) check(m, tileColumns(tile) + 3, 3, way(turn++));
        for (let n = 0; n <= 2 * tileColumns(tile) + 1; n++) check(tileRows(tile) + 2, n, 3, way(turn++));
      });

      it("m = 1 against n around 32 and 64, and k", () => {
        let turn = form;
        for (const n of columnsOfRow(tile)) {
          for (const k of SIZES_K) {
            check(1, n, k, way(turn));
            turn++;
          }
        }
      });

      it.each(ENDS)("end %s at every kind of edge, shared by rows and by columns", (end) => {
        const [M, N] = [tileRows(tile), tileColumns(tile)];
        for (const columns of [false, true]) {
          for (const [m, n, k] of [
            [M + 1, 2 * N + 5, 3],
            [M, N, 257],
            [M - 1, N - 1, 0],
            [2, N + 1, 256],
            [1, 2 * N + 37, 258],
          ] as const) {
            check(m, n, k, { layout, inPlace, end, columns });
          }
        }
      });

      it.each(longOf(tile))("%i×%i×%i", (m, n, k) => check(m, n, k, { layout, inPlace, end: "bias" }));
    },
  );

  it("small whole numbers give exact results", () => {
    for (const { layout, inPlace } of FORMS) {
      for (const end of ENDS) {
        const rig = new Rig(build);
        const alpha = inPlace ? 1 : 2;
        const { c, gemm: g, what } = product(rig, 13, 37, 300, { layout, inPlace, end, alpha, whole: true });
        rig.run();
        expectBits(rig.read(c), gemm(g).value, what);
      }
    }
  });

  it("|ĉ − c| ≤ γ(k + 2)·(|α||A||B| + |bias| + |βC|), α = 1/3 or B in place", () => {
    for (const end of ENDS) {
      for (const k of [1, 17, 256, 1009]) {
        for (const inPlace of [false, true]) {
          const alpha = inPlace ? 1 : 1 / 3;
          const rig = new Rig(build);
          const { c, gemm: g, what } = product(rig, 7, 26, k, { end, inPlace, alpha });
          rig.run();
          const { value, magnitude } = gemm({ ...g, alpha: Math.fround(alpha) });
          const bound = magnitude.map((x) => gamma(k + 2) * x + 2 * k * HALF_SUBNORMAL);
          expect(expectWithin(rig.read(c), value, bound, what)).toBeGreaterThan(0);
        }
      }
    }
  });

  it("B in place whose rows are not padded to whole tiles is refused", () => {
    const N = tileColumns(tile);
    for (const [n, ld] of [
      [N, N],
      [N + 1, 2 * N],
      [2, N],
    ] as const) {
      const rig = new Rig(build);
      const b = (stride: number): Tensor => rig.output("b", 3, n, { ld: stride });
      expect(rig.builder.inPlace(b(ld)).stride).toBe(ld);
      if (ld > n) expect(() => rig.builder.inPlace(b(ld - 1))).toThrow(RangeError);
    }
  });

  it("NaN and infinity stay in their row of A and their column of B", () => {
    const [m, n, k] = [8, 26, 5];
    for (const [badRow, badColumn, inPlace] of [
      [0, 0, false],
      [4, 13, true],
      [7, 25, false],
      [7, 25, true],
    ] as const) {
      const rig = new Rig(build);
      const [a, b] = [floats(1, m * k), floats(2, k * n)];
      a[badRow * k + 2] = Number.NaN;
      b[3 * n + badColumn] = Number.POSITIVE_INFINITY;
      const c = rig.output("c", m, n, { ld: 32 });
      const [as, bs] = [rig.input("a", m, k, a), rig.input("b", k, n, b, { ld: 32 })];
      rig.builder.sgemm(as, inPlace ? rig.builder.inPlace(bs) : packed(rig, bs, false), c);
      rig.run();
      const actual = rig.read(c);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          const element = actual[i * n + j] as number;
          const kind = i === badRow ? "NaN" : j === badColumn ? "infinite" : "finite";
          const is = Number.isNaN(element) ? "NaN" : Number.isFinite(element) ? "finite" : "infinite";
          expect(is, `(${i}, ${j}) is ${element}`).toBe(kind);
        }
      }
    }
  });
});

/** Declares panels for B and emits pack. */
function packed(rig: Rig, b: Tensor, transpose: boolean): Right {
  const { builder } = rig;
  const [k, n] = transpose ? [b.cols, b.rows] : [b.rows, b.cols];
  return builder.pack(b, transpose, rig.output(`panels of ${b.name}`, 1, wholeTiles(builder.tile, n) * k));
}

describe.each([...builds, relaxed])(`the bits of an element, $name build (seed ${SEED})`, (build) => {
  // two blocks of rows, two of k
  const [rows, columns, k] = [GEMM_MC + 12, 75, GEMM_KC + 3];
  const [a, b] = [floats(41, rows * k), floats(42, k * columns)];
  const [bias, before] = [floats(43, columns), floats(44, rows * columns)];
  const part = (x: Float32Array, width: number, i0: number, j0: number, m: number, n: number): Float32Array =>
    Float32Array.from({ length: m * n }, (_, at) => {
      return x[(i0 + Math.floor(at / n)) * width + j0 + (at % n)] as number;
    });

  it.each(["bias", "β = 1"])(
    "are those of one chain: no tile, packing, share, m or n changes them, %s",
    (start) => {
      const whole = gemmChain(
        {
          m: rows,
          n: columns,
          k,
          a: { data: a, rs: k, cs: 1 },
          b: { data: b, rs: columns, cs: 1 },
          c: { data: before, rs: columns, cs: 1 },
          ...(start === "bias" ? { bias } : { beta: 1 }),
        },
        build.fused,
      );
      for (const tile of TILES) {
        for (const inPlace of [true, false]) {
          for (const byColumns of [true, false]) {
            for (const [i0, j0, m, n] of [
              [0, 0, rows, columns],
              [0, 0, 1, columns],
              [rows - 1, 7, 1, 64],
              [3, 5, 7, 33],
              [60, 40, 66, 9],
              [71, 74, 20, 1],
              [130, 58, 10, 16],
            ] as const) {
              const rig = new Rig({ ...build, tile });
              const { builder } = rig;
              const as = rig.input("a", m, k, part(a, k, i0, 0, m, k));
              const bs = rig.input("b", k, n, part(b, columns, 0, j0, k, n), { ld: wholeTiles(tile, n) });
              const options = { ld: n + 3, shift: 3 };
              const c =
                start === "bias"
                  ? rig.output("c", m, n, options)
                  : rig.inOut("c", m, n, part(before, columns, i0, j0, m, n), options);
              builder.sgemm(
                as,
                inPlace ? builder.inPlace(bs) : packed(rig, bs, false),
                c,
                start === "bias" ? { bias: rig.input("bias", 1, n, bias.slice(j0, j0 + n)) } : { beta: 1 },
              );
              const last = builder.drafts.pop()!;
              const flags = byColumns ? last.flags | abi.FLAG_COLUMNS : last.flags & ~abi.FLAG_COLUMNS;
              builder.drafts.push({ ...last, flags });
              rig.run();
              const what = `${tileName(tile)}, in place ${inPlace}, by columns ${byColumns}, ${m}×${n} from (${i0}, ${j0})`;
              expectBits(rig.read(c), part(whole, columns, i0, j0, m, n), what);
            }
          }
        }
      }
    },
  );
});

describe.each(gemmBuilds)("sgemm with fewer rows than the batch holds, $name build", (build) => {
  const [capacity, inputs, outputs] = [11, 14, 17];
  const x = floats(21, capacity * inputs);
  const dy = floats(22, capacity * outputs);
  const w = floats(23, inputs * outputs);

  it.each([0, 1, 6, 11])("rows = %i: forward, weight gradient and input gradient", (rows) => {
    for (const inPlace of [false, true]) {
      const rig = new Rig(build);
      const { builder } = rig;
      const xs = rig.input("x", capacity, inputs, x, { ld: 16, batch: true });
      const dys = rig.input("dy", capacity, outputs, dy, { ld: 32, batch: true });
      const ws = rig.input("w", inputs, outputs, w, { ld: 32 });
      const y = rig.output("y", capacity, outputs, { ld: 32, batch: true });
      const dx = rig.output("dx", capacity, inputs, { ld: 16, batch: true });
      const dw = rig.output("dw", inputs, outputs, { ld: 32 });
      const right = (t: Tensor): Right => (inPlace ? builder.inPlace(t) : packed(rig, t, false));
      builder.sgemm(xs, right(ws), y);
      builder.sgemm(dys, packed(rig, ws, true), dx);
      builder.sgemm(xs, right(dys), dw, { transposeA: true });
      rig.run({ rows });

      const [a, b, d] = [
        { data: x, rs: inputs, cs: 1 },
        { data: w, rs: outputs, cs: 1 },
        { data: dy, rs: outputs, cs: 1 },
      ];
      const transposed = { data: w, rs: 1, cs: outputs };
      const chain = (g: Parameters<typeof gemmChain>[0]): Float32Array => gemmChain(g, build.fused);
      const expectRows = (t: Tensor, expected: Float32Array): void => {
        expectBits(rig.read(t).slice(0, rows * t.cols), expected, `${t.name}, in place ${inPlace}`);
        expectPoison(rig, t, rows);
      };
      expectRows(y, chain({ m: rows, n: outputs, k: inputs, a, b }));
      expectRows(dx, chain({ m: rows, n: inputs, k: outputs, a: d, b: transposed }));
      const at = { data: x, rs: 1, cs: inputs };
      expectBits(
        rig.read(dw),
        chain({ m: inputs, n: outputs, k: rows, a: at, b: d }),
        `dw, in place ${inPlace}`,
      );
    }
  });
});
