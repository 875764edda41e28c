// Host records: a loss in JavaScript, called row by row between runs of the records that WebAssembly does. The functions get
// copies of their rows, made once, so that nothing is allocated here and the program's memory is out of their reach.

import { HYPER_ROWS, HYPER_SCALE } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { RowLoss } from "../base/spec.ts";
import type { Arena } from "../memory/arena.ts";
import type { Tensor } from "../memory/plan.ts";
import type { Draft } from "./builder.ts";

/** The records of a program that are done here. */
export interface Hosted {
  /** the first of them from record `first` on, at most `last` */
  next(first: number, last: number): number;
  /** work of the records first … last − 1, none of them among these */
  ns(first: number, last: number): number;
  call(record: number): void;
}

/** A loss with what makes it run: the records of the losses of a program are all bound by the first. */
export interface HostLoss extends RowLoss {
  readonly bind: BindHosts;
}

export type BindHosts = typeof bindHosts;

/** @param ns  work of the records first … last − 1 */
export function bindHosts(
  arena: Arena,
  drafts: readonly Draft[],
  hyper: DataView,
  ns: (first: number, last: number) => number,
): Hosted {
  const records = drafts.flatMap(({ host }, i) => (host === undefined ? [] : [i]));
  const calls = drafts.map((draft) => draft.host && hostCall(arena, draft, hyper));
  return {
    next(first, last) {
      for (const record of records) if (record >= first) return Math.min(record, last);
      return last;
    },
    ns,
    call(record) {
      arena.pending = CALLING;
      try {
        calls[record]?.();
      } finally {
        arena.pending = undefined;
      }
      if (!arena.disposed) return;
      const problem = "a loss function disposed of the model that it is the loss of";
      throw new XentError("DISPOSED", problem, "Dispose of a model after the call.");
    },
  };
}

/** Stands for a run whose functions are under way: nobody else can have the memory. */
const CALLING = {
  finish(): never {
    const problem =
      "a loss function called the model that it is the loss of, which is busy with this very step";
    throw new XentError("BUSY", problem, "Compute the loss from its arguments alone.");
  },
};

/**
 * What a host record does: rowLoss_i ← r_i·loss(z_i, t_i) and dz_i ← fl(scale·r_i)·gradient(z_i, t_i), if dz is asked for. A row
 * with r_i = 0 is not looked at. Where an output or its gradient is not finite the row's loss is NaN, whatever the
 * function says of it: so the run is known to have diverged before the weights are worth keeping.
 */
function hostCall(arena: Arena, draft: Draft, hyper: DataView): () => void {
  const [z, target, dz, rowLoss, weight] = draft.operands as readonly Tensor[];
  const { name, loss, gradient } = draft.host as RowLoss;
  const f32 = (tensor: Tensor | undefined): Float32Array | undefined => tensor && arena.f32(tensor);
  const [outputs, targets, losses] = [z, target, rowLoss].map(f32) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [slopes, weights] = [f32(dz), f32(weight)];
  const { cols, ld } = z as Tensor;
  const ldt = (target as Tensor).ld;
  const lddz = dz?.ld ?? 0;
  const output = new Float32Array(cols);
  const wanted = new Float32Array(cols);
  const slope = new Float32Array(cols);
  return () => {
    const rows = hyper.getInt32(HYPER_ROWS, true);
    const scale = hyper.getFloat32(HYPER_SCALE, true);
    for (let i = 0; i < rows; i++) {
      const r = weights === undefined ? 1 : (weights[i] as number);
      if (r === 0) {
        losses[i] = 0;
        slopes?.fill(0, i * lddz, i * lddz + cols);
        continue;
      }
      for (let j = 0; j < cols; j++) {
        output[j] = outputs[i * ld + j] as number;
        wanted[j] = targets[i * ldt + j] as number;
      }
      const value: unknown = loss(output, wanted);
      if (typeof value !== "number")
        refuse(name, `loss returned ${show(value)}`, i, "Return the row's loss, a number.");
      // +0, or NaN where something is not finite
      let nothing = 0;
      for (let j = 0; j < cols; j++) nothing += 0 * (outputs[i * ld + j] as number);
      if (slopes !== undefined) {
        // the function may have written to its copies
        for (let j = 0; j < cols; j++) {
          output[j] = outputs[i * ld + j] as number;
          wanted[j] = targets[i * ldt + j] as number;
          slope[j] = 0;
        }
        const returned: unknown = gradient(output, wanted, slope);
        if (typeof returned === "object" && returned !== null && returned !== slope) {
          refuse(name, `gradient returned ${show(returned)}`, i, "Write into its third argument instead.");
        }
        const factor = Math.fround(scale * r);
        for (let j = 0; j < cols; j++) {
          slopes[i * lddz + j] = (slope[j] as number) * factor;
          nothing += 0 * (slopes[i * lddz + j] as number);
        }
      }
      losses[i] = value * r + nothing;
    }
  };
}

function refuse(name: string, what: string, row: number, hint: string): never {
  throw new XentError("LOSS", `customLoss ${show(name)}: ${what} for row ${row} of the batch`, hint);
}
