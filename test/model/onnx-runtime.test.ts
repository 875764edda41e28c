// Exported models in ONNX Runtime give what they give here: every kind of layer by itself, at the sizes of numbers that it may meet,
// and whole nets. What differs is the order of sums and whose exp it is; the largest differences are printed at the end.

import * as ort from "onnxruntime-web";
import { afterAll, describe, expect, it } from "vitest";
import type { LayerSpec, NumberColumn } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import * as nn from "../../src/index.ts";
import { LAYERS } from "../../src/model/kinds.ts";
import { exportOnnx, type OnnxOptions } from "../../src/onnx.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import { activations } from "../support/every-kind.ts";
import { withPreprocessing } from "../support/prepared-model.ts";

const xent = await nn.init({ precision: "strict" });
ort.env.wasm.numThreads = 1;

/** What exporting promises: of a number y, or of a probability, 1e-5·max(1, |y|). */
const PROMISED = 1e-5;
/** u, half the distance of f32 numbers next to 1. */
const U = 2 ** -24;
const ROWS = 300;
const BATCHES = [1, 7, ROWS];
const W = 6;

const worst = new Map<string, number>();
afterAll(() => {
  const lines = [...worst].map(([name, error]) => `${name}: ${error.toExponential(1)}`);
  console.log(`largest |Δ| / max(1, |y|) of exported models, XENT_SEED=${SEED}: ${lines.join("; ")}`);
});

/** A file in ONNX Runtime: gives what its one output is for rows of `columns` numbers. */
async function runtime(file: Uint8Array) {
  const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
  const { inputNames, outputNames } = session;
  expect([inputNames.length, outputNames.length]).toEqual([1, 1]);
  return async (x: Float32Array | Uint8Array, columns: number): Promise<Float32Array> => {
    const shape = [x.length / columns, columns];
    const tensor =
      x instanceof Uint8Array ? new ort.Tensor("uint8", x, shape) : new ort.Tensor("float32", x, shape);
    const { [outputNames[0] as string]: result } = await session.run({ [inputNames[0] as string]: tensor });
    return (result as ort.Tensor).data as Float32Array;
  };
}

/** Expects each number within its tolerance, by default the one that is promised, and remembers the largest difference. */
function near(
  name: string,
  actual: Float32Array,
  expected: Float32Array,
  tolerance = (i: number): number => PROMISED * Math.max(1, Math.abs(expected[i] as number)),
): void {
  expect(actual.length).toBe(expected.length);
  let largest = worst.get(name) ?? 0;
  for (const [i, y] of expected.entries()) {
    const difference = y === actual[i] ? 0 : Math.abs(y - (actual[i] as number));
    if (!(difference <= tolerance(i))) expect.fail(`${name}: [${i}] is ${actual[i]}, expected ${y}`);
    largest = Math.max(largest, difference / Math.max(1, Math.abs(y)));
  }
  worst.set(name, largest);
}

/** Random parameters within ± spread, and variances. */
function scatter(model: nn.Sequential, seed: number, spread = 1): nn.Sequential {
  const state = Object.entries(model.stateDict()).map(([name, { shape, data }], i) => {
    const positive = name.endsWith("running_var");
    const values = floats(seed + i, data.length, positive ? 0.25 : -spread, positive ? 2 : spread);
    return [name, { shape, data: values }] as const;
  });
  model.loadStateDict(Object.fromEntries(state));
  return model;
}

/** One layer that is given its inputs as they are. */
function alone(layer: LayerSpec): nn.Sequential {
  const model = scatter(xent.sequential({ input: W }, [nn.dense(W, { bias: false }), layer]), 40);
  const one = Float32Array.from({ length: W * W }, (_, i) => Number(i % (W + 1) === 0));
  model.loadStateDict({ ...model.stateDict(), "0.weight": { shape: [W, W], data: one } });
  return model;
}

