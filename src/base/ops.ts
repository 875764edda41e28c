// The op table: for every op its operands, the bytes that thread t of T reads and writes, and its work. The
// builder places barriers by it, verify checks programs against it, dump and profile read it, cost.ts makes time of the
// work; a test runs every kernel against it.

import * as abi from "./abi.ts";
import { LAYER_OPS } from "./ops-layers.ts";
import { sgdStep, UPDATE_OPS } from "./ops-updates.ts";
import { tileColumns, tileRows, wholeRows, wholeTiles } from "./tile.ts";
import {
  type Access,
  ALONE,
  adds,
  block,
  bytes,
  column,
  d,
  flat,
  matrix,
  NOTHING,
  type OpSpec,
  type Range,
  type RecordView,
  ROW_NS,
  rows,
  type Share,
  s,
  shareRows,
  strided,
  type Work,
} from "./touches.ts";

export type { Access, OpSpec, Range, RecordView, Share, Work } from "./touches.ts";

/** First unit of thread t's share; t = T gives n. The same rule stands in assembly/lib/record.ts. */
export function shareStart(n: number, grain: number, t: number, threads: number): number {
  const units = Math.floor((n + grain - 1) / grain);
  return Math.min(n, Math.floor((units * t) / threads) * grain);
}

/** What the threads of a record share. */
export function shareOf(r: RecordView): Share {
  return (r.flags & abi.FLAG_ALONE) !== 0 ? ALONE : spec(r).share(r);
}

/** Bytes that thread t of T touches. */
export function access(r: RecordView, t: number, threads: number): Access {
  const { units, grain } = shareOf(r);
  if (units === 0) return t > 0 ? NOTHING : spec(r).touches(r, 0, spec(r).share(r).units, 0);
  const lo = shareStart(units, grain, t, threads);
  return spec(r).touches(r, lo, shareStart(units, grain, t + 1, threads) - lo, t);
}

/** Bytes that a record touches as a whole, but for its threads' scratch: each has one of its own. */
export function whole(r: RecordView): Access {
  return spec(r).touches(r, 0, spec(r).share(r).units, undefined);
}

/** What the thread with the largest share of a record does. */
export function work(r: RecordView, threads: number): Work {
  const { units, grain } = spec(r).share(r);
  const parts = (r.flags & abi.FLAG_ALONE) !== 0 ? 1 : threads;
  return spec(r).work(r, Math.min(units, Math.ceil(Math.ceil(units / grain) / parts) * grain));
}

/** @throws {RangeError} an op that is not in the table */
function spec({ op }: RecordView): OpSpec {
  const found = OPS.get(op);
  if (found === undefined) throw new RangeError(`op ${op} of abi.ts is not in the table of ops.ts`);
  return found;
}

/** How often a matrix of `size` bytes doubles one MiB: so often it leaves a cache, more or less (measured up to 188 MB). */
const doublings = (size: number): number => 32 - Math.clz32(size / 2 ** 20);
/** What a row from anywhere waits for in each page of its bytes, for each doubling of its source: as long as so many bytes take. */
const JUMP_BYTES = 7000;
const PAGE_BYTES = 4096;

function gather(name: string, elementBytes: number): OpSpec {
  return {
    name,
    operands: ["src", "index", "dst"],
    inPlace: [],
    share: shareRows,
    touches: (r, lo, n) => ({
      reads:
        n > 0 ? [...bytes(r, 0, 0, d(r, 2) * d(r, 1) * elementBytes), ...matrix(r, 1, 0, 1, d(r, 3), 1)] : [],
      writes: rows(r, 2, lo, n),
    }),
    flops: (r) => (elementBytes === 1 ? 2 * d(r, 0) * d(r, 1) : 0),
    work(r, n) {
      const row = d(r, 1) * elementBytes;
      const jumps = Math.ceil(row / PAGE_BYTES) * doublings(row * d(r, 2));
      return [0, 0, n * ROW_NS, n * (4 * d(r, 1) + row + JUMP_BYTES * jumps)];
    },
  };
}

/** y ← f(x) */
const unary = (name: string, flopsAnElement: number, ns: number, other = false): OpSpec =>
  block(name, ["x", "y"], flopsAnElement, ns, other);

