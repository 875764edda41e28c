// Initial weights: range, spread, and what they depend on.

import { describe, expect, it } from "vitest";
import { Random, STREAM_INIT } from "../../src/base/random.ts";
import type { LayerSpec, StateDict } from "../../src/base/spec.ts";
import { leakyRelu, sigmoid } from "../../src/nn/activations.ts";
import { initialize } from "../../src/nn/initialize.ts";
import { constant, ones, torchDefault } from "../../src/nn/initializers.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { Network } from "../../src/nn/network.ts";
import { dropout, layerNorm } from "../../src/nn/norms.ts";
import { byActivation, glorotUniform, heNormal } from "../../src/nn/spreads.ts";
import { cores } from "../support/core.ts";
import { hash } from "../support/state.ts";

const state = (seed: number, input: number, layers: readonly LayerSpec[]): StateDict =>
  new Network(cores[0] as (typeof cores)[0], input, layers, seed).state();

describe("initial weights", () => {
  it("lie in ±1/√in, weights and biases alike, and fill that range", () => {
    const { "0.weight": weight, "0.bias": bias } = state(3, 400, [dense(50)]) as Required<StateDict>;
    for (const tensor of [weight, bias]) {
      const { data } = tensor as StateDict[string];
      const most = data.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
      // f32 rounding may reach the bound itself
      expect(most).toBeLessThanOrEqual(1 / 20);
      expect(most).toBeGreaterThan((1 / 20) * (1 - 20 / data.length));
    }
    const data = (weight as StateDict[string]).data;
    const mean = data.reduce((a, v) => a + v, 0) / data.length;
    const variance = data.reduce((a, v) => a + v * v, 0) / data.length;
    // U(−b, b): variance b²/3; with 20,000 values σ of the mean is b/√60000, of the variance 2b²/√(45·20000)
    const b = 1 / 20;
    expect(Math.abs(mean)).toBeLessThan((6 * b) / Math.sqrt(60000));
    expect(Math.abs(variance - (b * b) / 3)).toBeLessThan((6 * 2 * b * b) / Math.sqrt(45 * 20000));
  });

  it("are the same for the same seed, and others for another", () => {
    const layers = [dense(9), relu(), dense(4)];
    expect(hash(state(1, 5, layers))).toBe(hash(state(1, 5, layers)));
    expect(hash(state(1, 5, layers))).not.toBe(hash(state(2, 5, layers)));
    expect(hash(state(2 ** 32 - 1, 5, layers))).not.toBe(hash(state(0, 5, layers)));
  });

  it("of a layer do not change with what stands behind it, nor with activations", () => {
    const short = state(4, 5, [dense(9), relu(), dense(4)]);
    const long = state(4, 5, [dense(9), sigmoid(), dense(4), relu(), dense(70)]);
    for (const name of Object.keys(short)) expect(long[name]).toEqual(short[name]);
  });

  it("differ between the layers of a net", () => {
    const { "0.weight": first, "1.weight": second } = state(4, 6, [dense(6), dense(6)]);
    expect(first?.data).not.toEqual(second?.data);
  });

  it("leave the padding between rows alone", () => {
    const data = new Float32Array(3 * 16).fill(7);
    const around = { fanIn: 3, fanOut: 5 };
    initialize(data, { rows: 3, cols: 5, ld: 16 }, torchDefault(), around, new Random(1, STREAM_INIT, 0));
    for (const [i, value] of data.entries()) expect(value === 7, `${i}`).toBe(i % 16 >= 5);
  });
});

describe("an initialiser of one's own", () => {
  /** of 40,000 normal values the spread is within 6σ/√80000 of σ */
  const spread = (data: Float32Array): number =>
    Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length);
  const near = (got: number, wanted: number): void =>
    expect(Math.abs(got / wanted - 1)).toBeLessThan(6 / Math.sqrt(80_000));
  const data = (layers: readonly LayerSpec[], name: string): Float32Array =>
    (state(3, 400, layers)[name] as StateDict[string]).data;

  it("is the weights'; biases then begin at 0, unless they have one too", () => {
    near(spread(data([dense(100, { init: heNormal() }), relu()], "0.weight")), Math.sqrt(2 / 400));
    expect(new Set(data([dense(100, { init: heNormal() })], "0.bias"))).toEqual(new Set([0]));
    expect(new Set(data([dense(100, { init: heNormal(), biasInit: ones() })], "0.bias"))).toEqual(
      new Set([1]),
    );
    expect(new Set(data([dense(100, { biasInit: constant(0.5) })], "0.bias"))).toEqual(new Set([0.5]));
    const bound = Math.max(...data([dense(100, { biasInit: constant(0.5) })], "0.weight").map(Math.abs));
    expect(bound).toBeLessThanOrEqual(1 / 20);
  });

  it("takes its gain from the activation behind the layer, past norms and dropout", () => {
    const init = heNormal();
    near(spread(data([dense(100, { init }), sigmoid()], "0.weight")), Math.sqrt(1 / 400));
    const leaky = [dense(100, { init }), layerNorm(), dropout(0.5), leakyRelu({ negativeSlope: 0.5 })];
    near(spread(data(leaky, "0.weight")), Math.sqrt(2 / 1.25 / 400));
  });

  it("by activation: He before relu, Glorot before sigmoid and at the end", () => {
    const init = byActivation();
    near(spread(data([dense(100, { init }), relu()], "0.weight")), Math.sqrt(2 / 400));
    for (const layers of [[dense(100, { init }), sigmoid()], [dense(100, { init })]]) {
      expect(data(layers, "0.weight")).toEqual(data([dense(100, { init: glorotUniform() })], "0.weight"));
    }
  });

  it("does not move the values of other layers", () => {
    const own = state(4, 5, [dense(9, { init: heNormal() }), relu(), dense(4)]);
    expect(own["2.weight"]).toEqual(state(4, 5, [dense(9), relu(), dense(4)])["2.weight"]);
  });
});
