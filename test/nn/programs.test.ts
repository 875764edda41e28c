// Every program that a network lays, for training and for chunks, passes verify for 1 to 8 threads, with every tile: no
// range leaves its tensor, nothing is read before it is written, no two threads meet without a barrier between them.

import { describe, expect, it } from "vitest";
import {
  FLAG_RELU,
  HYPER_BYTES,
  OP_PACK,
  OP_SGEMM,
  OP_SIGMOID_FORWARD,
  RECORD_BYTES,
} from "../../src/base/abi.ts";
import { OPS, whole } from "../../src/base/ops.ts";
import type { ActivationSpec, LayerSpec, LossSpec } from "../../src/base/spec.ts";
import { PACKED_ROWS, TILES, tileName } from "../../src/base/tile.ts";
import * as nn from "../../src/index.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import { LAYERS, LOSSES } from "../../src/model/kinds.ts";
import { sigmoid } from "../../src/nn/activations.ts";
import { hitRule, targetKind } from "../../src/nn/criterion.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { frozen } from "../../src/nn/layer.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { layNetwork, type TrainConfig } from "../../src/nn/layout.ts";
import { Network } from "../../src/nn/network.ts";
import { batchNorm1d, dropout, layerNorm, prelu, residual } from "../../src/nn/norms.ts";
import { activation } from "../../src/nn/pointwise.ts";
import type { Program } from "../../src/program/program.ts";
import { view } from "../../src/program/record.ts";
import { mark } from "../../src/program/sharing.ts";
import { verify } from "../../src/program/verify.ts";
import { optimizing } from "../../src/train/optimizing.ts";
import { sgd } from "../../src/train/sgd.ts";
import { coreOf } from "../support/core.ts";

const nets: readonly { name: string; input: number; layers: readonly LayerSpec[] }[] = [
  { name: "one dense layer", input: 6, layers: [dense(5)] },
  { name: "width 1 throughout", input: 1, layers: [dense(1), relu(), dense(1)] },
  { name: "sigmoid net", input: 3, layers: [dense(4), sigmoid(), dense(3), sigmoid(), dense(2)] },
  { name: "digits", input: 784, layers: [dense(128), relu(), dense(10)] },
  { name: "relu standing alone", input: 20, layers: [relu(), dense(17), sigmoid(), relu(), dense(13)] },
  { name: "an activation last", input: 20, layers: [dense(40), dense(33), relu(), sigmoid()] },
  { name: "wider than rows", input: 5, layers: [dense(300), relu(), dense(257), sigmoid(), dense(3)] },
];
const core = coreOf("simd");
const config = (batchSize: number, features: "f32" | "u8", windowRows = 3 * batchSize): TrainConfig => ({
  batchSize,
  windowRows,
  features,
  loss: crossEntropy(),
  targets: "ids",
  weighted: false,
  hits: "fused",
  optimizer: optimizing(sgd({ lr: 1 })),
});

const activations: readonly ActivationSpec[] = [
  nn.relu(),
  nn.sigmoid(),
  nn.tanh(),
  nn.leakyRelu(),
  nn.elu(),
  nn.gelu(),
  nn.gelu({ approximate: "tanh" }),
  nn.silu(),
  nn.softplus(),
  nn.softmax(),
] as ActivationSpec[];

/** Where an activation may stand: names and layers around it. */
const places: Readonly<Record<string, (a: LayerSpec) => LayerSpec[]>> = {
  first: (a) => [a, dense(7), relu(), dense(3)],
  between: (a) => [dense(17), a, dense(3)],
  last: (a) => [dense(17), relu(), dense(3), a],
  everywhere: (a) => [a, dense(6), a, dense(13), a],
  "twice in a row": (a) => [dense(17), a, a, dense(3)],
  "behind relu": (a) => [dense(17), relu(), a, dense(3)],
  "before relu": (a) => [dense(17), a, relu(), dense(3)],
  "behind one that saves its input": (a) => [dense(17), nn.silu(), a, dense(3)],
  "before one that saves its input": (a) => [dense(17), a, nn.silu(), dense(3)],
};

