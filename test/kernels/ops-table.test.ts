// The op table tells the truth. For every op and every thread of 1, 2, 3 and 8: the bytes its share changes are
// exactly those that the table says it writes, and nothing outside the ranges of the table reaches its results.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { OPS, type OpSpec, type Range } from "../../src/base/ops.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import type { Packed } from "../../src/program/builder.ts";
import { view } from "../../src/program/record.ts";
import { floats, integers, SEED } from "../oracle/data.ts";
import { arenas, type Build, builds, CANARY, type Hyper, Rig, type RigOptions, THREADS } from "./harness.ts";

const [ROWS, COLS, CAPACITY] = [13, 21, 17];
const HYPER: Hyper = { rows: ROWS, first: 4, lr: 0.1, scale: 0.25 };
/** rows are a batch's, of which 13 of 17 are in use; off the cache line */
const BATCH: RigOptions = { ld: 32, shift: 1, batch: true };

const batch = (rig: Rig, name: string, seed: number) =>
  rig.input(name, CAPACITY, COLS, floats(seed, CAPACITY * COLS), BATCH);
const batchOut = (rig: Rig, name: string) => rig.output(name, CAPACITY, COLS, { ...BATCH, shift: 3 });
const panelsOf = (n: number, k: number): number => Math.ceil(n / abi.TILE_N) * abi.TILE_N * k;
const index = (rig: Rig) => rig.input("index", 1, 25, integers(2, 25, 0, 8));

/** Each emits one record. */
type Case = (rig: Rig) => void;

const unary = (op: number): Case[] => [
  (rig) => rig.builder.unary(op, batch(rig, "x", 1), batchOut(rig, "y")),
  (rig) => {
    const x = rig.inOut("x", 7, 5, floats(1, 35), { ld: 16 });
    rig.builder.unary(op, x, x);
  },
];

const backward = (op: number): Case[] => [
  (rig) => rig.builder.backward(op, batch(rig, "dy", 1), batch(rig, "y", 2), batchOut(rig, "dx")),
  (rig) => {
    const dy = rig.inOut("dy", 7, 5, floats(1, 35), { ld: 16 });
    rig.builder.backward(op, dy, rig.input("y", 7, 5, floats(2, 35)), dy);
  },
];

function pack(rows: number, cols: number, transpose: boolean, options: RigOptions = {}): Case {
  return (rig) => {
    const b = rig.input("b", rows, cols, floats(1, rows * cols), { ld: cols + 3, ...options });
    const [n, k] = transpose ? [rows, cols] : [cols, rows];
    rig.builder.pack(b, transpose, rig.output("panels", 1, panelsOf(n, k)));
  };
}

interface Product {
  m?: number;
  n?: number;
  k?: number;
  transposeA?: boolean;
  bias?: boolean;
  beta?: number;
  columns?: boolean;
  batchRows?: boolean;
}

function sgemm({
  m = 10,
  n = 29,
  k = 9,
  transposeA = false,
  bias = false,
  beta = 0,
  columns = false,
  batchRows = false,
}: Product): Case {
  return (rig) => {
    const [rows, cols] = transposeA ? [k, m] : [m, k];
    const a = rig.input("a", rows, cols, floats(1, m * k), { ld: cols + 5, shift: 1, batch: batchRows });
    const panels = rig.input("panels", 1, panelsOf(n, k), floats(2, panelsOf(n, k)));
    const packed: Packed = { panels, k, n, batchDepth: batchRows && transposeA };
    const options: RigOptions = { ld: n + 3, shift: 3, batch: batchRows && !transposeA };
    const c = beta === 0 ? rig.output("c", m, n, options) : rig.inOut("c", m, n, floats(3, m * n), options);
    const { builder } = rig;
    builder.sgemm(a, packed, c, {
      transposeA,
      beta,
      ...(bias && { bias: rig.input("bias", 1, n, floats(4, n)) }),
    });
    const draft = builder.drafts.pop()!;
    const flags = columns ? draft.flags | abi.FLAG_COLUMNS : draft.flags & ~abi.FLAG_COLUMNS;
    builder.drafts.push({ ...draft, flags });
  };
}

