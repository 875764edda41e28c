// The outcomes of all processes as one: figures of one case and variant on one engine belong together.

import type { Work } from "./case.ts";
import type { Measurement, Outcome } from "./protocol.ts";
import { type Summary, summarize } from "./statistics.ts";
import { type Variant, variantName } from "./variants.ts";

/** Milliseconds of a run. The median is that of the processes' medians; the deciles are over all rounds of all. */
export interface Merged extends Summary {
  readonly engine: string;
  readonly name: string;
  readonly variant: Variant | null;
  readonly work: Work;
}

/** In the order of first appearance. */
export function merge(outcomes: readonly Outcome[]): Merged[] {
  const found = new Map<string, { engine: string; parts: Measurement[] }>();
  for (const { engine, measurements } of outcomes) {
    for (const part of measurements) {
      const key = JSON.stringify([engine, part.name, part.variant && variantName(part.variant)]);
      const entry = found.get(key);
      if (entry === undefined) found.set(key, { engine, parts: [part] });
      else entry.parts.push(part);
    }
  }
  return [...found.values()].map(({ engine, parts }) => {
    const { name, variant, work } = parts[0] as Measurement;
    const medians = parts.map(({ turns }) => summarize(turns).median);
    const { p10, p90 } = summarize(parts.flatMap(({ turns }) => turns));
    return { engine, name, variant, work, median: summarize(medians).median, p10, p90 };
  });
}