const activationNets = activations.flatMap((a) =>
  Object.entries(places).map(([place, layers]) => {
    const name = "approximate" in a ? `${a.kind} ${a.approximate}` : a.kind;
    return [`${name}, ${place}`, layers(a)] as const;
  }),
);

/** Every other layer, where it may stand: first, between, last, in blocks, in blocks of blocks, frozen below and above others. */
const layerNets: readonly (readonly [string, readonly LayerSpec[]])[] = [
  ["batchNorm1d", [nn.dense(17), batchNorm1d(), relu(), dense(3)]],
  ["batchNorm1d first and last, without γ and β", [batchNorm1d(), dense(3), batchNorm1d({ affine: false })]],
  ["layerNorm", [layerNorm(), dense(17), layerNorm({ affine: false }), nn.tanh(), dense(3), layerNorm()]],
  ["dropout", [dropout(0.5), dense(6), relu(), dropout(0.1), dropout(0), dense(3), dropout(0.5)]],
  [
    "dropout behind what is free, and what is not",
    [dense(6), dropout(0.5), sigmoid(), dropout(0.5), nn.gelu(), dropout(0.5), dense(3)],
  ],
  ["prelu", [prelu(), dense(17), prelu({ shared: false }), dense(3), prelu()]],
  ["no bias", [dense(17, { bias: false }), relu(), dense(3, { bias: false })]],
  ["blocks", [dense(6), residual([dense(7), relu(), dense(6)]), relu(), residual([sigmoid()]), dense(3)]],
  ["a block first, and one last", [residual([dense(5), relu()]), dense(3), residual([relu(), dense(3)])]],
  [
    "blocks that begin in place of nothing",
    [dense(6), residual([relu(), dropout(0.5), nn.tanh()]), residual([dropout(0)]), dense(3)],
  ],
  [
    "blocks of blocks",
    [residual([residual([layerNorm(), dense(5)]), residual([residual([nn.gelu()])])]), dense(3)],
  ],
  [
    "norms in blocks",
    [dense(6), residual([batchNorm1d(), relu(), dense(6, { bias: false }), dropout(0.2)]), dense(3)],
  ],
  [
    "frozen below",
    [frozen(dense(6)), frozen(batchNorm1d()), relu(), frozen(residual([dense(6), relu()])), dense(3)],
  ],
  [
    "frozen above",
    [
      dense(6),
      frozen(batchNorm1d()),
      frozen(prelu()),
      frozen(residual([layerNorm(), dense(6)])),
      frozen(dense(3)),
    ],
  ],
  [
    "frozen between",
    [dense(6), frozen(dense(7)), residual([frozen(dense(7)), prelu()]), frozen(layerNorm()), dense(3)],
  ],
];

const weight = [1, 2, 3];
const lossSpecs: readonly LossSpec[] = [
  nn.crossEntropy(),
  nn.crossEntropy({ weight }),
  nn.crossEntropy({ labelSmoothing: 0.1 }),
  nn.crossEntropy({ labelSmoothing: 0.1, weight }),
  nn.bceWithLogits(),
  nn.bceWithLogits({ posWeight: weight }),
  nn.quadratic(),
  nn.mse(),
  nn.mae(),
  nn.huber(),
];

/** Every loss with every kind of targets, with weights of rows and without. */
const lossConfigs = lossSpecs.flatMap((loss) =>
  [true, false].flatMap((ids) =>
    [true, false].map((weighted) => {
      const options = Object.keys(loss).filter((key) => ["weight", "posWeight"].includes(key));
      const smooth = loss.kind === "crossEntropy" && loss.labelSmoothing > 0 ? ["smoothed"] : [];
      const targets = ids ? "class ids" : "numbers";
      const name = [loss.kind, ...options, ...smooth, targets, ...(weighted ? ["row weights"] : [])];
      return [name.join(", "), { loss, ids, weighted }] as const;
    }),
  ),
);

