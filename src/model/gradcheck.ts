// `gradCheck`: the gradient that WebAssembly computed against differences of the loss in f64. Looks only: the
// model's parameters stay as they are.

import { OPS, type Range } from "../base/ops.ts";
import { checkNames, integer, positive } from "../base/options.ts";
import { Random, STREAM_CHECK } from "../base/random.ts";
import type { LossSpec, StateDict } from "../base/spec.ts";
import type { Features } from "../data/dataset.ts";
import type { Targets } from "../data/targets.ts";
import type { Param } from "../nn/layout.ts";
import type { TrainSession } from "../nn/network.ts";
import type { Program } from "../program/program.ts";
import { view } from "../program/record.ts";
import type { Reference } from "../program/reference.ts";
import { SLICE_MS, turn } from "../train/turn.ts";
import { checkSignal } from "./options.ts";
import { networkOf, type Sequential } from "./sequential.ts";

/** What {@link gradCheck} takes. */
export interface GradCheckOptions {
  /** the loss, unless the model knows one */
  loss?: LossSpec;
  /** entries of each parameter that are perturbed, picked at random; Infinity for all; default 100 */
  entries?: number;
  /** largest error that passes; default 1e-3 */
  tolerance?: number;
  /** picks the entries; default 0 */
  seed?: number;
  /** rejects with the signal's reason when it is aborted */
  signal?: AbortSignal | undefined;
}

/** How the gradient of one parameter compares. */
export interface TensorCheck {
  /** as in `stateDict` */
  readonly name: string;
  /** ‖g − ĝ‖ / max(‖g‖, ‖ĝ‖) over the perturbed entries: g by WebAssembly, ĝ by differences; 0 where both vanish */
  readonly error: number;
  /** how many were compared */
  readonly entries: number;
  /** entries left out because the loss has a kink there (relu, mae …): it has no slope to compare with */
  readonly kinks: number;
  /** the entry that is furthest off: its place in the parameter (`[out, in]` or `[out]`), and both values */
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

/** Step of the differences, for parameters up to 1; truncation and rounding are both some 10⁻¹¹ of the loss. */
const STEP = 2 ** -14;

/**
 * Checks every gradient of a model on a batch. Parameters are perturbed one entry at a time in an f64 interpreter of the
 * very program that WebAssembly runs; the slope of the loss is compared with the gradient that WebAssembly computed.
 *
 * Not for a net that has fitted the batch: its gradient is a difference of nearly equal numbers, of which f32 keeps few
 * digits. Time grows with entries × work of a step: 10⁹ operations take about a second.
 *
 * @param batch  a few rows, their targets, and perhaps weights, as `trainOnBatch` takes them
 * @example
 * ```ts
 * const { passed, tensors, suspects } = await gradCheck(model, { x, y });
 * ```
 * @throws {XentError} as `trainOnBatch`
 */
export async function gradCheck(
  model: Sequential,
  batch: { x: Features; y: Targets; weight?: ArrayLike<number> },
  options: GradCheckOptions = {},
): Promise<GradCheck> {
  checkNames("gradCheck", options, ["loss", "entries", "tolerance", "seed", "signal"]);
  checkNames("gradCheck: batch", batch, ["x", "y", "weight"]);
  checkSignal("gradCheck", options.signal);
  const { entries = 100, signal } = options;
  const most = entries === Number.POSITIVE_INFINITY ? entries : integer("gradCheck: entries", entries, 1);
  const tolerance = positive("gradCheck: tolerance", options.tolerance ?? 1e-3);
  const seed = integer("gradCheck: seed", options.seed ?? 0, 0, 2 ** 32 - 1);
  const { Reference } = await import("../program/reference.ts");
  signal?.throwIfAborted();

  const gradients = model.gradients(options.loss === undefined ? batch : { ...batch, loss: options.loss });
  const network = networkOf(model);
  const session = network.trained;
  const { scale } = session.program;
  const loss = session.program.lossSum * scale;
  const reference = new Reference(session.program);
  // from here on the model may go on: what is left works on a copy
  const suspects = disagreements(session.program, reference, session.backwardEnd);
  const slope = new Slope(reference, session, scale);
  const tensors: TensorCheck[] = [];
  for (const [i, param] of network.list.entries()) {
    const picked = pick(param.tensor.rows * param.tensor.cols, most, new Random(seed, STREAM_CHECK, i));
    tensors.push(await compare(param, gradients, picked, slope, signal));
  }
  const error = Math.max(...tensors.map((tensor) => tensor.error));
  const passed = error <= tolerance;
  return { passed, error, loss, lossInF64: slope.loss, tensors, suspects: passed ? [] : suspects };
}

/** Differences of the loss, by the interpreter. */
class Slope {
  readonly loss: number;
  readonly #reference: Reference;
  readonly #session: TrainSession;
  readonly #scale: number;

