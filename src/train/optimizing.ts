// Optimisers to records: what each keeps beside the parameters, and the passes over them, a record for each run of parameters that
// are treated alike.

import * as abi from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { PARTS, type Parts } from "../base/parts.ts";
import type { OptimizerSpec, ParamGroup } from "../base/spec.ts";
import type { Plan, Tensor } from "../memory/plan.ts";
import type { Optimized, Optimizing, Param } from "../nn/layout.ts";
import type { Builder } from "../program/builder.ts";

/** What an optimiser makes of memory and programs. */
export function optimizing(spec: OptimizerSpec): Optimizing {
  const { lr: _, schedule: __, ...rest } = spec;
  const method = partsOfOptimizer(spec).method(spec);
  return {
    // slots of another number, or with another meaning, are those of another optimiser
    kind: [spec.kind, ...method.kept].filter((name) => name !== "").join(" "),
    records: JSON.stringify(rest),
    slots: method.kept.filter((name) => name !== "").map(() => method.initial ?? 0),
    emit: (b, plan, tensors) => emit(spec, method, b, plan, tensors),
  };
}

/** The pass of an optimiser over the parameters. */
export interface Method {
  readonly op: number;
  /** what it keeps, in the order of the op's operands; "": left out */
  readonly kept: readonly string[];
  /** what that begins with; default 0 */
  readonly initial?: number;
  /** the record's scalars behind the scale of the learning rate */
  readonly scalars: readonly number[];
  /** weight decay is a scalar of the record, behind the others */
  readonly decoupled?: boolean;
}

/** What a kind of optimiser is made of, as its descriptions bring it along. */
export interface OptimizerParts<S extends OptimizerSpec = OptimizerSpec> extends Parts {
  readonly of: "optimizer";
  method(spec: S): Method;
  /** what the step that comes next is to be set to, where that is more than its learning rate; takes the corrections */
  rate?(spec: S, lr: number, done: Done, turn: Corrections): number;
}

/** The words that go with the learning rate: HYPER_CORRECTION1 and 2. */
export interface Corrections {
  correction1: number;
  correction2: number;
}

/** Steps done, and β₁ and β₂ multiplied up so many times. */
export interface Done {
  readonly steps: number;
  readonly power1: number;
  readonly power2: number;
}

export const partsOfOptimizer = (spec: OptimizerSpec): OptimizerParts => spec[PARTS] as OptimizerParts;

/** How the parameters of a run are treated. */
interface Treatment {
  readonly lrScale: number;
  readonly weightDecay: number;
  readonly l1: number;
}

/** Parameters side by side that are treated alike. */
interface Stretch extends Treatment {
  readonly at: number;
  readonly length: number;
}

function emit(spec: OptimizerSpec, method: Method, b: Builder, plan: Plan, tensors: Optimized): void {
  const { params, grads, slots, list } = tensors;
  const { clipNorm, clipValue: most, groups = [] } = spec;
  checkLayers(spec.kind, groups, list);
  const trained = list.filter(({ frozen }) => !frozen);
  const part = (flat: Tensor, { at, length }: { at: number; length: number }): Tensor =>
    length === flat.cols ? flat : plan.view(flat, flat.name, 4 * at, 1, length, length);
  const clip = clipNorm === undefined ? undefined : tensors.clip;
  if (clipNorm !== undefined) {
    // of all gradients, also those of parameters that stay as they are
    const all = runsOf(trained, () => ({ lrScale: 1, weightDecay: 0, l1: 0 }));
    const blocks = all.map(({ length }) => Math.ceil(length / abi.SQUARES_BLOCK));
    const sums = plan.tensor("scratch", "sums of squares", 1, 2 * blocks.reduce((sum, n) => sum + n, 0));
    let first = 0;
    for (const [i, run] of all.entries()) {
      b.squareSums(part(grads, run), sums, first);
      first += blocks[i] as number;
    }
    b.clipFactor(sums, tensors.clip, clipNorm);
  }
  for (const run of runsOf(trained, (param) => treatment(spec, groups, param))) {
    if (run.lrScale === 0) continue;
    const { lrScale, weightDecay, l1 } = run;
    const [p, g] = [part(params, run), part(grads, run)];
    const decay = method.decoupled ? 0 : weightDecay;
    if (decay > 0 || l1 > 0 || clip !== undefined || most !== undefined) {
      b.prepareGradient(p, g, { clip, decay, l1, ...(most !== undefined && { most }) });
    }
    let slot = 0;
    const kept = method.kept.map((name) => (name === "" ? undefined : part(slots[slot++] as Tensor, run)));
    const scalars = [lrScale, ...method.scalars, ...(method.decoupled ? [weightDecay] : [])];
    b.update(method.op, [p, g, ...kept], scalars);
  }
}

/** The runs of parameters that are treated alike, as they lie in memory. */
function runsOf(list: readonly Param[], of: (param: Param) => Treatment): Stretch[] {
  const runs: Stretch[] = [];
  for (const param of list.toSorted((a, b) => a.at - b.at)) {
    const { at, length } = param;
    const own = of(param);
    const before = runs.at(-1);
    const joins =
      before !== undefined &&
      before.at + before.length === at &&
      (["lrScale", "weightDecay", "l1"] as const).every((key) => before[key] === own[key]);
    if (joins) runs[runs.length - 1] = { ...before, length: before.length + length };
    else runs.push({ ...own, at, length });
  }
  return runs;
}

/** By the first group that the parameter belongs to; what that leaves out is the optimiser's. */
function treatment(spec: OptimizerSpec, groups: readonly ParamGroup[], param: Param): Treatment {
  const group = groups.find(
    ({ roles, layers }) =>
      (roles?.some((role) => role === param.role) ?? true) &&
      (layers?.some((layer) => names(layer, param)) ?? true),
  );
  const { lrScale = 1, weightDecay = spec.weightDecay ?? 0, l1 = spec.l1 ?? 0 } = group ?? {};
  return { lrScale, weightDecay, l1 };
}

/** "3" names "3.weight", and "3.1.weight" of the block at 3. */
const names = (layer: string, { name }: Param): boolean => name.startsWith(`${layer}.`);

/** A group that names no layer would be ignored without a word. */
function checkLayers(where: string, groups: readonly ParamGroup[], list: readonly Param[]): void {
  for (const [i, { layers = [] }] of groups.entries()) {
    const unknown = layers.find((layer) => !list.some((param) => names(layer, param)));
    if (unknown === undefined) continue;
    const known = new Set(list.map(({ name }) => name.slice(0, name.lastIndexOf("."))));
    throw new XentError(
      "OPTION",
      `${where}: groups[${i}] names layer "${unknown}", which has no parameters`,
      `Layers with parameters: ${[...known].join(", ")}.`,
    );
  }
}