/** Verifies both programs of a network for these numbers of threads. */
function expectVerified(network: Network, train: Program, crews: readonly number[], what: string): void {
  for (const [name, { words, drafts }] of Object.entries({ train, chunk: network.chunk().program })) {
    expect(drafts.length, name).toBeGreaterThan(3);
    for (const threads of crews) {
      expect(verify(words, drafts, threads), `${name}, ${what}, ${threads} threads`).toEqual([]);
    }
  }
}

describe("programs", () => {
  it.each(nets)(
    "$name: both programs pass verify on 1 to 8 threads, with every tile",
    ({ input, layers }) => {
      for (const tile of TILES) {
        for (const [batchSize, features, crews] of [
          [7, "u8", [1, 2, 3, 4, 5, 6, 7, 8]],
          [1, "f32", [1, 8]],
          [64, "f32", [2, 7]],
          [PACKED_ROWS + 9, "f32", [3]],
        ] as const) {
          const network = new Network(coreOf("simd", tile), input, layers, 0);
          const { program: train } = network.train(config(batchSize, features));
          expectVerified(network, train, crews, `${tileName(tile)}, batch ${batchSize} ${features}`);
        }
      }
    },
  );

  it.each([PACKED_ROWS - 1, PACKED_ROWS])(
    "batch %i: which B is packed, and which is read in place",
    (rows) => {
      // the first layer's dW has PACKED_ROWS rows, the second's 20
      const network = new Network(core, PACKED_ROWS, [dense(20), relu(), dense(3)], 0);
      const { program: train } = network.train(config(rows, "f32"));
      const { program: chunk } = network.chunk();
      const packs = ({ drafts }: Program) =>
        drafts.filter(({ op }) => op === OP_PACK).map(({ operands }) => operands[0]?.name);
      const inPlace = ({ drafts }: Program) =>
        drafts.filter(({ op, s }) => op === OP_SGEMM && s[3] !== 0).map(({ operands }) => operands[1]?.name);
      const weights = ["0.weight", "2.weight"];
      const many = rows >= PACKED_ROWS;
      // the transposed weights of the second layer always, and the dy of the first
      expect(packs(train)).toEqual([...(many ? weights : []), "2.weight", "d2.input"]);
      expect(inPlace(train)).toEqual([...(many ? [] : weights), "dlogits"]);
      expect([packs(chunk), inPlace(chunk)]).toEqual([[], weights]);
      for (const { op, operands, d, s } of [...train.drafts, ...chunk.drafts]) {
        if (op !== OP_SGEMM) continue;
        expect(d[3]).toBe(core.tile);
        if (s[3] !== 0) expect(s[3]).toBe(operands[1]?.ld);
      }
    },
  );

  it("the lists of activations and losses here are complete", () => {
    const known = Object.entries(LAYERS).flatMap(([kind, parts]) => ("activation" in parts ? [kind] : []));
    expect(new Set(activations.map(({ kind }) => kind))).toEqual(new Set(known));
    expect(new Set(lossSpecs.map(({ kind }) => kind))).toEqual(new Set(Object.keys(LOSSES)));
  });

  it.each(activationNets)("%s: both programs pass verify on 1 to 8 threads", (_, layers) => {
    const network = new Network(core, 5, layers, 0);
    const { program } = network.train(config(7, "f32"));
    expectVerified(network, program, [1, 2, 3, 4, 5, 6, 7, 8], "batch 7");
  });

  it.each(activationNets)("%s: what the backward pass reads is what the forward pass left", (_, layers) => {
    const network = new Network(core, 5, layers, 0);
    expectKept(network.train(config(7, "f32")).program);
  });

  it.each(layerNets)("%s: both programs pass verify on 1 to 8 threads", (_, layers) => {
    for (const accumulates of [false, true]) {
      const network = new Network(core, 5, layers, 0);
      const { program } = network.train({ ...config(7, "f32"), accumulates });
      expectVerified(network, program, [1, 2, 3, 4, 5, 6, 7, 8], "batch 7");
    }
  });

  it.each(layerNets)("%s: what the backward pass reads is what the forward pass left", (_, layers) => {
    const { program, lossEnd } = new Network(core, 5, layers, 0).train(config(7, "f32"));
    expectReadAsLeft(program, lossEnd);
  });

  it("nets of one dense layer behind each of the other layers have no dX that nobody needs", () => {
    // products: forward, dW, and dX for what is trained below alone
    const products = (layers: readonly LayerSpec[]): number => {
      const { program } = new Network(core, 5, layers, 0).train(config(7, "f32"));
      return program.drafts.filter(({ op }) => op === OP_SGEMM).length;
    };
    expect(products([frozen(dense(4)), relu(), frozen(dense(4)), relu(), dense(3)])).toBe(4);
    expect(products([dropout(0.5), residual([dropout(0.5)]), dense(3)])).toBe(2);
    expect(products([frozen(dense(4)), dense(4), frozen(dense(3))])).toBe(5);
    expect(products([batchNorm1d(), dense(3)])).toBe(3);
    expect(products([batchNorm1d({ affine: false }), dense(3)])).toBe(2);
  });

  it("parameters that are frozen lie behind the others, and the optimiser's record does not reach them", () => {
    const layers = [frozen(dense(4)), dense(5), frozen(batchNorm1d()), prelu(), dense(3)];
    const network = new Network(core, 5, layers, 0);
    const { program } = network.train(config(7, "f32"));
    const sgdStep = program.drafts.at(-1);
    const [p, g] = (sgdStep?.operands ?? []) as [Tensor, Tensor];
    expect(p.bytes).toBe(g.bytes);
    expect(network.list.map(({ name }) => name)).toEqual([
      "1.weight",
      "1.bias",
      "3.weight",
      "4.weight",
      "4.bias",
    ]);
    for (const { at, length } of network.list) expect(4 * (at + length)).toBeLessThanOrEqual(p.bytes);
    const { list } = layNetwork(
      {
        tile: core.tile,
        threads: 1,
        input: 5,
        outputs: 3,
        layers,
        scaling: { scale: 1, shift: 0 },
        loss: crossEntropy(),
      },
      config(7, "f32"),
    );
    for (const { at, frozen } of list) expect(4 * at >= p.bytes).toBe(frozen);
  });

  it.each(lossConfigs)("%s: both programs pass verify on 1 to 8 threads", (_, { loss, ids, weighted }) => {
    for (const last of [dense(3), sigmoid()]) {
      const layers = [dense(3), nn.tanh(), dense(3), last];
      const network = new Network(core, 5, layers, 0);
      const targets = { targets: targetKind(loss, ids), hits: hitRule(loss, ids, 3, last) };
      const made = { ...config(7, "f32"), loss, weighted, ...targets };
      const { program } = network.train(made);
      expectVerified(network, program, [1, 2, 3, 4, 5, 6, 7, 8], `${last.kind} last`);
    }
  });

  it("a network that knows no loss has a chunk program of its forward pass", () => {
    const { program, parts, logits, probabilities } = new Network(core, 4, [dense(3)], 0).chunk();
    expect(verify(program.words, program.drafts, 8)).toEqual([]);
    expect(parts).toEqual({ forward: 3, link: 3, score: {} });
    expect(probabilities.data).toEqual(logits.data);
  });

  it("a dense layer takes the relu behind it along, other activations work in place", () => {
    const network = new Network(core, 8, [dense(5), relu(), dense(4), sigmoid(), dense(3)], 0);
    const { program } = network.train(config(4, "f32"));
    const names = program.drafts.map(({ op, operands }) => `${OPS.get(op)?.name} ${operands[0]?.name}`);
    expect(names.filter((name) => /relu|sigmoid/.test(name))).toEqual([
      "sigmoidForward 2.dense",
      "sigmoidBackward d4.input",
      "reluBackward d2.input",
    ]);
    const fused = program.drafts.filter(({ op, flags }) => op === OP_SGEMM && (flags & FLAG_RELU) !== 0);
    expect(fused.map(({ operands }) => operands[2]?.name)).toEqual(["0.dense"]);
    for (const { op, operands } of program.drafts) {
      if (op === OP_SIGMOID_FORWARD) expect(operands[1]).toBe(operands[0]);
    }
  });
});

