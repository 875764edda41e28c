// The initial values that a net begins with if nobody says otherwise, and constants, as a user writes them, each with what its
// kind is made of: other values, once all around is known, or a sampler. spreads.ts has the others; initialize.ts draws them.

import { XentError } from "../base/errors.ts";
import { checkNames, MAX_F32, within } from "../base/options.ts";
import { PARTS, partsOf } from "../base/parts.ts";
import type { InitSpec } from "../base/spec.ts";
import { uniformly } from "./initialize.ts";
import type { InitParts, Of } from "./parts.ts";

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
export const symmetric = (bound: number): InitSpec => ({
  kind: "uniform",
  low: -bound,
  high: bound,
  [PARTS]: UNIFORM,
});
export function finite(where: string, value: unknown): number {
  return within(where, value, -MAX_F32);
}

export function range(where: string, low: unknown, high: unknown): { low: number; high: number } {
  const bounds = { low: finite(`${where}: low`, low), high: finite(`${where}: high`, high) };
  if (bounds.low < bounds.high) return bounds;
  throw new XentError("OPTION", `${where}: low is ${low}, high is ${high}`, "Pass a high above low.");
}
