// What the kinds of layers, losses and initial values are made of, as their descriptions bring it along.

import { PARTS, type Parts } from "../base/parts.ts";
import type { Random } from "../base/random.ts";
import type { InitSpec, LayerSpec, Link, LossSpec } from "../base/spec.ts";
import type { BindHosts } from "../program/host.ts";
import type { Criterion, TargetKind } from "./criterion.ts";
import type { Surroundings } from "./initialize.ts";
import type { Contents } from "./params.ts";
import type { Activation } from "./pointwise.ts";
import type { Lowering } from "./stage.ts";

export interface LayerParts<S extends LayerSpec = LayerSpec> extends Parts {
  readonly of: "layer";
  readonly lowering: Lowering<S>;
  /** left out where a layer holds nothing and gives as many numbers as it takes */
  contents?(spec: S, width: number, behind: LayerSpec | undefined): Contents;
  /** of those that work on every element, or row, alike */
  activation?(spec: S): Activation;
}

export interface LossParts<S extends LossSpec = LossSpec> extends Parts {
  readonly of: "loss";
  /** what `predict` makes of the outputs */
  link(spec: S): Link;
  criterion(spec: S, targets: TargetKind, outputs: number): Criterion;
  /** of a loss in JavaScript */
  readonly bind?: BindHosts;
}

/** Either numbers, or what comes to numbers once all around is known. */
export interface InitParts<S extends InitSpec = InitSpec> extends Parts {
  readonly of: "init";
  resolve?(spec: S, around: Surroundings): InitSpec;
  /** gives one value after another */
  sampler?(spec: S, random: Random): () => number;
}

/** The descriptions of one kind. */
export type Of<T extends { readonly kind: string }, K extends T["kind"]> = T extends { kind: infer Kind }
  ? K extends Kind
    ? T
    : never
  : never;

export const partsOfLayer = (spec: LayerSpec): LayerParts => spec[PARTS] as LayerParts;
export const partsOfLoss = (spec: LossSpec): LossParts => spec[PARTS] as LossParts;
export const partsOfInit = (spec: InitSpec): InitParts => spec[PARTS] as InitParts;