/** dx ← f(dy, s), s being the output y of the forward pass or its input x */
const backward = (name: string, flopsAnElement: number, ns: number, saved = "y", other = false): OpSpec =>
  block(name, ["dy", saved, "dx"], flopsAnElement, ns, other);

const pack: OpSpec = {
  name: "pack",
  operands: ["b", "packed"],
  inPlace: [],
  share: (r) => ({ units: d(r, 1), grain: d(r, 2), batch: (r.flags & abi.FLAG_ROWS_D1) !== 0 }),
  touches(r, lo, n) {
    const [k, width] = [d(r, 0), d(r, 2)];
    return {
      reads: strided(r, 0, k, n, s(r, 0), s(r, 1), lo * s(r, 1)),
      writes: matrix(r, 1, lo * k, 1, Math.ceil(n / width) * width * k, 1),
    };
  },
  flops: () => 0,
  work: (r, n) => [0, 0, 0, 13 * n * d(r, 0)],
};

/** The start and end of a sum. */
const SUM_NS = 0.08;

const byColumns = (r: RecordView): boolean => (r.flags & abi.FLAG_COLUMNS) !== 0;

const sgemm: OpSpec = {
  name: "sgemm",
  operands: ["a", "b", "c", "bias", "scratch"],
  inPlace: [],
  share: (r) =>
    byColumns(r)
      ? { units: d(r, 1), grain: tileColumns(d(r, 3)), batch: (r.flags & abi.FLAG_ROWS_D1) !== 0 }
      : { units: d(r, 0), grain: tileRows(d(r, 3)), batch: (r.flags & abi.FLAG_ROWS_D0) !== 0 },
  touches(r, lo, units, t) {
    const [height, width, k, tile] = [d(r, 0), d(r, 1), d(r, 2), d(r, 3)];
    const columns = byColumns(r);
    const [i0, m] = columns ? [0, height] : [lo, units];
    const [j0, n] = columns ? [lo, units] : [0, width];
    if (m === 0 || n === 0) return NOTHING;
    const [rsa, csa, rsc, rsb] = [s(r, 0), s(r, 1), s(r, 2), s(r, 3)];
    const c = matrix(r, 2, i0 * rsc + j0, m, n, rsc);
    const bias = (r.flags & abi.FLAG_BIAS) !== 0;
    // whole tiles of B are read: its padding too
    const across = wholeTiles(tile, n);
    return {
      reads: [
        ...strided(r, 0, m, k, rsa, csa, i0 * rsa),
        ...(rsb === 0 ? matrix(r, 1, j0 * k, 1, across * k, 1) : matrix(r, 1, j0, k, across, rsb)),
        ...(bias ? matrix(r, 3, j0, 1, n, 1) : []),
        ...(adds(r) || (!bias && r.f[0] !== 0) ? c : []),
      ],
      writes: [
        ...c,
        ...(t === undefined ? [] : bytes(r, 4, t * abi.SGEMM_SCRATCH_BYTES, abi.SGEMM_SCRATCH_BYTES)),
      ],
    };
  },
  flops: (r) => 2 * d(r, 0) * d(r, 1) * d(r, 2),
  work(r, units) {
    const [height, width, k, tile] = [d(r, 0), d(r, 1), d(r, 2), d(r, 3)];
    const [m, n] = byColumns(r) ? [height, units] : [units, width];
    const sums = wholeRows(tile, m) * wholeTiles(tile, n);
    // each doubling of a matrix makes its bytes dearer by two
    const moved = (part: number, whole: number): number => 4 * part * (1 + 2 * doublings(4 * whole));
    const bytes = moved(m * k, height * k) + moved(k * n, k * width) + moved(m * n, height * width);
    return [sums * k, 0, SUM_NS * sums * Math.ceil(k / abi.GEMM_KC), bytes];
  },
};

interface LossOptions {
  /** whether the targets are class ids */
  ids?: (r: RecordView) => boolean;
  /** whether it tells right rows from wrong ones */
  hits?: boolean;
  /** whether it takes numbers by column, which may be left out */
  columns?: boolean;
  /** whether dz needs a place of its own: it holds something else on the way */
  apart?: boolean;
}

