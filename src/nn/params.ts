// What layers hold: widths, parameters and running statistics, with names, shapes and first values; and where these lie in memory.

import { XentError } from "../base/errors.ts";
import type { InitSpec, LayerSpec } from "../base/spec.ts";
import { leadingDimension, type Plan, type Tensor } from "../memory/plan.ts";
import type { Surroundings } from "./initialize.ts";
import { partsOfLayer } from "./parts.ts";

/** What a parameter is to an optimiser: a matrix of weights, a vector of biases, of a norm's γ or β, or of prelu's slopes. */
export type ParamRole = "weight" | "bias" | "norm" | "slope";

/** What a tensor begins with: what a description makes of the layers around, or one number everywhere. */
export type Init = { readonly spec: InitSpec; readonly around: Surroundings } | { readonly value: number };

/** A tensor as a state dict and a file know it. */
export interface Named {
  readonly name: string;
  /** `[out, in]` of a matrix, which lies in memory as `[in, out]`; else `[n]` */
  readonly shape: readonly number[];
}

/** A tensor of a state dict, and where it lies. */
export interface Stored extends Named {
  readonly tensor: Tensor;
  readonly init: Init;
}

export interface Param extends Stored {
  readonly role: ParamRole;
  /** is not trained: has no gradient, and lies behind those that are */
  readonly frozen: boolean;
  /** where it begins in the flat run of parameters, and how long it is there, in elements */
  readonly at: number;
  readonly length: number;
}

/** A tensor of a layer by its field in PyTorch's name, `weight` of `"0.weight"`. */
export type Field = "weight" | "bias" | "running_mean" | "running_var";

/** A layer's tensors, and the gradients of those that are trained. */
export interface Holding {
  readonly values: { readonly [F in Field]?: Tensor };
  readonly gradients: { readonly [F in Field]?: Tensor };
}

export interface Shape {
  readonly field: Field;
  /** undefined: a running statistic, which is no parameter */
  readonly role: ParamRole | undefined;
  readonly rows: number;
  readonly cols: number;
  readonly init: Init;
}

/** What one layer makes of its place. */
export interface Contents {
  /** of the output */
  readonly width: number;
  readonly shapes: readonly Shape[];
  /** of a residual block */
  readonly inner: readonly LayerSpec[];
}

/** A tensor that begins with the same number everywhere. */
export const vector = (field: Field, role: ParamRole | undefined, cols: number, value: number): Shape => ({
  field,
  role,
  rows: 1,
  cols,
  init: { value },
});
export const holds = (width: number, ...shapes: Shape[]): Contents => ({ width, shapes, inner: [] });

/** A layer and where it stands: `path` is its name in PyTorch, `"3.0"` for the first of block 3. */
export interface Placed {
  readonly spec: LayerSpec;
  readonly path: string;
  /** of its output */
  readonly width: number;
  readonly shapes: readonly Shape[];
  readonly inner: readonly Placed[];
}

/**
 * Layers with their widths.
 *
 * @throws {XentError} `OPTION` a residual block gives another width than it takes
 */
export function place(layers: readonly LayerSpec[], input: number, prefix = ""): Placed[] {
  let width = input;
  const behind = activationsBehind(layers);
  return layers.map((spec, i) => {
    const path = `${prefix}${i}`;
    const { width: output, shapes, inner } = contents(spec, width, behind[i]);
    const placed = place(inner, width, `${path}.`);
    const back = placed.at(-1)?.width ?? output;
    if (back !== output) {
      throw new XentError(
        "OPTION",
        `sequential: the residual block at layer ${path} takes ${width} numbers a row and its layers give ${back}, which cannot be added`,
        `Let the block end with dense(${width}).`,
      );
    }
    width = output;
    return { spec, path, width, shapes, inner: placed };
  });
}

/** For each layer the activation that what it gives goes through next, norms and dropout aside. */
function activationsBehind(layers: readonly LayerSpec[]): (LayerSpec | undefined)[] {
  const aside = ["batchNorm1d", "layerNorm", "dropout"];
  let next: LayerSpec | undefined;
  // from the last to the first: once through, however many there are
  const behind = [...layers].reverse().map((layer) => {
    const own = next;
    if (!aside.includes(layer.kind)) {
      next = layer.kind === "dense" || layer.kind === "residual" ? undefined : layer;
    }
    return own;
  });
  return behind.reverse();
}

function contents(spec: LayerSpec, width: number, behind: LayerSpec | undefined): Contents {
  return partsOfLayer(spec).contents?.(spec, width, behind) ?? holds(width);
}

/** Every layer, those in blocks among them, in the order of names. */
export function everyLayer(list: readonly Placed[]): Placed[] {
  return list.flatMap((one) => [one, ...everyLayer(one.inner)]);
}

/** What a tensor of the layer at `path` is called outside, and its shape there. */
export const named = (path: string, { field, role, rows, cols }: Shape): Named => ({
  name: `${path}.${field}`,
  shape: role === "weight" ? [cols, rows] : [cols],
});

