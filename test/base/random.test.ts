// Threefry against the published vectors, and what is built on it: uniform numbers, integers, permutations.

import { describe, expect, it } from "vitest";
import { Random, shuffle, threefry } from "../../src/base/random.ts";

const hex = (x: number | undefined): string => (x ?? 0).toString(16).padStart(8, "0");

describe("Threefry-2x32, 20 rounds", () => {
  // Random123, tests/kat_vectors: key, counter, result
  it.each([
    [[0, 0], [0, 0], "6b200159 99ba4efe"],
    [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], "1cb996fc bb002be7"],
    [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], "c4923a9c 483df7a0"],
  ])("key %s, counter %s → %s", ([k0, k1], [c0, c1], expected) => {
    const out = new Uint32Array(2);
    threefry(k0!, k1!, c0!, c1!, out);
    expect(`${hex(out[0])} ${hex(out[1])}`).toBe(expected);
  });

  it("signed and unsigned words are one key", () => {
    const [a, b] = [new Uint32Array(2), new Uint32Array(2)];
    threefry(-1, -1, -1, -1, a);
    threefry(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, b);
    expect(a).toEqual(b);
  });
});

describe("Random", () => {
  it("gives both words of each block: key (seed, stream), counter (position, substream)", () => {
    const random = new Random(42, 1, 7);
    const block = new Uint32Array(2);
    for (let position = 0; position < 5; position++) {
      threefry(42, 1, position, 7, block);
      expect([random.word(), random.word()]).toEqual([...block]);
    }
  });

  it.each([
    ["seed", new Random(2, 1, 1)],
    ["stream", new Random(1, 2, 1)],
    ["substream", new Random(1, 1, 2)],
  ])("another %s is another sequence, the same numbers give the same", (_, other) => {
    const take = (random: Random): number[] => Array.from({ length: 8 }, () => random.word());
    const first = take(new Random(1, 1, 1));
    expect(take(new Random(1, 1, 1))).toEqual(first);
    expect(take(other)).not.toEqual(first);
  });

  it("uniform: multiples of 2⁻²⁴ in [0, 1); mean and variance within six standard deviations", () => {
    const random = new Random(5, 1, 0);
    const n = 100_000;
    let [sum, squares, least, most] = [0, 0, 1, 0];
    for (let i = 0; i < n; i++) {
      const x = random.uniform();
      if (x * 2 ** 24 !== Math.floor(x * 2 ** 24)) throw new Error(`${x} is no multiple of 2⁻²⁴`);
      sum += x;
      squares += (x - 0.5) ** 2;
      least = Math.min(least, x);
      most = Math.max(most, x);
    }
    expect(least).toBeGreaterThanOrEqual(0);
    expect(most).toBeLessThan(1);
    // one sample: variance 1/12; its squared distance from ½: mean 1/12, variance 1/80 − 1/144 = 1/180
    expect(Math.abs(sum / n - 1 / 2)).toBeLessThan(6 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(squares / n - 1 / 12)).toBeLessThan(6 * Math.sqrt(1 / 180 / n));
  });

  it.each([1, 2, 7, 10, 1000])("below(%i): every value in range, each as often as the others", (n) => {
    const random = new Random(6, 1, n);
    const trials = 200 * n;
    const counts = new Uint32Array(n);
    for (let i = 0; i < trials; i++) {
      const x = random.below(n);
      if (!Number.isInteger(x) || x < 0 || x >= n) throw new Error(`below(${n}) gave ${x}`);
      counts[x]!++;
    }
    // chi square with n − 1 degrees of freedom: mean n − 1, variance 2(n − 1)
    const expected = trials / n;
    const chi = counts.reduce((total, count) => total + (count - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThanOrEqual(n - 1 + 6 * Math.sqrt(2 * (n - 1)));
  });

  it("below(2³²) is the word itself", () => {
    const [a, b] = [new Random(7, 1, 0), new Random(7, 1, 0)];
    for (let i = 0; i < 10; i++) expect(a.below(2 ** 32)).toBe(b.word());
  });
});

describe("shuffle", () => {
  it.each([0, 1, 2, 10, 1009])("is a permutation of 0 … %i − 1, whatever the array held", (n) => {
    const order = new Uint32Array(n).fill(7);
    shuffle(order, new Random(1, 2, 3));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    if (n > 5) expect([...order]).not.toEqual(Array.from({ length: n }, (_, i) => i));
  });

  it("the six orders of three come equally often", () => {
    const counts = new Map<string, number>();
    const trials = 12_000;
    for (let i = 0; i < trials; i++) {
      const order = new Uint32Array(3);
      shuffle(order, new Random(9, 2, i));
      const key = order.join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const [p, sixSigma] = [1 / 6, 6 * Math.sqrt((trials * 5) / 36)];
    for (const [key, count] of counts) expect(Math.abs(count - trials * p), key).toBeLessThan(sixSigma);
  });
});
