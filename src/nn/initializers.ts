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
 * @category Initial values
 * @example
 * ```ts
 * import { dense, init, torchDefault } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 100 }, [dense(10, { init: torchDefault() })]);
 * const weights = model.stateDict()["0.weight"].data;
 * weights.every((w) => Math.abs(w) <= 0.1); // → true
 * ```
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
 * @category Initial values
 * @example
 * ```ts
 * import { dense, init, uniform } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 4 }, [dense(16, { init: uniform({ low: -0.05, high: 0.05 }) })]);
 * const weights = model.stateDict()["0.weight"].data;
 * weights.every((w) => Math.abs(w) <= 0.05); // → true
 * ```
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
 * @category Initial values
 * @example
 * ```ts
 * import { bceWithLogits, constant, dense, init, zeros } from "xent";
 * const xent = await init();
 * // one row of ten is a yes: begin with that
 * const last = dense(1, { init: zeros(), biasInit: constant(Math.log(0.1 / 0.9)) });
 * const model = xent.sequential({ input: 3, loss: bceWithLogits() }, [last]);
 * model.predict([[1, 2, 3]])[0].toFixed(2); // → "0.10"
 * ```
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

/**
 * 0 everywhere; for biases.
 * @category Initial values
 * @example
 * ```ts
 * import { crossEntropy, dense, init, zeros } from "xent";
 * const xent = await init();
 * const model = xent.sequential({ input: 3, loss: crossEntropy() }, [dense(4, { init: zeros() })]);
 * model.predict([[1, 2, 3]]); // → [0.25, 0.25, 0.25, 0.25]
 * ```
 */
export function zeros(): InitSpec {
  return constant(0);
}

/**
 * 1 everywhere.
 * @category Initial values
 * @example
 * ```ts
 * import { dense, init, ones } from "xent";
 * const xent = await init();
 * const sum = xent.sequential({ input: 3 }, [dense(1, { bias: false, init: ones() })]);
 * sum.logits([[1, 2, 3]]); // → [6]
 * ```
 */
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
