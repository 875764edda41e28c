// What is measured: the nets, the squares, the products that a net's training step is made of, and what each
// is called. Names are part of the JSON contract.

/** A multilayer perceptron and the batch it is trained with. */
export interface Net {
  /** features, hidden widths, classes */
  readonly widths: readonly number[];
  readonly batch: number;
  readonly activation: "relu" | "sigmoid";
}

/** How the operands lie in memory: NN A[m, k]·B[k, n], TN A[k, m]ᵀ·B[k, n], NT A[m, k]·B[n, k]ᵀ. */
export type Form = "NN" | "TN" | "NT";

/** C[m, n] ← A·B with depth k. */
export interface Product {
  readonly form: Form;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export const NETS: readonly Net[] = [
  { widths: [784, 128, 10], batch: 128, activation: "relu" },
  { widths: [784, 512, 256, 10], batch: 128, activation: "relu" },
  { widths: [784, 30, 10], batch: 10, activation: "sigmoid" },
  { widths: [64, 32, 10], batch: 32, activation: "sigmoid" },
  { widths: [4, 16, 3], batch: 16, activation: "sigmoid" },
];

export const SQUARES: readonly Product[] = [64, 128, 256, 512, 1024].map((n) => ({
  form: "NN",
  m: n,
  n,
  k: n,
}));

/** A record of no rows, which several threads are handed. */
export const HAND_OFF = "empty record";
/** Products of which each thread repeats its own part. */
export const CEILING = "without barriers";

/** `784-128-10 b128 relu` */
export function netName({ widths, batch, activation }: Net): string {
  return `${widths.join("-")} b${batch} ${activation}`;
}

/** `step 784-128-10 b128 relu sgd` */
export function stepName(net: Net): string {
  return `step ${netName(net)} sgd`;
}

/** `gemm 512x512x512 NN`: m, n, k and the form. */
export function productName({ form, m, n, k }: Product): string {
  return `gemm ${m}x${n}x${k} ${form}`;
}

/**
 * The products of one training step, layer by layer: forward NN, weight gradient TN, and input gradient NT, which
 * the first layer does not need.
 */
export function products({ widths, batch }: Net): Product[] {
  return widths.slice(1).flatMap((out, layer) => {
    const inputs = widths[layer] as number;
    const list: Product[] = [
      { form: "NN", m: batch, n: out, k: inputs },
      { form: "TN", m: inputs, n: out, k: batch },
    ];
    if (layer > 0) list.push({ form: "NT", m: batch, n: inputs, k: out });
    return list;
  });
}

/** Floating-point operations of a product: a multiplication and an addition for every (i, j, p). */
export function productFlops({ m, n, k }: Product): number {
  return 2 * m * n * k;
}

/** Floating-point operations of a step's products; gather, activations, loss and update are not counted. */
export function stepFlops(net: Net): number {
  return products(net).reduce((sum, product) => sum + productFlops(product), 0);
}
