// sgemm with pack: bit for bit the f32 chain in ascending k, whatever the layout, the edges, KC, MC and the number
// of threads; and within the derived bound of the f64 oracle.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { gamma, HALF_SUBNORMAL } from "../oracle/bounds.ts";
import { floats, SEED } from "../oracle/data.ts";
import { gemm, gemmChain } from "../oracle/gemm.ts";
import { expectBits, expectPoison, expectWithin } from "./compare.ts";
import { builds, Rig } from "./harness.ts";
import { ENDS, LAYOUTS, type ProductOptions, product } from "./products.ts";

const { TILE_M, TILE_N, GEMM_KC, GEMM_MC } = abi;
/** 0, 1, tile − 1, tile, tile + 1, a prime, and around the block of rows */
const SIZES_M = [0, 1, TILE_M - 1, TILE_M, TILE_M + 1, 31, GEMM_MC + 1];
const SIZES_N = [0, 1, TILE_N - 1, TILE_N, TILE_N + 1, 2 * TILE_N + 7];
const SIZES_K = [0, 1, 2, 5, GEMM_KC - 1, GEMM_KC, GEMM_KC + 1, 2 * GEMM_KC + 3];
/** one dimension near a thousand, the others odd */
const LONG: [number, number, number][] = [
  [1009, 13, 5],
  [4, 1009, 3],
  [5, 25, 1009],
  [2 * GEMM_MC - 1, 41, GEMM_KC + 44],
];

describe.each(builds)("sgemm, $name build", (build) => {
  const check = (m: number, n: number, k: number, options: ProductOptions): void => {
    const rig = new Rig(build);
    const { c, gemm, what } = product(rig, m, n, k, options);
    rig.run();
    expectBits(rig.read(c), gemmChain(gemm), what);
  };

  describe.each(LAYOUTS)(`%s: bits of the chain, 1, 2, 3 and 8 threads (seed ${SEED})`, (layout) => {
    it.each(SIZES_M)("m = %i against all n, k; ends and ways to share take turns", (m) => {
      let turn = m + LAYOUTS.indexOf(layout);
      for (const n of SIZES_N) {
        for (const k of SIZES_K) {
          check(m, n, k, {
            layout,
            end: ENDS[turn % ENDS.length]!,
            columns: turn % 2 === 0,
            alpha: turn % 3 ? 1 : -1.7,
          });
          turn++;
        }
      }
    });

    it.each(ENDS)("end %s at every kind of edge, shared by rows and by columns", (end) => {
      for (const columns of [false, true]) {
        for (const [m, n, k] of [
          [7, 29, 3],
          [3, 12, 257],
          [4, 11, 0],
          [2, 13, 256],
        ] as const) {
          check(m, n, k, { layout, end, columns });
        }
      }
    });

    it.each(LONG)("%i×%i×%i", (m, n, k) => check(m, n, k, { layout, end: "bias" }));
  });

  it("small whole numbers give exact results", () => {
    for (const layout of LAYOUTS) {
      for (const end of ENDS) {
        const rig = new Rig(build);
        const { c, gemm: g, what } = product(rig, 13, 37, 300, { layout, end, alpha: 2, whole: true });
        rig.run();
        expectBits(rig.read(c), gemm(g).value, what);
      }
    }
  });

  it("|ĉ − c| ≤ γ(k + 2)·(|α||A||B| + |bias| + |βC|), α = 1/3", () => {
    for (const end of ENDS) {
      for (const k of [1, 17, 256, 1009]) {
        const rig = new Rig(build);
        const { c, gemm: g, what } = product(rig, 7, 26, k, { end, alpha: 1 / 3 });
        rig.run();
        const { value, magnitude } = gemm({ ...g, alpha: Math.fround(1 / 3) });
        const bound = magnitude.map((x) => gamma(k + 2) * x + 2 * k * HALF_SUBNORMAL);
        expect(expectWithin(rig.read(c), value, bound, what)).toBeGreaterThan(0);
      }
    }
  });

  it("NaN and infinity stay in their row of A and their column of B", () => {
    const [m, n, k] = [8, 26, 5];
    for (const [badRow, badColumn] of [
      [0, 0],
      [4, 13],
      [7, 25],
    ] as const) {
      const rig = new Rig(build);
      const [a, b] = [floats(1, m * k), floats(2, k * n)];
      a[badRow * k + 2] = Number.NaN;
      b[3 * n + badColumn] = Number.POSITIVE_INFINITY;
      const c = rig.output("c", m, n, { ld: 32 });
      const panels = rig.output("panels", 1, 36 * k);
      rig.builder.sgemm(rig.input("a", m, k, a), rig.builder.pack(rig.input("b", k, n, b), false, panels), c);
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

describe.each(builds)("sgemm with fewer rows than the batch holds, $name build", (build) => {
  const [capacity, inputs, outputs] = [11, 14, 17];
  const x = floats(21, capacity * inputs);
  const dy = floats(22, capacity * outputs);
  const w = floats(23, inputs * outputs);

  it.each([0, 1, 6, 11])("rows = %i: forward, weight gradient and input gradient", (rows) => {
    const rig = new Rig(build);
    const { builder } = rig;
    const xs = rig.input("x", capacity, inputs, x, { ld: 16, batch: true });
    const dys = rig.input("dy", capacity, outputs, dy, { ld: 32, batch: true });
    const ws = rig.input("w", inputs, outputs, w, { ld: 32 });
    const y = rig.output("y", capacity, outputs, { ld: 32, batch: true });
    const dx = rig.output("dx", capacity, inputs, { ld: 16, batch: true });
    const dw = rig.output("dw", inputs, outputs, { ld: 32 });
    const panels = (name: string, n: number, k: number) =>
      rig.output(name, 1, Math.ceil(n / TILE_N) * TILE_N * k);
    builder.sgemm(xs, builder.pack(ws, false, panels("w", outputs, inputs)), y);
    builder.sgemm(dys, builder.pack(ws, true, panels("wᵀ", inputs, outputs)), dx);
    builder.sgemm(xs, builder.pack(dys, false, panels("dy", outputs, capacity)), dw, { transposeA: true });
    rig.run({ rows });

    const [a, b, d] = [
      { data: x, rs: inputs, cs: 1 },
      { data: w, rs: outputs, cs: 1 },
      { data: dy, rs: outputs, cs: 1 },
    ];
    const transposed = { data: w, rs: 1, cs: outputs };
    const expectRows = (t: typeof y, expected: Float32Array): void => {
      expectBits(rig.read(t).slice(0, rows * t.cols), expected, t.name);
      expectPoison(rig, t, rows);
    };
    expectRows(y, gemmChain({ m: rows, n: outputs, k: inputs, a, b }));
    expectRows(dx, gemmChain({ m: rows, n: inputs, k: outputs, a: d, b: transposed }));
    const at = { data: x, rs: 1, cs: inputs };
    expectBits(rig.read(dw), gemmChain({ m: inputs, n: outputs, k: rows, a: at, b: d }), "dw");
  });
});
