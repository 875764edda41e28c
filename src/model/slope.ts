// The slope of a loss with respect to single parameters, by differences in f64, with what each figure may be off by. Works
// on an interpreter's copy of a training step; loaded with it. Derived in docs/numerics.md, gradCheck.

import { OP_COLUMN_SUMS } from "../base/abi.ts";
import { OPS } from "../base/ops.ts";
import { Random, STREAM_CHECK } from "../base/random.ts";
import type { Tensor } from "../memory/plan.ts";
import type { Param } from "../nn/layout.ts";
import type { TrainSession } from "../nn/session.ts";
import type { Draft } from "../program/builder.ts";
import type { Reference } from "../program/reference.ts";

/** What was found at one entry. */
export interface Measured {
  readonly slope: number;
  /** what the slope and the gradient in f32 may be off by for no fault of theirs */
  readonly noise: number;
  /** the loss has no slope here */
  readonly kink: boolean;
}

/**
 * Steps, tried one after the other where the loss does not look smooth: a kink that a smaller step leaves outside is none.
 * With the first, truncation and rounding are both some 10⁻¹¹ of the loss.
 */
const STEPS = [1 / 2 ** 14, 1 / 2 ** 19, 1 / 2 ** 24];
/** Of the slope: differences that disagree by less are smooth enough, and change an error by less. */
const SMOOTH = 1e-4;
/** Rounding of the loss in f64, relative to what it is summed up from; a few units in the last place. */
const ROUNDING_F64 = 1 / 2 ** 50;
/** The same of the loss's gradient in f32. */
const ROUNDING_F32 = 1 / 2 ** 21;

/** What is known of a parameter before its entries are looked at. */
interface Known {
  /** first record that has to run again when an entry has changed */
  readonly first: number;
  /** by the interpreter's own backward pass: the typical size of the gradient */
  readonly typical: number;
  /** by entry as in memory: what rounding the loss's gradient to f32 does to this one, and the terms of a sum over the batch */
  readonly rounding: Float64Array;
}

export class Slopes {
  /** in f64, at the parameters as they are */
  readonly loss: number;
  readonly #reference: Reference;
  readonly #lossEnd: number;
  readonly #scale: number;
  readonly #known = new Map<Param, Known>();
  /** the magnitude of what the loss is summed up from */
  readonly #magnitude: number;

  /**
   * @param reference       holds records up to the end of the backward pass
   * @param gradientOffset  bytes from a parameter to its gradient
   */
  constructor(reference: Reference, session: TrainSession, params: readonly Param[], gradientOffset: number) {
    const { program, lossEnd, statsEnd, backwardEnd } = session;
    const { values } = reference;
    this.#reference = reference;
    this.#lossEnd = lossEnd;
    this.#scale = program.scale;
    const gradients = ({ tensor }: Param): Float64Array => {
      const start = reference.word(tensor.address + gradientOffset);
      return values.slice(start, start + tensor.bytes / 4);
    };
    reference.run(0, statsEnd);
    const sums = new Map<number, Float64Array>();
    for (let i = statsEnd; i < backwardEnd; i++) {
      const { op, operands } = program.drafts[i] as Draft;
      const [x, y] = operands as [Tensor, Tensor];
      if (op === OP_COLUMN_SUMS) sums.set(y.address, magnitudes(reference, x, program.rows));
      reference.run(i, i + 1);
    }
    this.loss = this.#loss();
    const exact = params.map(gradients);
    reference.run(0, lossEnd);
    roundLoss(reference, session);
    reference.run(lossEnd, backwardEnd);
    let magnitude = Math.abs(this.loss);
    for (const [i, param] of params.entries()) {
      const { tensor } = param;
      const g = exact[i] as Float64Array;
      const start = reference.word(tensor.address);
      const summed = sums.get(tensor.address + gradientOffset);
      const rounding = gradients(param).map(
        (value, j) => Math.abs(value - (g[j] as number)) + ROUNDING_F32 * (summed?.[j] ?? 0),
      );
      let squares = 0;
      for (let row = 0; row < tensor.rows; row++) {
        for (let at = row * tensor.ld; at < row * tensor.ld + tensor.cols; at++) {
          squares += (g[at] as number) * (g[at] as number);
          // a product w·x that is rounded moves the loss by its share of w·∂loss/∂w
          magnitude += Math.abs((g[at] as number) * (values[start + at] as number));
        }
      }
      const typical = Math.sqrt(squares / (tensor.rows * tensor.cols));
      this.#known.set(param, { first: reference.firstAffected(tensor.address, lossEnd), typical, rounding });
    }
    this.#magnitude = magnitude;
  }

