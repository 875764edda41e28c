// What a kind of layer, loss, optimiser or initial values is made of stands on every description of it, under a symbol: so a
// program has the kinds that it calls, and no table reaches them all. The rest of a description is plain data.

import { XentError } from "./errors.ts";
import { show } from "./options.ts";

/** Copies made with `...` keep it; clones and files do not, and model/kinds.ts gives it back. */
export const PARTS: unique symbol = Symbol("parts");

/** A description, with what its kind is made of. */
export interface Described {
  /** @internal */
  readonly [PARTS]?: Parts;
}

/** What every kind has; each room knows what else its own have. */
export interface Parts {
  readonly of: "layer" | "loss" | "optimizer" | "init" | "callback";
  /** the description of these options, by the function that a user calls; `where` names it in messages */
  make(options: never, where: string): Described;
}

/**
 * What makes a description, perhaps a copy that was changed, anew.
 *
 * @param makers  what a user may call instead of what came
 * @throws {XentError} `OPTION` no function made it
 */
export function partsOf(of: Parts["of"], makers: string, where: string, spec: Described): Parts {
  const { kind, [PARTS]: parts } = Object(spec) as Described & { kind?: unknown };
  if (parts?.of === of) return parts;
  const what = kind === undefined ? show(spec) : `${show(spec)} of kind ${show(kind)}`;
  throw new XentError("OPTION", `${where} is ${what}`, `Pass what one of these returns: ${makers}.`);
}

/** The same, made anew by its own function, which checks its options. */
export function remade<T extends Described>(of: Parts["of"], makers: string, where: string, spec: T): T {
  const parts = partsOf(of, makers, where, spec);
  const { kind: _, [PARTS]: __, ...options } = spec as T & { kind: string };
  return parts.make(options as never, where) as T;
}