describe("the memory that both programs lie in", () => {
  it.each(nets)("$name: no two tensors share a byte unless a group says so", ({ input, layers }) => {
    for (const tile of TILES) expectApart(tile, input, layers);
  });
});

it("barriers are enough where a batch is as large as layers are wide, and where it is not full", () => {
  // panels of a packed batch are as deep as those of a layer at the full batch alone
  for (const [input, widths, batch] of [
    [8, [832, 512, 832, 8], 512],
    [64, [2048, 512, 2048, 10], 512],
    [784, [1024, 512, 1024, 784], 512],
    [2048, [48, 8], 8],
    [30, [40, 16, 40, 16], 16],
  ] as const) {
    for (const tile of TILES) {
      const layers = widths.flatMap((width, i) => (i === 0 ? [dense(width)] : [relu(), dense(width)]));
      const outputs = widths.at(-1) as number;
      const scaling = { scale: 1, shift: 0 };
      const spec = { tile, threads: 8, input, outputs, layers, scaling, loss: crossEntropy() };
      const { train } = layNetwork(spec, config(batch, "f32"));
      const builder = (train as NonNullable<typeof train>).builder;
      for (const threads of [2, 3, 8]) {
        const what = `${input}-${widths.join("-")} b${batch}, ${tileName(tile)}, ${threads} threads`;
        const words = builder.encode();
        mark(words);
        expect(verify(words, builder.drafts, threads), what).toEqual([]);
      }
    }
  }
});

