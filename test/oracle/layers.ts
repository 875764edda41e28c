// Norms, prelu, dropout and residual blocks in f64, and nets that have them, forward and backward by hand. Parameters go by
// their names in a state dict, [out, in]. Nothing is drawn: masks are given. Imports nothing from src/.

import { lossOf } from "./losses.ts";
import { activate, activateBackward } from "./pointwise.ts";
import { softmax, softmaxBackward } from "./rows.ts";
import { type LayerSpec, type LossSpec, pointwise, type Targets } from "./spec.ts";

/** A matrix row by row. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

export const matrix = (rows: number, cols: number, f: (i: number, j: number) => number): Matrix => {
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) data[i * cols + j] = f(i, j);
  return { rows, cols, data };
};
export const at = ({ cols, data }: Matrix, i: number, j: number): number => data[i * cols + j] as number;

const sum = (n: number, f: (i: number) => number): number => {
  let total = 0;
  for (let i = 0; i < n; i++) total += f(i);
  return total;
};
const vector = (n: number, f: (j: number) => number): Float64Array =>
  Float64Array.from({ length: n }, (_, j) => f(j));

/** A number for each column; 1 or 0 where there is none. */
type Columns = ArrayLike<number> | undefined;
const pick = (columns: Columns, j: number, missing: number): number => columns?.[j] ?? missing;

export interface Statistics {
  readonly mean: Float64Array;
  /** biased */
  readonly variance: Float64Array;
}

/** Mean and variance of every column. */
export function columnStatistics(x: Matrix): Statistics {
  const mean = vector(x.cols, (j) => sum(x.rows, (i) => at(x, i, j)) / x.rows);
  const variance = vector(
    x.cols,
    (j) => sum(x.rows, (i) => (at(x, i, j) - (mean[j] as number)) ** 2) / x.rows,
  );
  return { mean, variance };
}

/** γ·(x − μ) / √(σ² + ε) + β by statistics of columns */
export function normalize(
  x: Matrix,
  { mean, variance }: Statistics,
  gamma: Columns,
  beta: Columns,
  eps: number,
): Matrix {
  return matrix(x.rows, x.cols, (i, j) => {
    const normal = (at(x, i, j) - (mean[j] as number)) / Math.sqrt((variance[j] as number) + eps);
    return pick(gamma, j, 1) * normal + pick(beta, j, 0);
  });
}

/** By the chain rule through mean and variance: dσ², dμ, dx of Ioffe and Szegedy, section 3. */
export function batchNormBackward(dy: Matrix, x: Matrix, gamma: Columns, eps: number) {
  const { mean, variance } = columnStatistics(x);
  const n = x.rows;
  const away = (i: number, j: number): number => at(x, i, j) - (mean[j] as number);
  const root = (j: number): number => Math.sqrt((variance[j] as number) + eps);
  const dNormal = (i: number, j: number): number => at(dy, i, j) * pick(gamma, j, 1);
  const dVariance = vector(x.cols, (j) => (-0.5 * sum(n, (i) => dNormal(i, j) * away(i, j))) / root(j) ** 3);
  const dMean = vector(
    x.cols,
    (j) =>
      -sum(n, (i) => dNormal(i, j)) / root(j) -
      (2 * (dVariance[j] as number) * sum(n, (i) => away(i, j))) / n,
  );
  return {
    dx: matrix(
      n,
      x.cols,
      (i, j) =>
        dNormal(i, j) / root(j) + (2 * (dVariance[j] as number) * away(i, j)) / n + (dMean[j] as number) / n,
    ),
    dgamma: vector(x.cols, (j) => sum(n, (i) => (at(dy, i, j) * away(i, j)) / root(j))),
    dbeta: vector(x.cols, (j) => sum(n, (i) => at(dy, i, j))),
  };
}

/** Running statistics after a batch: PyTorch's, the variance by n − 1. */
function runningStatistics(running: Statistics, x: Matrix, momentum: number): Statistics {
  const { mean, variance } = columnStatistics(x);
  const move = (old: Float64Array, to: Float64Array, factor: number): Float64Array =>
    old.map((value, j) => (1 - momentum) * value + momentum * factor * (to[j] as number));
  return {
    mean: move(running.mean, mean, 1),
    variance: move(running.variance, variance, x.rows / (x.rows - 1)),
  };
}

const turned = (x: Matrix): Matrix => matrix(x.cols, x.rows, (i, j) => at(x, j, i));

/** Rows are the columns of the transpose. */
export function layerNorm(x: Matrix, gamma: Columns, beta: Columns, eps: number): Matrix {
  const normal = turned(normalize(turned(x), columnStatistics(turned(x)), undefined, undefined, eps));
  return matrix(x.rows, x.cols, (i, j) => pick(gamma, j, 1) * at(normal, i, j) + pick(beta, j, 0));
}

