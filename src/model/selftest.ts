// Whether a build computes what it should, on the engine and CPU at hand: a program of every kind of product and some
// other kernels, against plain scalar arithmetic. Values only, 3 to 4 ms in a fresh process.

import {
  HYPER_HITS,
  HYPER_LOSS,
  OP_SIGMOID_FORWARD,
  OP_SOFTMAX_CROSS_ENTROPY,
  RESULT_BYTES,
} from "../base/abi.ts";
import { wholeTiles } from "../base/tile.ts";
import type { Tensor } from "../memory/plan.ts";
import type { Core } from "../wasm/runtime.ts";
import { Bare } from "./bare.ts";

export interface SelfTest {
  /** what is wrong; undefined when nothing is */
  readonly problem: string | undefined;
  /** whether the multiply-add rounds once */
  readonly fused: boolean;
}

/** Columns and a depth that are no whole tiles; rows that end in part of a tile, and rows that end in a lower one. */
const [N, K, PART, WHOLE] = [21, 5, 13, 11];
/** Columns of a single row, which has a kernel of its own: those that it takes at a time, and one more. */
const SINGLE = 33;
/** What C is scaled by where a product is added to it. */
const BETA = 2;
const POINTS = [-3, -1, -0.5, 0, 0.5, 1, 3, 9];
/** 1 / (1 + e^−x) of the points, two digits beyond CLOSE */
const SIGMOIDS = [0.04742587, 0.26894142, 0.37754067, 0.5, 0.62245933, 0.73105858, 0.95257413, 0.99987661];
/** Classes of the loss: that of equal logits is its logarithm. */
const CLASSES = 8;
const LN_8 = 2.07944154;
const CLOSE = 1e-6;
const LR = 0.5;

