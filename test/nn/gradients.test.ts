// Gradients as the kernels write them, of nets of every form: against the same gradients in f64 within the bound
// of docs/numerics.md chained through the net, and against central differences of a plain f64 forward pass.

import { describe, expect, it } from "vitest";
import type { LayerSpec, LossSpec, StateDict } from "../../src/base/spec.ts";
import * as nn from "../../src/index.ts";
import { sigmoid } from "../../src/nn/activations.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { expectWithin } from "../kernels/compare.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import { run } from "../oracle/net.ts";
import type { LossSpec as OracleLoss, Targets } from "../oracle/spec.ts";
import { cores } from "../support/core.ts";
import { inF64, type KernelRun, type Rows, runOnce } from "../support/kernel-gradients.ts";
import { boundedRun } from "../support/net.ts";
import { bits } from "../support/state.ts";

interface Case {
  readonly name: string;
  readonly input: number;
  readonly layers: readonly LayerSpec[];
  readonly rows?: number;
  /** cross entropy of class ids, where nothing is said */
  readonly loss?: LossSpec;
  readonly targets?: "ids" | "probabilities" | "labels" | "numbers";
  readonly weighted?: boolean;
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
  ...activationCases(),
  ...lossCases(),
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

/** Each activation where it is first, between, in a row with itself, and last. */
function activationCases(): Case[] {
  const kinds: Record<string, LayerSpec> = {
    tanh: nn.tanh(),
    leakyRelu: nn.leakyRelu({ negativeSlope: 0.25 }),
    elu: nn.elu({ alpha: 1.5 }),
    gelu: nn.gelu(),
    "gelu tanh": nn.gelu({ approximate: "tanh" }),
    silu: nn.silu(),
    softplus: nn.softplus({ beta: 2 }),
    softmax: nn.softmax(),
  };
  return Object.entries(kinds).flatMap(([name, layer]) => [
    { name: `${name} between dense layers`, input: 4, layers: [dense(6), layer, dense(3)] },
    { name: `${name} before any dense`, input: 4, layers: [layer, dense(5), relu(), layer, dense(3)] },
    { name: `${name} twice`, input: 4, layers: [dense(6), layer, layer, dense(3)] },
    {
      name: `${name} last`,
      input: 4,
      layers: [dense(6), sigmoid(), dense(3), layer],
      loss: nn.mse(),
      targets: "numbers" as const,
    },
  ]);
}

/** Each loss with each option, target and reduction that has a gradient of its own, with and without row weights. */
function lossCases(): Case[] {
  const weight = [0.5, 2, 0.1];
  const smooth = { labelSmoothing: 0.1 };
  const posWeight = [0.3, 1, 7];
  const options: [string, LossSpec, NonNullable<Case["targets"]>][] = [
    ["ignoreIndex", nn.crossEntropy({ ignoreIndex: 1 }), "ids"],
    ["weight", nn.crossEntropy({ weight }), "ids"],
    ["weight", nn.crossEntropy({ weight, reduction: "batchmean" }), "ids"],
    ["smoothing", nn.crossEntropy(smooth), "ids"],
    ["all options", nn.crossEntropy({ ...smooth, weight, ignoreIndex: 2 }), "ids"],
    ["", nn.crossEntropy({ reduction: "sum" }), "probabilities"],
    ["all options", nn.crossEntropy({ ...smooth, weight }), "probabilities"],
    ["", nn.bceWithLogits(), "labels"],
    ["posWeight", nn.bceWithLogits({ posWeight, reduction: "sum" }), "labels"],
    ["posWeight 3", nn.bceWithLogits({ posWeight: 3, reduction: "batchmean" }), "labels"],
    ["", nn.quadratic(), "numbers"],
    ["", nn.mse({ reduction: "batchmean" }), "numbers"],
    ["", nn.mae(), "numbers"],
    ["", nn.huber({ delta: 0.7 }), "numbers"],
  ];
  return options.flatMap(([title, loss, targets]) =>
    [false, true].map((weighted) => ({
      name: [loss.kind, targets, title, loss.reduction, weighted ? "row weights" : ""]
        .filter((part) => part !== "")
        .join(", "),
      input: 4,
      layers: [dense(5), nn.tanh(), dense(3)],
      loss,
      targets,
      weighted,
    })),
  );
}

const lossOf = (net: Case): LossSpec => net.loss ?? nn.crossEntropy();

function setUp(net: Case, seed: number): Rows {
  const rows = net.rows ?? 6;
  const outputs = net.layers.reduce((n, layer) => (layer.kind === "dense" ? layer.units : n), net.input);
  return {
    x: floats(seed, rows * net.input),
    targets: targetsOf(net.targets ?? "ids", seed + 1, rows, outputs),
    // the second row counts for nothing
    ...(net.weighted ? { rowWeight: floats(seed + 2, rows, 0.25, 3).map((r, i) => (i === 1 ? 0 : r)) } : {}),
  };
}

function targetsOf(kind: NonNullable<Case["targets"]>, seed: number, rows: number, outputs: number): Targets {
  if (kind === "ids") return { ids: integers(seed, rows, 0, outputs - 1) };
  if (kind === "numbers") return { values: floats(seed, rows * outputs, -2, 2) };
  const values = floats(seed, rows * outputs, 0, 1);
  if (kind === "labels") return { values: values.map((y, i) => (i % 3 === 0 ? Math.round(y) : y)) };
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(i * outputs, (i + 1) * outputs);
    row[i % outputs] = 0;
    const sum = row.reduce((a, b) => a + b, 0);
    for (const [j, y] of row.entries()) row[j] = y / sum;
  }
  return { values };
}

