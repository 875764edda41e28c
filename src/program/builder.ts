// Collects records while layers, losses and optimisers emit them; once the plan has given every tensor its
// address, encodes them. Knows operands and shapes, nothing of nets.

import * as abi from "../base/abi.ts";
import { tileColumns, tileName, tileRows, wholeTiles } from "../base/tile.ts";
import type { Tensor } from "../memory/plan.ts";
import type { HostLoss } from "./host.ts";
import { write } from "./record.ts";

/** A record before it has addresses. */
export interface Draft {
  readonly op: number;
  readonly flags: number;
  readonly operands: readonly (Tensor | undefined)[];
  readonly d: readonly number[];
  readonly s: readonly number[];
  readonly f: readonly number[];
  /** what it is for: the layer's or tensor's name, for dump and profile */
  readonly label: string;
  /** what a host record calls */
  readonly host?: HostLoss;
}

/** B as sgemm takes it: the matrix itself, or its panels. */
export interface Right {
  readonly tensor: Tensor;
  readonly k: number;
  readonly n: number;
  /** elements from row to row; 0 for panels */
  readonly stride: number;
  /** k is the number of rows of the batch */
  readonly batchDepth: boolean;
}

export interface SgemmOptions {
  transposeA?: boolean;
  bias?: Tensor;
  relu?: boolean;
  /** 0 overwrites C, 1 adds to it */
  beta?: number;
  /** β is HYPER_ADD of the run; there is no bias then */
  add?: boolean;
}

/** What a loss reads and writes. */
export interface LossOperands {
  readonly z: Tensor;
  /** [rows, 1] class ids, or as wide as z */
  readonly target: Tensor;
  readonly dz: Tensor;
  /** [rows, 1] */
  readonly rowLoss: Tensor;
  /** [rows, 1] what each row's loss is multiplied by; all 1 when left out */
  readonly weight?: Tensor | undefined;
  /** [rows, 1], of the cross entropies of classes, which must have it */
  readonly hit?: Tensor | undefined;
  /** [1, cols] class weights or weights of the positive term */
  readonly columns?: Tensor | undefined;
}

/** The flag, where a tensor's rows are those of the batch. */
export const rowsOf = (tensor: Tensor, flag: number): number => (tensor.batch ? flag : 0);

export class Builder {
  readonly drafts: Draft[] = [];
  /** prefixed to every label */
  label = "";
  readonly #scratch: Tensor;
  readonly tile: number;

  /**
   * @param scratch  scratchBytes(threads), for edge tiles
   * @param tile     of all its products, one of TILES
   */
  constructor(scratch: Tensor, tile: number) {
    this.#scratch = scratch;
    this.tile = tile;
  }

  get length(): number {
    return this.drafts.length;
  }

  /** dst[i] ← src[index[first + i]]; u8 sources become scale·x + shift. */
  gather(src: Tensor, index: Tensor, dst: Tensor, scale = 1, shift = 0): void {
    const op = src.size === 1 ? abi.OP_GATHER_U8 : abi.OP_GATHER;
    const d = [dst.rows, dst.cols, src.rows, index.cols];
    this.emit(op, rowsOf(dst, abi.FLAG_ROWS_D0), [src, index, dst], d, [0, 0, dst.ld], [scale, shift]);
  }

  /** B where it stands. Its rows must be padded to whole tiles. */
  inPlace(b: Tensor): Right {
    const { rows: k, cols: n, ld: stride, batch: batchDepth } = b;
    if (wholeTiles(this.tile, n) > stride) {
      throw new RangeError(`sgemm ${this.label}: rows of ${n} in ${stride}, tile ${tileName(this.tile)}`);
    }
    return { tensor: b, k, n, stride, batchDepth };
  }

  /** panels ← α·op(B); `panels` holds wholeTiles(tile, n)·k elements. */
  pack(b: Tensor, transpose: boolean, panels: Tensor, alpha = 1): Right {
    const [k, n] = transpose ? [b.cols, b.rows] : [b.rows, b.cols];
    const [rs, cs] = transpose ? [1, b.ld] : [b.ld, 1];
    const flags = rowsOf(b, transpose ? abi.FLAG_ROWS_D1 : abi.FLAG_ROWS_D0);
    this.emit(abi.OP_PACK, flags, [b, panels], [k, n, tileColumns(this.tile)], [rs, cs], [alpha]);
    return { tensor: panels, k, n, stride: 0, batchDepth: b.batch && !transpose };
  }

