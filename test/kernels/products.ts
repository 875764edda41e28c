// Sets up one product C ← α·A·B + β·C (or + bias, then relu) for the sgemm tests: stores A and B under a layout,
// emits pack and sgemm, and hands the same numbers to the oracles.

import * as abi from "../../src/base/abi.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import type { Packed } from "../../src/program/builder.ts";
import { floats, integers } from "../oracle/data.ts";
import type { Gemm, Matrix } from "../oracle/gemm.ts";
import type { Rig } from "./harness.ts";

/** How A and B stand in memory: row by row (N) or column by column (T); `any` has no stride of 1. */
export const LAYOUTS = ["NN", "TN", "NT", "any"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Ways for an element's chain to begin and end. */
export const ENDS = ["zero", "bias", "bias relu", "beta 1", "beta -0.75", "relu", "beta 1 relu"] as const;
export type End = (typeof ENDS)[number];

export interface ProductOptions {
  layout?: Layout;
  end?: End;
  alpha?: number;
  /** threads share columns of C (true) or rows (false); else what the builder thinks best */
  columns?: boolean;
  /** small whole numbers, whose products and sums are exact */
  whole?: boolean;
  seed?: number;
}

export interface Product {
  readonly c: Tensor;
  /** for the oracles */
  readonly gemm: Gemm;
  readonly what: string;
}

/** A matrix in the arena and what the oracle sees of it. */
interface Stored {
  readonly tensor: Tensor;
  readonly matrix: Matrix;
}

/** Declares and emits the product on a rig; run it, then compare rig.read(c) with an oracle of `gemm`. */
export function product(rig: Rig, m: number, n: number, k: number, options: ProductOptions = {}): Product {
  const {
    layout = "NN",
    end = "zero",
    alpha = 1,
    columns,
    whole = false,
    seed = m * 7919 + n * 131 + k,
  } = options;
  const numbers = (by: number, count: number): Float32Array =>
    whole ? Float32Array.from(integers(seed + by, count, -8, 8)) : floats(seed + by, count);

  const a = store(rig, "a", m, k, layout === "TN" ? "T" : layout === "any" ? "any" : "N", numbers(1, m * k));
  const b = store(rig, "b", k, n, layout === "NT" ? "T" : layout === "any" ? "any" : "N", numbers(2, k * n));
  const panels = rig.output("panels", 1, Math.ceil(n / abi.TILE_N) * abi.TILE_N * k, { shift: 3 });
  const bias = end.includes("bias") ? numbers(3, n) : undefined;
  const beta = end.includes("beta") ? Number(end.split(" ")[1]) : 0;
  const before = numbers(4, m * n);
  const ldc = n + 5;
  const c =
    beta === 0
      ? rig.output("c", m, n, { ld: ldc, shift: 1 })
      : rig.inOut("c", m, n, before, { ld: ldc, shift: 1 });
  const biasRow = bias && rig.input("bias", 1, n, bias, { shift: 7 });
  const relu = end.includes("relu");

  const { builder } = rig;
  if (layout === "any") {
    const strides = ({ matrix }: Stored): [number, number] => [matrix.rs, matrix.cs];
    builder.drafts.push(
      {
        op: abi.OP_PACK,
        flags: 0,
        operands: [b.tensor, panels],
        d: [k, n],
        s: strides(b),
        f: [alpha],
        label: "",
      },
      {
        op: abi.OP_SGEMM,
        flags: (biasRow ? abi.FLAG_BIAS : 0) | (relu ? abi.FLAG_RELU : 0),
        operands: [a.tensor, panels, c, biasRow, rig.scratch],
        d: [m, n, k],
        s: [...strides(a), ldc],
        f: [beta],
        label: "",
      },
    );
  } else {
    const packed: Packed = builder.pack(b.tensor, layout === "NT", panels, alpha);
    builder.sgemm(a.tensor, packed, c, {
      transposeA: layout === "TN",
      relu,
      beta,
      ...(biasRow && { bias: biasRow }),
    });
  }
  if (columns !== undefined) {
    const last = builder.drafts.pop()!;
    const flags = columns ? last.flags | abi.FLAG_COLUMNS : last.flags & ~abi.FLAG_COLUMNS;
    builder.drafts.push({ ...last, flags });
  }

  const gemm: Gemm = {
    m,
    n,
    k,
    a: a.matrix,
    b: b.matrix,
    alpha,
    beta,
    c: { data: before, rs: n, cs: 1 },
    bias,
    relu,
  };
  return { c, gemm, what: `${layout} ${end}, α ${alpha}, ${m}×${n}×${k}, columns ${columns}, seed ${seed}` };
}

/** Lays rows × cols values out as one layout asks. */
function store(
  rig: Rig,
  name: string,
  rows: number,
  cols: number,
  how: "N" | "T" | "any",
  values: Float32Array,
): Stored {
  if (how === "N") {
    const tensor = rig.input(name, rows, cols, values, { ld: cols + 3, shift: 1 });
    return { tensor, matrix: { data: values, rs: cols, cs: 1 } };
  }
  if (how === "T") {
    const tensor = rig.input(name, cols, rows, values, { ld: rows + 2, shift: 2 });
    return { tensor, matrix: { data: values, rs: 1, cs: rows } };
  }
  // every other element of a row, rows 2·cols + 3 apart; what lies between is NaN
  const rs = 2 * cols + 3;
  const spread = new Float32Array(rows * cols === 0 ? 0 : (rows - 1) * rs + 2 * cols - 1).fill(Number.NaN);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) spread[i * rs + 2 * j] = values[i * cols + j] as number;
  const tensor = rig.input(name, 1, spread.length, spread, { shift: 3 });
  return { tensor, matrix: { data: spread, rs, cs: 2 } };
}
