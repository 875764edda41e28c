// score, tally, divisor, over and checkFits on rows that can be reckoned by hand: what a loss makes of targets, weights
// and ignored rows before a kernel sees them.

import { describe, expect, it } from "vitest";
import type { LayerSpec, LossSpec, Reduction } from "../../src/base/spec.ts";
import { type CheckedRows, dataset } from "../../src/data/dataset.ts";
import type { Targets } from "../../src/data/targets.ts";
import { sigmoid, softmax } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { bceWithLogits, huber, mae, mse, quadratic } from "../../src/nn/losses.ts";
import {
  checkFits,
  divisor,
  over,
  type Scoring,
  SUM_TOLERANCE,
  score,
  tally,
} from "../../src/train/scoring.ts";
import { refuses } from "../support/errors.ts";

const OUTPUTS = 3;
const REDUCTIONS: readonly Reduction[] = ["mean", "batchmean", "sum", "none"];
const MAKERS = { crossEntropy, bceWithLogits, quadratic, mse, mae, huber } as const;
const LOSSES = Object.values(MAKERS);

function scored(
  loss: LossSpec,
  y: Targets,
  weight?: readonly number[],
  outputs = OUTPUTS,
  last: LayerSpec = dense(outputs),
): Scoring {
  const rows = Array.isArray(y) ? y.length : y.length / outputs;
  const data = dataset({ x: new Float32Array(rows), y, weight, features: 1 });
  return score("here", data as CheckedRows, loss, outputs, last);
}

const onehot = [
  [0, 1, 0],
  [0, 0, 1],
  [1, 0, 0],
];

describe("score: the targets that kernels get", () => {
  it("class ids stay ids for cross entropy, with smoothing too", () => {
    for (const loss of [crossEntropy(), crossEntropy({ labelSmoothing: 0.1 })]) {
      expect(scored(loss, [1, 2, 0])).toMatchObject({
        kind: "ids",
        width: 1,
        targets: Int32Array.of(1, 2, 0),
      });
    }
  });

  it.each(LOSSES.slice(1))("class ids become one-hot rows for %o", (make) => {
    const rows = { kind: "rows", width: OUTPUTS, targets: Float32Array.from(onehot.flat()) };
    expect(scored(make(), [1, 2, 0])).toMatchObject(rows);
    expect(scored(make(), onehot)).toMatchObject(rows);
  });

  it("with one output class ids are the target: 0 and 1 for bce, any number for a distance", () => {
    const one = (loss: LossSpec, y: number[]) => scored(loss, y, undefined, 1);
    const rows = { kind: "rows", width: 1 };
    expect(one(bceWithLogits(), [1, 0, 1])).toMatchObject({ ...rows, targets: Float32Array.of(1, 0, 1) });
    for (const make of [quadratic, mse, mae, huber]) {
      expect(one(make(), [7, -2, 0])).toMatchObject({ ...rows, targets: Float32Array.of(7, -2, 0) });
    }
  });

  it("numbers are the data set's own array", () => {
    const y = Float32Array.of(0, 1, 0, 0, 0, 1);
    for (const make of LOSSES) expect(scored(make(), y).targets).toBe(y);
  });

  it("an ignored id has no range; other ids have, and so has its meaning for other losses", async () => {
    expect(scored(crossEntropy(), [-100, 1]).targets).toEqual(Int32Array.of(-100, 1));
    expect(scored(crossEntropy({ ignoreIndex: 255 }), [2, 255]).targets).toEqual(Int32Array.of(2, 255));
    await refuses(
      () => scored(crossEntropy({ ignoreIndex: 255 }), [2, -100]),
      "LABEL",
      "here",
      "row 1",
      "is -100",
    );
    for (const make of LOSSES.slice(1)) {
      await refuses(() => scored(make(), [0, -100]), "LABEL", "here", "row 1", "is -100", "from 0 to 2");
    }
    await refuses(
      () => scored(bceWithLogits(), [2, 0], undefined, 1),
      "LABEL",
      "row 0",
      "1 output",
      "0 to 1",
    );
  });

  it(`a row of probabilities sums to 1 within ${SUM_TOLERANCE}`, async () => {
    for (const off of [0.9 * SUM_TOLERANCE, -0.9 * SUM_TOLERANCE]) {
      scored(crossEntropy(), [[0.5, 0.25, 0.25 + off], ...onehot]);
      scored(crossEntropy(), [[1 + off, 0, 0], ...onehot]);
    }
    for (const off of [1.1 * SUM_TOLERANCE, -1.1 * SUM_TOLERANCE]) {
      const rows = [...onehot, [0.5, 0.25, 0.25 + off]];
      await refuses(
        () => scored(crossEntropy(), rows),
        "TARGET",
        "row 3",
        `within ${SUM_TOLERANCE}`,
        String(1 + off),
      );
    }
  });

  it("numbers for bce are from 0 to 1, each by itself; for distances anything", async () => {
    scored(bceWithLogits(), [
      [1, 1, 1],
      [0, 0, 0],
    ]);
    await refuses(
      () =>
        scored(bceWithLogits(), [
          [0, 1, 0],
          [0, 0, 1.0001],
        ]),
      "TARGET",
      "row 1, column 2",
      "1.0001",
    );
    await refuses(
      () =>
        scored(bceWithLogits(), [
          [0, 1, -0.5],
          [0, 0, 1],
        ]),
      "TARGET",
      "row 0, column 2",
      "-0.5",
    );
    for (const make of [quadratic, mse, mae, huber])
      scored(make(), [
        [-5, 1e30, 0],
        [2, 2, 2],
      ]);
  });
});