  /** C ← op(A)·B + β·C, or + bias, then perhaps relu. */
  sgemm(a: Tensor, b: Right, c: Tensor, options: SgemmOptions = {}): void {
    const { transposeA = false, bias, relu = false, beta = 0, add = false } = options;
    const [m, k] = transposeA ? [a.cols, a.rows] : [a.rows, a.cols];
    if (k !== b.k || m !== c.rows || b.n !== c.cols) {
      throw new RangeError(`sgemm ${this.label}: [${m}, ${k}]·[${b.k}, ${b.n}] into [${c.rows}, ${c.cols}]`);
    }
    const [rs, cs] = transposeA ? [1, a.ld] : [a.ld, 1];
    const { tile } = this;
    const tilesDown = Math.ceil(m / tileRows(tile));
    const tilesAcross = Math.ceil(b.n / tileColumns(tile));
    const flags =
      rowsOf(c, abi.FLAG_ROWS_D0) |
      (b.batchDepth ? abi.FLAG_ROWS_D2 : 0) |
      (bias ? abi.FLAG_BIAS : 0) |
      (relu ? abi.FLAG_RELU : 0) |
      (add ? abi.FLAG_ADD : 0) |
      (tilesAcross > tilesDown ? abi.FLAG_COLUMNS : 0);
    this.emit(
      abi.OP_SGEMM,
      flags,
      [a, b.tensor, c, bias, this.#scratch],
      [m, b.n, k, tile],
      [rs, cs, c.ld, b.stride],
      [beta],
    );
  }

  /** y ← f(x), row by row, with the op's parameter if it has one; y may be x. */
  unary(op: number, x: Tensor, y: Tensor, parameters: readonly number[] = []): void {
    this.emit(op, rowsOf(y, abi.FLAG_ROWS_D0), [x, y], [x.rows, x.cols], [x.ld, y.ld], parameters);
  }

  /** dx ← the backward of an activation from dy and what it saved, its output or input; dx may be dy. */
  backward(op: number, dy: Tensor, saved: Tensor, dx: Tensor, parameters: readonly number[] = []): void {
    const strides = [dy.ld, saved.ld, dx.ld];
    this.emit(op, rowsOf(dx, abi.FLAG_ROWS_D0), [dy, saved, dx], [dx.rows, dx.cols], strides, parameters);
  }

  /** Row losses, and dz times hyper.scale, of z against targets: class ids [rows, 1] or rows as wide as z. */
  loss(op: number, t: LossOperands, options: { ids?: boolean; parameters?: readonly number[] } = {}): void {
    const { z, target, dz, rowLoss, weight, hit, columns } = t;
    const { ids = false, parameters = [] } = options;
    this.emit(
      op,
      rowsOf(z, abi.FLAG_ROWS_D0) | (ids ? abi.FLAG_IDS : 0),
      [z, target, dz, rowLoss, weight, hit, columns],
      [z.rows, z.cols],
      [z.ld, target.ld, dz.ld],
      parameters,
    );
  }

  /** The same of a loss in JavaScript; without dz, row losses alone. */
  hostLoss(host: HostLoss, t: Omit<LossOperands, "dz"> & { readonly dz: Tensor | undefined }): void {
    const { z, target, dz, rowLoss, weight } = t;
    const strides = [z.ld, target.ld, dz?.ld ?? 0];
    const operands = [z, target, dz, rowLoss, weight];
    this.emit(abi.OP_HOST, rowsOf(z, abi.FLAG_ROWS_D0), operands, [z.rows, z.cols], strides, [], host);
  }

  /** hit ← whether each row of z names the class of its target row: every output for itself, or the largest. */
  rowHits(
    z: Tensor,
    target: Tensor,
    hit: Tensor,
    weight: Tensor | undefined,
    each: boolean,
    cut: number,
  ): void {
    this.emit(
      abi.OP_ROW_HITS,
      rowsOf(z, abi.FLAG_ROWS_D0) | (each ? abi.FLAG_EACH : 0),
      [z, target, hit, undefined, weight],
      [z.rows, z.cols],
      [z.ld, target.ld],
      [cut],
    );
  }

  /** result ← the sums of row losses and of hits, if there are any. */
  lossSum(loss: Tensor, hit: Tensor | undefined, result: Tensor): void {
    this.emit(abi.OP_LOSS_SUM, rowsOf(loss, abi.FLAG_ROWS_D0), [loss, hit, result], [loss.rows], [], []);
  }

  /** y[j] ← Σ_i x[i, j], with `add` + y[j] in runs whose HYPER_ADD is 1 */
  columnSums(x: Tensor, y: Tensor, { add = false } = {}): void {
    const flags = rowsOf(x, abi.FLAG_ROWS_D0) | (add ? abi.FLAG_ADD : 0);
    this.emit(abi.OP_COLUMN_SUMS, flags, [x, y], [x.rows, x.cols], [x.ld], []);
  }

  /** p ← p − scale·hyper.lr·g, over whole tensors as flat runs of whole vectors */
  sgdStep(p: Tensor, g: Tensor, scale = 1): void {
    this.update(abi.OP_SGD_STEP, [p, g], [scale]);
  }

  /** A step of an optimiser over parameters, gradients and what it keeps: flat runs of the same length, of whole vectors. */
  update(op: number, runs: readonly [p: Tensor, g: Tensor, ...(Tensor | undefined)[]], f: number[]): void {
    const { bytes } = runs[0];
    if (bytes % 16 !== 0 || runs.some((run) => run !== undefined && run.bytes !== bytes)) {
      throw new RangeError(`update ${this.label}: ${runs.map((run) => run?.bytes).join(", ")} bytes`);
    }
    this.emit(op, 0, runs, [bytes / 4], [], f);
  }

  /** g ← clip·g, held to ±most, + decay·p + l1·sign p; clip: what `clipFactor` wrote, 1 when left out */
  prepareGradient(
    p: Tensor,
    g: Tensor,
    options: { clip?: Tensor | undefined; most?: number; decay?: number; l1?: number },
  ): void {
    const { clip, most = Number.POSITIVE_INFINITY, decay = 0, l1 = 0 } = options;
    this.emit(abi.OP_PREPARE_GRADIENT, 0, [p, g, clip], [g.bytes / 4], [], [most, decay, l1]);
  }

  /** sums[first + b] ← Σ x² over block b of SQUARES_BLOCK elements, as f64; x is a flat run of whole vectors */
  squareSums(x: Tensor, sums: Tensor, first = 0): void {
    this.emit(abi.OP_SQUARE_SUMS, 0, [x, sums], [x.bytes / 4, first], [], []);
  }

  /** clip ← what makes the norm of which `sums` are the squares no larger than `most`, then the norm */
  clipFactor(sums: Tensor, clip: Tensor, most: number): void {
    this.emit(abi.OP_CLIP_FACTOR, 0, [sums, clip], [sums.bytes / 8], [], [most]);
  }

  /**
   * A record on the rows and columns of `shape`.
   *
   * @param blocks  so many operands are matrices, whose row stride matters
   * @param more    dimensions behind these
   */
  block(
    op: number,
    shape: Tensor,
    operands: readonly (Tensor | undefined)[],
    blocks: number,
    f: readonly number[] = [],
    adds = false,
    more: readonly number[] = [],
  ): void {
    const flags = rowsOf(shape, abi.FLAG_ROWS_D0) | (adds ? abi.FLAG_ADD : 0);
    const s = operands.slice(0, blocks).map((tensor) => tensor?.ld ?? 0);
    this.emit(op, flags, operands, [shape.rows, shape.cols, ...more], s, f);
  }

  /** The records as words. Call when the plan is laid out. */
  encode(): Int32Array {
    const words = new Int32Array((this.drafts.length * abi.RECORD_BYTES) / 4);
    for (const [i, { operands, ...rest }] of this.drafts.entries()) {
      write(words, i, { ...rest, p: operands.map((tensor) => tensor?.address ?? 0) });
    }
    return words;
  }

  /** Any record; what is emitted is shaped by who knows the op. */
  emit(
    op: number,
    flags: number,
    operands: readonly (Tensor | undefined)[],
    d: readonly number[],
    s: readonly number[],
    f: readonly number[],
    host?: HostLoss,
  ): void {
    this.drafts.push({ op, flags, operands, d, s, f, label: this.label, ...(host && { host }) });
  }
}

/** Numbers of threads that barriers are looked for with: whoever does so takes a part of the scratch for each. */
export const TRIAL_THREADS: readonly number[] = [2, 3, 8];
/** Edge-tile scratch of a program for so many threads. */
export const scratchBytes = (threads = 1): number =>
  Math.max(threads, ...TRIAL_THREADS) * abi.SGEMM_SCRATCH_BYTES;
