// Ops on rows and columns of matrices, in f64: softmax, cross entropy, sums, gather. Imports nothing from src/.

/** Softmax of one row, with what its bound needs. */
export interface SoftmaxRow {
  p: Float64Array;
  /** max_k z_k − z_j */
  distance: Float64Array;
  /** ln Σ_j e^(z_j − max) */
  logSum: number;
}

export function softmax(z: ArrayLike<number>): SoftmaxRow {
  const max = Array.from(z).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const distance = Float64Array.from(z, (x) => max - x);
  const e = distance.map((d) => Math.exp(-d));
  const sum = e.reduce((a, b) => a + b, 0);
  return { p: e.map((x) => x / sum), distance, logSum: Math.log(sum) };
}

/** dx of one row of a softmax layer from dy and its output y: y∘(dy − Σ dy·y) */
export function softmaxBackward(dy: ArrayLike<number>, y: ArrayLike<number>): Float64Array {
  const p = Float64Array.from(y);
  const mean = p.reduce((sum, v, j) => sum + v * (dy[j] as number), 0);
  return p.map((v, j) => v * ((dy[j] as number) - mean));
}

export interface CrossEntropyRow extends SoftmaxRow {
  loss: number;
  /** (p − onehot(target))·scale */
  gradient: Float64Array;
  /** 1 where the first largest logit is the target's */
  hit: number;
}

export function softmaxCrossEntropy(z: ArrayLike<number>, target: number, scale: number): CrossEntropyRow {
  const row = softmax(z);
  const first = row.distance.indexOf(0);
  return {
    ...row,
    loss: row.logSum + (row.distance[target] as number),
    gradient: row.p.map((p, j) => (p - (j === target ? 1 : 0)) * scale),
    hit: first === target ? 1 : 0,
  };
}

/** Σ_i x[i, j] of a row-major [rows, cols] matrix; `magnitude` is Σ_i |x[i, j]|. */
export function columnSums(
  x: ArrayLike<number>,
  rows: number,
  cols: number,
): { value: Float64Array; magnitude: Float64Array } {
  const value = new Float64Array(cols);
  const magnitude = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const element = x[i * cols + j] as number;
      value[j] = (value[j] as number) + element;
      magnitude[j] = (magnitude[j] as number) + Math.abs(element);
    }
  }
  return { value, magnitude };
}

/** Rows index[0], index[1], … of src[*, cols]; bytes or numbers, each times scale plus shift. */
export function gather(
  src: ArrayLike<number>,
  cols: number,
  index: ArrayLike<number>,
  scale = 1,
  shift = 0,
): Float64Array {
  const out = new Float64Array(index.length * cols);
  for (let i = 0; i < index.length; i++) {
    for (let j = 0; j < cols; j++)
      out[i * cols + j] = (src[(index[i] as number) * cols + j] as number) * scale + shift;
  }
  return out;
}
