// What every op means: one function each, in f64, over an image of a program's memory in which every 4-byte word is an
// f64. Written from the op table's formulas and laid out like the records, not like the kernels; compared with and never
// trained with, so it may take the engine's own exp and log.

import * as abi from "../base/abi.ts";
import type { RowLoss } from "../base/spec.ts";
import { tileColumns } from "../base/tile.ts";
import { LAYERS } from "./meaning-layers.ts";
import { UPDATES } from "./meaning-updates.ts";

/** The copied memory. Operands are indices of words in it, 0 where one is left out. */
export interface Image {
  readonly f: Float64Array;
  /** the bits as they stand in the program's memory: class ids, indices */
  readonly i: Int32Array;
  readonly u8: Uint8Array;
  readonly scale: number;
  readonly lr: number;
  readonly correction1: number;
  readonly correction2: number;
  readonly first: number;
  /** see HYPER_ADD and HYPER_BATCH */
  readonly add: boolean;
  readonly batch: number;
  /** where the byte at an address of the program's memory stands, in bytes */
  place(address: number): number;
}

export type Execute = (m: Image, r: Args) => void;

/** A record's operands as word indices, its dimensions, strides and scalars, all present. */
export interface Args {
  readonly flags: number;
  readonly p: readonly number[];
  /** the operands' addresses in the program's memory */
  readonly addresses: readonly number[];
  readonly d: readonly number[];
  readonly s: readonly number[];
  readonly f: readonly number[];
  /** what a host record calls */
  readonly host?: RowLoss | undefined;
}

const at = (values: ArrayLike<number>, i: number): number => values[i] as number;
const sigma = (x: number): number => 1 / (1 + Math.exp(-x));

/** y ← f(x), element by element */
function unary(f: (x: number, a: number) => number): Execute {
  return (m, { p, d, s, f: scalars }) => {
    const a = at(scalars, 0);
    eachElement(d, (i, j) => {
      m.f[at(p, 1) + i * at(s, 1) + j] = f(at(m.f, at(p, 0) + i * at(s, 0) + j), a);
    });
  };
}

/** dx ← slope(saved)·dy */
function backward(slope: (saved: number, a: number) => number): Execute {
  return (m, { p, d, s, f }) => {
    const a = at(f, 0);
    eachElement(d, (i, j) => {
      const saved = at(m.f, at(p, 1) + i * at(s, 1) + j);
      m.f[at(p, 2) + i * at(s, 2) + j] = at(m.f, at(p, 0) + i * at(s, 0) + j) * slope(saved, a);
    });
  };
}

function eachElement(d: readonly number[], visit: (i: number, j: number) => void): void {
  for (let i = 0; i < at(d, 0); i++) for (let j = 0; j < at(d, 1); j++) visit(i, j);
}

/** Where row i of a gather stands in the image, in bytes. */
function picked(m: Image, { addresses, d }: Args, i: number, elementBytes: number): number {
  const index = at(m.i, m.place(at(addresses, 1) + 4 * (m.first + i)) / 4);
  return m.place(at(addresses, 0) + index * at(d, 1) * elementBytes);
}

const gather: Execute = (m, r) => {
  const { p, d, s } = r;
  for (let i = 0; i < at(d, 0); i++) {
    const from = picked(m, r, i, 4) / 4;
    const to = at(p, 2) + i * at(s, 2);
    m.f.copyWithin(to, from, from + at(d, 1));
    m.i.copyWithin(to, from, from + at(d, 1));
  }
};

const gatherU8: Execute = (m, r) => {
  const { p, d, s, f } = r;
  for (let i = 0; i < at(d, 0); i++) {
    const from = picked(m, r, i, 1);
    const to = at(p, 2) + i * at(s, 2);
    for (let j = 0; j < at(d, 1); j++) m.f[to + j] = at(m.u8, from + j) * at(f, 0) + at(f, 1);
  }
};

/** Where column j of a packed matrix of depth k begins in its panels of n columns. */
const inPanel = (k: number, n: number, j: number): number => {
  const panel = Math.floor(j / n);
  return panel * n * k + (j - panel * n);
};

const pack: Execute = ({ f }, { p, d, s, f: scalars }) => {
  const [k, n, width, alpha] = [at(d, 0), at(d, 1), at(d, 2), at(scalars, 0)];
  const [rs, cs] = [at(s, 0), at(s, 1)];
  for (let j = 0; j < Math.ceil(n / width) * width; j++) {
    let from = (at(p, 0) + j * cs) | 0;
    let to = (at(p, 1) + inPanel(k, width, j)) | 0;
    for (let row = 0; row < k; row++) {
      f[to] = j < n ? alpha * (f[from] as number) : 0;
      from += rs;
      to += width;
    }
  }
};

