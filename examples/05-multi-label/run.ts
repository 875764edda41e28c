// The experiment: a yes or no for each tag, learned as it is and with posWeight, then with a threshold of its own for each tag.
// Returns numbers; prints nothing.

import {
  adamw,
  bceWithLogits,
  type Dataset,
  dense,
  dropout,
  earlyStopping,
  init,
  type LossSpec,
  type MetricName,
  relu,
  type Sequential,
  type Xent,
} from "xent";
import { messages, TAGS, WORDS } from "./messages.ts";

const METRICS = ["precision", "recall", "f1", "f1Micro", "rocAuc"] as const satisfies MetricName[];
export type Measured = (typeof METRICS)[number];

/** What a model says of the test rows, at the threshold ½. */
export interface Outcome {
  readonly metrics: Readonly<Record<Measured, number>>;
  /** f1 of each tag */
  readonly f1: readonly number[];
}

export interface Result {
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly posWeight: readonly number[];
  readonly plain: Outcome;
  readonly weighted: Outcome;
  /** by the plain model: the threshold of each tag that is best for the validation rows, and what it gives on the test rows */
  readonly thresholds: readonly number[];
  readonly chosen: readonly number[];
  /** `[rows · tags]` probabilities of the plain model, and what is true, of the test rows */
  readonly probabilities: Float32Array;
  readonly truth: Float32Array;
}

export async function run(): Promise<Result> {
  const [train, validation, test] = [messages(3000, 1), messages(1500, 2), messages(1500, 3)];
  const posWeight = TAGS.map((_, tag) => {
    const yes = yesOf(train, tag);
    return (train.rows - yes) / yes;
  });
  const xent = await init();
  const plain = await learn(xent, bceWithLogits(), train, validation);
  const weighted = await learn(xent, bceWithLogits({ posWeight }), train, validation);
  try {
    const seen = plain.predict(validation.x);
    const probabilities = plain.predict(test.x);
    const thresholds = TAGS.map((_, tag) => bestThreshold(seen, validation.y, tag));
    return {
      rows: { train: train.rows, validation: validation.rows, test: test.rows },
      posWeight,
      plain: await outcome(plain, test),
      weighted: await outcome(weighted, test),
      thresholds,
      chosen: thresholds.map((threshold, tag) => f1(probabilities, test.y, tag, threshold)),
      probabilities,
      truth: test.y as Float32Array,
    };
  } finally {
    plain.dispose();
    weighted.dispose();
  }
}

async function learn(xent: Xent, loss: LossSpec, train: Dataset, validation: Dataset): Promise<Sequential> {
  const model = xent.sequential({ input: WORDS.length, seed: 1, loss }, [
    dense(32),
    relu(),
    dropout(0.3),
    dense(TAGS.length),
  ]);
  await model.fit(train, {
    optimizer: adamw({ lr: 0.003 }),
    epochs: 60,
    validation,
    callbacks: [earlyStopping({ patience: 5 })],
  });
  return model;
}

async function outcome(model: Sequential, test: Dataset): Promise<Outcome> {
  const measured = await model.evaluate(test, { metrics: METRICS });
  const probabilities = model.predict(test.x);
  return {
    metrics: Object.fromEntries(
      METRICS.map((name) => [name, measured[name] ?? Number.NaN]),
    ) as Outcome["metrics"],
    f1: TAGS.map((_, tag) => f1(probabilities, test.y, tag, 0.5)),
  };
}

/** The threshold, in hundredths, by which f1 of a tag is highest; of equal ones the lowest. */
function bestThreshold(probabilities: Float32Array, truth: ArrayLike<number>, tag: number): number {
  const all = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  const scores = all.map((threshold) => f1(probabilities, truth, tag, threshold));
  return all[scores.indexOf(Math.max(...scores))] ?? 0.5;
}

/** 2·right / (said + there) of one tag's yeses; 0 where there are none. */
export function f1(
  probabilities: Float32Array,
  truth: ArrayLike<number>,
  tag: number,
  threshold: number,
): number {
  let [right, said, there] = [0, 0, 0];
  for (let at = tag; at < probabilities.length; at += TAGS.length) {
    const [yes, is] = [(probabilities[at] ?? 0) > threshold, truth[at] === 1];
    said += Number(yes);
    there += Number(is);
    right += Number(yes && is);
  }
  return said + there === 0 ? 0 : (2 * right) / (said + there);
}

/** Rows that have a tag. */
function yesOf({ y }: Dataset, tag: number): number {
  return Array.from(y).filter((value, at) => value === 1 && at % TAGS.length === tag).length;
}