const inner = [nn.silu(), nn.residual([nn.gelu(), nn.dropout(0.5)])];
const kinds: readonly (readonly [string, LayerSpec])[] = [
  ...activations,
  ["softplus, beta 1", nn.softplus()],
  ["dropout", nn.dropout(0.5)],
  ["batchNorm1d", nn.batchNorm1d({ eps: 0.001 })],
  ["batchNorm1d, not affine", nn.batchNorm1d({ affine: false })],
  ["batchNorm1d, frozen", nn.frozen(nn.batchNorm1d())],
  ["layerNorm", nn.layerNorm()],
  ["layerNorm, not affine", nn.layerNorm({ affine: false, eps: 0.001 })],
  ["prelu", nn.prelu()],
  ["prelu, a slope a column", nn.prelu({ shared: false })],
  ["residual", nn.residual(inner)],
];
const denses: readonly (readonly [string, LayerSpec])[] = [
  ["dense", nn.dense(5)],
  ["dense without bias", nn.dense(5, { bias: false })],
  ["dense, frozen", nn.frozen(nn.dense(5))],
];

it("no kind is missing", () => {
  const tested = new Set([...kinds, ...denses].map(([, { kind }]) => kind));
  expect([...tested].sort()).toEqual(Object.keys(LAYERS).sort());
});

/** Rows within ± a number of several sizes, around 0 and not; and what is odd by itself. */
const odd = [0, -0, 1e-40, -1e-40, 1e-20, 0.5, -0.5, 9, -9, 18, -18, 88.5, -88.5, 104, -104, 1e30, -1e30, 1];
const inputs: readonly (readonly [string, Float32Array])[] = [
  ...[1, 10, 100, 1e4, 1e8, 1e15].map((size) => [`±${size}`, floats(50, ROWS * W, -size, size)] as const),
  ["1000 ± 1", floats(51, ROWS * W, 999, 1001)],
  ["odd", Float32Array.from({ length: ROWS * W }, (_, i) => odd[i % odd.length] as number)],
];

describe.each(kinds)("%s by itself", (name, layer) => {
  it("gives the same", async () => {
    const model = alone(layer);
    const run = await runtime(exportOnnx(model));
    for (const [what, all] of inputs) {
      for (const rows of BATCHES) {
        const x = all.subarray(0, rows * W);
        const y = model.logits(x);
        near(
          layer.kind === "layerNorm" && what === "1000 ± 1" ? `${name}, ${what}` : name,
          await run(x, W),
          y,
          (i) => {
            const promised = PROMISED * Math.max(1, Math.abs(y[i] as number));
            return layer.kind === "layerNorm" ? promised + meanRounded(x, i, layer.eps) : promised;
          },
        );
      }
    }
  });
});

/**
 * By how much two ways to add up a row may set (x − μ)·s·γ apart, |γ| ≤ 1: each mean is the sum of W numbers of at most m, off by
 * γ(W)·m, and s is worked out from distances to it, which add their own share again: W·u·m·s, twice over for each.
 */
function meanRounded(x: Float32Array, i: number, eps: number): number {
  const row = [...x.subarray(i - (i % W), i - (i % W) + W)];
  const mean = row.reduce((sum, value) => sum + value) / W;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / W;
  const most = Math.max(...row.map(Math.abs));
  return (4 * W * U * most) / Math.sqrt(variance + eps);
}

describe.each(denses)("%s by itself", (name, layer) => {
  it("gives the same but for the order of its sums", async () => {
    const model = scatter(xent.sequential({ input: W }, [layer, nn.prelu()]), 60);
    // a slope of 1 changes nothing; a net needs something to train
    const state: nn.StateDict = {
      ...model.stateDict(),
      "1.weight": { shape: [1], data: Float32Array.of(1) },
    };
    model.loadStateDict(state);
    const run = await runtime(exportOnnx(model));
    const weight = state["0.weight"]?.data as Float32Array;
    const bias = state["0.bias"]?.data ?? new Float32Array(5);
    for (const [what, all] of inputs) {
      for (const rows of BATCHES) {
        const x = all.subarray(0, rows * W);
        // each is within γ(k + 2)·(Σ |x|·|w| + |b|) of what is true: docs/numerics.md, "Matrix product"
        near(what === "±1" ? name : `${name}, any size`, await run(x, W), model.logits(x), (i) => {
          const [row, unit] = [Math.floor(i / 5), i % 5];
          let size = Math.abs(bias[unit] as number);
          for (let p = 0; p < W; p++) {
            size += Math.abs((x[row * W + p] as number) * (weight[unit * W + p] as number));
          }
          return 2 * (((W + 2) * U) / (1 - (W + 2) * U)) * size + W * 2 ** -148;
        });
      }
    }
  });
});

