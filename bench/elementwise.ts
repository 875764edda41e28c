// The suite `elementwise`: losses with their gradients, activations, and kernels that do little but move memory
// (memory.ts). Speed is in elements of the logits, or of the activation's matrix, a second.

import * as abi from "../src/base/abi.ts";
import { OPS } from "../src/base/ops.ts";
import type { Spec } from "./case.ts";
import { layerSpecs } from "./layers.ts";
import { memorySpecs } from "./memory.ts";
import { type Output, Rig, recordCase, type Target } from "./rig.ts";

const ROWS = 128;
/** Class ids of 10 classes end in a tail of two; 128 is a multiple of every vector. */
const WIDTHS = [10, 128, 1000];
const ACTIVATION_WIDTH = 512;

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

/** Ops that only copy, compare and multiply: the memory sets their pace. */
const MEMORY_BOUND = [abi.OP_RELU_FORWARD, abi.OP_RELU_BACKWARD];

const opName = (op: number): string => OPS.get(op)?.name ?? "?";

export function elementwiseSpecs(): Spec[] {
  const losses = LOSSES.flatMap(({ op, target, parameters }) =>
    WIDTHS.map((cols) =>
      spec("losses with gradients", op, cols, (rig) => loss(rig, op, cols, target, parameters)),
    ),
  );
  const cols = ACTIVATION_WIDTH;
  const activations = ACTIVATIONS.flatMap(([forward, backward, parameter]) => {
    const parameters = parameter === undefined ? [] : [parameter];
    return [
      spec("activations", forward, cols, (rig) => {
        const y = rig.matrix("y", ROWS, cols);
        rig.builder.unary(forward, rig.input("x", ROWS, cols, "numbers"), y, parameters);
        return [{ tensor: y }];
      }),
      spec("activations", backward, cols, (rig) => {
        const dx = rig.matrix("dx", ROWS, cols);
        // what was saved lies in [0, 1], as outputs of sigmoid and softmax do
        const [dy, saved] = [
          rig.input("dy", ROWS, cols, "numbers"),
          rig.input("saved", ROWS, cols, "answers"),
        ];
        rig.builder.backward(backward, dy, saved, dx, parameters);
        return [{ tensor: dx }];
      }),
    ];
  });
  return [...losses, ...activations, ...layerSpecs(), ...memorySpecs()];
}

function spec(group: string, op: number, cols: number, build: (rig: Rig) => Output[]): Spec {
  const name = `${opName(op)} ${ROWS}x${cols}`;
  const memoryBound = MEMORY_BOUND.includes(op);
  return {
    name,
    group,
    make(core) {
      const rig = new Rig(core);
      const outputs = build(rig);
      return recordCase(rig, name, outputs, { rows: ROWS, elements: ROWS * cols, memoryBound });
    },
  };
}

/** Declares a loss and returns its gradient, the losses of the rows, and the hits if it counts them. */
function loss(
  rig: Rig,
  op: number,
  cols: number,
  kind: Target,
  parameters: readonly number[] = [],
): Output[] {
  const column = (name: string) => rig.plan.tensor("batch", name, ROWS, 1);
  const z = rig.input("z", ROWS, cols, "numbers");
  const target = kind === "ids" ? rig.ids("target", ROWS, cols) : rig.input("target", ROWS, cols, kind);
  const fused = op === abi.OP_SOFTMAX_CROSS_ENTROPY || op === abi.OP_SOFT_CROSS_ENTROPY;
  const dz = rig.matrix("dz", ROWS, cols);
  const hit = fused ? column("hit") : undefined;
  const rowLoss = column("loss");
  rig.builder.loss(op, { z, target, dz, rowLoss, hit }, { parameters });
  return [{ tensor: dz }, { tensor: rowLoss }, ...(hit ? [{ tensor: hit, whole: true }] : [])];
}
