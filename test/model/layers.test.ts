// Norms, prelu, dropout, residual blocks and frozen layers as a user meets them: what is refused and how, what training
// changes and evaluation does not, chance by the seed, gradCheck, and tools that look into a model.

import { describe, expect, it } from "vitest";
import type { LayerSpec } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import { gradCheck } from "../../src/model/gradcheck.ts";
import { init } from "../../src/model/runtime.ts";
import { sigmoid, softmax, tanh } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { frozen } from "../../src/nn/layer.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { bceWithLogits } from "../../src/nn/losses.ts";
import { batchNorm1d, dropout, layerNorm, prelu, residual } from "../../src/nn/norms.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import { refuses } from "../support/errors.ts";

// biome-ignore lint/suspicious/noExplicitAny: what is refused has any type
type Any = any;

const xent = await init();
const [ROWS, INPUTS, CLASSES] = [24, 5, 4];
const x = floats(1, ROWS * INPUTS, -2, 2);
const y = integers(2, ROWS, 0, CLASSES - 1);
const data = dataset({ x, y, features: INPUTS });
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const model = (layers: readonly LayerSpec[], seed = 1) =>
  xent.sequential({ input: INPUTS, seed, ...learn }, layers);

/** So many blocks in each other. */
const nested = (blocks: number): LayerSpec =>
  Array.from({ length: blocks - 1 }).reduce<LayerSpec>(
    (inner) => residual([inner]),
    residual([dense(INPUTS)]),
  );

it("16 blocks in each other are a model, and a file of it is read", async () => {
  const m = model([nested(16), dense(CLASSES)]);
  await m.fit(data);
  const file = m.save();
  expect(Object.keys(m.stateDict())[0]).toBe(`${"0.".repeat(17)}weight`);
  expect((await xent.load(file)).save()).toEqual(file);
});

