// What conformance measures, a line a subject: the library, through its public API, against float64. Functions by ulps
// over a sample of all f32 arguments; the rest in units of u = 2⁻²⁴ of what the page names.

import * as xents from "xent";
import { dataset, dense, init, type LayerSpec, quadratic, type StateDict, sgd, type Xent } from "xent";
import * as abi from "../../src/base/abi.ts";
import {
  activationFixtures,
  type LossFixture,
  lossFixtures,
  type NetFixture,
  netFixtures,
} from "../../test/fixtures/read.ts";
import { ulp } from "../../test/oracle/bounds.ts";
import { erf } from "../../test/oracle/erf.ts";
import { activate, activateBackward } from "../../test/oracle/pointwise.ts";
import { softmax, softmaxBackward } from "../../test/oracle/rows.ts";
import { pointwise, type Targets } from "../../test/oracle/spec.ts";

/** A line of a table: the largest error in each column, by build. */
export interface Line {
  readonly subject: string;
  readonly errors: Record<string, Record<string, number>>;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly lines: readonly Line[];
}

/** A build's name in the tables, and its file. */
export type Build = readonly [name: string, bytes: Uint8Array<ArrayBuffer>];

/** One figure: the largest of those with the same subject and column is kept. */
type Figure = readonly [subject: string, column: string, error: number];

/** The tables of models. `report` is called with what is being measured. */
export async function measureModels(
  builds: readonly Build[],
  report: (what: string) => void,
): Promise<Table[]> {
  const runtimes = await Promise.all(
    builds.map(async ([build, wasm]) => ({ build, xent: await init({ wasm }) })),
  );
  const groups: [title: string, measure: (xent: Xent) => AsyncGenerator<Figure>][] = [
    ["Activations", activations],
    ["Losses", losses],
    ["Nets", nets],
  ];
  const tables: Table[] = [];
  for (const [title, measure] of groups) {
    const lines = new Map<string, Line>();
    const columns = new Set<string>();
    for (const { build, xent } of runtimes) {
      for await (const [subject, column, error] of measure(xent)) {
        report(`${build}: ${subject}`);
        columns.add(column);
        const line = lines.get(subject) ?? { subject, errors: {} };
        lines.set(subject, line);
        const cell = line.errors[column] ?? {};
        line.errors[column] = cell;
        cell[build] = Math.max(cell[build] ?? 0, error);
      }
    }
    tables.push({ title, columns: [...columns], lines: [...lines.values()] });
  }
  return tables;
}

/** Every 4099th bit pattern of f32; a prime, so that all low bits occur. */
const STRIDE = 4099;
const FUNCTIONS: readonly [
  name: string,
  code: number,
  exact: (x: number) => number,
  into?: (x: number) => number,
][] = [
  ["exp", abi.MATH_EXP, Math.exp],
  ["log", abi.MATH_LOG, Math.log],
  ["expm1", abi.MATH_EXPM1, Math.expm1],
  ["log1p", abi.MATH_LOG1P, Math.log1p],
  ["log1p on [0, 1]", abi.MATH_LOG1P_UNIT, Math.log1p, (x) => Math.min(Math.abs(x), 1)],
  ["tanh", abi.MATH_TANH, Math.tanh],
  ["erf", abi.MATH_ERF, erf],
  ["sigmoid", abi.MATH_SIGMOID, (x) => 1 / (1 + Math.exp(-x))],
];

/** The table of functions. One source for every build, of + − × ÷ apart, and so one figure. */
export function measureFunctions(bytes: Uint8Array<ArrayBuffer>, builds: readonly Build[]): Table {
  const memory = new WebAssembly.Memory({ initial: 80 });
  const { vmath } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports as {
    vmath(f: number, n: number, x: number, y: number): void;
  };
  const n = Math.floor(2 ** 32 / STRIDE / 4) * 4;
  const x = new Float32Array(memory.buffer, abi.ARENA_BASE, n);
  const bits = new Uint32Array(memory.buffer, abi.ARENA_BASE, n);
  const lines = FUNCTIONS.map(([subject, code, exact, into]): Line => {
    for (let i = 0; i < n; i++) bits[i] = i * STRIDE;
    if (into !== undefined) for (let i = 0; i < n; i++) x[i] = into(x[i] as number);
    const arguments_ = x.slice();
    vmath(code, n, x.byteOffset, x.byteOffset);
    let worst = 0;
    for (let i = 0; i < n; i++) {
      const truth = exact(arguments_[i] as number);
      // what is not a normal number is a matter of exact values: test/kernels/math.test.ts
      if (!(Math.abs(truth) >= 2 ** -126) || !Number.isFinite(Math.fround(truth))) continue;
      worst = Math.max(worst, Math.abs((x[i] as number) - truth) / ulp(truth));
    }
    return { subject, errors: { error: Object.fromEntries(builds.map(([build]) => [build, worst])) } };
  });
  return { title: "Functions", columns: ["error"], lines };
}

