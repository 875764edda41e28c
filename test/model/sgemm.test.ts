// xent.sgemm and xent.alloc: every option against the f64 oracle, in one memory and copied, and what they refuse.

import { describe, expect, it } from "vitest";
import type { SgemmOptions } from "../../src/model/matrices.ts";
import { init, type Xent } from "../../src/model/runtime.ts";
import { gamma, HALF_SUBNORMAL } from "../oracle/bounds.ts";
import { floats, SEED, source } from "../oracle/data.ts";
import { gemm, gemmChain } from "../oracle/gemm.ts";
import { refuses } from "../support/errors.ts";
import { memoriesMade } from "../support/memories.ts";

const fast = await init();
const strict = await init({ precision: "strict" });

interface Problem extends Required<SgemmOptions> {
  /** what C held before */
  readonly before: Float32Array;
}

/** Random operands; what lies between rows is NaN in A and B, and numbers in C. */
function problem(xent: Xent, sizes: Partial<SgemmOptions>, shared: boolean, seed: number): Problem {
  const { m = 0, n = 0, k = 0, transA = false, transB = false, alpha = 1, beta = 0 } = sizes;
  const [rowsA, colsA] = transA ? [k, m] : [m, k];
  const [rowsB, colsB] = transB ? [n, k] : [k, n];
  const { lda = colsA, ldb = colsB, ldc = n } = sizes;
  const lengths = [rowsA * lda, rowsB * ldb, m * ldc];
  const [a, b, c] = (shared ? xent.alloc(lengths) : lengths.map((length) => new Float32Array(length))) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const fill = (to: Float32Array, rows: number, cols: number, ld: number, by: number): void => {
    to.fill(Number.NaN);
    const values = floats(seed + by, rows * cols);
    for (let i = 0; i < rows; i++) to.set(values.subarray(i * cols, (i + 1) * cols), i * ld);
  };
  fill(a, rowsA, colsA, lda, 1);
  fill(b, rowsB, colsB, ldb, 2);
  c.set(floats(seed + 3, c.length));
  const before = c.slice();
  // β = 0 does not read C
  if (beta === 0) for (let i = 0; i < m; i++) c.fill(Number.NaN, i * ldc, i * ldc + n);
  return { m, n, k, a, b, c, transA, transB, alpha, beta, lda, ldb, ldc, before };
}

const operands = ({ transA, transB, lda, ldb, ldc, a, b, before, ...rest }: Problem) => ({
  ...rest,
  a: { data: a, rs: transA ? 1 : lda, cs: transA ? lda : 1 },
  b: { data: b, rs: transB ? 1 : ldb, cs: transB ? ldb : 1 },
  c: { data: before, rs: ldc, cs: 1 },
});

/** Multiplies and compares each element with f64 within its bound, and all else of C with what it was. */
function check(xent: Xent, p: Problem): void {
  const { before, ...options } = p;
  expect(xent.sgemm(options)).toBe(p.c);
  const { value, magnitude } = gemm(p.alpha === 0 ? { ...operands(p), k: 0 } : operands(p));
  const { m, n, k, ldc, c, alpha, beta, transA, transB } = p;
  const what = JSON.stringify({ m, n, k, transA, transB, alpha, beta, lda: p.lda, ldb: p.ldb, ldc });
  for (let at = 0; at < c.length; at++) {
    const [i, j] = [Math.floor(at / ldc), at % ldc];
    if (j >= n) {
      expect(c[at], `${what}: between rows, ${at}`).toBe(before[at]);
      continue;
    }
    const bound = gamma(k + 3) * (magnitude[i * n + j] as number) + 2 * (k + 1) * HALF_SUBNORMAL;
    const off = Math.abs((c[at] as number) - (value[i * n + j] as number));
    if (!(off <= bound)) expect.fail(`${what}: (${i}, ${j}) is off by ${off}, bound ${bound}`);
  }
}

