// The experiment: a function of ten features, five of which do nothing, learned from noisy values; beside it the best straight
// line. Returns numbers; prints nothing.

import {
  adam,
  type Dataset,
  dataset,
  dense,
  earlyStopping,
  type History,
  init,
  mse,
  relu,
  type Sequential,
  split,
} from "xent";
import { lot } from "../shared/random.ts";

const FEATURES = 10;
/** Standard deviation of the noise: no model's mean squared error can be below its square. */
export const NOISE = 1;

/** How well a model does on rows that it has not seen, in units of the target. */
export interface Score {
  readonly mae: number;
  readonly rmse: number;
  readonly r2: number;
}

export interface Result {
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly history: History;
  /** validation loss of the weights that the run has left */
  readonly left: number;
  readonly net: Score;
  readonly line: Score;
  /** r2 of the function without its noise, on the test rows */
  readonly ceiling: number;
  /** of the test rows, in units of the target */
  readonly truth: Float32Array;
  readonly predicted: Float32Array;
}

export async function run(): Promise<Result> {
  const { train, validation } = split(friedman(1500, 1), { validation: 0.2, seed: 1 });
  const test = friedman(500, 2);
  // by the training rows alone: the others are to be as strange to the model as those to come
  const scales = { x: scaleOf(train.x, FEATURES), y: scaleOf(train.y, 1) };
  const scaled = (data: Dataset): Dataset =>
    dataset({
      x: standardise(data.x, scales.x),
      y: standardise(data.y, scales.y),
      features: FEATURES,
    });

  const xent = await init();
  const net = xent.sequential({ input: FEATURES, seed: 1 }, [dense(32), relu(), dense(32), relu(), dense(1)]);
  const line = xent.sequential({ input: FEATURES, seed: 1 }, [dense(1)]);
  const learn = (model: Sequential, lr: number): Promise<History> =>
    model.fit(scaled(train), {
      loss: mse(),
      optimizer: adam({ lr }),
      epochs: 200,
      validation: scaled(validation),
      metrics: ["mae", "r2"],
      callbacks: [earlyStopping({ patience: 20 })],
    });
  const [mean = 0] = scales.y.mean;
  const [std = 1] = scales.y.std;
  const score = async (model: Sequential): Promise<Score> => {
    const {
      loss,
      mae = Number.NaN,
      r2 = Number.NaN,
    } = await model.evaluate(scaled(test), {
      metrics: ["mae", "r2"],
    });
    // r2 has no unit
    return { mae: mae * std, rmse: Math.sqrt(loss) * std, r2 };
  };
  try {
    const history = await learn(net, 0.003);
    await learn(line, 0.01);
    return {
      rows: { train: train.rows, validation: validation.rows, test: test.rows },
      history,
      left: (await net.evaluate(scaled(validation))).loss,
      net: await score(net),
      line: await score(line),
      ceiling: r2(test.y, clean(test)),
      truth: test.y as Float32Array,
      predicted: net.predict(scaled(test).x).map((z) => mean + std * z),
    };
  } finally {
    net.dispose();
    line.dispose();
  }
}

/** Rows of J. H. Friedman's first function (Multivariate Adaptive Regression Splines, 1991): features from 0 to 1, and noise. */
function friedman(rows: number, seed: number): Dataset {
  const { uniform, normal } = lot(seed);
  const x = Float32Array.from({ length: rows * FEATURES }, uniform);
  const y = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    y[i] = value(x.subarray(i * FEATURES, (i + 1) * FEATURES)) + NOISE * normal();
  }
  return dataset({ x, y, features: FEATURES });
}

function value([a = 0, b = 0, c = 0, d = 0, e = 0]: Float32Array): number {
  return 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e;
}

function clean({ x, rows }: Dataset): Float32Array {
  return Float32Array.from({ length: rows }, (_, i) =>
    value((x as Float32Array).subarray(i * FEATURES, (i + 1) * FEATURES)),
  );
}

interface Scale {
  /** one a column */
  readonly mean: Float64Array;
  readonly std: Float64Array;
}

function scaleOf(values: ArrayLike<number>, columns: number): Scale {
  const rows = values.length / columns;
  const [mean, square] = [new Float64Array(columns), new Float64Array(columns)];
  for (let i = 0; i < values.length; i++) {
    const j = i % columns;
    mean[j] = (mean[j] ?? 0) + (values[i] ?? 0) / rows;
  }
  for (let i = 0; i < values.length; i++) {
    const j = i % columns;
    square[j] = (square[j] ?? 0) + ((values[i] ?? 0) - (mean[j] ?? 0)) ** 2 / rows;
  }
  return { mean, std: square.map(Math.sqrt) };
}

/** Each column less its mean, divided by its standard deviation. */
function standardise(values: ArrayLike<number>, { mean, std }: Scale): Float32Array {
  return Float32Array.from(
    values,
    (value, i) => (value - (mean[i % mean.length] ?? 0)) / (std[i % std.length] ?? 1),
  );
}

/** 1 − (sum of squared errors) / (sum of squared distances from the mean) */
function r2(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  const [std = 0] = scaleOf(truth, 1).std;
  let squared = 0;
  for (let i = 0; i < truth.length; i++) squared += ((truth[i] ?? 0) - (predicted[i] ?? 0)) ** 2;
  return 1 - squared / (truth.length * std ** 2);
}
