// A description of the library (a loss, an optimiser with its schedule and groups) in words, whatever kinds there are.

import { short } from "./format.ts";

/** "adamw: lr 0.01, betas 0.9/0.999, schedule (cosine: warmup 0)": its options in their order; lists of objects are counted. */
export function descriptionText({ kind, ...options }: { readonly kind: string }): string {
  const words = Object.entries(options).map(([name, value]) => `${name} ${valueText(value)}`);
  return words.length === 0 ? kind : `${kind}: ${words.join(", ")}`;
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) {
    const plain = value.every((each) => typeof each !== "object");
    return plain ? value.map(valueText).join("/") : `of ${value.length}`;
  }
  if (typeof value === "object" && value !== null) return `(${descriptionText(value as { kind: string })})`;
  return typeof value === "number" ? short(value) : String(value);
}
