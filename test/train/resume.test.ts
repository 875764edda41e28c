// A run that is stopped wherever it looks at its signal, saved, and gone on with from the file, is the run in one go: every byte
// of the file, every figure of the history.

import { afterAll, beforeAll, describe, expect, it, type MockInstance, vi } from "vitest";
import type { LayerSpec, OptimizerSpec } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { bceWithLogits, mse } from "../../src/nn/losses.ts";
import { batchNorm1d, dropout, layerNorm, prelu, residual } from "../../src/nn/norms.ts";
import { adagrad, adam, adamw, rmsprop } from "../../src/train/adaptive.ts";
import { earlyStopping } from "../../src/train/early.ts";
import { cosine, exponential, oneCycle, reduceOnPlateau } from "../../src/train/schedules.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats } from "../oracle/data.ts";
import { blobSet, blobs, byteSet } from "../support/blobs.ts";
import { squares } from "../support/custom-losses.ts";
import { type Course, expectSame, inOneGo, inParts } from "../support/resumed.ts";

const xent = await init();

/** Time flies: there is a turn of the event loop after every step and every chunk. */
let clock: MockInstance;
beforeAll(() => {
  let now = 0;
  clock = vi.spyOn(performance, "now").mockImplementation(() => {
    now += 60;
    return now;
  });
});
afterAll(() => clock.mockRestore());

const [ROWS, FEATURES, CLASSES] = [70, 6, 4] as const;
const deep: readonly LayerSpec[] = [
  dense(10),
  batchNorm1d(),
  relu(),
  dropout(0.3),
  residual([layerNorm(), dense(10), prelu()]),
  dense(CLASSES),
];
const data = blobSet(1, ROWS, FEATURES, CLASSES, 1.2);
/** more than one chunk */
const validation = blobSet(2, 300, FEATURES, CLASSES, 1.2);
const course = (optimizer: OptimizerSpec, more: object = {}, rest: Partial<Course> = {}): Course => ({
  layers: deep,
  loss: crossEntropy(),
  data,
  options: () => ({ optimizer, epochs: 3, batchSize: 16, ...more }),
  ...rest,
});
const weight = Float32Array.from({ length: ROWS }, (_, i) => [1, 0.5, 2, 0][i % 4] as number);
const { x, y } = blobs(1, ROWS, FEATURES, CLASSES, 1.2);
const numbers = dataset({ x, y: floats(7, ROWS * CLASSES, -1, 1), features: FEATURES });
const answers = dataset({
  x,
  y: floats(7, ROWS * CLASSES, 0, 1).map((value) => Number(value > 0.4)),
  features: FEATURES,
});

const cases: readonly (readonly [string, Course])[] = [
  ["sgd", course(sgd({ lr: 0.1 }))],
  ["momentum", course(sgd({ lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 }))],
  ["dampening", course(sgd({ lr: 0.05, momentum: 0.9, dampening: 0.5 }))],
  ["adam", course(adam({ lr: 0.01, clipNorm: 0.5 }))],
  ["adamw and cosine", course(adamw({ lr: 0.02, schedule: cosine({ warmup: 3, per: "step" }) }))],
  ["rmsprop", course(rmsprop({ lr: 0.01, centered: true, momentum: 0.5 }))],
  ["adagrad", course(adagrad({ lr: 0.05, lrDecay: 0.1, initialAccumulator: 0.2 }))],
  ["oneCycle", course(sgd({ lr: 0.1, schedule: oneCycle() }))],
  ["exponential", course(adam({ lr: 0.05, schedule: exponential({ gamma: 0.7 }) }))],
  [
    "a plateau of the validation loss",
    course(adam({ lr: 0.1, schedule: reduceOnPlateau({ patience: 0, threshold: 0.3 }) }), { validation }),
  ],
  [
    "a plateau of the loss",
    course(sgd({ lr: 0.3, schedule: reduceOnPlateau({ patience: 0, threshold: 0.5 }) })),
  ],
  [
    "early stopping",
    course(adamw({ lr: 0.2 }), { epochs: 9, validation, callbacks: [earlyStopping({ patience: 2 })] }),
  ],
  [
    "early stopping of the last epoch",
    course(sgd({ lr: 0.05 }), { callbacks: [earlyStopping({ patience: 1, minDelta: 0.5 })] }),
  ],
  [
    "early stopping that restores nothing",
    course(adam({ lr: 0.3 }), {
      epochs: 8,
      validation,
      metrics: ["accuracy"],
      callbacks: [earlyStopping({ monitor: "validation.accuracy", restoreBest: false })],
    }),
  ],
  ["accumulate, the last step smaller", course(adam({ lr: 0.02 }), { batchSize: 8, accumulate: 3 })],
  ["accumulate and dropLast", course(adam({ lr: 0.02 }), { batchSize: 8, accumulate: 3, dropLast: true })],
  ["dropLast", course(sgd({ lr: 0.1, momentum: 0.5 }), { dropLast: true })],
  ["no shuffle", course(adam({ lr: 0.02 }), { shuffle: false })],
  [
    "weights of rows, and of classes",
    course(
      adam({ lr: 0.02 }),
      { metrics: ["accuracy", "f1"] },
      {
        data: dataset({ x, y, features: FEATURES, weight }),
        loss: crossEntropy({ weight: [1, 2, 0.5, 1], labelSmoothing: 0.1 }),
      },
    ),
  ],
  [
    "metrics of classes",
    course(adam({ lr: 0.02 }), {
      validation,
      metrics: ["accuracy", "top2", "precision", "recallMicro", "rocAuc", "logLoss"],
    }),
  ],
  [
    "a regression with its metrics",
    course(adamw({ lr: 0.01 }), { metrics: ["mae", "mse", "r2"] }, { data: numbers, loss: mse() }),
  ],
  [
    "yes and no, each output",
    course(
      adam({ lr: 0.02 }),
      { metrics: ["accuracy", "f1", "rocAuc"] },
      { data: answers, loss: bceWithLogits() },
    ),
  ],
  [
    "bytes",
    course(adam({ lr: 0.02 }), {}, { data: byteSet(3, ROWS, FEATURES, CLASSES, { scale: 0.01, shift: -1 }) }),
  ],
  [
    "a part kept back to validate with",
    course(adam({ lr: 0.02 }), { validation: { split: 0.25, stratified: true } }),
  ],
  [
    "a schedule in JavaScript",
    course(adam({ lr: 0.02, schedule: ({ step, lr }) => lr / (1 + step) }), { metrics: ["rocAuc"] }),
  ],
  [
    "a loss in JavaScript",
    course(adam({ lr: 0.02 }), { metrics: ["r2"] }, { data: numbers, loss: squares() }),
  ],
];

describe.each(cases)("%s", (_, each) => {
  it("wherever it was stopped", async () => {
    const whole = await inOneGo(xent, each);
    let stops = 0;
    for (; ; stops++) {
      const end = await inParts(xent, each, [stops + 1]);
      if (end === undefined) break;
      expectSame(end, whole, `stopped at look ${stops + 1}`);
    }
    // between any two steps, and more
    expect(stops).toBeGreaterThan(whole.history.steps);
  });

  it("stopped again and again", async () => {
    const whole = await inOneGo(xent, each);
    const looks = Array.from({ length: 40 }, (_, i) => 4 + (i % 3));
    const end = await inParts(xent, each, looks);
    expect(end?.parts).toBeGreaterThan(1);
    expectSame(end as NonNullable<typeof end>, whole);
  });
});
