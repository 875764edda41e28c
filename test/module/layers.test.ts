// Exported modules against their models: every kind of layer with its options, links, builds, sizes of batches, inputs as large as f32
// has them.

import { describe, expect, it } from "vitest";
import type { LayerSpec, LossSpec } from "../../src/base/spec.ts";
import * as nn from "../../src/index.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { exportModule } from "../../src/module.ts";
import { floats, source } from "../oracle/data.ts";
import { erf } from "../oracle/erf.ts";
import { coreOf } from "../support/core.ts";
import { activations } from "../support/every-kind.ts";
import { exported, imported, shaken } from "../support/exported.ts";

/** Of probabilities, and of other outputs relative to max(1, |y|). */
const NEAR = 1e-6;
const [INPUTS, WIDTH] = [13, 11];

function near(got: Float32Array, wanted: Float32Array): void {
  expect(got.length).toBe(wanted.length);
  expect(wanted.every(Number.isFinite)).toBe(true);
  const errors = got.map((v, i) => {
    const y = wanted[i] as number;
    return Math.abs(v - y) / Math.max(1, Math.abs(y));
  });
  // NaN is no number below
  expect(
    errors.every((error) => error <= NEAR),
    `off by ${Math.max(...errors)}`,
  ).toBe(true);
}

const model = (
  layers: readonly LayerSpec[],
  { input = INPUTS, loss = nn.mse() as LossSpec, build = "simd" as "simd" | "relaxed" } = {},
): Sequential => shaken(new Sequential(coreOf(build), { input, loss }, layers));

/** A model needs something to train; it gives what it takes. */
const same = nn.prelu({ init: 1 });
const pointwise: readonly (readonly [string, readonly LayerSpec[]])[] = [
  ...activations,
  ["leakyRelu, 0", nn.leakyRelu({ negativeSlope: 0 })] as const,
  ["elu, alpha 0.1", nn.elu({ alpha: 0.1 })] as const,
  ["softplus, beta 0.3", nn.softplus({ beta: 0.3 })] as const,
].map(([name, layer]) => [name, [same, layer]]);

const layers: readonly (readonly [string, readonly LayerSpec[]])[] = [
  ...pointwise,
  ["dense", [nn.dense(WIDTH)]],
  ["dense without bias", [nn.dense(WIDTH, { bias: false })]],
  ["dense of one output", [nn.dense(1)]],
  ["dropout", [same, nn.dropout(0.5)]],
  ["batchNorm1d", [nn.batchNorm1d()]],
  ["batchNorm1d, eps and not affine", [same, nn.batchNorm1d({ eps: 0.1, affine: false })]],
  ["layerNorm", [nn.layerNorm()]],
  ["layerNorm, eps and not affine", [same, nn.layerNorm({ eps: 0.1, affine: false })]],
  ["prelu", [nn.prelu()]],
  ["prelu of columns", [nn.prelu({ shared: false })]],
  ["residual", [nn.residual([nn.dense(7), nn.tanh(), nn.dense(INPUTS)])]],
  [
    "residual in residual",
    [same, nn.residual([nn.relu(), nn.residual([nn.dense(INPUTS), nn.sigmoid()]), nn.layerNorm()])],
  ],
  ["frozen", [nn.frozen(nn.dense(WIDTH)), nn.frozen(nn.batchNorm1d()), nn.frozen(nn.prelu())]],
  [
    "all together",
    [
      nn.dense(24),
      nn.batchNorm1d(),
      nn.relu(),
      nn.dropout(0.25),
      ...activations.flatMap(([, layer]) => [nn.dense(16), layer]),
      nn.residual([nn.layerNorm(), nn.dense(16, { bias: false }), nn.prelu({ shared: false })]),
      nn.dense(5),
    ],
  ],
];

it("every kind is here", async () => {
  const kinds = new Set(layers.flatMap(([, list]) => list.map(({ kind }) => kind)));
  const { LAYERS } = await import("../../src/model/kinds.ts");
  expect([...kinds].sort()).toEqual(Object.keys(LAYERS).sort());
});

describe.each(["simd", "relaxed"] as const)("%s build", (build) => {
  it.each(layers)("%s", async (_, list) => {
    const made = model(list, { build });
    const net = await exported(made);
    expect([net.input, net.outputs]).toEqual([made.input, made.outputs]);
    for (const rows of [1, 7, 300]) {
      const x = floats(rows, rows * INPUTS, -4, 4);
      near(net.logits(x), made.logits(x));
      near(net.predict(x), made.predict(x));
    }
  });
});

it.each(pointwise)("%s of extreme numbers", async (_, list) => {
  const sizes = [0, 1e-45, 1e-30, 1e-6, 0.1, 1, 3, 6, 10, 17, 30, 87, 88.8, 104, 1e3, 1e10, 3.4e38];
  const x = Float32Array.from(sizes.flatMap((v) => [v, -v]));
  const made = new Sequential(coreOf("simd"), { input: x.length }, list);
  near((await exported(made)).logits(x), made.logits(x));
});