const anyStride: Case = (rig) => {
  const b = rig.input("b", 1, 2 * 6 + 15 * 24 + 1, floats(1, 2 * 6 + 15 * 24 + 1));
  const panels = rig.output("panels", 1, panelsOf(25, 7));
  rig.builder.drafts.push({
    op: abi.OP_PACK,
    flags: 0,
    operands: [b, panels],
    d: [7, 25],
    s: [2, 15],
    f: [1],
    label: "",
  });
};

function softmaxCrossEntropy(inPlace: boolean): Case {
  return (rig) => {
    const logits = floats(1, CAPACITY * COLS);
    const z = inPlace ? rig.inOut("z", CAPACITY, COLS, logits, BATCH) : batch(rig, "z", 1);
    const target = rig.input("target", CAPACITY, 1, integers(2, CAPACITY, 0, COLS - 1), { batch: true });
    const rowLoss = rig.output("loss", CAPACITY, 1, { batch: true });
    const hit = rig.output("hit", CAPACITY, 1, { batch: true });
    const dz = inPlace ? z : batchOut(rig, "dz");
    rig.builder.loss(abi.OP_SOFTMAX_CROSS_ENTROPY, { z, target, dz, rowLoss, hit });
  };
}

/** Every op of the table, in every way it addresses memory. */
const CASES: Record<number, Case[]> = {
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
  ],
  [abi.OP_RELU_FORWARD]: unary(abi.OP_RELU_FORWARD),
  [abi.OP_RELU_BACKWARD]: backward(abi.OP_RELU_BACKWARD),
  [abi.OP_SIGMOID_FORWARD]: unary(abi.OP_SIGMOID_FORWARD),
  [abi.OP_SIGMOID_BACKWARD]: backward(abi.OP_SIGMOID_BACKWARD),
  [abi.OP_SOFTMAX_FORWARD]: unary(abi.OP_SOFTMAX_FORWARD),
  [abi.OP_SOFTMAX_CROSS_ENTROPY]: [softmaxCrossEntropy(false), softmaxCrossEntropy(true)],
  [abi.OP_LOSS_SUM]: [
    (rig) => {
      const loss = rig.input("loss", CAPACITY, 1, floats(1, CAPACITY), { batch: true });
      const hit = rig.input("hit", CAPACITY, 1, integers(2, CAPACITY, 0, 1), { batch: true });
      rig.builder.lossSum(loss, hit, rig.output("result", 1, abi.RESULT_BYTES / 4));
    },
  ],
  [abi.OP_COLUMN_SUMS]: [
    (rig) => rig.builder.columnSums(batch(rig, "x", 1), rig.output("y", 1, COLS)),
    (rig) =>
      rig.builder.columnSums(rig.input("x", 5, 100, floats(1, 500)), rig.output("y", 1, 100, { shift: 3 })),
  ],
  [abi.OP_SGD_STEP]: [
    (rig) =>
      rig.builder.sgdStep(rig.inOut("p", 1, 100, floats(1, 100)), rig.input("g", 1, 100, floats(2, 100))),
  ],
};

/** All the ways, with names for test titles. */
const cases = [...OPS].flatMap(([op, spec]) =>
  (CASES[op] ?? []).map((emit, i) => ({ name: `${spec.name} ${i}`, op, spec, emit })),
);

/** Copies the bytes of ranges from one image of the memory to another. */
function copy(ranges: readonly Range[], from: Uint8Array, to: Uint8Array): void {
  for (const { start, rows, bytes, stride } of ranges) {
    for (let i = 0; i < rows; i++)
      to.set(from.subarray(start + i * stride, start + i * stride + bytes), start + i * stride);
  }
}

