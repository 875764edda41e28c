// A training step written out record by record, with the ops of a plain net, some fused and some alone, and products of
// every kind: B packed as it stands, packed transposed, and in place. What the tests of verify and Program work on; laid
// by hand, so that they do not lean on src/nn.

import * as abi from "../../src/base/abi.ts";
import { wholeTiles } from "../../src/base/tile.ts";
import { Arena } from "../../src/memory/arena.ts";
import { leadingDimension, Plan, type Tensor } from "../../src/memory/plan.ts";
import { Builder, type Right, scratchBytes } from "../../src/program/builder.ts";
import { Program } from "../../src/program/program.ts";
import type { Core } from "../../src/wasm/runtime.ts";
import { floats, integers } from "../oracle/data.ts";

/** Widths from input to classes; 14 rows is the capacity of a batch, 11 are in use. */
const WIDTHS = [10, 20, 12, 5];
const CAPACITY = 14;
export const ROWS = 11;
const SAMPLES = 23;

export interface Training {
  readonly program: Program;
  readonly arena: Arena;
  /** addresses of the records and of the hyper region */
  readonly records: number;
  readonly hyper: number;
  /** Puts memory into the state before the first step. */
  reset(): void;
  /** All of the memory that the plan laid. */
  memory(): Uint8Array;
}

interface Dense {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly dWeight: Tensor;
  readonly dBias: Tensor;
}