function expectApart(tile: number, input: number, layers: readonly LayerSpec[]): void {
  const spec = {
    tile,
    threads: 1,
    input,
    outputs: 1,
    layers,
    scaling: { scale: 1, shift: 0 },
    loss: crossEntropy(),
  };
  const { bytes, train, chunk } = layNetwork(spec, config(7, "u8", 19));
  const drafts = [...(train?.builder.drafts ?? []), ...chunk.builder.drafts];
  const views = new Set(["result"]);
  const tensors = [...new Set(drafts.flatMap((draft) => draft.operands))]
    .filter((tensor) => tensor !== undefined)
    .filter((tensor) => tensor.bytes > 0 && !views.has(tensor.name))
    .sort((a, b) => a.address - b.address);
  for (const [i, a] of tensors.entries()) {
    expect(a.address % 4).toBe(0);
    expect(a.address + a.bytes).toBeLessThanOrEqual(bytes.total);
    for (const b of tensors.slice(i + 1)) {
      if (b.address >= a.address + a.bytes) break;
      const mates = a.group !== undefined && a.group === b.group;
      // parameters and gradients are whole runs for the optimiser and matrices for the layers
      const part = a.region === b.region && ["params", "grads"].includes(a.region);
      expect(mates || part, `${a.name} and ${b.name}`).toBe(true);
    }
  }
  expect(bytes.hyper).toBe(HYPER_BYTES);
  const records = drafts.length * RECORD_BYTES;
  expect(bytes.program).toBeGreaterThanOrEqual(records);
  expect(bytes.program).toBeLessThan(records + 128);
}

/**
 * Of each record of the backward pass: what it reads of the forward pass was last written there by a record of the forward
 * pass that names the same layer or the one before it, not by one that took its place behind the reader's own layer.
 */