describe("score: weights and shares", () => {
  const ids = [0, 1, 2, -100, 1];
  const row = [1, 3, 2, 5, 0];
  const weight = [1, 2, 0.5];

  it("there are none where every row counts once", () => {
    for (const make of LOSSES) {
      for (const reduction of REDUCTIONS) {
        expect(scored(make({ reduction }), [1, 2, 0])).toMatchObject({ weight: undefined, share: undefined });
      }
    }
    // class weights are the kernel's affair where rows are distributions
    expect(scored(crossEntropy({ weight }), onehot)).toMatchObject({ weight: undefined, share: undefined });
  });

  it("are the data set's where no class has a say", () => {
    for (const make of LOSSES) {
      for (const reduction of REDUCTIONS) {
        const { weight, share } = scored(make({ reduction }), onehot, [1, 0, 2.5]);
        expect([weight, share]).toEqual([Float32Array.of(1, 0, 2.5), Float32Array.of(1, 0, 2.5)]);
      }
    }
  });

  // weight: r·w_class, 0 where ignored; share: the same for mean (PyTorch), else the rows themselves
  it.each<[Reduction, number[]]>([
    ["mean", [1, 6, 1, 0, 0]],
    ["batchmean", [1, 3, 2, 0, 0]],
    ["sum", [1, 3, 2, 0, 0]],
    ["none", [1, 3, 2, 0, 0]],
  ])("of class ids with class weights, by %s", (reduction, share) => {
    const plain = scored(crossEntropy({ weight, reduction }), ids, row);
    expect(plain.weight).toEqual(Float32Array.of(1, 6, 1, 0, 0));
    expect(plain.share).toEqual(Float32Array.from(share));
    // smoothing spreads a row over all classes: the kernel weights each
    const smooth = scored(crossEntropy({ weight, reduction, labelSmoothing: 0.1 }), ids, row);
    expect(smooth.weight).toEqual(Float32Array.of(1, 3, 2, 0, 0));
    expect(smooth.share).toEqual(Float32Array.from(share));
  });

  it("an ignored row alone is reason enough for weights", () => {
    const { weight, share } = scored(crossEntropy(), [0, -100, 2]);
    expect([weight, share]).toEqual([Float32Array.of(1, 0, 1), Float32Array.of(1, 0, 1)]);
    const own = scored(crossEntropy({ ignoreIndex: 2 }), [0, 1, 2]);
    expect(own.weight).toEqual(Float32Array.of(1, 1, 0));
  });

  it("of rows that all are ignored, or weigh nothing, are EMPTY", async () => {
    await refuses(() => scored(crossEntropy(), [-100, -100]), "EMPTY", "here", "-100");
    await refuses(
      () => scored(crossEntropy({ ignoreIndex: 1 }), [1, 0], [1, 0]),
      "EMPTY",
      "here",
      "class id 1",
    );
    for (const reduction of REDUCTIONS) {
      const loss = crossEntropy({ weight: [0, 1, 1], reduction });
      await refuses(() => scored(loss, [0, 0]), "EMPTY", "its class's");
      scored(loss, [0, 1]);
    }
    scored(crossEntropy(), [-100, 0]);
  });
});

describe("tally", () => {
  const weighted = scored(crossEntropy({ weight: [1, 2, 0.5] }), [0, 1, 2, -100, 1], [1, 3, 2, 5, 0]);
  const plain = scored(mse(), onehot);

  it("counts rows, and adds up their shares", () => {
    expect(tally(plain, 0, 3)).toEqual({ share: 3, counted: 3 });
    expect(tally(plain, 1, 0)).toEqual({ share: 0, counted: 0 });
    expect(tally(weighted, 0, 5)).toEqual({ share: 8, counted: 3 });
    expect(tally(weighted, 1, 2)).toEqual({ share: 7, counted: 2 });
    expect(tally(weighted, 3, 2)).toEqual({ share: 0, counted: 0 });
  });

  it("goes by the order of rows", () => {
    const order = Uint32Array.of(4, 3, 1, 0, 2);
    expect(tally(weighted, 0, 2, order)).toEqual({ share: 0, counted: 0 });
    expect(tally(weighted, 2, 2, order)).toEqual({ share: 7, counted: 2 });
  });

  it("adds in f64", () => {
    const tiny = scored(mse(), [[1], [1], [1]], [2 ** 24, 1, 1], 1);
    expect(tally(tiny, 0, 3).share).toBe(2 ** 24 + 2);
  });
});