/** Largest error in units of u = 2⁻²⁴ of `sizes`: one an element, or the largest value for all. */
function errorOf(got: ArrayLike<number>, exact: ArrayLike<number>, sizes?: (i: number) => number): number {
  if (got.length !== exact.length) throw new Error(`${got.length} values, expected ${exact.length}`);
  const largest = Math.max(...Array.from(exact, Math.abs));
  let worst = 0;
  for (let i = 0; i < exact.length; i++) {
    const off = Math.abs((got[i] as number) - (exact[i] as number));
    if (Number.isNaN(off)) return Number.POSITIVE_INFINITY;
    // below the normal numbers a result is flushed or a subnormal: no unit there says anything
    if (off >= 2 ** -126) worst = Math.max(worst, off / (2 ** -24 * (sizes?.(i) ?? largest)));
  }
  return worst;
}

/** A net that gives `values` for rows of the unit matrix: what the layers behind get is exact. */
function feed(xent: Xent, values: Float64Array, rows: number, behind: readonly LayerSpec[]) {
  const cols = values.length / rows;
  const model = xent.sequential({ input: rows }, [dense(cols), ...behind]);
  const data = new Float32Array(values.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) data[j * rows + i] = values[i * cols + j] as number;
  model.loadStateDict({
    "0.weight": { shape: [cols, rows], data },
    "0.bias": { shape: [cols], data: new Float32Array(cols) },
  });
  const x = new Float32Array(rows * rows);
  for (let i = 0; i < rows; i++) x[i * rows + i] = 1;
  return { model, x };
}

/** `[out, in]` to rows of what was fed. */
function turned({ shape, data }: StateDict[string]): Float64Array {
  const [cols = 0, rows = 0] = shape;
  return Float64Array.from(
    { length: rows * cols },
    (_, at) => data[(at % cols) * rows + Math.floor(at / cols)] as number,
  );
}

async function* activations(xent: Xent): AsyncGenerator<Figure> {
  for (const { layer, rows, x, y, dy } of activationFixtures()) {
    if (layer.kind === "dense") throw new Error("no activation");
    const { model, x: unit } = feed(xent, x, rows, [made(layer)]);
    const subject = nameOf(layer);
    const out = model.activations(unit).at(-1)?.data as Float32Array;
    const cols = x.length / rows;
    // gelu is x times a number that cancels, softmax a share of its row: over |x|, and over 1
    const size = (i: number): number => {
      if (layer.kind === "softmax") return 1;
      return Math.abs(layer.kind === "gelu" ? (x[i] as number) : (y[i] as number));
    };
    yield [subject, "forward", errorOf(out, y, size)];
    // the quadratic cost sends y − t back: f32 subtraction, then exact
    const t = Float32Array.from(out, (value, i) => value - (dy[i] as number));
    const sent = Float32Array.from(out, (value, i) => value - (t[i] as number));
    const loss = quadratic({ reduction: "sum" });
    const gradient = turned(model.gradients({ x: unit, y: t, loss })["0.weight"] as StateDict[string]);
    const exact = new Float64Array(x.length);
    for (let i = 0; i < rows; i++) {
      const row = (values: ArrayLike<number>): number[] =>
        Array.from({ length: cols }, (_, j) => values[i * cols + j] as number);
      if (layer.kind === "softmax") exact.set(softmaxBackward(row(sent), softmax(row(x)).p), i * cols);
      else {
        const spec = pointwise(layer);
        for (let at = i * cols; at < (i + 1) * cols; at++) {
          const value = x[at] as number;
          exact[at] = activateBackward(spec, sent[at] as number, value, activate(spec, value));
        }
      }
    }
    const largest = Math.max(...Array.from(sent, Math.abs));
    const down = (i: number): number => (layer.kind === "softmax" ? largest : Math.abs(sent[i] as number));
    yield [subject, "backward", errorOf(gradient, exact, down)];
    model.dispose();
  }
}