const sgemm: Execute = ({ f, add }, { flags, p, d, s, f: scalars }) => {
  const [rows, columns, k] = [at(d, 0), at(d, 1), at(d, 2)];
  const [cs, rsb] = [at(s, 1), at(s, 3)];
  const beta = (flags & abi.FLAG_ADD) !== 0 ? Number(add) : at(scalars, 0);
  const width = tileColumns(at(d, 3));
  const bias = (flags & abi.FLAG_BIAS) !== 0;
  const relu = (flags & abi.FLAG_RELU) !== 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const to = at(p, 2) + i * at(s, 2) + j;
      let sum = 0;
      if (bias) sum = at(f, at(p, 3) + j);
      else if (beta !== 0) sum = beta * at(f, to);
      // integers by declaration: as floating-point numbers, indices cost more than the product
      let a = (at(p, 0) + i * at(s, 0)) | 0;
      let b = (at(p, 1) + (rsb === 0 ? inPanel(k, width, j) : j)) | 0;
      for (let t = 0; t < k; t++) {
        sum += (f[a] as number) * (f[b] as number);
        a += cs;
        b += rsb === 0 ? width : rsb;
      }
      f[to] = relu && sum < 0 ? 0 : sum;
    }
  }
};

/** Largest element, and Σ e^(z − largest), of row i of a matrix. */
function exponentials(m: Image, start: number, n: number): { top: number; sum: number } {
  let top = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < n; j++) top = Math.max(top, at(m.f, start + j));
  let sum = 0;
  for (let j = 0; j < n; j++) sum += Math.exp(at(m.f, start + j) - top);
  return { top, sum };
}

const softmax: Execute = (m, { p, d, s }) => {
  for (let i = 0; i < at(d, 0); i++) {
    const [from, to] = [at(p, 0) + i * at(s, 0), at(p, 1) + i * at(s, 1)];
    const { top, sum } = exponentials(m, from, at(d, 1));
    for (let j = 0; j < at(d, 1); j++) m.f[to + j] = Math.exp(at(m.f, from + j) - top) / sum;
  }
};

const softmaxBackward: Execute = (m, { p, d, s }) => {
  for (let i = 0; i < at(d, 0); i++) {
    const [dy, y, dx] = [0, 1, 2].map((o) => at(p, o) + i * at(s, o)) as [number, number, number];
    let dot = 0;
    for (let j = 0; j < at(d, 1); j++) dot += at(m.f, dy + j) * at(m.f, y + j);
    for (let j = 0; j < at(d, 1); j++) m.f[dx + j] = at(m.f, y + j) * (at(m.f, dy + j) - dot);
  }
};

/** A row of a loss: where its numbers stand. */
interface LossRow {
  readonly z: number;
  readonly target: number;
  readonly dz: number;
  readonly n: number;
  readonly r: Args;
}

/** Calls `row`, which writes dz unscaled and returns the loss, for every row that has a weight. */
function loss(row: (m: Image, at: LossRow) => { loss: number; hit?: boolean }): Execute {
  return (m, r) => {
    const { p, d, s } = r;
    for (let i = 0; i < at(d, 0); i++) {
      const weight = at(p, 4) === 0 ? 1 : at(m.f, at(p, 4) + i);
      const dz = at(p, 2) + i * at(s, 2);
      const n = at(d, 1);
      let result: { loss: number; hit?: boolean } = { loss: 0 };
      if (weight === 0) m.f.fill(0, dz, dz + n);
      else result = row(m, { z: at(p, 0) + i * at(s, 0), target: at(p, 1) + i * at(s, 1), dz, n, r });
      for (let j = 0; j < n; j++) m.f[dz + j] = at(m.f, dz + j) * m.scale * weight;
      m.f[at(p, 3) + i] = weight === 0 ? 0 : weight * result.loss;
      if (at(p, 5) !== 0) m.i[at(p, 5) + i] = Number(result.hit ?? false);
    }
  };
}

/** −Σ q·ln softmax(z) against q(j), whose sum is `whole`; a class with q = 0 adds nothing. */
function crossEntropy(m: Image, { z, dz, n }: LossRow, q: (j: number) => number, whole: number): number {
  const { top, sum } = exponentials(m, z, n);
  let value = whole * Math.log(sum);
  for (let j = 0; j < n; j++) {
    const [x, weight] = [at(m.f, z + j), q(j)];
    if (weight !== 0) value += weight * (top - x);
    m.f[dz + j] = (whole * Math.exp(x - top)) / sum - weight;
  }
  return value;
}

/** Position of the first largest of n values */
function firstLargest(values: ArrayLike<number>, start: number, n: number): number {
  let best = 0;
  for (let j = 1; j < n; j++) if (at(values, start + j) > at(values, start + best)) best = j;
  return best;
}