describe("divisor and over", () => {
  it.each(Object.entries(MAKERS))("%s: by reduction", (kind, make) => {
    const by = Object.fromEntries(
      REDUCTIONS.map((reduction) => [reduction, divisor(scored(make({ reduction }), onehot), 8, OUTPUTS)]),
    );
    const mean = kind === "crossEntropy" ? 8 : 8 * OUTPUTS;
    expect(by).toEqual({ mean, batchmean: 8, sum: 1, none: 8 });
  });

  it("nothing over nothing is nothing", () => {
    expect([over(6, 4), over(0, 0), over(3, 0), over(1, 0)]).toEqual([1.5, 0, 0, 0]);
  });
});

describe("score: how hits are told", () => {
  it.each<[string, LossSpec, Targets, number, LayerSpec, Scoring["hits"]]>([
    ["cross entropy of ids", crossEntropy(), [1, 2, 0], 3, dense(3), "fused"],
    ["cross entropy of rows", crossEntropy(), onehot, 3, dense(3), "fused"],
    ["bce of ids", bceWithLogits(), [1, 2, 0], 3, dense(3), "largest"],
    ["bce of ids, two outputs", bceWithLogits(), [1, 0], 2, dense(2), "largest"],
    ["bce of rows", bceWithLogits(), onehot, 3, dense(3), "each"],
    ["bce of one output", bceWithLogits(), [1, 0], 1, dense(1), "each"],
    ["quadratic of ids", quadratic(), [1, 2, 0], 3, sigmoid(), "largest"],
    ["quadratic of ids behind softmax", quadratic(), [1, 2, 0], 3, softmax(), "largest"],
    ["quadratic of ids, one output, sigmoid", quadratic(), [1, 0], 1, sigmoid(), "each"],
    ["quadratic of ids, one output", quadratic(), [1, 0], 1, dense(1), "none"],
    ["quadratic of rows", quadratic(), onehot, 3, sigmoid(), "none"],
    ["mse of ids", mse(), [1, 2, 0], 3, dense(3), "largest"],
    ["huber of one number", huber(), [[5], [6]], 1, dense(1), "none"],
    ["mae of rows", mae(), onehot, 3, dense(3), "none"],
  ])("%s", (_, loss, y, outputs, last, hits) => {
    expect(scored(loss, y, undefined, outputs, last).hits).toBe(hits);
  });
});

describe("checkFits", () => {
  const fits = (loss: LossSpec, outputs: number, last: LayerSpec) => () =>
    checkFits("here", loss, outputs, last);

  it("lets distances stand behind anything, logits losses behind what gives logits", () => {
    for (const last of [dense(3), softmax(), sigmoid()]) {
      for (const make of [quadratic, mse, mae, huber]) fits(make(), 3, last)();
    }
    for (const make of [crossEntropy, bceWithLogits]) fits(make(), 3, dense(3))();
    fits(bceWithLogits(), 1, dense(1))();
  });

  it.each([
    ["crossEntropy", crossEntropy(), "softmax"],
    ["bceWithLogits", bceWithLogits(), "sigmoid"],
  ] as const)("%s goes behind no softmax and no sigmoid", async (kind, loss, own) => {
    for (const last of [softmax(), sigmoid()]) {
      const words = [
        `here: ${kind} takes logits`,
        `Leave out the last ${last.kind}()`,
        `a ${own} of its own`,
      ];
      await refuses(fits(loss, 3, last), "LOSS", ...words);
    }
  });

  it("cross entropy needs two outputs, weights one for each", async () => {
    await refuses(fits(crossEntropy(), 1, dense(1)), "LOSS", "here", "one output", "bceWithLogits()");
    const weight = [1, 2, 3];
    fits(crossEntropy({ weight }), 3, dense(3))();
    fits(bceWithLogits({ posWeight: weight }), 3, dense(3))();
    fits(bceWithLogits({ posWeight: 2 }), 3, dense(3))();
    await refuses(
      fits(crossEntropy({ weight }), 4, dense(4)),
      "OPTION",
      "weight has 3 values, the model 4 outputs",
    );
    await refuses(
      fits(bceWithLogits({ posWeight: weight }), 1, dense(1)),
      "OPTION",
      "posWeight has 3",
      "1 output.",
    );
  });
});