it.each([
  ["crossEntropy", nn.crossEntropy()],
  ["bceWithLogits", nn.bceWithLogits()],
  ["huber", nn.huber()],
  [
    "a loss in JavaScript with the link softmax",
    nn.customLoss({ name: "own", loss: () => 0, gradient: () => {}, link: "softmax" }),
  ],
])("predict of %s, logits large and small", async (_, loss) => {
  const made = model([nn.dense(WIDTH)], { loss });
  const net = await exported(made);
  for (const size of [1e-3, 1, 50, 1e4]) {
    const x = floats(3, 40 * INPUTS, -size, size);
    near(net.predict(x), made.predict(x));
    expect(net.predictClass(x)).toEqual(made.predictClass(x));
  }
});

it.each([
  ["a yes or no", [nn.dense(1)], nn.bceWithLogits()],
  ["one behind a sigmoid", [nn.dense(1), nn.sigmoid(), nn.dropout(0.5)], nn.mse()],
  ["several", [nn.dense(3)], nn.crossEntropy()],
])("predictClass of %s", async (_, list, loss) => {
  const made = model(list, { loss });
  const x = floats(9, 300 * INPUTS, -2, 2);
  const ids = (await exported(made)).predictClass(x);
  expect(ids).toEqual(made.predictClass(x));
  expect(new Set(ids).size).toBeGreaterThan(1);
});

it("predictClass takes the first of equal outputs, and no for a logit of 0", async () => {
  const zeros = (units: number): Sequential =>
    new Sequential(coreOf("simd"), { input: 2 }, [nn.dense(units, { init: nn.zeros() })]);
  for (const made of [zeros(4), zeros(1)]) {
    expect((await exported(made)).predictClass([[1, 2]])).toEqual(Int32Array.of(0));
  }
});

it.each(["simd", "relaxed"] as const)("dense layers have the bits of the %s build", async (build) => {
  // whether this engine fuses: 1 + 2⁻¹² squared, less what of it f32 holds
  const made = shaken(
    new Sequential(coreOf(build), { input: 784 }, [nn.dense(128), nn.relu(), nn.dense(10)]),
  );
  const x = floats(5, 50 * 784);
  const [got, wanted] = [(await exported(made)).logits(x), made.logits(x)];
  const probe = new Sequential(coreOf("relaxed"), { input: 2 }, [nn.dense(1, { bias: false })]);
  const v = 1 + 2 ** -12;
  const weight = { shape: [1, 2], data: Float32Array.of(-Math.fround(v * v), v) };
  probe.loadStateDict({ "0.weight": weight });
  const fuses = (probe.logits([[1, v]])[0] as number) !== 0;
  if (build === "simd" || fuses) expect(got).toEqual(wanted);
  else near(got, wanted);
});

it("the module's erf is the oracle's", async () => {
  const text = `${exportModule(model([same, nn.gelu()]))}\nexport { erf };\n`;
  const own = (await imported<{ erf(x: number): number }>(text)).erf;
  const next = source(4);
  const xs = [0, 1e-300, 5.999, 6, 40, 1e300, ...Array.from({ length: 5000 }, () => 8 * next())];
  for (const x of xs) {
    expect(Math.abs(own(x) - erf(x)), `erf ${x}`).toBeLessThanOrEqual(1e-14);
    expect(own(-x)).toBe(-own(x));
  }
  expect(own(Number.NaN)).toBeNaN();
});

it("bytes are scaled as the model's data set were, flat and as rows; numbers are not", async () => {
  const made = new Sequential(coreOf("simd"), { input: 6, seed: 3 }, [nn.dense(4), nn.tanh(), nn.dense(2)]);
  const x = Uint8Array.from({ length: 30 * 6 }, (_, i) => (i * 37) % 256);
  const rows = Array.from({ length: 30 }, (_, i) => x.slice(6 * i, 6 * i + 6));
  const first = await exported(made);
  expect(first.logits(x)).not.toEqual(first.logits(Float32Array.from(x)));
  near(first.logits(x), made.logits(x));
  const data = nn.dataset({ x, y: rows.map((_, i) => i % 2), features: 6, scale: 1 / 128, shift: -1 });
  await made.fit(data, { epochs: 1, batchSize: 10, loss: nn.crossEntropy(), optimizer: nn.sgd({ lr: 0.1 }) });
  const net = await exported(made);
  for (const given of [x, rows, Float32Array.from(x), rows.map((row) => [...row])] as const) {
    near(net.logits(given), made.logits(given));
    near(net.predict(given), made.predict(given));
  }
});