/** Logits, and what predict gives, of rows within ±2. */
async function compare(name: string, model: nn.Sequential, seed: number): Promise<void> {
  const { input } = model;
  const [logits, linked] = [
    await runtime(exportOnnx(model)),
    await runtime(exportOnnx(model, { link: true })),
  ];
  for (const rows of BATCHES) {
    const x = floats(seed, rows * input, -2, 2);
    near(`${name}, logits`, await logits(x, input), model.logits(x));
    near(`${name}, predict`, await linked(x, input), model.predict(x));
  }
}

describe("nets", () => {
  it.each(kinds)("of dense layers and %s", async (_, layer) => {
    const layers = [nn.dense(16), layer, nn.dense(16), layer, nn.dense(4)];
    const model = xent.sequential({ input: 5, seed: 3, loss: nn.crossEntropy() }, layers);
    await compare("nets of two layers of a kind", scatter(model, 70, 0.5), 71);
  });

  it("with every kind, deep, with blocks in blocks", async () => {
    const block = (...more: LayerSpec[]): LayerSpec =>
      nn.residual([nn.layerNorm(), nn.dense(32), nn.gelu({ approximate: "tanh" }), ...more, nn.dense(32)]);
    const layers = [
      nn.dense(32),
      ...kinds.filter(([, { kind }]) => kind !== "softmax").map(([, layer]) => layer),
      block(),
      block(block(nn.prelu()), nn.frozen(nn.dense(32)), nn.batchNorm1d()),
      nn.dropout(0.1),
      nn.dense(3),
    ];
    const model = xent.sequential({ input: 20, seed: 4, loss: nn.crossEntropy() }, layers);
    await compare("deep", scatter(model, 80, 0.2), 81);
  });

  it("of 40 layers", async () => {
    const layers = Array.from({ length: 20 }, () => [nn.dense(24, { init: nn.heNormal() }), nn.relu()]);
    const model = xent.sequential({ input: 24, seed: 5, loss: nn.bceWithLogits() }, [
      ...layers.flat(),
      nn.dense(2),
    ]);
    await compare("40 layers", model, 90);
  });

  it.each([
    ["crossEntropy", nn.crossEntropy()],
    ["bceWithLogits", nn.bceWithLogits()],
    ["mse", nn.mse()],
    ["mae", nn.mae()],
    ["huber", nn.huber()],
    ["quadratic", nn.quadratic()],
    ["custom", nn.customLoss({ name: "c", link: "softmax", loss: () => 0, gradient: () => {} })],
  ])("linked by %s", async (_, loss) => {
    await compare(
      "nets by their loss",
      xent.sequential({ input: 5, seed: 6, loss }, [nn.dense(9), nn.tanh(), nn.dense(3)]),
      91,
    );
  });

  it("trained on bytes, fed with bytes", async () => {
    const [features, classes] = [64, 10];
    const x = Uint8Array.from(integers(92, ROWS * features, 0, 255));
    const y = integers(93, ROWS, 0, classes - 1);
    const options = { input: features, seed: 7, loss: nn.crossEntropy(), optimizer: nn.adam({ lr: 0.01 }) };
    const model = xent.sequential(options, [
      nn.dense(32, { bias: false }),
      nn.batchNorm1d(),
      nn.relu(),
      nn.dropout(0.2),
      nn.dense(classes),
    ]);
    // before any data are known it is 1/255
    near(
      "bytes, untrained",
      await (await runtime(exportOnnx(model, { input: "u8" })))(x, features),
      model.logits(x),
    );
    const data = dataset({ x, y, features, scale: 1 / 64, shift: -2 });
    await model.fit(data, { epochs: 5, batchSize: 50 });
    const file = exportOnnx(model, { input: "u8", link: true });
    near("bytes, trained", await (await runtime(file))(x, features), model.predict(x));
    // the same numbers as floats
    const values = Float32Array.from(x, (byte) => Math.fround(byte * Math.fround(1 / 64)) - 2);
    near("bytes as floats", await (await runtime(exportOnnx(model)))(values, features), model.logits(x));
  });
});