describe("are refused", () => {
  const nan = Number.NaN;
  type Case = readonly [what: string, call: () => unknown, ...pieces: string[]];
  const cases: readonly Case[] = [
    ...[1, -0.1, 1 - 2 ** -30, nan, "0.5", null, undefined].map(
      (p): Case => [`dropout(${p})`, () => dropout(p as Any), "dropout: p is", "below 1"],
    ),
    ["dropout({ p })", () => dropout({ p: 0.1 } as Any), "an object"],
    ["batchNorm1d: eps 0", () => batchNorm1d({ eps: 0 }), "batchNorm1d: eps is 0"],
    ["batchNorm1d: momentum 1.1", () => batchNorm1d({ momentum: 1.1 }), "momentum is 1.1", "from 0 to 1"],
    ["batchNorm1d: momentum null", () => batchNorm1d({ momentum: null as Any }), "momentum is null"],
    ["batchNorm1d: affine 1", () => batchNorm1d({ affine: 1 as Any }), "affine is 1", "true or false"],
    ["batchNorm1d: axis", () => batchNorm1d({ axis: 1 } as Any), '"axis"', "momentum"],
    ["layerNorm: eps -1", () => layerNorm({ eps: -1 }), "layerNorm: eps is -1"],
    ["layerNorm: momentum", () => layerNorm({ momentum: 0.1 } as Any), '"momentum"', "eps, affine"],
    ["prelu: init NaN", () => prelu({ init: nan }), "prelu: init is NaN"],
    ["prelu: shared null", () => prelu({ shared: null as Any }), "shared is null"],
    ["residual of nothing", () => residual([]), "an array of 0", "at least one"],
    ["17 blocks in each other", () => nested(17), "more than 16 blocks"],
    [
      "17 blocks, by hand",
      () => model([{ ...nested(16), layers: [nested(16)] } as Any]),
      "more than 16 blocks",
    ],
    ["residual of a layer", () => residual(dense(3) as Any), "an object"],
    ["frozen(3)", () => frozen(3 as Any), "frozen: the layer is 3"],
    ["dense: bias 0", () => dense(3, { bias: 0 as Any }), "dense: bias is 0"],
    ["dense: an unknown option", () => dense(3, { biased: true } as Any), '"biased"', "bias"],
    ["frozen false", () => model([{ ...dense(3), frozen: false } as Any]), "layers[0]: frozen is false"],
    [
      "frozen relu",
      () => model([dense(3), { ...relu(), frozen: true } as Any]),
      "nothing to freeze",
      "layers[1]",
    ],
    [
      "an unknown kind in a block",
      () => model([residual([{ kind: "conv" } as Any])]),
      "layers[0].layers[0]",
      "conv",
      "residual(layers)",
    ],
    [
      "a block of another width",
      () => model([dense(6), residual([dense(7), relu()])]),
      "layer 1 takes 6",
      "give 7",
      "dense(6)",
    ],
    [
      "a block in a block of another width",
      () => model([residual([relu(), residual([dense(2)])])]),
      "layer 0.1 takes 5",
      "give 2",
    ],
    ["nothing with parameters", () => model([residual([relu(), dropout(0.5)])]), "nothing to train"],
    [
      "a softmax behind which only dropout stands",
      () => model([dense(4), softmax(), dropout(0.1)]),
      "takes logits",
    ],
  ];
  // the last is the loss's affair
  for (const [what, call, ...pieces] of cases) {
    const code = what.startsWith("a softmax") ? "LOSS" : "OPTION";
    it(what, () => refuses(call, code, ...pieces));
  }

  it("training where everything is frozen, by every call; evaluation is not", async () => {
    const m = model([frozen(dense(4)), relu(), frozen(residual([dense(4), batchNorm1d()]))]);
    for (const [where, call] of [
      ["fit", () => m.fit(data)],
      ["trainOnBatch", () => m.trainOnBatch(x, y)],
      ["gradients", () => m.gradients({ x, y })],
      ["steps", () => m.steps(data).next()],
    ] as const) {
      await refuses(call, "OPTION", `${where}: every layer is frozen`);
    }
    expect((await m.evaluate(data)).loss).toBeGreaterThan(0);
    expect(m.predict(x).length).toBe(ROWS * CLASSES);
  });

  it("a batch of one row where columns are normalised by it, by every call, before anything runs", async () => {
    for (const layers of [
      [dense(4), batchNorm1d()],
      [residual([batchNorm1d()]), dense(4)],
    ]) {
      const m = model(layers);
      const before = m.stateDict();
      await refuses(
        () => m.trainOnBatch(x.subarray(0, INPUTS), y.subarray(0, 1)),
        "OPTION",
        "one row",
        "batchNorm1d",
      );
      await refuses(
        () => m.gradients({ x: x.subarray(0, INPUTS), y: y.subarray(0, 1) }),
        "OPTION",
        "one row",
      );
      await refuses(() => m.fit(data, { batchSize: 1 }), "OPTION", "batchSize of at least 2");
      await refuses(() => m.fit(data, { batchSize: 23 }), "OPTION", "24 rows by 23", "dropLast");
      expect(m.stateDict()).toEqual(before);
      await m.fit(data, { batchSize: 22 });
    }
    await model([frozen(batchNorm1d()), dense(4)]).fit(data, { batchSize: 1 });
    await model([layerNorm(), dense(4)]).fit(data, { batchSize: 23 });
  });

  it("a running variance below 0, and a state without one", async () => {
    const m = model([batchNorm1d(), dense(4)]);
    const state = m.stateDict();
    const bad = { shape: [INPUTS], data: new Float32Array(INPUTS).fill(-1) };
    await refuses(
      () => m.loadStateDict({ ...state, "0.running_var": bad }),
      "STATE",
      "0.running_var",
      "at least 0",
    );
    const { "0.running_mean": _, ...rest } = state;
    await refuses(() => m.loadStateDict(rest), "STATE", '"0.running_mean" is missing');
  });
});

describe("begin as PyTorch's do, and by the seed", () => {
  it("first values", () => {
    const m = model([
      batchNorm1d(),
      layerNorm(),
      prelu({ init: 0.5 }),
      prelu({ shared: false }),
      dense(4, { bias: false }),
    ]);
    const values = Object.entries(m.stateDict()).map(([name, { shape, data }]) => [
      name,
      shape,
      [...new Set(data)],
    ]);
    expect(values.slice(0, -1)).toEqual([
      ["0.weight", [5], [1]],
      ["0.bias", [5], [0]],
      ["0.running_mean", [5], [0]],
      ["0.running_var", [5], [1]],
      ["1.weight", [5], [1]],
      ["1.bias", [5], [0]],
      ["2.weight", [1], [0.5]],
      ["3.weight", [5], [0.25]],
    ]);
    expect(values.at(-1)?.slice(0, 2)).toEqual(["4.weight", [4, 5]]);
  });

  it("being frozen changes no first value and no name", () => {
    const layers = [dense(6), relu(), residual([dense(6), batchNorm1d()]), dense(4)];
    const some = [frozen(dense(6)), relu(), ...[residual([dense(6), batchNorm1d()])].map(frozen), dense(4)];
    expect(model(some).stateDict()).toEqual(model(layers).stateDict());
  });
});