const softmaxCrossEntropy = loss((m, row) => {
  const id = at(m.i, row.target);
  const hit = firstLargest(m.f, row.z, row.n) === id;
  return { loss: crossEntropy(m, row, (j) => Number(j === id), 1), hit };
});

const softCrossEntropy = loss((m, row) => {
  const { r, n, target } = row;
  const ids = (r.flags & abi.FLAG_IDS) !== 0;
  const wanted = ids ? at(m.i, target) : firstLargest(m.f, target, n);
  const weight = (j: number): number => (at(r.p, 6) === 0 ? 1 : at(m.f, at(r.p, 6) + j));
  const q = Array.from({ length: n }, (_, j) => {
    const t = ids ? Number(j === wanted) : at(m.f, target + j);
    return weight(j) * (at(r.f, 0) * t + at(r.f, 1));
  });
  const whole = at(r.p, 6) === 0 ? 1 : q.reduce((a, b) => a + b, 0);
  const hit = firstLargest(m.f, row.z, n) === wanted;
  return { loss: crossEntropy(m, row, (j) => at(q, j), whole), hit };
});

const bceWithLogits = loss((m, { z, target, dz, n, r }) => {
  let sum = 0;
  for (let j = 0; j < n; j++) {
    const [x, y] = [at(m.f, z + j), at(m.f, target + j)];
    const positive = (at(r.p, 6) === 0 ? 1 : at(m.f, at(r.p, 6) + j)) * y;
    const rest = Math.log1p(Math.exp(-Math.abs(x)));
    sum += positive * (Math.max(-x, 0) + rest) + (1 - y) * (Math.max(x, 0) + rest);
    m.f[dz + j] = sigma(x) * (positive + (1 - y)) - positive;
  }
  return { loss: sum };
});

/** A loss of differences: its value and slope at d, with the record's parameter a. */
function ofDifference(
  value: (d: number, a: number) => number,
  slope: (d: number, a: number) => number,
): Execute {
  return loss((m, { z, target, dz, n, r }) => {
    const a = at(r.f, 0);
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const d = at(m.f, z + j) - at(m.f, target + j);
      sum += value(d, a);
      m.f[dz + j] = slope(d, a);
    }
    return { loss: sum };
  });
}

const host: Execute = (m, { p, d, s, host }) => {
  if (host === undefined) throw new RangeError("a host record without a function");
  const n = at(d, 1);
  for (let i = 0; i < at(d, 0); i++) {
    const weight = at(p, 4) === 0 ? 1 : at(m.f, at(p, 4) + i);
    const row = (operand: number): Float64Array => {
      const start = at(p, operand) + i * at(s, operand);
      return m.f.slice(start, start + n);
    };
    m.f[at(p, 3) + i] = weight === 0 ? 0 : weight * host.loss(row(0), row(1));
    if (at(p, 2) === 0) continue;
    const gradient = new Float64Array(n);
    if (weight !== 0) host.gradient(row(0), row(1), gradient);
    for (let j = 0; j < n; j++) {
      m.f[at(p, 2) + i * at(s, 2) + j] = weight === 0 ? 0 : at(gradient, j) * m.scale * weight;
    }
  }
};

const rowHits: Execute = (m, { flags, p, d, s, f }) => {
  const n = at(d, 1);
  for (let i = 0; i < at(d, 0); i++) {
    const [z, t] = [at(p, 0) + i * at(s, 0), at(p, 1) + i * at(s, 1)];
    let hit = firstLargest(m.f, z, n) === firstLargest(m.f, t, n);
    if ((flags & abi.FLAG_EACH) !== 0) {
      hit = true;
      for (let j = 0; j < n; j++) hit &&= at(m.f, z + j) > at(f, 0) === at(m.f, t + j) > 0.5;
    }
    const counts = at(p, 4) === 0 || at(m.f, at(p, 4) + i) !== 0;
    m.i[at(p, 2) + i] = Number(hit && counts);
  }
};

const lossSum: Execute = (m, { p, d }) => {
  let [sum, hits] = [0, 0];
  for (let i = 0; i < at(d, 0); i++) {
    sum += at(m.f, at(p, 0) + i);
    if (at(p, 1) !== 0) hits += at(m.i, at(p, 1) + i);
  }
  m.f[at(p, 2)] = sum;
  m.i[at(p, 2) + (abi.HYPER_HITS - abi.HYPER_LOSS) / 4] = hits;
};

const columnSums: Execute = (m, { flags, p, d, s }) => {
  if ((flags & abi.FLAG_ADD) === 0 || !m.add) m.f.fill(0, at(p, 1), at(p, 1) + at(d, 1));
  eachElement(d, (i, j) => {
    m.f[at(p, 1) + j] = at(m.f, at(p, 1) + j) + at(m.f, at(p, 0) + i * at(s, 0) + j);
  });
};

