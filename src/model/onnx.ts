// `exportOnnx`: a model as an ONNX file. Features before the layers, the link and the targets' own units behind them, and what the
// file tells of the model; what layers become is onnx-layers.ts, and how the file is written io/onnx.ts.

import { XentError } from "../base/errors.ts";
import { checkNames, flag, oneOf, show } from "../base/options.ts";
import type { Link, NumberColumn, PreprocessingSpec, Scaling } from "../base/spec.ts";
import { encodeOnnx, type OnnxMatrix, type OnnxNode, TYPES } from "../io/onnx.ts";
import { place } from "../nn/params.ts";
import { partsOfLoss } from "../nn/parts.ts";
import { exportable } from "./exportable.ts";
import { Draft, emitLayers, LINKS } from "./onnx-layers.ts";
import { networkOf, type Sequential } from "./sequential.ts";

/** Options of {@link exportOnnx}. */
export interface OnnxOptions {
  /**
   * false (default): the output is what `logits` gives, and called `logits`. true: it is what `predict` gives, called
   * `probabilities` behind a softmax or sigmoid and else `output`; targets that were scaled for training are scaled back.
   */
  link?: boolean;
  /** type of the input: `"f32"` (default) or `"u8"`, bytes that become numbers by the scale and shift of the model's data */
  input?: "f32" | "u8";
  /**
   * true: the input is raw rows, the columns of the model's preprocessing in their order, all of numbers; a missing value is
   * NaN. false (default): it is features, as the model has them.
   */
  preprocessing?: boolean;
  /** of the graph; default `"xent"` */
  name?: string;
}

const INPUT = "input";

/**
 * A model as a file in the ONNX format, for ONNX Runtime and whatever else reads it: opset 17, of the time of evaluation. The input
 * `input` is `[N, columns]`, the output `[N, outputs]`, N any number of rows. Parameters have their names of `stateDict`, nodes
 * those of their layers (`"0.dense"`). The file's metadata tell the `loss` and its `link`, and in JSON the `classes` and the
 * `preprocessing`, where they are known. The same model and options give the same bytes.
 *
 * Other runtimes add up in another order and have their own exp, so that results differ by rounding.
 *
 * A model of `hosted` has its weights in a worker: `await xent.load(await model.save())`, with the runtime of `init`, gives one
 * that has them here.
 *
 * @throws {XentError}
 * - `OPTION` an option's name or value, no model, or a hosted one; `NO_LOSS` link is true and no loss is known
 * - `PREPROCESSING` preprocessing is true and the model has none; `EXPORT` a column of it holds categories, or the file would be
 *   over 2 GiB, where its format ends
 * - `DISPOSED`, `WORKER_LOST`, `MEMORY`
 * @category Export
 * @example
 * ```ts
 * import { crossEntropy, dense, init, relu } from "xent";
 * import { writeFileAtomic } from "xent/node";
 * import { exportOnnx } from "xent/onnx";
 * const xent = await init();
 * const model = xent.sequential({ input: 4, loss: crossEntropy() }, [dense(8), relu(), dense(3)]);
 * const bytes = exportOnnx(model, { link: true });
 * await writeFileAtomic("iris.onnx", bytes);
 * new TextDecoder().decode(bytes).includes("probabilities"); // → true
 * ```
 */
export function exportOnnx(model: Sequential, options: OnnxOptions = {}): Uint8Array {
  const network = networkOf(exportable("exportOnnx", model));
  checkNames("exportOnnx", options, ["link", "input", "preprocessing", "name"]);
  const link = flag("exportOnnx: link", options.link ?? false);
  const type = oneOf("exportOnnx: input", options.input ?? "f32", ["f32", "u8"]);
  const raw = flag("exportOnnx: preprocessing", options.preprocessing ?? false);
  const name = checkName(options.name ?? "xent");
  network.check("exportOnnx");
  const { preprocessing } = model;
  const known = network.loss && partsOfLoss(network.loss).link(network.loss);
  if (link && known === undefined) {
    throw new XentError(
      "NO_LOSS",
      "exportOnnx: link is true, and no loss is known, which says what the outputs mean",
      "Pass one to sequential or fit, or leave link out: the output then is the logits.",
    );
  }
  const columns = raw ? numbersOf(preprocessing?.spec, type) : undefined;

  const draft = new Draft();
  for (const [key, { shape, data }] of Object.entries(network.state())) {
    draft.constants.push({ name: key, shape, data });
  }
  let y: string = INPUT;
  if (columns !== undefined) y = prepare(draft, y, columns);
  else if (type === "u8") y = scale(draft, y, network.scaling);
  y = emitLayers(draft, y, place(network.layers, network.input));
  const output: OnnxMatrix = {
    name: !link ? "logits" : known === "none" ? "output" : "probabilities",
    type: "f32",
    columns: network.outputs,
  };
  if (link) {
    y = LINKS[known as Link](draft, y);
    const target = preprocessing?.spec.target;
    if (target?.kind === "numbers") y = restore(draft, y, target.columns);
  }

  const { classes } = model;
  return encodeOnnx("exportOnnx", {
    name,
    input: { name: INPUT, type, columns: columns?.length ?? network.input },
    output,
    nodes: named(draft.nodes, y, output.name),
    constants: draft.constants,
    metadata: [
      ...told("loss", network.loss?.kind),
      ...told("link", known),
      ...told("classes", classes && JSON.stringify(classes)),
      ...told("preprocessing", preprocessing && JSON.stringify(preprocessing.spec)),
    ],
  });
}