describe(`training and evaluation (seed ${SEED})`, () => {
  const layers = [dense(30), batchNorm1d(), relu(), dropout(0.5), dense(CLASSES)];

  it("dropout drops in training alone, by the seed, and anew in each batch", async () => {
    const m = model(layers);
    expect(m.logits(x)).toEqual(m.logits(x));
    const outputs = m.activations(x);
    expect(outputs[3]).toMatchObject({ name: "3.dropout", width: 30 });
    expect(outputs[3]?.data).toEqual(outputs[2]?.data);
    const looked = m.gradients({ x, y });
    expect(m.gradients({ x, y })).toEqual(looked);
    await m.trainOnBatch(x, y, { optimizer: sgd({ lr: 1e-30 }) });
    expect(m.gradients()).toEqual(looked);
    expect(m.gradients({ x, y })).not.toEqual(looked);
    const trained = async (seed: number) => {
      const other = model(layers, seed);
      await other.fit(data, { epochs: 3, batchSize: 7 });
      return other.stateDict();
    };
    expect(await trained(3)).toEqual(await trained(3));
    expect(await trained(3)).not.toEqual(await trained(4));
  });

  it("running statistics move by the momentum in training, and by nothing else", async () => {
    const m = model([batchNorm1d({ momentum: 1 }), dense(CLASSES)]);
    const before = m.stateDict();
    m.gradients({ x, y });
    await m.evaluate(data);
    await gradCheck(m, { x, y });
    expect(m.stateDict()).toEqual(before);
    await m.trainOnBatch(x, y);
    const after = m.stateDict()["0.running_mean"] as { data: Float32Array };
    for (const [j, mean] of after.data.entries()) {
      let sum = 0;
      for (let i = 0; i < ROWS; i++) sum += x[i * INPUTS + j] as number;
      // a chain of 24 terms below 2, in f32
      expect(Math.abs(mean - sum / ROWS)).toBeLessThanOrEqual(24 * 2 * 2 ** -24);
    }
  });

  it("a loss that is not finite leaves parameters and running statistics as they were", async () => {
    const m = model([batchNorm1d(), dense(CLASSES)]);
    const before = m.stateDict();
    const far = x.map((v) => v * 3e38);
    await refuses(
      () =>
        m.trainOnBatch(
          far.map((v) => (Number.isFinite(v) ? v : 3e38)),
          y,
        ),
      "DIVERGED",
    );
    expect(m.stateDict()).toEqual(before);
  });

  it("a frozen batchNorm1d gives in training what it gives in evaluation", async () => {
    const m = model([frozen(batchNorm1d()), dense(CLASSES)]);
    const state = m.stateDict();
    m.loadStateDict({ ...state, "0.running_mean": { shape: [5], data: Float32Array.of(1, 2, 3, 4, 5) } });
    const { loss } = await m.evaluate(data);
    expect((await m.trainOnBatch(x, y)).loss).toBe(loss);
    expect(Object.keys(m.gradients())).toEqual(["1.weight", "1.bias"]);
  });

  it("a sigmoid last is seen behind dropout", async () => {
    const m = xent.sequential({ input: INPUTS }, [dense(1), dropout(0.1)]);
    expect(m.predictClass(x).length).toBe(ROWS);
    const half = xent.sequential({ input: INPUTS }, [dense(1), sigmoid(), dropout(0.1)]);
    const logits = half.logits(x);
    expect([...half.predictClass(x)]).toEqual(Array.from(logits, (v) => Number(v > 0.5)));
    await refuses(
      () =>
        half.evaluate(dataset({ x, y: y.map((id) => id % 2), features: INPUTS }), { loss: bceWithLogits() }),
      "LOSS",
    );
  });

  it("plan, gradCheck and a learning net with all of them", async () => {
    const m = model([
      dense(16, { bias: false }),
      batchNorm1d(),
      relu(),
      residual([layerNorm(), dense(16), prelu(), dropout(0.25), dense(16, { bias: false })]),
      tanh(),
      dense(CLASSES),
    ]);
    const { flops, stepMs, bytes } = m.plan({ batchSize: 8 });
    expect(flops).toBeGreaterThan(2 * 3 * 8 * 16 * 16);
    expect(stepMs).toBeGreaterThan(0);
    // two runs of 16 numbers
    expect(bytes.buffers).toBe(2 * 64);
    const check = await gradCheck(m, { x, y }, { entries: Number.POSITIVE_INFINITY });
    expect(check).toMatchObject({ passed: true, suspects: [] });
    expect(check.error).toBeLessThanOrEqual(64 * 2 ** -24);
    const history = await m.fit(data, { epochs: 60, batchSize: 8 });
    expect(history.loss.at(-1)).toBeLessThan((history.loss[0] as number) / 2);
    expect((await m.evaluate(data)).accuracy).toBeGreaterThan(0.75);
  });

  it("gradCheck passes a bias in front of a norm, whose gradient is rounding and nothing else", async () => {
    for (const seed of [1, 2, 3]) {
      const check = await gradCheck(model([dense(9), batchNorm1d(), relu(), dense(4)], seed), { x, y });
      expect(check).toMatchObject({ passed: true, suspects: [] });
    }
  });
});
