// What a model's file says of it beside the weights, as docs/checkpoints.md describes it: layers, loss, optimiser, where its run stands.

import { readSafetensors, type SafeTensor } from "../data.ts";
import {
  type LayerSpec,
  type LossSpec,
  type OptimizerSpec,
  type Sequential,
  type Xent,
  XentError,
} from "../index.ts";
import { loadModel } from "../node.ts";
import { withoutHint } from "./errors.ts";

/** The part of the metadata that the command looks at. */
export interface Saved {
  /** the WebAssembly build that it was trained on */
  readonly build: string;
  readonly model: {
    readonly input: number;
    readonly seed: number;
    readonly layers: readonly LayerSpec[];
    /** of features that are bytes */
    readonly scaling: { readonly scale: number; readonly shift: number };
    readonly loss?: LossSpec;
  };
  readonly training: {
    readonly optimizer?: OptimizerSpec;
    /** steps of the model's life */
    readonly batches: number;
    readonly run?: {
      readonly epoch: number;
      /** rows of it that are done */
      readonly row: number;
      readonly step: number;
      readonly epochsBefore: number;
      readonly series: Readonly<Record<string, readonly number[]>>;
      readonly validation: Readonly<Record<string, readonly number[]>>;
      readonly settings: Readonly<Record<string, unknown>>;
    };
    /** why its run cannot be gone on with */
    readonly over?: string;
  };
  /** weights, running statistics and what belongs to training, by name */
  readonly tensors: ReadonlyMap<string, SafeTensor>;
}

/** The model of a file, whose name is said where it is none. */
export async function openSaved(xent: Xent, path: string): Promise<Sequential> {
  try {
    return await loadModel(xent, path);
  } catch (error) {
    if (!(error instanceof XentError) || error.code !== "CHECKPOINT") throw error;
    throw new XentError("CHECKPOINT", `${path} is no model of xent: ${withoutHint(error)}`, error.hint);
  }
}

/** A model was checked when it was loaded, and writes all that it read. */
export function savedOf(model: Sequential): Saved {
  const { tensors, metadata } = readSafetensors(model.save());
  const part = (key: string): unknown => JSON.parse(metadata.get(key) ?? "{}");
  return {
    build: part("build") as string,
    model: part("model") as Saved["model"],
    training: part("training") as Saved["training"],
    tensors,
  };
}