describe.each([
  ["arrays of one alloc", true],
  ["any arrays", false],
])("sgemm of %s", (_, shared) => {
  it(`random sizes, strides, transposes, α and β (seed ${SEED})`, () => {
    const next = source(31);
    const below = (n: number): number => Math.floor(next() * n);
    for (let trial = 0; trial < 400; trial++) {
      const [m, n, k] = [below(30), below(70), below(trial % 8 === 0 ? 600 : 40)];
      const [transA, transB] = [below(2) === 1, below(2) === 1];
      const wider = (): number => (below(2) === 1 ? below(70) : 0);
      const ld = { lda: (transA ? m : k) + wider(), ldb: (transB ? k : n) + wider(), ldc: n + wider() };
      const alpha = [1, 1, 0, -0.75, 2][below(5)] as number;
      const beta = [0, 0, 1, 0.5, -2][below(5)] as number;
      check(fast, problem(fast, { m, n, k, transA, transB, alpha, beta, ...ld }, shared, trial));
    }
  });

  it.each([
    [513, 37, 70],
    [7, 2100, 128],
    [9, 17, 5000],
    [1, 1024, 300],
    [5, 1, 1],
    [1, 1, 9000],
  ])("%i×%i×%i, packed and in place, more than the panels hold", (m, n, k) => {
    for (const transB of [false, true])
      check(fast, problem(fast, { m, n, k, transB, beta: 1 }, shared, m + n));
    check(fast, problem(fast, { m, n, k, alpha: 0.5 }, shared, m + n));
  });

  it("strict: bits of the chain in ascending k, whatever is packed", () => {
    for (const [m, n, k] of [
      [31, 45, 300],
      [520, 9, 33],
      [3, 128, 2500],
    ] as const) {
      for (const transB of [false, true]) {
        const p = problem(strict, { m, n, k, transB, beta: 0.5 }, shared, m);
        strict.sgemm(withoutBefore(p));
        expect(p.c).toEqual(gemmChain(operands(p)));
      }
    }
  });
});

const withoutBefore = ({ before: _, ...options }: Problem): SgemmOptions => options;

describe("memory", () => {
  it("is read beyond the last row of a B in place, and ends behind that", () => {
    const [k, n] = [16, 4];
    const [probe] = fast.alloc([1]) as [Float32Array];
    // B ends where a page of the memory does
    const rest = 65536 - (probe.byteOffset % 65536) - 4 * (k + 16 + k * n);
    const [, a, c, b] = fast.alloc([rest / 4, k, n, k * n]) as Float32Array<ArrayBuffer>[] as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    expect((b.byteOffset + b.byteLength) % 65536).toBe(0);
    a.fill(1);
    b.forEach((_, i) => {
      b[i] = i % n;
    });
    fast.sgemm({ m: 1, n, k, a, b, c });
    expect([...c]).toEqual([0, k, 2 * k, 3 * k]);
  });

  it("holds more than its arrays, which is not for anyone", async () => {
    const [a, b, c] = fast.alloc([4, 4, 4]) as [Float32Array, Float32Array, Float32Array];
    const size = { m: 2, n: 2, k: 2 };
    const { buffer } = c;
    for (const at of [0, a.byteOffset - 16, buffer.byteLength - 16]) {
      const stray = new Float32Array(buffer, at, 4);
      await refuses(() => fast.sgemm({ ...size, a, b, c: stray }), "SHAPE", "c is a view of alloc's memory");
      await refuses(() => fast.sgemm({ ...size, a: stray, b, c }), "SHAPE", "a is a view of alloc's memory");
    }
    expect(fast.sgemm({ ...size, a: a.fill(1), b: b.fill(1), c: new Float32Array(4) })).toEqual(
      Float32Array.of(2, 2, 2, 2),
    );
  });

  it("one for all arrays of an alloc, and none for their products", async () => {
    const made = await memoriesMade(() => {
      const [a, b, c] = fast.alloc([6, 6, 4]) as [Float32Array, Float32Array, Float32Array];
      expect([a.buffer, b.buffer]).toEqual([c.buffer, c.buffer]);
      expect([a.length, b.length, c.length]).toEqual([6, 6, 4]);
      a.set([1, 2, 3, 4, 5, 6]);
      b.set([1, 0, 0, 1, 1, 1]);
      fast.sgemm({ m: 2, n: 2, k: 3, a, b, c });
      expect([...c]).toEqual([4, 5, 10, 11]);
      fast.sgemm({ m: 2, n: 2, k: 3, a, b, c, beta: 1 });
      expect([...c]).toEqual([8, 10, 20, 22]);
      expect([a.length, c.buffer.byteLength % 65536]).toEqual([6, 0]);
    });
    expect(made.length).toBe(1);
  });

  it("a memory is kept for the next call that copies, and grows by being replaced", async () => {
    const xent = await init();
    const call = (n: number) => () => {
      const of = (): Float32Array => new Float32Array(n * n).fill(1);
      expect(xent.sgemm({ m: n, n, k: n, a: of(), b: of(), c: of() })[0]).toBe(n);
    };
    expect((await memoriesMade(call(100))).length).toBe(1);
    expect((await memoriesMade(call(80))).length).toBe(0);
    expect((await memoriesMade(call(400))).length).toBe(1);
    expect((await memoriesMade(call(100))).length).toBe(0);
  });

  it("parts of allocated arrays are arrays too", () => {
    const [whole, c] = fast.alloc([40, 4]) as [Float32Array, Float32Array];
    whole.set(floats(5, 40));
    const [a, b] = [whole.subarray(3, 9), whole.subarray(11, 17)];
    fast.sgemm({ m: 2, n: 2, k: 3, a, b, c });
    const expected = gemm({ m: 2, n: 2, k: 3, a: { data: a, rs: 3, cs: 1 }, b: { data: b, rs: 2, cs: 1 } });
    for (const [i, value] of expected.value.entries()) expect(c[i]).toBeCloseTo(value, 6);
  });
});