  /** Call before the first entry of a parameter. */
  begin(): void {
    this.#reference.run(0, this.#lossEnd);
  }

  /** ∂ loss / ∂ an entry: element `at` of the parameter as it lies in memory. */
  at(param: Param, at: number): Measured {
    const { first, typical, rounding } = this.#known.get(param) as Known;
    const { values } = this.#reference;
    const word = this.#reference.word(param.tensor.address) + at;
    const kept = values[word] as number;
    const lossAt = (value: number): number => {
      values[word] = value;
      this.#reference.run(first, this.#lossEnd);
      values[word] = kept;
      return this.#loss();
    };
    let [slope, noise, kink] = [0, 0, true];
    for (const step of STEPS) {
      const h = step * Math.max(1, Math.sqrt(Math.abs(kept)));
      const [up, down] = [lossAt(kept + h), lossAt(kept - h)];
      const [farUp, farDown] = [lossAt(kept + 2 * h), lossAt(kept - 2 * h)];
      const [fine, coarse] = [(up - down) / (2 * h), (farUp - farDown) / (4 * h)];
      // the change of slope at the point itself: what is left when the curvature, which falls with h, is taken out
      const jump = (2 * (up + down) - (farUp + farDown) / 2 - 3 * this.loss) / h;
      noise = (ROUNDING_F64 * this.#magnitude) / h;
      // Richardson: the coarse one's truncation is four times the fine one's
      slope = (4 * fine - coarse) / 3;
      const allowed = SMOOTH * Math.max(Math.abs(fine), Math.abs(coarse), typical) + 8 * noise;
      kink = Math.abs(fine - coarse) > allowed || Math.abs(jump) > allowed;
      if (!kink) break;
    }
    return { slope, noise: 3 * noise + (rounding[at] as number), kink };
  }

  #loss(): number {
    return this.#reference.lossSum * this.#scale;
  }
}

/** Σ |x| of every column: what a norm behind a layer with a bias makes cancel in the bias's gradient. */
function magnitudes(reference: Reference, x: Tensor, batch: number): Float64Array {
  const start = reference.word(x.address);
  return Float64Array.from({ length: x.cols }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < (x.batch ? batch : x.rows); i++) {
      sum += Math.abs(reference.values[start + i * x.ld + j] as number);
    }
    return sum;
  });
}

/**
 * Moves the loss's gradient, as it stands in the interpreter, by what f32 may be off by: p − t and z − t are differences, so
 * they keep few digits where a net fits its targets. Signs are random.
 */
function roundLoss(reference: Reference, { program, lossEnd }: TrainSession): void {
  const { drafts, rows, scale } = program;
  const loss = drafts.slice(0, lossEnd).find(({ op }) => OPS.get(op)?.operands[2] === "dz");
  const [z, , dz, , weight] = loss?.operands ?? [];
  if (z === undefined || dz === undefined) return;
  const random = new Random(0, STREAM_CHECK, 2 ** 32 - 1);
  const { values } = reference;
  for (let i = 0; i < rows; i++) {
    const own = weight === undefined ? 1 : (values[reference.word(weight.address) + i] as number);
    if (own === 0) continue;
    const from = (tensor: Tensor): number => reference.word(tensor.address) + i * tensor.ld;
    for (let j = 0; j < dz.cols; j++) {
      const at = from(dz) + j;
      const unit = scale * own * Math.max(1, Math.abs(values[from(z) + j] as number));
      const size = ROUNDING_F32 * (unit + Math.abs(values[at] as number));
      values[at] = (values[at] as number) + (random.below(2) === 0 ? size : -size);
    }
  }
}
