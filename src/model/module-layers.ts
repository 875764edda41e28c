// What layers and links are in an exported module: lines of JavaScript, and the functions that these call. This code runs elsewhere,
// for inference, on numbers that nobody trains with: so it may have the engine's own Math.exp and its kin.

import type { LayerSpec, Link } from "../base/spec.ts";
import type { Placed } from "../nn/params.ts";
import type { Of } from "../nn/parts.ts";
import type { Constants } from "./module-text.ts";

/** A function of the module; it is in there once some layer calls it. */
export type Helper = "dense" | "softmax" | "layerNorm" | "erf" | "sigmoid";

/** Lines of code, and what they call. */
interface Code {
  readonly lines: readonly string[];
  readonly helpers: readonly Helper[];
}

/** A layer's place: `id` tells its constants from those of others. */
interface At extends Placed {
  readonly id: string;
  readonly constants: Constants;
}

type Emit<S> = (spec: S, at: At) => Code;

/** The lines of all layers, which turn the row `x` into the outputs. */
export function emitLayers(placed: readonly Placed[], constants: Constants): Code {
  const parts = placed.map((one): Code => {
    const emit = LAYERS[one.spec.kind] as Emit<LayerSpec>;
    const { lines, helpers } = emit(one.spec, { ...one, id: one.path.replaceAll(".", "_"), constants });
    const [first, ...rest] = lines;
    const comment = `// ${one.path}: ${one.spec.kind}, ${one.width} wide`;
    return { lines: first === undefined ? [] : [`${first} ${comment}`, ...rest], helpers };
  });
  return {
    lines: parts.flatMap(({ lines }) => lines),
    helpers: parts.flatMap(({ helpers }) => helpers),
  };
}

/** y of each v */
const each = (code: string, ...helpers: Helper[]): Code => ({ lines: [`x = x.map(${code});`], helpers });

/** A tensor of the layer as a constant: its name; undefined if it has none. */
function own({ path, id, constants }: At, field: string, letter: string): string | undefined {
  const data = constants.read(`${path}.${field}`);
  return data && constants.add(`${letter}${id}`, data);
}

/** Options are f32 in the kernels. */
const f32 = Math.fround;

/** By kind; one that is missing does not compile. */
const LAYERS: { readonly [K in LayerSpec["kind"]]: Emit<Of<LayerSpec, K>> } = {
  dense(_, at) {
    const [w, b] = [own(at, "weight", "w"), own(at, "bias", "b")];
    return { lines: [`x = dense(x, ${w}${b === undefined ? "" : `, ${b}`});`], helpers: ["dense"] };
  },
  relu: () => each("(v) => Math.max(v, 0)"),
  sigmoid: () => each("sigmoid", "sigmoid"),
  tanh: () => each("Math.tanh"),
  leakyRelu: ({ negativeSlope }) => each(`(v) => (v > 0 ? v : ${f32(negativeSlope)} * v)`),
  elu: ({ alpha }) => each(`(v) => (v > 0 ? v : ${f32(alpha)} * Math.expm1(v))`),
  gelu: ({ approximate }) =>
    approximate === "tanh"
      ? each("(v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)))")
      : each("(v) => 0.5 * v * (1 + erf(v / Math.SQRT2))", "erf"),
  silu: () => each("(v) => v * sigmoid(v)", "sigmoid"),
  softplus({ beta }) {
    const b = f32(beta);
    return each(`(v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(${b} * v))) / ${b}`);
  },
  softmax: () => ({ lines: ["x = softmax(x);"], helpers: ["softmax"] }),
  dropout: () => ({ lines: [], helpers: [] }),
  batchNorm1d({ eps }, at) {
    const { path, id, constants } = at;
    const variance = constants.read(`${path}.running_var`) as Float32Array;
    const gamma = constants.read(`${path}.weight`);
    // γ·s with s = 1/√(σ² + ε), rounded as the kernel does
    const scale = variance.map((v, j) => {
      const s = f32(1 / f32(Math.sqrt(f32(v + f32(eps)))));
      return (gamma?.[j] ?? 1) * s;
    });
    const [mean, k, b] = [own(at, "running_mean", "m"), constants.add(`k${id}`, scale), own(at, "bias", "b")];
    const scaled = `f32(v - ${mean}[j]) * ${k}[j]`;
    return each(
      `(v, j) => ${b === undefined ? scaled : `f32(${scaled}) + ${b}[j]`}`.replaceAll("f32", "Math.fround"),
    );
  },
  layerNorm({ eps }, at) {
    const [gamma, beta] = [own(at, "weight", "g"), own(at, "bias", "b")];
    const affine = gamma === undefined ? "" : `, ${gamma}, ${beta}`;
    return { lines: [`x = layerNorm(x, ${f32(eps)}${affine});`], helpers: ["layerNorm"] };
  },
  prelu({ shared }, at) {
    const slope = own(at, "weight", "a");
    return each(shared ? `(v) => (v > 0 ? v : ${slope}[0] * v)` : `(v, j) => (v > 0 ? v : ${slope}[j] * v)`);
  },
  residual(_, { id, inner, constants }) {
    const { lines, helpers } = emitLayers(inner, constants);
    const sum = `x = x.map((v, j) => v + skip${id}[j]);`;
    return { lines: [`const skip${id} = x;`, ...lines, sum], helpers };
  },
};

