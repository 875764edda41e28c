// Sets up one product C ← α·A·B + β·C (or + bias, then relu) for the sgemm tests: stores A and B under a layout, leaves B
// where it stands or emits pack, emits sgemm, and hands the same numbers to the oracles.

import * as abi from "../../src/base/abi.ts";
import { tileColumns, tileName, wholeTiles } from "../../src/base/tile.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import { floats, integers } from "../oracle/data.ts";
import type { Gemm, Matrix } from "../oracle/gemm.ts";
import type { Rig } from "./harness.ts";

/** How A and B stand in memory: row by row (N) or column by column (T); `any` has no stride of 1. */
const LAYOUTS = ["NN", "TN", "NT", "any"] as const;
export type Layout = (typeof LAYOUTS)[number];

/**
 * Layouts, and whether B is packed or read in place, which it can be where its rows are runs: then `any` says how A stands,
 * and B is N. The padding of B's rows is NaN up to whole tiles and beyond.
 */
export const FORMS: readonly { layout: Layout; inPlace: boolean; form: string }[] = [
  ...LAYOUTS.map((layout) => ({ layout, inPlace: false, form: `${layout}, B packed` })),
  ...(["NN", "TN", "any"] as const).map((layout) => ({
    layout,
    inPlace: true,
    form: `${layout}, B in place`,
  })),
];

/** Ways for an element's chain to begin and end. */
export const ENDS = ["zero", "bias", "bias relu", "beta 1", "beta -0.75", "relu", "beta 1 relu"] as const;
export type End = (typeof ENDS)[number];

export interface ProductOptions {
  layout?: Layout;
  inPlace?: boolean;
  end?: End;
  /** a packed B only */
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
    inPlace = false,
    end = "zero",
    alpha = 1,
    columns,
    whole = false,
    seed = m * 7919 + n * 131 + k,
  } = options;
  const numbers = (by: number, count: number): Float32Array =>
    whole ? Float32Array.from(integers(seed + by, count, -8, 8)) : floats(seed + by, count);
  const { builder } = rig;
  const { tile } = builder;

  const a = store(rig, "a", m, k, layout === "TN" ? "T" : layout === "any" ? "any" : "N", numbers(1, m * k));
  const howB = layout === "NT" ? "T" : layout === "any" && !inPlace ? "any" : "N";
  const b = store(rig, "b", k, n, howB, numbers(2, k * n), inPlace ? wholeTiles(tile, n) : n);
  const bias = end.includes("bias") ? numbers(3, n) : undefined;
  const beta = end.includes("beta") ? Number(end.split(" ")[1]) : 0;
  const before = beta === 0 ? new Float32Array(m * n) : numbers(4, m * n);
  const ldc = n + 5;
  const c =
    beta === 0
      ? rig.output("c", m, n, { ld: ldc, shift: 1 })
      : rig.inOut("c", m, n, before, { ld: ldc, shift: 1 });
  const biasRow = bias && rig.input("bias", 1, n, bias, { shift: 7 });
  const relu = end.includes("relu");

  const right = (): { tensor: Tensor; stride: number } => {
    if (inPlace) {
      if (howB !== "N" || alpha !== 1) throw new RangeError(`${layout}, α ${alpha}: not in place`);
      return builder.inPlace(b.tensor);
    }
    const panels = rig.output("panels", 1, wholeTiles(tile, n) * k, { shift: 3 });
    if (layout !== "any") return builder.pack(b.tensor, layout === "NT", panels, alpha);
    builder.drafts.push({
      op: abi.OP_PACK,
      flags: 0,
      operands: [b.tensor, panels],
      d: [k, n, tileColumns(tile)],
      s: [b.matrix.rs, b.matrix.cs],
      f: [alpha],
      label: "",
    });
    return { tensor: panels, stride: 0 };
  };
  const { tensor, stride } = right();
  if (layout === "any") {
    builder.drafts.push({
      op: abi.OP_SGEMM,
      flags: (biasRow ? abi.FLAG_BIAS : 0) | (relu ? abi.FLAG_RELU : 0),
      operands: [a.tensor, tensor, c, biasRow, rig.scratch],
      d: [m, n, k, tile],
      s: [a.matrix.rs, a.matrix.cs, ldc, stride],
      f: [beta],
      label: "",
    });
  } else {
    builder.sgemm(a.tensor, { tensor, k, n, stride, batchDepth: false }, c, {
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
  const form = `${layout} ${inPlace ? "in place" : "packed"} ${end}, α ${alpha}`;
  const what = `${tileName(tile)}, ${form}, ${m}×${n}×${k}, columns ${columns}, seed ${seed}`;
  return { c, gemm, what };
}

/** Lays rows × cols values out as one layout asks; rows that are runs have room for `across` elements and three more. */
function store(
  rig: Rig,
  name: string,
  rows: number,
  cols: number,
  how: "N" | "T" | "any",
  values: Float32Array,
  across = cols,
): Stored {
  if (how === "N") {
    const tensor = rig.input(name, rows, cols, values, { ld: across + 3, shift: 1 });
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
