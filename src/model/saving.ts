// A model as a file: weights and running statistics by PyTorch's names, beside them all that a run needs to go on exactly. No
// clock is in it, so the same model gives the same bytes. loading.ts reads it; docs/checkpoints.md describes it.

import type { StateDict } from "../base/spec.ts";
import { encodeSafetensors, type SafeTensor } from "../io/safetensors.ts";
import type { Network } from "../nn/network.ts";
import { everyLayer, place } from "../nn/params.ts";
import type { Training } from "./training.ts";

/** Of what is written here; a reader of another version can say so. */
export const FORMAT = 1;

/** Names of the tensors that belong to training begin so: what an optimiser keeps, the best weights, and the last. */
export const slotName = (slot: number, name: string): string => `optimizer.${slot}.${name}`;
export const BEST = "best.";
export const LAST = "last.";
/** What the metrics hold of an epoch that is not over. */
export const MEASURED = "metrics";

/** Stands for a schedule that was a function, in an optimiser from a file. */
export const GONE = (): number => Number.NaN;

/** Bytes in the safetensors format. */
export function saveModel(network: Network, training: Training): Uint8Array {
  const { input, seed, layers, scaling, loss } = network;
  const { run } = training;
  const tensors: [string, SafeTensor][] = named(network.state());
  for (const { spec, path } of everyLayer(place(layers, input))) {
    if (spec.kind !== "batchNorm1d") continue;
    // PyTorch counts batches for each norm
    const data = BigInt64Array.of(BigInt(network.batches));
    tensors.push([`${path}.num_batches_tracked`, { dtype: "I64", shape: [], data }]);
  }
  const { optimizer, classes, preprocessing, rates, over } = training;
  // without rates they are nobody's, and the next optimiser begins anew
  for (const [slot, state] of rates === undefined ? [] : network.slots().entries()) {
    tensors.push(...named(state, (name) => slotName(slot, name)));
  }
  if (run?.best !== undefined) tensors.push(...named(run.best, (name) => BEST + name));
  if (run?.last !== undefined) tensors.push(...named(run.last, (name) => LAST + name));
  const measured = run?.measured;
  if (measured !== undefined) {
    tensors.push([MEASURED, { dtype: "U8", shape: [measured.length], data: measured }]);
  }
  const metadata = {
    xent: { format: FORMAT },
    build: network.build,
    model: { input, seed, layers, scaling, loss, classes, preprocessing: preprocessing?.spec },
    training: {
      optimizer,
      rates: rates && { kind: rates.kind, ...rates.state() },
      batches: network.batches,
      run: run?.state(),
      over,
    },
  };
  return encodeSafetensors(
    tensors,
    Object.entries(metadata).map(([key, value]) => [key, text(value)] as const),
  );
}

function named(state: StateDict, name = (given: string): string => given): [string, SafeTensor][] {
  return Object.entries(state).map(([given, { shape, data }]) => [
    name(given),
    { dtype: "F32", shape, data },
  ]);
}

/**
 * JSON. Of a function is known that there was one; of a loss in JavaScript its name and options; numbers that are not finite are
 * their names.
 */
export function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "function") return "function";
    return typeof part === "number" && !Number.isFinite(part) ? String(part) : part;
  });
}