/** Fills ranges with a word, byte by byte in step with addresses. */
function fill(ranges: readonly Range[], word: number, to: Uint8Array): void {
  copy(ranges, new Uint8Array(new Uint32Array(to.length / 4).fill(word).buffer), to);
}

const run = (start: number, bytes: number): Range => ({ operand: -1, start, rows: 1, bytes, stride: bytes });

describe.each(builds)(
  `every op keeps to its entry in the table, $name build (seed ${SEED})`,
  (build: Build) => {
    it("has a case for every op", () => {
      expect(Object.keys(CASES).map(Number)).toEqual([...OPS.keys()]);
    });

    it.each(cases)("$name", ({ op, spec, emit }) => {
      for (const threads of THREADS)
        for (let t = 0; t < threads; t++) checkShare(build, op, spec, emit, t, threads);
    });
  },
);

describe.each(arenas(2 * 65536))(
  "no op reads beyond an input at the end of the memory, $name build",
  (build) => {
    it.each(cases)("$name", ({ emit }) => {
      const inputs = (): Rig => {
        const rig = new Rig(build);
        emit(rig);
        return rig;
      };
      for (let i = 0; i < inputs().inputs.length; i++) {
        const rig = inputs();
        rig.putLast(rig.inputs[i] as Tensor);
        // the batch full and the index list used to its end: rows beyond those in use would be room to spare
        rig.run({ ...HYPER, rows: CAPACITY, first: 25 - CAPACITY });
      }
    });
  },
);

function checkShare(build: Build, op: number, spec: OpSpec, emit: Case, t: number, threads: number): void {
  const rig = new Rig(build);
  emit(rig);
  rig.prepare(HYPER);
  expect(rig.builder.drafts.map((draft) => draft.op)).toEqual([op]);
  const { reads, writes } = spec.access(view(rig.words, 0, ROWS), t, threads);
  // what an edge tile leaves in scratch is no result
  const results = writes.filter((range) => spec.operands[range.operand] !== "scratch");
  const kept = [rig.hyper, ...rig.plan.tensors.filter((tensor) => tensor.name === "program")];

  const memory = rig.memory();
  const pristine = memory.slice();
  const runWith = (change: (image: Uint8Array) => void): Uint8Array => {
    memory.set(pristine);
    change(memory);
    rig.share(0, t, threads);
    return memory.slice();
  };
  const expectSame = (actual: Uint8Array, expected: Uint8Array, what: string): void => {
    if (Buffer.compare(actual, expected) === 0) return;
    const at = actual.findIndex((byte, i) => byte !== expected[i]);
    const tensor = rig.plan.tensors.findLast((x) => x.address <= at);
    const where = `byte ${at - (tensor?.address ?? 0)} of ${tensor?.name}`;
    throw new Error(`${spec.name}, thread ${t} of ${threads}: ${where} ${what}`);
  };
  /** One image with the given ranges taken from another. */
  const patched = (image: Uint8Array, ranges: readonly Range[], from: Uint8Array): Uint8Array => {
    const out = image.slice();
    copy(ranges, from, out);
    return out;
  };

  const after = runWith(() => {});
  expectSame(patched(after, writes, pristine), pristine, "was changed, and is not in the table's writes");

  // NaN of another payload all around, or numbers: a value read from there shows in a result
  for (const word of [CANARY ^ 0x1234, 0x3f8ccccd, 0xffc0dead]) {
    const other = runWith((image) => {
      fill([run(abi.ARENA_BASE, image.length - abi.ARENA_BASE)], word, image);
      copy([...reads, ...writes, ...kept.map(({ address, bytes }) => run(address, bytes))], pristine, image);
    });
    expectSame(patched(other, writes, after), other, "depends on bytes outside the table's ranges");
  }

  // other contents of what is written and not read: every byte is written, and none of them read
  for (const word of [0x55aa33cc, 0x3f99999a]) {
    const again = runWith((image) => {
      fill(results, word, image);
      copy(reads, pristine, image);
    });
    expectSame(patched(again, results, after), again, "is in the table's writes, and was read or left alone");
  }
}
