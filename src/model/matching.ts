// Which tensor of a file is which of the net that it describes: by names, shapes and numbers alone, before there is a model. So what
// a file says of sizes costs nothing until its bytes bear it out.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { LayerSpec, OptimizerSpec, StateDict } from "../base/spec.ts";
import type { SafeTensor } from "../io/safetensors.ts";
import type { Optimizing } from "../nn/layout.ts";
import { everyLayer, isFrozen, type Named, named, type Placed, place } from "../nn/params.ts";
import { checkState } from "../nn/state.ts";
import { optimizing } from "../train/optimizing.ts";
import { sgd } from "../train/sgd.ts";
import { BEST, LAST, MEASURED, slotName } from "./saving.ts";

/** What of a file's metadata says which tensors there are. */
export interface Told {
  readonly input: number;
  readonly layers: readonly LayerSpec[];
  readonly optimizer: OptimizerSpec | undefined;
  readonly rates: { readonly kind: string } | undefined;
  readonly run: object | undefined;
}

/** The tensors of a file; views of its bytes. */
export interface Found {
  readonly weights: StateDict;
  readonly best: StateDict | undefined;
  readonly last: StateDict | undefined;
  /** what the optimiser keeps of each parameter that is trained, and which optimiser */
  readonly slots: readonly StateDict[];
  readonly optimizer: Pick<Optimizing, "kind" | "slots"> | undefined;
  readonly measured: Uint8Array | undefined;
}

export const fail = (
  what: string,
  hint = "It is no file that save() wrote, or one that was changed since.",
): XentError => new XentError("CHECKPOINT", `load: ${what}`, hint);

/**
 * Makes or checks something of what a file says.
 *
 * @throws {XentError} `CHECKPOINT` for whatever that throws
 */
export function asSaved<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw fail(`${what}: ${(error as Error).message}`);
  }
}

/** For the counts of a model without an optimiser, which some calls make. */
export const NO_OPTIMIZER = sgd({ lr: 1 });

/**
 * Takes every tensor for what it is.
 *
 * @throws {XentError} `CHECKPOINT` one is missing, has another shape, holds what no weight may be, or belongs to nothing
 */
export function match(told: Told, tensors: ReadonlyMap<string, SafeTensor>): Found {
  const placed = asSaved("model.layers", () => place(told.layers, told.input));
  const { stored, trained } = tableOf(everyLayer(placed));
  const all = new Map(tensors);
  const take = (list: readonly Named[], prefix: string): StateDict => {
    const state: StateDict = {};
    for (const { name } of list) {
      const tensor = all.get(prefix + name);
      if (tensor?.dtype !== "F32") continue;
      all.delete(prefix + name);
      state[name] = { shape: tensor.shape, data: tensor.data as Float32Array };
    }
    return state;
  };
  const weights = take(stored, "");
  checkState("load", "CHECKPOINT", stored, weights);
  const extra = (prefix: string): StateDict | undefined => {
    if (![...all.keys()].some((name) => name.startsWith(prefix))) return undefined;
    const state = take(stored, prefix);
    checkState(`load: ${prefix}`, "CHECKPOINT", stored, state);
    return state;
  };
  const best = extra(BEST);
  const last = extra(LAST);
  const slots: StateDict[] = [];
  const first = trained[0]?.name ?? "";
  while (told.rates !== undefined && all.has(slotName(slots.length, first))) {
    const slot = take(trained, slotName(slots.length, ""));
    checkState(`load: optimizer ${slots.length}`, "CHECKPOINT", trained, slot, false);
    slots.push(slot);
  }
  const held = all.get(MEASURED);
  const measured = held?.dtype === "U8" && told.run !== undefined ? (held.data as Uint8Array) : undefined;
  if (measured !== undefined) all.delete(MEASURED);
  for (const { spec, path } of everyLayer(placed)) {
    const name = `${path}.num_batches_tracked`;
    const { dtype, shape } = all.get(name) ?? {};
    // PyTorch's; what counts here is in the metadata
    if (spec.kind === "batchNorm1d" && dtype === "I64" && shape?.length === 0) all.delete(name);
  }
  for (const name of all.keys()) {
    throw fail(`tensor ${show(name)} belongs to nothing that the file describes`);
  }
  return { weights, best, last, slots, optimizer: optimizerOf(told, slots.length), measured };
}

/** What layers hold by names and shapes alone: nothing is laid, and sizes that no memory has are numbers like others. */
function tableOf(layers: readonly Placed[]): { stored: Named[]; trained: Named[] } {
  const all = layers.flatMap(({ spec, path, shapes }) =>
    shapes.map((shape) => ({
      ...named(path, shape),
      trained: shape.role !== undefined && !isFrozen(spec),
    })),
  );
  return { stored: all, trained: all.filter(({ trained }) => trained) };
}

/** Kind and slots of the optimiser that the file's slots are of. */
function optimizerOf({ optimizer, rates }: Told, found: number): Found["optimizer"] {
  if (rates === undefined) return undefined;
  const { kind, slots } = optimizing(optimizer ?? NO_OPTIMIZER);
  if (kind !== rates.kind || slots.length !== found) {
    throw fail(
      `the file has ${found} tensors of ${show(rates.kind)} for each parameter, its optimiser keeps ${slots.length} of "${kind}"`,
    );
  }
  return { kind, slots };
}