/** What begins and ends a row of a loss takes as long as so many elements. */
const LOSS_ROW = 12;

/** A loss: rows of z against rows of targets, or class ids (row stride 1). The weights of rows may be left out. */
function loss(name: string, flopsAnElement: number, ns: number, options: LossOptions = {}): OpSpec {
  const { ids, hits = false, columns = false, apart = false } = options;
  return {
    name,
    operands: ["z", "target", "dz", "loss", "weight", hits ? "hit" : "", columns ? "columns" : ""],
    inPlace: apart ? [] : [[2, 0]],
    share: shareRows,
    touches: (r, lo, n) => ({
      reads: [
        ...rows(r, 0, lo, n),
        ...matrix(r, 1, lo * s(r, 1), n, ids?.(r) ? 1 : d(r, 1), s(r, 1)),
        ...column(r, 4, lo, n),
        ...(columns && n > 0 ? column(r, 6, 0, d(r, 1)) : []),
      ],
      writes: [
        ...rows(r, 2, lo, n),
        ...matrix(r, 3, lo, 1, n, 1),
        ...(hits ? matrix(r, 5, lo, 1, n, 1) : []),
      ],
    }),
    flops: (r) => flopsAnElement * d(r, 0) * d(r, 1),
    work: (r, n) => [0, 0, n * ns * (LOSS_ROW + d(r, 1)), 0],
  };
}

const hasIds = (r: RecordView): boolean => (r.flags & abi.FLAG_IDS) !== 0;

/** A loss in JavaScript. Without dz, rows have a loss alone. */
const host: OpSpec = {
  name: "host",
  operands: ["z", "target", "dz", "loss", "weight"],
  inPlace: [],
  share: () => ALONE,
  touches: (r) => ({
    reads: [...rows(r, 0, 0, d(r, 0)), ...rows(r, 1, 0, d(r, 0)), ...column(r, 4, 0, d(r, 0))],
    writes: [...(r.p[2] === 0 ? [] : rows(r, 2, 0, d(r, 0))), ...matrix(r, 3, 0, 1, d(r, 0), 1)],
  }),
  flops: () => 0,
  // two calls and their copies; what is in them nobody knows
  work: (r) => [0, 0, d(r, 0) * (60 + 8 * d(r, 1)), 0],
};

const rowHits: OpSpec = {
  name: "rowHits",
  operands: ["z", "target", "hit", "", "weight"],
  inPlace: [],
  share: shareRows,
  touches: (r, lo, n) => ({
    reads: [...rows(r, 0, lo, n), ...rows(r, 1, lo, n), ...column(r, 4, lo, n)],
    writes: matrix(r, 2, lo, 1, n, 1),
  }),
  flops: (r) => 2 * d(r, 0) * d(r, 1),
  work: (r, n) => [0, 0, n * d(r, 1), 0],
};

const lossSum: OpSpec = {
  name: "lossSum",
  operands: ["loss", "hit", "result"],
  inPlace: [],
  share: () => ALONE,
  touches: (r) => ({
    reads: [...matrix(r, 0, 0, 1, d(r, 0), 1), ...column(r, 1, 0, d(r, 0))],
    writes: bytes(r, 2, 0, abi.HYPER_HITS - abi.HYPER_LOSS + 4),
  }),
  flops: (r) => 2 * d(r, 0),
  work: (r) => [0, 0, 0.8 * d(r, 0), 0],
};

const columnSums: OpSpec = {
  name: "columnSums",
  operands: ["x", "y"],
  inPlace: [],
  share: (r) => flat(d(r, 1)),
  touches: (r, lo, n) => ({
    reads: [...matrix(r, 0, lo, d(r, 0), n, s(r, 0)), ...(adds(r) ? matrix(r, 1, lo, 1, n, 1) : [])],
    writes: matrix(r, 1, lo, 1, n, 1),
  }),
  flops: (r) => d(r, 0) * d(r, 1),
  work: (r, n) => [0, 0, 0, 5 * d(r, 0) * n],
};

