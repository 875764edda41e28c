// No library at all: the loops that one writes in an afternoon, on typed arrays. With f64 arrays they are the reference that
// the losses of all others are held against.

import type { Layer, Net, OpenOptions, Rows, System, Training } from "./system.d.ts";

type Floats = Float32Array | Float64Array;
type FloatsConstructor = Float32ArrayConstructor | Float64ArrayConstructor;

/** What Adam keeps of weights or biases, and room for their gradient. */
type Moments = Record<"g" | "m" | "v", Floats>;

export async function open(_: OpenOptions): Promise<System> {
  return {
    version: process.versions.v8,
    backend: "V8, 1 thread",
    gemm(n, a, b) {
      const c = new Float32Array(n * n);
      return { run: () => multiply(n, a, b, c), result: () => c };
    },
    step: (net, layers, data) => training(Float32Array, net, layers, data),
    predict(net, layers, x) {
      const plain = new PlainNet(Float32Array, net, layers);
      return {
        run() {
          const outputs = plain.forward(x, 0, net.batch);
          if (net.loss === "crossEntropy") softmax(outputs, net.batch, net.widths.at(-1) as number);
          return outputs;
        },
      };
    },
  };
}

/** Row by row, in the order in which rows of B and C lie. */
function multiply(n: number, a: Float32Array, b: Float32Array, c: Float32Array): void {
  c.fill(0);
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < n; p++) {
      const x = a[i * n + p] as number;
      for (let j = 0; j < n; j++) c[i * n + j] = (c[i * n + j] as number) + x * (b[p * n + j] as number);
    }
  }
}

/** @param Floats  Float64Array for a reference */
export function training(
  Floats: FloatsConstructor,
  net: Net,
  layers: readonly Layer[],
  data: Rows,
): Training {
  const plain = new PlainNet(Floats, net, layers);
  const batches = data.y.length / net.batch;
  let next = 0;
  let loss = Number.NaN;
  return {
    steps(count, lr) {
      for (let i = 0; i < count; i++) {
        loss = plain.step(data, next * net.batch, net.batch, lr);
        next = (next + 1) % batches;
      }
    },
    loss: () => loss,
  };
}

class PlainNet {
  readonly #net: Net;
  readonly #weights: Floats[];
  readonly #biases: Floats[];
  /** what each layer gives, and the gradient of the loss with respect to its sums */
  readonly #outputs: Floats[];
  readonly #deltas: Floats[];
  /** of weights and biases of each layer; none for SGD */
  readonly #moments: (readonly [Moments, Moments])[];
  #steps = 0;

  constructor(Floats: FloatsConstructor, net: Net, layers: readonly Layer[]) {
    this.#net = net;
    this.#weights = layers.map(({ weight }) => Floats.from(weight));
    this.#biases = layers.map(({ bias }) => Floats.from(bias));
    this.#outputs = layers.map(({ bias }) => new Floats(net.batch * bias.length));
    this.#deltas = layers.map(({ bias }) => new Floats(net.batch * bias.length));
    const moments = ({ length }: Float32Array): Moments => ({
      g: new Floats(length),
      m: new Floats(length),
      v: new Floats(length),
    });
    const kept = net.optimizer === "sgd" ? [] : layers;
    this.#moments = kept.map(({ weight, bias }) => [moments(weight), moments(bias)]);
  }

  /** Outputs of the last layer for rows from `first` on: logits, or sigmoids where the loss is quadratic. */
  forward(x: Float32Array, first: number, rows: number): Floats {
    const { widths, activation, loss } = this.#net;
    let input: Floats = x.subarray(first * (widths[0] as number));
    for (const [l, weight] of this.#weights.entries()) {
      const bias = this.#biases[l] as Floats;
      const y = this.#outputs[l] as Floats;
      const [k, n] = [widths[l] as number, widths[l + 1] as number];
      dense(input, weight, bias, y, rows, k, n);
      const last = l === this.#weights.length - 1;
      if (last ? loss === "quadratic" : activation === "sigmoid") {
        for (let i = 0; i < rows * n; i++) y[i] = 1 / (1 + Math.exp(-(y[i] as number)));
      } else if (!last) {
        for (let i = 0; i < rows * n; i++) if ((y[i] as number) < 0) y[i] = 0;
      }
      input = y;
    }
    return input;
  }

