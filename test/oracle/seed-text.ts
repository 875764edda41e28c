// The worked example of the texts behind this project: a 3-4-3-2 net with sigmoid hidden layers, softmax and cross
// entropy. Every gradient entry is a sum over the paths that lead from it to the outputs, with no matrix in sight;
// net.ts has the matrix form. Imports nothing.

const [INPUTS, FIRST, SECOND, OUTPUTS] = [3, 4, 3, 2] as const;

/** Weights `[out, in]` and biases, by the names of a state dict. */
export type Entries = Readonly<Record<string, ArrayLike<number>>>;

/** Forward through one row, unit by unit, and its distribution over the classes. */
interface Row {
  readonly x: ArrayLike<number>;
  readonly t: ArrayLike<number>;
  readonly h1: readonly number[];
  readonly h2: readonly number[];
  readonly y: readonly number[];
}

/**
 * Gradients of E = −(1/n) Σ_rows Σ_c t_c ln y_c, all 39 entries.
 *
 * @param p  `"0.weight"` `[4, 3]` … `"4.bias"` `[2]`
 * @param x  `[rows, 3]`
 * @param t  `[rows, 2]`, one-hot or any distribution
 */
export function seedText(p: Entries, x: ArrayLike<number>, t: ArrayLike<number>): Record<string, number[]> {
  /** weights by where they come from and go to: input i → first j → second k → output c */
  const w1 = (i: number, j: number): number => at(p["0.weight"], j * INPUTS + i);
  const w2 = (j: number, k: number): number => at(p["2.weight"], k * FIRST + j);
  const w3 = (k: number, c: number): number => at(p["4.weight"], c * SECOND + k);

  /** s1_j = b1_j + Σ_i x_i·w1_ij, s2_k = b2_k + Σ_j h1_j·w2_jk, z_c = b3_c + Σ_k h2_k·w3_kc */
  function forward(r: number): Row {
    const input = each(INPUTS, (i) => at(x, r * INPUTS + i));
    const h1 = each(FIRST, (j) => sigma(at(p["0.bias"], j) + sum(INPUTS, (i) => at(input, i) * w1(i, j))));
    const h2 = each(SECOND, (k) => sigma(at(p["2.bias"], k) + sum(FIRST, (j) => at(h1, j) * w2(j, k))));
    const z = each(OUTPUTS, (c) => at(p["4.bias"], c) + sum(SECOND, (k) => at(h2, k) * w3(k, c)));
    const total = sum(OUTPUTS, (c) => Math.exp(at(z, c)));
    return {
      x: input,
      t: each(OUTPUTS, (c) => at(t, r * OUTPUTS + c)),
      h1,
      h2,
      y: z.map((v) => Math.exp(v) / total),
    };
  }
  const rows = each(x.length / INPUTS, forward);

  /** ∂E/∂z_c of one row, times n: y_c − t_c, because the softmax and the logarithm cancel */
  const output = (r: Row, c: number): number => at(r.y, c) - at(r.t, c);
  /** ∂E/∂s2_k: from unit k of the second hidden layer, over both outputs */
  const second = (r: Row, k: number): number =>
    sum(OUTPUTS, (c) => output(r, c) * w3(k, c)) * at(r.h2, k) * (1 - at(r.h2, k));
  /** ∂E/∂s1_j: from unit j of the first hidden layer, over every unit of the second and both outputs */
  const first = (r: Row, j: number): number =>
    sum(
      SECOND,
      (k) => sum(OUTPUTS, (c) => output(r, c) * w3(k, c)) * at(r.h2, k) * (1 - at(r.h2, k)) * w2(j, k),
    ) *
    at(r.h1, j) *
    (1 - at(r.h1, j));
  const mean = (f: (r: Row) => number): number => rows.reduce((total, r) => total + f(r), 0) / rows.length;

  return {
    // ∂E/∂w1_ij = mean of ∂E/∂s1_j · x_i
    "0.weight": table(FIRST, INPUTS, (j, i) => mean((r) => first(r, j) * at(r.x, i))),
    "0.bias": each(FIRST, (j) => mean((r) => first(r, j))),
    // ∂E/∂w2_jk = mean of ∂E/∂s2_k · h1_j
    "2.weight": table(SECOND, FIRST, (k, j) => mean((r) => second(r, k) * at(r.h1, j))),
    "2.bias": each(SECOND, (k) => mean((r) => second(r, k))),
    // ∂E/∂w3_kc = mean of ∂E/∂z_c · h2_k
    "4.weight": table(OUTPUTS, SECOND, (c, k) => mean((r) => output(r, c) * at(r.h2, k))),
    "4.bias": each(OUTPUTS, (c) => mean((r) => output(r, c))),
  };
}

