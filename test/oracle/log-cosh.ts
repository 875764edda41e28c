// The log-cosh loss in f64, for custom losses: a loss that the library has not. Imports nothing from src/.

/** Σ ln cosh(a − y) of a row, as |d| + ln(1 + e^(−2|d|)) − ln 2. */
export function logCoshRow(output: ArrayLike<number>, target: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < output.length; j++) {
    const d = Math.abs((output[j] as number) - (target[j] as number));
    sum += d + Math.log1p(Math.exp(-2 * d)) - Math.LN2;
  }
  return sum;
}

/** Its slope, tanh(a − y), as (1 − e^(−2d)) / (1 + e^(−2d)). */
export function logCoshSlopes(output: ArrayLike<number>, target: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: output.length }, (_, j) => {
    const d = (output[j] as number) - (target[j] as number);
    const e = Math.exp(-2 * Math.abs(d));
    return (Math.sign(d) * (1 - e)) / (1 + e);
  });
}
