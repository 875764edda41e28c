// The worked example of the texts behind this project, a 3-4-3-2 net with sigmoid hidden layers and softmax: the
// kernels must give every gradient entry as test/oracle/seed-text.ts writes it out.

import { describe, expect, it } from "vitest";
import { sigmoid } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { seedText } from "../oracle/seed-text.ts";
import type { LossSpec as OracleLoss } from "../oracle/spec.ts";
import { cores } from "../support/core.ts";
import { inF64, runOnce } from "../support/kernel-gradients.ts";
import { boundedRun } from "../support/net.ts";

const layers = [dense(4), sigmoid(), dense(3), sigmoid(), dense(2)];
const [D, H, G, C] = [3, 4, 3, 2] as const;

/** Two rows and their classes. */
const X = [
  [0.9, -0.4, 0.3],
  [-0.2, 0.7, -1.1],
] as const;
const T = [0, 1] as const;
/** w1[i][j] from input i to unit j of the first hidden layer; w2 and w3 likewise. */
const w1 = table(D, H, (i, j) => 0.1 * (i + 1) - 0.15 * (j - 1) + 0.05 * i * j);
const w2 = table(H, G, (j, k) => 0.2 * (j - 1) + 0.1 * (k + 1) - 0.12 * j * k);
const w3 = table(G, C, (k, c) => (0.3 * (k - 1) + 0.2) * (c === 0 ? 1 : -1) + 0.07 * k);
const get = (m: readonly (readonly number[])[], i: number, j: number): number =>
  (m[i] as number[])[j] as number;
const b1 = [0.1, -0.2, 0.05, 0.3].map(Math.fround);
const b2 = [-0.1, 0.2, 0.15].map(Math.fround);
const b3 = [0.05, -0.05].map(Math.fround);

const state = {
  "0.weight": { shape: [H, D], data: Float32Array.from(entries(H, D, (j, i) => get(w1, i, j))) },
  "0.bias": { shape: [H], data: Float32Array.from(b1) },
  "2.weight": { shape: [G, H], data: Float32Array.from(entries(G, H, (k, j) => get(w2, j, k))) },
  "2.bias": { shape: [G], data: Float32Array.from(b2) },
  "4.weight": { shape: [C, G], data: Float32Array.from(entries(C, G, (c, k) => get(w3, k, c))) },
  "4.bias": { shape: [C], data: Float32Array.from(b3) },
};

/** By the names of a state dict; [out, in]. */
const expected = seedText(
  Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, data])),
  X.flat().map(Math.fround),
  T.flatMap((t) => [0, 1].map((c) => (c === t ? 1 : 0))),
);

describe("the 3-4-3-2 net by hand", () => {
  const rows = { x: X.flat().map(Math.fround), targets: { ids: T } };
  const reference = boundedRun(layers, inF64(state), crossEntropy() as OracleLoss, rows.x, 2, rows.targets);

  it("agrees with the matrix form in f64, to rounding", () => {
    for (const [name, values] of Object.entries(expected)) {
      const { value } = reference.gradients[name] as { value: Float64Array };
      expect(value.length).toBe(values.length);
      for (const [i, v] of values.entries())
        expect(Math.abs((value[i] as number) - v)).toBeLessThan(2 ** -48);
    }
  });

  it.each(cores)("is what the kernels of the $build build compute, all 39 entries", (core) => {
    const run = runOnce(core, { input: D, layers, state }, rows, 0.5);
    expect(Object.values(run.gradients).reduce((n, { data }) => n + data.length, 0)).toBe(39);
    for (const [name, values] of Object.entries(expected)) {
      const { bound } = reference.gradients[name] as { bound: Float64Array };
      for (const [i, v] of values.entries()) {
        const got = run.gradients[name]?.data[i] as number;
        expect(Math.abs(got - v), `${name}[${i}]: ${got} against ${v}`).toBeLessThanOrEqual(
          bound[i] as number,
        );
        // no entry is checked by a bound that a wrong sign would pass
        expect(bound[i]).toBeLessThan(Math.abs(v) / 100);
      }
    }
  });
});

function table(n: number, m: number, f: (i: number, j: number) => number): number[][] {
  return Array.from({ length: n }, (_, i) => Array.from({ length: m }, (_, j) => Math.fround(f(i, j))));
}

function entries(n: number, m: number, f: (i: number, j: number) => number): number[] {
  return Array.from({ length: n * m }, (_, e) => f(Math.floor(e / m), e % m));
}
