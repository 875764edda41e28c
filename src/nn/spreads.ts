// Initial values by the spread that they give, as a user writes them, each with what its kind is made of: by He's, Glorot's and
// LeCun's rules, and the normal distributions.

import { XentError } from "../base/errors.ts";
import { ln } from "../base/math.ts";
import { checkNames, oneOf, positive, show, within } from "../base/options.ts";
import { PARTS } from "../base/parts.ts";
import type { Random } from "../base/random.ts";
import type { FanMode, GainName, InitSpec } from "../base/spec.ts";
import { distribution, type Surroundings } from "./initialize.ts";
import { finite, range, symmetric } from "./initializers.ts";
import type { InitParts, Of } from "./parts.ts";

type Init<K extends InitSpec["kind"]> = InitParts<Of<InitSpec, K>>;

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

/**
 * N(0, σ²) with σ = gain / √fan, for layers in front of relu and its kin. PyTorch's `kaiming_normal_`, not truncated.
 *
 * Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", 2015.
 * @throws {XentError} `OPTION`
 * @category Initial values
 * @example
 * ```ts
 * import { dense, heNormal, init, relu } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 200 }, [dense(400, { init: heNormal() }), relu()]);
 * const weights = model.stateDict()["0.weight"].data;
 * Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length).toFixed(2); // → "0.10"
 * ```
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
 * @category Initial values
 * @example
 * ```ts
 * import { dense, heUniform, init } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 6 }, [dense(16, { init: heUniform() })]);
 * const weights = model.stateDict()["0.weight"].data;
 * weights.every((w) => Math.abs(w) <= 1); // → true
 * ```
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
 * @category Initial values
 * @example
 * ```ts
 * import { dense, glorotNormal, init, tanh } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 100 }, [dense(100, { init: glorotNormal() }), tanh()]);
 * const weights = model.stateDict()["0.weight"].data;
 * Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length).toFixed(2); // → "0.10"
 * ```
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
 * @category Initial values
 * @example
 * ```ts
 * import { dense, glorotUniform, init } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 3 }, [dense(3, { init: glorotUniform() })]);
 * const weights = model.stateDict()["0.weight"].data;
 * weights.every((w) => Math.abs(w) <= 1); // → true
 * ```
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
 * @category Initial values
 * @example
 * ```ts
 * import { dense, init, lecunNormal } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 100 }, [dense(400, { init: lecunNormal() })]);
 * const weights = model.stateDict()["0.weight"].data;
 * Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length).toFixed(2); // → "0.10"
 * ```
 */
export function lecunNormal(): InitSpec {
  return { kind: "lecunNormal", [PARTS]: LECUN_NORMAL };
}

export const LECUN_NORMAL: Init<"lecunNormal"> = {
  of: "init",
  make: lecunNormal,
  resolve: (_, { fanIn }) => centred(1 / Math.sqrt(fanIn)),
};

/**
 * U(−b, b) with b = √(3 / fanIn), of the same spread as {@link lecunNormal}.
 * @category Initial values
 * @example
 * ```ts
 * import { dense, init, lecunUniform } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 3 }, [dense(16, { init: lecunUniform() })]);
 * const weights = model.stateDict()["0.weight"].data;
 * weights.every((w) => Math.abs(w) <= 1); // → true
 * ```
 */
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
 * @category Initial values
 * @example
 * ```ts
 * import { dense, init, normal } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 100 }, [dense(100, { init: normal({ std: 0.05 }) })]);
 * const weights = model.stateDict()["0.weight"].data;
 * Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length).toFixed(2); // → "0.05"
 * ```
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
 * N(mean, std²) under the condition that the value lies from `low` to `high`. PyTorch's `trunc_normal_`: the bounds are
 * values, not multiples of `std`.
 *
 * @param options.mean  at most 100·std outside the bounds, default 0
 * @param options.std   above 0, default 1
 * @param options.low   default −2; PyTorch's `a`
 * @param options.high  above low, default 2; PyTorch's `b`
 * @throws {XentError} `OPTION`
 * @category Initial values
 * @example
 * ```ts
 * import { dense, init, truncatedNormal } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 20 }, [dense(20, { init: truncatedNormal({ std: 0.02, low: -0.04, high: 0.04 }) })]);
 * const weights = model.stateDict()["0.weight"].data;
 * weights.every((w) => Math.abs(w) <= 0.04); // → true
 * ```
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
 * By the activation behind the layer:
 *
 * - {@link heNormal} before relu and its kin (leakyRelu with its slope, elu, gelu, silu, softplus …), which let through about
 *   half of what comes
 * - {@link lecunNormal} before selu, whose fixed point needs the gain 1
 * - {@link glorotUniform} before tanh, sigmoid and softmax, which are steepest near 0 and the same on both sides, and for a layer
 *   behind which nothing stands: its outputs are logits, or numbers, that should begin near 0
 * @category Initial values
 * @example
 * ```ts
 * import { byActivation, dense, heNormal, init, relu } from "xent";
 * const xent = await init();
 * const weights = [byActivation(), heNormal()].map((spread) => {
 *   const model = xent.sequential({ input: 2, seed: 1 }, [dense(3, { init: spread }), relu()]);
 *   return model.stateDict()["0.weight"].data;
 * });
 * weights[0].every((w, i) => w === weights[1][i]); // → true
 * ```
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

/** PyTorch's calculate_gain; where that has none, the gain of relu. */
function gain(spec: He, { activation, slope }: Surroundings): number {
  const [name, a = 0] =
    spec.activation === undefined ? [activation, slope] : [spec.activation, spec.negativeSlope];
  if (name === "linear" || name === "sigmoid") return 1;
  if (name === "tanh") return 5 / 3;
  if (name === "selu") return 3 / 4;
  return Math.sqrt(2 / (1 + (name === "leakyRelu" ? a * a : 0)));
}

/**
 * N(0, 1) by Marsaglia's polar method: a point (x, y) of the unit disc at the distance √s gives x·√(−2·ln s / s) and the same
 * of y. s is exact: x and y are multiples of 2⁻²³.
 */
function standardNormal(random: Random): () => number {
  let spare = Number.NaN;
  return () => {
    const kept = spare;
    spare = Number.NaN;
    if (!Number.isNaN(kept)) return kept;
    for (;;) {
      const x = 2 * random.uniform() - 1;
      const y = 2 * random.uniform() - 1;
      const s = x * x + y * y;
      if (s === 0 || s >= 1) continue;
      const factor = Math.sqrt((-2 * ln(s)) / s);
      spare = y * factor;
      return x * factor;
    }
  };
}

/**
 * N(mean, std²) between bounds, by rejection: z is uniform between them, in units of std, and is taken with the probability
 * e^(−(z² − p²)/2) against a number of 32 random bits, p being the place of the highest density. So nothing is ever taken where
 * the density is below 2⁻³² of the highest, and there the bounds are cut: at √(p² + 64·ln 2). Then one in 25 is taken at
 * least, whatever the bounds.
 */
function truncated({ mean, std, low, high }: Of<InitSpec, "truncatedNormal">, random: Random): () => number {
  const [a, b] = [(low - mean) / std, (high - mean) / std];
  const p = Math.max(a, Math.min(0, b));
  const cut = Math.sqrt(p * p + 64 * Math.LN2);
  const first = Math.max(a, -cut);
  const width = Math.min(b, cut) - first;
  return () => {
    for (;;) {
      const z = first + width * random.uniform();
      if (2 * ln((random.word() + 1) / 2 ** 32) > p * p - z * z) continue;
      return Math.max(low, Math.min(high, mean + std * z));
    }
  };
}
