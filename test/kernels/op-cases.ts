// A record for every op of the table, in every way it addresses memory: what ops-table.test.ts runs.

import * as abi from "../../src/base/abi.ts";
import { OPS } from "../../src/base/ops.ts";
import { tileColumns, wholeTiles } from "../../src/base/tile.ts";
import type { Right } from "../../src/program/builder.ts";
import { floats, integers } from "../oracle/data.ts";
import type { Hyper, Rig, RigOptions } from "./harness.ts";
import { LAYER_CASES } from "./layer-cases.ts";

/** Rows in use, and rows there are. */
export const [ROWS, CAPACITY] = [13, 17];
const COLS = 21;
export const HYPER: Hyper = {
  rows: ROWS,
  first: 4,
  lr: 0.1,
  scale: 0.25,
  correction1: 0.75,
  correction2: 0.5,
  add: true,
  batch: 3,
};
/** rows are a batch's, of which 13 of 17 are in use; off the cache line */
const BATCH: RigOptions = { ld: 32, shift: 1, batch: true };

const batch = (rig: Rig, name: string, seed: number) =>
  rig.input(name, CAPACITY, COLS, floats(seed, CAPACITY * COLS), BATCH);
const batchOut = (rig: Rig, name: string) => rig.output(name, CAPACITY, COLS, { ...BATCH, shift: 3 });
const panelsOf = ({ builder }: Rig, n: number, k: number): number => wholeTiles(builder.tile, n) * k;
const index = (rig: Rig) => rig.input("index", 1, 25, integers(2, 25, 0, 8));

/** Each emits one record. */
export type Case = (rig: Rig) => void;

/** Ops whose records depend on the tile. */
export const TILED: readonly number[] = [abi.OP_PACK, abi.OP_SGEMM];
/** Ops that have a multiply-add, and whose bits depend on whether it is fused. */
export const FUSED: readonly number[] = [
  abi.OP_SGEMM,
  abi.OP_SGD_STEP,
  abi.OP_MOMENTUM_STEP,
  abi.OP_ADAM_STEP,
  abi.OP_RMSPROP_STEP,
  abi.OP_ADAGRAD_STEP,
  abi.OP_PREPARE_GRADIENT,
];

const unary = (op: number, ...parameters: number[]): Case[] => [
  (rig) => rig.builder.unary(op, batch(rig, "x", 1), batchOut(rig, "y"), parameters),
  (rig) => {
    const x = rig.inOut("x", 7, 5, floats(1, 35), { ld: 16 });
    rig.builder.unary(op, x, x, parameters);
  },
];

const backward = (op: number, ...parameters: number[]): Case[] => [
  (rig) => rig.builder.backward(op, batch(rig, "dy", 1), batch(rig, "y", 2), batchOut(rig, "dx"), parameters),
  (rig) => {
    const dy = rig.inOut("dy", 7, 5, floats(1, 35), { ld: 16 });
    rig.builder.backward(op, dy, rig.input("y", 7, 5, floats(2, 35)), dy, parameters);
  },
  (rig) => {
    const y = rig.inOut("y", 7, 5, floats(1, 35), { ld: 16 });
    rig.builder.backward(op, rig.input("dy", 7, 5, floats(2, 35), { shift: 3 }), y, y, parameters);
  },
];

function pack(rows: number, cols: number, transpose: boolean, options: RigOptions = {}): Case {
  return (rig) => {
    const b = rig.input("b", rows, cols, floats(1, rows * cols), { ld: cols + 3, ...options });
    const [n, k] = transpose ? [rows, cols] : [cols, rows];
    rig.builder.pack(b, transpose, rig.output("panels", 1, panelsOf(rig, n, k)));
  };
}

interface Product {
  inPlace?: boolean;
  m?: number;
  n?: number;
  k?: number;
  transposeA?: boolean;
  bias?: boolean;
  beta?: number;
  columns?: boolean;
  batchRows?: boolean;
  add?: boolean;
}

