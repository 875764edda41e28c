// From engines to outcomes: the bundle is made, the probe of P started, and process after process measures.

import { bundleChild } from "./bundle.ts";
import type { Arguments } from "./cli.ts";
import { openPeak } from "./peak-source.ts";
import { type Engine, endChildrenWithUs, measureInProcesses } from "./processes.ts";
import type { Outcome } from "./protocol.ts";
import { progress } from "./terminal.ts";

export interface Collected {
  readonly outcomes: readonly Outcome[];
  /** what is wrong with results, and processes that failed */
  readonly problems: readonly string[];
  /** null when there is no P */
  readonly peakEngine: string | null;
  /** why there is no P */
  readonly reason: string;
}

/** With one engine the first problem is the end; several go on without the one that has it. */
export async function collect(
  engines: readonly Engine[],
  args: Arguments,
  fetchPeak: boolean,
): Promise<Collected> {
  const bundle = await bundleChild();
  endChildrenWithUs(bundle.remove);
  progress("starting the probe of P (npx may have to download Node 24, once)");
  const { peak, reason } = await openPeak(fetchPeak);
  progress("");
  const outcomes = new Map<string, Outcome[]>();
  const problems: string[] = [];
  try {
    for await (const ended of measureInProcesses(engines, args, bundle.file, peak, progress)) {
      const { engine, group, outcome, failure } = ended;
      if (failure !== undefined) {
        problems.push(failure);
        // the header says how many processes each figure is of
        outcomes.delete(group);
      }
      if (outcome !== undefined) {
        outcomes.set(group, [...(outcomes.get(group) ?? []), outcome]);
        problems.push(...outcome.wrong.map((text) => `WRONG  ${engine.name}, ${text}`));
      }
      if (problems.length > 0 && engines.length === 1) {
        outcomes.clear();
        break;
      }
    }
  } finally {
    peak?.close();
  }
  return { outcomes: [...outcomes.values()].flat(), problems, peakEngine: peak?.engine ?? null, reason };
}