  /** A step on rows from `first` on; their mean loss before it. */
  step({ x, y: ids }: Rows, first: number, rows: number, lr: number): number {
    const { widths, activation, loss: kind } = this.#net;
    const outputs = this.forward(x, first, rows);
    const last = this.#weights.length - 1;
    const classes = widths[last + 1] as number;
    const delta = this.#deltas[last] as Floats;
    const loss = kind === "quadratic" ? quadratic : crossEntropy;
    const sum = loss(outputs, ids, first, rows, classes, delta);
    this.#steps++;
    for (let l = last; l >= 0; l--) {
      const [k, n] = [widths[l] as number, widths[l + 1] as number];
      const dy = this.#deltas[l] as Floats;
      const weight = this.#weights[l] as Floats;
      if (l > 0) {
        const y = this.#outputs[l - 1] as Floats;
        const dx = this.#deltas[l - 1] as Floats;
        inputGradient(dy, weight, dx, rows, k, n);
        if (activation === "relu") {
          for (let i = 0; i < rows * k; i++) if ((y[i] as number) <= 0) dx[i] = 0;
        } else {
          for (let i = 0; i < rows * k; i++)
            dx[i] = (dx[i] as number) * (y[i] as number) * (1 - (y[i] as number));
        }
      }
      const input = l > 0 ? (this.#outputs[l - 1] as Floats) : x.subarray(first * k);
      const bias = this.#biases[l] as Floats;
      const moments = this.#moments[l];
      if (moments === undefined) {
        update(input, dy, weight, bias, rows, k, n, lr / rows);
      } else {
        const [ofWeight, ofBias] = moments;
        for (const { g } of moments) g.fill(0);
        update(input, dy, ofWeight.g, ofBias.g, rows, k, n, -1 / rows); // from 0 on, it gives the gradient
        adam(weight, ofWeight, lr, this.#steps);
        adam(bias, ofBias, lr, this.#steps);
      }
    }
    return sum / rows;
  }
}

/** y ← x·Wᵀ + b */
function dense(x: Floats, w: Floats, b: Floats, y: Floats, rows: number, k: number, n: number): void {
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < n; j++) {
      let sum = b[j] as number;
      for (let p = 0; p < k; p++) sum += (x[r * k + p] as number) * (w[j * k + p] as number);
      y[r * n + j] = sum;
    }
  }
}

/** dx ← dy·W */
function inputGradient(dy: Floats, w: Floats, dx: Floats, rows: number, k: number, n: number): void {
  for (let r = 0; r < rows; r++) {
    for (let p = 0; p < k; p++) dx[r * k + p] = 0;
    for (let j = 0; j < n; j++) {
      const d = dy[r * n + j] as number;
      for (let p = 0; p < k; p++) dx[r * k + p] = (dx[r * k + p] as number) + d * (w[j * k + p] as number);
    }
  }
}

/** W ← W − η·dyᵀ·x, b ← b − η·Σ dy */
function update(
  x: Floats,
  dy: Floats,
  w: Floats,
  b: Floats,
  rows: number,
  k: number,
  n: number,
  rate: number,
): void {
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < n; j++) {
      const d = rate * (dy[r * n + j] as number);
      b[j] = (b[j] as number) - d;
      for (let p = 0; p < k; p++) w[j * k + p] = (w[j * k + p] as number) - d * (x[r * k + p] as number);
    }
  }
}

/** m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← p − η·m̂ / (√v̂ + ε) */
function adam(p: Floats, { g, m, v }: Moments, lr: number, step: number): void {
  const rate = lr / (1 - 0.9 ** step);
  const scale = 1 / (1 - 0.999 ** step);
  for (let i = 0; i < p.length; i++) {
    const gradient = g[i] as number;
    m[i] = 0.9 * (m[i] as number) + 0.1 * gradient;
    v[i] = 0.999 * (v[i] as number) + 0.001 * gradient * gradient;
    p[i] = (p[i] as number) - (rate * (m[i] as number)) / (Math.sqrt(scale * (v[i] as number)) + 1e-8);
  }
}

/** Each row ← its softmax. */
function softmax(z: Floats, rows: number, classes: number): void {
  for (let r = 0; r < rows; r++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < classes; j++) most = Math.max(most, z[r * classes + j] as number);
    let sum = 0;
    for (let j = 0; j < classes; j++) {
      const e = Math.exp((z[r * classes + j] as number) - most);
      z[r * classes + j] = e;
      sum += e;
    }
    for (let j = 0; j < classes; j++) z[r * classes + j] = (z[r * classes + j] as number) / sum;
  }
}

/** Sum of the rows' softmax cross entropies; their gradient p − t goes to `delta`. */
function crossEntropy(
  z: Floats,
  ids: Int32Array,
  first: number,
  rows: number,
  classes: number,
  delta: Floats,
): number {
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    const id = ids[first + r] as number;
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < classes; j++) most = Math.max(most, z[r * classes + j] as number);
    let total = 0;
    for (let j = 0; j < classes; j++) total += Math.exp((z[r * classes + j] as number) - most);
    sum += Math.log(total) + most - (z[r * classes + id] as number);
    for (let j = 0; j < classes; j++) {
      const p = Math.exp((z[r * classes + j] as number) - most) / total;
      delta[r * classes + j] = p - (j === id ? 1 : 0);
    }
  }
  return sum;
}

/** Sum of ½ Σ (a − t)² of sigmoids a; the gradient (a − t)·a·(1 − a) with respect to their sums goes to `delta`. */
function quadratic(
  a: Floats,
  ids: Int32Array,
  first: number,
  rows: number,
  classes: number,
  delta: Floats,
): number {
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < classes; j++) {
      const y = a[r * classes + j] as number;
      const off = y - (j === ids[first + r] ? 1 : 0);
      sum += 0.5 * off * off;
      delta[r * classes + j] = off * y * (1 - y);
    }
  }
  return sum;
}
