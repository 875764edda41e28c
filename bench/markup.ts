// Small things that the page and its charts share.

import type { SuiteName } from "./cli.ts";
import type { Header, Result } from "./report.ts";
import { CEILING, HAND_OFF } from "./shapes.ts";
import { variantName } from "./variants.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand in an element or an attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** By the names of the JSON. */
export function suiteOf(name: string): SuiteName {
  if (name.startsWith("gemm ")) return "gemm";
  if (name === HAND_OFF || name === CEILING) return "threads";
  return name.startsWith("step ") ? "step" : "elementwise";
}

/** The class that a variant's colour goes by. */
export function colourOf({ build, wide }: Pick<Result, "build" | "wide">): "simd" | "relaxed" | "wide" {
  if (wide) return "wide";
  return build === "relaxed" ? "relaxed" : "simd";
}

/** The variant, and the engine where there are several: `Node 24 relaxed 6x8`. */
export function labelOf(
  item: Pick<Result, "engine" | "build" | "tile" | "wide" | "threads">,
  { variants }: Pick<Header, "variants">,
): string {
  const several = new Set(variants.map(({ engine }) => engine)).size > 1;
  return several ? `${shortEngine(item.engine)} ${variantName(item)}` : variantName(item);
}

/** `Node 24` of `Node 24.21.0` */
export function shortEngine(engine: string): string {
  return engine.split(".")[0] as string;
}