export function training(core: Core, features: "f32" | "u8"): Training {
  const plan = new Plan();
  const matrix = (name: string, cols: number): Tensor =>
    plan.tensor("activations", name, CAPACITY, cols, { ld: leadingDimension(cols), batch: true });
  const panels = (name: string, k: number, n: number): Tensor =>
    plan.tensor("scratch", name, 1, wholeTiles(core.tile, n) * k, { group: "panels" });

  const hyper = plan.tensor("hyper", "hyper", 1, abi.HYPER_BYTES / 4, { given: true });
  const result = plan.view(hyper, "result", abi.HYPER_LOSS, 1, abi.RESULT_BYTES / 4, abi.RESULT_BYTES / 4);
  const edge = plan.tensor("scratch", "edge tiles", 1, scratchBytes() / 4);
  const { layers, params, grads } = declareParameters(plan);

  const size = features === "u8" ? 1 : 4;
  const data = plan.tensor("data", "data", SAMPLES, WIDTHS[0] as number, { given: true, size });
  const labels = plan.tensor("data", "labels", SAMPLES, 1, { given: true });
  const order = plan.tensor("data", "order", 1, SAMPLES, { given: true });
  const x = matrix("x", WIDTHS[0] as number);
  const target = plan.tensor("batch", "target", CAPACITY, 1, { batch: true });

  const builder = new Builder(edge, core.tile);
  builder.label = "batch";
  builder.gather(data, order, x, 1 / 255, -0.5);
  builder.gather(labels, order, target);

  // forward: relu in place; dense with relu fused; dense and sigmoid into a matrix of its own; logits
  builder.unary(abi.OP_RELU_FORWARD, x, x);
  const y = [x];
  for (const [i, { weight, bias }] of layers.entries()) {
    builder.label = `${i} forward`;
    let out = matrix(`y${i}`, weight.cols);
    const right =
      i === 0
        ? builder.pack(weight, false, panels(`w${i} packed`, weight.rows, weight.cols))
        : builder.inPlace(weight);
    builder.sgemm(y[i] as Tensor, right, out, { bias, relu: i === 0 });
    if (i === 1) {
      const before = out;
      out = matrix("sigmoid", weight.cols);
      builder.unary(abi.OP_SIGMOID_FORWARD, before, out);
    }
    y.push(out);
  }
  const logits = y.at(-1) as Tensor;
  const classes = logits.cols;

  builder.label = "loss";
  const [dz, probabilities] = [matrix("dlogits", classes), matrix("probabilities", classes)];
  builder.unary(abi.OP_SOFTMAX_FORWARD, logits, probabilities);
  const [rowLoss, hit] = ["loss", "hit"].map((name) =>
    plan.tensor("batch", name, CAPACITY, 1, { batch: true }),
  ) as [Tensor, Tensor];
  builder.loss(abi.OP_SOFTMAX_CROSS_ENTROPY, { z: logits, target, dz, rowLoss, hit });
  builder.lossSum(rowLoss, hit, result);

  let dy = dz;
  for (let i = layers.length - 1; i >= 0; i--) {
    const { weight, dWeight, dBias } = layers[i] as Dense;
    builder.label = `${i} backward`;
    if (i === 1) builder.backward(abi.OP_SIGMOID_BACKWARD, dy, y[i + 1] as Tensor, dy);
    if (i === 0) builder.backward(abi.OP_RELU_BACKWARD, dy, y[i + 1] as Tensor, dy);
    let dx: Tensor | undefined;
    if (i > 0) {
      dx = matrix(`dx${i}`, weight.rows);
      builder.sgemm(dy, builder.pack(weight, true, panels(`w${i} turned`, weight.cols, weight.rows)), dx);
    }
    const right: Right =
      i === 1 ? builder.pack(dy, false, panels(`dy${i} packed`, CAPACITY, weight.cols)) : builder.inPlace(dy);
    // the first layer's gradient is added to what is there, as in the second micro-batch of a step
    builder.sgemm(y[i] as Tensor, right, dWeight, { transposeA: true, beta: i === 0 ? 1 : 0 });
    builder.columnSums(dy, dBias);
    if (dx !== undefined) dy = dx;
  }
  builder.label = "sgd";
  builder.sgdStep(params, grads);

  const room = plan.tensor("program", "program", builder.length, abi.RECORD_BYTES / 4, { given: true });
  const end = plan.layout().total;
  const arena = new Arena(core, end);
  const program = new Program(arena, builder, room, hyper);

  const memory = (): Uint8Array => new Uint8Array(arena.view(0, 0).buffer, 0, end);
  const reset = (): void => {
    memory().fill(0, abi.ARENA_BASE);
    arena.i32(room).set(program.words);
    if (size === 1) arena.u8(data).set(integers(1, SAMPLES * data.cols, 0, 255));
    else arena.f32(data).set(floats(1, SAMPLES * data.cols));
    arena.i32(labels).set(integers(2, SAMPLES, 0, classes - 1));
    arena.i32(order).set(integers(3, SAMPLES, 0, SAMPLES - 1));
    arena.f32(params).set(floats(4, params.cols, -0.5, 0.5));
    program.set(ROWS, 7, 0.1, 1 / ROWS);
  };
  reset();
  return { program, arena, records: room.address, hyper: hyper.address, reset, memory };
}

/** Parameters and gradients: flat runs for the optimiser, and views of them for the layers. */
function declareParameters(plan: Plan): { layers: Dense[]; params: Tensor; grads: Tensor } {
  let end = 0;
  const take = (rows: number, cols: number): number => {
    const at = end;
    end += rows * leadingDimension(cols);
    return at;
  };
  const places = WIDTHS.slice(1).map((n, i) => {
    const k = WIDTHS[i] as number;
    return { k, n, weight: take(k, n), bias: take(1, n) };
  });
  const params = plan.tensor("params", "params", 1, end, { given: true });
  const grads = plan.tensor("grads", "grads", 1, end, { given: true });
  const layers = places.map(({ k, n, weight, bias }, i) => {
    const ld = leadingDimension(n);
    return {
      weight: plan.view(params, `w${i}`, 4 * weight, k, n, ld),
      bias: plan.view(params, `b${i}`, 4 * bias, 1, n, ld),
      dWeight: plan.view(grads, `dw${i}`, 4 * weight, k, n, ld),
      dBias: plan.view(grads, `db${i}`, 4 * bias, 1, n, ld),
    };
  });
  return { layers, params, grads };
}
