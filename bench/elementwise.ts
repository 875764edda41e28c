// The suite `elementwise`: losses with their gradients, and activations, one record a run over rows that stay in the
// second-level cache. Speed is in elements of the logits, or of the activation's matrix, a second.

import * as abi from "../src/base/abi.ts";
import { OPS } from "../src/base/ops.ts";
import { Arena } from "../src/memory/arena.ts";
import { leadingDimension, Plan, type Tensor } from "../src/memory/plan.ts";
import { Builder, SCRATCH_BYTES } from "../src/program/builder.ts";
import { Program } from "../src/program/program.ts";
import { Reference } from "../src/program/reference.ts";
import type { Core } from "../src/wasm/runtime.ts";
import type { Case, Suite } from "./harness.ts";
import { bits, fillNormal } from "./random.ts";

const ROWS = 128;
/** Class ids of 10 classes end in a tail of two; 128 is a multiple of every vector. */
const WIDTHS = [10, 128, 1000];
const ACTIVATION_WIDTH = 512;

/** What a loss is compared with. */
type Target = "ids" | "probabilities" | "answers" | "numbers";

const LOSSES: readonly { op: number; target: Target; parameters?: readonly number[] }[] = [
  { op: abi.OP_SOFTMAX_CROSS_ENTROPY, target: "ids" },
  { op: abi.OP_SOFT_CROSS_ENTROPY, target: "probabilities", parameters: [1, 0] },
  { op: abi.OP_BCE_WITH_LOGITS, target: "answers" },
  { op: abi.OP_SQUARED_ERROR, target: "numbers", parameters: [0.5] },
  { op: abi.OP_ABSOLUTE_ERROR, target: "numbers" },
  { op: abi.OP_HUBER_LOSS, target: "numbers", parameters: [1] },
];

const ACTIVATIONS: readonly (readonly [forward: number, backward: number, parameter?: number])[] = [
  [abi.OP_RELU_FORWARD, abi.OP_RELU_BACKWARD],
  [abi.OP_LEAKY_RELU_FORWARD, abi.OP_LEAKY_RELU_BACKWARD, 0.01],
  [abi.OP_SIGMOID_FORWARD, abi.OP_SIGMOID_BACKWARD],
  [abi.OP_TANH_FORWARD, abi.OP_TANH_BACKWARD],
  [abi.OP_ELU_FORWARD, abi.OP_ELU_BACKWARD, 1],
  [abi.OP_GELU_FORWARD, abi.OP_GELU_BACKWARD],
  [abi.OP_GELU_TANH_FORWARD, abi.OP_GELU_TANH_BACKWARD],
  [abi.OP_SILU_FORWARD, abi.OP_SILU_BACKWARD],
  [abi.OP_SOFTPLUS_FORWARD, abi.OP_SOFTPLUS_BACKWARD, 1],
  [abi.OP_SOFTMAX_FORWARD, abi.OP_SOFTMAX_BACKWARD],
];

export function elementwiseSuite(core: Core): Suite {
  return (wanted) => {
    const make = (group: string, name: string, cols: number, build: Build): Case[] =>
      wanted(name) ? [elementCase(core, group, name, cols, build)] : [];
    const losses = LOSSES.flatMap(({ op, target, parameters }) =>
      WIDTHS.flatMap((cols) => {
        const name = `${opName(op)} ${ROWS}x${cols}`;
        return make("losses with gradients", name, cols, (rig) => rig.loss(op, target, parameters));
      }),
    );
    const activations = ACTIVATIONS.flatMap(([forward, backward, parameter]) => {
      const parameters = parameter === undefined ? [] : [parameter];
      const name = (op: number): string => `${opName(op)} ${ROWS}x${ACTIVATION_WIDTH}`;
      return [
        ...make("activations", name(forward), ACTIVATION_WIDTH, (rig) => rig.unary(forward, parameters)),
        ...make("activations", name(backward), ACTIVATION_WIDTH, (rig) => rig.backward(backward, parameters)),
      ];
    });
    return [...losses, ...activations];
  };
}

type Build = (rig: Rig) => Tensor;

const opName = (op: number): string => OPS.get(op)?.name ?? "?";

