// Every program that a network lays, for training and for chunks, passes verify for 1 to 8 threads: no range
// leaves its tensor, nothing is read before it is written, no two threads meet without a barrier between them.

import { describe, expect, it } from "vitest";
import { FLAG_RELU, HYPER_BYTES, OP_SGEMM, OP_SIGMOID_FORWARD, RECORD_BYTES } from "../../src/base/abi.ts";
import { OPS } from "../../src/base/ops.ts";
import type { LayerSpec } from "../../src/base/spec.ts";
import { dense, relu, sigmoid } from "../../src/nn/layers.ts";
import { layNetwork, type TrainConfig } from "../../src/nn/layout.ts";
import { crossEntropy } from "../../src/nn/losses.ts";
import { Network } from "../../src/nn/network.ts";
import { verify } from "../../src/program/verify.ts";
import { emitSgd, sgd } from "../../src/train/sgd.ts";
import { cores } from "../support/core.ts";

const nets: readonly { name: string; input: number; layers: readonly LayerSpec[] }[] = [
  { name: "one dense layer", input: 6, layers: [dense(5)] },
  { name: "width 1 throughout", input: 1, layers: [dense(1), relu(), dense(1)] },
  { name: "sigmoid net", input: 3, layers: [dense(4), sigmoid(), dense(3), sigmoid(), dense(2)] },
  { name: "digits", input: 784, layers: [dense(128), relu(), dense(10)] },
  { name: "relu standing alone", input: 20, layers: [relu(), dense(17), sigmoid(), relu(), dense(13)] },
  { name: "an activation last", input: 20, layers: [dense(40), dense(33), relu(), sigmoid()] },
  { name: "wider than rows", input: 5, layers: [dense(300), relu(), dense(257), sigmoid(), dense(3)] },
];
const core = cores[0] as (typeof cores)[0];
const config = (batchSize: number, features: "f32" | "u8", windowRows = 3 * batchSize): TrainConfig => ({
  batchSize,
  windowRows,
  features,
  loss: crossEntropy(),
  targets: "ids",
  weighted: false,
  hits: "fused",
  optimizer: sgd({ lr: 0.1 }),
});

describe("programs", () => {
  it.each(nets)("$name: both programs pass verify on 1 to 8 threads", ({ input, layers }) => {
    for (const [batchSize, features, crews] of [
      [7, "u8", [1, 2, 3, 4, 5, 6, 7, 8]],
      [1, "f32", [1, 8]],
      [64, "f32", [2, 7]],
    ] as const) {
      const network = new Network(core, input, layers, 0);
      const { program: train } = network.train(config(batchSize, features), emitSgd);
      const { program: chunk } = network.chunk();
      for (const [name, { words, drafts }] of Object.entries({ train, chunk })) {
        expect(drafts.length, name).toBeGreaterThan(3);
        for (const threads of crews) {
          const problems = verify(words, drafts, threads);
          expect(problems, `${name}, batch ${batchSize} ${features}, ${threads} threads`).toEqual([]);
        }
      }
    }
  });

  it("a network that knows no loss has a chunk program of its forward pass", () => {
    const { program, parts, logits, probabilities } = new Network(core, 4, [dense(3)], 0).chunk();
    expect(verify(program.words, program.drafts, 8)).toEqual([]);
    expect(parts).toEqual({ packed: 3, forward: 4, link: 4, score: {} });
    expect(probabilities.data).toEqual(logits.data);
  });

  it("a dense layer takes the relu behind it along, other activations work in place", () => {
    const network = new Network(core, 8, [dense(5), relu(), dense(4), sigmoid(), dense(3)], 0);
    const { program } = network.train(config(4, "f32"), emitSgd);
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
    const spec = { input, outputs: 1, layers, scaling: { scale: 1, shift: 0 }, loss: crossEntropy() };
    const { bytes, train, chunk } = layNetwork(spec, config(7, "u8", 19), emitSgd);
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
  });
});