/** Runs the program once on `core`, with its tile. */
export function selfTest(core: Core): SelfTest {
  const bare = new Bare(core);
  const { plan, hyper, builder: b } = bare;
  const result = plan.view(hyper, "result", HYPER_LOSS, 1, RESULT_BYTES / 4, RESULT_BYTES / 4);
  const matrix = (name: string, rows: number, cols: number): Tensor => bare.matrix(name, rows, cols);
  const [a, w, bias, turnedA, turnedW] = [
    matrix("a", PART, K),
    matrix("b", K, N),
    matrix("bias", 1, N),
    matrix("aᵀ", K, WHOLE),
    matrix("bᵀ", N, K),
  ];
  const [nn, tn, nt] = [matrix("nn", PART, N), matrix("tn", WHOLE, N), matrix("nt", PART, N)];
  const panels = plan.tensor("scratch", "panels", 1, wholeTiles(core.tile, N) * K);
  b.sgemm(a, b.inPlace(w), nn, { bias, relu: true });
  b.sgemm(turnedA, b.inPlace(w), tn, { transposeA: true });
  b.sgemm(a, b.pack(turnedW, true, panels), nt);
  b.sgemm(turnedA, b.inPlace(w), tn, { transposeA: true, beta: BETA });
  const [line, broad, single] = [matrix("line", 1, K), matrix("broad", K, SINGLE), matrix("row", 1, SINGLE)];
  b.sgemm(line, b.inPlace(broad), single);
  // (1 + 2⁻¹²)² − (1 + 2⁻¹¹) is 2⁻²⁴, which a product rounded by itself loses
  const [x, y, square] = [matrix("x", 1, 2), matrix("y", 2, 1), matrix("x·y", 1, 1)];
  b.sgemm(x, b.inPlace(y), square);
  const points = matrix("points", 1, POINTS.length);
  b.unary(OP_SIGMOID_FORWARD, points, points);
  const z = matrix("logits", 2, CLASSES);
  const column = (name: string): Tensor => plan.tensor("data", name, 2, 1, { given: true });
  const [target, rowLoss, hit] = [column("target"), column("loss"), column("hit")];
  b.loss(OP_SOFTMAX_CROSS_ENTROPY, { z, target, dz: z, rowLoss, hit });
  b.lossSum(rowLoss, hit, result);
  const weights = plan.tensor("data", "p", 1, 16, { given: true });
  const slope = plan.tensor("data", "g", 1, 16, { given: true });
  b.sgdStep(weights, slope);
  const { arena, program } = bare.program();

  // whole numbers, whose products and sums are exact
  const whole = (i: number, j: number, by: number): number => ((i * 7 + j * 5 + by) % 9) - 4;
  const fill = (tensor: Tensor, value: (i: number, j: number) => number): void => {
    const data = arena.f32(tensor);
    for (let i = 0; i < tensor.rows; i++)
      for (let j = 0; j < tensor.cols; j++) data[i * tensor.ld + j] = value(i, j);
  };
  fill(a, (i, p) => whole(i, p, 0));
  fill(turnedA, (p, i) => whole(i, p, 0));
  fill(w, (p, j) => whole(p, j, 3));
  fill(turnedW, (j, p) => whole(p, j, 3));
  fill(line, (_, p) => whole(0, p, 0));
  fill(broad, (p, j) => whole(p, j, 3));
  fill(bias, (_, j) => whole(0, j, 6));
  fill(x, (_, p) => (p === 0 ? 1 : 1 + 2 ** -12));
  fill(y, (p) => (p === 0 ? -(1 + 2 ** -11) : 1 + 2 ** -12));
  fill(points, (_, j) => POINTS[j] as number);
  fill(z, () => 1.5);
  arena.i32(target).set([0, 5]);
  fill(weights, (_, j) => j);
  fill(slope, (_, j) => j + 1);
  program.set(0, 0, LR, 1);
  program.run();

  const wrong = (what: string, actual: number | undefined, expected: number): string =>
    `${what} is ${actual}, expected ${expected}`;
  const values = new Map([nn, tn, nt].map((tensor) => [tensor, arena.f32(tensor)]));
  const check = (): string | undefined => {
    for (let i = 0; i < PART; i++) {
      for (let j = 0; j < N; j++) {
        let sum = 0;
        for (let p = 0; p < K; p++) sum += whole(i, p, 0) * whole(p, j, 3);
        const withBias = Math.max(0, sum + whole(0, j, 6));
        for (const [tensor, expected] of [
          [nn, withBias],
          [tn, sum + BETA * sum],
          [nt, sum],
        ] as const) {
          const actual = i < tensor.rows ? values.get(tensor)?.[i * tensor.ld + j] : expected;
          if (actual !== expected)
            return wrong(`element (${i}, ${j}) of the ${tensor.name} product`, actual, expected);
        }
      }
    }
    const row = arena.f32(single);
    for (let j = 0; j < SINGLE; j++) {
      let sum = 0;
      for (let p = 0; p < K; p++) sum += whole(0, p, 0) * whole(p, j, 3);
      if (row[j] !== sum) return wrong(`element ${j} of the single row`, row[j], sum);
    }
    const lost = arena.f32(square)[0];
    if (lost !== 0 && lost !== 2 ** -24) return wrong("the multiply-add", lost, 2 ** -24);
    for (const [j, expected] of SIGMOIDS.entries()) {
      const actual = arena.f32(points)[j] as number;
      if (!(Math.abs(actual / expected - 1) < CLOSE)) return wrong(`sigmoid(${POINTS[j]})`, actual, expected);
    }
    if (!(Math.abs(program.lossSum / (2 * LN_8) - 1) < CLOSE))
      return wrong("the loss", program.lossSum, 2 * LN_8);
    if (program.hyper.getInt32(HYPER_HITS, true) !== 1) return wrong("the number of hits", program.hits, 1);
    const gradients = arena.f32(z);
    for (let i = 0; i < 2; i++) {
      for (let j = 0; j < CLASSES; j++) {
        const expected = 1 / CLASSES - (j === 5 * i ? 1 : 0);
        const actual = gradients[i * z.ld + j] as number;
        if (!(Math.abs(actual - expected) < CLOSE)) return wrong("a gradient of the loss", actual, expected);
      }
    }
    for (const [j, actual] of arena.f32(weights).entries()) {
      const expected = j - LR * (j + 1);
      if (actual !== expected) return wrong("a weight after a step", actual, expected);
    }
    return undefined;
  };
  return { problem: check(), fused: arena.f32(square)[0] !== 0 };
}