/** x·scale + shift, of bytes. */
function scale(draft: Draft, x: string, { scale, shift }: Scaling): string {
  const values = draft.node("Cast", "input.cast", [x], { to: { int: TYPES.f32 } });
  const scaled = draft.node("Mul", "input.scaled", [values, draft.constant("input.scale", scale)]);
  return draft.node("Add", "input.shifted", [scaled, draft.constant("input.shift", shift)]);
}

/**
 * (x − center)·scale + offset of raw columns, NaN replaced first. In f64, as the preprocessing itself does it: in f32, the distance
 * of a number from its column's mean would be lost where that is large.
 */
function prepare(draft: Draft, x: string, columns: readonly NumberColumn[]): string {
  const each = vectors(draft, "preprocessing", columns);
  let y = draft.node("Cast", "preprocessing.cast", [x], { to: { int: TYPES.f64 } });
  if (columns.some(({ fill }) => fill !== undefined)) {
    const missing = draft.node("IsNaN", "preprocessing.missing", [y]);
    // NaN stays where there is nothing to take its place
    const fill = each("fill", ({ fill = Number.NaN }) => fill);
    y = draft.node("Where", "preprocessing.filled", [missing, fill, y]);
  }
  y = draft.node("Sub", "preprocessing.centered", [y, each("center", ({ center }) => center)]);
  y = draft.node("Mul", "preprocessing.scaled", [y, each("scale", ({ scale }) => scale)]);
  y = draft.node("Add", "preprocessing.shifted", [y, each("offset", ({ offset }) => offset)]);
  return draft.node("Cast", "preprocessing.features", [y], { to: { int: TYPES.f32 } });
}

/** (y − offset)/scale + center: targets in their own units, the way back of `prepare`. */
function restore(draft: Draft, y: string, columns: readonly NumberColumn[]): string {
  const each = vectors(draft, "target", columns);
  let value = draft.node("Cast", "target.cast", [y], { to: { int: TYPES.f64 } });
  value = draft.node("Sub", "target.unshifted", [value, each("offset", ({ offset }) => offset)]);
  value = draft.node("Div", "target.unscaled", [value, each("scale", ({ scale }) => scale)]);
  value = draft.node("Add", "target.uncentered", [value, each("center", ({ center }) => center)]);
  return draft.node("Cast", "target.value", [value], { to: { int: TYPES.f32 } });
}

/** Makes constants in f64 of what columns have, one a column. */
function vectors(draft: Draft, name: string, columns: readonly NumberColumn[]) {
  return (of: string, value: (column: NumberColumn) => number): string =>
    draft.constant(`${name}.${of}`, Float64Array.from(columns, value));
}

/** The nodes with the last value, which no other node takes, renamed to what the file promises. A model has a layer of some node. */
function named(nodes: readonly OnnxNode[], last: string, name: string): OnnxNode[] {
  return nodes.map((node) => (node.output === last ? { ...node, output: name } : node));
}

function told(key: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[key, value]];
}

/** The columns of a preprocessing, all of numbers. */
function numbersOf(spec: PreprocessingSpec | undefined, type: "f32" | "u8"): readonly NumberColumn[] {
  if (spec === undefined) {
    throw new XentError(
      "PREPROCESSING",
      "exportOnnx: preprocessing is true, and the model was trained without one",
      "Leave it out: the input then is the features.",
    );
  }
  if (type === "u8") {
    throw new XentError(
      "OPTION",
      'exportOnnx: preprocessing is true and input is "u8", and bytes have a scale of their own',
      "Leave one of the two out.",
    );
  }
  return spec.columns.map((column) => {
    if (column.kind === "number") return column;
    throw new XentError(
      "EXPORT",
      `exportOnnx: column ${show(column.name)} holds categories, and the input is a matrix of numbers`,
      "Leave preprocessing out, and put in features: what transform() of the model's preprocessing gives for raw rows, or your own from the metadata's preprocessing.",
    );
  });
}

function checkName(name: unknown): string {
  if (typeof name === "string" && name !== "") return name;
  const problem = `exportOnnx: name is ${show(name)}, expected a text`;
  throw new XentError("OPTION", problem, "Leave it out, or pass one: it names the graph.");
}
