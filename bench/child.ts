// A measuring process: reads its task, makes and checks every case of it, measures them all in the same rounds, and
// writes what it found (protocol.ts). Bundled into one file, so that any engine can run it.

import process from "node:process";
import { createInterface } from "node:readline";
import { TILE_6X8, TILE_6X16 } from "../src/base/abi.ts";
import { tileSpeeds } from "../src/model/speed.ts";
import { engineName } from "../src/wasm/engine.ts";
import type { Case } from "./case.ts";
import { copyCases } from "./copy.ts";
import { findVariants, type Runnable, withThreads } from "./find-variants.ts";
import { FULL, measure, SMOKE } from "./harness.ts";
import type { PeakSample } from "./probe.ts";
import type { Message, Outcome, Task } from "./protocol.ts";
import { listSpecs, type SuiteSpec } from "./suites.ts";
import { type Variant, variantName } from "./variants.ts";

const say = (message: Message): boolean => process.stdout.write(`${JSON.stringify(message)}\n`);

const waiting: ((line: string) => void)[] = [];
const answer = (): Promise<string> => new Promise((resolve) => waiting.push(resolve));
const input = createInterface({ input: process.stdin });
input.on("line", (line) => waiting.shift()?.(line));
// the bench has what it wanted, or is gone
input.on("close", () => process.exit());

async function samplePeak(): Promise<PeakSample | undefined> {
  const line = answer();
  say({ sample: true });
  return (JSON.parse(await line) as PeakSample | null) ?? undefined;
}

async function work({ suites, filter, builds, tiles, threads, smoke }: Task): Promise<Outcome> {
  const { list, leftOut } = await findVariants(builds, tiles);
  const outcome: Outcome = {
    engine: engineName() ?? "unknown",
    v8: process.versions.bun === undefined ? process.versions.v8 : null,
    variants: list.map(({ variant }) => variant),
    leftOut,
    wrong: [],
    checked: 0,
    rounds: 0,
    measurements: [],
    peak: [],
  };
  const [first] = list;
  if (first === undefined) return outcome;

  say({ progress: "making data" });
  const variants = new Map<Case, Variant>();
  const specs = listSpecs(suites, filter);
  const made = new Set<string>();
  const make = (spec: SuiteSpec, { variant, core }: Runnable): void => {
    const key = `${spec.name}, ${variantName(variant)}`;
    // a case of two suites is measured once
    if (!made.has(key)) variants.set(spec.make(core), variant);
    made.add(key);
  };
  const byRule = list.filter((runnable) => runnable.byRule);
  const shared = suites.includes("threads")
    ? await Promise.all(byRule.map((runnable) => withThreads(runnable, threads)))
    : [];
  for (const spec of specs) {
    for (const runnable of spec.suite === "gemm" ? list : byRule) make(spec, runnable);
    if (spec.suite === "threads") for (const runnable of shared) make(spec, runnable);
  }
  const cases = [...variants.keys(), ...copyCases()];
  const wrong = cases.flatMap((item, i) => {
    say({ progress: `check ${i + 1}/${cases.length}  ${item.name}` });
    const problem = item.check();
    const variant = variants.get(item);
    return problem === undefined
      ? []
      : [`${item.name}${variant ? `, ${variantName(variant)}` : ""}: ${problem}`];
  });
  if (wrong.length > 0) return { ...outcome, wrong, checked: cases.length };

  const idle = first.variant.wide ? idleWide(first) : undefined;
  if (idle !== undefined) return { ...outcome, variants: [], leftOut: [...leftOut, idle] };
  const budget = smoke ? SMOKE : FULL;
  const { timings, peak, rounds } = await measure(cases, samplePeak, budget, (line) =>
    say({ progress: line }),
  );
  for (const { core, variant } of shared) {
    const { threads: left = 1 } = core.crew ?? {};
    if (left !== variant.threads) throw new Error(`of ${variant.threads} threads ${left} are left`);
  }
  const measurements = timings.map(({ case: item, turns }) => {
    return { name: item.name, variant: variants.get(item) ?? null, work: item.work, turns };
  });
  const ran = new Set(variants.values());
  const measured = [...list, ...shared].map(({ variant }) => variant).filter((variant) => ran.has(variant));
  return { ...outcome, variants: measured, checked: cases.length, rounds, measurements, peak };
}

/** Tiles of twice the width are faster where V8 widens them, and slower elsewhere: then why there are no figures. */
function idleWide({ core }: Runnable): string | undefined {
  say({ progress: "is wide at work?" });
  const [narrow = 0, wide = 0] = tileSpeeds(core, [TILE_6X8, TILE_6X16]);
  if (wide > narrow) return undefined;
  return `wide: V8 does not widen the code: 6x16 ${wide.toFixed(0)} GFLOP/s, 6x8 ${narrow.toFixed(0)}`;
}

say({ outcome: await work(JSON.parse(await answer()) as Task) });