/** The three single entries that the text derives, for one row, with every index written down. */
export interface SingleEntries {
  /** from the third unit of the second hidden layer to the second output */
  readonly w3_32: number;
  /** from the fourth unit of the first hidden layer to the first of the second */
  readonly w2_41: number;
  /** from the first input to the second unit of the first hidden layer */
  readonly w1_12: number;
}

/** `p` and `x`, `t` as in `seedText`; the first row of x alone. */
export function singleEntries(p: Entries, x: ArrayLike<number>, t: ArrayLike<number>): SingleEntries {
  /** output of unit `to`, counted from 1, before its sigmoid: from all units of the layer below */
  const s = (layer: number, to: number, from: readonly number[]): number =>
    from.reduce(
      (total, v, i) => total + v * at(p[`${layer}.weight`], (to - 1) * from.length + i),
      at(p[`${layer}.bias`], to - 1),
    );
  const input = [at(x, 0), at(x, 1), at(x, 2)];
  const h1 = [1, 2, 3, 4].map((j) => sigma(s(0, j, input)));
  const h2 = [1, 2, 3].map((k) => sigma(s(2, k, h1)));
  const [x1, h12, h14] = [at(input, 0), at(h1, 1), at(h1, 3)];
  const [h21, h22, h23] = [at(h2, 0), at(h2, 1), at(h2, 2)];
  const [e1, e2] = [Math.exp(s(4, 1, h2)), Math.exp(s(4, 2, h2))];
  const [y1, y2] = [e1 / (e1 + e2), e2 / (e1 + e2)];
  const [t1, t2] = [at(t, 0), at(t, 1)];

  const [w3_11, w3_21, w3_31] = [at(p["4.weight"], 0), at(p["4.weight"], 1), at(p["4.weight"], 2)];
  const [w3_12, w3_22, w3_32] = [at(p["4.weight"], 3), at(p["4.weight"], 4), at(p["4.weight"], 5)];
  const [w2_21, w2_22, w2_23] = [at(p["2.weight"], 1), at(p["2.weight"], 5), at(p["2.weight"], 9)];
  const d21 = ((y1 - t1) * w3_11 + (y2 - t2) * w3_12) * h21 * (1 - h21);
  const d22 = ((y1 - t1) * w3_21 + (y2 - t2) * w3_22) * h22 * (1 - h22);
  const d23 = ((y1 - t1) * w3_31 + (y2 - t2) * w3_32) * h23 * (1 - h23);
  return {
    w3_32: (y2 - t2) * h23,
    w2_41: d21 * h14,
    w1_12: (d21 * w2_21 + d22 * w2_22 + d23 * w2_23) * h12 * (1 - h12) * x1,
  };
}

function at(values: ArrayLike<number> | undefined, i: number): number {
  return values?.[i] as number;
}

function sigma(s: number): number {
  return 1 / (1 + Math.exp(-s));
}

function sum(n: number, f: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += f(i);
  return total;
}

function each<T>(n: number, f: (i: number) => T): T[] {
  return Array.from({ length: n }, (_, i) => f(i));
}

function table(n: number, m: number, f: (i: number, j: number) => number): number[] {
  return each(n * m, (e) => f(Math.floor(e / m), e % m));
}
