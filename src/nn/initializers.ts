// The initial values as a user writes them, each with what its kind is made of: other values, once all around is known, or a
// sampler. initialize.ts draws them.

import { XentError } from "../base/errors.ts";
import { checkNames, MAX_F32, oneOf, positive, show, within } from "../base/options.ts";
import { PARTS, partsOf } from "../base/parts.ts";
import type { FanMode, GainName, InitSpec } from "../base/spec.ts";
import { distribution, gain, type Surroundings, standardNormal, truncated, uniformly } from "./initialize.ts";
import type { InitParts, Of } from "./parts.ts";

/** Options of {@link heNormal} and {@link heUniform}. */
export interface HeOptions {
  /**
   * `"fanIn"` (default) keeps the spread of what goes forwards through the layer, `"fanOut"` that of gradients on their way
   * back.
   */
  mode?: FanMode;
  /**
   * Whose gain it is, as PyTorch's `calculate_gain` has it. Default: the activation behind the layer; √2, that of relu,
   * behind which nothing stands or what PyTorch has no gain for (elu, gelu, silu, softplus, softmax).
   */
  activation?: GainName;
  /** Slope below 0, for the gain of `"leakyRelu"` where that is named; at least 0, default 0.01. */
  negativeSlope?: number;
}

type Init<K extends InitSpec["kind"]> = InitParts<Of<InitSpec, K>>;

/**
 * U(−1/√fanIn, 1/√fanIn): what PyTorch's `Linear` starts from, weights and biases, and the default here.
 */
export function torchDefault(): InitSpec {
  return { kind: "torchDefault", [PARTS]: TORCH_DEFAULT };
}

export const TORCH_DEFAULT: Init<"torchDefault"> = {
  of: "init",
  make: torchDefault,
  resolve: (_, { fanIn }) => symmetric(1 / Math.sqrt(fanIn)),
};

/**
 * N(0, σ²) with σ = gain / √fan, for layers in front of relu and its kin. PyTorch's `kaiming_normal_`, not truncated.
 *
 * Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", 2015.
 * @throws {XentError} `OPTION`
 */
export function heNormal(options: HeOptions = {}): InitSpec {
  return { kind: "heNormal", ...he("heNormal", options), [PARTS]: HE_NORMAL };
}

export const HE_NORMAL: Init<"heNormal"> = {
  of: "init",
  make: heNormal,
  resolve: (spec, around) => centred(heSpread(spec, around)),
};

/**
 * U(−b, b) with b = √3·gain / √fan, of the same spread as {@link heNormal}. PyTorch's `kaiming_uniform_`.
 *
 * @throws {XentError} `OPTION`
 */
export function heUniform(options: HeOptions = {}): InitSpec {
  return { kind: "heUniform", ...he("heUniform", options), [PARTS]: HE_UNIFORM };
}

export const HE_UNIFORM: Init<"heUniform"> = {
  of: "init",
  make: heUniform,
  resolve: (spec, around) => symmetric(Math.sqrt(3) * heSpread(spec, around)),
};

/**
 * N(0, σ²) with σ = gain·√(2 / (fanIn + fanOut)), for layers in front of tanh, sigmoid and softmax. PyTorch's
 * `xavier_normal_`, not truncated.
 *
 * Source: Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
 * @param options.gain  above 0, default 1
 * @throws {XentError} `OPTION`
 */
export function glorotNormal(options: { gain?: number } = {}): InitSpec {
  return { kind: "glorotNormal", gain: glorot("glorotNormal", options), [PARTS]: GLOROT_NORMAL };
}

export const GLOROT_NORMAL: Init<"glorotNormal"> = {
  of: "init",
  make: glorotNormal,
  resolve: (spec, around) => centred(glorotSpread(spec, around)),
};

/**
 * U(−b, b) with b = √3·gain·√(2 / (fanIn + fanOut)), of the same spread as {@link glorotNormal}. PyTorch's
 * `xavier_uniform_`.
 *
 * @param options.gain  above 0, default 1
 * @throws {XentError} `OPTION`
 */
export function glorotUniform(options: { gain?: number } = {}): InitSpec {
  return { kind: "glorotUniform", gain: glorot("glorotUniform", options), [PARTS]: GLOROT_UNIFORM };
}

export const GLOROT_UNIFORM: Init<"glorotUniform"> = {
  of: "init",
  make: glorotUniform,
  resolve: (spec, around) => symmetric(Math.sqrt(3) * glorotSpread(spec, around)),
};

