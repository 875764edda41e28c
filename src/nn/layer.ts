// What is done with a layer of any kind, before it is a part of a model: it is made anew, or frozen.

import { XentError } from "../base/errors.ts";
import { checkNames, show } from "../base/options.ts";
import { PARTS, partsOf } from "../base/parts.ts";
import type { LayerSpec } from "../base/spec.ts";

/** Kinds that have parameters or statistics of their own to keep. */
const FREEZABLE: readonly LayerSpec["kind"][] = ["dense", "batchNorm1d", "layerNorm", "prelu"];

/**
 * The same layer, its parameters kept as they are: no gradients are computed for them, and none for what stands below the lowest
 * layer that is trained. Of a residual block, all layers are frozen; one without parameters comes back as it is, so that
 * `layers.map(frozen)` freezes a whole net. A frozen `batchNorm1d` normalises by its running statistics and keeps them. A
 * frozen parameter keeps its name and first value, and `loadStateDict` sets it.
 *
 * @throws {XentError} `OPTION` if it is no layer
 * @category Layers
 * @example
 * ```ts
 * import { dense, frozen, init, mse, ones, relu, sgd } from "xent";
 * const xent = await init();
 * const body = [dense(4, { init: ones() }), relu()];
 * const optimizer = sgd({ lr: 0.1 });
 * const model = xent.sequential({ input: 1, loss: mse(), optimizer }, [...body.map(frozen), dense(1)]);
 * await model.trainOnBatch([[1]], [5.5]);
 * model.stateDict()["0.weight"].data; // → [1, 1, 1, 1]
 * ```
 */
export function frozen(layer: LayerSpec): LayerSpec {
  const { kind } = Object(layer) as LayerSpec;
  if (typeof kind !== "string") {
    throw new XentError("OPTION", `frozen: the layer is ${show(layer)}`, "Pass a layer, such as dense(10).");
  }
  if (layer.kind === "residual") return { ...layer, layers: layer.layers.map((inner) => frozen(inner)) };
  // which kinds there are is checked where a model is made
  return FREEZABLE.includes(layer.kind) ? ({ ...layer, frozen: true } as LayerSpec) : layer;
}

const MAKERS =
  "dense(units), relu(), sigmoid(), tanh(), leakyRelu(), elu(), gelu(), silu(), softplus(), softmax(), batchNorm1d(), layerNorm(), prelu(), dropout(p), residual(layers)";

/** A description made anew by the function that a user calls. */
export function checkLayer(where: string, layer: LayerSpec): LayerSpec {
  const parts = partsOf("layer", MAKERS, where, layer);
  const { kind, frozen: kept, [PARTS]: _, ...options } = layer as LayerSpec & { frozen?: unknown };
  const made = parts.make(options as never, where) as LayerSpec;
  // a function without options does not look at them
  checkNames(where, options, [
    ...Object.keys(made),
    ...(kind === "dense" ? ["bias", "init", "biasInit"] : []),
  ]);
  if (kept === undefined) return made;
  const still = frozen(made);
  if (kept === true && still !== made) return still;
  throw new XentError(
    "OPTION",
    `${where}: frozen is ${show(kept)}${kept === true ? `, and ${kind} has nothing to freeze` : ""}`,
    "Leave it out, or use frozen(layer).",
  );
}
