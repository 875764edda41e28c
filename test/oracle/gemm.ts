// Matrix multiplication, twice: in f64 with the magnitudes its bound needs, and as the f32 chain whose bits the
// kernel must give, of fused multiply-adds or of products and sums. Plain loops; imports nothing from src/.

/** Element (i, j) stands at data[i·rs + j·cs]. */
export interface Matrix {
  readonly data: ArrayLike<number>;
  readonly rs: number;
  readonly cs: number;
}

export interface Gemm {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly alpha?: number;
  /** read only where β ≠ 0 and there is no bias */
  readonly c?: Matrix;
  readonly beta?: number;
  readonly bias?: ArrayLike<number> | undefined;
  readonly relu?: boolean;
}

const at = (x: Matrix, i: number, j: number): number => x.data[i * x.rs + j * x.cs] as number;

/**
 * C = α·A·B + bias, or + β·C, then max(·, 0) if relu.
 * `magnitude` is |α||A||B| + |bias| + |βC|, the sum that the bound multiplies by γ(k + 2). Both [m, n], row-major.
 */
export function gemm(g: Gemm): { value: Float64Array; magnitude: Float64Array } {
  const { m, n, k, a, b, alpha = 1, c, beta = 0, bias, relu = false } = g;
  const value = new Float64Array(m * n);
  const magnitude = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      if (bias !== undefined) sum = bias[j] as number;
      else if (beta !== 0 && c !== undefined) sum = beta * at(c, i, j);
      let size = Math.abs(sum);
      for (let p = 0; p < k; p++) {
        const term = alpha * at(a, i, p) * at(b, p, j);
        sum += term;
        size += Math.abs(term);
      }
      value[i * n + j] = relu && sum < 0 ? 0 : sum;
      magnitude[i * n + j] = size;
    }
  }
  return { value, magnitude };
}

const wide = new Float64Array(1);
const halves = new Uint32Array(wide.buffer);

/**
 * a·b + c of f32 numbers, rounded once to f32. The product is exact in f64, and TwoSum (Knuth) tells what rounding the sum
 * lost. With that the sum is rounded to odd: of the two f64 around it the one whose last bit is 1. Rounding that to f32
 * gives what rounding the exact sum would (Boldo & Melquiond 2008), as 53 ≥ 24 + 2.
 */
export function fma(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const second = sum - product;
  const lost = product - (sum - second) + (c - second);
  // nothing lost; or NaN, where the sum is infinite or NaN
  if (lost === 0 || Number.isNaN(lost)) return Math.fround(sum);
  wide[0] = sum;
  const low = halves[0] as number;
  if ((low & 1) !== 0) return Math.fround(sum);
  if (lost > 0 === sum > 0) {
    halves[0] = low + 1;
  } else {
    // towards zero; 0 becomes 2³² − 1 and borrows
    halves[0] = low - 1;
    if (low === 0) halves[1] = (halves[1] as number) - 1;
  }
  return Math.fround(wide[0] as number);
}

/**
 * The same in f32: every element is acc ← fround(acc + fround(a·fround(α·b))) over ascending p, from bias, from
 * fround(β·C) or from +0.
 *
 * @param fused  acc ← fma(a, fround(α·b), acc) instead
 */
export function gemmChain(g: Gemm, fused = false): Float32Array {
  const { m, n, k, a, b, alpha = 1, c, beta = 0, bias, relu = false } = g;
  const scaled = new Float32Array(k * n);
  for (let p = 0; p < k; p++)
    for (let j = 0; j < n; j++) scaled[p * n + j] = Math.fround(alpha) * at(b, p, j);
  const value = new Float32Array(m * n);
  const row = new Float32Array(n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      if (bias !== undefined) row[j] = bias[j] as number;
      else row[j] = beta !== 0 && c !== undefined ? Math.fround(beta) * at(c, i, j) : 0;
    }
    for (let p = 0; p < k; p++) {
      const x = Math.fround(at(a, i, p));
      if (fused) {
        for (let j = 0; j < n; j++) row[j] = fma(x, scaled[p * n + j] as number, row[j] as number);
        continue;
      }
      // storing into a Float32Array is the rounding of the sum
      for (let j = 0; j < n; j++)
        row[j] = (row[j] as number) + Math.fround(x * (scaled[p * n + j] as number));
    }
    for (let j = 0; j < n; j++) value[i * n + j] = relu && (row[j] as number) < 0 ? 0 : (row[j] as number);
  }
  return value;
}