/** The same step in f64 with bounds, on the parameters before it. */
function referenceOf(net: Case, { x, targets, rowWeight }: Rows, before: StateDict) {
  return boundedRun(
    net.layers,
    inF64(before),
    lossOf(net) as OracleLoss,
    x,
    x.length / net.input,
    targets,
    rowWeight,
  );
}

describe.each(cores)(`gradients, $build build (seed ${SEED})`, (core) => {
  it.each([...small, ...wide].map((net) => [net.name, net] as const))(
    "%s, within the chained bound of f64",
    (_, net) => {
      const rows = setUp(net, 11);
      const got = runOnce(core, net, rows, 1, lossOf(net));
      const { loss, gradients } = referenceOf(net, rows, got.before);
      expectWithin([got.loss], [loss.value], [loss.bound], "loss");
      expect(Object.keys(gradients).sort()).toEqual(Object.keys(got.gradients).sort());
      for (const [name, { value, bound }] of Object.entries(gradients)) {
        expectWithin(got.gradients[name]?.data as Float32Array, value, bound, name);
        // a bound so wide that it forgives anything would prove nothing: over the tensor it must be small
        const [size, allowed] = [norm(value), norm(bound)];
        expect(allowed, `${name}: size ${size}`).toBeLessThan(2 ** -5 * Math.max(size, 2 ** -8));
      }
      expect(got.dirtyPadding).toBe(0);
    },
  );

  it.each([nn.bceWithLogits(), nn.quadratic(), nn.mse(), nn.mae(), nn.huber()])(
    "class ids are their one-hot rows to $kind, and with one output numbers, to the bit",
    (loss) => {
      for (const outputs of [3, 1]) {
        const net: Case = { name: "", input: 4, layers: [dense(outputs)], loss };
        const { x } = setUp(net, 13);
        const ids = integers(14, 6, 0, Math.max(outputs - 1, 1));
        const values = Array.from(ids).flatMap((id) =>
          outputs === 1 ? [id] : Array.from({ length: outputs }, (_, j) => Number(j === id)),
        );
        const [a, b] = [{ ids }, { values }].map((targets) => runOnce(core, net, { x, targets }, 0.5, loss));
        expect(a?.loss).toBe(b?.loss);
        expect(a?.loss).toBeGreaterThan(0);
        for (const [name, { data }] of Object.entries((a as KernelRun).gradients))
          expect(bits(data)).toEqual(bits((b as KernelRun).gradients[name]?.data as Float32Array));
      }
    },
  );

  it.each([1, 5, 64])("a batch in a plan for more rows gives the same bits, %i rows to spare", (spare) => {
    const net = small[0] as Case;
    const [exact, roomy] = [0, spare].map((more) =>
      runOnce(core, net, setUp(net, 12), 0.5, lossOf(net), more),
    );
    for (const [name, { data }] of Object.entries((exact as KernelRun).gradients)) {
      expect(bits((roomy as KernelRun).gradients[name]?.data as Float32Array)).toEqual(bits(data));
    }
  });
});

describe(`against central differences of the loss in f64 (seed ${SEED})`, () => {
  it.each(small.map((net) => [net.name, net] as const))("%s: every parameter", (_, net) => {
    const rows = setUp(net, 21);
    const { before, gradients: got } = runOnce(cores[0] as (typeof cores)[0], net, rows, 1, lossOf(net));
    const { gradients } = referenceOf(net, rows, before);
    const params = inF64(before);
    const { x, targets, rowWeight } = rows;
    const lossAt = (): number =>
      run(net.layers, params, lossOf(net) as OracleLoss, x, x.length / net.input, targets, rowWeight).loss;
    for (const [name, { bound }] of Object.entries(gradients)) {
      const [index, which] = name.split(".") as [string, "weight" | "bias"];
      const values = (params[Number(index)] as (typeof params)[0])[which];
      const slopes = Array.from(values, (_, i) => difference(lossAt, values, i));
      expectWithin(
        got[name]?.data as Float32Array,
        slopes.map(({ slope }) => slope),
        slopes.map(({ error }, i) => error + (bound[i] as number)),
        name,
      );
      // rounding alone makes it 2⁻²⁵ of the loss
      for (const { error } of slopes) expect(error).toBeLessThan(2 ** -20 * Math.max(lossAt(), 1));
    }
  });
});

describe("the SGD step", () => {
  it.each(cores)("is fround(p − fround(lr·g)), bit for bit, in the $build build", (core) => {
    const net = small[1] as Case;
    const lr = Math.fround(0.3);
    const { before, after, gradients: g } = runOnce(core, net, setUp(net, 31), lr);
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