function sgemm({
  inPlace = false,
  m = 10,
  n = 29,
  k = 9,
  transposeA = false,
  bias = false,
  beta = 0,
  columns = false,
  batchRows = false,
  add = false,
}: Product): Case {
  return (rig) => {
    const [rows, cols] = transposeA ? [k, m] : [m, k];
    const a = rig.input("a", rows, cols, floats(1, m * k), { ld: cols + 5, shift: 1, batch: batchRows });
    const { builder } = rig;
    const batchDepth = batchRows && transposeA;
    const b = (): Right => {
      if (inPlace) {
        // rows padded to whole tiles, and beyond
        const ld = wholeTiles(builder.tile, n) + 5;
        return builder.inPlace(rig.input("b", k, n, floats(2, k * n), { ld, shift: 2, batch: batchDepth }));
      }
      const length = panelsOf(rig, n, k);
      const panels = rig.input("panels", 1, length, floats(2, length));
      return { tensor: panels, k, n, stride: 0, batchDepth };
    };
    const options: RigOptions = { ld: n + 3, shift: 3, batch: batchRows && !transposeA };
    const c =
      beta === 0 && !add ? rig.output("c", m, n, options) : rig.inOut("c", m, n, floats(3, m * n), options);
    builder.sgemm(a, b(), c, {
      transposeA,
      beta,
      add,
      ...(bias && { bias: rig.input("bias", 1, n, floats(4, n)) }),
    });
    const draft = builder.drafts.pop()!;
    const flags = columns ? draft.flags | abi.FLAG_COLUMNS : draft.flags & ~abi.FLAG_COLUMNS;
    builder.drafts.push({ ...draft, flags });
  };
}

const anyStride: Case = (rig) => {
  const b = rig.input("b", 1, 2 * 6 + 15 * 24 + 1, floats(1, 2 * 6 + 15 * 24 + 1));
  const panels = rig.output("panels", 1, panelsOf(rig, 25, 7));
  rig.builder.drafts.push({
    op: abi.OP_PACK,
    flags: 0,
    operands: [b, panels],
    d: [7, 25, tileColumns(rig.builder.tile)],
    s: [2, 15],
    f: [1],
    label: "",
  });
};

interface LossWays {
  inPlace?: boolean;
  /** weights of rows, the third of them 0 */
  weight?: boolean;
  /** one number a column */
  columns?: boolean;
  /** class ids; else rows of numbers */
  ids?: boolean;
  hits?: boolean;
  parameters?: number[];
}

function loss(op: number, ways: LossWays = {}): Case {
  const {
    inPlace = false,
    weight = false,
    columns = false,
    ids = false,
    hits = false,
    parameters = [],
  } = ways;
  return (rig) => {
    const logits = floats(1, CAPACITY * COLS);
    const z = inPlace ? rig.inOut("z", CAPACITY, COLS, logits, BATCH) : batch(rig, "z", 1);
    const target = ids
      ? rig.input("target", CAPACITY, 1, integers(2, CAPACITY, 0, COLS - 1), { batch: true })
      : rig.input("target", CAPACITY, COLS, floats(2, CAPACITY * COLS, 0, 1), { ld: COLS + 2, batch: true });
    const rowLoss = rig.output("loss", CAPACITY, 1, { batch: true, shift: 5 });
    const hit = hits ? rig.output("hit", CAPACITY, 1, { batch: true }) : undefined;
    const dz = inPlace ? z : batchOut(rig, "dz");
    const given = {
      weight: weight ? rowWeights(rig) : undefined,
      columns: columns ? rig.input("columns", 1, COLS, floats(4, COLS, 0.5, 2), { shift: 1 }) : undefined,
    };
    rig.builder.loss(op, { z, target, dz, rowLoss, hit, ...given }, { ids, parameters });
  };
}

const rowWeights = (rig: Rig) =>
  rig.input(
    "weight",
    CAPACITY,
    1,
    floats(3, CAPACITY, 0.5, 2).map((r, i) => (i === 2 ? 0 : r)),
    { batch: true },
  );