function expectReadAsLeft({ words, drafts }: Program, lossEnd: number): void {
  const numbers = (i: number, operand: number): string => {
    const tensor = drafts[i]?.operands[operand] as Tensor;
    return `${tensor.address}`;
  };
  const accesses = drafts.map((_, i) => whole(view(words, i)));
  /** who wrote to an address last, before record `end` */
  const writer = (address: string, end: number): number =>
    accesses.findLastIndex(
      ({ writes }, i) => i < end && writes.some(({ operand }) => numbers(i, operand) === address),
    );
  let seen = 0;
  for (const [f, { reads }] of accesses.entries()) {
    if (f >= lossEnd) break;
    const layer = drafts[f]?.label.split(" ")[0];
    for (const { operand } of reads) {
      const address = numbers(f, operand);
      const source = writer(address, f);
      if (source < 0) continue;
      for (const [b, { reads: again }] of accesses.entries()) {
        const label = drafts[b]?.label ?? "";
        // the same layer on its way back, reading what it read on its way there
        if (b < lossEnd || label.split(" ")[0] !== layer || !label.endsWith("backward")) continue;
        if (!again.some(({ operand: o }) => numbers(b, o) === address)) continue;
        seen++;
        // an activation that works from its output may have put it there
        const own = activations
          .map(activation)
          .some((a) => a.saves === "output" && a.forward === drafts[f]?.op);
        const what = `${label} reads ${drafts[f]?.operands[operand]?.name}`;
        expect(own ? [source, f] : [source], what).toContain(writer(address, lossEnd));
      }
    }
  }
  expect(seen).toBeGreaterThan(0);
}

/**
 * For each dense layer: the gradient of its weights reads the input that the forward pass read, and nobody has written to
 * it since. For each activation: its backward reads the very tensor that the forward pass read (an activation that saves its
 * input, which then is no output of its own) or wrote, and nobody has written to it since.
 */
function expectKept({ words, drafts }: Program): void {
  const overlap = (a: Tensor, b: Tensor): boolean =>
    a.address < b.address + b.bytes && b.address < a.address + a.bytes;
  /** the last record before `end` that writes to a tensor's bytes */
  const lastWriter = (tensor: Tensor, end: number): number =>
    drafts.findLastIndex((draft, i) => {
      if (i >= end) return false;
      const writes = whole(view(words, i)).writes;
      return writes.some(({ operand }) => overlap(draft.operands[operand] as Tensor, tensor));
    });
  let seen = 0;
  for (const [f, forward] of drafts.entries()) {
    if (forward.op === OP_SGEMM && forward.label.endsWith(" dense")) {
      const label = `${forward.label} backward`;
      const x = forward.operands[0] as Tensor;
      // dW = xᵀ·dy
      const b = drafts.findIndex(
        (draft) => draft.op === OP_SGEMM && draft.label === label && draft.operands[0] === x,
      );
      expect(b, `${label} reads its input`).toBeGreaterThan(f);
      expect(lastWriter(x, b), `${label}: its input`).toBe(lastWriter(x, f));
    }
    const spec = activations.find((a) => activation(a).forward === forward.op);
    const fused = forward.op === OP_SGEMM && (forward.flags & FLAG_RELU) !== 0;
    if (spec === undefined && !fused) continue;
    const { backward, saves } = activation(spec ?? (nn.relu() as ActivationSpec));
    const label = `${forward.label} backward`;
    const b = drafts.findIndex((draft) => draft.op === backward && draft.label === label);
    // before the first dense layer nothing needs a gradient
    if (b < 0) continue;
    seen++;
    const saved = drafts[b]?.operands[1] as Tensor;
    const [x, y] = fused ? [undefined, forward.operands[2]] : forward.operands;
    if (saves === "output") {
      expect(saved, label).toBe(y);
      expect(lastWriter(saved, b), `${label}: its output`).toBe(f);
    } else {
      expect(saved, label).toBe(x);
      expect(overlap(saved, y as Tensor), `${label}: in place`).toBe(false);
      expect(lastWriter(saved, b), `${label}: its input`).toBe(lastWriter(saved, f));
    }
  }
  expect(seen).toBeGreaterThan(0);
}
