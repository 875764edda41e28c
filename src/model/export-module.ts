// `exportModule`: the text of a JavaScript module that predicts as a model does. What the module does with layers is module-layers.ts,
// what it does with rows module-rows.ts; here they are put together with the numbers of the model.

import { XentError } from "../base/errors.ts";
import type { Link, StateDict } from "../base/spec.ts";
import { cut, linkOf } from "../nn/criterion.ts";
import type { Network } from "../nn/network.ts";
import { everyLayer, lastLayer, place } from "../nn/params.ts";
import { exportable } from "./exportable.ts";
import { emitLayers, HELPERS, type Helper, LINKS } from "./module-layers.ts";
import { plainRows, rawRows, restored } from "./module-rows.ts";
import { base64Lines, type Constants, literal } from "./module-text.ts";
import { networkOf, type Sequential } from "./sequential.ts";

/** In base64 they are 4/3 as long, and V8's longest string has 2²⁹ − 24 characters. */
const MOST_BYTES = 256 * 2 ** 20;

/**
 * The text of one JavaScript module that predicts as the model does now: its weights, and a few KB of code for the layers that it
 * has. The module imports nothing, reads and fetches nothing and makes no code from text, so that it runs wherever modules do: pages
 * under a strict Content-Security-Policy, workers, Node, Deno, Bun, edge functions. {@link moduleTypes} describes its exports to
 * TypeScript:
 *
 * - `predict(rows)`, `predictClass(rows)` and `logits(rows)`, as the model's own; `predict` throws where no loss is known
 * - `input`, `outputs` and `classes`, as the model's own; `columns`, the names of the columns of raw rows, where there are some
 *
 * Rows are what the model's `predict` takes, but for tables: where the model was trained with a preprocessing they are raw (objects
 * by column name, arrays in the order of the columns, or flat numbers where all columns are numbers), and what is missing or
 * unknown is treated by its rules. What cannot be read is an `Error` that names row and column.
 *
 * Layers give f32. Dense layers round as the kernels of the model's own runtime do, so that they give its bits; in the others, and in
 * the link, the module works in f64 with the functions of `Math`. Outputs differ from the model's by some units in the last place.
 *
 * The same model, in a runtime of the same build, gives the same text. Class and column names get into it as string literals
 * alone; dropout and what belongs to training do not.
 *
 * @throws {XentError} `OPTION` it is no model of this thread; `DISPOSED`; `TOO_LARGE` over 256 MiB of weights; `WORKER_LOST`
 * @category Export
 * @example
 * ```ts
 * import { dense, init, ones } from "xent";
 * import { exportModule } from "xent/module";
 * const xent = await init();
 * const text = exportModule(xent.sequential({ input: 3 }, [dense(1, { init: ones() })]));
 * // a file, or here an address
 * const net = await import(`data:text/javascript,${encodeURIComponent(text)}`);
 * net.logits([[1, 2, 3]]); // → [6]
 * ```
 */
export function exportModule(model: Sequential): string {
  const network = networkOf(exportable("exportModule", model));
  network.check("exportModule");
  const placed = place(network.layers, network.input);
  checkSize(everyLayer(placed).flatMap(({ shapes }) => shapes.map(({ rows, cols }) => 4 * rows * cols)));
  const { preprocessing } = model;
  const spec = preprocessing?.spec;
  const numbers = new Numbers(network.state());
  const { lines, helpers } = emitLayers(placed, numbers);
  const link = network.loss === undefined ? undefined : LINKS[linkOf(network.loss)];
  const used = new Set<Helper>([...helpers, ...(link?.helpers ?? [])]);
  const target = spec?.target?.kind === "numbers" ? spec.target.columns : undefined;
  const parts = [
    header(model, network.loss && linkOf(network.loss)),
    spec === undefined ? plainRows.types : rawRows.types,
    facts(
      model,
      spec?.columns.map(({ name }) => name),
      preprocessing?.classes,
    ),
    calls(network, link?.code, target !== undefined),
    `/** @param {Float32Array} x @returns {Float32Array} */\nfunction forward(x) {\n${lines.map((line) => `  ${line}\n`).join("")}  return x;\n}`,
    spec === undefined ? plainRows.code(network.scaling) : rawRows.code(spec.columns),
    ...(target === undefined ? [] : [restored(target)]),
    ...Object.entries(HELPERS(ROUNDING_TWICE.includes(network.build)))
      .filter(([name]) => used.has(name as Helper))
      .map(([, code]) => code),
    ...numbers.text(),
  ];
  return `${parts.map((part) => part.trim()).join("\n\n")}\n`;
}

/** Builds whose multiply-adds are two operations; others fuse them. */
const ROUNDING_TWICE = ["simd", "debug"];

