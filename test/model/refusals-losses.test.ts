// Losses, targets and weights that do not go together, or that are none: refused by every call that takes them, and the
// model is as it was.

import { describe, expect, it } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { sigmoid, softmax } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { bceWithLogits, huber, mae, mse, quadratic } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import { memoriesMade } from "../support/memories.ts";
import { type Any, type Refusal, refusals as refusalsOf } from "../support/refusals.ts";

const xent = await init();
const [input, outputs] = [2, 3] as const;
const optimizer = sgd({ lr: 0.1 });
const model = (layers: Any = [dense(4), relu(), dense(outputs)]): Sequential =>
  xent.sequential({ input, seed: 1, loss: crossEntropy(), optimizer }, layers);
const good = blobSet(1, 20, input, outputs);
const refusals = (list: readonly Refusal[]): void => refusalsOf(model, good, list);

const x = Float32Array.of(1, 2, 3, 4);
const p = [
  [0.5, 0.25, 0.25],
  [0, 1, 0],
];

type Rows = { y: Any; weight?: Any };
/** Each call that takes targets, on the rows x. */
const CALLS: Record<string, (m: Any, rows: Rows, options?: object) => unknown> = {
  fit: (m, rows, options) => m.fit(dataset({ x, features: input, ...rows }), options),
  steps: (m, rows, options) => m.steps(dataset({ x, features: input, ...rows }), options).next(),
  trainOnBatch: (m, { y, weight }, options) =>
    m.trainOnBatch(x, y, { ...options, ...(weight === undefined ? {} : { weight }) }),
  evaluate: (m, rows, options) => m.evaluate(dataset({ x, features: input, ...rows }), options),
  gradients: (m, rows, options) => m.gradients({ x, ...rows, ...options }),
};

describe.each(Object.keys(CALLS))("%s", (name) => {
  const call = CALLS[name] as (typeof CALLS)[string];
  const checked = ["trainOnBatch", "gradients"].includes(name) ? name : "dataset";
  const learns = name !== "evaluate";
  const bce = { loss: bceWithLogits() };
  const ignoring = { loss: crossEntropy({ ignoreIndex: 2 }) };
  const withTargets = (what: string, y: Any, options: object, ...pieces: string[]): Refusal => [
    what,
    (m) => call(m, { y }, options),
    "TARGET",
    name,
    ...pieces,
  ];
  refusals([
    withTargets("a negative probability", [p[0], [0.5, 0.6, -0.1]], {}, "row 1, column 2", "-0.1", "0 to 1"),
    withTargets("a probability of 2", [[2, 0, 0], p[1]], {}, "row 0, column 0", "is 2", "mse()"),
    withTargets("rows that sum to 1.1", [p[0], [0.5, 0.35, 0.25]], {}, "row 1", "1.1", "within 0.0001"),
    withTargets("rows of nothing", [[0, 0, 0], p[1]], {}, "row 0", "sum to 0,", "Divide each row"),
    withTargets("a yes of 1.0001", [p[0], [0, 1.0001, 0]], bce, "row 1, column 1", "1.0001", "bceWithLogits"),
    withTargets("a no of −1", [[-1, 1, 1], p[1]], bce, "row 0, column 0", "is -1", "0 to 1"),
    [
      "two targets for three outputs",
      (m) =>
        call(m, {
          y: [
            [0, 1],
            [1, 0],
          ],
        }),
      "SHAPE",
      name,
      "2 targets",
      "3 outputs",
    ],
    [
      "one number for three outputs",
      (m) => call(m, { y: [0.5, 0.25] }),
      "SHAPE",
      name,
      "1 target,",
      "Int32Array",
    ],
    [
      "the same for mse",
      (m) => call(m, { y: [0.5, 2] }, { loss: mse() }),
      "SHAPE",
      name,
      "1 target,",
      "last layer",
    ],
    [
      "a class too many",
      (m) => call(m, { y: [0, 3] }),
      "LABEL",
      name,
      "row 1",
      "is 3",
      "3 outputs",
      "4 units",
    ],
    ["the same for mse", (m) => call(m, { y: [3, 0] }, { loss: mse() }), "LABEL", name, "row 0", "is 3"],
    ["the same for bce", (m) => call(m, { y: [0, 3] }, bce), "LABEL", name, "row 1", "is 3"],
    ["class −1", (m) => call(m, { y: [0, -1] }), "LABEL", name, "row 1", "is -1", "ignoreIndex: -1"],
    ["class −1 for bce", (m) => call(m, { y: [0, -1] }, bce), "LABEL", name, "is -1", "from 0 to 2."],
    ["every row ignored", (m) => call(m, { y: [-100, -100] }), "EMPTY", name, "-100", "ignoreIndex"],
    ["every row of the ignored class", (m) => call(m, { y: [2, 2] }, ignoring), "EMPTY", name, "class id 2"],
    [
      "ignored or of weight 0",
      (m) => call(m, { y: [2, 1], weight: [1, 0] }, ignoring),
      "EMPTY",
      name,
      "weight 0",
    ],
    [
      "every row in a class of weight 0",
      (m) => call(m, { y: [1, 1] }, { loss: crossEntropy({ weight: [1, 0, 1] }) }),
      "EMPTY",
      name,
      "its class's",
    ],
    [
      "a negative weight",
      (m) => call(m, { y: [0, 1], weight: [1, -1] }),
      "WEIGHT",
      checked,
      "row 1",
      "is -1",
      "from 1e-15 to 1e15",
    ],
    [
      "a weight of NaN",
      (m) => call(m, { y: [0, 1], weight: [Number.NaN, 1] }),
      "WEIGHT",
      checked,
      "row 0",
      "is NaN",
    ],
    ["weights of 0", (m) => call(m, { y: [0, 1], weight: [0, 0] }), "WEIGHT", checked, "every weight is 0"],
    [
      "a weight too few",
      (m) => call(m, { y: [0, 1], weight: [1] }),
      "SHAPE",
      checked,
      "1 value",
      "expected 2",
    ],
    [
      "a target of NaN",
      (m) => call(m, { y: [p[0], [0, Number.NaN, 1]] }),
      "NOT_FINITE",
      checked,
      "row 1, column 1",
    ],
    [
      "targets beyond f32",
      (m) => call(m, { y: [p[0], [0, 0, 1e39]] }),
      "NOT_FINITE",
      checked,
      "row 1, column 2",
    ],
    [
      "two class weights for three outputs",
      (m) => call(m, { y: [0, 1] }, { loss: crossEntropy({ weight: [1, 2] }) }),
      "OPTION",
      name,
      "2 values",
      "3 outputs",
    ],
    [
      "four posWeights for three outputs",
      (m) => call(m, { y: p }, { loss: bceWithLogits({ posWeight: [1, 2, 3, 4] }) }),
      "OPTION",
      name,
      "4 values",
      "3 outputs",
    ],
    [
      "an unknown loss",
      (m) => call(m, { y: p }, { loss: { kind: "hinge" } }),
      "OPTION",
      name,
      '"hinge"',
      "huber()",
    ],
    [
      "an option that mse has not",
      (m) => call(m, { y: p }, { loss: { ...mse(), delta: 1 } }),
      "OPTION",
      '"delta"',
    ],
    ...(learns
      ? ([crossEntropy, bceWithLogits, quadratic, mse, mae, huber] as const).map(
          (make): Refusal => [
            `a loss a row of ${make.name}`,
            (m) => call(m, { y: p }, { loss: make({ reduction: "none" }) }),
            "LOSS",
            name,
            `reduction of ${make.name} is none`,
            '"batchmean"',
            "evaluate",
          ],
        )
      : []),
  ]);

  it.each([
    ["crossEntropy", crossEntropy(), softmax(), "softmax of its own"],
    ["crossEntropy", crossEntropy(), sigmoid(), "softmax of its own"],
    ["bceWithLogits", bceWithLogits(), softmax(), "sigmoid of its own"],
    ["bceWithLogits", bceWithLogits(), sigmoid(), "sigmoid of its own"],
  ])("%s behind its own link or another: %#", async (kind, loss, last, own) => {
    const m = xent.sequential({ input, loss: quadratic(), optimizer }, [dense(outputs), last]);
    const run = (): unknown => call(m, { y: p }, { loss });
    const made = await memoriesMade(() =>
      refuses(run, "LOSS", name, `${kind} takes logits`, `last layer is ${last.kind}`, own, "quadratic()"),
    );
    expect(made).toEqual([]);
    // the quadratic cost goes there, and is still what the model knows
    await call(m, { y: p });
  });

  it("cross entropy of one output", async () => {
    const m = xent.sequential({ input, optimizer }, [dense(1)]);
    await refuses(
      () => call(m, { y: [0, 1] }, { loss: crossEntropy() }),
      "LOSS",
      name,
      "one output",
      "bceWithLogits()",
    );
    await refuses(
      () => call(m, { y: [0, 2] }, bce),
      "LABEL",
      name,
      "row 1",
      "is 2",
      "1 output",
      "0 to 1",
      "3 units",
    );
    await call(m, { y: [0, 2] }, { loss: mse() });
  });
});

