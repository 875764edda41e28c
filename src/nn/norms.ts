// The layers that do something else in training than in evaluation, or have vectors of parameters, or are made of layers, as a
// user writes them, each with what its kind is made of. lower-norms.ts makes records of them.

import { XentError } from "../base/errors.ts";
import { checkNames, flag, fraction, positive, show, within } from "../base/options.ts";
import { PARTS } from "../base/parts.ts";
import type { LayerSpec } from "../base/spec.ts";
import { checkLayer } from "./layer.ts";
import * as lower from "./lower-norms.ts";
import { holds, type Shape, vector } from "./params.ts";
import type { LayerParts, Of } from "./parts.ts";

type Layer<K extends LayerSpec["kind"]> = LayerParts<Of<LayerSpec, K>>;

/**
 * Dropout: while training, y = x / (1 − p) with probability 1 − p, else 0, each element for itself; in evaluation y = x.
 *
 * Which elements are kept depends on the model's seed, the layer's place, how many batches the model was trained on, and the
 * element's row in the batch and column: on any machine, with any number of threads, the same ones.
 *
 * Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout", JMLR 15, 2014; the generator is Threefry-2x32
 * with 13 rounds (Salmon et al., SC 2011).
 * @param p  share that is dropped, at least 0 and below 1; usual are 0.1 to 0.5
 * @throws {XentError} `OPTION`
 * @category Layers
 * @example
 * ```ts
 * import { dense, dropout, init, ones, relu } from "xent";
 * const xent = await init();
 * const layers = [dense(8, { init: ones() }), relu(), dropout(0.5), dense(1, { init: ones() })];
 * const model = xent.sequential({ input: 2 }, layers);
 * model.logits([[1, 2]]); // → [24]
 * ```
 */
export function dropout(p: number): LayerSpec {
  return { kind: "dropout", p: fraction("dropout: p", p), [PARTS]: DROPOUT };
}

export const DROPOUT: Layer<"dropout"> = {
  of: "layer",
  make: ({ p }: { p: number }) => dropout(p),
  lowering: lower.dropout,
};

/**
 * Batch normalisation of every column: y = γ·(x − μ) / √(σ² + ε) + β. While training, μ and σ² are mean and variance of the
 * column over the rows of the batch, of which there have to be at least two; in evaluation they are running ones, which each
 * training step moves: running ← (1 − momentum)·running + momentum·batch, the variance with rows − 1 in its denominator.
 *
 * γ starts as 1 and β as 0, running mean and variance as 0 and 1. In a state dict they are `weight`, `bias`, `running_mean` and
 * `running_var`, as in PyTorch's `BatchNorm1d`. Rows count alike, whatever their weights. {@link frozen}, it uses its running
 * statistics in training too, and keeps them, as in Keras.
 *
 * Source: Ioffe, Szegedy, "Batch normalization", ICML 2015.
 * @param options.eps       above 0, default 1e-5
 * @param options.momentum  from 0 to 1, default 0.1
 * @param options.affine    whether there are γ and β; default true
 * @throws {XentError} `OPTION`
 * @category Layers
 * @example
 * ```ts
 * import { batchNorm1d, dense, init, mse, ones, sgd } from "xent";
 * const xent = await init();
 * const layers = [dense(1, { bias: false, init: ones() }), batchNorm1d({ momentum: 0.5 })];
 * const model = xent.sequential({ input: 1, loss: mse(), optimizer: sgd({ lr: 0.1 }) }, layers);
 * await model.trainOnBatch([[2], [6]], [0.5, 1.5]); // the mean of this batch is 4
 * model.stateDict()["1.running_mean"].data; // → [2]
 * ```
 */
export function batchNorm1d(options: { eps?: number; momentum?: number; affine?: boolean } = {}): LayerSpec {
  checkNames("batchNorm1d", options, ["eps", "momentum", "affine"]);
  const { eps = 1e-5, momentum = 0.1, affine = true } = options;
  return {
    kind: "batchNorm1d",
    eps: positive("batchNorm1d: eps", eps),
    momentum: within("batchNorm1d: momentum", momentum, 0, 1),
    affine: flag("batchNorm1d: affine", affine),
    [PARTS]: BATCH_NORM_1D,
  };
}

export const BATCH_NORM_1D: Layer<"batchNorm1d"> = {
  of: "layer",
  make: batchNorm1d,
  contents: (spec, width) =>
    holds(
      width,
      ...affine(spec.affine, width),
      vector("running_mean", undefined, width, 0),
      vector("running_var", undefined, width, 1),
    ),
  lowering: lower.batchNorm1d,
};

const affine = (wanted: boolean, width: number): Shape[] =>
  wanted ? [vector("weight", "norm", width, 1), vector("bias", "norm", width, 0)] : [];

