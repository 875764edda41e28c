// `gradCheck`: the gradient that WebAssembly computed against differences of the loss in f64. Looks only: the
// model's parameters stay as they are.

import * as abi from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { OPS, type OpSpec, type Range, type RecordView } from "../base/ops.ts";
import { checkNames, integer, positive, show } from "../base/options.ts";
import type { AbortSignalLike } from "../base/platform.ts";
import { Random, STREAM_CHECK } from "../base/random.ts";
import type { LossSpec, StateDict } from "../base/spec.ts";
import type { Features } from "../data/dataset.ts";
import type { RawRows } from "../data/prepared.ts";
import type { Targets } from "../data/targets.ts";
import type { Param } from "../nn/layout.ts";
import type { Program } from "../program/program.ts";
import { view } from "../program/record.ts";
import type { Reference } from "../program/reference.ts";
import { Slice } from "../train/turn.ts";
import { checkSignal } from "./options.ts";
import { checkIdle, networkOf, Sequential } from "./sequential.ts";
import type { Slopes } from "./slope.ts";

/** What {@link gradCheck} takes. */
export interface GradCheckOptions {
  /** the loss, unless the model knows one; the model remembers it, as with `evaluate` */
  loss?: LossSpec;
  /** entries of each parameter that are perturbed, picked at random; Infinity for all; default 100 */
  entries?: number;
  /** largest error that passes; default 1e-3 */
  tolerance?: number;
  /** picks the entries; default 0 */
  seed?: number;
  /** rejects with the signal's reason when it is aborted */
  signal?: AbortSignalLike | undefined;
}

/** How the gradient of one parameter compares. */
export interface TensorCheck {
  /** as in `stateDict` */
  readonly name: string;
  /**
   * ‖g − ĝ‖ / max(‖g‖, ‖ĝ‖) over the compared entries: g by WebAssembly, ĝ by differences; 0 where they are equal. What f32
   * rounding of the loss's gradient may do is within the tolerance: where a net fits its targets, or rows cancel, gradients
   * can be little more than that (docs/numerics.md).
   */
  readonly error: number;
  /** how many were compared */
  readonly entries: number;
  /** entries left out because the loss has a kink there (relu, mae …): it has no slope to compare with */
  readonly kinks: number;
  /**
   * the entry that is furthest off: its place in the parameter (`[out, in]` or `[out]`), and both values; an empty place
   * where every entry had a kink
   */
  readonly worst: {
    readonly index: readonly number[];
    readonly gradient: number;
    readonly difference: number;
  };
}

/** What {@link gradCheck} found. */
export interface GradCheck {
  /** whether every error is within the tolerance */
  readonly passed: boolean;
  /** the largest of the errors */
  readonly error: number;
  /** the loss by WebAssembly, and in f64 */
  readonly loss: number;
  readonly lossInF64: number;
  readonly tensors: readonly TensorCheck[];
  /**
   * where a gradient did not pass: the records whose result is not what f64 makes of the same inputs, by the names of
   * their op and layer. Empty if they all agree: then the formulas themselves are at odds.
   */
  readonly suspects: readonly string[];
}

/** Of the largest element of a result: what records may be off by, beside their rounding. */
const AGREE = 1e-4;
/** Rounding of a result relative to what it is made of; some sixteen units in the last place. */
const ROUNDING = 1 / 2 ** 20;
/** Kernels flush what is smaller. */
const SMALLEST_NORMAL = 1 / 2 ** 126;

/**
 * Checks every gradient of a model on a batch. Parameters are perturbed one entry at a time in an f64 interpreter of the
 * very program that WebAssembly runs; the slope of the loss is compared with the gradient that WebAssembly computed.
 *
 * Time grows with entries × work of a forward pass: 10⁹ operations take about a second. Memory is a dozen bytes for each
 * number that a step touches.
 *
 * @param batch  a few rows, their targets, and perhaps weights, as `trainOnBatch` takes them
 * @throws {XentError} as `trainOnBatch`
 * @category Training
 * @example
 * ```ts
 * import { crossEntropy, dense, gradCheck, init, tanh } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 2, loss: crossEntropy() }, [dense(4), tanh(), dense(3)]);
 * const { passed, tensors, suspects } = await gradCheck(model, { x: [[1, 2], [3, 4]], y: [0, 2] });
 * [passed, tensors.length, suspects]; // → [true, 4, []]
 * ```
 */
