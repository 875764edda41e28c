// Gradients as the kernels write them, of nets of every form: against the same gradients in f64 within the bound
// of docs/numerics.md chained through the net, and against central differences of a plain f64 forward pass.

import { describe, expect, it } from "vitest";
import type { LayerSpec, StateDict } from "../../src/base/spec.ts";
import { dense, relu, sigmoid } from "../../src/nn/layers.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import { cores } from "../support/core.ts";
import { inF64, type KernelRun, runOnce } from "../support/kernel-gradients.ts";
import { gradients, meanLoss, type NetLayer } from "../support/net.ts";
import { bits } from "../support/state.ts";

interface Case {
  readonly name: string;
  readonly input: number;
  readonly layers: readonly LayerSpec[];
  readonly rows?: number;
}

/** Small enough to difference every parameter. */
const small: readonly Case[] = [
  { name: "3-4-3-2 sigmoid", input: 3, layers: [dense(4), sigmoid(), dense(3), sigmoid(), dense(2)] },
  { name: "5-7-4 relu", input: 5, layers: [dense(7), relu(), dense(4)] },
  { name: "6-5 without hidden layers", input: 6, layers: [dense(5)] },
  { name: "1-1, a single class: all zero", input: 1, layers: [dense(1)], rows: 1 },
  { name: "1-1-2, a single row", input: 1, layers: [dense(1), sigmoid(), dense(2)], rows: 1 },
  { name: "two dense layers in a row", input: 4, layers: [dense(13), dense(3)] },
  { name: "relu before any dense", input: 5, layers: [relu(), dense(6), sigmoid(), dense(3)] },
  { name: "sigmoid before any dense", input: 5, layers: [sigmoid(), dense(3)] },
  { name: "sigmoid, then relu", input: 4, layers: [dense(6), sigmoid(), relu(), dense(3)] },
  { name: "relu, then sigmoid", input: 4, layers: [dense(6), relu(), sigmoid(), dense(3)] },
  { name: "relu twice", input: 4, layers: [dense(6), relu(), relu(), dense(3)] },
  { name: "sigmoid twice", input: 4, layers: [dense(6), sigmoid(), sigmoid(), dense(3)] },
  { name: "sigmoid last", input: 4, layers: [dense(6), relu(), dense(3), sigmoid()] },
  { name: "relu last", input: 4, layers: [dense(6), sigmoid(), dense(3), relu()] },
  { name: "relu, sigmoid last", input: 4, layers: [dense(3), relu(), sigmoid()] },
  { name: "many rows", input: 3, layers: [dense(5), relu(), dense(2)], rows: 131 },
];

/** Wider than a tile, a panel, a block of the GEMM: against f64 gradients alone. */
const wide: readonly Case[] = [
  {
    name: "37-50-31-11 relu",
    input: 37,
    layers: [dense(50), relu(), dense(31), relu(), dense(11)],
    rows: 67,
  },
  { name: "300-24-10 sigmoid", input: 300, layers: [dense(24), sigmoid(), dense(10)], rows: 130 },
  { name: "20-260-3 relu", input: 20, layers: [dense(260), relu(), dense(3)], rows: 9 },
];

function setUp(net: Case, seed: number): { x: Float32Array; t: Int32Array } {
  const rows = net.rows ?? 6;
  const classes = net.layers.reduce((n, layer) => (layer.kind === "dense" ? layer.units : n), net.input);
  return { x: floats(seed, rows * net.input), t: integers(seed + 1, rows, 0, classes - 1) };
}

