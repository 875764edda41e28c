// The data of a piece of work, as files that every process reads: the same numbers for all, standard normal or MNIST's, and
// first weights as PyTorch draws them, uniform in ±1/√in. And what must come out of them, in f64.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random, STREAM_SHUFFLE, shuffle } from "../../src/base/random.ts";
import { readIdx } from "../../src/data/idx.ts";
import { open, training } from "../baselines/systems/plain.ts";
import type { Layer, Net, Rows } from "../baselines/systems/system.d.ts";
import { gamma } from "../gemm.ts";
import { bits, fillNormal } from "../random.ts";
import type { Work } from "./contestants.ts";

/** About what a second-level cache holds, and at least so many and at most so many batches. */
const BYTES = 3.2e6;
const [FEWEST, MOST] = [8, 512];

/** What the results of a piece of work are held against. */
export interface Expected {
  /** of the whole result, where it is a file: what is wrong with it, or undefined */
  result?(values: Float32Array): string | undefined;
  /** of steps 1 and 20 */
  losses?: readonly number[];
}

/** How far a loss may be off, by its own size: f32 gives some 1e-6 after 20 steps, a wrong formula far more. */
const LOSS_TOLERANCE = 1e-4;
/** The learning rate of steps whose losses are checked. */
export const CHECK_LR = { sgd: 0.1, adam: 0.001 } as const;
const PROBABILITY_TOLERANCE = 1e-5;

/** Writes the files of a piece of work and computes what must come out. */
export async function prepare(work: Work, folder: string): Promise<Expected> {
  const file = (name: string, values: ArrayBufferView): void => write(join(folder, name), values);
  if (work.kind === "gemm") {
    const { n } = work;
    const [a, b] = [normal(n, n, 1), normal(n, n, 2)];
    file("a", a);
    file("b", b);
    return { result: (c) => wrongProduct(n, a, b, c) };
  }
  const { net } = work;
  const layers = firstWeights(net, 1);
  file("weights", flat(layers));
  if (work.kind === "predict") {
    const x = normal(net.batch, net.widths[0] as number, 3);
    file("predict.x", x);
    const exact = await (await open({ threads: 1, backend: undefined })).predict?.(net, layers, x);
    const values = Float64Array.from((await exact?.run()) as Float32Array);
    return { result: (p) => wrongProbabilities(values, p) };
  }
  if (work.kind === "learn") throw new Error("a training run has files of its own: prepareLearning");
  // for a first step nobody makes more than its batch
  const data = rowsOf(net, work.kind === "first" ? 1 : MOST);
  file("train.x", data.x);
  file("train.y", data.y);
  return { losses: exactLosses(net, layers, data) };
}

/** MNIST, and for a seed the first weights and the order of rows in each epoch. */
export async function prepareLearning(folder: string, mnist: string): Promise<{ rows: number }> {
  const file = (name: string, values: ArrayBufferView): void => write(join(folder, name), values);
  let rows = 0;
  for (const [name, from] of [
    ["test", "t10k"],
    ["train", "train"],
  ] as const) {
    const images = await readIdx(readFileSync(join(mnist, `${from}-images-idx3-ubyte`)));
    const labels = await readIdx(readFileSync(join(mnist, `${from}-labels-idx1-ubyte`)));
    file(
      `${name}.x`,
      Float32Array.from(images.data, (byte) => byte / 255),
    );
    file(`${name}.y`, Int32Array.from(labels.data));
    rows = labels.data.length;
  }
  return { rows };
}

export function prepareSeed(
  folder: string,
  work: Extract<Work, { kind: "learn" }>,
  rows: number,
  seed: number,
): void {
  write(join(folder, "weights"), flat(firstWeights(work.net, seed)));
  const orders = new Uint32Array(rows * work.epochs);
  for (let epoch = 0; epoch < work.epochs; epoch++) {
    // the one that xent draws for itself
    shuffle(orders.subarray(epoch * rows, (epoch + 1) * rows), new Random(seed, STREAM_SHUFFLE, epoch));
  }
  write(join(folder, "orders"), orders);
}

function write(path: string, values: ArrayBufferView): void {
  writeFileSync(path, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

function normal(rows: number, cols: number, seed: number): Float32Array {
  const values = new Float32Array(rows * cols);
  fillNormal(values, rows, cols, cols, bits(seed));
  return values;
}

function firstWeights({ widths }: Net, seed: number): Layer[] {
  const random = bits(1000 + seed);
  return widths.slice(1).map((out, i) => {
    const bound = 1 / Math.sqrt(widths[i] as number);
    const draw = (count: number): Float32Array =>
      Float32Array.from({ length: count }, () => (2 * random.uniform() - 1) * bound);
    return { weight: draw(out * (widths[i] as number)), bias: draw(out) };
  });
}

/** Weight and bias of the first layer, of the second, and so on. */
function flat(layers: readonly Layer[]): Float32Array {
  return Float32Array.from(layers.flatMap(({ weight, bias }) => [...weight, ...bias]));
}

function rowsOf({ widths, batch }: Net, most: number): Rows {
  const [features, classes] = [widths[0] as number, widths.at(-1) as number];
  const batches =
    most === 1 ? 1 : Math.min(most, Math.max(FEWEST, Math.ceil(BYTES / (4 * features * batch))));
  const rows = batches * batch;
  const random = bits(5);
  return {
    x: normal(rows, features, 4),
    y: Int32Array.from({ length: rows }, () => random.below(classes)),
  };
}

function exactLosses(net: Net, layers: readonly Layer[], data: Rows): number[] {
  const exact = training(Float64Array, net, layers, data);
  const lr = CHECK_LR[net.optimizer];
  exact.steps(1, lr);
  const first = exact.loss() as number;
  exact.steps(19, lr);
  return [first, exact.loss() as number];
}

/** What is wrong with losses, or undefined. */
export function wrongLosses(exact: readonly number[], got: readonly number[]): string | undefined {
  const at = exact.findIndex(
    (loss, i) => !(Math.abs((got[i] ?? Number.NaN) - loss) <= LOSS_TOLERANCE * loss),
  );
  return at < 0 ? undefined : `the loss at step ${at === 0 ? 1 : 20} is ${got[at]}, expected ${exact[at]}`;
}

/** Whatever the order of its sums: |C − AB| ≤ γ(n)·|A||B|, and 2 more roundings on the way. */
function wrongProduct(n: number, a: Float32Array, b: Float32Array, c: Float32Array): string | undefined {
  const random = bits(n);
  for (let s = 0; s < 300; s++) {
    const [i, j] = [s % 3 === 0 ? n - 1 : random.below(n), s % 3 === 1 ? n - 1 : random.below(n)];
    let [exact, size] = [0, 0];
    for (let p = 0; p < n; p++) {
      const term = (a[i * n + p] as number) * (b[p * n + j] as number);
      exact += term;
      size += Math.abs(term);
    }
    const got = c[i * n + j] as number;
    if (!(Math.abs(got - exact) <= gamma(n + 2) * size)) return `C[${i}, ${j}] is ${got}, expected ${exact}`;
  }
  return undefined;
}

function wrongProbabilities(exact: Float64Array, got: Float32Array): string | undefined {
  if (got.length !== exact.length) return `${got.length} probabilities, expected ${exact.length}`;
  const at = exact.findIndex((p, i) => !(Math.abs((got[i] as number) - p) <= PROBABILITY_TOLERANCE));
  return at < 0 ? undefined : `probability ${at} is ${got[at]}, expected ${exact[at]}`;
}