/** With weights of rows and without, in place (where that is allowed) and not, with numbers by column and without where it takes them. */
function losses(op: number, ways: LossWays, columns = false): Case[] {
  const inPlace = OPS.get(op)?.inPlace.length !== 0;
  return [
    loss(op, ways),
    loss(op, { ...ways, inPlace }),
    loss(op, { ...ways, weight: true }),
    ...(columns
      ? [loss(op, { ...ways, columns }), loss(op, { ...ways, columns, weight: true, inPlace })]
      : []),
  ];
}

function rowHits(each: boolean, weight: boolean): Case {
  return (rig) => {
    const z = batch(rig, "z", 1);
    // near the outputs, so that there are hits as well
    const near = floats(1, CAPACITY * COLS).map((x, i) => (i % 50 === 0 ? -x : x));
    const target = rig.input("target", CAPACITY, COLS, near, { ld: COLS + 2, batch: true });
    const hit = rig.output("hit", CAPACITY, 1, { batch: true, shift: 5 });
    rig.builder.rowHits(z, target, hit, weight ? rowWeights(rig) : undefined, each, 0.5);
  };
}

function lossSum(hits: boolean): Case {
  return (rig) => {
    const rowLoss = rig.input("loss", CAPACITY, 1, floats(1, CAPACITY), { batch: true });
    const hit = hits
      ? rig.input("hit", CAPACITY, 1, integers(2, CAPACITY, 0, 1), { batch: true })
      : undefined;
    rig.builder.lossSum(rowLoss, hit, rig.output("result", 1, abi.RESULT_BYTES / 4));
  };
}

/** An optimiser's pass over runs of 100 elements; `kept`: which of its operands it has. */
function update(op: number, kept: readonly boolean[], ...scalars: number[]): Case {
  return (rig) => {
    const run = (name: string, seed: number, least = -1) => rig.inOut(name, 1, 100, floats(seed, 100, least));
    const g = rig.input("g", 1, 100, floats(2, 100));
    const slots = kept.map((has, i) => (has ? run(`slot ${i}`, 3 + i, 0) : undefined));
    rig.builder.update(op, [run("p", 1), g, ...slots], [2, ...scalars]);
  };
}

function prepareGradient(clipped: boolean): Case {
  return (rig) => {
    const clip = clipped ? rig.input("clip", 1, 3, floats(3, 3, 0)) : undefined;
    const [p, g] = [rig.input("p", 1, 100, floats(1, 100)), rig.inOut("g", 1, 100, floats(2, 100))];
    rig.builder.prepareGradient(p, g, { clip, most: 0.5, decay: 0.25, l1: 0.125 });
  };
}