export function layerNormBackward(dy: Matrix, x: Matrix, gamma: Columns, eps: number) {
  const normal = layerNorm(x, undefined, undefined, eps);
  const dNormal = matrix(x.rows, x.cols, (i, j) => at(dy, i, j) * pick(gamma, j, 1));
  return {
    dx: turned(batchNormBackward(turned(dNormal), turned(x), undefined, eps).dx),
    dgamma: vector(x.cols, (j) => sum(x.rows, (i) => at(dy, i, j) * at(normal, i, j))),
    dbeta: vector(x.cols, (j) => sum(x.rows, (i) => at(dy, i, j))),
  };
}

/** x above 0, a·x below; a number for each column, or one */
export function prelu(x: Matrix, slope: ArrayLike<number>): Matrix {
  return matrix(x.rows, x.cols, (i, j) => {
    const v = at(x, i, j);
    return v > 0 ? v : (slope[slope.length === 1 ? 0 : j] as number) * v;
  });
}

export function preluBackward(dy: Matrix, x: Matrix, slope: ArrayLike<number>) {
  const dx = matrix(x.rows, x.cols, (i, j) =>
    at(x, i, j) > 0 ? at(dy, i, j) : (slope[slope.length === 1 ? 0 : j] as number) * at(dy, i, j),
  );
  const byColumn = vector(x.cols, (j) => sum(x.rows, (i) => Math.min(at(x, i, j), 0) * at(dy, i, j)));
  return {
    dx,
    dslope: slope.length === 1 ? vector(1, () => sum(x.cols, (j) => byColumn[j] as number)) : byColumn,
  };
}

/** Numbers of a state dict. */
export type State = Readonly<Record<string, ArrayLike<number>>>;

/** 1 where an element is kept, by the path of its dropout layer. */
export type Masks = Readonly<Record<string, Matrix>>;