describe("preprocessing", () => {
  const number = (
    name: string,
    center: number,
    scale: number,
    offset: number,
    fill?: number,
  ): NumberColumn => ({
    kind: "number",
    name,
    center,
    scale,
    offset,
    ...(fill === undefined ? {} : { fill }),
  });
  // far from 0, within a narrow range, filled, and as it is
  const columns = [
    number("year", 1_999_999.7, 3.1, 0, 2_000_000.25),
    number("share", 0.1, 1 / 3, 0.5),
    number("price", -7.7, 1e-4, -1, 12),
    number("plain", 0, 1, 0),
  ];
  const target = [number("a", 250_000.1, 1 / 70_000, 0), number("b", 0.3, 40, -1)];
  const spec = { columns, target: { kind: "numbers", columns: target } } as const;
  const raw = Float32Array.from({ length: ROWS * 4 }, (_, i) => {
    const values = [
      floats(100 + i, 1, 1_999_998, 2_000_001),
      floats(200 + i, 1),
      floats(300 + i, 1, -1e5, 1e5),
    ];
    const value = values[i % 4]?.[0] ?? (i % 8) - 4;
    return columns[i % 4]?.fill !== undefined && i % 7 === 0 ? Number.NaN : value;
  });
  /** As the description says it: in f64, rounded once. */
  const features = raw.map((value, i) => {
    const { center, scale, offset, fill } = columns[i % 4] as NumberColumn;
    return ((Number.isNaN(value) ? (fill as number) : value) - center) * scale + offset;
  });
  const run = async (model: nn.Sequential, options: OnnxOptions): Promise<Float32Array> =>
    (await runtime(exportOnnx(model, { preprocessing: true, ...options })))(raw, 4);

  it("gives the very bits of the features", async () => {
    expect(raw.some(Number.isNaN)).toBe(true);
    const model = xent.sequential({ input: 4 }, [nn.dense(4, { bias: false })]);
    const one = Float32Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0));
    model.loadStateDict({ "0.weight": { shape: [4, 4], data: one } });
    expect(await run(withPreprocessing(model, spec), {})).toEqual(features);
  });

  it("of features and of targets, around a net", async () => {
    const model = xent.sequential({ input: 4, seed: 8, loss: nn.mse() }, [
      nn.dense(9),
      nn.tanh(),
      nn.dense(2),
    ]);
    const outputs = model.logits(features);
    const restored = outputs.map((y, i) => {
      const { center, scale, offset } = target[i % 2] as NumberColumn;
      return (y - offset) / scale + center;
    });
    near("raw rows", await run(withPreprocessing(model, spec), {}), outputs);
    // what an output is off by, its scale makes larger
    near("raw rows, restored", await run(model, { link: true }), restored, (i) => {
      const { scale } = target[i % 2] as NumberColumn;
      const y = outputs[i] as number;
      return (PROMISED * Math.max(1, Math.abs(y))) / scale + 2 * U * Math.abs(restored[i] as number);
    });
  });

  it("leaves a missing value missing where nothing takes its place", async () => {
    const model = withPreprocessing(xent.sequential({ input: 4 }, [nn.dense(1)]), { columns });
    const file = await runtime(exportOnnx(model, { preprocessing: true }));
    const row = Float32Array.of(2e6, Number.NaN, 1, 1);
    expect(await file(row, 4)).toEqual(Float32Array.of(Number.NaN));
  });
});