/** Declares a record's operands; the host fills the inputs afterwards. */
class Rig {
  readonly plan = new Plan();
  readonly hyper = this.plan.tensor("hyper", "hyper", 1, abi.HYPER_BYTES / 4, { given: true });
  readonly builder = new Builder(this.plan.tensor("scratch", "edge tiles", 1, SCRATCH_BYTES / 4));
  readonly inputs: { tensor: Tensor; kind: Target }[] = [];
  readonly #cols: number;

  constructor(cols: number) {
    this.#cols = cols;
  }

  /** Returns the gradient. */
  loss(op: number, kind: Target, parameters: readonly number[] = []): Tensor {
    const column = (name: string): Tensor => this.plan.tensor("batch", name, ROWS, 1);
    const z = this.#input("z", "numbers");
    const target = kind === "ids" ? column("target") : this.#input("target", kind);
    if (kind === "ids") this.inputs.push({ tensor: target, kind });
    const fused = op === abi.OP_SOFTMAX_CROSS_ENTROPY || op === abi.OP_SOFT_CROSS_ENTROPY;
    const dz = this.#matrix("dz");
    const hit = fused ? column("hit") : undefined;
    this.builder.loss(op, { z, target, dz, rowLoss: column("loss"), hit }, { parameters });
    return dz;
  }

  unary(op: number, parameters: readonly number[]): Tensor {
    const y = this.#matrix("y");
    this.builder.unary(op, this.#input("x", "numbers"), y, parameters);
    return y;
  }

  backward(op: number, parameters: readonly number[]): Tensor {
    const dx = this.#matrix("dx");
    // what was saved lies in [0, 1], as outputs of sigmoid and softmax do
    this.builder.backward(op, this.#input("dy", "numbers"), this.#input("saved", "answers"), dx, parameters);
    return dx;
  }

  #matrix(name: string): Tensor {
    return this.plan.tensor("activations", name, ROWS, this.#cols, { ld: leadingDimension(this.#cols) });
  }

  #input(name: string, kind: Target): Tensor {
    const tensor = this.#matrix(name);
    this.inputs.push({ tensor, kind });
    return tensor;
  }
}

function elementCase(core: Core, group: string, name: string, cols: number, build: Build): Case {
  const rig = new Rig(cols);
  const out = build(rig);
  const room = rig.plan.tensor("program", "program", 1, abi.RECORD_BYTES / 4, { given: true });
  const arena = new Arena(core, rig.plan.layout().total);
  const program = new Program(arena, rig.builder, room, rig.hyper);
  const random = bits(cols);
  for (const { tensor, kind } of rig.inputs) {
    const values = arena.f32(tensor);
    if (kind === "ids") for (let i = 0; i < ROWS; i++) arena.i32(tensor)[i] = random.below(cols);
    else fillNormal(values, ROWS, cols, tensor.ld, random);
    if (kind === "answers") for (const [i, x] of values.entries()) values[i] = 1 / (1 + Math.exp(-x));
    if (kind !== "probabilities") continue;
    for (let i = 0; i < ROWS; i++) {
      const row = values.subarray(i * tensor.ld, i * tensor.ld + cols);
      const sum = row.reduce((a, x) => a + Math.exp(x), 0);
      for (const [j, x] of row.entries()) row[j] = Math.exp(x) / sum;
    }
  }
  program.set(ROWS, 0, 0, 1 / ROWS);
  return {
    name,
    group,
    flops: OPS.get(rig.builder.drafts[0]?.op ?? 0)?.flops({
      op: 0,
      flags: 0,
      p: [],
      d: [ROWS, cols],
      s: [],
      f: [],
    }) as number,
    elements: ROWS * cols,
    run: () => program.run(),
    check() {
      const values = arena.f32(out);
      values.fill(Number.NaN);
      const reference = new Reference(program);
      reference.run(0, 1);
      program.run();
      let [off, size] = [0, 0];
      for (let i = 0; i < ROWS; i++) {
        for (let j = 0; j < cols; j++) {
          const word = reference.word(out.address + 4 * (i * out.ld + j));
          const exact = reference.values[word] as number;
          off += ((values[i * out.ld + j] as number) - exact) ** 2;
          size += exact ** 2;
        }
      }
      // a dozen roundings an element, each at most 2⁻²⁴, in the norm
      const error = Math.sqrt(off / size);
      return error <= 2 ** -20 ? undefined : `relative error ${error} of the whole, expected at most 2⁻²⁰`;
    },
  };
}