describe("fit alone", () => {
  const data = dataset({ x, y: p, features: input });
  const accuracy = { metrics: ["accuracy"] };
  refusals([
    [
      "accuracy of a regression",
      (m) => m.fit(data, { loss: mse(), ...accuracy }),
      "OPTION",
      "fit",
      "mse of 3 numbers is a regression",
      "class ids",
    ],
    [
      "accuracy of validation data without classes",
      (m) => m.fit(good, { loss: mse(), validation: data, ...accuracy }),
      "OPTION",
      "fit: validation",
      "regression",
    ],
    [
      "validation targets out of range",
      (m) => m.fit(good, { validation: dataset({ x, y: [p[0] as number[], [1, 1, 0]], features: input }) }),
      "TARGET",
      "fit: validation",
      "row 1",
      "sum to 2",
    ],
    [
      "validation rows that are all ignored",
      (m) => m.fit(good, { validation: dataset({ x, y: [-100, -100], features: input }) }),
      "EMPTY",
      "fit: validation",
    ],
    [
      "the confusion matrix of numbers",
      (m) => m.confusionMatrix(data),
      "LABEL",
      "3 numbers a row",
      "class ids",
    ],
    [
      "gradients with an optimiser",
      (m) => m.gradients({ x, y: [0, 1], optimizer }),
      "OPTION",
      '"optimizer"',
      "weight",
    ],
    [
      "gradients without targets",
      (m) => m.gradients({ x }),
      "LABEL",
      "gradients",
      "y is undefined",
      "Pass an array",
    ],
    ["gradients of null", (m) => m.gradients(null), "OPTION", "gradients", "null", "x, y"],
  ]);

  it("accuracy of one number, with what would have one", async () => {
    const m = xent.sequential({ input, loss: mse(), optimizer }, [dense(1)]);
    await refuses(
      () => m.fit(dataset({ x, y: [1, 2], features: input }), accuracy as Any),
      "OPTION",
      "bceWithLogits()",
    );
  });

  it("gradients before any step", async () => {
    await refuses(() => model().gradients(), "STATE", "gradients", "no training step", "gradients({ x, y })");
  });
});