describe("refusals", () => {
  // biome-ignore lint/suspicious/noExplicitAny: what the types forbid and JavaScript does not
  type Any = any;
  const f = (n: number): Float32Array => new Float32Array(n);
  const good = { m: 2, n: 3, k: 4, a: f(8), b: f(12), c: f(6) };
  const shared = f(20);
  it.each<[string, Any, "OPTION" | "SHAPE", string]>([
    ["no size", { ...good, m: undefined }, "OPTION", "sgemm: m is undefined"],
    ["a negative size", { ...good, k: -1 }, "OPTION", "k is -1"],
    ["an a that is an array", { ...good, a: [1, 2] }, "OPTION", "a is an array of 2"],
    ["an f64 c", { ...good, c: new Float64Array(6) }, "OPTION", "c is a Float64Array"],
    ["a short a", { ...good, a: f(7) }, "SHAPE", "a has 7 elements; [2, 4] needs 8"],
    [
      "a short b, transposed",
      { ...good, transB: true, ldb: 5, b: f(13) },
      "SHAPE",
      "[3, 4], rows 5 apart, needs 14",
    ],
    ["a stride below the width", { ...good, ldc: 2 }, "OPTION", "ldc is 2"],
    ["a transA that is no boolean", { ...good, transA: 1 }, "OPTION", "transA is 1"],
    ["an alpha that is no number", { ...good, alpha: "2" }, "OPTION", 'alpha is "2"'],
    ["a name in error", { ...good, transpose: true }, "OPTION", 'unknown option "transpose"'],
    [
      "a c that overlaps b",
      { ...good, b: shared, c: shared.subarray(11, 17) },
      "SHAPE",
      "c shares elements with b",
    ],
  ])("%s", async (_, options, code, piece) => {
    const before = [good.a, good.b, good.c].map((array) => array.slice());
    await refuses(() => fast.sgemm(options), code, piece);
    expect([good.a, good.b, good.c]).toEqual(before);
  });

  it.each<[Any, string]>([
    [12, "lengths are 12"],
    [[1, -1], "length 1 is -1"],
    [[1.5], "length 0 is 1.5"],
  ])("alloc(%o)", async (lengths, piece) => {
    await refuses(() => fast.alloc(lengths), "OPTION", piece);
  });

  it("more than a memory holds", async () => {
    await refuses(() => fast.alloc([2 ** 29, 2 ** 29]), "TOO_LARGE", "4 GiB and some bytes are needed");
  });
});
