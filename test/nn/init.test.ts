// Initial weights: range, spread, and what they depend on.

import { describe, expect, it } from "vitest";
import type { LayerSpec, StateDict } from "../../src/base/spec.ts";
import { initUniform } from "../../src/nn/init.ts";
import { dense, relu, sigmoid } from "../../src/nn/layers.ts";
import { Network } from "../../src/nn/network.ts";
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
    initUniform(data, 3, 5, 16, 3, 1, 0);
    for (const [i, value] of data.entries()) expect(value === 7, `${i}`).toBe(i % 16 >= 5);
  });
});
