// Initial weights: range, spread, and what they depend on; and the generator underneath, against published values.

import { describe, expect, it } from "vitest";
import { Random, STREAM_INIT, STREAM_SHUFFLE, shuffle, threefry } from "../../src/base/random.ts";
import type { LayerSpec, StateDict } from "../../src/base/spec.ts";
import { initUniform } from "../../src/nn/init.ts";
import { dense, relu, sigmoid } from "../../src/nn/layers.ts";
import { Network } from "../../src/nn/network.ts";
import { cores } from "../support/core.ts";
import { hash } from "../support/state.ts";

const state = (seed: number, input: number, layers: readonly LayerSpec[]): StateDict =>
  new Network(cores[0] as (typeof cores)[0], input, layers, seed).state();

describe("Threefry-2x32, 20 rounds", () => {
  // known answers of Random123 (kat_vectors)
  it.each([
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  ])("key %i %i, counter %i %i", (k0, k1, c0, c1, x, y) => {
    const out = new Uint32Array(2);
    threefry(k0, k1, c0, c1, out);
    expect([...out]).toEqual([x, y]);
  });
});

describe("Random", () => {
  it("counts through the blocks of its key and substream", () => {
    const random = new Random(7, STREAM_INIT, 3);
    const out = new Uint32Array(2);
    for (let block = 0; block < 5; block++) {
      threefry(7, STREAM_INIT, block, 3, out);
      expect([random.word(), random.word()]).toEqual([...out]);
    }
  });

  it("uniform: 24 bits, from 0 to below 1; below(n): from 0 to n − 1", () => {
    const random = new Random(1, 9, 0);
    const us = Float64Array.from({ length: 7000 }, () => random.uniform());
    expect(us.every((u) => u >= 0 && u < 1 && Number.isInteger(u * 2 ** 24))).toBe(true);
    const counts = new Uint32Array(8);
    for (let i = 0; i < 7000; i++) {
      const n = random.below(7);
      counts[n] = (counts[n] as number) + 1;
    }
    const mean = us.reduce((a, u) => a + u, 0) / us.length;
    // σ of the mean is 1/√(12·7000) = 0.0035, of a count √(7000·6/49) = 29: six of each
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.021);
    expect(counts[7]).toBe(0);
    for (const count of counts.subarray(0, 7)) expect(Math.abs(count - 1000)).toBeLessThan(6 * 30);
  });

  it("shuffle gives each of the 24 orders of four about equally often", () => {
    const counts = new Map<string, number>();
    const order = new Uint32Array(4);
    for (let epoch = 0; epoch < 4800; epoch++) {
      shuffle(order, new Random(5, STREAM_SHUFFLE, epoch));
      const name = order.join("");
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const name of counts.keys()) expect([...name].sort().join("")).toBe("0123");
    // 200 each, σ = √(4800·23)/24 = 13.8
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(6 * 14);
  });
});

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
