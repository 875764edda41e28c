// How a time grows: the slope of its logarithm over that of the size.

export interface Growth {
  /** time ∝ size^exponent */
  readonly exponent: number;
  /** share of the variance that the line explains */
  readonly r2: number;
}

/** Least squares over [size, time]; NaN of fewer than two sizes. */
export function growth(points: readonly (readonly [size: number, time: number])[]): Growth {
  const xs = points.map(([size]) => Math.log(size));
  const ys = points.map(([, time]) => Math.log(time));
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const xx = mean(xs.map((x) => (x - x0) ** 2));
  const xy = mean(xs.map((x, i) => (x - x0) * ((ys[i] as number) - y0)));
  const yy = mean(ys.map((y) => (y - y0) ** 2));
  return { exponent: xy / xx, r2: xy ** 2 / (xx * yy) };
}

/** Of the sizes from the geometric middle on. */
export function upperHalf<T extends readonly [number, number]>(points: readonly T[]): T[] {
  const sizes = points.map(([size]) => size);
  const middle = Math.sqrt(Math.min(...sizes) * Math.max(...sizes));
  return points.filter(([size]) => size >= middle);
}