/** Width of the outputs of a net. */
export function widthOf(layers: readonly LayerSpec[], input: number): number {
  return place(layers, input).at(-1)?.width ?? input;
}

/** Whether any of the layers, or of those in blocks, is such. */
export function some(layers: readonly LayerSpec[], is: (layer: LayerSpec) => boolean): boolean {
  return layers.some((layer) => is(layer) || (layer.kind === "residual" && some(layer.layers, is)));
}

/** Whether it is kept as it is. */
export function isFrozen(spec: LayerSpec): boolean {
  return "frozen" in spec && spec.frozen === true;
}

/** Whether a layer has parameters, and whether they are trained; of a block, its layers tell. */
export function hasParameters(spec: LayerSpec): boolean {
  return contents(spec, 1, undefined).shapes.some(({ role }) => role !== undefined);
}
export function isTrained(spec: LayerSpec): boolean {
  return hasParameters(spec) && !isFrozen(spec);
}

/** The last layer that does something in evaluation too. */
export function lastLayer(layers: readonly LayerSpec[]): LayerSpec | undefined {
  return layers.findLast(({ kind }) => kind !== "dropout");
}

/** All that layers hold, declared in a plan. */
export interface Declared {
  /** all parameters; the gradients and slots of the first of them, which are trained */
  readonly params: Tensor;
  readonly trained: Tensor;
  readonly grads: Tensor;
  readonly slots: readonly Tensor[];
  readonly buffers: Tensor;
  readonly snapshot: Tensor;
  /** in the order of layers */
  readonly list: readonly Param[];
  /** the same with running statistics: PyTorch's state dict */
  readonly stored: readonly Stored[];
  /** by the path of its layer */
  readonly holdings: ReadonlyMap<string, Holding>;
}

/**
 * One flat run for all parameters, one for the gradients of those that are trained and one for each of the optimiser's
 * slots, one for running statistics. Of the parameters that are trained, matrices come before vectors, so that an
 * optimiser that treats these apart needs two records; frozen ones are behind them. The lists are in the order of layers.
 */
export function declareParams(plan: Plan, placed: readonly Placed[], slotCount: number): Declared {
  const wanted = everyLayer(placed).flatMap((one) =>
    one.shapes.map((shape) => ({ ...shape, path: one.path, frozen: isFrozen(one.spec) })),
  );
  const sizeOf = ({ rows, cols }: Shape): number => rows * leadingDimension(cols);
  type Wanted = (typeof wanted)[number];
  const groups: readonly ((one: Wanted) => boolean)[] = [
    ({ role, frozen }) => role === "weight" && !frozen,
    ({ role, frozen }) => role !== undefined && role !== "weight" && !frozen,
    ({ role, frozen }) => role !== undefined && frozen,
    ({ role }) => role === undefined,
  ];
  const sizes = groups.map((is) => wanted.filter(is).reduce((sum, one) => sum + sizeOf(one), 0));
  const [matrices, vectors, frozen, statistics] = sizes as [number, number, number, number];
  const flat = (
    region: "params" | "slots" | "buffers" | "snapshot" | "grads",
    name: string,
    length: number,
  ) => plan.tensor(region, name, 1, length, { given: true });
  const trainedLength = matrices + vectors;
  const params = flat("params", "params", trainedLength + frozen);
  const trained = frozen === 0 ? params : plan.view(params, "params", 0, 1, trainedLength, trainedLength);
  const slots = Array.from({ length: slotCount }, (_, i) => flat("slots", `slot ${i}`, trainedLength));
  const buffers = flat("buffers", "buffers", statistics);
  const snapshot = flat("snapshot", "snapshot", params.cols + slotCount * trainedLength + statistics);
  const grads = flat("grads", "grads", trainedLength);

  // statistics begin anew, in a run of their own
  const ends = [0, matrices, trainedLength, 0];
  const list: Param[] = [];
  const stored: Stored[] = [];
  const holdings = new Map<string, { values: Holding["values"]; gradients: Holding["gradients"] }>();
  for (const one of wanted) {
    const { path, field, role, rows, cols, init } = one;
    const group = groups.findIndex((is) => is(one));
    const at = ends[group] as number;
    const length = sizeOf(one);
    ends[group] = at + length;
    const { name, shape } = named(path, one);
    const ld = leadingDimension(cols);
    const tensor = plan.view(role === undefined ? buffers : params, name, 4 * at, rows, cols, ld);
    const holding = holdings.get(path) ?? { values: {}, gradients: {} };
    holding.values = { ...holding.values, [field]: tensor };
    if (role === undefined) stored.push({ name, tensor, shape, init });
    else {
      const param: Param = { name, tensor, shape, init, role, frozen: one.frozen, at, length };
      list.push(param);
      stored.push(param);
      if (!one.frozen) {
        const gradient = plan.view(grads, `d${name}`, 4 * at, rows, cols, ld);
        holding.gradients = { ...holding.gradients, [field]: gradient };
      }
    }
    holdings.set(path, holding);
  }
  return { params, trained, grads, slots, buffers, snapshot, list, stored, holdings };
}