/**
 * Layer normalisation of every row: y = γ·(x − μ) / √(σ² + ε) + β, μ and σ² being mean and variance of the row; alike in training
 * and evaluation. γ and β have one number a column and start as 1 and 0, PyTorch's `weight` and `bias`.
 *
 * Source: Ba, Kiros, Hinton, "Layer normalization", 2016.
 * @param options.eps     above 0, default 1e-5
 * @param options.affine  whether there are γ and β; default true
 * @throws {XentError} `OPTION`
 * @category Layers
 * @example
 * ```ts
 * import { dense, init, layerNorm } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 2 }, [layerNorm(), dense(1)]);
 * const [normed] = model.activations([[1, 3], [10, 30]]);
 * Array.from(normed.data, (v) => v.toFixed(2)); // → ["-1.00", "1.00", "-1.00", "1.00"]
 * ```
 */
export function layerNorm(options: { eps?: number; affine?: boolean } = {}): LayerSpec {
  checkNames("layerNorm", options, ["eps", "affine"]);
  const { eps = 1e-5, affine = true } = options;
  return {
    kind: "layerNorm",
    eps: positive("layerNorm: eps", eps),
    affine: flag("layerNorm: affine", affine),
    [PARTS]: LAYER_NORM,
  };
}

export const LAYER_NORM: Layer<"layerNorm"> = {
  of: "layer",
  make: layerNorm,
  contents: (spec, width) => holds(width, ...affine(spec.affine, width)),
  lowering: lower.layerNorm,
};

/**
 * y = x above 0, a·x below, elementwise, with a slope a that is trained: PyTorch's `PReLU`.
 *
 * Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015.
 * @param options.init    what slopes start as, default 0.25
 * @param options.shared  one slope for all columns (default), or with `false` one for each
 * @throws {XentError} `OPTION`
 * @category Activations
 * @example
 * ```ts
 * import { dense, init, ones, prelu } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 1 }, [dense(1, { bias: false, init: ones() }), prelu({ init: 0.5 })]);
 * model.logits([[-4], [4]]); // → [-2, 4]
 * ```
 */
export function prelu(options: { init?: number; shared?: boolean } = {}): LayerSpec {
  checkNames("prelu", options, ["init", "shared"]);
  const { init = 0.25, shared = true } = options;
  if (typeof init !== "number" || !Number.isFinite(Math.fround(init))) {
    throw new XentError("OPTION", `prelu: init is ${show(init)}, expected a finite number`, "0.25 is usual.");
  }
  return { kind: "prelu", init, shared: flag("prelu: shared", shared), [PARTS]: PRELU };
}

export const PRELU: Layer<"prelu"> = {
  of: "layer",
  make: prelu,
  contents: ({ init, shared }, width) => holds(width, vector("weight", "slope", shared ? 1 : width, init)),
  lowering: lower.prelu,
};

/**
 * A residual block: y = x + f(x), f being the layers one after another, which have to give as many numbers a row as they take.
 * Its parameters are named as in PyTorch, where the block is a `Sequential` of its own: `"3.0.weight"`.
 *
 * Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR 2016.
 * @param layers  at least one; they may be blocks again, 16 of them in each other at most
 * @throws {XentError} `OPTION`; another width comes out than goes in: when the model is made
 * @category Layers
 * @example
 * ```ts
 * import { dense, init, relu, residual, zeros } from "xent";
 * const xent = await init();
 * // a block whose last layer is 0 at first gives what it takes
 * const block = residual([dense(16), relu(), dense(2, { init: zeros() })]);
 * const model = xent.sequential({ input: 2 }, [block]);
 * model.logits([[1, 2]]); // → [1, 2]
 * Object.keys(model.stateDict()); // → ["0.0.weight", "0.0.bias", "0.2.weight", "0.2.bias"]
 * ```
 */
export function residual(layers: readonly LayerSpec[]): LayerSpec {
  if (!(Array.isArray(layers) && layers.length > 0)) {
    throw new XentError(
      "OPTION",
      `residual: layers are ${show(layers)}, expected an array of at least one`,
      "Pass an array such as [dense(64), relu(), dense(64)].",
    );
  }
  if (!isShallow(layers, DEEPEST - 1)) {
    const problem = `residual: more than ${DEEPEST} blocks stand in each other`;
    throw new XentError("OPTION", problem, "Put them one after another.");
  }
  return { kind: "residual", layers: [...layers], [PARTS]: RESIDUAL };
}

/** Blocks in blocks, each of which takes a frame of the stack: far more than nets have, and such that files can hold them. */
const DEEPEST = 16;

function isShallow(layers: readonly LayerSpec[], blocks: number): boolean {
  return layers.every((layer) => {
    const { layers: inner } = Object(layer) as { layers?: unknown };
    return !Array.isArray(inner) || (blocks > 0 && isShallow(inner, blocks - 1));
  });
}

export const RESIDUAL: Layer<"residual"> = {
  of: "layer",
  make({ layers }: { layers: readonly LayerSpec[] }, where) {
    residual(layers);
    return residual(layers.map((layer, i) => checkLayer(`${where}.layers[${i}]`, layer)));
  },
  contents: ({ layers }, width) => ({ width, shapes: [], inner: layers }),
  lowering: lower.residual,
};
