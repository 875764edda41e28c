// `npm run bench:cores`: what two threads give while there are two cores. On a shared machine a virtual core may be half of one,
// for seconds at a time, and then no program gains by a second thread. So time is cut into windows of a quarter of a second; in each
// a case takes turns, on one thread and on two, with a program in which threads never wait for each other. Only windows count in
// which that one gained what two cores give.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Case } from "./case.ts";
import { type Duration, forSeconds } from "./duration.ts";
import { findVariants, withThreads } from "./find-variants.ts";
import { setting, settingLine } from "./report.ts";
import { CEILING } from "./shapes.ts";
import { rounded, summarize } from "./statistics.ts";
import { aligned } from "./table.ts";
import { print, progress } from "./terminal.ts";
import { threadsSpecs } from "./threads.ts";
import { variantName } from "./variants.ts";
import { gains, hasCores, turn } from "./windows.ts";

const HELP = `Usage: npm run bench:cores -- [--seconds N] [--json FILE]

Speed of two threads against one, in the moments in which this machine has two
cores to give; relaxed, and wide where there is one.
  --seconds N  for each of them (default 60)
  --json FILE  write { header, results } as JSON
  --help       this text`;

/** Cases that are worth two threads. */
const CASES = ["gemm 512x512x512 NN", "step 784-128-10 b128 relu sgd", "step 784-512-256-10 b128 relu sgd"];
const TURNS = 4;
const TURN_MS = 14;
const WARM_MS = 200;

interface Line {
  readonly name: string;
  readonly variant: string;
  readonly windows: number;
  /** of these, with two cores */
  readonly counted: number;
  /** medians over the windows that count; null where none did */
  readonly speedup: number | null;
  readonly oneMs: number | null;
  readonly twoMs: number | null;
}

const here = fileURLToPath(import.meta.url);
const [build, seconds] = process.argv.slice(2);
if (process.env.XENT_CORES === "child")
  console.log(JSON.stringify(await measure(build as "relaxed", Number(seconds))));
else process.exitCode = await forSeconds(HELP, [60, 5, 3600], main);

function main({ seconds: each, json }: Duration): number {
  const results: Line[] = [];
  for (const choice of ["relaxed", "wide"]) {
    progress(`${choice}: ${each} s`);
    const env = { ...process.env, XENT_CORES: "child" };
    const args = [...process.execArgv, here, choice, String(each)];
    const child = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    progress("");
    if (child.status !== 0) {
      console.error(child.stderr);
      return 1;
    }
    results.push(...(JSON.parse(child.stdout) as Line[]));
  }
  const header = { engine: `Node ${process.versions.node}`, ...setting(false, 1), seconds: each };
  const figure = (value: number | null, places: number): string => value?.toFixed(places) ?? "–";
  print([
    settingLine(header),
    "",
    ...aligned(
      [
        ["", "", "1 thread", "2 threads", "× one", "windows"],
        ...results.map(({ name, variant, oneMs, twoMs, speedup, counted, windows }) => [
          name,
          variant,
          `${figure(oneMs, 3)} ms`,
          `${figure(twoMs, 3)} ms`,
          figure(speedup, 2),
          `${counted} of ${windows}`,
        ]),
      ],
      [true, true, false, false, false, false],
    ),
    "",
    `medians over the windows in which two threads that never wait gained ${gains(2).join(" to ")}`,
  ]);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ header, results }, undefined, 2)}\n`);
  return 0;
}

/** The child: one process for each build, as V8's widening holds for a whole one. */
async function measure(choice: "relaxed" | "wide", seconds: number): Promise<Line[]> {
  const { list } = await findVariants([choice], false);
  const [one] = list;
  if (one === undefined) return [];
  const two = await withThreads(one, 2);
  const pairs = new Map(
    threadsSpecs()
      .filter(({ name }) => name === CEILING || CASES.includes(name))
      .map((spec) => [spec.name, [spec.make(one.core), spec.make(two.core)] as const]),
  );
  for (const [name, pair] of pairs) {
    for (const item of pair) {
      const problem = item.check();
      if (problem !== undefined) throw new Error(`${name}: ${problem}`);
      turn(item, WARM_MS);
    }
  }
  const ceiling = pairs.get(CEILING) as readonly [Case, Case];
  const counted = new Map(CASES.map((name) => [name, [] as [number, number][]]));
  let windows = 0;
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; windows++) {
    for (const name of CASES) {
      const times = [ceiling, pairs.get(name) as readonly [Case, Case]].map(
        () => [[], []] as [number[], number[]],
      );
      for (let i = 0; i < TURNS; i++) {
        for (const [at, pair] of [ceiling, pairs.get(name) as readonly [Case, Case]].entries()) {
          for (const [threads, item] of pair.entries())
            times[at]?.[threads as 0 | 1].push(...turn(item, TURN_MS));
        }
      }
      const [most, own] = times.map(([a, b]) => [summarize(a).median, summarize(b).median]) as [
        [number, number],
        [number, number],
      ];
      if (hasCores(2, most[0] / most[1])) counted.get(name)?.push(own);
    }
  }
  const median = (values: number[]): number | null =>
    values.length === 0 ? null : rounded(summarize(values).median);
  return CASES.map((name) => {
    const own = counted.get(name) as [number, number][];
    return {
      name,
      variant: variantName(one.variant),
      windows,
      counted: own.length,
      speedup: median(own.map(([a, b]) => a / b)),
      oneMs: median(own.map(([a]) => a)),
      twoMs: median(own.map(([, b]) => b)),
    };
  });
}