describe.each(cores)(`gradients, $build build (seed ${SEED})`, (core) => {
  it.each([...small, ...wide])("$name, within the chained bound of f64", (net) => {
    const { x, t } = setUp(net, 11);
    const run = runOnce(core, net, x, t, 1);
    const reference = gradients(inF64(net.layers, run.before), x, t);
    expect(Math.abs(run.loss - reference.loss.value)).toBeLessThanOrEqual(reference.loss.bound);
    expect([...reference.params.keys()].sort()).toEqual(Object.keys(run.gradients).sort());
    for (const [name, { value, bound }] of reference.params) {
      const got = run.gradients[name]?.data as Float32Array;
      expect(got.length).toBe(value.length);
      for (let i = 0; i < value.length; i++) {
        const off = Math.abs((got[i] as number) - (value[i] as number));
        if (!(off <= (bound[i] as number))) {
          expect.fail(`${name}[${i}]: ${got[i]} against ${value[i]}, off by ${off}, allowed ${bound[i]}`);
        }
      }
      // a bound so wide that it forgives anything would prove nothing: over the tensor it must be small
      const [size, allowed] = [norm(value), norm(bound)];
      expect(allowed, `${name}: size ${size}`).toBeLessThan(2 ** -5 * Math.max(size, 2 ** -8));
    }
    expect(run.dirtyPadding).toBe(0);
  });

  it.each([1, 5, 64])("a batch in a plan for more rows gives the same bits, %i rows to spare", (spare) => {
    const net = small[0] as Case;
    const { x, t } = setUp(net, 12);
    const [exact, roomy] = [0, spare].map((more) => runOnce(core, net, x, t, 0.5, t.length + more));
    for (const [name, { data }] of Object.entries((exact as KernelRun).gradients)) {
      expect(bits((roomy as KernelRun).gradients[name]?.data as Float32Array)).toEqual(bits(data));
    }
  });
});

describe(`against central differences of the loss in f64 (seed ${SEED})`, () => {
  it.each(small)("$name: every parameter", (net) => {
    const { x, t } = setUp(net, 21);
    const { before, gradients: got } = runOnce(cores[0] as (typeof cores)[0], net, x, t, 1);
    const layers = inF64(net.layers, before);
    const { params } = gradients(layers, x, t);
    for (const [name, { bound }] of params) {
      const [index, which] = name.split(".") as [string, "weight" | "bias"];
      const values = (layers[Number(index)] as Extract<NetLayer, { kind: "dense" }>)[which];
      const data = got[name]?.data as Float32Array;
      for (let i = 0; i < values.length; i++) {
        const { slope, error } = difference(() => meanLoss(layers, x, t), values, i);
        const off = Math.abs((data[i] as number) - slope);
        const allowed = error + (bound[i] as number);
        if (!(off <= allowed)) {
          expect.fail(`${name}[${i}]: ${data[i]} against ${slope}, off by ${off}, allowed ${allowed}`);
        }
        expect(error).toBeLessThan(1e-6);
      }
    }
  });
});

describe("the SGD step", () => {
  it.each(cores)("is fround(p − fround(lr·g)), bit for bit, in the $build build", (core) => {
    const net = small[1] as Case;
    const { x, t } = setUp(net, 31);
    const lr = Math.fround(0.3);
    const { before, after, gradients: g } = runOnce(core, net, x, t, lr);
    for (const [name, { data }] of Object.entries(before) as [string, StateDict[string]][]) {
      const expected = data.map((p, i) => p - Math.fround(lr * (g[name]?.data[i] as number)));
      expect(bits(after[name]?.data as Float32Array)).toEqual(bits(expected));
    }
  });
});

/**
 * (f(v + h) − f(v − h)) / 2h for one entry of `values`, and what it may be off by: truncation falls by four when
 * the step is halved, so it is below the difference of two steps; rounding is below 2⁻⁴² of the loss over h.
 */
function difference(f: () => number, values: Float64Array, i: number): { slope: number; error: number } {
  const kept = values[i] as number;
  const at = (by: number): number => {
    values[i] = kept + by;
    const value = f();
    values[i] = kept;
    return value;
  };
  const h = 2 ** -17;
  const fine = (at(h) - at(-h)) / (2 * h);
  const coarse = (at(2 * h) - at(-2 * h)) / (4 * h);
  return { slope: fine, error: Math.abs(fine - coarse) + (2 ** -42 * Math.max(at(0), 2 ** -10)) / h };
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
}