/** The table, by op code. Behind the FLOPs of an element its nanoseconds, beside those of its bytes: see `Work`. */
export const OPS: ReadonlyMap<number, OpSpec> = new Map([
  [abi.OP_GATHER, gather("gather", 4)],
  [abi.OP_GATHER_U8, gather("gatherU8", 1)],
  [abi.OP_PACK, pack],
  [abi.OP_SGEMM, sgemm],
  [abi.OP_RELU_FORWARD, unary("reluForward", 1, 0)],
  [abi.OP_RELU_BACKWARD, backward("reluBackward", 1, 0)],
  [abi.OP_SIGMOID_FORWARD, unary("sigmoidForward", 4, 1.1)],
  [abi.OP_SIGMOID_BACKWARD, backward("sigmoidBackward", 3, 0.04)],
  [abi.OP_SOFTMAX_FORWARD, unary("softmaxForward", 4, 1.35, true)],
  [abi.OP_SOFTMAX_CROSS_ENTROPY, loss("softmaxCrossEntropy", 6, 1.45, { ids: () => true, hits: true })],
  [abi.OP_LOSS_SUM, lossSum],
  [abi.OP_COLUMN_SUMS, columnSums],
  [abi.OP_SGD_STEP, sgdStep],
  [abi.OP_TANH_FORWARD, unary("tanhForward", 4, 1.8)],
  [abi.OP_TANH_BACKWARD, backward("tanhBackward", 4, 0.14)],
  [abi.OP_LEAKY_RELU_FORWARD, unary("leakyReluForward", 2, 0.04)],
  [abi.OP_LEAKY_RELU_BACKWARD, backward("leakyReluBackward", 2, 0.02)],
  [abi.OP_ELU_FORWARD, unary("eluForward", 3, 1.15)],
  [abi.OP_ELU_BACKWARD, backward("eluBackward", 3, 0.04)],
  [abi.OP_GELU_FORWARD, unary("geluForward", 5, 2.6)],
  [abi.OP_GELU_BACKWARD, backward("geluBackward", 10, 4.3, "x")],
  [abi.OP_GELU_TANH_FORWARD, unary("geluTanhForward", 9, 2.6)],
  [abi.OP_GELU_TANH_BACKWARD, backward("geluTanhBackward", 19, 3.6, "x")],
  [abi.OP_SILU_FORWARD, unary("siluForward", 5, 1.1)],
  [abi.OP_SILU_BACKWARD, backward("siluBackward", 9, 1.5, "x")],
  [abi.OP_SOFTPLUS_FORWARD, unary("softplusForward", 6, 2.3)],
  [abi.OP_SOFTPLUS_BACKWARD, backward("softplusBackward", 6, 1.3, "x")],
  [abi.OP_SOFTMAX_BACKWARD, backward("softmaxBackward", 4, 0.2, "y", true)],
  [abi.OP_SOFT_CROSS_ENTROPY, loss("softCrossEntropy", 14, 1.9, { ids: hasIds, hits: true, columns: true })],
  [abi.OP_BCE_WITH_LOGITS, loss("bceWithLogits", 10, 2.1, { columns: true, apart: true })],
  [abi.OP_SQUARED_ERROR, loss("squaredError", 5, 0.2)],
  [abi.OP_ABSOLUTE_ERROR, loss("absoluteError", 4, 0.4)],
  [abi.OP_HUBER_LOSS, loss("huberLoss", 8, 0.45)],
  [abi.OP_ROW_HITS, rowHits],
  ...UPDATE_OPS,
  ...LAYER_OPS,
  [abi.OP_HOST, host],
]);

/** Whether two ranges share a byte. Exact for equal strides and for runs; else by the spans they cover. */
export function overlaps(a: Range, b: Range): boolean {
  const stride = a.rows === 1 ? b.stride : a.stride;
  if (a.rows > 1 && b.rows > 1 && a.stride !== b.stride) {
    return (
      a.start < b.start + (b.rows - 1) * b.stride + b.bytes &&
      b.start < a.start + (a.rows - 1) * a.stride + a.bytes
    );
  }
  // row i of a meets row j of b where −b.bytes < (b.start − a.start) + (j − i)·stride < a.bytes
  const apart = b.start - a.start;
  const least = Math.max(-(a.rows - 1), Math.ceil((1 - b.bytes - apart) / stride));
  const most = Math.min(b.rows - 1, Math.floor((a.bytes - 1 - apart) / stride));
  return least <= most;
}
