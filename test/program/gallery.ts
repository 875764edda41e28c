// A program of the activations and losses that training.ts' net does not have: forward through all activations, every
// loss of what comes out, and all the way back. No products; laid by hand, as training.ts.

import * as abi from "../../src/base/abi.ts";
import { Arena } from "../../src/memory/arena.ts";
import { leadingDimension, Plan, type Tensor } from "../../src/memory/plan.ts";
import { Builder } from "../../src/program/builder.ts";
import { bindHosts, type HostLoss } from "../../src/program/host.ts";
import { Program } from "../../src/program/program.ts";
import type { Core } from "../../src/wasm/runtime.ts";
import { emitOptimizers } from "./gallery-updates.ts";

const CLASSES = 5;
const CAPACITY = 14;

/** Forward, backward, whether the backward works from the input, parameter. */
const ACTIVATIONS: readonly (readonly [
  forward: number,
  backward: number,
  saves: "input" | "output",
  a?: number,
])[] = [
  [abi.OP_TANH_FORWARD, abi.OP_TANH_BACKWARD, "output"],
  [abi.OP_LEAKY_RELU_FORWARD, abi.OP_LEAKY_RELU_BACKWARD, "output", 0.25],
  [abi.OP_ELU_FORWARD, abi.OP_ELU_BACKWARD, "output", 1.5],
  [abi.OP_GELU_FORWARD, abi.OP_GELU_BACKWARD, "input"],
  [abi.OP_GELU_TANH_FORWARD, abi.OP_GELU_TANH_BACKWARD, "input"],
  [abi.OP_SILU_FORWARD, abi.OP_SILU_BACKWARD, "input"],
  [abi.OP_SOFTPLUS_FORWARD, abi.OP_SOFTPLUS_BACKWARD, "input", 2],
  [abi.OP_SOFTMAX_FORWARD, abi.OP_SOFTMAX_BACKWARD, "output"],
];

/** A loss in JavaScript. */
const OWN: HostLoss = {
  name: "own",
  loss(output, target) {
    let sum = 0;
    for (const [j, a] of output.entries()) sum += (a - (target[j] as number)) ** 2;
    return sum;
  },
  gradient(output, target, gradient) {
    for (const [j, a] of output.entries()) gradient[j] = 2 * (a - (target[j] as number));
  },
  bind: bindHosts,
};

export function gallery(core: Core): Program {
  const plan = new Plan();
  const matrix = (name: string): Tensor =>
    plan.tensor("activations", name, CAPACITY, CLASSES, { ld: leadingDimension(CLASSES), batch: true });
  const column = (name: string, given = false): Tensor =>
    plan.tensor("batch", name, CAPACITY, 1, { batch: true, given });

  const hyper = plan.tensor("hyper", "hyper", 1, abi.HYPER_BYTES / 4, { given: true });
  const result = plan.view(hyper, "result", abi.HYPER_LOSS, 1, abi.RESULT_BYTES / 4, abi.RESULT_BYTES / 4);
  const builder = new Builder(
    plan.tensor("scratch", "edge tiles", 1, abi.SGEMM_SCRATCH_BYTES / 4),
    core.tile,
  );
  const x = plan.tensor("batch", "x", CAPACITY, CLASSES, { batch: true, given: true });
  const [ids, weight] = [column("ids", true), column("weight", true)];
  // as the host writes them, without padding
  const rows = plan.tensor("batch", "rows", CAPACITY, CLASSES, { batch: true, given: true });
  const columns = plan.tensor("batch", "columns", 1, CLASSES, { given: true });

  const inputs: Tensor[] = [];
  let y = x;
  for (const [i, [forward, , saves, a]] of ACTIVATIONS.entries()) {
    inputs.push(y);
    // what saves its output may take the place of its input, where the op before it does not need that
    const inPlace = saves === "output" && ACTIVATIONS[i - 1]?.[2] === "input";
    const out = inPlace ? y : matrix(`y${i}`);
    builder.unary(forward, y, out, a === undefined ? [] : [a]);
    y = out;
  }

  const [rowLoss, hit] = [column("loss"), column("hit")];
  const loss = (op: number, dz: Tensor, target: Tensor, rest: object, options: object = {}): void => {
    builder.loss(op, { z: y, target, dz, rowLoss, ...rest }, options);
    builder.lossSum(rowLoss, "hit" in rest ? hit : undefined, result);
  };
  loss(abi.OP_SOFT_CROSS_ENTROPY, matrix("d soft"), rows, { hit });
  const smooth = { ids: true, parameters: [0.9, 0.1 / CLASSES] };
  loss(abi.OP_SOFT_CROSS_ENTROPY, matrix("d smooth"), ids, { hit, weight, columns }, smooth);
  loss(abi.OP_BCE_WITH_LOGITS, matrix("d bce"), rows, { weight, columns });
  loss(abi.OP_ABSOLUTE_ERROR, matrix("d absolute"), rows, {});
  loss(abi.OP_HUBER_LOSS, matrix("d huber"), rows, { weight }, { parameters: [1] });
  builder.hostLoss(OWN, { z: y, target: rows, dz: matrix("d own"), rowLoss, weight });
  builder.lossSum(rowLoss, undefined, result);
  builder.hostLoss(OWN, { z: y, target: rows, dz: undefined, rowLoss });
  const dy = matrix("d squared");
  loss(abi.OP_SQUARED_ERROR, dy, rows, {}, { parameters: [0.5] });
  builder.rowHits(y, rows, hit, weight, true, 0.5);
  builder.lossSum(rowLoss, hit, result);

  let out = y;
  for (const [i, [, backward, saves, a]] of [...ACTIVATIONS.entries()].reverse()) {
    const input = inputs[i] as Tensor;
    builder.backward(backward, dy, saves === "input" ? input : out, dy, a === undefined ? [] : [a]);
    out = input;
  }

  emitOptimizers(plan, builder, hyper);

  const room = plan.tensor("program", "program", builder.length, abi.RECORD_BYTES / 4, { given: true });
  const arena = new Arena(core, plan.layout().total);
  return new Program(arena, builder, room, hyper);
}