/**
 * N(0, 1 / fanIn), for layers in front of selu. PyTorch's `kaiming_normal_` with the gain of `"linear"`, not truncated.
 *
 * Source: LeCun, Bottou, Orr, Müller, "Efficient backprop", 1998.
 */
export function lecunNormal(): InitSpec {
  return { kind: "lecunNormal", [PARTS]: LECUN_NORMAL };
}

export const LECUN_NORMAL: Init<"lecunNormal"> = {
  of: "init",
  make: lecunNormal,
  resolve: (_, { fanIn }) => centred(1 / Math.sqrt(fanIn)),
};

/** U(−b, b) with b = √(3 / fanIn), of the same spread as {@link lecunNormal}. */
export function lecunUniform(): InitSpec {
  return { kind: "lecunUniform", [PARTS]: LECUN_UNIFORM };
}

export const LECUN_UNIFORM: Init<"lecunUniform"> = {
  of: "init",
  make: lecunUniform,
  resolve: (_, { fanIn }) => symmetric(Math.sqrt(3) * (1 / Math.sqrt(fanIn))),
};

/**
 * N(mean, std²).
 * @param options.mean  default 0
 * @param options.std   above 0, default 1
 * @throws {XentError} `OPTION`
 */
export function normal(options: { mean?: number; std?: number } = {}): InitSpec {
  checkNames("normal", options, ["mean", "std"]);
  const { mean = 0, std = 1 } = options;
  finite("normal: mean", mean);
  return { kind: "normal", mean, std: positive("normal: std", std), [PARTS]: NORMAL };
}

export const NORMAL: Init<"normal"> = {
  of: "init",
  make: normal,
  sampler({ mean, std }, random) {
    const next = standardNormal(random);
    return () => mean + std * next();
  },
};

/**
 * U(low, high), the bounds included as far as f32 rounds to them.
 * @param options.low   default 0
 * @param options.high  above low, default 1
 * @throws {XentError} `OPTION`
 */
export function uniform(options: { low?: number; high?: number } = {}): InitSpec {
  checkNames("uniform", options, ["low", "high"]);
  const { low = 0, high = 1 } = options;
  return { kind: "uniform", ...range("uniform", low, high), [PARTS]: UNIFORM };
}

export const UNIFORM: Init<"uniform"> = {
  of: "init",
  make: uniform,
  sampler: ({ low, high }, random) => uniformly(low, high, random),
};

/**
 * N(mean, std²) under the condition that the value lies from `low` to `high`. PyTorch's `trunc_normal_`: the bounds are
 * values, not multiples of `std`.
 *
 * @param options.mean  at most 100·std outside the bounds, default 0
 * @param options.std   above 0, default 1
 * @param options.low   default −2; PyTorch's `a`
 * @param options.high  above low, default 2; PyTorch's `b`
 * @throws {XentError} `OPTION`
 */
export function truncatedNormal(
  options: { mean?: number; std?: number; low?: number; high?: number } = {},
): InitSpec {
  const where = "truncatedNormal";
  checkNames(where, options, ["mean", "std", "low", "high"]);
  const { mean = 0, std = 1, low = -2, high = 2 } = options;
  finite(`${where}: mean`, mean);
  positive(`${where}: std`, std);
  const bounds = range(where, low, high);
  // farther off, the density between the bounds could not be told from rounding
  if (mean < low - FARTHEST * std || mean > high + FARTHEST * std) {
    throw new XentError(
      "OPTION",
      `${where}: mean is ${mean}, more than ${FARTHEST}·std outside of ${low} … ${high}`,
      "Pass a mean nearer to the bounds.",
    );
  }
  return { kind: where, mean, std, ...bounds, [PARTS]: TRUNCATED_NORMAL };
}

export const TRUNCATED_NORMAL: Init<"truncatedNormal"> = {
  of: "init",
  make: truncatedNormal,
  sampler: truncated,
};

/**
 * The same value everywhere. All units of a layer whose weights are equal learn the same: it is for biases.
 * @param value  any finite number
 * @throws {XentError} `OPTION`
 */
export function constant(value: number): InitSpec {
  return { kind: "constant", value: finite("constant: value", value), [PARTS]: CONSTANT };
}

export const CONSTANT: Init<"constant"> = {
  of: "init",
  make: ({ value }: { value: number }) => constant(value),
  sampler:
    ({ value }) =>
    () =>
      value,
};

