// gradCheck is tested by mutation: each backward operation is broken once, by one expression of its source, and must be
// found out and named, it alone. The source as it is, compiled the same way, must pass on the same nets.

import { beforeAll, describe, expect, it } from "vitest";
import { OPS } from "../../src/base/ops.ts";
import type { LayerSpec, LossSpec } from "../../src/base/spec.ts";
import * as nn from "../../src/index.ts";
import { gradCheck } from "../../src/model/gradcheck.ts";
import type { Xent } from "../../src/model/runtime.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import { coreOf } from "../support/core.ts";
import { compileMutant, type Mutation } from "../support/mutants.ts";

interface Mutant extends Mutation {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  readonly loss: LossSpec;
  readonly y: Float32Array | Int32Array;
  readonly suspects: readonly string[];
}

const [ROWS, INPUTS, OUTPUTS] = [9, 6, 5];
const x = floats(1, ROWS * INPUTS, -2, 2);
const ids = integers(2, ROWS, 0, OUTPUTS - 1);
const numbers = floats(3, ROWS * OUTPUTS, -2, 2);
const unit = floats(4, ROWS * OUTPUTS, 0, 1);

/** An activation, behind the only dense layer: no loss and no other backward operation is broken in its build. */
function activation(layer: LayerSpec, op: string, from: string, to: string, file = "activation"): Mutant {
  const label = layer.kind === "relu" ? "0 dense" : `1 ${layer.kind}`;
  return {
    name: op,
    file: `assembly/${file}.ts`,
    from,
    to,
    layers: [nn.dense(OUTPUTS), layer],
    loss: nn.mse(),
    y: numbers,
    suspects: [`${op} (${label} backward)`],
  };
}

function loss(
  spec: LossSpec,
  y: Float32Array | Int32Array,
  op: string,
  from: string,
  to: string,
  file = "loss",
): Mutant {
  const layers = [nn.dense(OUTPUTS)];
  const name = spec.kind === "bceWithLogits" && spec.posWeight !== undefined ? `${op}, posWeight` : op;
  return {
    name,
    file: `assembly/${file}.ts`,
    from,
    to,
    layers,
    loss: spec,
    y,
    suspects: [`${op} (${spec.kind})`],
  };
}

/** One build: nets use one of its mutations each. */
const activations: readonly Mutant[] = [
  activation(nn.relu(), "reluBackward", "f32x4.le(y, f32x4.splat(0))", "f32x4.lt(y, f32x4.splat(0))"),
  activation(
    nn.sigmoid(),
    "sigmoidBackward",
    "f32x4.sub(f32x4.splat(1), y)",
    "f32x4.sub(f32x4.splat(1.01), y)",
  ),
  activation(
    nn.tanh(),
    "tanhBackward",
    "f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y))",
    "f32x4.mul(f32x4.sub(one, y), f32x4.sub(one, y))",
  ),
  activation(
    nn.leakyRelu({ negativeSlope: 0.3 }),
    "leakyReluBackward",
    "f32x4.mul(a, dy)",
    "f32x4.mul(a, y)",
  ),
  activation(nn.elu({ alpha: 1.5 }), "eluBackward", "f32x4.add(y, a)", "f32x4.sub(y, a)"),
  activation(nn.gelu(), "geluBackward", "f32x4.mul(x, density)", "f32x4.mul(half, density)"),
  activation(
    nn.gelu({ approximate: "tanh" }),
    "geluTanhBackward",
    "f32x4.splat(0.134145)",
    "f32x4.splat(0.044715)",
  ),
  activation(nn.silu(), "siluBackward", "f32x4.mul(x, f32x4.sub(one, s))", "f32x4.mul(s, f32x4.sub(one, s))"),
  activation(
    nn.softplus({ beta: 2 }),
    "softplusBackward",
    "f32x4.mul(dy, VMath.sigmoid(f32x4.mul(beta, x)))",
    "f32x4.mul(dy, VMath.sigmoid(x))",
  ),
  activation(
    nn.softmax(),
    "softmaxBackward",
    "f32x4.splat(V.sum(sum))",
    "f32x4.splat(0.5 * V.sum(sum))",
    "softmax",
  ),
  {
    // the columns that only a weight turned for dX is packed from
    ...activation(
      nn.tanh(),
      "pack",
      "v128.shuffle<f32>(v0, v1, 0, 4, 1, 5)",
      "v128.shuffle<f32>(v0, v1, 0, 5, 1, 4)",
    ),
    name: "pack of the turned weight, in the gradient of the input",
    file: "assembly/gemm/pack.ts",
    layers: [nn.dense(7), nn.dense(OUTPUTS)],
    suspects: ["pack (1 dense backward)"],
  },
  {
    // sixteen columns at a time: narrower layers do not get there
    ...activation(
      nn.tanh(),
      "columnSums",
      "v128.store(to, s0);",
      "v128.store(to, f32x4.replace_lane(s0, 2, 0.5));",
    ),
    name: "columnSums, the gradient of the bias",
    file: "assembly/reduce.ts",
    layers: [nn.dense(17)],
    y: floats(5, ROWS * 17),
    suspects: ["columnSums (0 dense backward)"],
  },
];

