// How a column becomes features, as a user writes it: `standardize()`, `oneHot()` … are plain descriptions. What is fitted for
// them is fit-columns.ts.

import { XentError } from "../base/errors.ts";
import { checkNames, MAX_F32, oneOf, show, within } from "../base/options.ts";

/** How a column of numbers becomes a feature: {@link standardize}, {@link minMax} or {@link asIs}. */
export type NumberEncoding =
  | { readonly kind: "standardize" }
  | { readonly kind: "minMax"; readonly low: number; readonly high: number }
  | { readonly kind: "asIs" };

/** How a column of categories becomes features: {@link oneHot} or {@link ids}. */
export type CategoryEncoding =
  | { readonly kind: "oneHot"; readonly unknown: "error" | "zeros" }
  | { readonly kind: "ids" };

/** How a column becomes features. */
export type Encoding = NumberEncoding | CategoryEncoding;

/** Options of {@link minMax}. */
export interface MinMaxOptions {
  /** what the least value becomes; default 0 */
  low?: number;
  /** what the largest value becomes, above `low`; default 1 */
  high?: number;
}

/** Options of {@link oneHot}. */
export interface OneHotOptions {
  /** What is done with a category that was not among the rows that were fitted: an error (default), or a 0 for each that was. */
  unknown?: "error" | "zeros";
}

/**
 * (value − mean) / σ, with the σ of the rows themselves (divided by n, not n − 1); where all values are one, value − mean.
 * As scikit-learn's StandardScaler.
 * @category Preprocessing
 * @example
 * ```ts
 * import { preprocess, standardize } from "xent/data";
 * const prepared = preprocess([{ size: 10 }, { size: 30 }], { numbers: standardize() });
 * prepared.transform([{ size: 10 }, { size: 20 }, { size: 30 }]).x; // → [-1, 0, 1]
 * ```
 */
export function standardize(): { readonly kind: "standardize" } {
  return Object.freeze({ kind: "standardize" });
}

/**
 * (value − least) · (high − low) / (largest − least) + low; where all values are one, (value − least) · (high − low) + low. Of rows
 * that come later some may lie outside. As scikit-learn's MinMaxScaler.
 *
 * @throws {XentError} `OPTION` an unknown option, or `low` and `high` no finite numbers, the first below the second
 * @category Preprocessing
 * @example
 * ```ts
 * import { minMax, preprocess } from "xent/data";
 * const prepared = preprocess([{ size: 10 }, { size: 30 }], { numbers: minMax({ high: 100 }) });
 * prepared.transform([{ size: 10 }, { size: 20 }, { size: 40 }]).x; // → [0, 50, 150]
 * ```
 */
export function minMax(options: MinMaxOptions = {}): {
  readonly kind: "minMax";
  readonly low: number;
  readonly high: number;
} {
  checkNames("minMax", options, ["low", "high"]);
  const low = within("minMax: low", options.low ?? 0, -MAX_F32);
  const high = within("minMax: high", options.high ?? 1, -MAX_F32);
  if (low < high) return Object.freeze({ kind: "minMax", low, high });
  throw new XentError(
    "OPTION",
    `minMax: low is ${low} and high is ${high}, expected low below high`,
    "The least value becomes low, the largest high.",
  );
}

/**
 * The numbers as they are.
 * @category Preprocessing
 * @example
 * ```ts
 * import { asIs, preprocess } from "xent/data";
 * const prepared = preprocess([{ share: 0.25, size: 10 }, { share: 0.5, size: 30 }], { columns: { share: asIs() } });
 * prepared.transform([{ share: 0.75, size: 20 }]).x; // → [0.75, 0]
 * ```
 */
export function asIs(): { readonly kind: "asIs" } {
  return Object.freeze({ kind: "asIs" });
}

/**
 * A feature for each category that occurs, in their order by code units: 1 for the row's own, else 0.
 *
 * @throws {XentError} `OPTION` an unknown option, or `unknown` neither "error" nor "zeros"
 * @category Preprocessing
 * @example
 * ```ts
 * import { oneHot, preprocess } from "xent/data";
 * const prepared = preprocess([{ city: "Oslo" }, { city: "Bergen" }], { categories: oneHot({ unknown: "zeros" }) });
 * prepared.names; // → ["city=Bergen", "city=Oslo"]
 * prepared.transform([{ city: "Oslo" }, { city: "Paris" }]).x; // → [0, 1, 0, 0]
 * ```
 */
export function oneHot(options: OneHotOptions = {}): {
  readonly kind: "oneHot";
  readonly unknown: "error" | "zeros";
} {
  checkNames("oneHot", options, ["unknown"]);
  const unknown = oneOf("oneHot: unknown", options.unknown ?? "error", ["error", "zeros"]);
  return Object.freeze({ kind: "oneHot", unknown });
}

/**
 * One feature: the place of the category among those that occur, in their order by code units. For categories that have an order.
 * @category Preprocessing
 * @example
 * ```ts
 * import { ids, preprocess } from "xent/data";
 * const prepared = preprocess([{ grade: "A" }, { grade: "C" }, { grade: "B" }], { columns: { grade: ids() } });
 * prepared.transform([{ grade: "C" }, { grade: "A" }]).x; // → [2, 0]
 * ```
 */
export function ids(): { readonly kind: "ids" } {
  return Object.freeze({ kind: "ids" });
}

const MAKERS = {
  standardize: "standardize()",
  minMax: "minMax()",
  asIs: "asIs()",
  oneHot: "oneHot()",
  ids: "ids()",
} as const;

/** The kinds of numbers, and of categories. */
export const NUMBER_KINDS = ["standardize", "minMax", "asIs"] as const;
export const CATEGORY_KINDS = ["oneHot", "ids"] as const;

/** A description checked and made anew, or `OPTION` where it is none of the given kinds. */
export function checkEncoding<K extends Encoding["kind"]>(
  where: string,
  value: unknown,
  kinds: readonly K[],
): Extract<Encoding, { kind: K }> {
  const given = value as Partial<Record<string, unknown>> | null | undefined;
  const kind = kinds.find((each) => typeof value === "object" && each === given?.kind);
  if (kind === undefined || given === null || given === undefined) {
    const known = kinds.map((each) => MAKERS[each]).join(", ");
    const hint =
      typeof value === "function" ? "Call the function: it makes the description." : "Pass one of these.";
    throw new XentError("OPTION", `${where} is ${show(value)}, expected one of ${known}`, hint);
  }
  return remade(kind, given as Record<string, unknown>) as Extract<Encoding, { kind: K }>;
}

function remade(kind: Encoding["kind"], { kind: _, ...options }: Record<string, unknown>): Encoding {
  if (kind === "minMax") return minMax(options as MinMaxOptions);
  if (kind === "oneHot") return oneHot(options as OneHotOptions);
  checkNames(kind, options, []);
  return { standardize, asIs, ids }[kind]();
}

export function isNumeric(encoding: Encoding): encoding is NumberEncoding {
  return NUMBER_KINDS.some((kind) => kind === encoding.kind);
}