async function* losses(xent: Xent): AsyncGenerator<Figure> {
  for (const fixture of lossFixtures()) {
    const { loss, rows, logits, targets, rowWeight, value, gradient } = fixture;
    const { model, x } = feed(xent, logits, rows, []);
    const subject = nameOf(loss);
    const y = asTargets(targets);
    const weight = rowWeight && Float32Array.from(rowWeight);
    const weights = weight === undefined ? {} : { weight };
    const { loss: mean, rowLosses } = await model.evaluate(dataset({ x, y, features: rows, ...weights }), {
      loss: made(loss),
    });
    const got = rowLosses ?? [mean];
    yield [subject, "loss", errorOf(got, typeof value === "number" ? [value] : value)];
    if (loss.reduction !== "none") {
      const learnt = model.gradients({ x, y, ...weights, loss: made(loss) });
      yield [subject, "gradient", errorOf(turned(learnt["0.weight"] as StateDict[string]), gradient)];
    }
    model.dispose();
  }
}

async function* nets(xent: Xent): AsyncGenerator<Figure> {
  for (const net of netFixtures()) {
    const { name, layers, loss, inputs, rows, rowWeight, first, trace } = net;
    const x = Float32Array.from(net.x);
    const model = xent.sequential({ input: inputs, loss: made(loss) }, layers.map(made));
    model.loadStateDict(stateOf(net, net.params));
    const y = asTargets(net.targets);
    const weight = rowWeight && Float32Array.from(rowWeight);
    const gradients = model.gradients({ x, y, ...(weight && { weight }) });
    const errors = Object.entries(first.gradients).map(([key, exact]) =>
      errorOf(gradients[key]?.data as Float32Array, exact),
    );
    const outputs = model
      .activations(x)
      .map(({ data }, i) => errorOf(data, first.outputs[i] as Float64Array));
    yield [name, "outputs", Math.max(...outputs)];
    yield [name, "gradients", Math.max(...errors)];

    const data = dataset({ x, y, features: inputs, ...(weight && { weight }) });
    const { batchSize, lr } = trace;
    const epochs = Math.ceil(trace.losses.length / Math.ceil(rows / batchSize));
    const found: number[] = [];
    const options = { epochs, batchSize, shuffle: false, optimizer: sgd({ lr }) };
    for await (const step of model.steps(data, options)) {
      found.push(step.loss);
      if (found.length === trace.losses.length) break;
    }
    const after = model.stateDict();
    const expected = stateOf(net, trace.params);
    yield [name, "50 losses", errorOf(found, trace.losses)];
    const drift = Object.entries(expected).map(([key, { exact }]) =>
      errorOf(after[key]?.data as Float32Array, exact),
    );
    yield [name, "weights", Math.max(...drift)];
    model.dispose();
  }
}

function stateOf(net: NetFixture, params: NetFixture["params"]) {
  const state: Record<string, { shape: number[]; data: Float32Array; exact: ArrayLike<number> }> = {};
  for (const [layer, { weight, bias }] of Object.entries(params)) {
    const out = bias.length;
    const spec = net.layers[Number(layer)];
    if (spec?.kind !== "dense" || spec.units !== out)
      throw new Error(`${net.name}: layer ${layer} is no such dense layer`);
    state[`${layer}.weight`] = {
      shape: [out, weight.length / out],
      data: Float32Array.from(weight),
      exact: weight,
    };
    state[`${layer}.bias`] = { shape: [out], data: Float32Array.from(bias), exact: bias };
  }
  return state;
}

function asTargets(targets: Targets): Int32Array | Float32Array {
  return "ids" in targets ? Int32Array.from(targets.ids) : Float32Array.from(targets.values);
}

/** A description in words: kind and options, the reduction left out. */
/** What the package's own function makes of a description in a fixture. */
function made<Spec extends { readonly kind: string }>({ kind, ...options }: Spec): Spec {
  const make = new Map<string, unknown>(Object.entries(xents)).get(kind) as (options: unknown) => unknown;
  return make("units" in options ? options.units : options) as Spec;
}

function nameOf(spec: LayerSpec | LossFixture["loss"]): string {
  const options = Object.entries(spec)
    .filter(([key, value]) => !["kind", "reduction"].includes(key) && isOption(key, value))
    .map(([key, value]) => (typeof value === "object" ? key : `${key} ${value}`));
  return [spec.kind, ...options].join(", ");
}

/** Options that are at their default say nothing. */
function isOption(key: string, value: unknown): boolean {
  return (
    !(key === "ignoreIndex" && value === -100) &&
    !(key === "labelSmoothing" && value === 0) &&
    value !== "none"
  );
}