/** What `predict` makes of the outputs `z` of a row. */
export const LINKS: { readonly [K in Link]: { readonly code: string; readonly helpers: readonly Helper[] } } =
  {
    none: { code: "z", helpers: [] },
    softmax: { code: "softmax(z)", helpers: ["softmax"] },
    sigmoid: { code: "z.map(sigmoid)", helpers: ["sigmoid"] },
  };

/**
 * The functions that lines call, in the order in which they stand in the module.
 *
 * @param roundsTwice  whether the kernels round the product of a multiply-add too. Of two f32 it is exact in f64, so that what is
 *                     not rounded there is as good as fused
 */
export const HELPERS = (roundsTwice: boolean): { readonly [K in Helper]: string } => {
  const product = (i: number): string => (roundsTwice ? `Math.fround(v * w[p${i} + k])` : `v * w[p${i} + k]`);
  return {
    dense: `
/**
 * y = x·W + b: each output is one chain of multiply-adds in f32, in the order of the kernels of xent.
 *
 * @param {Float32Array} x
 * @param {Float32Array} w  row after row, one an output
 * @param {Float32Array} [b]
 */
function dense(x, w, b) {
  const width = x.length;
  const y = new Float32Array(w.length / width);
  const last = y.length - 1;
  // four at a time, as each addition has to wait for the one before; beyond the end the last is done again
  for (let j = 0; j <= last; j += 4) {
    const j1 = Math.min(j + 1, last);
    const j2 = Math.min(j + 2, last);
    const j3 = Math.min(j + 3, last);
    const p0 = j * width;
    const p1 = j1 * width;
    const p2 = j2 * width;
    const p3 = j3 * width;
    let s0 = b ? b[j] : 0;
    let s1 = b ? b[j1] : 0;
    let s2 = b ? b[j2] : 0;
    let s3 = b ? b[j3] : 0;
    for (let k = 0; k < width; k++) {
      const v = x[k];
      s0 = Math.fround(s0 + ${product(0)});
      s1 = Math.fround(s1 + ${product(1)});
      s2 = Math.fround(s2 + ${product(2)});
      s3 = Math.fround(s3 + ${product(3)});
    }
    y[j] = s0;
    y[j1] = s1;
    y[j2] = s2;
    y[j3] = s3;
  }
  return y;
}`,
    softmax: `
/**
 * y_j = e^x_j / Σ_k e^x_k; the largest is taken out first, so that nothing overflows.
 *
 * @param {Float32Array} x
 */
function softmax(x) {
  const top = x.reduce((a, v) => Math.max(a, v));
  const sum = x.reduce((a, v) => a + Math.exp(v - top), 0);
  return x.map((v) => Math.exp(v - top) / sum);
}`,
    layerNorm: `
/**
 * y = γ·(x − μ) / √(σ² + ε) + β, by the row's own mean and variance.
 *
 * @param {Float32Array} x
 * @param {number} eps
 * @param {Float32Array} [gamma]
 * @param {Float32Array} [beta]
 */
function layerNorm(x, eps, gamma, beta) {
  const mean = x.reduce((a, v) => a + v, 0) / x.length;
  const variance = x.reduce((a, v) => a + (v - mean) * (v - mean), 0) / x.length;
  const s = 1 / Math.sqrt(variance + eps);
  return x.map((v, j) => (v - mean) * s * (gamma ? gamma[j] : 1) + (beta ? beta[j] : 0));
}`,
    erf: `
/**
 * 2/√π·e^(−x²)·Σ_n 2ⁿ·x^(2n+1) / (1·3·…·(2n+1)), to some 10⁻¹⁵; Abramowitz, Stegun, 7.1.6. Beyond 6 it is 1.
 *
 * @param {number} x
 */
function erf(x) {
  if (!(Math.abs(x) < 6)) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; sum + term !== sum; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}`,
    sigmoid: `
/** @param {number} x */
function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}`,
  };
};