export async function gradCheck(
  model: Sequential,
  batch: { x: Features | RawRows; y: Targets | readonly string[]; weight?: ArrayLike<number> },
  options: GradCheckOptions = {},
): Promise<GradCheck> {
  if (!(model instanceof Sequential)) {
    const hint = "Pass what sequential() of init's runtime returns; a hosted model is out of reach.";
    throw new XentError("OPTION", `gradCheck: the model is ${show(model)}`, hint);
  }
  checkNames("gradCheck", options, ["loss", "entries", "tolerance", "seed", "signal"]);
  checkNames("gradCheck: batch", batch, ["x", "y", "weight"]);
  checkSignal("gradCheck", options.signal);
  const { entries = 100, signal } = options;
  const most = entries === Number.POSITIVE_INFINITY ? entries : integer("gradCheck: entries", entries, 1);
  const tolerance = positive("gradCheck: tolerance", options.tolerance ?? 1e-3);
  const seed = integer("gradCheck: seed", options.seed ?? 0, 0, 2 ** 32 - 1);
  checkIdle(model, "gradCheck");
  signal?.throwIfAborted();
  const [{ Reference }, { Slopes }] = await Promise.all([
    import("../program/reference.ts"),
    import("./slope.ts"),
  ]);
  signal?.throwIfAborted();

  const gradients = model.gradients(options.loss === undefined ? batch : { ...batch, loss: options.loss });
  const network = networkOf(model);
  const session = network.trained;
  const { program, lossEnd, statsEnd, backwardEnd } = session;
  const loss = program.lossSum * program.scale;
  const reference = new Reference(program, backwardEnd);
  const suspects = network.keepingGradients(() => [
    ...disagreements(program, reference, 0, lossEnd),
    ...disagreements(program, reference, statsEnd, backwardEnd),
  ]);
  const slopes = new Slopes(reference, session, network.list, network.gradientOffset);
  // from here on the model may go on: what is left works on a copy
  const pause = pauses(signal);
  const tensors: TensorCheck[] = [];
  for (const [i, param] of network.list.entries()) {
    const picked = pick(param.tensor.rows * param.tensor.cols, most, new Random(seed, STREAM_CHECK, i));
    tensors.push(await compare(param, gradients, picked, slopes, tolerance, pause));
  }
  const error = Math.max(...tensors.map((tensor) => tensor.error));
  const passed = error <= tolerance;
  return { passed, error, loss, lossInF64: slopes.loss, tensors, suspects: passed ? [] : suspects };
}

/** Gives the event loop its turn whenever a slice of time is over, and notices an abort. */
function pauses(signal: AbortSignalLike | undefined): () => Promise<void> | undefined {
  const slice = new Slice();
  const pause = async (): Promise<void> => {
    await slice.turn();
    signal?.throwIfAborted();
  };
  return () => (slice.over() ? pause() : undefined);
}

/** Compares the picked entries of one parameter; positions count as in `stateDict`. */
async function compare(
  param: Param,
  gradients: StateDict,
  picked: readonly number[],
  slopes: Slopes,
  tolerance: number,
  pause: () => Promise<void> | undefined,
): Promise<TensorCheck> {
  const { name, tensor } = param;
  const { data, shape } = gradients[name] as StateDict[string];
  let [off, ours, theirs, noise, kinks, entries, worstOff] = [0, 0, 0, 0, 0, 0, -1];
  let worst: TensorCheck["worst"] = { index: [], gradient: 0, difference: 0 };
  slopes.begin();
  for (const position of picked) {
    await pause();
    // [out, in] in the state dict, [in, out] in memory
    const [out, input] = [Math.floor(position / tensor.rows), position % tensor.rows];
    const measured = slopes.at(param, input * tensor.ld + out);
    if (measured.kink) {
      kinks++;
      continue;
    }
    entries++;
    const gradient = data[position] as number;
    const apart = Math.abs(gradient - measured.slope);
    const distance = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    off += distance * distance;
    ours += gradient * gradient;
    theirs += measured.slope * measured.slope;
    noise += measured.noise * measured.noise;
    if (distance > worstOff) {
      worstOff = distance;
      const index = shape.length === 1 ? [out] : [out, input];
      worst = { index, gradient, difference: measured.slope };
    }
  }
  // a gradient that is little more than rounding is measured against what can be told of it
  const size = Math.max(Math.sqrt(Math.max(ours, theirs)), Math.sqrt(noise) / tolerance);
  const error = off === 0 ? 0 : Number.isFinite(off) ? Math.sqrt(off) / size : Number.POSITIVE_INFINITY;
  return { name, error, entries, kinks, worst };
}