  constructor(reference: Reference, session: TrainSession, scale: number) {
    this.#reference = reference;
    this.#session = session;
    this.#scale = scale;
    this.loss = this.#run();
  }

  /** ∂ loss / ∂ the value at a byte address, the noise of that figure, and whether the loss has a slope there. */
  at(address: number): { slope: number; noise: number; kink: boolean } {
    const { values } = this.#reference;
    const word = address / 4;
    const kept = values[word] as number;
    const h = STEP * Math.max(1, Math.abs(kept));
    const difference = (step: number): number => {
      values[word] = kept + step;
      const up = this.#run();
      values[word] = kept - step;
      const down = this.#run();
      values[word] = kept;
      return (up - down) / (2 * step);
    };
    const [fine, coarse] = [difference(h), difference(2 * h)];
    // some 2⁻⁵⁰ of the loss is rounding, divided by the step
    const noise = (2 ** -50 * Math.abs(this.loss)) / h;
    // without a kink the two differ by three quarters of the coarse one's truncation, which falls as h²
    const kink = Math.abs(fine - coarse) > 1e-3 * Math.max(Math.abs(fine), Math.abs(coarse)) + 4 * noise;
    return { slope: (4 * fine - coarse) / 3, noise: 3 * noise, kink };
  }

  #run(): number {
    this.#reference.run(0, this.#session.lossEnd);
    return this.#reference.lossSum * this.#scale;
  }
}

/** Compares the picked entries of one parameter; positions count as in `stateDict`. */
async function compare(
  { name, tensor }: Param,
  gradients: StateDict,
  picked: readonly number[],
  slope: Slope,
  signal: AbortSignal | undefined,
): Promise<TensorCheck> {
  const { data, shape } = gradients[name] as StateDict[string];
  let [off, ours, theirs, noise, kinks, entries, worstOff] = [0, 0, 0, 0, 0, 0, -1];
  let worst: TensorCheck["worst"] = { index: [], gradient: 0, difference: 0 };
  let sliceEnd = performance.now() + SLICE_MS;
  for (const position of picked) {
    if (performance.now() >= sliceEnd) {
      await turn();
      signal?.throwIfAborted();
      sliceEnd = performance.now() + SLICE_MS;
    }
    // [out, in] in the state dict, [in, out] in memory
    const [out, input] = [Math.floor(position / tensor.rows), position % tensor.rows];
    const measured = slope.at(tensor.address + 4 * (input * tensor.ld + out));
    if (measured.kink) {
      kinks++;
      continue;
    }
    entries++;
    const gradient = data[position] as number;
    const distance = Math.abs(gradient - measured.slope);
    off += distance ** 2;
    ours += gradient ** 2;
    theirs += measured.slope ** 2;
    noise += measured.noise ** 2;
    if (distance > worstOff || Number.isNaN(distance)) {
      worstOff = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
      const index = shape.length === 1 ? [out] : [out, input];
      worst = { index, gradient, difference: measured.slope };
    }
  }
  const size = Math.sqrt(Math.max(ours, theirs));
  const excess = Math.max(Math.sqrt(off) - Math.sqrt(noise), 0);
  const error = Number.isNaN(off) ? Number.POSITIVE_INFINITY : excess === 0 ? 0 : excess / size;
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
function disagreements(program: Program, reference: Reference, end: number): string[] {
  const names: string[] = [];
  for (let i = 0; i < end; i++) {
    const record = view(program.words, i, program.rows);
    const op = OPS.get(record.op);
    if (op === undefined) continue;
    const { reads, writes } = op.access(record, 0, 1);
    for (const { start, rows, bytes, stride } of reads) reference.copy(start, (rows - 1) * stride + bytes);
    reference.run(i, i + 1);
    program.run(i, i + 1);
    const results = writes.filter(
      ({ operand }) => !["scratch", "hit", "result"].includes(op.operands[operand] ?? ""),
    );
    if (results.some((range) => differ(program, reference, range))) {
      names.push(`${op.name} (${program.drafts[i]?.label})`);
    }
  }
  return names;
}

/** Whether f32 results are further from f64 ones than rounding takes them. */
function differ(program: Program, { values }: Reference, { start, rows, bytes, stride }: Range): boolean {
  const f32 = new Float32Array(program.memory);
  let [off, size] = [0, 0];
  for (let i = 0; i < rows; i++) {
    const first = (start + i * stride) / 4;
    for (let at = first; at < first + bytes / 4; at++) {
      const [value, exact] = [f32[at] as number, values[at] as number];
      // class ids are copied bit for bit, and some are no numbers when read as such
      if (Number.isNaN(value) && Number.isNaN(exact)) continue;
      off += (value - exact) ** 2;
      size += exact ** 2;
    }
  }
  return !(off <= 1e-6 * size);
}
