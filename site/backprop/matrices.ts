// The same gradients for all weights at once, in matrix form: the lines of the text with the numbers of the current step.

import { T } from "./batch.ts";
import type { Rows, Snapshot } from "./lesson.ts";
import { SIZES } from "./parameters.ts";

export interface Line {
  /** what is computed, such as dW3 */
  readonly name: string;
  readonly result: Rows;
  /** by their names, with what stands between them */
  readonly operands: readonly (readonly [sign: string, name: string, values: Rows])[];
  /** behind them all */
  readonly end?: string;
  /** dW or db of this layer */
  readonly gradient?: { readonly kind: "weight" | "bias"; readonly layer: number };
}

/** From dZ back to dW1 and db1; weights `[in, out]` as in the text. */
export function matrixForm({ state, x, h1, h2, y }: Snapshot): Line[] {
  const n = x.length;
  const dz = map(y, (v, r, c) => (v - at(T, r, c)) / n);
  const w3 = turned(state["4.weight"]?.data ?? [], SIZES[2]);
  const w2 = turned(state["2.weight"]?.data ?? [], SIZES[1]);
  const dh2 = product(dz, transpose(w3));
  const ds2 = map(dh2, (v, r, c) => v * at(h2, r, c) * (1 - at(h2, r, c)));
  const dh1 = product(ds2, transpose(w2));
  const ds1 = map(dh1, (v, r, c) => v * at(h1, r, c) * (1 - at(h1, r, c)));
  return [
    {
      name: "dZ",
      result: dz,
      operands: [
        ["(", "Y", y],
        ["−", "T", T],
      ],
      end: `) / ${n}`,
    },
    ...gradients(3, "H2", h2, "dZ", dz),
    {
      name: "dH2",
      result: dh2,
      operands: [
        ["", "dZ", dz],
        ["·", "W3ᵀ", transpose(w3)],
      ],
    },
    slopes("S2", "H2", ds2, dh2, h2),
    ...gradients(2, "H1", h1, "dS2", ds2),
    {
      name: "dH1",
      result: dh1,
      operands: [
        ["", "dS2", ds2],
        ["·", "W2ᵀ", transpose(w2)],
      ],
    },
    slopes("S1", "H1", ds1, dh1, h1),
    ...gradients(1, "X", x, "dS1", ds1),
  ];
}

function gradients(layer: number, input: string, h: Rows, slope: string, ds: Rows): Line[] {
  const ones = [h.map(() => 1)];
  return [
    {
      name: `dW${layer}`,
      result: product(transpose(h), ds),
      operands: [
        ["", `${input}ᵀ`, transpose(h)],
        ["·", slope, ds],
      ],
      gradient: { kind: "weight", layer },
    },
    {
      name: `db${layer}`,
      result: product(ones, ds),
      operands: [
        ["", "1ᵀ", ones],
        ["·", slope, ds],
      ],
      gradient: { kind: "bias", layer },
    },
  ];
}

function slopes(s: string, h: string, ds: Rows, dh: Rows, values: Rows): Line {
  const rest = map(values, (v) => 1 - v);
  return {
    name: `d${s}`,
    result: ds,
    operands: [
      ["", `d${h}`, dh],
      ["∘", h, values],
      ["∘", `1 − ${h}`, rest],
    ],
  };
}

function at(rows: Rows, r: number, c: number): number {
  return rows[r]?.[c] ?? Number.NaN;
}

function map(rows: Rows, f: (value: number, r: number, c: number) => number): Rows {
  return rows.map((row, r) => row.map((value, c) => f(value, r, c)));
}

function transpose(rows: Rows): Rows {
  return (rows[0] ?? []).map((_, c) => rows.map((row) => row[c] ?? Number.NaN));
}

function product(a: Rows, b: Rows): Rows {
  const columns = transpose(b);
  return a.map((row) =>
    columns.map((column) => row.reduce((total, v, i) => total + v * (column[i] ?? Number.NaN), 0)),
  );
}

/** `[out, in]` of a state dict as `[in][out]` */
function turned(data: ArrayLike<number>, inputs: number): Rows {
  const all = Array.from(data);
  return transpose(
    Array.from({ length: all.length / inputs }, (_, out) => all.slice(out * inputs, (out + 1) * inputs)),
  );
}
