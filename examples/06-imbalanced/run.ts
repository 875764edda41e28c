// The experiment: a model that is trained on rare fraud as it comes, and one by a loss in which both classes weigh the same.
// Returns numbers; prints nothing.

import {
  adam,
  type ConfusionMatrix,
  crossEntropy,
  type Dataset,
  dataset,
  dense,
  earlyStopping,
  init,
  inspect,
  type LossSpec,
  relu,
  split,
} from "xent";
import { CLASSES, COLUMNS, payments } from "./payments.ts";

/** What a model says of the test rows. */
export interface Outcome {
  readonly accuracy: number;
  /** mean of the classes' recalls */
  readonly balanced: number;
  /** of fraud alone */
  readonly precision: number;
  readonly recall: number;
  readonly rocAuc: number;
  readonly confusion: ConfusionMatrix;
}

export interface Result {
  /** what `inspect` says of the rows as they come, and as they are trained on */
  readonly before: string;
  readonly after: string;
  /** rows of each class */
  readonly counts: { readonly [part in "train" | "validation" | "test"]: readonly number[] };
  readonly weight: readonly number[];
  /** share of the test rows that are genuine: the accuracy of who never says fraud */
  readonly never: number;
  readonly plain: Outcome;
  readonly weighted: Outcome;
}

export async function run(): Promise<Result> {
  const raw = split(payments(6000, 1), { validation: 0.25, stratified: true, seed: 1 });
  const rawTest = payments(4000, 2);
  const scale = scaleOf(raw.train);
  const [train, validation, test] = [raw.train, raw.validation, rawTest].map(scale) as [
    Dataset,
    Dataset,
    Dataset,
  ];
  const counts = countsOf(train);
  // so that each class has the same weight in all
  const weight = counts.map((count) => train.rows / (CLASSES.length * count));

  const xent = await init();
  const learn = async (loss: LossSpec): Promise<Outcome> => {
    const model = xent.sequential({ input: COLUMNS.length, seed: 1, loss }, [dense(16), relu(), dense(2)]);
    await model.fit(train, {
      optimizer: adam({ lr: 0.003 }),
      epochs: 60,
      validation,
      metrics: ["rocAuc"],
      callbacks: [earlyStopping({ monitor: "validation.rocAuc", patience: 8 })],
      // said once already
      inspect: false,
    });
    const {
      accuracy,
      recall: balanced = Number.NaN,
      rocAuc = Number.NaN,
    } = await model.evaluate(test, { metrics: ["recall", "rocAuc"] });
    const confusion = await model.confusionMatrix(test);
    model.dispose();
    return { accuracy, balanced, rocAuc, confusion, ...ofFraud(confusion) };
  };
  const [genuine = 0] = countsOf(test);
  return {
    before: inspect(raw.train).text,
    after: inspect(train).text,
    counts: { train: counts, validation: countsOf(validation), test: countsOf(test) },
    weight,
    never: genuine / test.rows,
    plain: await learn(crossEntropy()),
    weighted: await learn(crossEntropy({ weight })),
  };
}

/** Of all that was called fraud, and of all that was: how much was both. */
function ofFraud({ counts: [genuine = [], fraud = []] }: ConfusionMatrix) {
  const [missed = 0, right = 0] = fraud;
  const [, alarms = 0] = genuine;
  return { precision: right / Math.max(1, right + alarms), recall: right / Math.max(1, right + missed) };
}

function countsOf({ y }: Dataset): number[] {
  return CLASSES.map((_, id) => y.filter((value) => value === id).length);
}

/** Takes logarithms of the amounts, then standardises every column by the given rows. */
function scaleOf({ x, rows }: Dataset): (data: Dataset) => Dataset {
  const width = COLUMNS.length;
  const logarithms = (values: ArrayLike<number>): number[] =>
    Array.from(values, (value, at) => (at % width === 0 ? Math.log(1 + value) : value));
  const values = logarithms(x);
  const mean = COLUMNS.map((_, j) => sum(values.filter((_, at) => at % width === j)) / rows);
  const std = COLUMNS.map((_, j) =>
    Math.sqrt(sum(values.map((value, at) => (at % width === j ? (value - (mean[j] ?? 0)) ** 2 : 0))) / rows),
  );
  return (data) =>
    dataset({
      x: Float32Array.from(
        logarithms(data.x),
        (value, at) => (value - (mean[at % width] ?? 0)) / (std[at % width] ?? 1),
      ),
      y: data.y,
      features: width,
      classes: data.classes,
    });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