const criteria: readonly Mutant[] = [
  loss(
    nn.crossEntropy(),
    ids,
    "softmaxCrossEntropy",
    "store<f32>(dz + at, (pt - 1) * s);",
    "store<f32>(dz + at, (pt - 0.9) * s);",
    "softmax",
  ),
  loss(
    nn.crossEntropy({ labelSmoothing: 0.2 }),
    ids,
    "softCrossEntropy",
    "f32x4.sub(f32x4.mul(whole, f32x4.div(e, sum)), q)",
    "f32x4.sub(f32x4.mul(q, f32x4.div(e, sum)), q)",
    "softmax",
  ),
  loss(nn.bceWithLogits(), unit, "bceWithLogits", "f32x4.sub(Sigma.of(e, z), y)", "Sigma.of(e, z)"),
  loss(
    nn.bceWithLogits({ posWeight: 3 }),
    unit,
    "bceWithLogits",
    "f32x4.mul(Sigma.of(e, z), f32x4.add(pos, neg))",
    "Sigma.of(e, z)",
  ),
  loss(nn.quadratic(), numbers, "squaredError", "f32x4.mul(f32x4.add(a, a), d)", "f32x4.mul(a, d)"),
  loss(
    nn.mae(),
    numbers,
    "absoluteError",
    "f32x4.gt(f32x4.abs(d), f32x4.splat(0))",
    "f32x4.gt(d, f32x4.splat(0))",
  ),
  loss(
    nn.huber({ delta: 0.5 }),
    numbers,
    "huberLoss",
    "f32x4.pmin(f32x4.pmax(d, f32x4.neg(delta)), delta)",
    "f32x4.pmax(d, f32x4.neg(delta))",
  ),
];

const product: Mutant = {
  ...activation(nn.tanh(), "sgemm", "min(deep, k - p);", "min(deep, k - p) - i32(rsa == 1);"),
  name: "sgemm of the weight gradient, the last row of the batch left out",
  file: "assembly/gemm/sgemm.ts",
  layers: [nn.dense(7), nn.tanh(), nn.dense(OUTPUTS)],
  suspects: ["sgemm (2 dense backward)", "sgemm (0 dense backward)"],
};