/** Terms smaller than this share of a sum do not change it. */
const TINY = 1 / 2 ** 54;

/**
 * erf x: a series of positive terms up to 3, e^(−x²) times a continued fraction beyond. Good to some 10⁻¹⁵.
 * Source: Abramowitz, Stegun, 7.1.6 and 7.1.14.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x) || a > 6) return Number.isNaN(x) ? x : Math.sign(x);
  if (a <= 3) {
    let term = a;
    let sum = a;
    for (let n = 1; term > sum * TINY; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * sum * Math.exp(-a * a) * (2 / Math.sqrt(Math.PI));
  }
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / fraction / Math.sqrt(Math.PI));
}

/** Φ and φ, the normal distribution function and its density */
const normal = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const GELU = Math.sqrt(2 / Math.PI);
const inner = (x: number): number => Math.tanh(GELU * (x + 0.044715 * x * x * x));

function geluTanhSlope(x: number): number {
  const t = inner(x);
  return (1 + t + (1 - t * t) * x * GELU * (1 + 3 * 0.044715 * x * x)) / 2;
}

function siluSlope(x: number): number {
  const s = sigma(x);
  return s * (1 + x * (1 - s));
}

/** By op code: what each record means. */
export const EXECUTE: Readonly<Record<number, Execute>> = {
  [abi.OP_GATHER]: gather,
  [abi.OP_GATHER_U8]: gatherU8,
  [abi.OP_PACK]: pack,
  [abi.OP_SGEMM]: sgemm,
  [abi.OP_RELU_FORWARD]: unary((x) => (x < 0 ? 0 : x)),
  [abi.OP_RELU_BACKWARD]: backward((y) => (y <= 0 ? 0 : 1)),
  [abi.OP_SIGMOID_FORWARD]: unary(sigma),
  [abi.OP_SIGMOID_BACKWARD]: backward((y) => y * (1 - y)),
  [abi.OP_TANH_FORWARD]: unary(Math.tanh),
  [abi.OP_TANH_BACKWARD]: backward((y) => 1 - y * y),
  [abi.OP_LEAKY_RELU_FORWARD]: unary((x, slope) => (x > 0 ? x : slope * x)),
  [abi.OP_LEAKY_RELU_BACKWARD]: backward((y, slope) => (y > 0 ? 1 : slope)),
  [abi.OP_ELU_FORWARD]: unary((x, alpha) => (x > 0 ? x : alpha * Math.expm1(x))),
  [abi.OP_ELU_BACKWARD]: backward((y, alpha) => (y > 0 ? 1 : y + alpha)),
  [abi.OP_GELU_FORWARD]: unary((x) => x * normal(x)),
  [abi.OP_GELU_BACKWARD]: backward((x) => normal(x) + x * density(x)),
  [abi.OP_GELU_TANH_FORWARD]: unary((x) => (x / 2) * (1 + inner(x))),
  [abi.OP_GELU_TANH_BACKWARD]: backward(geluTanhSlope),
  [abi.OP_SILU_FORWARD]: unary((x) => x * sigma(x)),
  [abi.OP_SILU_BACKWARD]: backward(siluSlope),
  [abi.OP_SOFTPLUS_FORWARD]: unary(
    (x, beta) => (Math.max(beta * x, 0) + Math.log1p(Math.exp(-Math.abs(beta * x)))) / beta,
  ),
  [abi.OP_SOFTPLUS_BACKWARD]: backward((x, beta) => sigma(beta * x)),
  [abi.OP_SOFTMAX_FORWARD]: softmax,
  [abi.OP_SOFTMAX_BACKWARD]: softmaxBackward,
  [abi.OP_SOFTMAX_CROSS_ENTROPY]: softmaxCrossEntropy,
  [abi.OP_SOFT_CROSS_ENTROPY]: softCrossEntropy,
  [abi.OP_BCE_WITH_LOGITS]: bceWithLogits,
  [abi.OP_SQUARED_ERROR]: ofDifference(
    (d, a) => a * d * d,
    (d, a) => 2 * a * d,
  ),
  [abi.OP_ABSOLUTE_ERROR]: ofDifference(Math.abs, Math.sign),
  [abi.OP_HUBER_LOSS]: ofDifference(
    (d, delta) => (Math.abs(d) <= delta ? (d * d) / 2 : delta * (Math.abs(d) - delta / 2)),
    (d, delta) => Math.min(Math.max(d, -delta), delta),
  ),
  [abi.OP_ROW_HITS]: rowHits,
  [abi.OP_HOST]: host,
  [abi.OP_LOSS_SUM]: lossSum,
  [abi.OP_COLUMN_SUMS]: columnSums,
  ...UPDATES,
  ...LAYERS,
};