/** Every op of the table, in every way it addresses memory. */
export const CASES: Record<number, Case[]> = {
  [abi.OP_GATHER]: [
    (rig) =>
      rig.builder.gather(rig.input("src", 9, COLS, floats(1, 9 * COLS)), index(rig), batchOut(rig, "dst")),
  ],
  [abi.OP_GATHER_U8]: [
    (rig) => {
      const src = rig.input("src", 9, COLS, integers(1, 9 * COLS, 0, 255), { size: 1, shift: 3 });
      rig.builder.gather(src, index(rig), batchOut(rig, "dst"), 0.5, 0.25);
    },
  ],
  [abi.OP_PACK]: [
    pack(7, 29, false),
    pack(29, 7, true),
    pack(CAPACITY, 29, false, { batch: true }),
    pack(CAPACITY, 7, true, { batch: true }),
    anyStride,
  ],
  [abi.OP_SGEMM]: [
    sgemm({}),
    sgemm({ columns: true }),
    sgemm({ bias: true }),
    sgemm({ bias: true, columns: true, n: 61 }),
    sgemm({ beta: 1 }),
    sgemm({ beta: 0.5, columns: true }),
    sgemm({ transposeA: true, columns: true }),
    sgemm({ transposeA: true, batchRows: true, k: CAPACITY }),
    sgemm({ m: CAPACITY, batchRows: true }),
    sgemm({ k: 0 }),
    sgemm({ k: 300, m: 4, n: 13 }),
    // a whole block of rows of a panel that sticks out: all of the scratch
    sgemm({ m: 2 * abi.GEMM_MC, n: 7, k: 3, bias: true }),
    sgemm({ m: abi.GEMM_MC, n: 7, k: 3, beta: 1, columns: true }),
    sgemm({ inPlace: true }),
    sgemm({ inPlace: true, columns: true, bias: true, n: 61 }),
    sgemm({ inPlace: true, beta: 0.5, transposeA: true, n: 33 }),
    sgemm({ inPlace: true, transposeA: true, batchRows: true, k: CAPACITY, columns: true }),
    sgemm({ inPlace: true, m: CAPACITY, batchRows: true, n: 32 }),
    sgemm({ inPlace: true, m: 1, n: 75, k: 5, bias: true, columns: true }),
    sgemm({ inPlace: true, m: 1, n: 75, k: 5, beta: 1 }),
    sgemm({ inPlace: true, k: 0 }),
    sgemm({ inPlace: true, k: 300, m: 4, n: 13 }),
    sgemm({ add: true }),
    sgemm({ add: true, inPlace: true, transposeA: true, batchRows: true, k: CAPACITY, columns: true }),
  ],
  [abi.OP_RELU_FORWARD]: unary(abi.OP_RELU_FORWARD),
  [abi.OP_RELU_BACKWARD]: backward(abi.OP_RELU_BACKWARD),
  [abi.OP_SIGMOID_FORWARD]: unary(abi.OP_SIGMOID_FORWARD),
  [abi.OP_SIGMOID_BACKWARD]: backward(abi.OP_SIGMOID_BACKWARD),
  [abi.OP_SOFTMAX_FORWARD]: unary(abi.OP_SOFTMAX_FORWARD),
  [abi.OP_SOFTMAX_CROSS_ENTROPY]: losses(abi.OP_SOFTMAX_CROSS_ENTROPY, { ids: true, hits: true }),
  [abi.OP_LOSS_SUM]: [lossSum(true), lossSum(false)],
  [abi.OP_COLUMN_SUMS]: [
    (rig) => rig.builder.columnSums(batch(rig, "x", 1), rig.output("y", 1, COLS)),
    (rig) =>
      rig.builder.columnSums(rig.input("x", 5, 100, floats(1, 500)), rig.output("y", 1, 100, { shift: 3 })),
    (rig) => {
      const y = rig.inOut("y", 1, COLS, floats(2, COLS), { shift: 3 });
      rig.builder.columnSums(batch(rig, "x", 1), y, { add: true });
    },
  ],
  [abi.OP_SGD_STEP]: [
    (rig) =>
      rig.builder.sgdStep(rig.inOut("p", 1, 100, floats(1, 100)), rig.input("g", 1, 100, floats(2, 100))),
  ],
  [abi.OP_TANH_FORWARD]: unary(abi.OP_TANH_FORWARD),
  [abi.OP_TANH_BACKWARD]: backward(abi.OP_TANH_BACKWARD),
  [abi.OP_LEAKY_RELU_FORWARD]: unary(abi.OP_LEAKY_RELU_FORWARD, 0.25),
  [abi.OP_LEAKY_RELU_BACKWARD]: backward(abi.OP_LEAKY_RELU_BACKWARD, 0.25),
  [abi.OP_ELU_FORWARD]: unary(abi.OP_ELU_FORWARD, 1.5),
  [abi.OP_ELU_BACKWARD]: backward(abi.OP_ELU_BACKWARD, 1.5),
  [abi.OP_GELU_FORWARD]: unary(abi.OP_GELU_FORWARD),
  [abi.OP_GELU_BACKWARD]: backward(abi.OP_GELU_BACKWARD),
  [abi.OP_GELU_TANH_FORWARD]: unary(abi.OP_GELU_TANH_FORWARD),
  [abi.OP_GELU_TANH_BACKWARD]: backward(abi.OP_GELU_TANH_BACKWARD),
  [abi.OP_SILU_FORWARD]: unary(abi.OP_SILU_FORWARD),
  [abi.OP_SILU_BACKWARD]: backward(abi.OP_SILU_BACKWARD),
  [abi.OP_SOFTPLUS_FORWARD]: unary(abi.OP_SOFTPLUS_FORWARD, 2),
  [abi.OP_SOFTPLUS_BACKWARD]: backward(abi.OP_SOFTPLUS_BACKWARD, 2),
  [abi.OP_SOFTMAX_BACKWARD]: backward(abi.OP_SOFTMAX_BACKWARD),
  [abi.OP_SOFT_CROSS_ENTROPY]: [
    ...losses(abi.OP_SOFT_CROSS_ENTROPY, { hits: true, parameters: [1, 0] }, true),
    ...losses(abi.OP_SOFT_CROSS_ENTROPY, { hits: true, ids: true, parameters: [0.9, 0.1 / COLS] }, true),
  ],
  [abi.OP_BCE_WITH_LOGITS]: losses(abi.OP_BCE_WITH_LOGITS, {}, true),
  [abi.OP_SQUARED_ERROR]: losses(abi.OP_SQUARED_ERROR, { parameters: [0.5] }),
  [abi.OP_ABSOLUTE_ERROR]: losses(abi.OP_ABSOLUTE_ERROR, {}),
  [abi.OP_HUBER_LOSS]: losses(abi.OP_HUBER_LOSS, { parameters: [0.5] }),
  // no build has it: test/program/host.test.ts
  [abi.OP_HOST]: [],
  [abi.OP_ROW_HITS]: [false, true].flatMap((each) => [rowHits(each, false), rowHits(each, true)]),
  ...LAYER_CASES,
  [abi.OP_MOMENTUM_STEP]: [
    update(abi.OP_MOMENTUM_STEP, [true], 0.9, 0),
    update(abi.OP_MOMENTUM_STEP, [true], 0.9, 0.9),
  ],
  [abi.OP_ADAM_STEP]: [update(abi.OP_ADAM_STEP, [true, true], 0.1, 0.001, 1e-3, 0.01)],
  [abi.OP_RMSPROP_STEP]: [
    update(abi.OP_RMSPROP_STEP, [true, false, false], 0.01, 1e-3, 0),
    update(abi.OP_RMSPROP_STEP, [true, true, false], 0.01, 1e-3, 0),
    update(abi.OP_RMSPROP_STEP, [true, false, true], 0.01, 1e-3, 0.9),
    update(abi.OP_RMSPROP_STEP, [true, true, true], 0.01, 1e-3, 0.9),
  ],
  [abi.OP_ADAGRAD_STEP]: [update(abi.OP_ADAGRAD_STEP, [true], 1e-3)],
  [abi.OP_PREPARE_GRADIENT]: [prepareGradient(false), prepareGradient(true)],
  [abi.OP_SQUARE_SUMS]: [
    (rig) => {
      const n = 2 * abi.SQUARES_BLOCK + 100;
      rig.builder.squareSums(rig.input("x", 1, n, floats(1, n)), rig.output("sums", 1, 6));
    },
    (rig) => {
      const sums = rig.output("sums", 1, 2);
      rig.builder.squareSums(rig.input("x", 1, 52, floats(1, 52)), sums);
    },
  ],
  [abi.OP_CLIP_FACTOR]: [
    (rig) => {
      const sums = Float32Array.from(new Float32Array(Float64Array.of(1, 2, 0.5).buffer));
      rig.builder.clipFactor(rig.input("sums", 1, 6, sums), rig.output("clip", 1, 3, { shift: 1 }), 1);
    },
  ],
};
