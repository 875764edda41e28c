// The experiment: values whose spread grows from left to right. A loss of one's own learns three quantiles of them; mse learns the
// mean, to which a band of one width is added. Returns numbers; prints nothing.

import {
  adam,
  type CustomLossSpec,
  cosine,
  customLoss,
  type Dataset,
  dataset,
  dense,
  type GradCheck,
  gradCheck,
  init,
  mse,
  tanh,
} from "xent";
import { lot } from "../shared/random.ts";

/** Shares of the values that should be below each output. */
export const QUANTILES = [0.1, 0.5, 0.9] as const;
/** Share of the values that should lie between the outer two. */
export const INSIDE = 0.8;
/** That of a normal distribution lies within so many standard deviations. */
const REACH = 1.2815515655446004;

/** Pinball loss: of quantile q, q·d above the output and (q − 1)·d below, with d = target − output (Koenker, Bassett 1978). */
export const pinball: CustomLossSpec = customLoss({
  name: "pinball",
  loss(output, target) {
    let sum = 0;
    for (const [j, q] of QUANTILES.entries()) {
      const d = at(target, j) - at(output, j);
      sum += d > 0 ? q * d : (q - 1) * d;
    }
    return sum;
  },
  gradient(output, target, gradient) {
    for (const [j, q] of QUANTILES.entries()) gradient[j] = at(target, j) > at(output, j) ? -q : 1 - q;
  },
});

/** The same with a mistake in its gradient, for gradCheck to find. */
const mistaken = customLoss({
  name: "pinball with a mistake",
  loss: pinball.loss,
  gradient(output, target, gradient) {
    for (const [j, q] of QUANTILES.entries()) gradient[j] = at(target, j) > at(output, j) ? q : 1 - q;
  },
});

/** A band for the values of the test rows. */
export interface Band {
  /** mean pinball loss of a row, over the three outputs together */
  readonly loss: number;
  /** share of the values inside: of all, of the left half and of the right half of x */
  readonly inside: readonly [all: number, left: number, right: number];
  /** mean width, of the left half and of the right */
  readonly width: readonly [left: number, right: number];
}

export interface Result {
  readonly rows: { readonly train: number; readonly test: number };
  readonly check: GradCheck;
  readonly mistake: GradCheck;
  readonly quantiles: Band;
  readonly mean: Band;
  /** by the true quantiles */
  readonly truth: Band;
}

export async function run(): Promise<Result> {
  const [train, test] = [sample(4000, 1), sample(4000, 2)] as const;
  const xent = await init();
  const byPinball = xent.sequential({ input: 1, seed: 1 }, [dense(32), tanh(), dense(QUANTILES.length)]);
  const byMse = xent.sequential({ input: 1, seed: 1 }, [dense(32), tanh(), dense(1)]);
  try {
    const batch = { x: train.x.slice(0, 64), y: repeated(train.y.slice(0, 64)) };
    const check = await gradCheck(byPinball, batch, { loss: pinball });
    const mistake = await gradCheck(byPinball, batch, { loss: mistaken });

    const options = { optimizer: adam({ lr: 0.01, schedule: cosine() }), epochs: 60 };
    await byPinball.fit(dataset({ x: train.x, y: repeated(train.y), features: 1 }), {
      ...options,
      loss: pinball,
    });
    await byMse.fit(train, { ...options, loss: mse() });
    const predicted = byMse.predict(train.x);
    const off = Math.sqrt(mean(train.y, (y, i) => (y - (predicted[i] ?? 0)) ** 2));
    return {
      rows: { train: train.rows, test: test.rows },
      check,
      mistake,
      quantiles: band(test, byPinball.predict(test.x)),
      mean: band(
        test,
        around(byMse.predict(test.x), () => off),
      ),
      truth: band(
        test,
        around(test.x.map(middle), (i) => spread(test.x[i] ?? 0)),
      ),
    };
  } finally {
    byPinball.dispose();
    byMse.dispose();
  }
}

/** y = sin 3x + noise, whose standard deviation grows from 0.05 at x = −1 to 0.55 at x = 1. */
function sample(rows: number, seed: number): Dataset {
  const { uniform, normal } = lot(seed);
  const x = Float32Array.from({ length: rows }, () => 2 * uniform() - 1);
  return dataset({ x, y: x.map((value) => middle(value) + spread(value) * normal()), features: 1 });
}

function middle(x: number): number {
  return Math.sin(3 * x);
}

function spread(x: number): number {
  return 0.05 + 0.25 * (x + 1);
}

/** Each target once for every quantile. */
function repeated(y: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: y.length * QUANTILES.length }, (_, i) =>
    at(y, Math.floor(i / QUANTILES.length)),
  );
}

/** The quantiles of normal distributions. */
function around(middles: ArrayLike<number>, spreadOf: (row: number) => number): Float32Array {
  return Float32Array.from(
    Array.from(middles).flatMap((value, i) => {
      const reach = REACH * spreadOf(i);
      return [value - reach, value, value + reach];
    }),
  );
}

function band({ x, y, rows }: Dataset, quantiles: Float32Array): Band {
  const row = (i: number): Float32Array => quantiles.subarray(3 * i, 3 * i + 3);
  const all = Array.from({ length: rows }, (_, i) => i);
  const halves = [all.filter((i) => at(x, i) < 0), all.filter((i) => at(x, i) >= 0)] as const;
  const inside = (list: readonly number[]): number =>
    mean(list, (i) => Number(at(y, i) >= at(row(i), 0) && at(y, i) <= at(row(i), 2)));
  const width = (list: readonly number[]): number => mean(list, (i) => at(row(i), 2) - at(row(i), 0));
  return {
    loss: mean(all, (i) => pinball.loss(row(i), new Float32Array(QUANTILES.length).fill(at(y, i)))),
    inside: [inside(all), inside(halves[0]), inside(halves[1])],
    width: [width(halves[0]), width(halves[1])],
  };
}

function mean(values: ArrayLike<number>, of: (value: number, i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += of(at(values, i), i);
  return sum / values.length;
}

function at(values: ArrayLike<number>, i: number): number {
  return values[i] ?? Number.NaN;
}