function checkSize(bytes: readonly number[]): void {
  const all = bytes.reduce((sum, each) => sum + each, 0);
  if (all <= MOST_BYTES) return;
  throw new XentError(
    "TOO_LARGE",
    `exportModule: the weights have ${Math.ceil(all / 2 ** 20)} MiB, expected at most ${MOST_BYTES / 2 ** 20}, as text in base64`,
    "Keep the weights in a file of their own: model.save().",
  );
}

/** The numbers of a model, collected in the order of their use. */
class Numbers implements Constants {
  readonly #state: StateDict;
  readonly #list: { name: string; data: Float32Array }[] = [];

  constructor(state: StateDict) {
    this.#state = state;
  }

  read(name: string): Float32Array | undefined {
    return this.#state[name]?.data;
  }

  add(name: string, data: Float32Array): string {
    this.#list.push({ name, data });
    return name;
  }

  /** Last in the module: nothing uses them before a call, and what a person reads comes first. */
  text(): string[] {
    if (this.#list.length === 0) return [];
    let at = 0;
    const names = this.#list.map(({ name, data }) => {
      const from = at;
      at += data.length;
      return `const ${name} = numbers.subarray(${from}, ${at});\n`;
    });
    const lines = base64Lines(this.#list.map(({ data }) => data));
    return [DECODE, `const numbers = decode(\`\n${lines}\n\`);\n${names.join("")}`];
  }
}

const DECODE = `
/**
 * f32, little-endian, in base64.
 *
 * @param {string} base64
 */
function decode(base64) {
  const text = atob(base64);
  const view = new DataView(new ArrayBuffer(text.length));
  for (let i = 0; i < text.length; i++) view.setUint8(i, text.charCodeAt(i));
  const list = new Float32Array(text.length / 4);
  for (let i = 0; i < list.length; i++) list[i] = view.getFloat32(4 * i, true);
  return list;
}
`;

const GIVES: { readonly [K in Link]: string } = {
  none: "the outputs",
  softmax: "probabilities of the classes",
  sigmoid: "a probability for each output",
};

function header({ input, outputs }: Sequential, link: Link | undefined): string {
  const predict =
    link === undefined
      ? ""
      : `\n//   predict(rows);       // Float32Array [rows · ${outputs}]: ${GIVES[link]}`;
  return `
// A neural net that xent has made a module of, for inference: ${input} numbers in, ${outputs} out. It imports nothing.
//
//   import * as net from "./this-file.js";${predict.replace("predict(", "net.predict(")}
//   net.predictClass(rows);  // Int32Array [rows]
//   net.logits(rows);        // Float32Array [rows · ${outputs}]`;
}

function facts(
  { input, outputs, classes }: Sequential,
  columns: readonly string[] | undefined,
  known: readonly string[] | undefined,
): string {
  return `
/** Features of a row. */
export const input = ${input};
/** Numbers that a row gives. */
export const outputs = ${outputs};
/** @type {readonly string[] | undefined} names of the classes by their ids */
export const classes = ${literal(classes ?? known)};
/** @type {readonly string[] | undefined} names of the columns of raw rows */
export const columns = ${literal(columns)};`;
}

/** What is exported, of the link's code, `z` being the logits of a row. */
function calls(network: Network, link: string | undefined, restores: boolean): string {
  const { outputs, layers } = network;
  const linked = `run("predict", rows, (z) => ${link})`;
  const predict =
    link === undefined
      ? `throw new Error("predict: the model had no loss, which says what outputs mean; use logits()");`
      : `return ${restores ? `restore(${linked})` : linked};`;
  const ids =
    outputs === 1
      ? `return Int32Array.from(z, (v) => (v > ${cut(lastLayer(layers))} ? 1 : 0));`
      : `return Int32Array.from({ length: z.length / outputs }, (_, i) => {
    let best = 0;
    for (let j = 1; j < outputs; j++) if (z[i * outputs + j] > z[i * outputs + best]) best = j;
    return best;
  });`;
  return `
/**
 * What the model's loss makes of its outputs, row after row.
 *
 * @param {Rows} rows
 * @returns {Float32Array}
 */
export function predict(rows) {
  ${predict}
}

/**
 * The class of each row.
 *
 * @param {Rows} rows
 * @returns {Int32Array}
 */
export function predictClass(rows) {
  const z = run("predictClass", rows, (z) => z);
  ${ids}
}

/**
 * The outputs of the last layer, row after row.
 *
 * @param {Rows} rows
 * @returns {Float32Array}
 */
export function logits(rows) {
  return run("logits", rows, (z) => z);
}

/**
 * @param {string} where
 * @param {Rows} rows
 * @param {(z: Float32Array) => Float32Array} link
 */
function run(where, rows, link) {
  const x = read(where, rows);
  const count = x.length / input;
  const out = new Float32Array(count * outputs);
  for (let i = 0; i < count; i++) {
    out.set(link(forward(x.subarray(i * input, (i + 1) * input))), i * outputs);
  }
  return out;
}`;
}