export interface NetRun {
  /** of the top-level layers */
  readonly outputs: readonly Matrix[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Float64Array>>;
  /** running statistics after the step */
  readonly running: Readonly<Record<string, Float64Array>>;
}

interface Step {
  readonly y: Matrix;
  back(dy: Matrix): Matrix;
}

/** A layer's output, and its backward pass, which adds to `gradients`; what is frozen adds nothing. */
function layer(
  spec: LayerSpec,
  path: string,
  x: Matrix,
  state: State,
  training: Masks | undefined,
  result: { gradients: Record<string, Float64Array>; running: Record<string, Float64Array> },
): Step {
  const { rows, cols } = x;
  const own = (field: string): ArrayLike<number> | undefined => state[`${path}.${field}`];
  const kept = "frozen" in spec && spec.frozen === true;
  const give = (field: string, values: Float64Array): void => {
    if (!kept && own(field) !== undefined) result.gradients[`${path}.${field}`] = values;
  };
  switch (spec.kind) {
    case "dense": {
      const weight = own("weight") as ArrayLike<number>;
      const w = (out: number, input: number): number => weight[out * cols + input] as number;
      const y = matrix(
        rows,
        spec.units,
        (i, o) => pick(own("bias"), o, 0) + sum(cols, (k) => at(x, i, k) * w(o, k)),
      );
      return {
        y,
        back(dy) {
          const dw = matrix(spec.units, cols, (o, k) => sum(rows, (i) => at(dy, i, o) * at(x, i, k)));
          give("weight", dw.data);
          give(
            "bias",
            vector(spec.units, (o) => sum(rows, (i) => at(dy, i, o))),
          );
          return matrix(rows, cols, (i, k) => sum(spec.units, (o) => at(dy, i, o) * w(o, k)));
        },
      };
    }
    case "dropout": {
      const mask = training?.[path];
      const drop = (v: Matrix): Matrix =>
        mask === undefined ? v : matrix(rows, cols, (i, j) => (at(v, i, j) * at(mask, i, j)) / (1 - spec.p));
      return { y: drop(x), back: drop };
    }
    case "batchNorm1d": {
      const running = { mean: own("running_mean"), variance: own("running_var") } as Statistics;
      if (training === undefined || kept) {
        const scale = normalize(
          matrix(1, cols, () => 1),
          { ...running, mean: new Float64Array(cols) },
          own("weight"),
          undefined,
          spec.eps,
        );
        return {
          y: normalize(x, running, own("weight"), own("bias"), spec.eps),
          back: (dy) => matrix(rows, cols, (i, j) => at(dy, i, j) * at(scale, 0, j)),
        };
      }
      const f64 = { mean: Float64Array.from(running.mean), variance: Float64Array.from(running.variance) };
      const moved = runningStatistics(f64, x, spec.momentum);
      result.running[`${path}.running_mean`] = moved.mean;
      result.running[`${path}.running_var`] = moved.variance;
      return {
        y: normalize(x, columnStatistics(x), own("weight"), own("bias"), spec.eps),
        back(dy) {
          const { dx, dgamma, dbeta } = batchNormBackward(dy, x, own("weight"), spec.eps);
          give("weight", dgamma);
          give("bias", dbeta);
          return dx;
        },
      };
    }
    case "layerNorm":
      return {
        y: layerNorm(x, own("weight"), own("bias"), spec.eps),
        back(dy) {
          const { dx, dgamma, dbeta } = layerNormBackward(dy, x, own("weight"), spec.eps);
          give("weight", dgamma);
          give("bias", dbeta);
          return dx;
        },
      };
    case "prelu": {
      const slope = own("weight") as ArrayLike<number>;
      return {
        y: prelu(x, slope),
        back(dy) {
          const { dx, dslope } = preluBackward(dy, x, slope);
          give("weight", dslope);
          return dx;
        },
      };
    }
    case "residual": {
      const { outputs, back } = chain(spec.layers, `${path}.`, x, state, training, result);
      const plus = (a: Matrix, b: Matrix): Matrix => matrix(rows, cols, (i, j) => at(a, i, j) + at(b, i, j));
      return { y: plus(x, outputs.at(-1) as Matrix), back: (dy) => plus(dy, back(dy)) };
    }
    case "softmax": {
      const byRow = (v: Matrix, f: (row: Float64Array, i: number) => Float64Array): Matrix => {
        const result = Array.from({ length: rows }, (_, i) =>
          f(v.data.subarray(i * cols, (i + 1) * cols), i),
        );
        return matrix(rows, cols, (i, j) => result[i]?.[j] as number);
      };
      const y = byRow(x, (row) => softmax(row).p);
      return {
        y,
        back: (dy) => byRow(dy, (row, i) => softmaxBackward(row, y.data.subarray(i * cols, (i + 1) * cols))),
      };
    }
    default: {
      const f = pointwise(spec);
      const y = matrix(rows, cols, (i, j) => activate(f, at(x, i, j)));
      return {
        y,
        back: (dy) =>
          matrix(rows, cols, (i, j) => activateBackward(f, at(dy, i, j), at(x, i, j), at(y, i, j))),
      };
    }
  }
}

function chain(
  layers: readonly LayerSpec[],
  prefix: string,
  x: Matrix,
  state: State,
  training: Masks | undefined,
  result: Parameters<typeof layer>[5],
): { outputs: Matrix[]; back(dy: Matrix): Matrix } {
  let y = x;
  const steps = layers.map((spec, i) => {
    const step = layer(spec, `${prefix}${i}`, y, state, training, result);
    y = step.y;
    return step;
  });
  return {
    outputs: steps.map((step) => step.y),
    back: (dy) => steps.reduceRight((d, step) => step.back(d), dy),
  };
}

/** The outputs of a net in evaluation. */
export function evaluateNet(layers: readonly LayerSpec[], state: State, x: Matrix): Matrix[] {
  return chain(layers, "", x, state, undefined, { gradients: {}, running: {} }).outputs;
}

/** One training batch: loss, gradients of what is not frozen, running statistics. */
export function trainNet(
  layers: readonly LayerSpec[],
  state: State,
  masks: Masks,
  loss: LossSpec,
  x: Matrix,
  targets: Targets,
): NetRun {
  const result = { gradients: {}, running: {} };
  const { outputs, back } = chain(layers, "", x, state, masks, result);
  const { data, cols } = outputs.at(-1) as Matrix;
  const { loss: value, gradient } = lossOf(loss, data, x.rows, targets);
  back({ rows: x.rows, cols, data: gradient });
  return { outputs, loss: value, ...result };
}

const ROTATIONS = [13n, 15n, 26n, 6n, 17n, 29n, 16n, 24n];
const M = 0xffffffffn;

/** Threefry-2x32 as Salmon et al. define it, with so many rounds, in integers of any size. */
export function threefry(key: readonly [number, number], counter: readonly [number, number], rounds: number) {
  const k = [BigInt(key[0]), BigInt(key[1])] as [bigint, bigint];
  const ks = [...k, 0x1bd11bdan ^ k[0] ^ k[1]] as [bigint, bigint, bigint];
  let x0 = (BigInt(counter[0]) + ks[0]) & M;
  let x1 = (BigInt(counter[1]) + ks[1]) & M;
  for (let i = 0; i < rounds; i++) {
    const r = ROTATIONS[i % 8] as bigint;
    x0 = (x0 + x1) & M;
    x1 = (((x1 << r) | (x1 >> (32n - r))) & M) ^ x0;
    if (i % 4 === 3) {
      const n = (i + 1) / 4;
      x0 = (x0 + (ks[n % 3] as bigint)) & M;
      x1 = (x1 + (ks[(n + 1) % 3] as bigint) + BigInt(n)) & M;
    }
  }
  return [Number(x0), Number(x1)] as const;
}

/** 1 where dropout keeps element (i, j): eight columns a group, four counters a group, two words a counter. */
export function dropoutMask(
  rows: number,
  cols: number,
  key: readonly [number, number],
  turn: number,
  p: number,
): Matrix {
  const least = Math.round(p * 2 ** 32);
  return matrix(rows, cols, (i, j) => {
    const group = i * Math.ceil(cols / 8) + Math.floor(j / 8);
    const words = threefry(key, [4 * group + (j % 4), turn], 13);
    return Number((words[j % 8 < 4 ? 0 : 1] as number) >= least);
  });
}
