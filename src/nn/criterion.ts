// A loss as records: which op it is, how its gradient and the hits come about, and the link that `predict` applies.
// Knows tensors, no data.

import * as abi from "../base/abi.ts";
import type { LayerSpec, Link, LossSpec } from "../base/spec.ts";
import type { Plan, Region, Tensor } from "../memory/plan.ts";
import type { Builder } from "../program/builder.ts";
import { type LossParts, partsOfLoss } from "./parts.ts";
import { batchMatrix } from "./stage.ts";

/** What stands for a row's target: a class id, or one number an output. */
export type TargetKind = "ids" | "rows";

/**
 * How it is told whether a row is right: `fused` by the loss kernel; `largest` the first largest output stands where
 * the first largest target does; `each` every output is on its target's side; `none` rows have no class.
 */
export type HitRule = "fused" | "largest" | "each" | "none";

export interface Criterion {
  readonly op: number;
  readonly parameters: readonly number[];
}

const LINKS = {
  none: undefined,
  softmax: abi.OP_SOFTMAX_FORWARD,
  sigmoid: abi.OP_SIGMOID_FORWARD,
} as const;

/** Whether two losses make the same records: reduction and ignoreIndex are the host's affair. Functions are the same or not. */
export function sameRecords(a: LossSpec, b: LossSpec): boolean {
  const [f, g] = [a, b].map((spec) => (spec.kind === "custom" ? spec : undefined));
  if (f?.loss !== g?.loss || f?.gradient !== g?.gradient) return false;
  const records = (spec: LossSpec): string => JSON.stringify({ ...spec, reduction: "", ignoreIndex: 0 });
  return records(a) === records(b);
}

/** What a loss that takes logits makes of them; `none` for those that take outputs as they are. */
export function linkOf(spec: LossSpec): Link {
  return partsOfLoss(spec).link(spec);
}

/** What the kernels take class ids as: only cross entropy has a form for them, for others they become rows. */
export function targetKind(spec: LossSpec, ids: boolean): TargetKind {
  return ids && spec.kind === "crossEntropy" ? "ids" : "rows";
}

/**
 * How rows are told right from wrong.
 *
 * @param ids  whether the targets came as class ids
 */
export function hitRule(spec: LossSpec, ids: boolean, outputs: number, last: LayerSpec | undefined): HitRule {
  if (spec.kind === "crossEntropy") return "fused";
  const link = linkOf(spec);
  if (outputs > 1 && (ids || link === "softmax")) return "largest";
  if (link === "sigmoid" || (ids && last?.kind === "sigmoid")) return "each";
  return "none";
}

/** Above it, an output says yes: ½ behind a sigmoid, else 0. */
export function cut(last: LayerSpec | undefined): number {
  return last?.kind === "sigmoid" ? 0.5 : 0;
}

/** One number a column that the loss multiplies by: class weights where the kernel does it, or posWeight. */
export function columnWeights(spec: LossSpec, outputs: number): readonly number[] | undefined {
  if (spec.kind === "crossEntropy") return spec.weight;
  if (spec.kind !== "bceWithLogits" || spec.posWeight === undefined) return undefined;
  return typeof spec.posWeight === "number"
    ? new Array<number>(outputs).fill(spec.posWeight)
    : spec.posWeight;
}

/** Where the loss of a batch is written, and what it reads beside the logits. */
export interface LossTensors {
  readonly target: Tensor;
  /** what each row's loss is multiplied by */
  readonly weight: Tensor | undefined;
  readonly dz: Tensor;
  readonly rowLoss: Tensor;
  readonly hit: Tensor;
}

/** Declares what the loss of `logits` needs. Targets and weights are given when the host writes them itself. */
export function lossTensors(
  plan: Plan,
  region: Region,
  logits: Tensor,
  targets: TargetKind,
  weighted: boolean,
  given: boolean,
): LossTensors {
  const column = (name: string, isGiven = false): Tensor =>
    plan.tensor(region, name, logits.rows, 1, { batch: true, given: isGiven });
  return {
    target: targets === "ids" ? column("target", given) : targetRows(plan, region, logits, given),
    weight: weighted ? column("row weight", given) : undefined,
    dz: batchMatrix(plan, region, "dlogits", logits.rows, logits.cols),
    rowLoss: column("row loss"),
    hit: column("hit"),
  };
}

/** Targets as wide as the logits, unpadded as the host writes them. */
function targetRows(plan: Plan, region: Region, logits: Tensor, given: boolean): Tensor {
  return plan.tensor(region, "target rows", logits.rows, logits.cols, { batch: true, given });
}

/**
 * Emits row losses and the gradient of the logits.
 *
 * @param gradient  whether it is wanted: a kernel writes it in any case, a function of the user's is not called
 */
export function emitLoss(
  b: Builder,
  spec: LossSpec,
  targets: TargetKind,
  z: Tensor,
  t: LossTensors,
  columns: Tensor | undefined,
  gradient = true,
): void {
  if (spec.kind === "custom") {
    b.label = spec.name;
    const { bind } = partsOfLoss(spec) as Required<LossParts>;
    b.hostLoss({ ...spec, bind }, { ...t, z, dz: gradient ? t.dz : undefined });
    return;
  }
  const { op, parameters } = partsOfLoss(spec).criterion(spec, targets, z.cols);
  b.label = spec.kind;
  const fused = spec.kind === "crossEntropy";
  // the weight of a class id's class is in the row's weight already, unless smoothing spreads over all of them
  const needsColumns = op !== abi.OP_SOFTMAX_CROSS_ENTROPY;
  b.loss(
    op,
    { z, ...t, hit: fused ? t.hit : undefined, columns: needsColumns ? columns : undefined },
    { ids: targets === "ids" && op === abi.OP_SOFT_CROSS_ENTROPY, parameters },
  );
}

/** Emits the hits that the loss kernel does not count by itself. */
export function emitHits(
  b: Builder,
  rule: "largest" | "each",
  z: Tensor,
  t: LossTensors,
  above: number,
): void {
  b.label = "hits";
  b.rowHits(z, t.target, t.hit, t.weight, rule === "each", above);
}

/** Emits the link that `predict` applies; returns its output, which is `logits` where there is none. */
export function emitLink(b: Builder, plan: Plan, spec: LossSpec, logits: Tensor): Tensor {
  const link = LINKS[linkOf(spec)];
  if (link === undefined) return logits;
  b.label = `${spec.kind} link`;
  const out = batchMatrix(plan, "chunk", "probabilities", logits.rows, logits.cols);
  b.unary(link, logits, out);
  return out;
}