/** `most` positions below n, each once; all of them in order when that is not fewer. */
function pick(n: number, most: number, random: Random): number[] {
  if (n <= most) return Array.from({ length: n }, (_, i) => i);
  const picked = new Set<number>();
  while (picked.size < most) picked.add(random.below(n));
  return [...picked];
}

/** Runs each record both ways on the inputs that WebAssembly has, and names those whose results differ. */
function disagreements(program: Program, reference: Reference, start: number, end: number): string[] {
  const names: string[] = [];
  for (let i = start; i < end; i++) {
    const record = view(program.words, i, program.rows);
    const { name, operands } = OPS.get(record.op) as OpSpec;
    reference.refresh(i);
    const rounding = roundingOf(record, operands, (operand) =>
      largest(reference, reference.reads(i), operand),
    );
    reference.run(i, i + 1);
    program.run(i, i + 1);
    const off = reference.writes(i).some((range) => {
      const operand = operands[range.operand] ?? "";
      if (operand === "hit" || operand === "result") return false;
      return differ(program, reference, range, operand === "dz" ? rounding * program.scale : rounding);
    });
    if (off) names.push(`${name} (${program.drafts[i]?.label})`);
  }
  return names;
}

/** Ops that sum over the rows what their first operand holds, or its products with the second. */
const SUMS: readonly number[] = [
  abi.OP_COLUMN_SUMS,
  abi.OP_BATCH_NORM_BACKWARD,
  abi.OP_LAYER_NORM_PARAMETERS,
  abi.OP_PRELU_SLOPE,
];

/** What rounding alone may change of a record's results, from the size of its operands. */
function roundingOf(
  { op, d }: RecordView,
  operands: readonly string[],
  size: (operand: number) => number,
): number {
  switch (operands[0]) {
    // copies, of numbers and of what is none
    case "src":
      return 0;
    case "a":
      return ROUNDING * (d[2] as number) * size(0) * size(1);
    case "z":
      return ROUNDING * Math.max(size(0), 1) * Math.max(size(4), 1) * Math.max(size(6), 1);
    default: {
      const terms = SUMS.includes(op) ? (d[0] as number) * Math.max(size(1), 1) : 1;
      return ROUNDING * terms * size(0);
    }
  }
}

/** The largest magnitude that a record reads through an operand; 0 if it does not. */
function largest(reference: Reference, reads: readonly Range[], operand: number): number {
  let size = 0;
  for (const range of reads.filter((read) => read.operand === operand)) {
    eachWord(range, (address) => {
      size = Math.max(size, Math.abs(reference.values[reference.word(address)] as number));
    });
  }
  return size;
}

/** Whether f32 results are further from f64 ones than rounding takes them. */
function differ(program: Program, reference: Reference, range: Range, rounding: number): boolean {
  const f32 = new Float32Array(program.memory);
  let [off, size] = [0, 0];
  eachWord(range, (address) => {
    const [value, exact] = [f32[address / 4] as number, reference.values[reference.word(address)] as number];
    if (Math.abs(exact) > size) size = Math.abs(exact);
    // class ids are copied bit for bit, and some are no numbers when read as such
    if (Object.is(value, exact)) return;
    const apart = Math.abs(value - exact);
    off = Math.max(off, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart);
  });
  return off > AGREE * size + rounding + SMALLEST_NORMAL;
}

function eachWord({ start, rows, bytes, stride }: Range, visit: (address: number) => void): void {
  for (let i = 0; i < rows; i++) {
    const first = start + i * stride;
    for (let at = first; at < first + bytes; at += 4) visit(at);
  }
}