/** Behind a dense layer as activations are, or in front of it, where a layer's parameters alone get a gradient. */
const vectors: readonly Mutant[] = [
  activation(
    nn.batchNorm1d(),
    "batchNormBackward",
    "f32x4.sub(f32x4.sub(Column.load(g, n), middle), away)",
    "f32x4.sub(Column.load(g, n), middle)",
    "batch-norm",
  ),
  activation(
    // running variances begin as 1, which is its own root: eps takes them away from it
    nn.frozen(nn.batchNorm1d({ eps: 0.5 })),
    "normalizeBackward",
    "Column.store(to, f32x4.mul(Column.load(p, n), k), n);",
    "Column.store(to, f32x4.mul(Column.load(p, n), f32x4.mul(k, s)), n);",
    "batch-norm",
  ),
  activation(
    nn.layerNorm({ affine: false }),
    "layerNormBackward",
    "v128.store(Column.at(dx, j), f32x4.mul(d, s));",
    "v128.store(Column.at(dx, j), f32x4.mul(f32x4.sub(g, middle), s));",
    "layer-norm",
  ),
  {
    ...activation(
      nn.layerNorm(),
      "layerNormParameters",
      "f32x4.mul(away, v128.load32_splat(statistics, 4))",
      "away",
      "layer-norm",
    ),
    layers: [nn.layerNorm(), nn.dense(OUTPUTS)],
    suspects: ["layerNormParameters (0 layerNorm backward)"],
  },
  // the forward pass is this kernel too, with x for dy
  activation(
    nn.frozen(nn.prelu()),
    "preluBackward",
    "f32x4.gt(v128.load(x + at), zero)",
    "f32x4.gt(d, zero)",
    "prelu",
  ),
  {
    ...activation(
      nn.prelu(),
      "preluSlope",
      "v128.andnot(f32x4.mul(Column.load(g, n), v), f32x4.gt(v, zero))",
      "f32x4.mul(Column.load(g, n), v)",
      "prelu",
    ),
    layers: [nn.prelu({ shared: false }), nn.dense(OUTPUTS)],
    suspects: ["preluSlope (0 prelu backward)"],
  },
  {
    // its own backward: both passes are broken
    ...activation(
      nn.dropout(0.5),
      "dropout",
      "const keepHigh = i32x4.ge_u(b, threshold);",
      "const keepHigh = i32x4.ge_u(a, threshold);",
      "dropout",
    ),
    suspects: ["dropout (1 dropout)", "dropout (1 dropout backward)"],
  },
  {
    ...activation(nn.tanh(), "add", "return f32x4.add(a, b);", "return f32x4.sub(a, b);", "prelu"),
    layers: [nn.dense(OUTPUTS), nn.residual([nn.dense(OUTPUTS), nn.tanh()])],
    suspects: ["add (1 residual)", "add (1 residual backward)"],
  },
];

const groups = [activations, criteria, vectors, [product]];
type Runtime = Pick<Xent, "sequential">;
let original: Runtime;
const broken = new Map<Mutant, Runtime>();

/** Without the self-test of `init`, which refuses some of them. */
function runtime(bytes: BufferSource): Runtime {
  const core = { ...coreOf("simd"), module: new WebAssembly.Module(bytes) };
  return { sequential: (options, list) => new Sequential(core, options, list) };
}

beforeAll(async () => {
  original = runtime(await compileMutant([]));
  for (const group of groups) {
    const xent = runtime(await compileMutant(group));
    for (const mutant of group) broken.set(mutant, xent);
  }
}, 120_000);

/** Operands that are gradients of parameters */
const GRADIENTS: ReadonlySet<string> = new Set(["dgamma", "dbeta", "dslope"]);
/** Operations of both passes */
const BOTH_WAYS = ["pack", "columnSums", "sgemm", "dropout", "add"];

it("no backward operation is left out", () => {
  const backward = [...OPS.values()].filter(
    // a custom loss is no kernel's: custom-loss.test.ts breaks it
    ({ name, operands }) =>
      name !== "host" &&
      (/Backward$/.test(name) || operands[2] === "dz" || operands.some((operand) => GRADIENTS.has(operand))),
  );
  const named = groups.flat().flatMap(({ suspects }) => suspects.map((suspect) => suspect.split(" ")[0]));
  expect([...new Set(named)].sort()).toEqual([...backward.map(({ name }) => name), ...BOTH_WAYS].sort());
});

describe(`one broken expression (seed ${SEED})`, () => {
  it.each(groups.flat())("$name: $to", async (mutant) => {
    const { layers, loss, y, suspects } = mutant;
    const check = (xent: Runtime) =>
      gradCheck(xent.sequential({ input: INPUTS, seed: 6, loss }, layers), { x, y }, { entries: Infinity });
    const [sound, found] = [await check(original), await check(broken.get(mutant) as Runtime)];
    expect(sound).toMatchObject({ passed: true, suspects: [] });
    expect(found.passed).toBe(false);
    expect(found.suspects).toEqual(suspects);
    // the interpreter is not broken along
    expect(found.lossInF64).toBe(sound.lossInF64);
    if (mutant.name.startsWith("columnSums")) {
      const bias = found.tensors.find(({ name }) => name === "0.bias");
      expect(bias?.worst).toMatchObject({ index: [2], gradient: 0.5 });
    }
  });
});