/** 0 everywhere; for biases. */
export function zeros(): InitSpec {
  return constant(0);
}

/** 1 everywhere. */
export function ones(): InitSpec {
  return constant(1);
}

/**
 * By the activation behind the layer:
 *
 * - {@link heNormal} before relu and its kin (leakyRelu with its slope, elu, gelu, silu, softplus …), which let through about
 *   half of what comes
 * - {@link lecunNormal} before selu, whose fixed point needs the gain 1
 * - {@link glorotUniform} before tanh, sigmoid and softmax, which are steepest near 0 and the same on both sides, and for a layer
 *   behind which nothing stands: its outputs are logits, or numbers, that should begin near 0
 */
export function byActivation(): InitSpec {
  return { kind: "byActivation", [PARTS]: BY_ACTIVATION };
}

export const BY_ACTIVATION: Init<"byActivation"> = {
  of: "init",
  make: byActivation,
  // the reasons are above
  resolve: (_, around) => distribution(chosen(around.activation), around),
};

function chosen(activation: string | undefined): InitSpec {
  if (activation === undefined || ["tanh", "sigmoid", "softmax"].includes(activation)) return glorotUniform();
  return activation === "selu" ? lecunNormal() : heNormal();
}

const MAKERS =
  "torchDefault(), heNormal(), heUniform(), glorotNormal(), glorotUniform(), lecunNormal(), lecunUniform(), normal(), uniform(), truncatedNormal(), constant(value), zeros(), ones(), byActivation()";

/** A description made anew by the function that a user calls. */
export function checkInit(where: string, init: InitSpec | undefined): InitSpec | undefined {
  if (init === undefined) return undefined;
  const parts = partsOf("init", MAKERS, where, init);
  const { kind: _, [PARTS]: __, ...options } = init;
  const made = parts.make(options as never, where);
  // a function without options does not look at them
  checkNames(where, options, Object.keys(made));
  return made as InitSpec;
}

/** ±bound */
const symmetric = (bound: number): InitSpec => ({
  kind: "uniform",
  low: -bound,
  high: bound,
  [PARTS]: UNIFORM,
});
const centred = (std: number): InitSpec => ({ kind: "normal", mean: 0, std, [PARTS]: NORMAL });

type He = Of<InitSpec, "heNormal" | "heUniform">;

// in the order of operations in which PyTorch works these out
const heSpread = (spec: He, around: Surroundings): number =>
  gain(spec, around) / Math.sqrt(spec.mode === "fanIn" ? around.fanIn : around.fanOut);
const glorotSpread = ({ gain }: { gain: number }, { fanIn, fanOut }: Surroundings): number =>
  gain * Math.sqrt(2 / (fanIn + fanOut));

const FARTHEST = 100;
const GAINS: readonly GainName[] = ["linear", "sigmoid", "tanh", "relu", "leakyRelu", "selu"];

function he(kind: He["kind"], options: HeOptions): Omit<He, "kind"> {
  checkNames(kind, options, ["mode", "activation", "negativeSlope"]);
  const { mode = "fanIn", activation, negativeSlope } = options;
  if (negativeSlope !== undefined && activation !== "leakyRelu") {
    throw new XentError(
      "OPTION",
      `${kind}: negativeSlope is ${show(negativeSlope)}, and activation is ${show(activation)}`,
      'Pass activation: "leakyRelu" with it; the slope of the layer behind is known without it.',
    );
  }
  return {
    mode: oneOf(`${kind}: mode`, mode, ["fanIn", "fanOut"]),
    ...(activation === undefined ? {} : { activation: oneOf(`${kind}: activation`, activation, GAINS) }),
    ...(activation === "leakyRelu"
      ? { negativeSlope: within(`${kind}: negativeSlope`, negativeSlope ?? 0.01, 0) }
      : {}),
  };
}

function glorot(kind: "glorotNormal" | "glorotUniform", options: { gain?: number }): number {
  checkNames(kind, options, ["gain"]);
  return positive(`${kind}: gain`, options.gain ?? 1);
}

function finite(where: string, value: unknown): number {
  return within(where, value, -MAX_F32);
}

function range(where: string, low: unknown, high: unknown): { low: number; high: number } {
  const bounds = { low: finite(`${where}: low`, low), high: finite(`${where}: high`, high) };
  if (bounds.low < bounds.high) return bounds;
  throw new XentError("OPTION", `${where}: low is ${low}, high is ${high}`, "Pass a high above low.");
}
