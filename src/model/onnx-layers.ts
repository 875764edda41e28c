// What every kind of layer, and what `predict` adds to the last, becomes in ONNX's operators, in evaluation. What stands before
// and behind the layers, and the file, is onnx.ts.

import type { LayerSpec, Link } from "../base/spec.ts";
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "../io/onnx.ts";
import type { Placed } from "../nn/params.ts";
import type { Of } from "../nn/parts.ts";

/** Nodes and constants while they are being collected. A value goes by the name of the node that gives it. */
export class Draft {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];

  /** Adds a node; returns its value. */
  node(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    this.nodes.push({ op, name, inputs, output: name, attributes });
    return name;
  }

  /** Adds numbers, in f32 for a single one; returns their value. */
  constant(name: string, data: number | Float32Array | Float64Array): string {
    const single = typeof data === "number";
    this.constants.push(
      single ? { name, shape: [], data: Float32Array.of(data) } : { name, shape: [data.length], data },
    );
    return name;
  }
}

/** Where a layer stands. */
interface Place extends Placed {
  /** "0.dense": of its last node; those before it and its constants have more behind it */
  readonly name: string;
}

/** Adds a layer's nodes for the value x; returns what it gives. Parameters are there, by their names in a state dict. */
type Emit<S extends LayerSpec> = (draft: Draft, x: string, place: Place, spec: S) => string;

/** By kind; one that is missing does not compile. */
const LAYERS: { readonly [K in LayerSpec["kind"]]: Emit<Of<LayerSpec, K>> } = {
  // weights are [out, in] in a state dict
  dense: (draft, x, { name, path }, { bias }) =>
    draft.node("Gemm", name, [x, `${path}.weight`, ...(bias === false ? [] : [`${path}.bias`])], {
      transB: { int: 1 },
    }),
  relu: (draft, x, { name }) => draft.node("Relu", name, [x]),
  sigmoid: (draft, x, { name }) => draft.node("Sigmoid", name, [x]),
  tanh: (draft, x, { name }) => draft.node("Tanh", name, [x]),
  leakyRelu: (draft, x, { name }, { negativeSlope }) =>
    draft.node("LeakyRelu", name, [x], { alpha: { float: negativeSlope } }),
  elu: (draft, x, { name }, { alpha }) => draft.node("Elu", name, [x], { alpha: { float: alpha } }),
  gelu: (draft, x, { name }, { approximate }) => {
    const inner = approximate === "tanh" ? geluTanh(draft, x, name) : geluErf(draft, x, name);
    // x·(½·(1 + inner)): in this order nothing leaves f32 but where the result does
    const one = draft.node("Add", `${name}.add`, [inner, draft.constant(`${name}.one`, 1)]);
    const share = draft.node("Mul", `${name}.share`, [one, draft.constant(`${name}.half`, 0.5)]);
    return draft.node("Mul", name, [x, share]);
  },
  silu: (draft, x, { name }) => draft.node("Mul", name, [x, draft.node("Sigmoid", `${name}.sigmoid`, [x])]),
  softplus: (draft, x, { name }, { beta }) => {
    if (beta === 1) return draft.node("Softplus", name, [x]);
    const scale = draft.constant(`${name}.beta`, beta);
    const scaled = draft.node("Mul", `${name}.scaled`, [x, scale]);
    return draft.node("Div", name, [draft.node("Softplus", `${name}.softplus`, [scaled]), scale]);
  },
  softmax: (draft, x, { name }) => softmax(draft, x, name),
  dropout: (_, x) => x,
  batchNorm1d: (draft, x, { name, path, width }, { affine, eps }) => {
    const [scale, shift] = affine
      ? [`${path}.weight`, `${path}.bias`]
      : [ones(draft, name, width), draft.constant(`${name}.bias`, new Float32Array(width))];
    const inputs = [x, scale, shift, `${path}.running_mean`, `${path}.running_var`];
    return draft.node("BatchNormalization", name, inputs, { epsilon: { float: eps } });
  },
  layerNorm: (draft, x, { name, path, width }, { affine, eps }) => {
    const parameters = affine ? [`${path}.weight`, `${path}.bias`] : [ones(draft, name, width)];
    const attributes = { axis: { int: 1 }, epsilon: { float: eps } };
    return draft.node("LayerNormalization", name, [x, ...parameters], attributes);
  },
  prelu: (draft, x, { name, path }) => draft.node("PRelu", name, [x, `${path}.weight`]),
  residual: (draft, x, { name, inner }) => draft.node("Add", name, [x, emitLayers(draft, x, inner)]),
};

/** By what the loss makes of the outputs. */
export const LINKS: { readonly [K in Link]: (draft: Draft, logits: string) => string } = {
  none: (_, logits) => logits,
  softmax: (draft, logits) => softmax(draft, logits, "link.softmax"),
  sigmoid: (draft, logits) => draft.node("Sigmoid", "link.sigmoid", [logits]),
};

/** Adds the nodes of layers one after another for the value x; returns what the last gives. */
export function emitLayers(draft: Draft, x: string, layers: readonly Placed[]): string {
  return layers.reduce((value, placed) => {
    const { spec, path } = placed;
    const emit = LAYERS[spec.kind] as Emit<LayerSpec>;
    return emit(draft, value, { ...placed, name: `${path}.${spec.kind}` }, spec);
  }, x);
}

function softmax(draft: Draft, x: string, name: string): string {
  return draft.node("Softmax", name, [x], { axis: { int: 1 } });
}

/** erf(x/√2) */
function geluErf(draft: Draft, x: string, name: string): string {
  const root = draft.constant(`${name}.root2`, Math.SQRT2);
  return draft.node("Erf", `${name}.erf`, [draft.node("Div", `${name}.div`, [x, root])]);
}

/** tanh(x·(√(2/π) + √(2/π)·0.044715·x²)) */
function geluTanh(draft: Draft, x: string, name: string): string {
  const factor = Math.sqrt(2 / Math.PI);
  const square = draft.node("Mul", `${name}.square`, [x, x]);
  const cubic = draft.constant(`${name}.cubic`, factor * 0.044715);
  const linear = draft.constant(`${name}.linear`, factor);
  const slope = draft.node("Add", `${name}.slope`, [
    draft.node("Mul", `${name}.scaled`, [square, cubic]),
    linear,
  ]);
  return draft.node("Tanh", `${name}.tanh`, [draft.node("Mul", `${name}.argument`, [x, slope])]);
}

function ones(draft: Draft, name: string, width: number): string {
  return draft.constant(`${name}.weight`, new Float32Array(width).fill(1));
}
