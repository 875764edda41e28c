// Descriptions of layers and losses: what their functions refuse, and what a model refuses of those that they did not make.

import { describe, expect, it } from "vitest";
import type { XentError } from "../../src/base/errors.ts";
import { dataset } from "../../src/data/dataset.ts";
import { INITIALIZERS, LAYERS, LOSSES, OPTIMIZERS } from "../../src/model/kinds.ts";
import { init } from "../../src/model/runtime.ts";
import { elu, gelu, leakyRelu, sigmoid, softmax, softplus } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { ones } from "../../src/nn/initializers.ts";
import { frozen } from "../../src/nn/layer.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { bceWithLogits, huber, mae, mse, quadratic } from "../../src/nn/losses.ts";
import { residual } from "../../src/nn/norms.ts";
import { sgd } from "../../src/train/sgd.ts";
import { refuses } from "../support/errors.ts";
import { memoriesMade } from "../support/memories.ts";
import type { Any } from "../support/refusals.ts";

const xent = await init();
const input = 2;

type Case = readonly [what: string, call: () => unknown, ...pieces: string[]];

describe("sequential", () => {
  const CASES: readonly (readonly [string, Any, Any, "OPTION" | "LOSS", ...string[]])[] = [
    [
      "cross entropy behind softmax",
      [dense(3), softmax()],
      crossEntropy(),
      "LOSS",
      "last softmax()",
      "takes logits",
    ],
    ["bce behind sigmoid", [dense(3), sigmoid()], bceWithLogits(), "LOSS", "last sigmoid()", "takes logits"],
    ["cross entropy of one output", [dense(1)], crossEntropy(), "LOSS", "one output"],
    ["one class weight", [dense(3)], crossEntropy({ weight: [1] }), "OPTION", "1 value,", "3 outputs"],
    ["no posWeight", [dense(3)], bceWithLogits({ posWeight: [] }), "OPTION", "0 values", "3 outputs"],
    ["two posWeights", [dense(1)], bceWithLogits({ posWeight: [1, 2] }), "OPTION", "2 values", "1 output"],
    [
      "a slope of −1",
      [dense(3), { ...leakyRelu(), negativeSlope: -1 }],
      undefined,
      "OPTION",
      "negativeSlope is -1",
    ],
    ["α of 0", [{ ...elu(), alpha: 0 }, dense(3)], undefined, "OPTION", "alpha is 0", "above 0"],
    ["β as text", [{ ...softplus(), beta: "1" }, dense(3)], undefined, "OPTION", 'beta is "1"'],
    ["another gelu", [{ ...gelu(), approximate: "erf" }, dense(3)], undefined, "OPTION", '"erf"', '"tanh"'],
    [
      "a field that relu has not",
      [dense(3), { ...relu(), slope: 1 }],
      undefined,
      "OPTION",
      "layers[1]",
      '"slope"',
    ],
    [
      "a field that dense has not",
      [{ ...dense(3), activation: "relu" }],
      undefined,
      "OPTION",
      '"activation"',
      "units",
    ],
    ["δ of −1", [dense(3)], { ...huber(), delta: -1 }, "OPTION", "huber: delta is -1", "above 0"],
    ["a class weight of −1", [dense(2)], { ...crossEntropy(), weight: [1, -1] }, "OPTION", "weight[1] is -1"],
    ["an unknown reduction", [dense(2)], { ...mae(), reduction: "avg" }, "OPTION", '"avg"', "batchmean"],
  ];
  it.each(CASES)("refuses %s", async (_, layers, loss, code, ...pieces) => {
    const call = (): unknown => xent.sequential({ input, loss }, layers);
    expect(await memoriesMade(() => refuses(call, code, ...pieces))).toEqual([]);
  });

  it("takes copies that were changed, with the defaults of their functions", async () => {
    const x = [
      [1, 2],
      [3, 4],
    ];
    const data = dataset({ x, y: x.map(([a = 0, b = 0]) => [a / 4, b / 4, 0]) });
    const by = async (layers: Any, loss: Any, optimizer: Any) => {
      const m = xent.sequential({ input, loss, optimizer }, layers);
      await m.fit(data, { epochs: 2 });
      return m.stateDict();
    };
    const copies = [{ ...dense(3), units: 4 }, { ...elu(), alpha: 2 }, { ...frozen(dense(3)) }];
    expect(await by(copies, { ...huber(), delta: 2 }, { ...sgd({ lr: 1 }), lr: 0.1 })).toEqual(
      await by([dense(4), elu({ alpha: 2 }), frozen(dense(3))], huber({ delta: 2 }), sgd({ lr: 0.1 })),
    );
  });

  const plain = (made: object): Any => structuredClone(made);
  it.each<[string, () => unknown, ...string[]]>([
    ["a layer", () => xent.sequential({ input }, [dense(3), plain(relu())]), "layers[1] is", "relu()"],
    [
      "a layer in a block",
      () => xent.sequential({ input }, [residual([plain(dense(2))])]),
      "layers[0].layers[0]",
    ],
    ["a loss", () => xent.sequential({ input, loss: plain(mse()) }, [dense(3)]), "loss is", "mse()"],
    [
      "an optimiser",
      () => xent.sequential({ input, optimizer: plain(sgd({ lr: 1 })) }, [dense(3)]),
      "optimizer is",
      "sgd({ lr })",
    ],
    ["initial values", () => dense(3, { init: plain(ones()) }), "init is", "ones()"],
    ["a loss for a layer", () => xent.sequential({ input }, [mse() as Any]), 'of kind "mse"', "dense(units)"],
  ])("refuses %s that no function has made", (_, call, ...pieces) =>
    refuses(call, "OPTION", "an object of kind", "Pass what one of these returns", ...pieces),
  );

  it("the functions that are named instead are all that there are", () => {
    const named = (call: () => unknown): string[] => {
      try {
        call();
      } catch (error) {
        return [...(error as XentError).hint.matchAll(/(\w+)\(/g)].map(([, name]) => name as string).sort();
      }
      return [];
    };
    const none: Any = { kind: "none" };
    expect(named(() => xent.sequential({ input }, [none]))).toEqual(Object.keys(LAYERS).sort());
    expect(named(() => xent.sequential({ input, loss: none }, [dense(1)]))).toEqual(
      [...Object.keys(LOSSES), "customLoss"].sort(),
    );
    expect(named(() => xent.sequential({ input, optimizer: none }, [dense(1)]))).toEqual(
      Object.keys(OPTIMIZERS).sort(),
    );
    expect(named(() => dense(1, { init: none }))).toEqual(
      [...Object.keys(INITIALIZERS), "zeros", "ones"].sort(),
    );
  });
});

describe("the functions that describe losses and layers", () => {
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
  const weights = (weight: Any) => () => crossEntropy({ weight });
  const CASES: readonly Case[] = [
    ["crossEntropy(5)", () => crossEntropy(5 as Any), "got 5", "labelSmoothing"],
    ["crossEntropy(null)", () => crossEntropy(null as Any), "got null", "object"],
    ["a mistyped option", () => crossEntropy({ smoothing: 0.1 } as Any), '"smoothing"', "labelSmoothing"],
    ["weight −1", weights([1, -1]), "weight[1] is -1", "from 1e-15 to 1e15"],
    ["weight NaN", weights([nan, 1]), "weight[0] is NaN"],
    ["weight beyond f32", weights([1, 1e39]), "weight[1] is 1e+39"],
    ["weight '1'", weights(["1"]), 'weight[0] is "1"'],
    ["a hole in the weights", weights([1, undefined]), "weight[1] is undefined"],
    ["weights of 0", weights([0, 0]), "no number above 0"],
    ["weights that are all 0", weights([0, -0]), "no number above 0"],
    ["weights of 0 in f32", weights([0, 1e-50]), "weight[1] is 1e-50", "from 1e-15 to 1e15"],
    [
      "weights of which no sum is finite in f32",
      weights([1, 1e38]),
      "weight[1] is 1e+38",
      "from 1e-15 to 1e15",
    ],
    ["one number for the weights", weights(2), "weight is 2", "array of numbers", "every class"],
    ["null for the weights", weights(null), "weight is null", "array of numbers"],
    ["ignoreIndex 1.5", () => crossEntropy({ ignoreIndex: 1.5 }), "ignoreIndex is 1.5", "integer"],
    ["ignoreIndex 2³¹", () => crossEntropy({ ignoreIndex: 2 ** 31 }), "2147483648", "32 bits"],
    ["ignoreIndex null", () => crossEntropy({ ignoreIndex: null as Any }), "ignoreIndex is null"],
    ...[-0.1, 1.1, nan, "0.1", null].map(
      (value): Case => [
        `labelSmoothing ${value}`,
        () => crossEntropy({ labelSmoothing: value as Any }),
        `labelSmoothing is ${typeof value === "string" ? '"0.1"' : value}`,
        "0 to 1",
      ],
    ),
    ...[0, -1, nan, infinity, 1e39, 1e-50, "1", true, 1n, null].map(
      (value): Case => [
        `posWeight ${value}`,
        () => bceWithLogits({ posWeight: value as Any }),
        "posWeight is ",
      ],
    ),
    ["posWeight [1, 0]", () => bceWithLogits({ posWeight: [1, 0] }), "posWeight[1] is 0", "above 0"],
    ["posWeight {}", () => bceWithLogits({ posWeight: {} as Any }), "posWeight is an object", "every output"],
    ...([crossEntropy, bceWithLogits, quadratic, mse, mae, huber] as const).flatMap((make): Case[] => [
      [
        `${make.name}: reduction avg`,
        () => make({ reduction: "avg" as Any }),
        make.name,
        '"avg"',
        "batchmean",
      ],
      [`${make.name}: reduction null`, () => make({ reduction: null as Any }), make.name, "null", "sum"],
      [`${make.name}: an unknown option`, () => make({ size: 1 } as Any), make.name, '"size"', "reduction"],
    ]),
    ...[0, -1, nan, infinity, 1e39, 1e-50, "1", null].flatMap((value): Case[] => [
      [`huber: δ ${value}`, () => huber({ delta: value as Any }), "huber: delta is", "above 0"],
      [`elu: α ${value}`, () => elu({ alpha: value as Any }), "elu: alpha is", "above 0"],
      [`softplus: β ${value}`, () => softplus({ beta: value as Any }), "softplus: beta is", "above 0"],
    ]),
    ...[-1, nan, infinity, 1e39, "1", null].map(
      (value): Case => [
        `leakyRelu: slope ${value}`,
        () => leakyRelu({ negativeSlope: value as Any }),
        "leakyRelu: negativeSlope is",
      ],
    ),
    ["leakyRelu(0.1)", () => leakyRelu(0.1 as Any), "got 0.1", "negativeSlope"],
    ["leakyRelu: α", () => leakyRelu({ alpha: 0.1 } as Any), '"alpha"', "negativeSlope"],
    ["gelu: erf", () => gelu({ approximate: "erf" as Any }), 'approximate is "erf"', '"none"'],
    ["gelu('tanh')", () => gelu("tanh" as Any), 'got "tanh"', "approximate"],
    ["softplus: threshold", () => softplus({ threshold: 20 } as Any), '"threshold"', "beta"],
  ];
  for (const [what, call, ...pieces] of CASES) it(`refuse ${what}`, () => refuses(call, "OPTION", ...pieces));

  it("keep no list of the caller's", () => {
    const weight = [1, 2];
    const specs = [crossEntropy({ weight }), bceWithLogits({ posWeight: weight })];
    weight[0] = -5;
    expect(specs).toEqual([crossEntropy({ weight: [1, 2] }), bceWithLogits({ posWeight: [1, 2] })]);
  });
});
